import KernelAPI
import SweepCore
import SweepData
import SweepKernels
import SweepNumerics
import SweepTraining

/// Rows with their targets at addresses that do not change.
final class BenchmarkRows {
    let count: Int
    let columns: Int
    let features: UnsafePointer<Float>
    let rowStride: Int
    /// Class indices; all 0 for regression.
    let classes: UnsafeMutablePointer<Int32>
    /// Targets of regression; all 0 for classes.
    let numbers: UnsafeMutablePointer<Float>
    private let schema: DataSchema
    private let trainingRows: [Int]
    private let validationRows: [Int]
    private let loaded: PreparedData?
    private let owned: UnsafeMutablePointer<Float>?

    /// Bytes of features and targets.
    var bytes: Int { count * (rowStride + 1) * MemoryLayout<Float>.stride }

    /// IDX images scaled to [0, 1] with their labels; the last row is for validation.
    init(images: String, labels: String) throws {
        let source = DataSpec(source: .images(images, labels: labels), validation: .last(1))
        let rows = try PreparedData(try DataSet.load(source, relativeTo: ".").get(), steps: [.scale(1 / 255)])
        loaded = rows
        owned = nil
        count = rows.rowCount
        columns = rows.schema.features.count
        features = rows.features
        rowStride = rows.rowStride
        schema = rows.schema
        trainingRows = rows.split.training.map { Int($0) }
        validationRows = rows.split.validation.map { Int($0) }
        (classes, numbers) = Self.targets(count)
        if case .classes(let values) = rows.targets { classes.update(from: values, count: values.count) }
    }

    /// Rows of normal numbers with drawn classes or, for one output, normal numbers to predict; all for training.
    init(madeUp count: Int, shape: InputShape, outputs: Int, seed: UInt64) {
        self.count = count
        columns = shape.columns
        rowStride = paddedCount(shape.columns)
        let features = UnsafeMutablePointer<Float>.allocate(capacity: max(count * rowStride, 1))
        features.initialize(repeating: 0, count: count * rowStride)
        (classes, numbers) = Self.targets(count)
        var stream = RandomStream(key: RandomStream.mix(seed))
        for row in 0..<count {
            for column in 0..<columns { features[row * rowStride + column] = Float(stream.normal()) }
            if outputs > 1 {
                classes[row] = Int32(stream.below(outputs))
            } else {
                numbers[row] = Float(stream.normal())
            }
        }
        var counts = [Int](repeating: 0, count: max(outputs, 1))
        for row in 0..<count { counts[Int(classes[row])] += 1 }
        let values = UnsafeBufferPointer(start: numbers, count: count)
        let moments = Moments(of: values.lazy.map { Double($0) })
        schema = DataSchema(
            features: (0..<columns).map { "x\($0)" },
            image: shape.image.map { ImageShape(height: $0.height, width: $0.width, channels: $0.channels) },
            task: outputs > 1
                ? .classification(classes: (0..<outputs).map(String.init), trainingCounts: counts)
                : .regression(mean: moments.mean, variance: moments.populationVariance),
            trainingRows: count,
            validationRows: 0,
            testRows: 0
        )
        self.features = UnsafePointer(features)
        owned = features
        loaded = nil
        trainingRows = Array(0..<count)
        validationRows = []
    }

    deinit {
        owned?.deallocate()
        classes.deallocate()
        numbers.deallocate()
    }

    private static func targets(_ count: Int) -> (UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Float>) {
        let classes = UnsafeMutablePointer<Int32>.allocate(capacity: max(count, 1))
        classes.initialize(repeating: 0, count: count)
        let numbers = UnsafeMutablePointer<Float>.allocate(capacity: max(count, 1))
        numbers.initialize(repeating: 0, count: count)
        return (classes, numbers)
    }

    /// The rows as runs read them.
    func trainingData() throws -> TrainingData {
        let isClassification = schema.task.kind == .classification
        return try TrainingData(
            schema: schema,
            features: features,
            rowCount: count,
            rowStride: rowStride,
            targets: isClassification ? .classes(classes) : .numbers(numbers),
            trainingRows: trainingRows,
            validationRows: validationRows,
            testRows: [Int](),
            owner: self
        )
    }
}
