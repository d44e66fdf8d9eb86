import SweepCore

/// The rules by which an unquoted scalar gets its type.
///
/// They follow YAML 1.2's core schema and leave out what surprises: no `yes`, `no`, `on`, `off`, no octal or hexadecimal
/// numbers, no dates, no underscores. What no rule takes is text.
enum YAMLScalar {
    /// The value of the unquoted scalar `text`; infinite when it is a number that no double can hold, or `.inf`.
    static func resolve(_ text: String) -> SpecNode {
        switch text {
        case "", "~", "null": return .null
        case "true": return .boolean(true)
        case "false": return .boolean(false)
        case ".inf", "+.inf": return .real(.infinity)
        case "-.inf": return .real(-.infinity)
        case ".nan": return .real(.nan)
        default: break
        }
        switch number(Array(text.utf8)) {
        case .none: return .text(text)
        case .integer:
            // Beyond 64 bits an integer becomes the nearest real.
            if let value = Int(text) { return .integer(value) }
            return Double(text).map(SpecNode.real) ?? .text(text)
        case .real: return Double(text).map(SpecNode.real) ?? .text(text)
        }
    }

    private enum Form {
        case none, integer, real
    }

    /// `[-+]? (digits [. digits?]? | . digits) ([eE] [-+]? digits)?`
    private static func number(_ bytes: [UInt8]) -> Form {
        var rest = bytes[...]
        func skipSign() {
            if let byte = rest.first, byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") { rest.removeFirst() }
        }
        func skipDigits() -> Int {
            let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }.count
            rest.removeFirst(digits)
            return digits
        }
        skipSign()
        var digits = skipDigits()
        if rest.isEmpty { return digits > 0 ? .integer : .none }
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            digits += skipDigits()
        }
        guard digits > 0 else { return .none }
        if let byte = rest.first, byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
            rest.removeFirst()
            skipSign()
            guard skipDigits() > 0 else { return .none }
        }
        return rest.isEmpty ? .real : .none
    }
}
