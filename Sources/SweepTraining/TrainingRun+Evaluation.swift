import SweepCore

/// What the current weights achieve on a set of rows, in evaluation mode.
package struct Evaluation: Hashable, Sendable {
    /// Mean over rows of the loss; NaN without rows.
    package let loss: Double
    /// Share of rows whose largest prediction is their class; NaN for regression.
    package let accuracy: Double
    /// 1 - loss / variance of the rows' targets; NaN for classification and for constant targets.
    package let r2: Double
}

extension TrainingRun {
    /// Measures the current weights on a part of the data; no unit is dropped.
    ///
    /// The mean is taken in float64 over the rows in the part's order, so its bits do not depend on the batch size.
    package func evaluate(_ part: TrainingData.Part) -> Evaluation {
        let rows = data.rows(part)
        guard !rows.isEmpty else { return Evaluation(loss: .nan, accuracy: .nan, r2: .nan) }
        let isClassification = data.schema.task.kind == .classification
        var sum = 0.0
        var correct = 0
        forEachBatch(of: rows) { losses in
            for loss in losses { sum += Double(loss) }
            if isClassification { correct += network.countCorrect(rows: losses.count) }
        }
        let loss = sum / Double(rows.count)
        let variance = data.variance(part)
        return Evaluation(
            loss: loss,
            accuracy: isClassification ? Double(correct) / Double(rows.count) : .nan,
            r2: variance > 0 ? 1 - loss / variance : .nan
        )
    }

    /// The loss of each row of a part, in the part's order: two runs on the same data can be compared row by row.
    package func rowLosses(_ part: TrainingData.Part) -> [Float] {
        let rows = data.rows(part)
        var result: [Float] = []
        result.reserveCapacity(rows.count)
        forEachBatch(of: rows) { result.append(contentsOf: $0) }
        return result
    }

    /// Computes predictions and losses batch by batch and hands over each batch's losses.
    private func forEachBatch(of rows: [Int32], _ body: (UnsafeBufferPointer<Float>) -> Void) {
        rows.withUnsafeBufferPointer { rows in
            guard let base = rows.baseAddress else { return }
            var first = 0
            while first < rows.count {
                let count = min(network.capacity, rows.count - first)
                network.load(data, rows: count, indices: base + first)
                network.forward(rows: count, dropout: nil)
                _ = network.measureLoss(rows: count, gradient: false)
                body(network.losses(rows: count))
                first += count
            }
        }
    }
}
