internal import Glibc

/// What a table's cell says.
enum CellValue: Equatable {
    case missing
    /// A finite number.
    case number(Double)
    /// Written as a number, but infinite or beyond what 32 bits hold.
    case tooLarge
    case text

    /// Reads a cell.
    ///
    /// Missing: nothing, `?`, and in any case of letters `NA`, `N/A`, `NaN`, `null`. Numbers: decimal digits with
    /// optional sign, point and exponent; no hexadecimal, no digit groups. Rounded correctly to a double (the nearest one),
    /// so the value does not depend on the machine.
    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let first = bytes.first else {
            self = .missing
            return
        }
        if first == UInt8(ascii: "?"), bytes.count == 1 {
            self = .missing
        } else if let value = Self.decimal(bytes) {
            // The largest float, 3.4e38: features and targets are stored in 32 bits.
            self = abs(value) <= Double(Float.greatestFiniteMagnitude) ? .number(value) : .tooLarge
        } else {
            self = Self.word(bytes)
        }
    }

    private static func word(_ bytes: UnsafeBufferPointer<UInt8>) -> CellValue {
        guard bytes.count <= 9 else { return .text }
        let word = String(decoding: bytes, as: UTF8.self).lowercased()
        switch word {
        case "na", "n/a", "nan", "null": return .missing
        case "inf", "+inf", "-inf", "infinity", "+infinity", "-infinity": return .tooLarge
        default: return .text
        }
    }

    /// Powers of ten that a double holds exactly.
    private static let powers: [Double] = {
        var powers = [1.0]
        for _ in 1...22 { powers.append(powers.last! * 10) }
        return powers
    }()

    /// The number that `bytes` write in decimal; nil when they do not.
    static func decimal(_ bytes: UnsafeBufferPointer<UInt8>) -> Double? {
        var at = 0
        let count = bytes.count
        var negative = false
        if bytes[0] == UInt8(ascii: "-") || bytes[0] == UInt8(ascii: "+") {
            negative = bytes[0] == UInt8(ascii: "-")
            at = 1
        }
        var mantissa: UInt64 = 0
        var digits = 0
        var significant = 0
        var scale = 0
        var seenPoint = false
        while at < count {
            let byte = bytes[at]
            if byte &- 48 < 10 {
                digits += 1
                if significant > 0 || byte != 48 { significant += 1 }
                if significant <= 19 { mantissa = mantissa &* 10 &+ UInt64(byte &- 48) }
                if seenPoint { scale -= 1 }
            } else if byte == UInt8(ascii: "."), !seenPoint {
                seenPoint = true
            } else {
                break
            }
            at += 1
        }
        guard digits > 0 else { return nil }
        var exponent = 0
        if at < count {
            guard bytes[at] | 0x20 == UInt8(ascii: "e"), at + 1 < count else { return nil }
            at += 1
            var negativeExponent = false
            if bytes[at] == UInt8(ascii: "-") || bytes[at] == UInt8(ascii: "+") {
                negativeExponent = bytes[at] == UInt8(ascii: "-")
                at += 1
            }
            guard at < count else { return nil }
            while at < count {
                guard bytes[at] &- 48 < 10 else { return nil }
                // Beyond any double's range; saturates instead of running over.
                exponent = min(exponent * 10 + Int(bytes[at] &- 48), 100_000)
                at += 1
            }
            if negativeExponent { exponent = -exponent }
        }
        let power = scale + exponent
        // Clinger's fast path: both numbers are exact doubles, so one rounding happens, the right one.
        if significant <= 19, mantissa < 1 << 53, -22...22 ~= power {
            let value = power < 0 ? Double(mantissa) / powers[-power] : Double(mantissa) * powers[power]
            return negative ? -value : value
        }
        return Double(String(decoding: bytes, as: UTF8.self))
    }
}
