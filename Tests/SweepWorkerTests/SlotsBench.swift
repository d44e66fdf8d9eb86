import SweepCore
import SweepData
import SweepKernels
import SweepWire
import SweepWorker

/// Training slots on the digits, with the mailbox that a worker would empty.
struct SlotsBench: Sendable {
    let slots: TrainingSlots
    private let signals: AsyncStream<Void>

    init(count: Int = 1) throws {
        let (signals, continuation) = AsyncStream<Void>.makeStream()
        self.signals = signals
        slots = try TrainingSlots(count: count, trainer: .core(try .selected())) { continuation.yield() }
    }

    /// What was posted, in order, until that is enough.
    func events(until isEnough: ([TrainingEvent]) -> Bool) async -> [TrainingEvent] {
        var events = slots.takeEvents()
        guard !isEnough(events) else { return events }
        for await _ in signals {
            events += slots.takeEvents()
            if isEnough(events) { break }
        }
        return events
    }

    /// What was posted until this many leases had ended.
    func events(untilEnded count: Int) async -> [TrainingEvent] {
        await events { $0.ends.count == count }
    }
}

/// How a lease ended.
struct End {
    let lease: LeaseID
    let epoch: Int
    let outcome: SegmentOutcome
    let checkpoint: WorkerCheckpoint?
}

extension [TrainingEvent] {
    var ends: [End] {
        compactMap { event in
            guard case .ended(let lease, let epoch, let outcome, let checkpoint) = event else { return nil }
            return End(lease: lease, epoch: epoch, outcome: outcome, checkpoint: checkpoint)
        }
    }

    func readings(of lease: LeaseID) -> [PackedReading] {
        flatMap { event -> [PackedReading] in
            guard case .observed(let item) = event, item.lease == lease else { return [] }
            return item.readings
        }
    }

    func observations(of lease: LeaseID) -> [Observation] {
        flatMap { event -> [Observation] in
            guard case .observed(let item) = event, item.lease == lease else { return [] }
            return item.observations
        }
    }
}

/// The digits on a shelf, and jobs that train on them.
struct Digits {
    static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    let packed: [UInt8]
    let id: DataSetID
    let shelf = DataShelf()
    let entry: DataShelf.Entry

    init() throws {
        let spec = DataSpec(source: .table("digits.csv.gz"), target: .name("label"))
        packed = try DataSet.load(spec, relativeTo: Self.root + "/sweeps/data").get().packed()
        id = DataSet.id(ofPacked: packed)
        try shelf.keep(id, packed: packed)
        guard let entry = shelf[id.hash] else { throw NotKept() }
        self.entry = entry
    }

    static func lease(_ trial: Int) -> LeaseID {
        LeaseID(trial: TrialID(sweep: SweepID(rawValue: 1), number: trial), attempt: Attempt(rawValue: 1))
    }

    /// A small network with dropout and momentum: both are state that a checkpoint must hold.
    func job(
        _ trial: Int = 1,
        from: Int = 0,
        to: Int,
        checkpoint: WorkerCheckpoint? = nil,
        learningRate: Double = 0.05,
        l2: Double = 0,
        seed: UInt64 = 3,
        metrics: [Metric] = [.validationLoss],
        instruments: InstrumentTier = .layers
    ) -> TrainingJob {
        func map(_ entries: (String, SpecNode)...) -> SpecNode { .map(entries.map { SpecEntry($0.0, $0.1) }) }
        let network = map(("layers", .integer(1)), ("width", .integer(16)), ("dropout", .real(0.2)))
        let sgd = map(("learning_rate", .real(learningRate)), ("momentum", .real(0.9)))
        let spec = map(
            ("data", map(("preprocess", .list([.text("standardize")])))),
            (
                "train",
                map(
                    ("model", map(("mlp", network))),
                    ("optimizer", map(("sgd", sgd))),
                    ("l2", .real(l2)),
                    ("batch_size", .integer(64)),
                    ("epochs", .integer(max(1, to))),
                    ("instruments", .text(instruments.rawValue))
                )
            )
        )
        return job(trial, spec: spec, from: from, to: to, checkpoint: checkpoint, seed: seed, metrics: metrics)
    }

    func job(
        _ trial: Int,
        spec: SpecNode,
        from: Int = 0,
        to: Int,
        checkpoint: WorkerCheckpoint? = nil,
        seed: UInt64 = 3,
        metrics: [Metric] = [.validationLoss]
    ) -> TrainingJob {
        let assignment = Assignment(
            lease: Self.lease(trial),
            sweepName: "digits",
            spec: spec,
            seed: seed,
            from: from,
            to: to,
            checkpoint: checkpoint?.id,
            dataSet: id,
            keepsCheckpoint: true,
            metrics: metrics
        )
        return TrainingJob(assignment: assignment, data: entry, checkpoint: checkpoint?.bytes)
    }

    struct NotKept: Error {}
}
