import SweepNumerics

/// The logarithm of the expected improvement below a threshold, for a normal prediction.
///
/// log EI = log σ + log h(z), z = (threshold - mean)/σ, h(z) = φ(z) + z Φ(z), without underflow where EI is all but nothing.
/// Source: Ament et al., "Unexpected improvements to expected improvement for Bayesian optimization", NeurIPS 2023, section 4.
package enum ExpectedImprovement {
    private static let halfLogTwoPi = 0.9189385332046727

    /// log EI, and its derivatives by mean and variance.
    package static func log(mean: Double, variance: Double, below threshold: Double) -> (
        value: Double, byMean: Double, byVariance: Double
    ) {
        let deviation = variance.squareRoot()
        let z = (threshold - mean) / deviation
        let (logH, tail, density) = parts(z)
        // dEI = φ dσ - Φ dmean; the quotients are by σ h.
        return (
            Elementary.log(deviation) + logH, -tail / deviation, density / (2 * variance)
        )
    }

    /// log h(z), Φ(z)/h(z), φ(z)/h(z).
    private static func parts(_ z: Double) -> (Double, Double, Double) {
        if z > -12 {
            let density = NormalDistribution.density(z)
            // Φ by erfc: of full relative accuracy in the tail, where h is a small difference.
            let below = z < 0 ? NormalDistribution.upperTail(-z) : NormalDistribution.cumulative(z)
            let h = density + z * below
            return (Elementary.log(h), below / h, density / h)
        }
        // Mills' ratio m = Φ/φ for large -z in powers of 1/z²; h = φ (1 + z m).
        let square = 1 / (z * z)
        let mills = (1 - square * (1 - square * (3 - square * (15 - square * 105)))) / -z
        let rest = square * (1 - square * (3 - square * (15 - square * (105 - square * 945))))
        return (-0.5 * z * z - halfLogTwoPi + Elementary.log(rest), mills / rest, 1 / rest)
    }
}
