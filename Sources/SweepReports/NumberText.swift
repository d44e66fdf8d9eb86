/// Numbers as people read them; the documents for programs carry the exact ones.
package enum NumberText {
    /// A size for people: `512 B`, `1.5 KiB`, `730 MiB`.
    package static func bytes(_ count: Int) -> String {
        var size = Double(count)
        var unit = 0
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        while size >= 1000, unit < units.count - 1 {
            size /= 1024
            unit += 1
        }
        return "\(short(size, digits: 3)) \(units[unit])"
    }

    /// `value` with `digits` significant digits; positional between 0.0001 and 10⁷, else with an exponent.
    ///
    /// Trailing zeros stay, so that a column of measurements shows one precision.
    package static func significant(_ value: Double, digits: Int = 4) -> String {
        guard value.isFinite else { return word(value) }
        guard value != 0 else { return "0" }
        let exact = Decimal(value)
        // The digits in front of the point are never replaced by zeros.
        let decimal = exact.rounded(to: exact.exponent < 7 ? max(digits, exact.exponent + 1) : digits)
        let sign = value < 0 ? "-" : ""
        if decimal.exponent < -4 || decimal.exponent >= 7 {
            let head = decimal.digits.prefix(1)
            let tail = decimal.digits.dropFirst()
            return sign + Self.text(head) + (tail.isEmpty ? "" : "." + Self.text(tail)) + "e\(decimal.exponent)"
        }
        return sign + decimal.positional
    }

    /// `value` with the fewest digits up to `digits` significant ones: for settings, where 0.001 is 0.001.
    package static func short(_ value: Double, digits: Int = 4) -> String {
        let full = significant(value, digits: digits)
        guard full.contains("."), value.isFinite else { return full }
        let parts = full.split(separator: "e", maxSplits: 1)
        var head = parts[0]
        while head.hasSuffix("0") { head = head.dropLast() }
        if head.hasSuffix(".") { head = head.dropLast() }
        return String(head) + (parts.count > 1 ? "e" + parts[1] : "")
    }

    /// `value` with `decimals` digits after the point.
    package static func fixed(_ value: Double, decimals: Int) -> String {
        guard value.isFinite else { return word(value) }
        let decimal = value == 0 ? Decimal(digits: [0], exponent: 0) : Decimal(value)
        // The digits in front of the last place that is shown.
        let kept = decimal.exponent + 1 + decimals
        let rounded = kept < 0 ? Decimal(digits: [0], exponent: -decimals) : decimal.rounded(to: kept)
        let zero = rounded.digits.allSatisfy { $0 == 0 }
        return (value < 0 && !zero ? "-" : "") + rounded.padded(toDecimals: decimals)
    }

    /// A span of seconds as people say it: `850 ms`, `12.3 s`, `4 min 05 s`, `3 h 07 min`.
    package static func seconds(_ value: Double) -> String {
        guard value.isFinite, value >= 0 else { return "?" }
        if value < 1 { return fixed(value * 1000, decimals: 0) + " ms" }
        if value < 60 { return fixed(value, decimals: 1) + " s" }
        guard value < 1e15 else { return "?" }
        let whole = Int(value.rounded())
        if whole < 3600 { return "\(whole / 60) min \(twoDigits(whole % 60)) s" }
        return "\(whole / 3600) h \(twoDigits(whole % 3600 / 60)) min"
    }

    private static func twoDigits(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }

    private static func word(_ value: Double) -> String { value.isNaN ? "nan" : value > 0 ? "inf" : "-inf" }

    fileprivate static func text(_ digits: some Sequence<Int>) -> String { digits.map { String($0) }.joined() }
}

/// The magnitude of a number as decimal digits: d₀.d₁d₂… · 10^exponent.
private struct Decimal {
    var digits: [Int]
    var exponent: Int

    init(digits: [Int], exponent: Int) {
        self.digits = digits
        self.exponent = exponent
    }

    /// The shortest digits that give the same bits back; `value` is finite and not zero.
    init(_ value: Double) {
        let parts = "\(abs(value))".split(separator: "e", maxSplits: 1)
        var exponent = parts.count > 1 ? Int(parts[1].drop { $0 == "+" }) ?? 0 : 0
        let mantissa = parts[0].split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        exponent += mantissa[0].count - 1
        var digits = parts[0].compactMap(\.wholeNumberValue)
        while digits.count > 1, digits[0] == 0 {
            digits.removeFirst()
            exponent -= 1
        }
        self.init(digits: digits, exponent: exponent)
    }

    /// The number to `count` digits, half away from zero; zero digits round to 0 or to one more place.
    func rounded(to count: Int) -> Decimal {
        var kept = Array(digits.prefix(count))
        while kept.count < count { kept.append(0) }
        var result = Decimal(digits: kept, exponent: exponent)
        guard digits.count > count, digits[count] >= 5 else {
            return count == 0 ? Decimal(digits: [0], exponent: 0) : result
        }
        var position = count - 1
        while position >= 0 {
            if result.digits[position] < 9 {
                result.digits[position] += 1
                return result
            }
            result.digits[position] = 0
            position -= 1
        }
        result.digits.insert(1, at: 0)
        result.exponent += 1
        if count > 0 { result.digits.removeLast() }
        return result
    }

    var positional: String { padded(toDecimals: max(0, digits.count - 1 - exponent)) }

    /// Positional, with exactly `decimals` digits after the point (cut or filled with zeros).
    func padded(toDecimals decimals: Int) -> String {
        var whole = ""
        var fraction = ""
        for place in stride(from: max(exponent, 0), through: -decimals, by: -1) {
            let index = exponent - place
            let digit = digits.indices.contains(index) ? digits[index] : 0
            if place >= 0 { whole += String(digit) } else { fraction += String(digit) }
        }
        return decimals > 0 ? whole + "." + fraction : whole
    }
}
