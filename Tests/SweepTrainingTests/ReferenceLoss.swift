import Glibc
import SweepCore

extension ReferencePass {
    /// A row's training loss, weighted by its class.
    func trainingLoss(
        _ loss: LossSpec,
        _ schema: DataSchema,
        _ outputs: [Place],
        _ target: ReferenceTarget
    ) -> Place {
        let value = unweighted(loss, outputs, target)
        guard case .label(let label) = target else { return value }
        return tape.combination([(value, loss.weight(of: label, schema))])
    }

    private func unweighted(_ loss: LossSpec, _ outputs: [Place], _ target: ReferenceTarget) -> Place {
        switch (loss.kind, target) {
        case (.softmaxCrossEntropy, .label(let label)): return softmaxCrossEntropy(loss, outputs, label)
        case (.softmaxCrossEntropy, .numbers): return tape.leaf(.nan)
        case (_, .label(let label)):
            return elementwise(loss, outputs, outputs.count == 1 ? [Double(label)] : outputs.oneHot(label))
        case (_, .numbers(let numbers)): return elementwise(loss, outputs, numbers)
        }
    }

    /// (1 − ε)(1 − p)^γ (−log p) + ε · mean(−log p) with the label's p in front.
    private func softmaxCrossEntropy(_ loss: LossSpec, _ outputs: [Place], _ label: Int) -> Place {
        let z = outputs.map { tape.values[$0] }
        let greatest = z.reduce(-.infinity, max)
        let powers = z.map { exp($0 - greatest) }
        let sum = powers.reduce(0, +)
        let shares = powers.map { $0 / sum }
        // −log p of each class: log Σ exp z − z.
        let costs = outputs.indices.map { index in
            tape.number(
                log(sum) + greatest - z[index],
                outputs.indices.map { (outputs[$0], shares[$0] - ($0 == index ? 1 : 0)) }
            )
        }
        // The other classes' share, by their own sum.
        let rest = powers.indices.filter { $0 != label }.reduce(0) { $0 + powers[$1] } / sum
        let focus = tape.number(
            pow(rest, loss.focus),
            outputs.indices.map { index in
                let slope = -shares[label] * ((index == label ? 1 : 0) - shares[index])
                return (outputs[index], loss.focus == 0 ? 0 : loss.focus * pow(rest, loss.focus - 1) * slope)
            }
        )
        let sharp = tape.product([(focus, costs[label])], plus: nil)
        return tape.combination([(sharp, 1 - loss.labelSmoothing), (tape.mean(costs), loss.labelSmoothing)])
    }

    private func elementwise(_ loss: LossSpec, _ outputs: [Place], _ targets: [Double]) -> Place {
        tape.mean(
            zip(outputs, targets).map { output, target in
                let (value, derivative) = loss.element(tape.values[output], target)
                return tape.apply(output, value, derivative)
            }
        )
    }
}

extension LossSpec {
    /// The factor of rows of a class.
    func weight(of label: Int, _ schema: DataSchema) -> Double {
        switch (classWeights, schema.task) {
        case (.listed(let weights), _): weights[label]
        case (.balanced, .classification(_, let counts)):
            Double(counts.reduce(0, +)) / (Double(counts.count) * Double(counts[label]))
        default: 1
        }
    }

    /// The loss of one output against one number, and its derivative by the output.
    fileprivate func element(_ z: Double, _ target: Double) -> (value: Double, derivative: Double) {
        let error = z - target
        switch kind {
        case .meanSquaredError: return (error * error, 2 * error)
        case .meanAbsoluteError: return (abs(error), error > 0 ? 1 : error < 0 ? -1 : 0)
        case .huber:
            return abs(error) <= delta
                ? (error * error / 2, error) : (delta * (abs(error) - delta / 2), error > 0 ? delta : -delta)
        case .binaryCrossEntropy, .softmaxCrossEntropy:
            let y = (1 - labelSmoothing) * target + labelSmoothing / 2
            let cost = max(z, 0) - z * y + log1p(exp(-abs(z)))
            let share = 1 / (1 + exp(-z))
            // u, the share of the wrong answer, and u^γ.
            let wrong = share * (1 - y) + (1 - share) * y
            let power = pow(wrong, focus)
            let slope = focus == 0 ? 0 : focus * pow(wrong, focus - 1) * share * (1 - share) * (1 - 2 * y)
            return (power * cost, power * (share - y) + slope * cost)
        }
    }
}

extension [ReferenceTape.Place] {
    fileprivate func oneHot(_ label: Int) -> [Double] { indices.map { $0 == label ? 1 : 0 } }
}
