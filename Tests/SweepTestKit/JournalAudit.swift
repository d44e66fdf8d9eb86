package import SweepCore

/// Reads a journal with its own few rules, apart from the core's, and says what no journal may hold.
package enum JournalAudit {
    private struct Standing {
        var attempt: UInt32 = 0
        var isLeased = false
        var epochs = 0
        var ended = false
        var checkpoint = 0
    }

    /// What is wrong with the facts, in sentences: a lease beside a lease, an attempt that does not rise, epochs out of order or
    /// under no lease, a checkpoint of epochs that nobody has seen, a second end, anything after the end.
    package static func problems(_ facts: [Fact]) -> [String] {
        var trials: [TrialID: Standing] = [:]
        var sequences: [WorkerID: UInt64] = [:]
        var problems: [String] = []
        func require(_ holds: Bool, _ fact: Fact) { if !holds { problems.append("\(fact)") } }
        for fact in facts {
            switch fact {
            case .trialProposed(let proposal):
                require(trials[proposal.trial] == nil, fact)
                trials[proposal.trial] = Standing()
            case .segmentDecided(let trial, let from, let to, _, _):
                require(trials[trial]?.epochs == from && from < to, fact)
            case .leased(let lease, _, let from, let to):
                guard let trial = trials[lease.trial] else { continue }
                require(!trial.ended && !trial.isLeased && lease.attempt.rawValue == trial.attempt + 1, fact)
                require(from == trial.checkpoint && from < to, fact)
                trials[lease.trial]?.attempt = lease.attempt.rawValue
                trials[lease.trial]?.isLeased = true
            case .observed(let lease, let observations):
                guard let trial = trials[lease.trial] else { continue }
                require(!trial.ended && trial.isLeased && lease.attempt.rawValue == trial.attempt, fact)
                require(
                    observations.map(\.epoch) == Array(trial.epochs + 1..<trial.epochs + 1 + observations.count),
                    fact
                )
                trials[lease.trial]?.epochs += observations.count
            case .noted(let id, let notes):
                guard let trial = trials[id] else { continue }
                require(!trial.ended && notes.allSatisfy { (1...trial.epochs).contains($0.epoch) }, fact)
            case .checkpointKept(let id, let epoch, _):
                guard let trial = trials[id] else { continue }
                require(!trial.ended && trial.isLeased && epoch <= trial.epochs && epoch > trial.checkpoint, fact)
                trials[id]?.checkpoint = epoch
            case .leaseEnded(let lease, _):
                guard let trial = trials[lease.trial] else { continue }
                require(!trial.ended && trial.isLeased && lease.attempt.rawValue == trial.attempt, fact)
                trials[lease.trial]?.isLeased = false
            case .trialEnded(let id, let state):
                require(trials[id]?.ended == false && state.isTerminal, fact)
                trials[id]?.ended = true
            case .workerSequence(let worker, let sequence):
                require(sequence > sequences[worker] ?? 0, fact)
                sequences[worker] = sequence
            case .sweepSubmitted, .sweepChanged, .segmentResolved: break
            }
        }
        return problems
    }
}
