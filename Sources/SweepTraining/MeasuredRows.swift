import KernelAPI
import SweepCore
import SweepKernels

/// Room for what is gathered while rows are measured, made once a run.
final class MeasuredRows {
    /// Scores of all rows of the part that is measured, `outputs` a row; what areas under curves are computed from.
    let scores: UnsafeMutablePointer<Float>
    let scratch: UnsafeMutableBufferPointer<Float>
    /// Labels of all rows of the part.
    let labels: UnsafeMutablePointer<Int32>
    let predicted: UnsafeMutablePointer<Int32>
    let outputs: Int
    var classScores: ClassScores
    /// Of the newest measurement of these parts.
    private var validationSums: ClassSums
    private var probeSums: ClassSums

    /// Classes beyond which no areas under curves are computed: they would cost more than the epoch.
    static let greatestCurves = 64

    init(_ data: TrainingData, network: Network) {
        let isClassification = data.schema.task.kind == .classification
        outputs = network.head.outputs
        let rows = isClassification ? TrainingData.Part.allCases.map { data.rows($0).count }.max() ?? 0 : 0
        let curves = outputs <= Self.greatestCurves ? outputs : 0
        scores = .allocate(capacity: max(rows * curves, 1))
        scores.initialize(repeating: 0, count: max(rows * curves, 1))
        scratch = .allocate(capacity: max(rows, 1))
        scratch.initialize(repeating: 0)
        labels = .allocate(capacity: max(rows, 1))
        labels.initialize(repeating: 0, count: max(rows, 1))
        predicted = .allocate(capacity: network.capacity)
        predicted.initialize(repeating: 0, count: network.capacity)
        classScores = ClassScores(classes: isClassification ? data.schema.outputs : 0)
        let classes = isClassification ? data.schema.classes.count : 0
        validationSums = ClassSums(classes: classes)
        probeSums = ClassSums(classes: classes)
    }

    deinit {
        scores.deallocate()
        scratch.deallocate()
        labels.deallocate()
        predicted.deallocate()
    }

    /// Forgets what was gathered by class of a part.
    func clearClasses(of part: TrainingData.Part) {
        switch part {
        case .validation: validationSums.clear()
        case .probe: probeSums.clear()
        case .training, .test: break
        }
    }

    /// Adds a batch of a part's rows to those of their classes; with `isPredicted` `predicted` has each row's class.
    func addClasses(
        of part: TrainingData.Part,
        losses: UnsafeBufferPointer<Float>,
        labels: UnsafePointer<Int32>,
        isPredicted: Bool
    ) {
        let predicted = isPredicted ? UnsafePointer(self.predicted) : nil
        switch part {
        case .validation: validationSums.add(losses, labels: labels, predicted: predicted)
        case .probe: probeSums.add(losses, labels: labels, predicted: predicted)
        case .training, .test: break
        }
    }

    /// What the newest measurements say of each class that has rows in validation or the probe; `unit` is that of losses.
    func classReadings(unit: Double) -> [Instruments.ClassReading] {
        validationSums.rows.indices.compactMap { index in
            let rows = validationSums.rows[index]
            guard rows > 0 || probeSums.rows[index] > 0 else { return nil }
            return Instruments.ClassReading(
                index: index,
                rows: rows,
                loss: validationSums.meanLoss(index).map { $0 * unit },
                recall: validationSums.recall(index),
                probeLoss: probeSums.meanLoss(index).map { $0 * unit }
            )
        }
    }

    /// Keeps what the batch that was just measured says about areas under curves.
    ///
    /// - Parameters:
    ///   - first: The number of the batch's first row in the part.
    ///   - predictions: The batch's predictions; softmax turns logits into probabilities first.
    func keepScores(first: Int, rows: Int, head: LossHead, kernels: KernelTable) {
        guard outputs <= Self.greatestCurves else { return }
        let predictions = head.predictions.values
        if outputs > 2, head.loss.kind == .softmaxCrossEntropy {
            kernels.softmax(
                Softmax(rows: rows, classes: outputs, values: predictions.start, stride: predictions.rowStride)
            )
        }
        for row in 0..<rows {
            let source = predictions.start + row * predictions.rowStride
            let destination = scores + (first + row) * outputs
            for output in 0..<outputs { destination[output] = source[output] }
            labels[first + row] = head.batchLabels[row]
        }
    }

    /// The mean area over the classes that have rows in the part and are not alone; of two classes that of the second.
    func areaUnderCurve(rows: Int) -> Double {
        guard outputs <= Self.greatestCurves else { return .nan }
        if outputs == 1 { return area(column: 0, label: 1, rows: rows) }
        if outputs == 2 {
            // The difference orders rows as the second class's probability does.
            for row in 0..<rows { scores[2 * row] = scores[2 * row + 1] - scores[2 * row] }
            return area(column: 0, label: 1, rows: rows)
        }
        var (sum, count) = (0.0, 0)
        for label in 0..<outputs where classScores.rows[label] > 0 && classScores.rows[label] < rows {
            sum += area(column: label, label: label, rows: rows)
            count += 1
        }
        return count == 0 ? .nan : sum / Double(count)
    }

    private func area(column: Int, label: Int, rows: Int) -> Double {
        ClassScores.areaUnderCurve(
            scores: scores + column,
            stride: outputs,
            rows: rows,
            isOfClass: { labels[$0] == Int32(label) },
            scratch: scratch
        )
    }
}
