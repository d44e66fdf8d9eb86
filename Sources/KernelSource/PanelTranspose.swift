import KernelAPI

/// Rewrites weight panels as the panels of the transposed matrix, block by block of 16 × 16.
func transposePanels(_ panels: PanelTranspose) {
    var n = 0
    while n < panels.columns {
        var destination = panels.destination + n &* 16
        var k = 0
        while k < panels.rows {
            transposeBlock(panels.source + (n &* panels.rows &+ k &* 16), 16, destination, 16)
            destination += panels.destinationPanelStride
            k &+= 16
        }
        n &+= 16
    }
}

private typealias Eight = SIMD8<Float>

@inline(__always)
private func loadEight(_ place: Floats) -> Eight {
    UnsafeRawPointer(place).loadUnaligned(as: Eight.self)
}

@inline(__always)
private func store(_ low: SIMD4<Float>, _ high: SIMD4<Float>, _ place: MutableFloats) {
    UnsafeMutableRawPointer(place).storeBytes(of: Eight(lowHalf: low, highHalf: high), as: Eight.self)
}

/// Alternates the first (or last) two elements of each half of two vectors: one unpack instruction.
@inline(__always)
private func unpackedLow(_ a: Eight, _ b: Eight) -> Eight {
    Eight(a[0], b[0], a[1], b[1], a[4], b[4], a[5], b[5])
}

@inline(__always)
private func unpackedHigh(_ a: Eight, _ b: Eight) -> Eight {
    Eight(a[2], b[2], a[3], b[3], a[6], b[6], a[7], b[7])
}

/// Joins the first (or last) pairs of each half of two vectors: one unpack instruction on pairs.
@inline(__always)
private func pairedLow(_ a: Eight, _ b: Eight) -> Eight {
    Eight(a[0], a[1], b[0], b[1], a[4], a[5], b[4], b[5])
}

@inline(__always)
private func pairedHigh(_ a: Eight, _ b: Eight) -> Eight {
    Eight(a[2], a[3], b[2], b[3], a[6], a[7], b[6], b[7])
}

/// Transposes 8 rows of 8 elements, each side with rows so far apart.
@inline(__always)
private func transposeEight(_ source: Floats, _ from: Int, _ destination: MutableFloats, _ to: Int) {
    let (r0, r1, r2, r3) = (
        loadEight(source), loadEight(source + from), loadEight(source + 2 &* from), loadEight(source + 3 &* from)
    )
    let (r4, r5) = (loadEight(source + 4 &* from), loadEight(source + 5 &* from))
    let (r6, r7) = (loadEight(source + 6 &* from), loadEight(source + 7 &* from))
    let (a0, a1, a2, a3) = (unpackedLow(r0, r1), unpackedHigh(r0, r1), unpackedLow(r2, r3), unpackedHigh(r2, r3))
    let (a4, a5, a6, a7) = (unpackedLow(r4, r5), unpackedHigh(r4, r5), unpackedLow(r6, r7), unpackedHigh(r6, r7))
    let (b0, b1, b2, b3) = (pairedLow(a0, a2), pairedHigh(a0, a2), pairedLow(a1, a3), pairedHigh(a1, a3))
    let (b4, b5, b6, b7) = (pairedLow(a4, a6), pairedHigh(a4, a6), pairedLow(a5, a7), pairedHigh(a5, a7))
    store(b0.lowHalf, b4.lowHalf, destination)
    store(b1.lowHalf, b5.lowHalf, destination + to)
    store(b2.lowHalf, b6.lowHalf, destination + 2 &* to)
    store(b3.lowHalf, b7.lowHalf, destination + 3 &* to)
    store(b0.highHalf, b4.highHalf, destination + 4 &* to)
    store(b1.highHalf, b5.highHalf, destination + 5 &* to)
    store(b2.highHalf, b6.highHalf, destination + 6 &* to)
    store(b3.highHalf, b7.highHalf, destination + 7 &* to)
}

/// Transposes 16 rows of 16 elements in four quarters, each side with rows so far apart.
///
/// Interleaving whole vectors needs fewer instructions with AVX-512, but permutations across a register, which took 2.8
/// times as long on Zen 4.
@inline(__always)
func transposeBlock(_ source: Floats, _ from: Int, _ destination: MutableFloats, _ to: Int) {
    transposeEight(source, from, destination, to)
    transposeEight(source + 8, from, destination + 8 &* to, to)
    transposeEight(source + 8 &* from, from, destination + 8, to)
    transposeEight(source + (8 &* from &+ 8), from, destination + (8 &* to &+ 8), to)
}
