import SweepExport
import SweepNumerics
import SweepReports
import SweepTraining
import Testing

@Suite struct SafetensorsTests {
    private static let file = SafetensorsFile(
        metadata: ["note": "zwei \"Wörter\"\n", "a": ""],
        tensors: [
            ParameterValues(
                name: "1.weights",
                shape: [2, 3],
                values: [1, -2.5, 0, .infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude]
            ),
            ParameterValues(name: "1.bias", shape: [1], values: [-0.0]),
            ParameterValues(name: "nothing", shape: [0, 4], values: []),
        ]
    )

    @Test func `a file is read back bit for bit`() throws {
        let back = try SafetensorsFile(bytes: Self.file.bytes)
        #expect(back == Self.file)
        #expect(back.tensors[1].values[0].sign == .minus)
        #expect(back.bytes == Self.file.bytes)
    }

    @Test func `the bytes are those of the format`() throws {
        let file = SafetensorsFile(
            metadata: [:],
            tensors: [ParameterValues(name: "w", shape: [1, 2], values: [1, -2])]
        )
        let header = #"{"w":{"dtype":"F32", "shape":[1, 2], "data_offsets":[0, 8]}}    "#
        #expect(header.utf8.count % 8 == 0)
        var expected: [UInt8] = [UInt8(header.utf8.count), 0, 0, 0, 0, 0, 0, 0] + Array(header.utf8)
        expected += [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0]
        #expect(file.bytes == expected)
    }

    /// A file of this header, with so many bytes behind it.
    private static func bytes(_ header: String, data: Int) -> [UInt8] {
        let count = UInt64(header.utf8.count)
        return (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) } + Array(header.utf8)
            + [UInt8](repeating: 0, count: data)
    }

    private static func entry(_ name: String, _ shape: String, _ begin: Int, _ end: Int, _ type: String) -> String {
        #""\#(name)": {"dtype": "\#(type)", "shape": \#(shape), "data_offsets": [\#(begin), \#(end)]}"#
    }

    @Test func `files that lie are refused with the reason`() throws {
        func error(_ header: String, data: Int) -> SafetensorsError? {
            do throws(SafetensorsError) {
                _ = try SafetensorsFile(bytes: Self.bytes(header, data: data))
                return nil
            } catch { return error }
        }
        func entry(_ name: String, _ shape: String, _ begin: Int, _ end: Int, _ type: String = "F32") -> String {
            Self.entry(name, shape, begin, end, type)
        }
        #expect(error("{\(entry("a", "[2]", 0, 8))}", data: 8) == nil)
        #expect(error("{\(entry("a", "[2]", 0, 8))}", data: 7) == .place(tensor: "a"))
        #expect(error("{\(entry("a", "[2]", 0, 8))}", data: 9) == .excess(1))
        #expect(error("{\(entry("a", "[3]", 0, 8))}", data: 8) == .place(tensor: "a"))
        #expect(error("{\(entry("a", "[2]", 4, 12))}", data: 12) == .place(tensor: "a"))
        let overlapping = "{\(entry("a", "[2]", 0, 8)), \(entry("b", "[2]", 4, 12))}"
        #expect(error(overlapping, data: 12) == .place(tensor: "b"))
        let huge = "[1099511627776, 1099511627776, 4]"
        #expect(error("{\(entry("a", huge, 0, 8))}", data: 8) == .place(tensor: "a"))
        for wrong in [
            "{\(entry("a", "[2]", 8, 0))}", "{\(entry("a", "[-2]", 0, 8))}",
            "{\(entry("a", "[2]", 0, 8, "F16"))}", #"{"a": 1}"#, "[]", #"{"a": {"dtype": "F32"}}"#,
            #"{"__metadata__": {"n": 1}}"#,
        ] {
            guard case .form = error(wrong, data: 8) else {
                Issue.record("\(wrong): \(String(describing: error(wrong, data: 8)))")
                continue
            }
        }
        let twice = "{\(entry("a", "[1]", 0, 4)), \(entry("a", "[1]", 4, 8))}"
        for wrong in [twice, "{", "", String(repeating: "[", count: 10_000)] {
            guard case .header = error(wrong, data: 8) else {
                Issue.record("\(wrong.prefix(80)): \(String(describing: error(wrong, data: 8)))")
                continue
            }
        }
    }

    @Test func `a header longer than the file, or than any, is refused`() {
        #expect(throws: SafetensorsError.truncated) { try SafetensorsFile(bytes: [1, 2, 3]) }
        #expect(throws: SafetensorsError.truncated) { try SafetensorsFile(bytes: [9, 0, 0, 0, 0, 0, 0, 0, 123, 125]) }
        #expect(throws: SafetensorsError.headerTooLong(.max)) {
            try SafetensorsFile(bytes: [UInt8](repeating: 255, count: 64))
        }
        // Another kind of file: eight characters of a text are a length.
        let table = #expect(throws: SafetensorsError.self) {
            try SafetensorsFile(bytes: Array("a,b,c,d,e\n1,2,3,4,5\n".utf8))
        }
        #expect(table?.description.hasPrefix("it is no safetensors file") ?? false)
    }

    @Test func `no prefix and no changed byte makes the reader trap`() throws {
        let good = Self.file.bytes
        for count in 0..<good.count {
            #expect(throws: SafetensorsError.self) { try SafetensorsFile(bytes: Array(good.prefix(count))) }
        }
        let seed: UInt64 = 20_251
        var stream = RandomStream(key: RandomStream.mix(seed))
        var refused = 0
        for _ in 0..<4000 {
            var bytes = good
            for _ in 0..<(1 + stream.below(4)) {
                bytes[stream.below(bytes.count)] = UInt8(stream.below(256))
            }
            do { _ = try SafetensorsFile(bytes: bytes) } catch { refused += 1 }
        }
        // Some changes hit a number or a text, which stays a file.
        #expect(refused > 1000 && refused < 4000, "seed \(seed)")
    }
}
