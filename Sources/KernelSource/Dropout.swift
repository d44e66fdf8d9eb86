import KernelAPI

/// SplitMix64's finaliser (Steele, Lea, Flood 2014).
@inline(__always)
private func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z &>> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z &>> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z &>> 31)
}

@inline(__always)
private func splat(_ value: UInt32) -> SIMD16<UInt32> {
    SIMD16<UInt32>(repeating: value)
}

/// A bijective 32-bit mixer (Wellons, hash-prospector) of sixteen values.
@inline(__always)
private func mixed(_ value: SIMD16<UInt32>) -> SIMD16<UInt32> {
    var x = value
    x = (x ^ (x &>> splat(16))) &* splat(0x21f0_aaad)
    x = (x ^ (x &>> splat(15))) &* splat(0xd35a_2d97)
    return x ^ (x &>> splat(15))
}

/// Zeros the elements whose random number is below the rate and scales the others.
func dropOut(_ dropout: Dropout) {
    var state = mixed(dropout.seed &+ 0x9e37_79b9_7f4a_7c15)
    state = mixed((state ^ dropout.step) &+ 0x9e37_79b9_7f4a_7c15)
    state = mixed((state ^ dropout.layer) &+ 0x9e37_79b9_7f4a_7c15)
    let firstKey = splat(UInt32(truncatingIfNeeded: state))
    let secondKey = splat(UInt32(truncatingIfNeeded: state &>> 32))
    let rate = dropout.rate > 0 ? (dropout.rate < 1 ? dropout.rate : Float(1).nextDown) : 0
    let threshold = SIMD16<Int32>(repeating: Int32(rate * 0x1p24))
    let scale = splat(1 / (1 - rate))

    let columns = dropout.columns
    let first = dropout.firstRow &* ((columns &+ 15) & ~15)
    var counter = unsafeBitCast(columnNumbers(0), to: SIMD16<UInt32>.self) &+ splat(UInt32(truncatingIfNeeded: first))
    var i = 0
    while i < dropout.rows {
        let source = dropout.source + i &* dropout.sourceStride
        let destination = dropout.destination + i &* dropout.destinationStride
        var n = 0
        while n < columns {
            let random = mixed(mixed(counter ^ firstKey) &+ secondKey) &>> splat(8)
            let dropped = unsafeBitCast(random, to: SIMD16<Int32>.self) .< threshold
            var kept = (load(source + n) * scale).replacing(with: Lanes.zero, where: dropped)
            if n &+ 16 > columns { kept = kept.replacing(with: Lanes.zero, where: padding(n, columns)) }
            store(kept, destination + n)
            counter = counter &+ splat(16)
            n &+= 16
        }
        i &+= 1
    }
}
