import SweepNumerics

/// The power transformation that takes any number, and its exponent of the greatest likelihood.
///
/// Source: Yeo & Johnson, Biometrika 87(4), 2000, eq. 2.1 and 3.1.
enum YeoJohnson {
    /// Exponents are sought between −5 and 5: beyond, a column is not a power of anything normal.
    static let exponents = -5.0...5.0

    /// ψ(x, λ): ((x + 1)^λ − 1)/λ for x ≥ 0, −((1 − x)^(2−λ) − 1)/(2 − λ) below; logarithms where a divisor is 0.
    static func apply(_ x: Double, exponent: Double) -> Double {
        if x.isNaN { return x }
        return x >= 0
            ? power(Elementary.log(1 + x), exponent) : -power(Elementary.log(1 - x), 2 - exponent)
    }

    /// (e^(λl) − 1) / λ, by its series where the difference would cancel.
    private static func power(_ logarithm: Double, _ exponent: Double) -> Double {
        let product = exponent * logarithm
        if abs(product) < 1e-4 {
            return logarithm * (1 + product / 2 * (1 + product / 3 * (1 + product / 4)))
        }
        return (Elementary.exp(product) - 1) / exponent
    }

    /// The λ that makes `values` most likely to be normal; 1 (nothing changes) when they are all equal.
    ///
    /// Determinism: sixty steps of the golden section from fixed bounds, which leave 10 · 0.618^60 < 10⁻¹¹; sums in the
    /// order given. Source: Kiefer, Proceedings of the AMS 4(3), 1953.
    static func exponent(_ values: [Double]) -> Double {
        guard let first = values.first, values.contains(where: { $0 != first }) else { return 1 }
        let logarithms = values.map { Elementary.log(1 + abs($0)) }
        let isNegative = values.map { $0 < 0 }
        var slope = 0.0
        for index in values.indices { slope += isNegative[index] ? -logarithms[index] : logarithms[index] }
        var powers = [Double](repeating: 0, count: values.count)
        /// The logarithm of the likelihood, without what does not depend on λ.
        func likelihood(_ exponent: Double) -> Double {
            var sum = 0.0
            for index in values.indices {
                powers[index] =
                    isNegative[index]
                    ? -power(logarithms[index], 2 - exponent) : power(logarithms[index], exponent)
                sum += powers[index]
            }
            let mean = sum / Double(values.count)
            var squares = 0.0
            for value in powers { squares += (value - mean) * (value - mean) }
            let variance = squares / Double(values.count)
            guard variance > 0, variance.isFinite else { return -.infinity }
            return -0.5 * Double(values.count) * Elementary.log(variance) + (exponent - 1) * slope
        }
        let ratio = 0.6180339887498949
        var (low, high) = (exponents.lowerBound, exponents.upperBound)
        var (left, right) = (high - ratio * (high - low), low + ratio * (high - low))
        var (atLeft, atRight) = (likelihood(left), likelihood(right))
        for _ in 0..<60 {
            if atLeft >= atRight {
                (high, right, atRight) = (right, left, atLeft)
                left = high - ratio * (high - low)
                atLeft = likelihood(left)
            } else {
                (low, left, atLeft) = (left, right, atRight)
                right = low + ratio * (high - low)
                atRight = likelihood(right)
            }
        }
        return (low + high) / 2
    }
}
