import KernelAPI

// Polynomials: Moshier, Cephes mathematical library (expf, logf, tanhf, erff, erfcf), every step a fused multiply-add. The plain
// versions in SweepKernels say what is accurate where; the two agree operation by operation.

/// The exponential; 0 below −87, e⁸⁸ above 88, NaN for NaN.
@inline(__always)
func exponential(_ x: Lanes) -> Lanes {
    let below = x .< splat(-87)
    let bounded = x.replacing(with: splat(88), where: x .> splat(88)).replacing(with: splat(-87), where: below)
    // Adding 1.5 · 2²³ rounds to an integer that then stands in the low bits.
    let magic = splat(12_582_912)
    let shifted = magic.addingProduct(bounded, splat(1.442_695_04))
    let n = shifted - magic
    let r = bounded.addingProduct(n, splat(-0.693_145_751_953_125))
        .addingProduct(n, splat(-1.428_606_765_330_187e-06))
    var p = splat(1.987_569_15e-4)
    p = splat(1.398_199_950_7e-3).addingProduct(p, r)
    p = splat(8.333_451_907_3e-3).addingProduct(p, r)
    p = splat(4.166_579_589_4e-2).addingProduct(p, r)
    p = splat(1.666_666_545_9e-1).addingProduct(p, r)
    p = splat(5.000_000_120_1e-1).addingProduct(p, r)
    p = (r + splat(1)).addingProduct(p, r * r)
    let power =
        (unsafeBitCast(shifted, to: SIMD16<UInt32>.self) &<< SIMD16<UInt32>(repeating: 23))
        &+ SIMD16<UInt32>(repeating: 0x3f80_0000)
    return (p * unsafeBitCast(power, to: Lanes.self)).replacing(with: Lanes.zero, where: below)
}

/// The natural logarithm of a positive normal number; meaningless elsewhere.
@inline(__always)
func logarithm(_ x: Float) -> Float {
    let bits = x.bitPattern
    var exponent = Float(Int32(bitPattern: bits &>> 23) &- 126)
    var f = Float(bitPattern: (bits & 0x007f_ffff) | 0x3f00_0000)
    if f < 0.707_106_77 {
        exponent -= 1
        f = f + f - 1
    } else {
        f -= 1
    }
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
    y = y.addingProduct(exponent, -2.121_944_40e-4)
    y = y.addingProduct(z, -0.5)
    return (f + y).addingProduct(exponent, 0.693_359_375)
}

/// The hyperbolic tangent: an odd polynomial near zero, 1 − 2e⁻²ˣ / (1 + e⁻²ˣ) elsewhere.
@inline(__always)
func hyperbolicTangent(_ x: Lanes) -> Lanes {
    let size = magnitude(x)
    let z = x * x
    var p = splat(-5.704_988_727_45e-3)
    p = splat(2.063_908_879_54e-2).addingProduct(p, z)
    p = splat(-5.373_971_555_31e-2).addingProduct(p, z)
    p = splat(1.333_144_220_36e-1).addingProduct(p, z)
    p = splat(-3.333_328_194_22e-1).addingProduct(p, z)
    let near = x.addingProduct(p * z, x)
    let e = exponential(splat(-2) * size)
    let t = splat(1) - (e + e) / (splat(1) + e)
    let far = t.replacing(with: Lanes.zero - t, where: x .< Lanes.zero)
    return far.replacing(with: near, where: size .< splat(0.625))
}

/// 1 / (1 + e⁻ˣ), from the exponential of −|x| alone, which cannot overflow.
@inline(__always)
func logistic(_ x: Lanes) -> Lanes {
    let e = exponential(Lanes.zero - magnitude(x))
    let d = splat(1) / (splat(1) + e)
    return d.replacing(with: e * d, where: x .< Lanes.zero)
}

/// 1 / (1 + e⁻ˣ) and one minus it without cancellation.
@inline(__always)
func logisticPair(_ x: Lanes) -> (yes: Lanes, no: Lanes) {
    let e = exponential(Lanes.zero - magnitude(x))
    let d = splat(1) / (splat(1) + e)
    let negative = x .< Lanes.zero
    return (d.replacing(with: e * d, where: negative), (e * d).replacing(with: d, where: negative))
}

/// eˣ − 1 for x ≤ 0, −1 far below; taken as x = 0 above.
@inline(__always)
func exponentialMinusOne(_ x: Lanes) -> Lanes {
    let bounded = x.replacing(with: Lanes.zero, where: x .> Lanes.zero).replacing(
        with: splat(-87),
        where: x .< splat(-87)
    )
    let magic = splat(12_582_912)
    let shifted = magic.addingProduct(bounded, splat(1.442_695_04))
    let n = shifted - magic
    let r = bounded.addingProduct(n, splat(-0.693_145_751_953_125))
        .addingProduct(n, splat(-1.428_606_765_330_187e-06))
    var p = splat(1.987_569_15e-4)
    p = splat(1.398_199_950_7e-3).addingProduct(p, r)
    p = splat(8.333_451_907_3e-3).addingProduct(p, r)
    p = splat(4.166_579_589_4e-2).addingProduct(p, r)
    p = splat(1.666_666_545_9e-1).addingProduct(p, r)
    p = splat(5.000_000_120_1e-1).addingProduct(p, r)
    p = r.addingProduct(p, r * r)
    let bits =
        (unsafeBitCast(shifted, to: SIMD16<UInt32>.self) &<< SIMD16<UInt32>(repeating: 23))
        &+ SIMD16<UInt32>(repeating: 0x3f80_0000)
    let power = unsafeBitCast(bits, to: Lanes.self)
    return (power - splat(1)).addingProduct(power, p)
}

/// The logarithm of 2ᵏ(1 + f), 1 + f being between √½ and √2.
@inline(__always)
private func logarithm(_ f: Lanes, _ k: Lanes) -> Lanes {
    let z = f * f
    var y = splat(7.037_683_629_2e-2)
    y = splat(-1.151_461_031_0e-1).addingProduct(y, f)
    y = splat(1.167_699_874_0e-1).addingProduct(y, f)
    y = splat(-1.242_014_084_6e-1).addingProduct(y, f)
    y = splat(1.424_932_278_7e-1).addingProduct(y, f)
    y = splat(-1.666_805_766_5e-1).addingProduct(y, f)
    y = splat(2.000_071_476_5e-1).addingProduct(y, f)
    y = splat(-2.499_999_399_3e-1).addingProduct(y, f)
    y = splat(3.333_333_117_4e-1).addingProduct(y, f)
    y = y * f * z
    y = y.addingProduct(k, splat(-2.121_944_40e-4))
    y = y.addingProduct(z, splat(-0.5))
    return (f + y).addingProduct(k, splat(0.693_359_375))
}

/// ln(1 + x) for x in 0 ... 1, also where 1 + x would round to 1.
@inline(__always)
func logarithmOfOnePlus(_ x: Lanes) -> Lanes {
    let upper = x .> splat(0.414_213_56)
    let f = x.replacing(with: (x - splat(1)) * splat(0.5), where: upper)
    return logarithm(f, Lanes.zero.replacing(with: splat(1), where: upper))
}

/// x to a power ≥ 0, for x in 0 ... 1; 0 where x is not a normal number, NaN for NaN.
@inline(__always)
func power(_ x: Lanes, _ exponent: Lanes) -> Lanes {
    let bits = unsafeBitCast(x, to: SIMD16<UInt32>.self)
    // The exponent's bits in the place of the low bits of 2²³ become a number without a conversion.
    let placed = (bits &>> SIMD16<UInt32>(repeating: 23)) | SIMD16<UInt32>(repeating: 0x4b00_0000)
    var k = unsafeBitCast(placed, to: Lanes.self) - splat(8_388_608 + 126)
    let fraction = (bits & SIMD16<UInt32>(repeating: 0x007f_ffff)) | SIMD16<UInt32>(repeating: 0x3f00_0000)
    var f = unsafeBitCast(fraction, to: Lanes.self)
    let lower = f .< splat(0.707_106_77)
    k = k.replacing(with: k - splat(1), where: lower)
    f = (f - splat(1)).replacing(with: f + f - splat(1), where: lower)
    // The difference is NaN for a NaN, whose bits would pass for a number.
    let result = exponential(exponent * logarithm(f, k) + (x - x))
    return result.replacing(with: Lanes.zero, where: x .< splat(Float.leastNormalMagnitude))
}

/// ln(1 + eˣ) = max(x, 0) + ln(1 + e^−|x|).
@inline(__always)
func softplus(_ x: Lanes) -> Lanes {
    rectified(x) + logarithmOfOnePlus(exponential(Lanes.zero - magnitude(x)))
}

/// The normal distribution's share below x, and e^(−x²/2).
///
/// The tail is a polynomial times the bell, which is computed from the exact square: a rounded one would cost as many
/// units as its value. Beyond 14 in magnitude x counts as 14, where the tail is zero.
@inline(__always)
func normalShare(_ x: Lanes) -> (share: Lanes, bell: Lanes) {
    var size = magnitude(x)
    size = size.replacing(with: splat(14), where: size .> splat(14))
    let half = splat(0.5) * size
    let square = half * size
    let missing = (Lanes.zero - square).addingProduct(half, size)
    let e = exponential(Lanes.zero - square)
    let bell = e.addingProduct(Lanes.zero - e, missing)
    let a = size * splat(0.707_106_77)

    // The error function's coefficients times √2 / 4: size² / 2 and size instead of a² and a save two roundings.
    var t = splat(2.776_759_310_657e-5)
    t = splat(-2.832_031_115_493e-4).addingProduct(t, square)
    t = splat(1.834_350_844_800e-3).addingProduct(t, square)
    t = splat(-9.494_256_260_079e-3).addingProduct(t, square)
    t = splat(3.989_349_787_340e-2).addingProduct(t, square)
    t = splat(-1.329_807_138_927e-1).addingProduct(t, square)
    t = splat(3.989_422_799_175e-1).addingProduct(t, square)
    let near = splat(0.5).addingProduct(Lanes.zero - size, t)

    let inverse = splat(1) / a
    let y = inverse * inverse
    var p = splat(2.326_819_970_068_386e-2)
    p = splat(-1.387_039_388_740_657e-1).addingProduct(p, y)
    p = splat(3.687_424_674_597_105e-1).addingProduct(p, y)
    p = splat(-5.824_733_027_278_666e-1).addingProduct(p, y)
    p = splat(6.210_004_621_745_983e-1).addingProduct(p, y)
    p = splat(-4.944_515_323_274_145e-1).addingProduct(p, y)
    p = splat(3.404_879_937_665_872e-1).addingProduct(p, y)
    p = splat(-2.741_127_028_184_656e-1).addingProduct(p, y)
    p = splat(5.638_259_427_386_472e-1).addingProduct(p, y)
    var r = splat(-1.047_766_399_936_249e+1)
    r = splat(1.297_719_955_372_516e+1).addingProduct(r, y)
    r = splat(-7.495_518_717_768_503).addingProduct(r, y)
    r = splat(2.921_019_019_210_786).addingProduct(r, y)
    r = splat(-1.015_265_279_202_700).addingProduct(r, y)
    r = splat(4.218_463_358_204_948e-1).addingProduct(r, y)
    r = splat(-2.820_767_439_740_514e-1).addingProduct(r, y)
    r = splat(5.641_895_067_754_075e-1).addingProduct(r, y)
    let middle = a .< splat(2)
    let tail = (splat(0.5) * bell) * (inverse * r.replacing(with: p, where: middle))

    let lower = tail.replacing(with: near, where: a .< splat(1))
    return ((splat(1) - lower).replacing(with: lower, where: x .< Lanes.zero), bell)
}
