import SweepCore
import SweepNumerics
import SweepWire
import Testing

@Suite struct GoldenTests {
    /// The digest of all golden bytes for each version there ever was: a change of the bytes needs a new entry here.
    static let messageDigests: [UInt8: UInt64] = [
        1: 7_017_553_443_747_285_191, 2: 17_188_970_950_106_991_906, 3: 11_668_771_637_900_025_012,
    ]
    static let factDigests: [UInt32: UInt64] = [
        1: 18_111_015_181_216_264_264, 2: 17_444_708_565_921_433_364, 3: 10_794_688_904_736_222_678,
        4: 10_633_284_154_692_808_653, 5: 7_528_491_709_210_541_922, 6: 4_464_232_371_799_466_684,
        7: 13_824_811_955_721_257_715, 8: 2_107_580_094_235_430_176,
    ]

    @Test func `there is a sample of every kind`() {
        #expect(GoldenSamples.messages.map(\.kind) == MessageKind.allCases)
        #expect(GoldenSamples.facts.count == RandomMessages.factKinds)
    }

    @Test func `messages have the bytes that their version says`() throws {
        let bytes = try GoldenSamples.messages.map { try Self.hex($0.encode(in: protocolVersion).flatMap { $0 }) }
        #expect(bytes == GoldenBytes.messages, "\(Self.source(bytes))")
        #expect(Self.messageDigests[protocolVersion] == Self.digest(bytes), "\(Self.digest(bytes))")
    }

    /// What a peer of the build before says is read, and what it is told has the bytes that it knows.
    @Test func `version 2 is read and written as it was`() throws {
        #expect(Self.messageDigests[2] == Self.digest(GoldenBytes.messagesOfVersion2))
        #expect(ProtocolVersions.spoken.contains(2))
        for (hex, sample) in zip(GoldenBytes.messagesOfVersion2, GoldenSamples.messagesOfVersion2) {
            let bytes = Self.bytes(hex)
            let message = try Message.decode([Array(bytes[..<6]), Array(bytes[6...])])
            #expect("\(message)" == "\(sample)")
            #expect(try Self.hex(sample.encode(in: 2).flatMap { $0 }) == hex)
        }
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

    @Test func `a report with a reading has the bytes that protobuf's compiler gives`() throws {
        let item = Reports.Item(
            lease: GoldenSamples.lease,
            observations: [GoldenSamples.observations[0]],
            readings: [PackedReading(GoldenSamples.reading)]
        )
        let message = Message.reports(Reports(sequence: 17, items: [item]))
        let frames = try message.encode()
        #expect(
            Self.hex(frames[1]) == """
                0811128b010a060801100e180210041a08000000000000c03f2210000000000000e03f000000000000d03f3a63080412250a\
                01311801250000003f2d0000803e350000003e38ac02450000c03f4814550000803e6002121d0a01331001250000003f2d00\
                000040350000803d383c45000080404803180225000000412d0000003f350000403f4208000000400000c03f
                """
        )
        #expect(try frames[1] == message.thoroughBody())
        #expect(try Message.decode(frames) == message)
        #expect(item.readings[0].reading == GoldenSamples.reading)
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
