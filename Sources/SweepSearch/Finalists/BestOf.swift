package import SweepNumerics

/// How probable it is of each of several that its mean is the least.
package enum BestOf {
    /// The chances of the means that `samples` are drawn around, in their order; they sum to 1.
    ///
    /// A mean is uncertain as Student's t with n − 1 degrees of freedom around the sample's, scaled by s/√n: the posterior under
    /// the prior 1/σ (Gelman et al., Bayesian Data Analysis, 3rd ed., section 3.2), the counterpart of the interval that is
    /// shown. The chance of each is the expectation, over its own, that all others are greater: by the midpoint rule over
    /// quantiles, within 0.004 of the normal distribution's where that is its limit. Traps where a sample has fewer than two numbers. O(k² ν).
    package static func chances(_ samples: [Moments]) -> [Double] {
        chances(
            of: samples.map { moments in
                Estimate(
                    mean: moments.mean,
                    scale: (moments.sampleDeviation ?? 0) / Double(moments.count).squareRoot(),
                    degrees: moments.count - 1
                )
            }
        )
    }

    /// What is known of a mean: it is as Student's t with `degrees` degrees of freedom around `mean`, scaled by `scale`.
    struct Estimate {
        let mean: Double
        let scale: Double
        let degrees: Int

        init(mean: Double, scale: Double, degrees: Int) {
            self.mean = mean
            // Runs that all gave the same are known to about the last digits that are shown.
            self.scale = max(scale, abs(mean) * 1e-9, 1e-300)
            self.degrees = degrees
        }
    }

    /// The chances of means of which these are the estimates, as above.
    static func chances(of estimates: [Estimate]) -> [Double] {
        guard estimates.count > 1 else { return estimates.map { _ in 1 } }
        var grids: [Int: [Double]] = [:]
        for estimate in estimates where grids[estimate.degrees] == nil {
            grids[estimate.degrees] = quantiles(degrees: estimate.degrees)
        }
        var chances = estimates.indices.map { own in
            let points = grids[estimates[own].degrees] ?? []
            let sum = points.reduce(0.0) { sum, point in
                let mean = estimates[own].mean + estimates[own].scale * point
                return sum
                    + estimates.indices.reduce(1.0) { product, other in
                        guard other != own, product > 0 else { return product }
                        let t = (mean - estimates[other].mean) / estimates[other].scale
                        let within = StudentT.within(t, degrees: estimates[other].degrees)
                        return product * 0.5 * (t > 0 ? 1 - within : 1 + within)
                    }
            }
            return sum / Double(points.count)
        }
        let all = chances.reduce(0, +)
        // Between those whose lower halves are beyond every point nothing is told apart.
        for index in chances.indices { chances[index] = all > 0 ? chances[index] / all : 1 / Double(chances.count) }
        return chances
    }

    /// Points of a distribution.
    private static let points = 128

    /// The middles of so many equally probable parts, ascending.
    private static func quantiles(degrees: Int) -> [Double] {
        let upper = (points / 2..<points).map { index in
            let probability = (Double(index) + 0.5) / Double(points)
            return StudentT.twoSidedQuantile(confidence: 2 * probability - 1, degrees: degrees)
        }
        return upper.reversed().map { -$0 } + upper
    }
}
