/// Numbers that are written with a comma, which a table's cells are not.
enum NumberWithComma {
    /// Whether a cell is `1,5`, `-1.234,5` or `1,234`: digits, and points among them, on both sides of one comma; or `1,234,567.8`, where
    /// several commas part thousands.
    static func isOne(_ bytes: some BidirectionalCollection<UInt8>) -> Bool {
        let isSigned = bytes.first == UInt8(ascii: "-") || bytes.first == UInt8(ascii: "+")
        let digits = bytes.dropFirst(isSigned ? 1 : 0)
        guard let first = digits.first, let last = digits.last, Self.isDigit(first), Self.isDigit(last) else {
            return false
        }
        var commas = 0
        for byte in digits where !Self.isDigit(byte) {
            if byte == UInt8(ascii: ",") { commas += 1 } else if byte != UInt8(ascii: ".") { return false }
        }
        guard commas > 1 else { return commas == 1 }
        let whole = digits.prefix { $0 != UInt8(ascii: ".") }
        let groups = whole.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        return (1...3).contains(groups.first?.count ?? 0) && groups.dropFirst().allSatisfy { $0.count == 3 }
            && digits.dropFirst(whole.count + 1).allSatisfy(Self.isDigit)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    /// The same of a text.
    static func isOne(_ text: Substring) -> Bool { isOne(text.utf8) }
}
