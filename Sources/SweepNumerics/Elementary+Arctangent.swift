extension Elementary {
    /// arctan x in radians, in [−π/2, π/2]; NaN for NaN.
    ///
    /// Determinism: sums, products, divisions and square roots. Relative error below 10⁻¹⁵. Source: the half-angle formula
    /// arctan x = 2 arctan(x / (1 + √(1 + x²))), three times, then Taylor's series, whose first term left out is below 10⁻¹⁸.
    package static func arctangent(_ x: Double) -> Double {
        if x.isNaN { return x }
        // Beyond 10^17 the angle is π/2 in 53 bits, and x² must not overflow.
        if abs(x) > 1e17 { return x < 0 ? -Double.pi / 2 : Double.pi / 2 }
        var y = x
        for _ in 0..<3 { y /= 1 + (1 + y * y).squareRoot() }
        // |y| ≤ tan(π/16) here.
        let square = y * y
        var sum = 0.0
        for odd in stride(from: 25.0, to: 1, by: -2) { sum = (1 / odd - sum) * square }
        return 8 * (y * (1 - sum))
    }
}
