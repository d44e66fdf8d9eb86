import KernelAPI
import SweepCore

/// What the current weights achieve on a set of rows, in evaluation mode.
package struct Evaluation: Hashable, Sendable {
    /// Mean over rows of the plain loss, in the power of the target's own unit; NaN without rows.
    package var loss = Double.nan
    /// Share of rows whose largest prediction is their class; NaN for regression.
    package var accuracy = Double.nan
    /// The mean of the classes' recalls.
    package var balancedAccuracy = Double.nan
    /// The mean of the classes' F1.
    package var macroF1 = Double.nan
    /// Of two classes the second's area under the ROC curve, of more the mean of each against the others.
    package var areaUnderCurve = Double.nan
    /// Share of rows whose class is among so many largest predictions, for the numbers that the run measures.
    package var topAccuracies: [Int: Double] = [:]
    /// Of each class; empty for regression.
    package var recalls: [Double] = []
    /// 1 − squared error / variance of the rows' targets; NaN for classification and for constant targets.
    package var r2 = Double.nan
    /// Mean absolute error in the target's own unit; NaN for classification.
    package var absoluteError = Double.nan
}

extension TrainingRun {
    /// Measures the current weights (their average, if the specification asks for it) on a part of the data.
    ///
    /// The mean is taken in float64 over the rows in the part's order, so its bits do not depend on the batch size.
    /// With `isDetailed` false only the loss is measured.
    package func evaluate(_ part: TrainingData.Part, isDetailed: Bool = true) -> Evaluation {
        let rows = data.rows(part)
        guard !rows.isEmpty else { return Evaluation() }
        let isClassification = data.schema.task.kind == .classification
        let head = network.head
        var evaluation = Evaluation()
        var (sum, correct, absolute, squared) = (0.0, 0, 0.0, 0.0)
        let tops = tops
        var among = [Int](repeating: 0, count: tops.count)
        if isDetailed { measured.classScores.clear() }
        if isClassification { measured.clearClasses(of: part) }
        forEachBatch(of: rows) { first, losses in
            for loss in losses { sum += Double(loss) }
            guard isDetailed else {
                if isClassification {
                    measured.addClasses(of: part, losses: losses, labels: head.batchLabels, isPredicted: false)
                }
                return
            }
            if isClassification {
                correct += head.countCorrect(rows: losses.count, predicted: measured.predicted)
                for (index, top) in tops.enumerated() {
                    among[index] += head.countCorrect(rows: losses.count, top: top)
                }
                for row in losses.indices {
                    measured.classScores.add(
                        label: Int(head.batchLabels[row]),
                        prediction: Int(measured.predicted[row])
                    )
                }
                measured.addClasses(of: part, losses: losses, labels: head.batchLabels, isPredicted: true)
                measured.keepScores(first: first, rows: losses.count, head: head, kernels: kernels)
            } else {
                let errors = head.errors(rows: losses.count)
                absolute += errors.absolute
                squared += errors.squared
            }
        }
        let count = Double(rows.count)
        let loss = sum / count
        evaluation.loss = loss * lossUnit
        guard isDetailed else { return evaluation }
        if isClassification {
            evaluation.accuracy = Double(correct) / count
            for (top, among) in zip(tops, among) { evaluation.topAccuracies[top] = Double(among) / count }
            evaluation.balancedAccuracy = measured.classScores.balancedAccuracy
            evaluation.macroF1 = measured.classScores.macroF1
            evaluation.areaUnderCurve = measured.areaUnderCurve(rows: rows.count)
            evaluation.recalls = data.schema.classes.indices.map { measured.classScores.recall($0) }
        } else {
            let variance = data.variance(part)
            let error = head.loss.kind == .meanSquaredError ? loss : squared / count
            evaluation.r2 = variance > 0 ? 1 - error / variance : .nan
            evaluation.absoluteError = absolute / count * data.targetUnit
        }
        return evaluation
    }

    /// Among how many of the largest predictions a row's class is looked for: what is reported, and what a rule watches.
    private var tops: [Int] {
        let watched = [spec.earlyStopping?.metric, spec.schedule.watchedMetric].compactMap { $0?.top }
        return Set(metrics.compactMap(\.top) + watched).filter { $0 < network.head.outputs }.sorted()
    }

    /// What a loss is multiplied by to be in the power of the target's own unit.
    var lossUnit: Double {
        switch network.head.loss.kind.unitPower {
        case 0: 1
        case 1: data.targetUnit
        default: data.targetUnit * data.targetUnit
        }
    }

    /// The loss of each row of a part, in the part's order: two runs on the same data can be compared row by row.
    package func rowLosses(_ part: TrainingData.Part) -> [Float] {
        let rows = data.rows(part)
        var result: [Float] = []
        result.reserveCapacity(rows.count)
        forEachBatch(of: rows) { _, losses in result.append(contentsOf: losses) }
        return result
    }

    /// The predictions of each row of a part, row-major: logits of classes, or numbers in the target's scaled unit.
    package func predictions(_ part: TrainingData.Part) -> [Float] {
        let rows = data.rows(part)
        var result: [Float] = []
        result.reserveCapacity(rows.count * network.head.outputs)
        forEachBatch(of: rows) { _, losses in
            let values = network.head.predictions.values
            for row in losses.indices {
                result.append(
                    contentsOf: UnsafeBufferPointer(
                        start: values.start + row * values.rowStride,
                        count: network.head.outputs
                    )
                )
            }
        }
        return result
    }

    /// Computes predictions and losses batch by batch and hands over each batch's first row and losses.
    func forEachBatch(of rows: [Int32], _ body: (Int, UnsafeBufferPointer<Float>) -> Void) {
        copies.swapAverages()
        defer { copies.swapAverages() }
        rows.withUnsafeBufferPointer { rows in
            guard let base = rows.baseAddress else { return }
            var first = 0
            while first < rows.count {
                let count = min(network.capacity, rows.count - first)
                network.load(data, rows: count, indices: base + first)
                network.predict(rows: count)
                _ = network.head.measure(rows: count)
                body(first, network.head.losses(rows: count))
                first += count
            }
        }
    }
}

extension LossHead {
    /// The sums over the batch of |prediction − target| and its square, rows in order.
    func errors(rows: Int) -> (absolute: Double, squared: Double) {
        let values = predictions.values
        var (absolute, squared) = (0.0, 0.0)
        for row in 0..<rows {
            let error = Double(values.start[row * values.rowStride]) - Double(target(row))
            absolute += abs(error)
            squared += error * error
        }
        return (absolute, squared)
    }
}
