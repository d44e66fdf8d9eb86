import SweepNumerics

/// Changes bytes as damage and malice would, from a seed: the same seed makes the same inputs.
struct Mutator {
    private var random: RandomStream
    /// What it may splice in: other inputs of the same decoder.
    private let corpus: [[UInt8]]

    /// Longer inputs only cost time: what sizes do is tested where the sizes are.
    private static let greatestSize = 64 << 10

    init(seed: UInt64, corpus: [[UInt8]]) {
        random = RandomStream(key: seed)
        self.corpus = corpus
    }

    /// Numbers at which sizes, counts and signs go wrong.
    private static let limits: [UInt64] = [
        0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 1 << 40, 1 << 62,
        UInt64(Int64.max), 1 << 63, .max,
    ]

    /// One of the corpus with one to eight changes.
    mutating func next() -> [UInt8] {
        var bytes = corpus[random.below(corpus.count)]
        for _ in 0..<1 + random.below(8) { change(&bytes) }
        if bytes.count > Self.greatestSize { bytes.removeLast(bytes.count - Self.greatestSize) }
        return bytes
    }

    private mutating func change(_ bytes: inout [UInt8]) {
        guard !bytes.isEmpty else {
            bytes = (0..<random.below(40)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            return
        }
        let place = random.below(bytes.count)
        switch random.below(10) {
        case 0: bytes[place] ^= 1 << UInt8(random.below(8))
        case 1: bytes[place] = UInt8(truncatingIfNeeded: random.next())
        case 2: bytes.removeSubrange(place..<min(bytes.count, place + 1 + random.below(16)))
        case 3:
            let end = min(bytes.count, place + 1 + random.below(32))
            bytes.insert(contentsOf: bytes[place..<end], at: random.below(bytes.count))
        case 4: bytes.insert(contentsOf: [UInt8](repeating: bytes[place], count: random.below(300)), at: place)
        case 5: bytes.removeLast(bytes.count - place)
        case 6:
            let other = corpus[random.below(corpus.count)]
            guard !other.isEmpty else { return }
            let from = random.below(other.count)
            bytes.replaceSubrange(place..., with: other[from...])
        case 7, 8:
            // A number of one, two, four or eight bytes, little or big end first.
            let width = 1 << random.below(4)
            let value = Self.limits[random.below(Self.limits.count)] &+ UInt64(random.below(3)) &- 1
            let isLittle = random.below(2) == 0
            for index in 0..<width where place + index < bytes.count {
                let shift = 8 * UInt64(isLittle ? index : width - 1 - index)
                bytes[place + index] = UInt8(truncatingIfNeeded: value >> shift)
            }
        default: bytes.swapAt(place, random.below(bytes.count))
        }
    }
}
