/// A 64-bit hash that is the same in every process, on every machine and in every version.
///
/// Not for hostile input (nothing here is a table key of a peer's choosing); it names configurations and derives seeds.
/// Source: FNV-1a, 64 bits (Fowler, Noll, Vo), with SplitMix64's finaliser to scatter the last bytes.
package struct StableHash: Sendable {
    private var state: UInt64 = 0xCBF2_9CE4_8422_2325

    /// Starts an empty hash.
    package init() {}

    /// Adds one byte.
    package mutating func combine(byte: UInt8) {
        state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
    }

    /// Adds a 64-bit word, least significant byte first.
    package mutating func combine(_ word: UInt64) {
        for shift in stride(from: 0, to: 64, by: 8) {
            combine(byte: UInt8(truncatingIfNeeded: word >> UInt64(shift)))
        }
    }

    /// Adds a text's UTF-8 bytes and its length, so that ("ab", "c") differs from ("a", "bc").
    package mutating func combine(_ text: String) {
        var count: UInt64 = 0
        for byte in text.utf8 {
            combine(byte: byte)
            count += 1
        }
        combine(count)
    }

    /// The hash of everything added so far.
    package var value: UInt64 { RandomStream.mix(state) }
}
