import SweepCore
import SweepWire
import Testing

/// Readings from peers: each bound where it is kept and where it is not.
@Suite struct ReadingTests {
    private func number(_ value: Int) -> [UInt8] {
        value < 128 ? [UInt8(value)] : [UInt8(value & 127) | 128] + number(value >> 7)
    }

    /// A field of bytes.
    private func field(_ key: UInt8, _ bytes: [UInt8]) -> [UInt8] { [key] + number(bytes.count) + bytes }

    private func layer(name: String = "1", activation: Int = 1) -> [UInt8] {
        field(0x12, field(0x0a, Array(name.utf8)) + [0x18] + number(activation))
    }

    private func reading(_ rest: [UInt8], epoch: Int = 4, count: Int = 256) -> [UInt8] {
        [0x08] + number(epoch) + rest + [0x18] + number(count)
    }

    private func isRead(_ bytes: [UInt8]) -> Bool { (try? PackedReading(wireBytes: bytes)) != nil }

    @Test func `at most 256 layers, with names of 64 bytes, are read`() {
        #expect(isRead(reading((0..<256).flatMap { _ in layer() })))
        #expect(!isRead(reading((0..<257).flatMap { _ in layer() }, count: 257)))
        #expect(isRead(reading(layer(name: String(repeating: "ä", count: 32)))))
        #expect(!isRead(reading(layer(name: String(repeating: "ä", count: 32) + "a"))))
        #expect(isRead(reading(layer() + layer(), count: 2)))
        #expect(!isRead(reading(layer() + layer(), count: 1)), "fewer layers than are told")
    }

    @Test func `at most 512 step losses, and no more bytes than are kept of a trial`() {
        func losses(_ count: Int) -> [UInt8] { field(0x42, [UInt8](repeating: 0, count: 4 * count)) }
        #expect(isRead(reading(losses(512))))
        #expect(!isRead(reading(losses(513))))
        // What is not known here is passed over, but counts: 3 + 3 bytes stand beside the field of unknown content.
        func unknown(_ count: Int) -> [UInt8] { field(0x7a, [UInt8](repeating: 0, count: count)) }
        let most = KeptReadings.byteLimit - reading(unknown(16_000)).count + 16_000
        #expect(reading(unknown(most)).count == 16_384)
        #expect(isRead(reading(unknown(most))))
        #expect(!isRead(reading(unknown(most + 1))))
        #expect((try? PackedReading(wireBytes: reading(unknown(most))))?.bytes.count == 5, "epoch 4 and 256 layers")
    }

    @Test func `an epoch from 1, and an activation that is known`() {
        #expect(isRead(reading([], epoch: 1)))
        #expect(!isRead(reading([], epoch: 0)))
        #expect(!isRead(reading([], epoch: 1 << 31)))
        #expect(isRead(reading(layer(activation: 3))))
        #expect(!isRead(reading(layer(activation: 4))))
        #expect(!isRead([0xff]))
    }

    /// Two classes, the second without validation rows, and noise of 64 rows: as protobuf's encoding says.
    private static let classes = Instruments.Reading(
        epoch: 4,
        layers: [],
        noise: Instruments.GradientNoise(variance: 8, squaredMean: 0.5, rows: 64),
        classes: [
            Instruments.ClassReading(index: 0, rows: 30, loss: 0.5, recall: 1, probeLoss: 0.25),
            Instruments.ClassReading(index: 3, rows: 0, probeLoss: 2),
        ]
    )
    private static let classBytes: [UInt8] = [
        0x08, 4, 0x25, 0, 0, 0, 0x41, 0x2d, 0, 0, 0, 0x3f, 0x4a, 2, 0, 3, 0x52, 2, 30, 0,
        0x5a, 8, 0, 0, 0, 0x3f, 0, 0, 0xc0, 0x7f, 0x62, 8, 0, 0, 0x80, 0x3f, 0, 0, 0xc0, 0x7f,
        0x6a, 8, 0, 0, 0x80, 0x3e, 0, 0, 0, 0x40, 0x70, 64,
    ]

    @Test func `classes and the rows of the noise have the bytes of their fields`() throws {
        #expect(PackedReading(Self.classes).bytes == Self.classBytes)
        #expect(try PackedReading(wireBytes: Self.classBytes).reading == Self.classes)
        // In the journal they are the same bytes.
        let fact = Fact.measured(GoldenSamples.lease.trial, PackedReading(Self.classes))
        #expect(try JournalCodec.decode(JournalCodec.encode([fact])) == [fact])
        // A worker of before tells neither.
        let former = try #require(PackedReading(GoldenSamples.reading).reading)
        #expect(former.classes.isEmpty && former.noise != nil && former.noise?.rows == nil)
    }

    @Test func `at most 64 classes, by rising place and with as many numbers each`() {
        func classes(_ places: [Int], rows: Int? = nil, losses: Int? = nil, probe: Int? = nil) -> [UInt8] {
            func floats(_ key: UInt8, _ count: Int) -> [UInt8] { field(key, [UInt8](repeating: 0, count: 4 * count)) }
            return field(0x4a, places.flatMap { number($0) })
                + field(0x52, [UInt8](repeating: 1, count: rows ?? places.count)) + floats(0x5a, losses ?? places.count)
                + floats(0x62, places.count) + floats(0x6a, probe ?? places.count)
        }
        #expect(isRead(reading(classes(Array(0..<64)))))
        #expect(!isRead(reading(classes(Array(0..<65)))))
        #expect(isRead(reading(classes([7, 900]))))
        #expect(!isRead(reading(classes([900, 7]))))
        #expect(!isRead(reading(classes([7, 7]))))
        #expect(!isRead(reading(classes([1, 2], rows: 1))))
        #expect(!isRead(reading(classes([1, 2], losses: 3))))
        #expect(!isRead(reading(classes([1, 2], probe: 0))))
    }

    @Test func `of more classes than are told those with the greatest losses travel`() throws {
        let many = Instruments.Reading(
            epoch: 1,
            layers: [],
            classes: (0..<300).map { Instruments.ClassReading(index: $0, rows: 1, loss: Double($0), recall: 0) }
        )
        let told = try #require(PackedReading(many).reading)
        #expect(told.classes.map(\.index) == Array(236..<300))
    }

    @Test func `of more than fits the first layers and the head are told, and how many there are`() throws {
        func network(_ layers: Int, name: (Int) -> String) -> Instruments.Reading {
            Instruments.Reading(
                epoch: 2,
                layers: (1...layers).map {
                    Instruments.Layer(
                        name: name($0),
                        isHead: $0 == layers,
                        activation: .relu,
                        gradient: 1,
                        weights: 1,
                        change: 1,
                        weightCount: 1 << 20,
                        deviation: 1,
                        units: 1024,
                        dead: 0.5
                    )
                },
                stepLosses: [Float](repeating: 1, count: 600)
            )
        }
        let short = PackedReading(network(300) { String($0) })
        let told = try #require(short.reading)
        #expect(short.bytes.count <= KeptReadings.byteLimit)
        #expect(told.layers.count == 256 && told.layerCount == 300 && told.stepLosses.count == 512)
        #expect(told.layers[254].name == "255" && told.layers[255].name == "300" && told.layers[255].isHead)
        let long = PackedReading(network(300) { String(repeating: "n", count: 70) + String($0) })
        let less = try #require(long.reading)
        #expect(long.bytes.count <= KeptReadings.byteLimit && less.layers.count == 128 && less.layerCount == 300)
        #expect(less.layers.allSatisfy { $0.name.utf8.count == 64 } && less.layers.last?.isHead == true)
        let few = PackedReading(network(3) { String($0) })
        #expect(few.reading?.layers.count == 3 && few.reading?.layerCount == 3)
    }

    @Test func `a report item has at most 64 readings, and none without epochs`() throws {
        func item(_ readings: Int, epochs: Int = 1) -> Message {
            .reports(
                Reports(
                    sequence: 1,
                    items: [
                        Reports.Item(
                            lease: GoldenSamples.lease,
                            observations: (0..<epochs).map { Observation(epoch: $0 + 1, values: [1], seconds: 0) },
                            readings: [PackedReading](
                                repeating: PackedReading(Instruments.Reading(epoch: 1, layers: [])),
                                count: readings
                            )
                        )
                    ]
                )
            )
        }
        #expect(try Message.decode(item(64).encode()) == item(64))
        #expect(throws: WireError.self) { try item(65).encode() }
    }
}
