/// The structure of a delimited text file: where its rows begin, how many fields they have, what is wrong with that.
///
/// Cells are read from the bytes when they are asked for, so a table costs its file and 16 bytes a row.
struct CSVTable {
    let file: String
    let bytes: Blob
    let delimiter: UInt8
    /// The fields each row must have: what most rows have.
    let fieldCount: Int
    /// The rows with that many fields, header included.
    let rows: [Row]
    /// The first row, whatever its length.
    let firstRow: Row?
    private let plainQuotes: Set<Int>

    struct Row: Equatable {
        let start: Int
        let line: Int32
        let fields: Int32
    }

    /// Finds the rows of `bytes`; what is wrong goes to `problems`. Nil when the bytes are no text at all.
    init?(bytes: Blob, file: String, problems: inout ProblemList) {
        // A byte order mark, which some programs write before UTF-8.
        let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        guard Self.checkEncoding(bytes, from: start, file: file, problems: &problems) else { return nil }
        let found = bytes.withUnsafeBufferPointer { buffer in
            let delimiter = Self.delimiter(of: buffer, from: start)
            return Self.findRows(buffer, from: start, delimiter: delimiter, file: file, problems: &problems)
        }
        self.file = file
        self.bytes = bytes
        delimiter = found.delimiter
        plainQuotes = found.plainQuotes
        firstRow = found.rows.first
        let usual = Self.usualCount(found.rows)
        fieldCount = usual
        rows =
            found.rows.allSatisfy { Int($0.fields) == usual }
            ? found.rows : found.rows.filter { Int($0.fields) == usual }
        for row in found.rows where Int(row.fields) != usual {
            problems.add(.ragged, file: file) {
                DataProblem(
                    .ragged,
                    file: file,
                    line: Int(row.line),
                    wrong: "the row has a wrong number of fields",
                    found: "\(row.fields)",
                    allowed: "\(usual), as most rows have"
                )
            }
        }
    }

    /// Calls `body` with a scanner over the bytes.
    func withScanner<Result>(_ body: (CSVScanner) -> Result) -> Result {
        bytes.withUnsafeBufferPointer { buffer in
            body(CSVScanner(bytes: buffer, delimiter: delimiter, plainQuotes: plainQuotes))
        }
    }

    /// Calls `body` with each of the rows, their fields and the scanner that found them.
    func scan(_ rows: ArraySlice<Row>, _ body: (Row, [CSVField], CSVScanner) -> Void) {
        withScanner { scanner in
            var fields: [CSVField] = []
            for row in rows {
                var position = row.start
                var line = 0
                do throws(CSVScanner.QuoteFault) {
                    try scanner.scanRow(&position, line: &line, into: &fields)
                } catch {
                    // Rows with faults are not among a table's rows.
                    continue
                }
                body(row, fields, scanner)
            }
        }
    }

    private static func checkEncoding(_ bytes: Blob, from start: Int, file: String, problems: inout ProblemList)
        -> Bool
    {
        func refuse(_ wrong: String, _ allowed: String) -> Bool {
            problems.add(DataProblem(.encoding, file: file, wrong: wrong, allowed: allowed))
            return false
        }
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            return refuse("the file is UTF-16", "UTF-8 text")
        }
        if bytes.count >= 4, bytes[0] == 0, bytes[1] == 0, IDXFile.ElementType(rawValue: bytes[2]) != nil {
            return refuse("the file is in the IDX format", "a table; write IDX files as {images: FILE, labels: FILE}")
        }
        if bytes.withUnsafeBufferPointer({ $0.contains(0) }) {
            return refuse("the file holds zero bytes, so it is no text", "UTF-8 text")
        }
        if bytes[start...].allSatisfy({ $0 == 10 || $0 == 13 || $0 == 32 || $0 == 9 }) {
            problems.add(DataProblem(.empty, file: file, wrong: "the file is empty", allowed: "a row a line"))
            return false
        }
        return true
    }

    /// The delimiter: of tab, semicolon and comma the first that stands the same number of times, at least once, in each
    /// of the first 50 rows outside quotes; else the most frequent one.
    ///
    /// Tab and semicolon go before the comma because a comma is also a decimal sign (`1,5;2,5`), they never are.
    private static func delimiter(of bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> UInt8 {
        let candidates = [UInt8(ascii: "\t"), UInt8(ascii: ";"), UInt8(ascii: ",")]
        var rows: [[Int]] = []
        var counts = [0, 0, 0]
        var isQuoted = false
        var hasContent = false
        var at = start
        while at < bytes.count, rows.count < 50 {
            let byte = bytes[at]
            at += 1
            if byte == CSVScanner.quote {
                isQuoted.toggle()
            } else if isQuoted {
                continue
            } else if byte == CSVScanner.lineFeed || byte == CSVScanner.carriageReturn {
                if hasContent { rows.append(counts) }
                counts = [0, 0, 0]
                hasContent = false
                continue
            } else if let index = candidates.firstIndex(of: byte) {
                counts[index] += 1
            }
            hasContent = true
        }
        if hasContent { rows.append(counts) }
        for index in candidates.indices {
            guard let first = rows.first?[index], first > 0 else { continue }
            if rows.allSatisfy({ $0[index] == first }) { return candidates[index] }
        }
        let totals = candidates.indices.map { index in rows.reduce(0) { $0 + $1[index] } }
        let best = totals.max() ?? 0
        // With no delimiter anywhere the file has one column, and the comma serves as well as any.
        return best > 0 ? candidates[totals.firstIndex(of: best)!] : candidates[2]
    }

    private struct Found {
        var rows: [Row] = []
        var plainQuotes: Set<Int> = []
        let delimiter: UInt8
    }

    private static func findRows(
        _ bytes: UnsafeBufferPointer<UInt8>,
        from start: Int,
        delimiter: UInt8,
        file: String,
        problems: inout ProblemList
    ) -> Found {
        var found = Found(delimiter: delimiter)
        var scanner = CSVScanner(bytes: bytes, delimiter: delimiter)
        var fields: [CSVField] = []
        var position = start
        var line = 1
        var faults = 0
        while true {
            scanner.skipBlankLines(&position, line: &line)
            guard position < bytes.count else { break }
            let rowStart = position
            let rowLine = line
            do throws(CSVScanner.QuoteFault) {
                try scanner.scanRow(&position, line: &line, into: &fields)
                found.rows.append(
                    Row(start: rowStart, line: Int32(clamping: rowLine), fields: Int32(clamping: fields.count))
                )
            } catch {
                let place = scanner.place(of: error.position, rowStart: rowStart, rowLine: rowLine)
                problems.add(.quote, file: file) {
                    DataProblem(
                        .quote,
                        file: file,
                        line: place.line,
                        column: place.column,
                        wrong: error.wrong,
                        allowed: error.isUnclosed
                            ? "a closing quote before the end of the field" : "a delimiter or the end of the line"
                    )
                }
                faults += 1
                // Each fault may cost a scan to the end of the file, so their number is bounded.
                guard faults < DataProblems.limitOfAKind else { break }
                if error.isUnclosed {
                    scanner.plainQuotes.insert(error.position)
                    position = rowStart
                    line = rowLine
                } else {
                    // Go on with the next line.
                    position = error.position
                    while position < bytes.count, bytes[position] != CSVScanner.lineFeed { position += 1 }
                    line = place.line
                }
            }
        }
        found.plainQuotes = scanner.plainQuotes
        return found
    }

    /// The number of fields that most rows have; of equals the one that came first.
    private static func usualCount(_ rows: [Row]) -> Int {
        var counts: [Int32: Int] = [:]
        for row in rows { counts[row.fields, default: 0] += 1 }
        let most = counts.values.max() ?? 0
        return Int(rows.first { counts[$0.fields] == most }?.fields ?? 0)
    }
}
