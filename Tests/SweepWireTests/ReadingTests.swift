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
