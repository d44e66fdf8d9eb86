import KernelAPI
import SweepCore
import SweepKernels

extension TrainingRun {
    /// The penalty that the weights pay now, beside the loss: Σ λ₁|w| + λ₂/2 w² over what is penalised.
    var penaltySum: Double {
        var sum = 0.0
        for parameter in network.trained {
            let penalty = penalty(of: parameter)
            guard penalty.l1 > 0 || penalty.l2 > 0 else { continue }
            let sums = kernels.sumPenalties(parameter.values, parameter.storedCount)
            sum += penalty.l1 * sums.magnitudes + penalty.l2 / 2 * sums.squares
        }
        return sum
    }

    /// The Euclidean norm of the last step's gradient over all parameters, penalties included.
    func gradientNorm(_ norms: [UpdateNorms]) -> Double {
        let sum = norms.reduce(0) { $0 + $1.gradient }
        if sum.isFinite { return sum.squareRoot() }
        // float32 overflows beyond 1.8e19; a finite gradient has a finite norm.
        var exact = 0.0
        for parameter in network.trained {
            guard let gradient = parameter.gradient else { continue }
            let l2 = penalty(of: parameter).l2
            for index in 0..<parameter.storedCount {
                let value = Double(gradient[index]) + l2 * Double(parameter.values[index])
                exact += value * value
            }
        }
        return exact.squareRoot()
    }
}
