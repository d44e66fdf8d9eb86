import KernelAPI
import SweepCore
import SweepData
import SweepKernels
import SweepTraining

/// The digits, prepared, and everything needed to train on them.
struct Trainer {
    static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    let schema: DataSchema
    let dataSet: DataSetID
    private let data: TrainingData
    private let kernels: KernelTable

    init() throws {
        let rows = try DataSet.load(
            DataSpec(
                source: .table("digits.csv.gz"),
                target: .name("label"),
                validation: .fraction(0.2),
                test: .fraction(0.1),
                preprocess: [.standardize]
            ),
            relativeTo: Self.root + "/sweeps/data"
        ).get()
        let packed = rows.packed()
        schema = rows.schema
        dataSet = DataSetID(hash: try Self.hash(of: packed), size: packed.count)
        let owner = try Rows(PreparedData(rows, steps: [.standardize]))
        data = try TrainingData(
            schema: schema,
            features: owner.data.features,
            rowCount: owner.data.rowCount,
            rowStride: owner.data.rowStride,
            targets: .classes(owner.classes),
            trainingRows: owner.data.split.training,
            validationRows: owner.data.split.validation,
            testRows: owner.data.split.test,
            owner: owner
        )
        kernels = try KernelTable.selected()
    }

    /// A run of this resolved template, from its beginning (after that of its ancestors) or from a checkpoint after `epoch`.
    func run(_ spec: SpecNode, seed: UInt64, checkpoint: [UInt8]? = nil, epoch: Int = 0) throws -> TrainingRun {
        guard let trial = TrialSpec.read(spec, problems: SpecProblems()) else { throw Unreadable() }
        let run = try TrainingRun.descendant(
            trial,
            seed: seed,
            checkpoint: checkpoint.map { ($0, epoch) },
            kernels: kernels,
            data: { _ in data }
        )
        guard let run else { throw Unreadable() }
        return run
    }

    static func hash(of bytes: [UInt8]) throws -> ContentHash {
        guard let hash = ContentHash(bytes: SHA256.digest(bytes)) else { throw Unreadable() }
        return hash
    }

    struct Unreadable: Error {}
}

/// Prepared rows with their classes at an address that does not change.
private final class Rows {
    let data: PreparedData
    let classes: UnsafePointer<Int32>
    private let memory: UnsafeMutableBufferPointer<Int32>

    init(_ data: PreparedData) throws {
        guard case .classes(let indices) = data.targets else { throw Trainer.Unreadable() }
        self.data = data
        memory = .allocate(capacity: indices.count)
        _ = memory.initialize(from: indices)
        classes = UnsafePointer(memory.baseAddress.unsafelyUnwrapped)
    }

    deinit { memory.deallocate() }
}
