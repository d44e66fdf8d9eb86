/// The error function and the tails of the standard normal distribution, with the same bits on every machine.
package enum NormalDistribution {
    private static let twoBySquareRootOfPi = 1.1283791670955126

    /// erf(x) = 2/√π ∫₀ˣ exp(-t²) dt; relative error below 1e-14.
    ///
    /// Source: Abramowitz & Stegun 7.1.6 (all terms positive) below 2.5, 1 - erfc above.
    package static func erf(_ x: Double) -> Double {
        if x.isNaN { return x }
        let magnitude = abs(x)
        if magnitude >= 2.5 { return x < 0 ? erfc(magnitude) - 1 : 1 - erfc(magnitude) }
        let square = x * x
        var term = x
        var sum = x
        var n = 1.0
        while abs(term) > 1e-17 * abs(sum) {
            term *= 2 * square / (2 * n + 1)
            sum += term
            n += 1
        }
        return twoBySquareRootOfPi * Elementary.exp(-square) * sum
    }

    /// 1 - erf(x) without cancellation; relative error below 1e-12 while the result is a normal number.
    ///
    /// Source: the continued fraction Abramowitz & Stegun 7.1.14, from the 80th level backward: at x = 2.5 the levels
    /// beyond change nothing in 53 bits.
    package static func erfc(_ x: Double) -> Double {
        if x.isNaN { return x }
        if x < 2.5 { return 1 - erf(x) }
        if x > 27 { return 0 }
        var fraction = x
        for level in stride(from: 80, through: 1, by: -1) { fraction = x + Double(level) / 2 / fraction }
        return Elementary.exp(-x * x) * twoBySquareRootOfPi / 2 / fraction
    }

    /// The probability of a value above z.
    package static func upperTail(_ z: Double) -> Double { 0.5 * erfc(z * 0.7071067811865476) }
}
