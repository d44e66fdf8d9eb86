/// What is wrong with a text that should be JSON.
package struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The byte at which it was noticed, from 0.
    package let offset: Int
    /// What was expected or is not allowed.
    package let message: String
    package var description: String { "not JSON at byte \(offset): \(message)" }
}

extension JSONValue {
    /// How much a document may demand before it is refused.
    package struct Limits: Hashable, Sendable {
        /// Bytes of text.
        package var bytes: Int
        /// Arrays and objects inside one another.
        package var depth: Int
        /// Values in all, so that a small text cannot become a large tree.
        package var values: Int

        /// The defaults hold the curves of 10,000 trials of 50 epochs (some 50 MB, 4 million values).
        package init(bytes: Int = 256 << 20, depth: Int = 32, values: Int = 20_000_000) {
            self.bytes = bytes
            self.depth = depth
            self.values = values
        }
    }

    /// Reads one JSON document (RFC 8259); anything else, a repeated key or more than `limits` is an error, never a trap.
    ///
    /// With `allowsNonFinite` the words `NaN`, `Infinity` and `-Infinity`, which Python's `json` writes, are numbers too.
    package init(
        parsing bytes: [UInt8],
        limits: Limits = Limits(),
        allowsNonFinite: Bool = false
    ) throws(JSONError) {
        guard bytes.count <= limits.bytes else {
            throw JSONError(offset: limits.bytes, message: "the document is larger than \(limits.bytes) bytes")
        }
        var parser = JSONParser(bytes: bytes, limits: limits, allowsNonFinite: allowsNonFinite)
        self = try parser.document()
    }
}

private struct JSONParser {
    let bytes: [UInt8]
    let limits: JSONValue.Limits
    let allowsNonFinite: Bool
    var position = 0
    var values = 0

    init(bytes: [UInt8], limits: JSONValue.Limits, allowsNonFinite: Bool) {
        self.bytes = bytes
        self.limits = limits
        self.allowsNonFinite = allowsNonFinite
    }

    mutating func document() throws(JSONError) -> JSONValue {
        let value = try value(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw error("nothing may follow the document") }
        return value
    }

    private func error(_ message: String) -> JSONError { JSONError(offset: position, message: message) }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func take(_ byte: Character) -> Bool {
        guard next == byte.asciiValue else { return false }
        position += 1
        return true
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        values += 1
        guard values <= limits.values else { throw error("more than \(limits.values) values") }
        guard depth <= limits.depth else { throw error("nested deeper than \(limits.depth)") }
        skipSpace()
        guard let next else { throw error("the document ends too early") }
        switch next {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .text(try text())
        case UInt8(ascii: "t"): return try word("true", .boolean(true))
        case UInt8(ascii: "f"): return try word("false", .boolean(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "N") where allowsNonFinite: return try word("NaN", .number(.nan))
        case UInt8(ascii: "I") where allowsNonFinite: return try word("Infinity", .number(.infinity))
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default: throw error("expected a value")
        }
    }

    private mutating func word(_ word: String, _ value: JSONValue) throws(JSONError) -> JSONValue {
        for byte in word.utf8 {
            guard next == byte else { throw error("expected \(word)") }
            position += 1
        }
        return value
    }

    private mutating func array(depth: Int) throws(JSONError) -> JSONValue {
        position += 1
        var items: [JSONValue] = []
        skipSpace()
        if take("]") { return .array(items) }
        while true {
            items.append(try value(depth: depth + 1))
            skipSpace()
            if take("]") { return .array(items) }
            guard take(",") else { throw error("expected , or ]") }
        }
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSONValue {
        position += 1
        var members: [JSONMember] = []
        var keys: Set<String> = []
        skipSpace()
        if take("}") { return .object(members) }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw error("expected a key") }
            let key = try text()
            guard keys.insert(key).inserted else { throw error("a key comes twice in one object") }
            skipSpace()
            guard take(":") else { throw error("expected :") }
            members.append(JSONMember(key, try value(depth: depth + 1)))
            skipSpace()
            if take("}") { return .object(members) }
            guard take(",") else { throw error("expected , or }") }
        }
    }

    private mutating func number() throws(JSONError) -> JSONValue {
        let start = position
        if take("-"), allowsNonFinite, next == UInt8(ascii: "I") { return try word("Infinity", .number(-.infinity)) }
        if take("0") {
            if let byte = next, isDigit(byte) { throw error("a number may not begin with 0") }
        } else {
            try digits()
        }
        var whole = true
        if take(".") {
            whole = false
            try digits()
        }
        if take("e") || take("E") {
            whole = false
            if !take("+") { _ = take("-") }
            try digits()
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if whole, let value = Int(text) { return .integer(value) }
        if whole, let value = UInt64(text) { return .unsigned(value) }
        guard let value = Double(text), value.isFinite else { throw error("a number beyond the range of a Double") }
        return .number(value)
    }

    private func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

    private mutating func digits() throws(JSONError) {
        guard let first = next, isDigit(first) else { throw error("expected a digit") }
        while let byte = next, isDigit(byte) { position += 1 }
    }

    private mutating func text() throws(JSONError) -> String {
        position += 1
        var content: [UInt8] = []
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: content, as: UTF8.self) else {
                    throw error("text that is not UTF-8")
                }
                return text
            case UInt8(ascii: "\\"): try escape(into: &content)
            case 0..<0x20: throw error("a control character in a text")
            default: content.append(byte)
            }
        }
        throw error("a text without an end")
    }

    private mutating func escape(into content: inout [UInt8]) throws(JSONError) {
        guard let byte = next else { throw error("a text without an end") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0C)
        case UInt8(ascii: "n"): content.append(0x0A)
        case UInt8(ascii: "r"): content.append(0x0D)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "u"):
            var code = try hexadecimal()
            if (0xD800..<0xDC00).contains(code) {
                guard take("\\"), take("u") else { throw error("half of a surrogate pair") }
                let low = try hexadecimal()
                guard (0xDC00..<0xE000).contains(low) else { throw error("half of a surrogate pair") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw error("half of a surrogate pair") }
            content.append(contentsOf: Array(String(Character(scalar)).utf8))
        default: throw error("an unknown escape")
        }
    }

    private mutating func hexadecimal() throws(JSONError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw error("expected four hexadecimal digits")
            }
            code = code << 4 + UInt32(digit)
            position += 1
        }
        return code
    }
}
