package import SweepCore
package import SweepWire

/// Reads a journal with its own few rules, apart from the core's, and says what no journal may hold.
package struct JournalAudit: Sendable {
    private struct Standing {
        var attempt: UInt32 = 0
        var isLeased = false
        var epochs = 0
        var ended = false
        var checkpoint = 0
        /// Who holds the lease, or held it last.
        var holder: WorkerID?
    }

    private var trials: [TrialID: Standing] = [:]
    /// The highest number of each worker process in the journal.
    private var sequences: [WorkerID: UInt64] = [:]
    /// Epochs whose message is not told yet: its number comes right after them.
    private var unattributed: [(LeaseID, epochs: ClosedRange<Int>)] = []
    /// What is wrong, in sentences: a lease beside a lease, an attempt that does not rise, epochs out of order or under no
    /// lease, a checkpoint of epochs that nobody has seen, a second end, anything after the end; a message that counts as
    /// applied while something that it said is nowhere, or something is there that it did not say under that lease.
    package private(set) var problems: [String] = []

    package init() {}

    /// What is wrong with a whole journal.
    package static func problems(_ facts: [Fact]) -> [String] {
        var audit = JournalAudit()
        for fact in facts { audit.add(fact) { _, _ in nil } }
        return audit.problems
    }

    /// The highest number of this process whose message is in the journal; 0 before the first.
    package func sequence(of worker: WorkerID) -> UInt64 { sequences[worker] ?? 0 }

    /// Takes the next fact. `said` is the message to which a worker process gave a number; nil when that is not known.
    package mutating func add(_ fact: Fact, said: (WorkerID, UInt64) -> Message?) {
        switch fact {
        case .trialProposed(let proposal):
            require(trials[proposal.trial] == nil, fact)
            trials[proposal.trial] = Standing()
            if let parent = proposal.parent {
                let donor = trials[TrialID(sweep: proposal.trial.sweep, number: parent.trial)]
                require(donor?.epochs == parent.epoch && proposal.trial.number > parent.trial, fact)
                trials[proposal.trial]?.epochs = parent.epoch
                trials[proposal.trial]?.checkpoint = donor?.checkpoint ?? 0
            }
        case .segmentDecided(let trial, let from, let to, _, _):
            require(trials[trial]?.epochs == from && from < to, fact)
        case .leased(let lease, let worker, let from, let to, _):
            guard let trial = trials[lease.trial] else { return }
            require(!trial.ended && !trial.isLeased && lease.attempt.rawValue == trial.attempt + 1, fact)
            require(from == trial.checkpoint && from < to, fact)
            trials[lease.trial]?.attempt = lease.attempt.rawValue
            trials[lease.trial]?.isLeased = true
            trials[lease.trial]?.holder = worker
        case .observed(let lease, let observations):
            guard let trial = trials[lease.trial] else { return }
            require(isCurrent(lease), fact)
            require(observations.map(\.epoch) == Array(trial.epochs + 1..<trial.epochs + 1 + observations.count), fact)
            trials[lease.trial]?.epochs += observations.count
            if let first = observations.first?.epoch, let last = observations.last?.epoch, first <= last {
                unattributed.append((lease, first...last))
            }
        case .noted(let id, let notes):
            guard let trial = trials[id] else { return }
            require(!trial.ended && notes.allSatisfy { $0.epoch >= 1 && $0.epoch <= trial.epochs }, fact)
        case .measured(let id, let reading):
            guard let trial = trials[id] else { return }
            require(!trial.ended && reading.epoch >= 1 && reading.epoch <= trial.epochs, fact)
        case .checkpointKept(let id, let epoch, _):
            guard let trial = trials[id] else { return }
            require(!trial.ended && trial.isLeased && epoch <= trial.epochs && epoch > trial.checkpoint, fact)
            trials[id]?.checkpoint = epoch
        case .leaseEnded(let lease, _):
            guard trials[lease.trial] != nil else { return }
            require(isCurrent(lease), fact)
            trials[lease.trial]?.isLeased = false
        case .trialEnded(let id, let state):
            require(trials[id]?.ended == false && state.isTerminal, fact)
            trials[id]?.ended = true
        case .workerSequence(let worker, let sequence):
            require(sequence > sequences[worker] ?? 0, fact)
            sequences[worker] = sequence
            if let message = said(worker, sequence) {
                for (lease, epochs) in unattributed { attribute(lease, epochs, to: message, of: worker, fact) }
                applied(message, fact)
            }
            unattributed = []
        case .sweepSubmitted, .sweepChanged, .segmentResolved: break
        }
    }

    /// What is kept was said in this message, under this lease, by the worker that held it.
    private mutating func attribute(
        _ lease: LeaseID,
        _ epochs: ClosedRange<Int>,
        to message: Message,
        of worker: WorkerID,
        _ fact: Fact
    ) {
        guard case .reports(let reports) = message, trials[lease.trial]?.holder == worker,
            reports.items.contains(where: { item in
                item.lease == lease && epochs.allSatisfy { epoch in item.observations.contains { $0.epoch == epoch } }
            })
        else {
            problems.append("\(fact): epochs \(epochs) of \(lease) are kept, and nobody said so under that lease")
            return
        }
    }

    /// What a message said must be in the journal by now, unless its lease had lost the trial.
    private mutating func applied(_ message: Message, _ fact: Fact) {
        switch message {
        case .reports(let reports):
            for item in reports.items where isCurrent(item.lease) {
                let last = item.observations.last?.epoch ?? 0
                if trials[item.lease.trial]?.epochs ?? 0 < last {
                    problems.append("\(fact): epoch \(last) of \(item.lease) is acknowledged and not kept")
                }
            }
        case .segmentEnded(let end) where isCurrent(end.lease):
            problems.append("\(fact): the end of \(end.lease) is acknowledged, and the lease goes on")
        default: break
        }
    }

    private func isCurrent(_ lease: LeaseID) -> Bool {
        guard let trial = trials[lease.trial] else { return false }
        return !trial.ended && trial.isLeased && lease.attempt.rawValue == trial.attempt
    }

    private mutating func require(_ holds: Bool, _ fact: Fact) {
        if !holds { problems.append("\(fact)") }
    }
}
