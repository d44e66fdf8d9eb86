import KernelAPI
package import SweepCore
import SweepNumerics

extension TrainingData {
    /// Rows of normal numbers and drawn classes (or numbers, for `classes` 0), all of them training rows.
    ///
    /// With an image's size the columns are its pixels' numbers.
    package static func madeUp(
        columns: Int,
        classes: Int,
        rows: Int,
        image: ImageShape? = nil
    ) throws(TrainingDataError) -> TrainingData {
        let memory = MadeUpRows(rows: rows, columns: columns, classes: classes)
        var counts = [Int](repeating: 0, count: classes)
        for row in 0..<rows where classes > 0 { counts[Int(memory.labels[row])] += 1 }
        let moments = Moments(of: (0..<rows).lazy.map { Double(memory.numbers[$0]) })
        return try TrainingData(
            schema: DataSchema(
                features: (0..<columns).map { "x\($0)" },
                image: image,
                task: classes > 0
                    ? .classification(classes: (0..<classes).map(String.init), trainingCounts: counts)
                    : .regression(mean: moments.mean, variance: moments.populationVariance),
                trainingRows: rows,
                validationRows: 0,
                testRows: 0
            ),
            features: memory.features,
            rowCount: rows,
            rowStride: paddedCount(columns),
            targets: classes > 0 ? .classes(memory.labels) : .numbers(memory.numbers),
            trainingRows: 0..<rows,
            validationRows: 0..<0,
            testRows: 0..<0,
            owner: memory
        )
    }
}

/// The memory of made-up rows.
private final class MadeUpRows {
    let features: UnsafeMutablePointer<Float>
    let labels: UnsafeMutablePointer<Int32>
    let numbers: UnsafeMutablePointer<Float>

    init(rows: Int, columns: Int, classes: Int) {
        let stride = paddedCount(columns)
        features = .allocate(capacity: max(rows * stride, 1))
        features.initialize(repeating: 0, count: rows * stride)
        labels = .allocate(capacity: max(rows, 1))
        numbers = .allocate(capacity: max(rows, 1))
        var stream = RandomStream(key: 1)
        for row in 0..<rows {
            for column in 0..<columns { features[row * stride + column] = Float(stream.normal()) }
            labels.advanced(by: row).initialize(to: Int32(classes > 0 ? stream.below(classes) : 0))
            numbers.advanced(by: row).initialize(to: Float(stream.normal()))
        }
    }

    deinit {
        features.deallocate()
        labels.deallocate()
        numbers.deallocate()
    }
}
