/// Where a field of a row stands in the file's bytes.
struct CSVField: Equatable {
    /// First byte of the content (after an opening quote and blanks).
    var start: Int
    /// One past the last byte of the content.
    var end: Int
    /// Whether quotes stood around it.
    var quoted = false
    /// Whether the content holds doubled quotes.
    var doubled = false
}

/// Splits the bytes of a delimited text file into rows and fields.
///
/// Rules: RFC 4180, and what files in the wild need: LF, CRLF or CR ends a row; blanks around a field do not count; a
/// quote inside an unquoted field is an ordinary character; lines without any field are skipped.
/// Quotes hold delimiters and line ends, a doubled quote stands for one.
struct CSVScanner {
    let bytes: UnsafeBufferPointer<UInt8>
    let delimiter: UInt8
    /// Opening quotes without an end: they are read as ordinary characters, so that the rest of the file can be checked.
    var plainQuotes: Set<Int> = []

    /// A fault of quotes, found while scanning a row.
    struct QuoteFault: Error {
        let position: Int
        let wrong: String
        /// The fault is an opening quote whose end is not where it should be.
        let isUnclosed: Bool
    }

    static let quote = UInt8(ascii: "\"")
    static let lineFeed = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")

    private func isBlank(_ byte: UInt8) -> Bool {
        (byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")) && byte != delimiter
    }

    private func isLineEnd(_ byte: UInt8) -> Bool {
        byte == Self.lineFeed || byte == Self.carriageReturn
    }

    /// Skips line ends and blank lines from `position` on; counts the lines passed.
    func skipBlankLines(_ position: inout Int, line: inout Int) {
        var ahead = position
        while ahead < bytes.count {
            if isLineEnd(bytes[ahead]) {
                passLineEnd(&ahead)
                line += 1
                position = ahead
            } else if isBlank(bytes[ahead]) {
                ahead += 1
            } else {
                return
            }
        }
        position = bytes.count
    }

    private func passLineEnd(_ position: inout Int) {
        if bytes[position] == Self.carriageReturn, position + 1 < bytes.count, bytes[position + 1] == Self.lineFeed {
            position += 1
        }
        position += 1
    }

    /// Reads the row at `position` into `fields` and moves behind its line end; `line` rises by the line ends passed.
    func scanRow(_ position: inout Int, line: inout Int, into fields: inout [CSVField]) throws(QuoteFault) {
        fields.removeAll(keepingCapacity: true)
        while true {
            fields.append(try scanField(&position, line: &line))
            guard position < bytes.count else { return }
            if bytes[position] == delimiter {
                position += 1
            } else {
                passLineEnd(&position)
                line += 1
                return
            }
        }
    }

    /// Reads a field; afterwards `position` is at a delimiter, a line end or the end of the file.
    private func scanField(_ position: inout Int, line: inout Int) throws(QuoteFault) -> CSVField {
        while position < bytes.count, isBlank(bytes[position]) { position += 1 }
        if position < bytes.count, bytes[position] == Self.quote, !plainQuotes.contains(position) {
            return try scanQuoted(&position, line: &line)
        }
        let start = position
        while position < bytes.count, bytes[position] != delimiter, !isLineEnd(bytes[position]) { position += 1 }
        var end = position
        while end > start, isBlank(bytes[end - 1]) { end -= 1 }
        return CSVField(start: start, end: end)
    }

    private func scanQuoted(_ position: inout Int, line: inout Int) throws(QuoteFault) -> CSVField {
        let opening = position
        let firstLine = line
        var field = CSVField(start: opening + 1, end: opening + 1, quoted: true)
        var at = opening + 1
        while at < bytes.count {
            let byte = bytes[at]
            if byte == Self.quote {
                guard at + 1 < bytes.count, bytes[at + 1] == Self.quote else { break }
                field.doubled = true
                at += 1
            } else if byte == Self.lineFeed {
                line += 1
            } else if byte == Self.carriageReturn, at + 1 >= bytes.count || bytes[at + 1] != Self.lineFeed {
                line += 1
            }
            at += 1
        }
        guard at < bytes.count else {
            throw QuoteFault(position: opening, wrong: "a quote is opened and never closed", isUnclosed: true)
        }
        field.end = at
        at += 1
        while at < bytes.count, isBlank(bytes[at]) { at += 1 }
        if at < bytes.count, bytes[at] != delimiter, !isLineEnd(bytes[at]) {
            // A field that runs over lines and ends in the middle of another is an opening quote without its end.
            throw line > firstLine
                ? QuoteFault(position: opening, wrong: "a quote is opened and never closed", isUnclosed: true)
                : QuoteFault(position: at, wrong: "text stands after a closing quote", isUnclosed: false)
        }
        position = at
        return field
    }

    /// The bytes of a field, doubled quotes as they stand.
    func content(of field: CSVField) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: bytes[field.start..<field.end])
    }

    /// The text of a field, doubled quotes made single; bytes that are no UTF-8 become U+FFFD.
    func text(of field: CSVField) -> String {
        let content = UnsafeBufferPointer(rebasing: bytes[field.start..<field.end])
        guard field.doubled else { return String(decoding: content, as: UTF8.self) }
        var kept: [UInt8] = []
        var skip = false
        for byte in content {
            if byte == Self.quote, !skip {
                skip = true
                kept.append(byte)
            } else if byte != Self.quote || !skip {
                kept.append(byte)
                skip = false
            } else {
                skip = false
            }
        }
        return String(decoding: kept, as: UTF8.self)
    }

    /// The character of its line, from 1, at which `position` stands, and the line when the row at `rowStart` begins
    /// at `rowLine`.
    func place(of position: Int, rowStart: Int, rowLine: Int) -> (line: Int, column: Int) {
        var line = rowLine
        var lineStart = rowStart
        var at = rowStart
        while at < position {
            if isLineEnd(bytes[at]) {
                passLineEnd(&at)
                line += 1
                lineStart = at
            } else {
                at += 1
            }
        }
        let before = UnsafeBufferPointer(rebasing: bytes[lineStart..<max(position, lineStart)])
        // Characters as editors count them: all bytes but UTF-8's continuation bytes.
        return (line, before.count { $0 & 0xC0 != 0x80 } + 1)
    }
}
