import SweepCore

/// The names of a table's columns, and whether the first row holds them.
///
/// With `header: auto` the first row is a header when it holds the names that are looked for (of the target, of a model's inputs) and
/// none of them stands below in its column too, or else when
/// 1. some column has a text there and mostly numbers in the rows after it (of the first 1,000), and
/// 2. the numbers in the first row, if any, are different integers ≥ 0: exporters number nameless columns so, while
///    a row of data with a mistyped number rarely looks like that.
/// A file of one row is a header when none of its cells is a number. Text targets (`R`, `M`) therefore do not make a
/// header, and a table of text only has none unless a name is looked for. `header: true` or `false` settles it.
struct CSVHeader {
    private(set) var names: [String]
    /// Whether the first row that has the usual number of fields holds names.
    private(set) var isFirstRow: Bool
    /// Whether a header is there that lacks or exceeds fields, so that names cannot be told.
    private(set) var isBroken: Bool
    private let line: Int

    private static let sampledRows = 1000

    /// `rules` say which columns are ignored: their names may be anything. `expected` are names that the header has, if there is one.
    init(
        table: CSVTable,
        rule: HeaderRule,
        rules: [ColumnRule] = [],
        expected: [String],
        problems: inout ProblemList
    ) {
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
                case .auto:
                    Self.holds(expected, cells, table: table, scanner)
                        || Self.looksLikeHeader(cells, table: table, scanner)
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
        if isFirstRow { Self.check(names, rules, table: table, problems: &problems) }
    }

    /// The columns that `target` names; empty when one is not there, and then it is reported.
    func indices(of target: TargetColumn, file: String, problems: inout ProblemList) -> [Int] {
        guard case .oneHot(let columns) = target else {
            return index(of: target, file: file, problems: &problems).map { [$0] } ?? []
        }
        let found = columns.map { column -> Int? in
            let target = names.contains(column) ? nil : Int(column).map { TargetColumn.index($0) }
            return index(of: target ?? .name(column), file: file, problems: &problems)
        }
        return found.contains(nil) ? [] : found.compactMap { $0 }
    }

    /// What `rules` say of each column; nil where they say nothing. Columns that are not there are reported.
    func uses(_ rules: [ColumnRule], targets: [Int], file: String, problems: inout ProblemList) -> [ColumnUse?] {
        var uses = [ColumnUse?](repeating: nil, count: names.count)
        for rule in rules {
            let path = SpecPath.data("columns").appending(.key(rule.column))
            func refuse(_ wrong: String, _ allowed: String) {
                problems.add(
                    DataProblem(
                        .header,
                        file: file,
                        line: isFirstRow ? line : nil,
                        specPath: path,
                        wrong: wrong,
                        found: rule.column,
                        allowed: allowed
                    )
                )
            }
            let index = names.firstIndex(of: rule.column) ?? Int(rule.column)
            guard let index, names.indices.contains(index) else {
                // With a broken header the names are not known; that is reported already.
                if !isBroken {
                    refuse("there is no column of this name or index", Self.list(names) + ", or an index from 0")
                }
                continue
            }
            if targets.contains(index) {
                refuse("this column is the target; data.task says what it is", "columns of features")
            } else {
                uses[index] = rule.use
            }
        }
        return uses
    }

    /// The index of the column that `target` names; nil when there is none, and then it is reported.
    func index(of target: TargetColumn, file: String, problems: inout ProblemList) -> Int? {
        let path = SpecPath().appending(.key("data")).appending(.key("target"))
        switch target {
        case .last, .oneHot: return names.count - 1
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

    /// Whether the first row holds all of `names`, and no row after it (of the first 1,000) one of them in the same column.
    private static func holds(_ names: [String], _ first: [Cell], table: CSVTable, _ scanner: CSVScanner) -> Bool {
        guard !names.isEmpty else { return false }
        let texts = first.map { scanner.text(of: $0.field) }
        let columns = names.compactMap { texts.firstIndex(of: $0) }
        guard columns.count == names.count else { return false }
        return !table.rows.dropFirst().prefix(sampledRows).contains { row in
            let cells = cells(of: row, scanner)
            return zip(columns, names).contains { column, name in
                cells.indices.contains(column) && scanner.text(of: cells[column].field) == name
            }
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
        _ rules: [ColumnRule],
        table: CSVTable,
        problems: inout ProblemList
    ) {
        let line = Int(table.firstRow?.line ?? 1)
        var seen: Set<String> = []
        let ignored = Set(rules.filter { $0.use == .ignore }.map(\.column))
        for (index, name) in names.enumerated() where !ignored.contains(String(index)) {
            if name.text.isEmpty {
                problems.add(
                    DataProblem(
                        .header,
                        file: table.file,
                        line: line,
                        column: name.column,
                        wrong: "column \(index) has no name; exporters write row numbers under an empty name",
                        allowed: "a name, or data.columns: {\(index): ignore}"
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
