extension Elementary {
    /// sin 2πx: `x` counts whole turns, so that quarters of a turn are exact.
    ///
    /// Determinism: reduction without rounding, then polynomials in products and sums; absolute error below 4·10⁻¹⁶ for
    /// |x| up to 2^50. NaN for what is not finite.
    package static func sine(turns x: Double) -> Double {
        guard x.isFinite else { return .nan }
        return value(x, ahead: 0)
    }

    /// cos 2πx; see `sine(turns:)`.
    package static func cosine(turns x: Double) -> Double {
        guard x.isFinite else { return .nan }
        return value(x, ahead: 1)
    }

    /// The sine of `x` and this many quarters of a turn.
    private static func value(_ x: Double, ahead: Int) -> Double {
        // The nearest quarter, and the rest in -1/8 to 1/8; both exact.
        let quarter = (4 * x).rounded()
        let angle = (x - quarter / 4) * (2 * Double.pi)
        let place = Int(quarter - 4 * (quarter / 4).rounded(.down)) + ahead
        switch place & 3 {
        case 0: return sineSeries(angle)
        case 1: return cosineSeries(angle)
        case 2: return -sineSeries(angle)
        default: return -cosineSeries(angle)
        }
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
