import SweepCore

/// The names of a table's columns, and whether the first row holds them.
///
/// With `header: auto` the first row is a header when
/// 1. some column has a text there and mostly numbers in the rows after it (of the first 1,000), and
/// 2. the numbers in the first row, if any, are different integers ≥ 0: exporters number nameless columns so, while
///    a row of data with a mistyped number rarely looks like that.
/// A file of one row is a header when none of its cells is a number. Text targets (`R`, `M`) therefore do not make a
/// header, and a table of text only has none. `header: true` or `false` settles it.
struct CSVHeader {
    private(set) var names: [String]
    /// Whether the first row that has the usual number of fields holds names.
    private(set) var isFirstRow: Bool
    /// Whether a header is there that lacks or exceeds fields, so that names cannot be told.
    private(set) var isBroken: Bool
    private let line: Int

    private static let sampledRows = 1000

    init(table: CSVTable, rule: HeaderRule, problems: inout ProblemList) {
        var names: [(text: String, column: Int)] = []
        var isFirstRow = false
        var isBroken = false
        table.withScanner { scanner in
            guard let first = table.firstRow else { return }
            let cells = Self.cells(of: first, scanner)
            let isRagged = Int(first.fields) != table.fieldCount
            let isHeader =
                switch rule {
                case .true: true
                case .false: false
                case .auto where isRagged: !cells.contains { $0.value.isNumber }
                case .auto: Self.looksLikeHeader(cells, table: table, scanner)
                }
            isBroken = isHeader && isRagged
            isFirstRow = isHeader && !isRagged
            if isFirstRow {
                names = cells.map { cell in
                    let place = scanner.place(of: cell.field.start, rowStart: first.start, rowLine: Int(first.line))
                    return (scanner.text(of: cell.field), place.column)
                }
            }
        }
        line = Int(table.firstRow?.line ?? 1)
        self.isFirstRow = isFirstRow
        self.isBroken = isBroken
        self.names =
            isFirstRow ? names.map(\.text) : (0..<table.fieldCount).map { "column_\($0)" }
        if isFirstRow { Self.check(names, table: table, problems: &problems) }
    }

    /// The index of the column that `target` names; nil when there is none, and then it is reported.
    func index(of target: TargetColumn, file: String, problems: inout ProblemList) -> Int? {
        let path = SpecPath().appending(.key("data")).appending(.key("target"))
        switch target {
        case .last: return names.count - 1
        case .index(let index) where names.indices.contains(index): return index
        case .index(let index):
            problems.add(
                DataProblem(
                    .target,
                    file: file,
                    specPath: path,
                    wrong: "there is no column of this index",
                    found: String(index),
                    allowed: "0 to \(names.count - 1), counted from 0"
                )
            )
        case .name(let name):
            if let index = names.firstIndex(of: name) { return index }
            // With a broken header the names are not known; that is reported already.
            guard !isBroken else { return nil }
            problems.add(
                DataProblem(
                    .target,
                    file: file,
                    line: isFirstRow ? line : nil,
                    specPath: path,
                    wrong: "there is no column of this name" + (isFirstRow ? "" : " (the file has no header)"),
                    found: name,
                    allowed: Self.list(names) + (isFirstRow ? "" : ", or an index from 0, or last")
                )
            )
        }
        return nil
    }

    /// At most 20 names, quoted.
    static func list(_ names: [String]) -> String {
        let shown = names.prefix(20).map { "'\($0)'" }.joined(separator: ", ")
        return names.count > 20 ? shown + " and \(names.count - 20) more" : shown
    }

    private struct Cell {
        let field: CSVField
        let value: CellValue
    }

    private static func cells(of row: CSVTable.Row, _ scanner: CSVScanner) -> [Cell] {
        var fields: [CSVField] = []
        var position = row.start
        var line = 0
        do throws(CSVScanner.QuoteFault) {
            try scanner.scanRow(&position, line: &line, into: &fields)
        } catch {
            // Rows with faults are not among a table's rows.
            return []
        }
        return fields.map { field in
            Cell(field: field, value: CellValue(UnsafeBufferPointer(rebasing: scanner.bytes[field.start..<field.end])))
        }
    }

    private static func looksLikeHeader(_ first: [Cell], table: CSVTable, _ scanner: CSVScanner) -> Bool {
        var numbers: Set<Double> = []
        for case .number(let value) in first.map(\.value) {
            guard value >= 0, value == value.rounded(), numbers.insert(value).inserted else { return false }
        }
        guard table.rows.count > 1 else { return numbers.isEmpty }
        var balance = [Int](repeating: 0, count: first.count)
        for row in table.rows.dropFirst().prefix(sampledRows) {
            for (column, cell) in cells(of: row, scanner).enumerated() {
                if cell.value.isNumber { balance[column] += 1 }
                if cell.value == .text { balance[column] -= 1 }
            }
        }
        return first.indices.contains { first[$0].value == .text && balance[$0] > 0 }
    }

    private static func check(
        _ names: [(text: String, column: Int)],
        table: CSVTable,
        problems: inout ProblemList
    ) {
        let line = Int(table.firstRow?.line ?? 1)
        var seen: Set<String> = []
        for (index, name) in names.enumerated() {
            if name.text.isEmpty {
                problems.add(
                    DataProblem(
                        .header,
                        file: table.file,
                        line: line,
                        column: name.column,
                        wrong: "column \(index) has no name; exporters write row numbers under an empty name",
                        allowed: "a name, or the file without this column"
                    )
                )
            } else if !seen.insert(name.text).inserted {
                problems.add(
                    DataProblem(
                        .header,
                        file: table.file,
                        line: line,
                        column: name.column,
                        field: name.text,
                        wrong: "two columns have the same name",
                        found: "'\(name.text)'",
                        allowed: "different names"
                    )
                )
            } else if name.text.contains("\u{FFFD}") {
                problems.add(
                    DataProblem(
                        .encoding,
                        file: table.file,
                        line: line,
                        column: name.column,
                        wrong: "the column's name is not UTF-8",
                        allowed: "UTF-8 text"
                    )
                )
            }
        }
    }
}

extension CellValue {
    var isNumber: Bool {
        switch self {
        case .number, .tooLarge: true
        case .missing, .text: false
        }
    }
}
