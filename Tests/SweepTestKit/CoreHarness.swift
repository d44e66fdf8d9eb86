package import SweepCoordination
package import SweepCore
package import SweepWire

/// A core driven by hand: one message at a time, on a manual clock, with workers that number what they say.
package struct CoreHarness: Sendable {
    /// A worker as the harness plays it.
    package struct Worker: Hashable, Sendable {
        package let id: WorkerID
        package let peer: PeerID
        package var sequence: UInt64 = 0
    }

    package var core: CoordinatorCore
    /// The manual clock.
    package private(set) var now = Instant.zero
    /// The effects of the last event.
    package private(set) var effects: [Effect] = []
    /// Every fact so far.
    package private(set) var facts: [Fact] = []
    /// Broken invariants seen after any event.
    package private(set) var broken: [String] = []
    private var nextPeer: UInt32 = 1
    private var token: UInt64 = 0
    /// The newest assignment of each trial.
    private var leases: [TrialID: Assignment] = [:]
    private let training = SyntheticTraining()

    package init(options: CoordinatorOptions = CoordinatorOptions()) {
        core = CoordinatorCore(options: options, session: 42)
        _ = core.start(at: now)
    }

    /// Gives the core an event.
    package mutating func give(_ event: Event) {
        effects = core.handle(event, at: now)
        for case .record(let fact) in effects { facts.append(fact) }
        for case .send(.assignments(let batch), _) in effects {
            for assignment in batch.leases { leases[assignment.lease.trial] = assignment }
        }
        broken += core.brokenInvariants()
    }

    /// Moves the clock.
    package mutating func wait(_ duration: Duration) { now = now.advanced(by: duration) }

    /// Moves the clock and lets the core see it.
    package mutating func tick(after duration: Duration) {
        wait(duration)
        give(.tick)
    }

    /// Hands in a sweep; the answer.
    package mutating func submit(_ sweep: SampleSweep) -> SteeringOutcome? { submit(sweep.draft) }

    /// Hands in a sweep; the answer.
    package mutating func submit(_ draft: SweepDraft) -> SteeringOutcome? {
        token += 1
        give(.submit(draft, ReplyToken(rawValue: token)))
        return reply
    }

    /// Steers a sweep; the answer.
    package mutating func steer(_ name: String, _ steering: Steering) -> SteeringOutcome? {
        token += 1
        give(.steer(name, steering, ReplyToken(rawValue: token)))
        return reply
    }

    /// Changes a sweep; the answer.
    package mutating func adjust(_ name: String, _ adjustment: SweepAdjustment) -> SteeringOutcome? {
        token += 1
        give(.adjust(name, adjustment, ReplyToken(rawValue: token)))
        return reply
    }

    /// Enqueues configurations of a sweep; the answer.
    package mutating func enqueue(_ name: String, _ request: EnqueueRequest) -> SteeringOutcome? {
        token += 1
        give(.enqueue(name, request, ReplyToken(rawValue: token)))
        return reply
    }

    private var reply: SteeringOutcome? {
        for case .reply(ReplyToken(rawValue: token), let outcome) in effects { return outcome }
        return nil
    }

    /// Registers a new process on a new connection.
    package mutating func join(
        _ name: String,
        slots: Int = 1,
        prefetch: Int = 0,
        coreVersion: String = "core-1",
        labels: [String: String] = [:],
        kernels: String = "none",
        versions: ProtocolVersions = .spoken,
        samplesPerSecond: Double? = nil
    ) -> Worker {
        let id = WorkerID(name: name, incarnation: UInt64(nextPeer))
        let worker = Worker(id: id, peer: PeerID(number: nextPeer))
        nextPeer += 1
        register(
            worker,
            slots: slots,
            prefetch: prefetch,
            coreVersion: coreVersion,
            labels: labels,
            kernels: kernels,
            versions: versions,
            samplesPerSecond: samplesPerSecond
        )
        return worker
    }

    /// Registers a process, perhaps again, with the leases that it holds.
    package mutating func register(
        _ worker: Worker,
        slots: Int = 1,
        prefetch: Int = 0,
        coreVersion: String = "core-1",
        leases: [LeaseID] = [],
        oldestSequence: UInt64 = 1,
        labels: [String: String] = [:],
        kernels: String = "none",
        versions: ProtocolVersions = .spoken,
        samplesPerSecond: Double? = nil
    ) {
        let register = Register(
            worker: worker.id,
            host: "here",
            pid: 1,
            slots: slots,
            prefetch: prefetch,
            kernels: kernels,
            coreVersion: coreVersion,
            softwareVersion: "0",
            labels: labels.sorted { $0.key < $1.key }.map { WorkerLabel(key: $0.key, value: $0.value) },
            leases: leases.map { HeldLease(lease: $0, epoch: 0) },
            oldestSequence: oldestSequence,
            versions: versions,
            samplesPerSecond: samplesPerSecond
        )
        give(.message(.register(register), from: worker.peer))
    }

    /// The same process on another connection.
    package mutating func reconnected(_ worker: Worker) -> Worker {
        defer { nextPeer += 1 }
        return Worker(id: worker.id, peer: PeerID(number: nextPeer), sequence: worker.sequence)
    }

    /// A message of this worker.
    package mutating func say(_ message: Message, by worker: Worker) { give(.message(message, from: worker.peer)) }

    /// What the last event sent to this worker.
    package func sent(to worker: Worker) -> [Message] {
        effects.compactMap { effect in
            guard case .send(let message, worker.peer) = effect else { return nil }
            return message
        }
    }

    /// The leases that the last event gave this worker.
    package func assigned(to worker: Worker) -> [Assignment] {
        sent(to: worker).flatMap { message -> [Assignment] in
            guard case .assignments(let batch) = message else { return [] }
            return batch.leases
        }
    }

    /// The leases that the last event told this worker to stop.
    package func stopped(at worker: Worker) -> [Verdicts.Item] {
        sent(to: worker).flatMap { message -> [Verdicts.Item] in
            guard case .verdicts(let verdicts) = message else { return [] }
            return verdicts.items
        }
    }

    /// What an epoch of this lease measures.
    package func observation(
        _ assignment: Assignment,
        epoch: Int,
        loss: Double? = nil,
        seconds: Double? = nil
    ) -> Observation {
        let whole = training.observation(
            spec: assignment.spec,
            seed: assignment.seed,
            epoch: epoch,
            epochs: assignment.to,
            metrics: assignment.metrics
        )
        let values = zip(assignment.metrics, whole.values).map { $0 == .validationLoss ? loss ?? $1 : $1 }
        return Observation(epoch: epoch, values: values, seconds: seconds ?? whole.seconds)
    }

    /// The worker reports these epochs of a lease.
    package mutating func report(
        _ assignment: Assignment,
        _ epochs: ClosedRange<Int>,
        loss: Double? = nil,
        seconds: Double? = nil,
        stoppedEarly: Bool = false,
        notes: [TrialNote] = [],
        readings: [PackedReading] = [],
        by worker: inout Worker
    ) {
        worker.sequence += 1
        let observations = epochs.map { observation(assignment, epoch: $0, loss: loss, seconds: seconds) }
        let item = Reports.Item(
            lease: assignment.lease,
            observations: observations,
            stoppedEarly: stoppedEarly,
            notes: notes,
            readings: readings
        )
        say(.reports(Reports(sequence: worker.sequence, items: [item])), by: worker)
    }

    /// The worker is done with a lease, with a checkpoint when one is wanted.
    package mutating func end(
        _ assignment: Assignment,
        _ outcome: SegmentOutcome = .reached,
        epoch: Int? = nil,
        by worker: inout Worker
    ) {
        worker.sequence += 1
        let epoch = epoch ?? assignment.to
        var end = SegmentEnded(sequence: worker.sequence, lease: assignment.lease, epoch: epoch, outcome: outcome)
        if assignment.keepsCheckpoint, outcome == .reached { end.checkpoint = Self.checkpoint(assignment, epoch) }
        say(.segmentEnded(end), by: worker)
    }

    /// The name of a trial's state after `epoch`.
    package static func checkpoint(_ assignment: Assignment, _ epoch: Int) -> CheckpointID {
        let bytes = SyntheticTraining.checkpoint(seed: assignment.seed, epoch: epoch)
        return CheckpointID(hash: SyntheticTraining.hash(of: bytes), size: bytes.count)
    }

    /// Trains whatever the worker is given until nothing more comes.
    package mutating func trainAll(_ worker: inout Worker, _ first: [Assignment]) {
        var queue = first
        while !queue.isEmpty {
            let assignment = queue.removeFirst()
            report(assignment, assignment.from + 1...assignment.to, by: &worker)
            queue += assigned(to: worker)
            end(assignment, by: &worker)
            queue += assigned(to: worker)
        }
    }

    /// What the holder of a trial of the first sweep was given; nil when nobody holds it.
    package func lease(of number: Int) -> Assignment? {
        guard trial(number)?.lease != nil else { return nil }
        return leases[TrialID(sweep: SweepID(rawValue: 1), number: number)]
    }

    /// A trial of the first sweep.
    package func trial(_ number: Int) -> TrialProgress? { core.sweeps[SweepID(rawValue: 1)]?[number] }

    /// How many leases of a sweep workers hold.
    package func held(_ name: String) -> Int { core.sweep(named: name)?.share.leases ?? 0 }

    /// The first sweep.
    package var sweep: SweepProgress? { core.sweeps[SweepID(rawValue: 1)] }
}

extension CoreHarness {
    /// The sample sweep and another one, which share a worker. The first is cancelled while it is trained; both are over then.
    package static func over(beside other: SampleSweep) -> CoreHarness {
        var harness = CoreHarness()
        var worker = harness.join("a", slots: 4)
        _ = harness.submit(SampleSweep())
        let begun = harness.assigned(to: worker)
        _ = harness.submit(other)
        var others: [Assignment] = []
        for assignment in begun.prefix(2) {
            harness.report(assignment, assignment.from + 1...assignment.to, by: &worker)
            others += harness.assigned(to: worker)
            harness.end(assignment, by: &worker)
            others += harness.assigned(to: worker)
        }
        _ = harness.steer("sample", .cancel)
        others += harness.assigned(to: worker)
        harness.trainAll(&worker, others.filter { $0.lease.trial.sweep != SweepID(rawValue: 1) })
        return harness
    }
}
