import SweepCore

/// The cells of the column that groups rows or gives their time; it is no feature.
struct SplitColumn: Sendable {
    let name: String
    /// The column's index in the file.
    let index: Int
    /// A text a row.
    let cells: [String]

    /// Reads the column that `rule` names; nil when it names none, or when something is wrong (and reported).
    init?(
        _ rule: RowRule,
        table: CSVTable,
        rows: ArraySlice<CSVTable.Row>,
        names: [String],
        targets: [Int],
        problems: inout ProblemList
    ) {
        let key: String
        let column: ColumnName
        switch rule {
        case .independent: return nil
        case .group(let name): (key, column) = ("group", name)
        case .time(let name): (key, column) = ("time", name)
        }
        let found: Int?
        switch column {
        case .name(let name): found = names.firstIndex(of: name)
        case .index(let index): found = names.indices.contains(index) ? index : nil
        }
        guard let index = found, !targets.contains(index) else {
            problems.add(
                DataProblem(
                    .header,
                    file: table.file,
                    specPath: .data(key),
                    wrong: found == nil ? "there is no such column" : "this column is the target",
                    found: column.text,
                    allowed: CSVHeader.list(names)
                )
            )
            return nil
        }
        name = names[index]
        self.index = index
        let before = problems.count
        var cells: [String] = []
        table.scan(rows) { row, fields, scanner in
            let field = fields[index]
            if CellValue(UnsafeBufferPointer(rebasing: scanner.bytes[field.start..<field.end])) == .missing {
                problems.add(.missing, file: table.file) {
                    DataProblem(
                        .missing,
                        file: table.file,
                        line: Int(row.line),
                        field: names[index],
                        specPath: .data(key),
                        wrong: "the \(key) of the row is missing",
                        allowed: "a value in each row"
                    )
                }
            }
            cells.append(scanner.text(of: field))
        }
        self.cells = cells
        guard problems.count == before else { return nil }
    }
}

extension ColumnName {
    /// As the sweep file writes it.
    var text: String {
        switch self {
        case .name(let name): name
        case .index(let index): String(index)
        }
    }
}

extension RowBinding {
    /// What `rule` makes of the rows of all sources; nil when a source has no such column or no times (and reported).
    init?(_ rule: RowRule, main: RawTable, parts: [RawTable?], problems: inout ProblemList) {
        switch rule {
        case .independent: self = .independent
        case .group:
            var numbers: [String: Int32] = [:]
            var groups: [Int32] = []
            for table in [main] + parts.compactMap({ $0 }) {
                guard let column = Self.column(of: table, "group", problems: &problems) else { return nil }
                for cell in column.cells {
                    let next = Int32(numbers.count)
                    groups.append(numbers[cell, default: next])
                    if numbers[cell] == nil { numbers[cell] = next }
                }
            }
            self = .groups(groups)
        case .time:
            guard let column = Self.column(of: main, "time", problems: &problems),
                let order = Self.order(column, main, problems: &problems)
            else { return nil }
            self = .times(order)
        }
    }

    private static func column(of table: RawTable, _ key: String, problems: inout ProblemList) -> SplitColumn? {
        if let column = table.splitColumn { return column }
        problems.add(
            DataProblem(
                .header,
                file: table.file,
                specPath: .data(key),
                wrong: "this source has no columns to choose a \(key) from",
                allowed: "a table"
            )
        )
        return nil
    }

    /// The rows by time: numbers by value, else ISO dates by their text; of equal times in the file's order.
    private static func order(_ column: SplitColumn, _ table: RawTable, problems: inout ProblemList) -> [Int32]? {
        let rows = (0..<column.cells.count).map { Int32($0) }
        let numbers = column.cells.map { cell -> Double? in
            var cell = cell
            return cell.withUTF8 { if case .number(let value) = CellValue($0) { value } else { nil } }
        }
        if !numbers.contains(nil) {
            let numbers = numbers.compactMap { $0 }
            return rows.sorted { a, b in
                numbers[Int(a)] != numbers[Int(b)] ? numbers[Int(a)] < numbers[Int(b)] : a < b
            }
        }
        if let wrong = column.cells.firstIndex(where: { !isDate($0) }) {
            problems.add(
                DataProblem(
                    .text,
                    file: table.file,
                    line: table.line(wrong),
                    field: column.name,
                    specPath: .data("time"),
                    wrong: "the time is neither a number nor an ISO date",
                    found: "'\(ColumnReader.short(column.cells[wrong]))'",
                    allowed: "numbers in all rows, or dates as 2024-01-31 or 2024-01-31T12:00:00 in all rows"
                )
            )
            return nil
        }
        let keys = column.cells.map { Array($0.utf8) }
        return rows.sorted { a, b in
            let (left, right) = (keys[Int(a)], keys[Int(b)])
            return left != right ? left.lexicographicallyPrecedes(right) : a < b
        }
    }

    /// Whether `text` begins as 2024-01-31 does, so that the order of texts is that of time.
    private static func isDate(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count >= 10 else { return false }
        let isShaped = bytes.prefix(10).enumerated().allSatisfy { index, byte in
            index == 4 || index == 7 ? byte == UInt8(ascii: "-") : (48...57).contains(byte)
        }
        guard isShaped else { return false }
        return bytes.count == 10 || bytes[10] == UInt8(ascii: "T") || bytes[10] == UInt8(ascii: " ")
    }
}
