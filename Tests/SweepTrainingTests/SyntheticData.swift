import SweepCore
import SweepNumerics
import SweepTraining

/// Rows that a test makes up, kept alive by the `TrainingData` that reads them.
final class SyntheticRows: Sendable {
    nonisolated(unsafe) let features: UnsafeMutablePointer<Float>
    nonisolated(unsafe) let classes: UnsafeMutablePointer<Int32>
    nonisolated(unsafe) let numbers: UnsafeMutablePointer<Float>
    let rowStride: Int
    let count: Int

    init(count: Int, columns: Int) {
        self.count = count
        rowStride = (columns + 15) / 16 * 16
        // What lies behind the last row and the last number is of nobody.
        features = .allocate(capacity: count * rowStride + Self.fence)
        features.initialize(repeating: 0, count: count * rowStride)
        (features + count * rowStride).initialize(repeating: .nan, count: Self.fence)
        classes = .allocate(capacity: max(count, 1))
        classes.initialize(repeating: 0, count: count)
        numbers = .allocate(capacity: count + Self.fence)
        numbers.initialize(repeating: 0, count: count)
        (numbers + count).initialize(repeating: .nan, count: Self.fence)
    }

    private static let fence = 64

    deinit {
        features.deallocate()
        classes.deallocate()
        numbers.deallocate()
    }
}

/// A made-up task: normal features, and targets that depend on them smoothly.
struct SyntheticTask {
    var rows = 96
    var validationRows = 32
    var testRows = 0
    var columns = 5
    /// 0: regression.
    var classes = 3
    var seed: UInt64 = 1
    /// Its numbers are the columns; nil: a table.
    var image: ImageShape?
    /// What the numbers to be predicted were divided by.
    var targetUnit = 1.0

    init(
        rows: Int = 96,
        validationRows: Int = 32,
        testRows: Int = 0,
        columns: Int = 5,
        classes: Int = 3,
        seed: UInt64 = 1,
        image: ImageShape? = nil,
        targetUnit: Double = 1
    ) {
        self.rows = rows
        self.validationRows = validationRows
        self.testRows = testRows
        self.columns = image.map { $0.height * $0.width * $0.channels } ?? columns
        self.classes = classes
        self.seed = seed
        self.image = image
        self.targetUnit = targetUnit
    }

    func make() throws -> SyntheticData {
        let total = rows + validationRows + testRows
        let storage = SyntheticRows(count: total, columns: columns)
        var stream = RandomStream(key: RandomStream.mix(seed))
        for row in 0..<total {
            var score = 0.0
            for column in 0..<columns {
                let value = stream.normal()
                storage.features[row * storage.rowStride + column] = Float(value)
                score += value * (column % 2 == 0 ? 1 : -0.5) + 0.3 * value * value
            }
            storage.numbers[row] = Float(score)
            storage.classes[row] = classes > 0 ? Int32(Int(abs(score * 2)) % classes) : 0
        }
        return try wrap(storage)
    }

    func wrap(_ storage: SyntheticRows) throws -> SyntheticData {
        let training = Array(0..<rows)
        let validation = Array(rows..<(rows + validationRows))
        let test = Array((rows + validationRows)..<(rows + validationRows + testRows))
        let task: DataTask
        if classes > 0 {
            var counts = [Int](repeating: 0, count: classes)
            for row in training { counts[Int(storage.classes[row])] += 1 }
            task = .classification(classes: (0..<classes).map(String.init), trainingCounts: counts)
        } else {
            let moments = Moments(of: training.map { Double(storage.numbers[$0]) })
            task = .regression(mean: moments.mean, variance: moments.populationVariance)
        }
        let schema = DataSchema(
            features: (0..<columns).map { "x\($0)" },
            image: image,
            task: task,
            trainingRows: rows,
            validationRows: validationRows,
            testRows: testRows
        )
        let data = try TrainingData(
            schema: schema,
            features: storage.features,
            rowCount: storage.count,
            rowStride: storage.rowStride,
            targets: classes > 0 ? .classes(storage.classes) : .numbers(storage.numbers),
            targetUnit: targetUnit,
            trainingRows: training,
            validationRows: validation,
            testRows: test,
            owner: storage
        )
        return SyntheticData(data: data, storage: storage)
    }
}

/// Made-up rows as the runs read them and as the float64 reference does.
struct SyntheticData {
    let data: TrainingData
    let storage: SyntheticRows

    /// Features and targets of rows.
    func batch(_ rows: [Int32]) -> (rows: [[Double]], targets: [ReferenceTarget]) {
        (
            rows.map { row in
                (0..<data.schema.features.count).map {
                    Double(storage.features[Int(row) * storage.rowStride + $0])
                }
            },
            rows.map { row in
                switch data.schema.task.kind {
                case .classification: .label(Int(storage.classes[Int(row)]))
                case .regression: .numbers([Double(storage.numbers[Int(row)])])
                }
            }
        )
    }
}

extension ParameterValues {
    /// In float64.
    var flat: [Double] { values.map(Double.init) }
}

extension TrainingRun {
    /// The factors of its dropout layers on a step, as the reference model asks for them.
    func referenceDropout(step: UInt64) -> ReferenceDropout {
        { layer, rate, columns, rows in
            self.dropoutFactors(layer: layer, rate: rate, columns: columns, rows: rows, step: step)
        }
    }
}
