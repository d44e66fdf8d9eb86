package import SweepCoordination
package import SweepCore
package import SweepWire

/// A coordinator process without sockets and disks: the core, a journal of committed batches, a store of objects.
///
/// It keeps the order of the real process: what a turn decided is carried out only after its facts are committed, and a
/// crash loses everything else. Whoever drives it delivers messages and says when a commit is through.
package struct SimulatedCoordinator: Sendable {
    /// What it wants done.
    package enum Action: Hashable, Sendable {
        case send(Message, to: PeerID)
        /// A commit has begun: call `committed` when it is through.
        case commit
        case wake(at: Instant)
        case reply(ReplyToken, SteeringOutcome)
        case log(LogLine)
    }

    package let options: CoordinatorOptions
    package private(set) var core: CoordinatorCore
    /// Committed batches, oldest first.
    package private(set) var journal: [[Fact]] = []
    /// Objects that are stored for good.
    package private(set) var objects: [ContentHash: [UInt8]]
    /// What was found wrong while it ran.
    package private(set) var violations: [String] = []
    /// The highest sequence number of each worker process in the journal.
    private var committedSequences: [WorkerID: UInt64] = [:]
    /// Where each process's numbers begin: lower ones it never sends.
    private var oldestSequences: [WorkerID: UInt64] = [:]
    private var owners: [PeerID: WorkerID] = [:]
    private var pending: [Effect] = []
    private var unreported: [Effect] = []
    private var committing: [Effect]?
    /// Whether batches go through the journal's bytes when they are read back.
    private let usesCodec: Bool
    private let checksInvariants: Bool

    /// A coordinator that goes on from `journal` and holds these objects, and the checkpoints that the journal names.
    package init(
        options: CoordinatorOptions = CoordinatorOptions(),
        journal: [[Fact]] = [],
        objects: [ContentHash: [UInt8]] = [:],
        usesCodec: Bool = true,
        checksInvariants: Bool = true
    ) {
        self.options = options
        self.objects = objects
        self.usesCodec = usesCodec
        self.checksInvariants = checksInvariants
        core = CoordinatorCore(options: options, session: 1)
        self.journal = journal
        var seeds: [TrialID: UInt64] = [:]
        for fact in journal.joined() {
            switch fact {
            case .trialProposed(let proposal): seeds[proposal.trial] = proposal.seed
            case .checkpointKept(let trial, let epoch, let checkpoint):
                let bytes = SyntheticTraining.checkpoint(seed: seeds[trial] ?? 0, epoch: epoch)
                self.objects[checkpoint.hash] = bytes
            case .workerSequence(let worker, let sequence): committedSequences[worker] = sequence
            default: break
            }
            core.restore(fact)
        }
    }

    /// Begins work after the process was started.
    package mutating func start(at now: Instant) -> [Action] { carryOut(core.start(at: now)) }

    /// Kills the process and makes a new one from the journal; `commitSurvives`: whether a commit under way was through.
    package mutating func crashAndRestore(commitSurvives: Bool) {
        if let committing, commitSurvives { write(committing) }
        committing = nil
        pending = []
        owners = [:]
        var next = CoordinatorCore(options: options, session: core.session + 1)
        for batch in journal {
            for fact in reread(batch) { next.restore(fact) }
        }
        core = next
        let needed = core.neededObjects
        objects = objects.filter { needed.contains($0.key) }
        check("after a restart")
    }

    /// Takes a message of a worker.
    package mutating func receive(_ message: Message, from peer: PeerID, at now: Instant) -> [Action] {
        switch message {
        case .objectOffer(let offer):
            if offer.head.count == offer.size, SyntheticTraining.hash(of: offer.head) == offer.hash {
                objects[offer.hash] = offer.head
                return [.send(.objectStored(ObjectStored(hash: offer.hash)), to: peer)]
            }
            violations.append("an offer that is not whole or not what its name says")
            return []
        case .objectRequest(let request):
            guard let bytes = objects[request.hash] else {
                return [.send(.objectMissing(ObjectMissing(hash: request.hash)), to: peer)]
            }
            return request.chunks(of: bytes).map { .send(.objectChunk($0), to: peer) }
        case .objectChunk, .objectStored, .objectMissing: return []
        case .register(let register):
            owners[peer] = register.worker
            oldestSequences[register.worker] = max(
                oldestSequences[register.worker] ?? 1,
                register.oldestSequence
            )
        case .segmentEnded(var end):
            if let checkpoint = end.checkpoint, objects[checkpoint.hash] == nil {
                end.checkpoint = nil
                return handle(.message(.segmentEnded(end), from: peer), at: now)
            }
        default: break
        }
        return handle(.message(message, from: peer), at: now)
    }

    /// Takes any other event.
    package mutating func handle(_ event: Event, at now: Instant) -> [Action] {
        let effects = core.handle(event, at: now)
        check("after \(event)")
        return carryOut(effects)
    }

    /// The commit that was under way is through.
    package mutating func committed() -> [Action] {
        guard let effects = committing else { return [] }
        committing = nil
        write(effects)
        return perform(effects) + commitNext()
    }

    /// What the core decided since the last call.
    package mutating func takeUnreported() -> [Effect] {
        defer { unreported.removeAll(keepingCapacity: true) }
        return unreported
    }

    /// Commits everything that is decided; what would be sent is lost.
    package mutating func flush() {
        while committing != nil { _ = committed() }
    }

    /// Facts in the order in which they were committed.
    package var facts: [Fact] { journal.flatMap(\.self) }

    private mutating func carryOut(_ effects: [Effect]) -> [Action] {
        pending += effects
        unreported += effects
        return commitNext()
    }

    private mutating func commitNext() -> [Action] {
        guard committing == nil, !pending.isEmpty else { return [] }
        let effects = pending
        pending = []
        guard effects.contains(where: { if case .record = $0 { true } else { false } }) else { return perform(effects) }
        committing = effects
        return [.commit]
    }

    private mutating func write(_ effects: [Effect]) {
        let facts = effects.compactMap { effect -> Fact? in
            guard case .record(let fact) = effect else { return nil }
            return fact
        }
        for case .workerSequence(let worker, let sequence) in facts { committedSequences[worker] = sequence }
        journal.append(facts)
    }

    private mutating func perform(_ effects: [Effect]) -> [Action] {
        effects.compactMap { effect in
            switch effect {
            case .record: return nil
            case .send(let message, let peer):
                if case .acknowledged(let acknowledged) = message, let worker = owners[peer] {
                    let safe = max(committedSequences[worker] ?? 0, (oldestSequences[worker] ?? 1) - 1)
                    if acknowledged.sequence > safe {
                        violations.append("\(acknowledged.sequence) of \(worker) is acknowledged, \(safe) is committed")
                    }
                }
                return .send(message, to: peer)
            case .reply(let token, let outcome): return .reply(token, outcome)
            case .drop(let hash):
                if !core.needs(hash) { objects[hash] = nil }
                return nil
            case .log(let line):
                if line.level == .error { violations.append("logged as an error: \(line.message) \(line.metadata)") }
                return .log(line)
            case .wake(let moment): return .wake(at: moment)
            }
        }
    }

    private mutating func reread(_ batch: [Fact]) -> [Fact] {
        guard usesCodec else { return batch }
        do { return try JournalCodec.decode(JournalCodec.encode(batch)) } catch {
            violations.append("a batch cannot be read back: \(error)")
            return batch
        }
    }

    private mutating func check(_ when: @autoclosure () -> String) {
        guard checksInvariants else { return }
        let broken = core.brokenInvariants()
        if !broken.isEmpty { violations.append("\(broken.joined(separator: "; ")), \(when())") }
        let missing = core.sweeps.values.flatMap(\.trials).compactMap { trial -> Int? in
            guard let checkpoint = trial.checkpoint, objects[checkpoint.id.hash] == nil else { return nil }
            return trial.number
        }
        if !missing.isEmpty { violations.append("checkpoints of trials \(missing) are gone, \(when())") }
    }
}
