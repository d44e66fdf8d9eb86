import SweepCore

extension SpecNode {
    /// Reads JSON (RFC 8259) as the sweep file's values, without domains; nil for anything else.
    init?(json text: String) {
        var reader = JSONReader(bytes: Array(text.utf8))
        guard let node = reader.value(depth: 0), reader.isAtEnd else { return nil }
        self = node
    }

    /// The node as JSON; a domain as its text.
    var json: String {
        switch self {
        case .null: "null"
        case .boolean(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .real(let value): "\(value)"
        case .text(let value): Self.quoted(value)
        case .list(let items): "[" + items.map(\.json).joined(separator: ", ") + "]"
        case .map(let entries):
            "{" + entries.map { "\(Self.quoted($0.key)): \($0.value.json)" }.joined(separator: ", ") + "}"
        case .domain(let domain): Self.quoted(domain.text)
        }
    }

    /// A string of JSON.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

/// Where reading JSON has come to.
private struct JSONReader {
    let bytes: [UInt8]
    var place = 0
    static let greatestDepth = 64

    /// Whether nothing but white space is left.
    var isAtEnd: Bool {
        mutating get {
            skipSpace()
            return place == bytes.count
        }
    }

    mutating func value(depth: Int) -> SpecNode? {
        skipSpace()
        guard place < bytes.count, depth < Self.greatestDepth else { return nil }
        switch bytes[place] {
        case UInt8(ascii: "{"): return map(depth)
        case UInt8(ascii: "["): return list(depth)
        case UInt8(ascii: "\""): return string().map { .text($0) }
        case UInt8(ascii: "t"): return word("true").map { .boolean(true) }
        case UInt8(ascii: "f"): return word("false").map { .boolean(false) }
        case UInt8(ascii: "n"): return word("null").map { .null }
        default: return number()
        }
    }

    private mutating func skipSpace() {
        while place < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[place]) { place += 1 }
    }

    /// Takes a byte if it comes next after white space.
    private mutating func take(_ byte: Unicode.Scalar) -> Bool {
        skipSpace()
        guard place < bytes.count, bytes[place] == UInt8(ascii: byte) else { return false }
        place += 1
        return true
    }

    private mutating func word(_ text: StaticString) -> Void? {
        let expected = Array("\(text)".utf8)
        guard bytes[place...].starts(with: expected) else { return nil }
        place += expected.count
        return ()
    }

    private mutating func list(_ depth: Int) -> SpecNode? {
        place += 1
        var items: [SpecNode] = []
        if take("]") { return .list(items) }
        repeat {
            guard let item = value(depth: depth + 1) else { return nil }
            items.append(item)
        } while take(",")
        return take("]") ? .list(items) : nil
    }

    private mutating func map(_ depth: Int) -> SpecNode? {
        place += 1
        var entries: [SpecEntry] = []
        if take("}") { return .map(entries) }
        repeat {
            skipSpace()
            guard place < bytes.count, bytes[place] == UInt8(ascii: "\""), let key = string(), take(":"),
                let item = value(depth: depth + 1)
            else { return nil }
            entries.append(SpecEntry(key, item))
        } while take(",")
        return take("}") ? .map(entries) : nil
    }

    /// A string; of the escapes only those of one character are known.
    private mutating func string() -> String? {
        place += 1
        var result: [UInt8] = []
        while place < bytes.count {
            let byte = bytes[place]
            place += 1
            switch byte {
            case UInt8(ascii: "\""): return String(validating: result, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard place < bytes.count,
                    [UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/")].contains(bytes[place])
                else { return nil }
                result.append(bytes[place])
                place += 1
            case ..<0x20: return nil
            default: result.append(byte)
            }
        }
        return nil
    }

    private mutating func number() -> SpecNode? {
        let start = place
        while place < bytes.count, Self.numeric.contains(bytes[place]) { place += 1 }
        guard let text = String(validating: bytes[start..<place], as: UTF8.self) else { return nil }
        if let integer = Int(text) { return .integer(integer) }
        return Double(text).flatMap { $0.isFinite ? .real($0) : nil }
    }

    private static let numeric = Set("+-.0123456789Ee".utf8)
}
