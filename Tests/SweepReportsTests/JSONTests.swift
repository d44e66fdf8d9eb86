import SweepNumerics
import SweepReports
import Testing

@Suite struct JSONTests {
    private func parse(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

    private func random(_ stream: inout RandomStream, depth: Int) -> JSONValue {
        switch stream.below(depth > 0 ? 8 : 6) {
        case 0: return .null
        case 1: return .boolean(stream.below(2) == 0)
        case 2: return .integer(Int(truncatingIfNeeded: stream.next() >> UInt64(stream.below(64))))
        case 3: return JSONValue.whole(stream.next() | 1 << 63)
        case 4:
            let value = Double(bitPattern: stream.next())
            return .number(value.isFinite ? value : 0.5)
        case 5:
            let scalars = ["a", "\"", "\\", "\n", "\u{1}", "é", "漢", "😀", "/", "\u{7F}", "\r\n"]
            return .text((0..<stream.below(6)).map { _ in scalars[stream.below(scalars.count)] }.joined())
        case 6: return .array((0..<stream.below(4)).map { _ in random(&stream, depth: depth - 1) })
        default:
            return .object((0..<stream.below(4)).map { JSONMember("k\($0)", random(&stream, depth: depth - 1)) })
        }
    }

    @Test(arguments: 0..<200) func `what is written is read back`(_ seed: UInt64) throws {
        var stream = RandomStream(key: seed)
        let value = random(&stream, depth: 4)
        #expect(try parse(value.text()) == value, "seed \(seed): \(value.text())")
        #expect(try parse(value.text(pretty: true)) == value, "seed \(seed)")
    }

    @Test func `texts and numbers have one form`() {
        let value = JSONValue.object([
            JSONMember("a", .number(1)), JSONMember("b", .integer(1)), JSONMember("c", .text("x\u{1}\"\\\n")),
            JSONMember("d", .array([.number(1e-5), .null, .unsigned(.max)])), JSONMember("e", .number(.nan)),
        ])
        #expect(
            value.text()
                == #"{"a":1.0, "b":1, "c":"x\u0001\"\\\n", "d":[1e-05, null, 18446744073709551615], "e":null}"#
        )
        #expect(
            JSONValue.object([JSONMember("rows", .array([.object([]), .object([JSONMember("x", .integer(1))])]))]).text(
                pretty: true
            ) == "{\n  \"rows\": [\n    {},\n    {\n      \"x\": 1\n    }\n  ]\n}"
        )
    }

    @Test func `a whole number may be written with a point, as JSON Schema has it`() throws {
        func read(_ text: String) throws -> DocumentReader { DocumentReader(try JSONValue(parsing: Array(text.utf8))) }
        for text in ["352", "352.0", "3.52e2"] {
            #expect(try read(text).integer() == 352 && read(text).unsigned() == 352, "\(text)")
        }
        #expect(try read("-2.0").integer() == -2)
        for text in ["352.5", "1e300", "\"352\"", "null"] {
            #expect(throws: DocumentError.self) { try read(text).integer() }
        }
        #expect(throws: DocumentError.self) { try read("-2.0").unsigned() }
    }

    @Test func `escapes are read`() throws {
        #expect(try parse(#" "\u0041\ud83d\ude00\/\b\f" "#) == .text("A😀/\u{8}\u{C}"))
        #expect(try parse("[ ]") == .array([]))
        #expect(try parse("-0") == .integer(0))
        #expect(try parse("1E+2") == .number(100))
    }

    @Test(arguments: [
        "", "{", "[1,]", "{\"a\":1,}", "01", "1.", "1e", "+1", ".5", "nul", "\"", "\"\\x\"", "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud800\\u0041\"", "[1] 2", "{\"a\":1,\"a\":2}", "{1:2}", "\"\u{1}\"", "1e999", "NaN", "[1 2]", "{\"a\" 1}",
        "-",
    ]) func `what is not JSON is an error`(_ text: String) {
        #expect(throws: JSONError.self) { try parse(text) }
    }

    @Test func `bytes that are not UTF-8 are an error`() {
        #expect(throws: JSONError.self) { try JSONValue(parsing: [0x22, 0xFF, 0x22]) }
    }

    @Test func `depth, size and number of values are bounded`() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: JSONError.self) { try parse(deep) }
        let limits = JSONValue.Limits(bytes: 10, depth: 2, values: 3)
        #expect(throws: JSONError.self) { try JSONValue(parsing: Array("[1,2,3]".utf8), limits: limits) }
        #expect(throws: JSONError.self) { try JSONValue(parsing: Array("[[[1]]]".utf8), limits: limits) }
        #expect(throws: JSONError.self) { try JSONValue(parsing: Array("\"12345678901\"".utf8), limits: limits) }
        #expect(throws: Never.self) { try JSONValue(parsing: Array("[[1]]".utf8), limits: limits) }
    }

    @Test(arguments: 0..<300) func `random bytes never trap`(_ seed: UInt64) {
        var stream = RandomStream(key: seed)
        let alphabet = Array("{}[]\",:\\u0123e+-.tfn \n".utf8)
        let bytes = (0..<stream.below(60)).map { _ in
            stream.below(20) == 0 ? UInt8(truncatingIfNeeded: stream.next()) : alphabet[stream.below(alphabet.count)]
        }
        if let value = try? JSONValue(parsing: bytes) { #expect((try? parse(value.text())) == value, "seed \(seed)") }
    }
}
