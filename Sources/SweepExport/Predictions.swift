package import KernelAPI
import SweepCore
import SweepData
package import SweepTraining

/// What a model answers for rows.
package struct Predictions: Hashable, Sendable {
    package let rowCount: Int
    /// The index of each row's most probable class; empty for numbers.
    package let classes: [Int]
    /// (rows × classes); empty for numbers.
    package let probabilities: [Float]
    /// Each row's number in the target's own unit; empty for classes.
    package let values: [Float]
}

/// Why a model cannot answer for rows.
package enum PredictionError: Error, Hashable, Sendable, CustomStringConvertible {
    case training(TrainingError)
    /// A value is missing that no step of the model fills in; the row counts from 1.
    case missing(row: Int, feature: String)
    /// Preprocessing makes a number that 32 bits do not hold.
    case notFinite(row: Int, feature: String)

    package var description: String {
        switch self {
        case .training(let error): error.description
        case .missing(let row, let feature):
            "row \(row): feature '\(feature)' is missing, and the model was trained without the step impute; "
                + "fill it in or leave the row out"
        case .notFinite(let row, let feature):
            "row \(row): preprocessing makes feature '\(feature)' too large for 32 bits"
        }
    }
}

extension TrainedModel {
    /// Answers for `count` rows as the data set holds them, a value a column of the layout, row after row.
    package func predict(
        _ features: [Float],
        rows count: Int,
        kernels: KernelTable
    ) throws(PredictionError) -> Predictions {
        let width = schema.features.count
        precondition(features.count == count * layout.columns.count, "rows of another width")
        let prepared = try prepare(features, rows: count)
        let predictor: Predictor
        do throws(TrainingError) {
            predictor = try Predictor(
                spec: trial.training,
                schema: schema,
                parameters: parameters,
                kernels: kernels
            )
        } catch { throw .training(error) }
        return prepared.withUnsafeBufferPointer { rows in
            guard let rows = rows.baseAddress, count > 0 else {
                return Predictions(rowCount: 0, classes: [], probabilities: [], values: [])
            }
            guard schema.task.kind == .classification else {
                let values = predictor.predict(rows, rows: count, stride: width).map { targetScale.value(of: $0) }
                return Predictions(rowCount: count, classes: [], probabilities: [], values: values)
            }
            let probabilities = predictor.probabilities(rows, rows: count, stride: width)
            let classes = schema.classes.count
            let best = (0..<count).map { row -> Int in
                let first = row * classes
                return (0..<classes).max { (a: Int, b: Int) in probabilities[first + a] < probabilities[first + b] }
                    ?? 0
            }
            return Predictions(rowCount: count, classes: best, probabilities: probabilities, values: [])
        }
    }

    /// The rows as the first layer reads them.
    private func prepare(_ features: [Float], rows: Int) throws(PredictionError) -> [Float] {
        let width = schema.features.count
        let columns = layout.columns.count
        var prepared = [Float](repeating: 0, count: rows * width)
        prepared.withUnsafeMutableBufferPointer { inputs in
            features.withUnsafeBufferPointer { source in
                guard let inputs = inputs.baseAddress, let source = source.baseAddress else { return }
                for row in 0..<rows {
                    let start = inputs + row * width
                    layout.expand(source + row * columns, into: start)
                    for step in steps {
                        for input in 0..<layout.numberCount { start[input] = step.apply(start[input], column: input) }
                    }
                }
            }
        }
        if let index = prepared.firstIndex(where: { !$0.isFinite }) {
            let (row, feature) = (index / width + 1, schema.features[index % width])
            throw prepared[index].isNaN ? .missing(row: row, feature: feature) : .notFinite(row: row, feature: feature)
        }
        return prepared
    }
}
