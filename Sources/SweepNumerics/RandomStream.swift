/// A counter-based random stream: draw `i` is a pure function of the key and `i`.
///
/// Restart needs only (key, counter); two streams with different keys are independent for our purposes.
/// Source: SplitMix64, Steele, Lea & Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
package struct RandomStream: Hashable, Sendable {
    /// Which stream this is.
    package let key: UInt64
    /// How many 64-bit words were drawn so far.
    package var counter: UInt64

    /// Starts the stream `key` at `counter`.
    package init(key: UInt64, counter: UInt64 = 0) {
        self.key = key
        self.counter = counter
    }

    /// The next 64 random bits.
    package mutating func next() -> UInt64 {
        counter &+= 1
        return Self.mix(key &+ counter &* 0x9E37_79B9_7F4A_7C15)
    }

    /// A number in [0, 1) with 53 random bits.
    package mutating func uniform() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    /// An integer in 0 ..< bound, without bias; traps if `bound` is not positive.
    ///
    /// Source: Lemire, "Fast random integer generation in an interval", ACM TOMACS 29(1), 2019.
    package mutating func below(_ bound: Int) -> Int {
        precondition(bound > 0, "bound must be positive")
        let bound = UInt64(bound)
        while true {
            let product = next().multipliedFullWidth(by: bound)
            // 2⁶⁴ mod bound is less than the bound: most draws need no division.
            if product.low >= bound || product.low >= (0 &- bound) % bound { return Int(product.high) }
        }
    }

    /// A draw from the standard normal distribution; two words a pair, the second of each pair is not kept.
    ///
    /// Source: Marsaglia & Bray's polar method, SIAM Review 6(3), 1964.
    package mutating func normal() -> Double {
        while true {
            let u = 2 * uniform() - 1
            let v = 2 * uniform() - 1
            let s = u * u + v * v
            if s < 1, s > 0 { return u * (-2 * Elementary.log(s) / s).squareRoot() }
        }
    }

    /// Shuffles `values` in place (Fisher–Yates, from the end).
    package mutating func shuffle<Element>(_ values: inout [Element]) {
        guard values.count > 1 else { return }
        for i in stride(from: values.count - 1, to: 0, by: -1) {
            values.swapAt(i, below(i + 1))
        }
    }

    /// The 64-bit finaliser of SplitMix64: a bijection that scatters every input bit.
    package static func mix(_ word: UInt64) -> UInt64 {
        var z = word
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
