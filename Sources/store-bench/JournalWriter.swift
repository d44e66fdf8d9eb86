import SweepCoordination
import SweepCore
import SweepStore
import SweepWire

/// Drives the real core with workers that answer at once, and commits what it decides.
struct JournalWriter {
    private let store: Store
    private let epochsAReport: Int
    private let epochs: Int
    private var core = CoordinatorCore(session: 1)
    private var now = Instant.zero
    private var facts: [Fact] = []
    private var queue: [(worker: Int, assignment: Assignment)] = []
    private var sequences: [UInt64]
    private var random: UInt64 = 1
    private let trials: Int

    /// Workers and messages in a commit: those of a coordinator with something to do.
    private static let workers = 16
    private static let messages = 64

    init(directory: String, trials: Int, epochs: Int, epochsAReport: Int) throws {
        store = try Store.open(directory: directory, mode: .readWrite)
        try ObjectStore(directory: directory).put([UInt8]())
        sequences = Array(repeating: 0, count: Self.workers)
        self.trials = trials
        self.epochs = epochs
        self.epochsAReport = epochsAReport
    }

    mutating func run() throws {
        _ = core.start(at: now)
        give(.submit(draft, ReplyToken(rawValue: 1)))
        for index in 0..<Self.workers {
            let register = Register(
                worker: WorkerID(name: "node\(index)", incarnation: UInt64(index) + 1),
                host: "node\(index)",
                pid: 1,
                slots: 4,
                prefetch: 16,
                kernels: "v3",
                coreVersion: "1",
                softwareVersion: "0"
            )
            give(.message(.register(register), from: PeerID(number: UInt32(index))))
        }
        var next = 0
        var given = 0
        while next < queue.count {
            let (worker, assignment) = queue[next]
            next += 1
            for first in stride(from: assignment.from + 1, through: assignment.to, by: epochsAReport) {
                let last = min(first + epochsAReport - 1, assignment.to)
                sequences[worker] += 1
                let item = Reports.Item(
                    lease: assignment.lease,
                    observations: (first...last).map { observation($0, assignment.metrics.count) }
                )
                give(.message(.reports(Reports(sequence: sequences[worker], items: [item])), from: peer(worker)))
                given += 1
                if given.isMultiple(of: Self.messages) { try commit() }
            }
            sequences[worker] += 1
            let end = SegmentEnded(
                sequence: sequences[worker],
                lease: assignment.lease,
                epoch: assignment.to,
                outcome: .reached
            )
            give(.message(.segmentEnded(end), from: peer(worker)))
            if next > 4096, next * 2 > queue.count {
                queue.removeFirst(next)
                next = 0
            }
        }
        try commit()
    }

    private func peer(_ worker: Int) -> PeerID { PeerID(number: UInt32(worker)) }

    private mutating func give(_ event: Event) {
        now = now.advanced(by: .microseconds(1))
        for effect in core.handle(event, at: now) {
            switch effect {
            case .record(let fact): facts.append(fact)
            case .send(.assignments(let batch), let peer):
                for assignment in batch.leases { queue.append((Int(peer.number), assignment)) }
            default: break
            }
        }
    }

    private mutating func commit() throws {
        guard !facts.isEmpty else { return }
        try store.append([JournalEntry(kind: Int(JournalCodec.version), body: try JournalCodec.encode(facts))])
        facts.removeAll(keepingCapacity: true)
    }

    /// Losses that fall from 2 to about 0.2, with noise; everything else a number of its own.
    private mutating func observation(_ epoch: Int, _ width: Int) -> Observation {
        let values = (0..<width).map { column -> Double in
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let noise = Double(random >> 11) / Double(1 << 53)
            return column < 3 ? 0.1 + 1.9 / Double(epoch) + 0.1 * noise : noise
        }
        return Observation(epoch: epoch, values: values, seconds: 0.001)
    }

    /// A sweep of two classes: 15 metrics an epoch.
    private var draft: SweepDraft {
        let rate = SpecNode.domain(.logUniform(low: 1e-4, high: 1, points: 6))
        let source = SpecNode.map([
            SpecEntry("name", .text("large")),
            SpecEntry("data", .map([SpecEntry("source", .text("rows.csv")), SpecEntry("target", .text("last"))])),
            SpecEntry(
                "train",
                .map([
                    SpecEntry("model", .map([SpecEntry("mlp", .map([SpecEntry("widths", .list([.integer(8)]))]))])),
                    SpecEntry("optimizer", .map([SpecEntry("sgd", .map([SpecEntry("learning_rate", rate)]))])),
                    SpecEntry("batch_size", .integer(8)),
                    SpecEntry("epochs", .integer(epochs)),
                ])
            ),
            SpecEntry("objective", .map([SpecEntry("minimize", .text("validation.loss"))])),
            SpecEntry("search", .map([SpecEntry("method", .text("random")), SpecEntry("trials", .integer(trials))])),
            SpecEntry("prune", .text("none")),
        ])
        return SweepDraft(
            source: source,
            text: "",
            fileName: "large.yaml",
            dataSet: DataSetID(hash: Self.noData, size: 0),
            schema: DataSchema(
                features: ["a", "b"],
                task: .classification(classes: ["x", "y"], trainingCounts: [40, 40]),
                trainingRows: 80,
                validationRows: 20,
                testRows: 0
            ),
            coreVersion: "1",
            milliseconds: 0
        )
    }

    /// The hash of no bytes: the data set of a sweep that nobody trains.
    private static let noData = ContentHash(hex: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")!
}
