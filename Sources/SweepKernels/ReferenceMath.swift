/// The elementary functions in plain scalar arithmetic, operation by operation what the kernels do in vectors.
///
/// Polynomials: Moshier, Cephes mathematical library (`expf`, `logf`, `tanhf`, `erff`, `erfcf`), every step a fused multiply-add.
package enum ReferenceMath {
    /// The exponential within 2 units in the last place between −87 and 88; 0 below, e⁸⁸ above, NaN for NaN.
    package static func exp(_ x: Float) -> Float {
        let clamped = x > 88 ? 88 : (x < -87 ? -87 : x)
        // Adding 1.5 · 2²³ rounds to an integer that then stands in the low bits.
        let magic: Float = 12_582_912
        let shifted = magic.addingProduct(clamped, 1.442_695_04)
        let n = shifted - magic
        // ln 2 in two parts, the first short enough that its product with n is exact.
        let r = clamped.addingProduct(n, -0.693_145_751_953_125).addingProduct(n, -1.428_606_765_330_187e-06)
        var p: Float = 1.987_569_15e-4
        p = Float(1.398_199_950_7e-3).addingProduct(p, r)
        p = Float(8.333_451_907_3e-3).addingProduct(p, r)
        p = Float(4.166_579_589_4e-2).addingProduct(p, r)
        p = Float(1.666_666_545_9e-1).addingProduct(p, r)
        p = Float(5.000_000_120_1e-1).addingProduct(p, r)
        p = (r + 1).addingProduct(p, r * r)
        let power = Float(bitPattern: (shifted.bitPattern &<< 23) &+ 0x3f80_0000)
        return x < -87 ? 0 : p * power
    }

    /// ln x of a positive normal number, within 2 units in the last place of max(|ln x|, 1); meaningless elsewhere.
    package static func log(_ x: Float) -> Float {
        let bits = x.bitPattern
        var exponent = Float(Int32(bitPattern: bits &>> 23) &- 126)
        var f = Float(bitPattern: (bits & 0x007f_ffff) | 0x3f00_0000)
        if f < 0.707_106_77 {
            exponent -= 1
            f = f + f - 1
        } else {
            f -= 1
        }
        return log(f, exponent)
    }

    /// The logarithm of 2ᵏ(1 + f), 1 + f being between √½ and √2.
    private static func log(_ f: Float, _ k: Float) -> Float {
        let z = f * f
        var y: Float = 7.037_683_629_2e-2
        y = Float(-1.151_461_031_0e-1).addingProduct(y, f)
        y = Float(1.167_699_874_0e-1).addingProduct(y, f)
        y = Float(-1.242_014_084_6e-1).addingProduct(y, f)
        y = Float(1.424_932_278_7e-1).addingProduct(y, f)
        y = Float(-1.666_805_766_5e-1).addingProduct(y, f)
        y = Float(2.000_071_476_5e-1).addingProduct(y, f)
        y = Float(-2.499_999_399_3e-1).addingProduct(y, f)
        y = Float(3.333_333_117_4e-1).addingProduct(y, f)
        y = y * f * z
        y = y.addingProduct(k, -2.121_944_40e-4)
        y = y.addingProduct(z, -0.5)
        return (f + y).addingProduct(k, 0.693_359_375)
    }

    /// tanh x within 2 units in the last place; NaN for NaN.
    package static func tanh(_ x: Float) -> Float {
        let magnitude = x < 0 ? 0 - x : x
        if magnitude < 0.625 {
            let z = x * x
            var p: Float = -5.704_988_727_45e-3
            p = Float(2.063_908_879_54e-2).addingProduct(p, z)
            p = Float(-5.373_971_555_31e-2).addingProduct(p, z)
            p = Float(1.333_144_220_36e-1).addingProduct(p, z)
            p = Float(-3.333_328_194_22e-1).addingProduct(p, z)
            return x.addingProduct(p * z, x)
        }
        let e = exp(-2 * magnitude)
        let t = 1 - (e + e) / (1 + e)
        return x < 0 ? 0 - t : t
    }

    /// 1 / (1 + e⁻ˣ) within 3 units in the last place above e⁻⁸⁷, 0 below; NaN for NaN.
    package static func sigmoid(_ x: Float) -> Float {
        let magnitude = x < 0 ? 0 - x : x
        let e = exp(0 - magnitude)
        let d = 1 / (1 + e)
        return x < 0 ? e * d : d
    }

    /// eˣ − 1 for x ≤ 0 within 3 units in the last place; −1 far below, 0 above zero, NaN for NaN.
    package static func expMinusOne(_ x: Float) -> Float {
        let clamped = x > 0 ? 0 : (x < -87 ? -87 : x)
        let magic: Float = 12_582_912
        let shifted = magic.addingProduct(clamped, 1.442_695_04)
        let n = shifted - magic
        let r = clamped.addingProduct(n, -0.693_145_751_953_125).addingProduct(n, -1.428_606_765_330_187e-06)
        var p: Float = 1.987_569_15e-4
        p = Float(1.398_199_950_7e-3).addingProduct(p, r)
        p = Float(8.333_451_907_3e-3).addingProduct(p, r)
        p = Float(4.166_579_589_4e-2).addingProduct(p, r)
        p = Float(1.666_666_545_9e-1).addingProduct(p, r)
        p = Float(5.000_000_120_1e-1).addingProduct(p, r)
        p = r.addingProduct(p, r * r)
        let power = Float(bitPattern: (shifted.bitPattern &<< 23) &+ 0x3f80_0000)
        return (power - 1).addingProduct(power, p)
    }

    /// ln(1 + x) for x in 0 ... 1 within 2 units in the last place, also where 1 + x would round to 1; NaN for NaN.
    package static func logOfOnePlus(_ x: Float) -> Float {
        x > 0.414_213_56 ? log((x - 1) * 0.5, 1) : log(x, 0)
    }

    /// x to a power γ ≥ 0 for x in 0 ... 1, the relative error below (4 + 4γ · max(1, |ln x|)) · 2⁻²³.
    ///
    /// 0 where x is not a normal number or the power is below e⁻⁸⁷; NaN for NaN.
    package static func pow(_ x: Float, _ exponent: Float) -> Float {
        if x < Float.leastNormalMagnitude { return 0 }
        if x.isNaN { return x }
        return exp(exponent * log(x))
    }

    /// ln(1 + eˣ) within 4 units in the last place above −87, 0 below; NaN for NaN.
    package static func softplus(_ x: Float) -> Float {
        (x <= 0 ? 0 : x) + logOfOnePlus(exp(0 - (x < 0 ? 0 - x : x)))
    }

    /// The normal distribution's share below x, and e^(−x²/2); beyond 14 in magnitude x counts as 14.
    ///
    /// The share is within 6 units in the last place above −13 and 0 from −13.2 down.
    package static func normalShare(_ x: Float) -> (share: Float, bell: Float) {
        var size = x < 0 ? 0 - x : x
        if size > 14 { size = 14 }
        let half = 0.5 * size
        let square = half * size
        // The tail is a polynomial times the bell, whose relative error is the absolute one of the square.
        let missing = (0 - square).addingProduct(half, size)
        let e = exp(0 - square)
        let bell = e.addingProduct(0 - e, missing)
        let a = size * 0.707_106_77
        let lower: Float
        if a < 1 {
            // The error function's coefficients times √2 / 4.
            var t: Float = 2.776_759_310_657e-5
            t = Float(-2.832_031_115_493e-4).addingProduct(t, square)
            t = Float(1.834_350_844_800e-3).addingProduct(t, square)
            t = Float(-9.494_256_260_079e-3).addingProduct(t, square)
            t = Float(3.989_349_787_340e-2).addingProduct(t, square)
            t = Float(-1.329_807_138_927e-1).addingProduct(t, square)
            t = Float(3.989_422_799_175e-1).addingProduct(t, square)
            lower = Float(0.5).addingProduct(0 - size, t)
        } else {
            let inverse = 1 / a
            let y = inverse * inverse
            var p: Float
            if a < 2 {
                p = 2.326_819_970_068_386e-2
                p = Float(-1.387_039_388_740_657e-1).addingProduct(p, y)
                p = Float(3.687_424_674_597_105e-1).addingProduct(p, y)
                p = Float(-5.824_733_027_278_666e-1).addingProduct(p, y)
                p = Float(6.210_004_621_745_983e-1).addingProduct(p, y)
                p = Float(-4.944_515_323_274_145e-1).addingProduct(p, y)
                p = Float(3.404_879_937_665_872e-1).addingProduct(p, y)
                p = Float(-2.741_127_028_184_656e-1).addingProduct(p, y)
                p = Float(5.638_259_427_386_472e-1).addingProduct(p, y)
            } else {
                p = -1.047_766_399_936_249e+1
                p = Float(1.297_719_955_372_516e+1).addingProduct(p, y)
                p = Float(-7.495_518_717_768_503).addingProduct(p, y)
                p = Float(2.921_019_019_210_786).addingProduct(p, y)
                p = Float(-1.015_265_279_202_700).addingProduct(p, y)
                p = Float(4.218_463_358_204_948e-1).addingProduct(p, y)
                p = Float(-2.820_767_439_740_514e-1).addingProduct(p, y)
                p = Float(5.641_895_067_754_075e-1).addingProduct(p, y)
            }
            lower = (0.5 * bell) * (inverse * p)
        }
        return (x < 0 ? lower : 1 - lower, bell)
    }

    /// The two keys of a dropout mask: SplitMix64's finaliser (Steele, Lea, Flood 2014) over seed, step, layer.
    static func dropoutKeys(seed: UInt64, step: UInt64, layer: UInt64) -> (UInt32, UInt32) {
        var state = mixed(seed &+ 0x9e37_79b9_7f4a_7c15)
        state = mixed((state ^ step) &+ 0x9e37_79b9_7f4a_7c15)
        state = mixed((state ^ layer) &+ 0x9e37_79b9_7f4a_7c15)
        return (UInt32(truncatingIfNeeded: state), UInt32(truncatingIfNeeded: state &>> 32))
    }

    /// 24 random bits for a counter: two rounds of a 32-bit mixer (Wellons, hash-prospector), each with its key.
    static func dropoutBits(_ counter: UInt32, _ keys: (UInt32, UInt32)) -> UInt32 {
        mixed32(mixed32(counter ^ keys.0) &+ keys.1) &>> 8
    }

    private static func mixed(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z &>> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z &>> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z &>> 31)
    }

    private static func mixed32(_ value: UInt32) -> UInt32 {
        var x = value
        x = (x ^ (x &>> 16)) &* 0x21f0_aaad
        x = (x ^ (x &>> 15)) &* 0xd35a_2d97
        return x ^ (x &>> 15)
    }
}
