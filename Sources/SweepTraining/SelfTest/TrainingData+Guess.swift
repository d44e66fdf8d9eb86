import SweepCore
import SweepNumerics

extension TrainingData {
    /// The least loss, in the measured unit, that one answer for all rows of a part can have.
    ///
    /// No model that does not see the features is below it. NaN for an empty part.
    func constantLoss(_ spec: TrainingSpec, on part: Part) -> Double {
        let loss = spec.loss(on: schema)
        let rows = rows(part)
        guard !rows.isEmpty else { return .nan }
        switch targets {
        case .numbers(let numbers):
            let share = 1 / Double(rows.count)
            let values = rows.map { (value: Double(numbers[Int($0)]), share: share) }
            let unit = loss.kind.unitPower == 2 ? targetUnit * targetUnit : targetUnit
            return Self.leastError(values, loss) * unit
        case .classes(let labels):
            var counts = [Int](repeating: 0, count: schema.outputs)
            for row in rows { counts[Int(labels[Int(row)])] += 1 }
            let shares = counts.map { Double($0) / Double(rows.count) }
            func term(_ share: Double) -> Double { share > 0 ? -share * Elementary.log(share) : 0 }
            switch loss.kind {
            case .softmaxCrossEntropy: return shares.reduce(0) { $0 + term($1) }
            case .binaryCrossEntropy where shares.count == 2:
                // One output for both classes.
                return term(shares[0]) + term(shares[1])
            case .binaryCrossEntropy:
                return shares.reduce(0) { $0 + term($1) + term(1 - $1) } / Double(shares.count)
            case .meanSquaredError, .meanAbsoluteError, .huber:
                // An output a class, 1 for the row's and 0 for the others.
                let errors = shares.map { Self.leastError([(0, 1 - $0), (1, $0)], loss) }
                return errors.reduce(0, +) / Double(errors.count)
            }
        }
    }

    /// The least mean error of one number for values with their shares of all rows.
    private static func leastError(_ values: [(value: Double, share: Double)], _ loss: LossSpec) -> Double {
        func error(_ guess: Double) -> Double {
            values.reduce(0) { sum, row in
                let distance = abs(row.value - guess)
                switch loss.kind {
                case .meanSquaredError: return sum + row.share * distance * distance
                case .huber where distance <= loss.delta: return sum + row.share * distance * distance / 2
                case .huber: return sum + row.share * loss.delta * (distance - loss.delta / 2)
                default: return sum + row.share * distance
                }
            }
        }
        let sorted = values.map(\.value).sorted()
        guard var low = sorted.first, var high = sorted.last else { return .nan }
        // All three are convex: each round leaves out a third that the least is not in, and 100 leave 10⁻¹⁷ of the range.
        for _ in 0..<100 where low < high {
            let (left, right) = (low + (high - low) / 3, high - (high - low) / 3)
            if error(left) <= error(right) { high = right } else { low = left }
        }
        return error((low + high) / 2)
    }
}
