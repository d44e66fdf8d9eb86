/// Double-precision elementary functions of our own, so that a decision has the same bits on every machine.
///
/// The C library's versions differ between releases and processors. Errors are below 1 unit in the last place plus
/// half a rounding for `log` and `exp` over the whole range; special values follow IEEE 754.
package enum Elementary {
    private static let ln2High = 0x1.62e42fee00000p-1
    private static let ln2Low = 0x1.a39ef35793c76p-33

    /// The natural logarithm; NaN below zero, -infinity at zero.
    ///
    /// Source: the reduction x = 2^k (1 + f) and the odd series in s = f / (2 + f) with the minimax coefficients
    /// published with FreeBSD's `e_log.c`.
    package static func log(_ x: Double) -> Double {
        if x.isNaN || x == .infinity { return x }
        if x == 0 { return -.infinity }
        if x < 0 { return .nan }
        var exponent = x.exponent
        var significand = x.significand
        if significand > 1.4142135623730951 {
            significand *= 0.5
            exponent += 1
        }
        let f = significand - 1
        let s = f / (2 + f)
        let z = s * s
        let w = z * z
        let even = w * (0x1.999999997fa04p-2 + w * (0x1.c71c51d8e78afp-3 + w * 0x1.39a09d078c69fp-3))
        let odd =
            z
            * (0x1.5555555555593p-1
                + w * (0x1.2492494229359p-2 + w * (0x1.7466496cb03dep-3 + w * 0x1.2f112df3e5244p-3)))
        let half = 0.5 * f * f
        let k = Double(exponent)
        return k * ln2High - ((half - (s * (half + even + odd) + k * ln2Low)) - f)
    }

    /// e to the power x; infinity above 709.78, zero below -745.13.
    ///
    /// Source: x = k ln 2 + r and the rational form of e^r with the coefficients published with FreeBSD's `e_exp.c`.
    package static func exp(_ x: Double) -> Double {
        if x.isNaN { return x }
        if x > 709.782712893384 { return .infinity }
        if x < -745.1332191019411 { return 0 }
        let k = (x * 1.4426950408889634).rounded()
        let high = x - k * ln2High
        let low = k * ln2Low
        let r = high - low
        let t = r * r
        let c =
            r - t
            * (0x1.555555555553ep-3
                + t
                * (-0x1.6c16c16bebd93p-9
                    + t * (0x1.1566aaf25de2cp-14 + t * (-0x1.bbd41c5d26bf1p-20 + t * 0x1.6376972bea4d0p-25))))
        let y = 1 - ((low - (r * c) / (2 - c)) - high)
        let exponent = Int(k)
        // Two steps keep the scale finite when the result is subnormal or just below overflow.
        let first = exponent / 2
        return y * scale(first) * scale(exponent - first)
    }

    /// x to the power y, for x > 0 (any y) or x = 0 (y > 0); NaN elsewhere. Relative error grows as |y log x|.
    package static func pow(_ x: Double, _ y: Double) -> Double {
        if y == 0 { return 1 }
        if x == 0 { return y > 0 ? 0 : .infinity }
        if x < 0 { return .nan }
        return exp(y * log(x))
    }

    /// The logarithm to base 10.
    package static func log10(_ x: Double) -> Double { log(x) * 0.4342944819032518 }

    private static func scale(_ exponent: Int) -> Double { Double(sign: .plus, exponent: exponent, significand: 1) }
}
