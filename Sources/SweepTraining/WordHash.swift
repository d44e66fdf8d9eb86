import SweepNumerics

/// A fast 64-bit checksum of words: finds damage and tells data sets apart; no protection against a forger.
///
/// Four chains of xor and multiplication take the words in turn, so that a processor can work on four at once. Every
/// step is a bijection of its chain: two sequences that differ in one word always differ in their hash.
struct WordHash {
    private var lanes: (UInt64, UInt64, UInt64, UInt64) = (1, 2, 3, 4)
    private var count: UInt64 = 0

    /// Odd, from the digits of the golden ratio: multiplication by it is invertible and scatters upwards.
    private static let factor: UInt64 = 0x9E37_79B9_7F4A_7C15

    private static func step(_ lane: UInt64, _ word: UInt64) -> UInt64 {
        let product = (lane ^ word) &* factor
        return (product &<< 29) | (product &>> 35)
    }

    /// A single lane's value after one word more.
    static func mixed(_ lane: UInt64, _ word: UInt64) -> UInt64 { step(lane, word) }

    /// Adds one word.
    mutating func combine(_ word: UInt64) {
        lanes = (lanes.1, lanes.2, lanes.3, Self.step(lanes.0, word))
        count &+= 1
    }

    /// Adds bytes, eight a little-endian word, the last padded with zeros, then their count.
    mutating func combine(bytes: UnsafeRawBufferPointer) {
        let words = bytes.count / 8
        var (a, b, c, d) = lanes
        var index = 0
        while index &+ 4 <= words {
            a = Self.step(a, Self.word(bytes, index))
            b = Self.step(b, Self.word(bytes, index &+ 1))
            c = Self.step(c, Self.word(bytes, index &+ 2))
            d = Self.step(d, Self.word(bytes, index &+ 3))
            index &+= 4
        }
        lanes = (a, b, c, d)
        while index < words {
            combine(Self.word(bytes, index))
            index &+= 1
        }
        var last: UInt64 = 0
        for offset in 0..<(bytes.count - words * 8) {
            last |= UInt64(bytes[words * 8 + offset]) &<< UInt64(8 * offset)
        }
        combine(last)
        combine(UInt64(bytes.count))
    }

    /// The hash of everything added so far.
    var value: UInt64 {
        var hash = count
        hash = RandomStream.mix(hash ^ lanes.0)
        hash = RandomStream.mix(hash &+ lanes.1)
        hash = RandomStream.mix(hash ^ lanes.2)
        return RandomStream.mix(hash &+ lanes.3)
    }

    private static func word(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> UInt64 {
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index &* 8, as: UInt64.self))
    }
}
