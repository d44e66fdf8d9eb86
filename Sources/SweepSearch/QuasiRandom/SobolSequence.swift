import SweepNumerics

/// Sobol' points with Owen's scrambling.
///
/// The first 2^k points have one in each of the 2^k equal intervals of every axis, and the scrambled points are unbiased.
/// 32 bits a coordinate, so the sequence begins anew after 2^32 points.
/// Source: Sobol', USSR Comput. Math. Math. Phys. 7(4), 1967; the scrambling by hash is that of Burley, "Practical
/// hash-based Owen scrambling", JCGT 9(4), 2020, with the mixing rounds of Laine and Karras.
package struct SobolSequence: PointSequence {
    package static let greatestDimensions = JoeKuo.dimensions

    /// For each dimension 32 direction numbers, the one of the index's lowest bit first; bits reversed, lowest first.
    private let directions: [UInt32]
    private let keys: [UInt32]

    package init(dimensions: Int, seed: UInt64) {
        precondition(dimensions <= Self.greatestDimensions, "there are direction numbers for 256 dimensions")
        var directions: [UInt32] = []
        directions.reserveCapacity(32 * dimensions)
        var next = 0
        for dimension in 0..<dimensions {
            var v = Array(repeating: UInt32(0), count: 32)
            if dimension == 0 {
                for bit in 0..<32 { v[bit] = 1 << UInt32(31 - bit) }
            } else {
                let polynomial = JoeKuo.numbers[next]
                let degree = 31 - polynomial.leadingZeroBitCount
                for bit in 0..<min(degree, 32) { v[bit] = JoeKuo.numbers[next + 1 + bit] << UInt32(31 - bit) }
                for bit in degree..<32 {
                    v[bit] = v[bit - degree] ^ (v[bit - degree] >> UInt32(degree))
                    for term in 1..<degree where (polynomial >> UInt32(degree - term)) & 1 == 1 {
                        v[bit] ^= v[bit - term]
                    }
                }
                next += 1 + degree
            }
            directions += v.map(\.bitReversed)
        }
        self.directions = directions
        keys = (0..<dimensions).map { dimension in
            var hash = StableHash()
            hash.combine(seed)
            hash.combine(UInt64(dimension))
            return UInt32(truncatingIfNeeded: hash.value >> 32)
        }
    }

    package func coordinate(_ dimension: Int, of index: Int) -> Double {
        var reversed: UInt32 = 0
        var rest = UInt32(truncatingIfNeeded: index)
        directions.withUnsafeBufferPointer { directions in
            while rest != 0 {
                reversed ^= directions[32 * dimension + rest.trailingZeroBitCount]
                rest &= rest &- 1
            }
        }
        // In reversed bits each step may depend on the higher bits of the point alone: Owen's nested flips.
        var word = reversed &+ keys[dimension]
        word ^= word &* 0x6c50_b47c
        word ^= word &* 0xb82f_1e52
        word ^= word &* 0xc7af_e638
        word ^= word &* 0x8d22_f6e6
        return (Double(word.bitReversed) + 0.5) * 0x1p-32
    }
}

extension UInt32 {
    /// The bits in the opposite order.
    fileprivate var bitReversed: UInt32 {
        var word = byteSwapped
        word = ((word >> 4) & 0x0f0f_0f0f) | ((word & 0x0f0f_0f0f) << 4)
        word = ((word >> 2) & 0x3333_3333) | ((word & 0x3333_3333) << 2)
        return ((word >> 1) & 0x5555_5555) | ((word & 0x5555_5555) << 1)
    }
}
