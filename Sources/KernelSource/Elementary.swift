import KernelAPI

// Polynomials: Moshier, Cephes mathematical library (expf, logf, tanhf), every step a fused multiply-add. The plain
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
