package import SweepCoordination
package import SweepCore
import SweepTestKit
package import SweepWire

/// A coordinator process without sockets and disks: the core, a journal of committed entries, a store of objects.
///
/// It takes its turns from the same `CommitQueue` as the real process, and restores from the same bytes. Whoever drives it
/// delivers frames and says when a commit is through; a crash loses everything else.
package struct SimulatedCoordinator: Sendable {
    /// What it wants done.
    package enum Action: Hashable, Sendable {
        case send(Message, to: PeerID)
        /// A commit has begun: call `committed` when it is through.
        case commit
        case wake(at: Instant)
        case reply(ReplyToken, SteeringOutcome)
        case log(LogLine)
        /// The next experiment on this sweep is to be looked for, in the state as it is now.
        case seek(SweepID)
    }

    package let options: CoordinatorOptions
    package private(set) var core: CoordinatorCore
    /// Committed entries, oldest first, as bytes.
    package private(set) var journal: [[UInt8]] = []
    /// The facts of the journal, in order.
    package private(set) var facts: [Fact] = []
    /// Objects that are stored for good.
    package private(set) var objects: [ContentHash: [UInt8]]
    /// What was found wrong while it ran.
    package private(set) var violations: [String] = []
    /// How often the state was compared with a replay of the journal.
    package private(set) var comparisons = 0
    /// Where each process's numbers begin: lower ones it never sends.
    private var oldestSequences: [WorkerID: UInt64] = [:]
    /// The journal read by rules of its own.
    package private(set) var audit = JournalAudit()
    /// What is given to whom, watched by rules of its own.
    package private(set) var placement = PlacementAudit()
    private var owners: [PeerID: WorkerID] = [:]
    private var queue = CommitQueue()
    private var writing: [Fact] = []
    /// The state after the commit under way, when it is to be kept.
    private var taken: CoreSnapshot?
    /// The newest snapshot, and how many entries of the journal are in it.
    private var snapshot: (length: Int, parts: [[UInt8]])?
    /// Commits that were begun, and restarts.
    private var commits = 0
    private var restarts = 0
    /// How often the process went on from a snapshot and the journal after it.
    package private(set) var snapshotRestarts = 0
    /// Removed sweeps that the journal is being cleared of, and up to where it is.
    private var clearing: (sweeps: Set<SweepID>, place: Int) = ([], 0)
    /// Entries that were cleared of a removed sweep.
    package private(set) var clearedEntries = 0
    /// A second core that knows nothing but the journal's bytes.
    private var replica: CoordinatorCore
    private let checksInvariants: Bool
    /// Whether a peer lies, so that an error in the log is no sign of a mistake of ours.
    private let mistrusts: Bool

    /// A coordinator that goes on from `journal` and holds these objects, and the checkpoints that the journal names.
    package init(
        options: CoordinatorOptions = CoordinatorOptions(),
        journal: [[UInt8]] = [],
        objects: [ContentHash: [UInt8]] = [:],
        checksInvariants: Bool = true,
        mistrusts: Bool = false
    ) {
        self.options = options
        self.objects = objects
        self.checksInvariants = checksInvariants
        self.mistrusts = mistrusts
        core = CoordinatorCore(options: options, session: 1)
        replica = core
        var seeds: [TrialID: UInt64] = [:]
        for entry in journal {
            keep(entry) { _, _ in nil }
            do { try core.restore(entry: entry) } catch { violations.append("a batch cannot be read back: \(error)") }
        }
        placement.replay(facts)
        for fact in facts {
            switch fact {
            case .trialProposed(let proposal): seeds[proposal.trial] = proposal.seed
            case .checkpointKept(let trial, let epoch, let checkpoint):
                let bytes = SyntheticTraining.checkpoint(seed: seeds[trial] ?? 0, epoch: epoch)
                self.objects[checkpoint.hash] = bytes
            default: break
            }
        }
    }

    /// Begins work after the process was started.
    package mutating func start(at now: Instant) -> [Action] {
        let effects = core.start(at: now)
        watch(effects)
        return carryOut(effects)
    }

    /// Kills the process and makes a new one from the journal; `commitSurvives`: whether a commit under way was through.
    package mutating func crashAndRestore(commitSurvives: Bool, said: (WorkerID, UInt64) -> Message?) {
        if queue.isCommitting, commitSurvives { write(said) }
        // What is cleared and what is not is known by the removals alone.
        clearing.place = 0
        queue = CommitQueue()
        writing = []
        taken = nil
        owners = [:]
        let session = core.session + 1
        let replayed = restored(from: nil, session: session)
        core = replayed
        restarts += 1
        if let snapshot {
            let quick = restored(from: snapshot, session: session)
            if quick.snapshot.parts != replayed.snapshot.parts {
                violations.append("a snapshot and the journal after it are another state than the journal")
            }
            if StateSummary(quick) != StateSummary(replayed) {
                violations.append("a snapshot and the journal after it look like another state than the journal")
            }
            // In turns, so that decisions follow from both.
            if restarts.isMultiple(of: 2) {
                core = quick
                snapshotRestarts += 1
            }
        }
        // What was decided and not committed is undone.
        placement = PlacementAudit()
        placement.replay(facts)
        for (worker, sequence) in core.sequences where sequence != audit.sequence(of: worker) {
            violations.append(
                "\(worker) is at \(sequence) after a restart, the journal at \(audit.sequence(of: worker))"
            )
        }
        compareWithReplica("after a restart")
        let needed = core.neededObjects
        objects = objects.filter { needed.contains($0.key) }
        check("after a restart")
    }

    /// The core of a new process: from a snapshot and the rest of the journal, or from all of the journal.
    private mutating func restored(
        from snapshot: (length: Int, parts: [[UInt8]])?,
        session: UInt64
    ) -> CoordinatorCore {
        var next = CoordinatorCore(options: options, session: session)
        if let snapshot {
            do {
                var restoration = SnapshotRestoration(options: options, session: session)
                for part in snapshot.parts { try restoration.add(part) }
                next = try restoration.finish()
            } catch { violations.append("a snapshot cannot be read back: \(error)") }
        }
        for entry in journal.dropFirst(snapshot?.length ?? 0) {
            do { try next.restore(entry: entry) } catch { violations.append("a batch cannot be read back: \(error)") }
        }
        return next
    }

    /// A trial's curve, whole.
    package func curve(of trial: TrialProgress, in sweep: SweepProgress) -> LearningCurve {
        // Only what is committed is thinned, and the replica never is.
        trial.curve.isWhole ? trial.curve : replica.sweeps[sweep.id]?[trial.number]?.curve ?? trial.curve
    }

    /// Takes a message of a worker; `diskIsFull`: nothing can be stored.
    package mutating func receive(
        _ message: Message,
        from peer: PeerID,
        at now: Instant,
        diskIsFull: Bool = false
    ) -> [Action] {
        switch message {
        case .objectOffer(let offer): return [.send(answer(offer, diskIsFull), to: peer)]
        case .objectRequest(let request):
            guard let bytes = objects[request.hash] else {
                return [.send(.objectMissing(ObjectMissing(hash: request.hash)), to: peer)]
            }
            return request.chunks(of: bytes).map { .send(.objectChunk($0), to: peer) }
        case .problem, .objectChunk, .objectStored, .objectMissing, .request: return []
        case .register(let register) where ProtocolVersions.spoken.agreement(with: register.versions) != nil:
            owners[peer] = register.worker
            placement.registered(register)
            oldestSequences[register.worker] = max(oldestSequences[register.worker] ?? 1, register.oldestSequence)
        default: break
        }
        return handle(.arrived(message, from: peer) { objects[$0] != nil }, at: now)
    }

    private mutating func answer(_ offer: ObjectOffer, _ diskIsFull: Bool) -> Message {
        let kind = MessageKind.objectOffer.rawValue
        guard offer.head.count == offer.size, SyntheticTraining.hash(of: offer.head) == offer.hash else {
            if !mistrusts { violations.append("an offer that is not whole or not what its name says") }
            return .problem(Problem(kind: kind, code: .undecodable, sentence: "other bytes than their name"))
        }
        if objects[offer.hash] == nil, diskIsFull {
            return .problem(Problem(kind: kind, code: .unspecified, sentence: "no space left on device"))
        }
        objects[offer.hash] = offer.head
        return .objectStored(ObjectStored(hash: offer.hash))
    }

    /// Keeps what a user hands in with a sweep: what no sweep of the journal needed was thrown away at the start.
    package mutating func keep(dataSet bytes: [UInt8]) { objects[SyntheticTraining.hash(of: bytes)] = bytes }

    /// Takes any other event.
    package mutating func handle(_ event: Event, at now: Instant) -> [Action] {
        let effects = core.handle(event, at: now)
        check("after \(event)")
        watch(effects)
        return carryOut(effects)
    }

    private mutating func watch(_ effects: [Effect]) {
        let before = placement.problems.count
        // Silences by the core's own clock: that of its process may just have been set back.
        let facts = effects.compactMap { if case .record(let fact) = $0 { fact } else { nil } }
        placement.add(facts, core, at: core.lastMoment)
        if placement.problems.count > before { violations.append("placement: \(placement.problems[before])") }
    }

    /// The commit that was under way is through; `said` gives the messages that it applied.
    package mutating func committed(_ said: (WorkerID, UInt64) -> Message?) -> [Action] {
        guard queue.isCommitting else { return [] }
        write(said)
        let actions = perform(queue.committed()) + steps()
        if queue.isEmpty, journal.count.isMultiple(of: Self.comparedEvery) { compareWithReplica("after a commit") }
        return actions
    }

    /// Commits everything that is decided; what would be sent is lost.
    package mutating func flush(_ said: (WorkerID, UInt64) -> Message?) {
        while queue.isCommitting { _ = committed(said) }
    }

    /// Whether a commit is under way.
    package var isCommitting: Bool { queue.isCommitting }

    /// Adds something that was found wrong.
    package mutating func object(_ sentence: String) { violations.append(sentence) }

    /// The comparison costs as much as some tens of events.
    private static let comparedEvery = 8
    /// Commits from one snapshot to the next; no multiple of the above.
    private static let snapshotEvery = 5

    private mutating func carryOut(_ effects: [Effect]) -> [Action] {
        queue.add(effects)
        return steps()
    }

    private mutating func steps() -> [Action] {
        var actions: [Action] = []
        while let step = queue.next() {
            switch step {
            case .perform(let effects): actions += perform(effects)
            case .commit(let facts):
                writing = facts
                commits += 1
                // As the process does: the state now is that of the journal after this commit.
                if checksInvariants, commits.isMultiple(of: Self.snapshotEvery) { taken = core.snapshot }
                actions.append(.commit)
            }
        }
        return actions
    }

    private mutating func write(_ said: (WorkerID, UInt64) -> Message?) {
        do { keep(try JournalCodec.encode(writing), said) } catch {
            violations.append("a batch cannot be written: \(error)")
        }
        clearing.sweeps.formUnion(
            writing.compactMap { if case .sweepChanged(let id, .deleted) = $0 { id } else { nil } }
        )
        writing = []
        clear()
        guard let taken else { return }
        self.taken = nil
        let parts = taken.parts
        if parts != replica.snapshot.parts { violations.append("a snapshot is not what the journal gives") }
        snapshot = (journal.count, parts)
        var trials: [TrialID] = []
        taken.forEachWholeCurve { trial, _ in trials.append(trial) }
        core.thin(trials)
    }

    /// Entries that are looked through after each commit, as few as there may be commits between them.
    private static let clearedAtOnce = 3

    /// Clears the next entries of the facts of removed sweeps, as the process does some MiB at a time.
    private mutating func clear() {
        guard !clearing.sweeps.isEmpty else { return }
        // The one just written is not told to others before it is through.
        for index in clearing.place..<min(clearing.place + Self.clearedAtOnce, journal.count) {
            do {
                if let rest = try JournalCodec.cleared(journal[index], of: clearing.sweeps) {
                    journal[index] = rest
                    clearedEntries += 1
                }
            } catch { violations.append("a batch cannot be cleared: \(error)") }
            clearing.place = index + 1
        }
    }

    private mutating func keep(_ entry: [UInt8], _ said: (WorkerID, UInt64) -> Message?) {
        journal.append(entry)
        let before = audit.problems.count
        do {
            try replica.restore(entry: entry)
            for fact in try JournalCodec.decode(entry) {
                facts.append(fact)
                audit.add(fact, said: said)
            }
        } catch { violations.append("a batch cannot be read back: \(error)") }
        if audit.problems.count > before { violations.append("the journal: \(audit.problems[before])") }
    }

    private mutating func compareWithReplica(_ when: String) {
        guard checksInvariants else { return }
        comparisons += 1
        if StateSummary(core) != StateSummary(replica) {
            violations.append("the replay of the journal is another state, \(when)")
        }
        var restarted = replica
        let decided = restarted.start(at: .zero).filter { if case .record = $0 { true } else { false } }
        var revived = restored(from: (journal.count, replica.snapshot.parts), session: core.session)
        let revivedDecided = revived.start(at: .zero).filter { if case .record = $0 { true } else { false } }
        if revivedDecided != decided {
            violations.append("a snapshot decides \(revivedDecided), not \(decided), \(when)")
        }
        // Just after a restart the core has not begun either, and may decide what its predecessor lost.
        if !decided.isEmpty, when != "after a restart" {
            violations.append("the replay of the journal decides \(decided), \(when)")
        }
        let broken = restarted.brokenInvariants()
        if !broken.isEmpty { violations.append("\(broken.joined(separator: "; ")), in the replay \(when)") }
    }

    private mutating func perform(_ effects: [Effect]) -> [Action] {
        effects.compactMap { effect in
            switch effect {
            case .record: return nil
            case .send(let message, let peer):
                if case .acknowledged(let acknowledged) = message, let worker = owners[peer] {
                    let safe = max(audit.sequence(of: worker), (oldestSequences[worker] ?? 1) - 1)
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
                if line.level == .error, !mistrusts {
                    violations.append("logged as an error: \(line.message) \(line.metadata)")
                }
                return .log(line)
            case .seekExperiment(let sweep): return .seek(sweep)
            case .replaced: return nil
            case .wake(let moment): return .wake(at: moment)
            }
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
        for worker in core.workers.values where !mistrusts {
            guard let introduction = worker.introduction, worker.held.count > introduction.slots + introduction.prefetch
            else { continue }
            violations.append("\(worker.id) holds \(worker.held.count) leases, \(when())")
        }
        if !missing.isEmpty { violations.append("checkpoints of trials \(missing) are gone, \(when())") }
    }
}
