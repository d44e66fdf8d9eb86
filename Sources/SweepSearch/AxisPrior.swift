import SweepCore
import SweepNumerics

/// What is believed of a numeric axis: a normal distribution over its coordinates, cut to [0, 1].
///
/// Determinism: products, sums, quotients and `Elementary` only, so that draws have the same bits on every machine.
struct AxisPrior: Hashable, Sendable {
    /// The likeliest coordinate, in [0, 1].
    let mean: Double
    /// From about 0.01 to 1.
    let deviation: Double
    /// log(1 / (√2π deviation · share of the distribution within [0, 1])).
    let logFactor: Double

    /// The same certainty everywhere has the density 1 in these coordinates.
    init(mean: Double, deviation: Double) {
        self.mean = min(max(mean, 0), 1)
        self.deviation = deviation
        let within = NormalDistribution.mass(from: -self.mean / deviation, to: (1 - self.mean) / deviation)
        logFactor = -Elementary.log(deviation) - KernelWidths.halfLogTwoPi - Elementary.log(within)
    }

    /// log of the density at `coordinate` over that of an even draw.
    func logDensity(at coordinate: Double) -> Double {
        let z = (coordinate - mean) / deviation
        return logFactor - 0.5 * z * z
    }

    /// The derivative of `logDensity(at:)`.
    func slope(at coordinate: Double) -> Double { (mean - coordinate) / (deviation * deviation) }

    /// The coordinate below which `share` of the distribution lies, by halving; in [0, 1], ascending with the share.
    func coordinate(below share: Double) -> Double {
        let start = -mean / deviation
        let wanted = share * NormalDistribution.mass(from: start, to: (1 - mean) / deviation)
        var low = 0.0
        var high = 1.0
        // 53 halvings are all bits of a number below 1.
        for _ in 0..<53 {
            let middle = (low + high) / 2
            if NormalDistribution.mass(from: start, to: (middle - mean) / deviation) < wanted {
                low = middle
            } else {
                high = middle
            }
        }
        return (low + high) / 2
    }
}
