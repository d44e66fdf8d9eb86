import KernelAPI

// What kernels may use of the standard library: SIMD operators, addingProduct, squareRoot, replacing(with:where:), the
// halves, subscripts and pointers, all of which inline. Any other generic (an Array, pointwiseMax) would be compiled
// into this module as a weak symbol without the module's name; the linker keeps one such copy for the whole program,
// and were it the AVX-512 one, an older processor would stop on it. scripts/check-objects fails on such symbols.
//
// A closure passed to an inlined function contains one call of a named inlined function and nothing else: longer bodies
// are called through memory, vector by vector.

@inline(__always)
func load(_ place: Floats) -> Lanes {
    UnsafeRawPointer(place).loadUnaligned(as: Lanes.self)
}

@inline(__always)
func load(_ place: MutableFloats) -> Lanes {
    UnsafeRawPointer(place).loadUnaligned(as: Lanes.self)
}

@inline(__always)
func store(_ lanes: Lanes, _ place: MutableFloats) {
    UnsafeMutableRawPointer(place).storeBytes(of: lanes, as: Lanes.self)
}

@inline(__always)
func splat(_ value: Float) -> Lanes {
    Lanes(repeating: value)
}

/// max(x, 0) that keeps a NaN.
@inline(__always)
func rectified(_ x: Lanes) -> Lanes {
    x.replacing(with: Lanes.zero, where: x .<= Lanes.zero)
}

/// The gradient where the activation is not ≤ 0, else zero.
@inline(__always)
func passed(_ gradient: Lanes, _ activation: Lanes) -> Lanes {
    gradient.replacing(with: Lanes.zero, where: activation .<= Lanes.zero)
}

@inline(__always)
func magnitude(_ x: Lanes) -> Lanes {
    let bits = unsafeBitCast(x, to: SIMD16<UInt32>.self) & SIMD16<UInt32>(repeating: 0x7fff_ffff)
    return unsafeBitCast(bits, to: Lanes.self)
}

/// A size ≥ 0 with the sign bit of x.
@inline(__always)
private func withSign(_ size: Lanes, _ x: Lanes) -> Lanes {
    let sign = unsafeBitCast(x, to: SIMD16<UInt32>.self) & SIMD16<UInt32>(repeating: 0x8000_0000)
    return unsafeBitCast(unsafeBitCast(size, to: SIMD16<UInt32>.self) | sign, to: Lanes.self)
}

/// The value bounded to −bound ... bound; a NaN stays NaN.
@inline(__always)
func clamped(_ x: Lanes, _ bound: Lanes) -> Lanes {
    x.replacing(with: withSign(bound, x), where: magnitude(x) .> bound)
}

/// The size ≥ 0 with the sign of x; zero for zero, NaN for NaN.
@inline(__always)
func signed(_ size: Lanes, _ x: Lanes) -> Lanes {
    // x − x would be NaN for an infinite x too, but those are replaced.
    (x - x).replacing(with: withSign(size, x), where: magnitude(x) .> Lanes.zero)
}

/// The lane numbers of the vector that begins at a column.
@inline(__always)
func columnNumbers(_ column: Int) -> SIMD16<Int32> {
    SIMD16<Int32>(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
        &+ SIMD16<Int32>(repeating: Int32(truncatingIfNeeded: column))
}

/// The lanes of the vector at a column that are padding of a row of so many columns.
@inline(__always)
func padding(_ column: Int, _ columns: Int) -> SIMDMask<SIMD16<Int32>> {
    columnNumbers(column) .>= SIMD16<Int32>(repeating: Int32(truncatingIfNeeded: columns))
}

/// The sum of the lanes, halves onto halves: a fixed tree on every instruction set.
@inline(__always)
func sum(_ x: Lanes) -> Float {
    let eight = x.lowHalf + x.highHalf
    let four = eight.lowHalf + eight.highHalf
    let two = four.lowHalf + four.highHalf
    return two[0] + two[1]
}

/// The largest of the lanes that are not NaN.
@inline(__always)
func largest(_ x: Lanes) -> Float {
    let a = x.lowHalf
    let b = x.highHalf
    let eight = a.replacing(with: b, where: a .< b)
    let c = eight.lowHalf
    let d = eight.highHalf
    let four = c.replacing(with: d, where: c .< d)
    let e = four.lowHalf
    let f = four.highHalf
    let two = e.replacing(with: f, where: e .< f)
    return two[0] < two[1] ? two[1] : two[0]
}
