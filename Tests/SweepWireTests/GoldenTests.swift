import SweepCore
import SweepNumerics
import SweepWire
import Testing

@Suite struct GoldenTests {
    /// The digest of all golden bytes for each version there ever was: a change of the bytes needs a new entry here.
    static let messageDigests: [UInt8: UInt64] = [1: 7_017_553_443_747_285_191, 2: 17_188_970_950_106_991_906]
    static let factDigests: [UInt32: UInt64] = [
        1: 18_111_015_181_216_264_264, 2: 17_444_708_565_921_433_364, 3: 10_794_688_904_736_222_678,
        4: 10_633_284_154_692_808_653, 5: 7_528_491_709_210_541_922, 6: 4_464_232_371_799_466_684,
    ]

    @Test func `there is a sample of every kind`() {
        #expect(GoldenSamples.messages.map(\.kind) == MessageKind.allCases)
        #expect(GoldenSamples.facts.count == RandomMessages.factKinds)
    }

    @Test func `messages have the bytes that their version says`() throws {
        let bytes = try GoldenSamples.messages.map { try Self.hex($0.encode().flatMap { $0 }) }
        #expect(bytes == GoldenBytes.messages, "\(Self.source(bytes))")
        #expect(Self.messageDigests[protocolVersion] == Self.digest(bytes), "\(Self.digest(bytes))")
    }

    @Test func `facts have the bytes that their version says`() throws {
        let bytes = try GoldenSamples.facts.map { try Self.hex(JournalCodec.encode([$0])) }
        #expect(bytes == GoldenBytes.facts, "\(Self.source(bytes))")
        #expect(Self.factDigests[JournalCodec.version] == Self.digest(bytes), "\(Self.digest(bytes))")
    }

    @Test func `golden bytes are read as the samples`() throws {
        for (hex, sample) in zip(GoldenBytes.messages, GoldenSamples.messages) {
            let bytes = Self.bytes(hex)
            let message = try Message.decode([Array(bytes[..<6]), Array(bytes[6...])])
            // Messages with NaN differ from themselves; their text does not.
            #expect("\(message)" == "\(sample)")
        }
        for (hex, sample) in zip(GoldenBytes.facts, GoldenSamples.facts) {
            #expect("\(try JournalCodec.decode(Self.bytes(hex)))" == "\([sample])")
        }
    }

    static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    static func bytes(_ hex: String) -> [UInt8] {
        let digits = Array(hex.utf8).map { $0 < 58 ? $0 - 48 : $0 - 87 }
        return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    static func digest(_ lines: [String]) -> UInt64 {
        var hash = StableHash()
        for line in lines { hash.combine(line) }
        return hash.value
    }

    private static func source(_ lines: [String]) -> String { "\n" + lines.joined(separator: "\n") }
}
