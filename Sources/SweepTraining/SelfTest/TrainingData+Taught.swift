import KernelAPI
import SweepCore
import SweepNumerics

extension TrainingData {
    /// Made-up images whose targets can be learned: each channel has a brightness and noise on it, and the brightnesses decide.
    ///
    /// The score is the sum of the channels' brightnesses, every second one counted −½. Numbers are the score with a tenth of
    /// noise; classes part the rows by it in equal shares. Training rows come first, then those for validation.
    static func taught(
        image: ImageShape,
        classes: Int,
        trainingRows: Int,
        validationRows: Int
    ) throws(TrainingDataError) -> TrainingData {
        let count = trainingRows + validationRows
        let memory = TaughtRows(rows: count, image: image, classes: classes)
        var counts = [Int](repeating: 0, count: classes)
        for row in 0..<trainingRows where classes > 0 { counts[Int(memory.labels[row])] += 1 }
        let moments = Moments(of: (0..<trainingRows).lazy.map { Double(memory.numbers[$0]) })
        return try TrainingData(
            schema: DataSchema(
                features: (0..<memory.columns).map { "x\($0)" },
                image: image,
                task: classes > 0
                    ? .classification(classes: (0..<classes).map(String.init), trainingCounts: counts)
                    : .regression(mean: moments.mean, variance: moments.populationVariance),
                trainingRows: trainingRows,
                validationRows: validationRows,
                testRows: 0
            ),
            features: memory.features,
            rowCount: count,
            rowStride: paddedCount(memory.columns),
            targets: classes > 0 ? .classes(memory.labels) : .numbers(memory.numbers),
            trainingRows: 0..<trainingRows,
            validationRows: trainingRows..<count,
            testRows: 0..<0,
            owner: memory
        )
    }
}

/// The memory of rows that can be learned.
private final class TaughtRows {
    let columns: Int
    let features: UnsafeMutablePointer<Float>
    let labels: UnsafeMutablePointer<Int32>
    let numbers: UnsafeMutablePointer<Float>

    init(rows: Int, image: ImageShape, classes: Int) {
        columns = image.height * image.width * image.channels
        let stride = paddedCount(columns)
        features = .allocate(capacity: max(rows * stride, 1))
        features.initialize(repeating: 0, count: rows * stride)
        labels = .allocate(capacity: max(rows, 1))
        labels.initialize(repeating: 0, count: max(rows, 1))
        numbers = .allocate(capacity: max(rows, 1))
        numbers.initialize(repeating: 0, count: max(rows, 1))
        var stream = RandomStream(key: 2)
        var scores: [Double] = []
        for row in 0..<rows {
            let levels = (0..<image.channels).map { _ in stream.normal() }
            for column in 0..<columns {
                features[row * stride + column] = Float(levels[column % image.channels] + 0.5 * stream.normal())
            }
            let score = levels.enumerated().reduce(0.0) { $0 + $1.element * ($1.offset % 2 == 0 ? 1 : -0.5) }
            scores.append(score)
            numbers[row] = Float(score + 0.1 * stream.normal())
        }
        let order = scores.indices.sorted { scores[$0] < scores[$1] }
        for (place, row) in order.enumerated() where classes > 0 { labels[row] = Int32(place * classes / rows) }
    }

    deinit {
        features.deallocate()
        labels.deallocate()
        numbers.deallocate()
    }
}
