extension Elementary {
    /// sin 2πx: `x` counts whole turns, so that quarters of a turn are exact.
    ///
    /// Determinism: reduction without rounding, then polynomials in products and sums; absolute error below 3·10⁻¹⁶ for
    /// |x| up to 2^51. NaN for what is not finite.
    package static func sine(turns x: Double) -> Double {
        guard x.isFinite else { return .nan }
        // The nearest quarter, and the rest in -1/8 to 1/8; both exact.
        let fraction = x - x.rounded(.down)
        let quarter = (4 * fraction).rounded()
        let rest = (fraction - quarter / 4) * (2 * Double.pi)
        switch Int(quarter) & 3 {
        case 0: return sineSeries(rest)
        case 1: return cosineSeries(rest)
        case 2: return -sineSeries(rest)
        default: return -cosineSeries(rest)
        }
    }

    /// cos 2πx; see `sine(turns:)`.
    package static func cosine(turns x: Double) -> Double {
        guard x.isFinite else { return .nan }
        let fraction = x - x.rounded(.down)
        return sine(turns: fraction + 0.25)
    }

    // Taylor's series; at π/4 the first term left out is below 10⁻¹⁷.
    private static func sineSeries(_ x: Double) -> Double {
        let square = x * x
        var sum = 0.0
        for factor in [272.0, 210, 156, 110, 72, 42, 20, 6] { sum = (1 - sum) * square / factor }
        return x * (1 - sum)
    }

    private static func cosineSeries(_ x: Double) -> Double {
        let square = x * x
        var sum = 0.0
        for factor in [240.0, 182, 132, 90, 56, 30, 12, 2] { sum = (1 - sum) * square / factor }
        return 1 - sum
    }
}
