import SweepCore

/// Reads a table's cells into feature rows and targets and notes what is wrong in each column.
struct ColumnReader {
    private let table: CSVTable
    private let rows: ArraySlice<CSVTable.Row>
    private let names: [String]
    private let targetIndex: Int?
    /// A column that is neither feature nor target.
    private let ignoredIndex: Int?
    private let task: TaskKind?
    private var columns: [Column]

    /// (rows × features), row after row.
    private(set) var features: [Float] = []
    private(set) var targets: [RawTarget] = []

    /// What was seen in one column.
    private struct Column {
        var numbers = 0
        var missing = 0
        var texts = 0
        /// The first text cells: row and position of the first byte, and the text.
        var firstTexts: [(row: CSVTable.Row, position: Int, text: String)] = []
        /// Up to four different texts.
        var samples: [String] = []
        /// Lines of the first missing cells.
        var missingLines: [Int] = []
    }

    /// Lines named for missing values; enough to look at, short enough for a line of text.
    private static let namedLines = 5

    init(
        table: CSVTable,
        rows: ArraySlice<CSVTable.Row>,
        names: [String],
        targetIndex: Int?,
        ignoredIndex: Int?,
        task: TaskKind?
    ) {
        self.table = table
        self.rows = rows
        self.names = names
        self.targetIndex = targetIndex
        self.ignoredIndex = ignoredIndex
        self.task = task
        columns = [Column](repeating: Column(), count: names.count)
    }

    /// Reads all rows.
    mutating func read(problems: inout ProblemList) {
        features.reserveCapacity(rows.count * max(names.count - 1, 0))
        targets.reserveCapacity(rows.count)
        let (table, rows) = (table, rows)
        table.withScanner { scanner in
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
                for (index, field) in fields.enumerated() where index != ignoredIndex {
                    let content = UnsafeBufferPointer(rebasing: scanner.bytes[field.start..<field.end])
                    let value = CellValue(content)
                    if index == targetIndex {
                        readTarget(value, field, row, scanner, problems: &problems)
                    } else {
                        readFeature(value, field, index, row, scanner, problems: &problems)
                    }
                }
            }
        }
    }

    private mutating func readFeature(
        _ value: CellValue,
        _ field: CSVField,
        _ index: Int,
        _ row: CSVTable.Row,
        _ scanner: CSVScanner,
        problems: inout ProblemList
    ) {
        switch value {
        case .number(let number):
            columns[index].numbers += 1
            features.append(Float(number))
            return
        case .missing:
            columns[index].missing += 1
            if columns[index].missingLines.count < Self.namedLines {
                columns[index].missingLines.append(Int(row.line))
            }
        case .tooLarge:
            columns[index].numbers += 1
            addTooLarge(field, index, row, scanner, problems: &problems)
        case .text:
            noteText(field, index, row, scanner)
        }
        features.append(.nan)
    }

    private mutating func readTarget(
        _ value: CellValue,
        _ field: CSVField,
        _ row: CSVTable.Row,
        _ scanner: CSVScanner,
        problems: inout ProblemList
    ) {
        guard let index = targetIndex else { return }
        switch value {
        case .number(let number): targets.append(.number(number))
        case .text:
            let text = scanner.text(of: field)
            if task == .regression {
                problems.add(.number, file: table.file) {
                    problem(
                        .number,
                        field,
                        index,
                        row,
                        scanner,
                        wrong: "the target is not a number",
                        found: "'\(Self.short(text))'",
                        allowed: "numbers, or data.task: classification"
                    )
                }
            } else if text.contains("\u{FFFD}") {
                problems.add(.encoding, file: table.file) {
                    problem(
                        .encoding,
                        field,
                        index,
                        row,
                        scanner,
                        wrong: "the label is not UTF-8",
                        allowed: "UTF-8 text"
                    )
                }
            }
            targets.append(.text(text))
        case .missing:
            problems.add(.target, file: table.file) {
                problem(
                    .target,
                    field,
                    index,
                    row,
                    scanner,
                    wrong: "the target is missing",
                    found: "'\(scanner.text(of: field))'",
                    allowed: "a value in each row; remove or fill this row"
                )
            }
            targets.append(.text(""))
        case .tooLarge:
            addTooLarge(field, index, row, scanner, problems: &problems)
            targets.append(.text(""))
        }
    }

    private mutating func noteText(_ field: CSVField, _ index: Int, _ row: CSVTable.Row, _ scanner: CSVScanner) {
        columns[index].texts += 1
        let isFirst = columns[index].firstTexts.count < DataProblems.limitOfAKind
        guard isFirst || columns[index].samples.count < 4 else { return }
        let text = Self.short(scanner.text(of: field))
        if isFirst { columns[index].firstTexts.append((row, field.start, text)) }
        if columns[index].samples.count < 4, !columns[index].samples.contains(text) {
            columns[index].samples.append(text)
        }
    }

    private func addTooLarge(
        _ field: CSVField,
        _ index: Int,
        _ row: CSVTable.Row,
        _ scanner: CSVScanner,
        problems: inout ProblemList
    ) {
        problems.add(.number, file: table.file) {
            problem(
                .number,
                field,
                index,
                row,
                scanner,
                wrong: "the number is infinite or too large",
                found: Self.short(scanner.text(of: field)),
                allowed: "finite numbers up to 3.4e38"
            )
        }
    }

    private func problem(
        _ kind: DataProblem.Kind,
        _ field: CSVField,
        _ index: Int,
        _ row: CSVTable.Row,
        _ scanner: CSVScanner,
        wrong: String,
        found: String? = nil,
        allowed: String?
    ) -> DataProblem {
        let place = scanner.place(of: field.start, rowStart: row.start, rowLine: Int(row.line))
        return DataProblem(
            kind,
            file: table.file,
            line: place.line,
            column: place.column,
            field: names[index],
            wrong: "\(wrong) in column '\(names[index])'",
            found: found,
            allowed: allowed
        )
    }

    /// Adds what was noted of the feature columns: text columns, text cells, missing values.
    func report(allowsMissing: Bool, isTargetKnown: Bool, problems: inout ProblemList) {
        let texts = columns.indices.filter { columns[$0].texts > columns[$0].numbers }
        // When the target is not known, a single text column may well be it.
        let reported = isTargetKnown || texts.count > 1 ? texts : []
        for index in reported { reportTextColumn(index, of: texts, problems: &problems) }
        for index in columns.indices where columns[index].texts > 0 && columns[index].texts <= columns[index].numbers {
            reportTextCells(index, problems: &problems)
        }
        for index in columns.indices
        where index != targetIndex && index != ignoredIndex && columns[index].missing == rows.count && !rows.isEmpty {
            problems.add(
                DataProblem(
                    .missing,
                    file: table.file,
                    line: columns[index].missingLines.first,
                    field: names[index],
                    wrong: "column '\(names[index])' holds no value at all",
                    allowed: "the file without this column"
                )
            )
        }
        if !allowsMissing { reportMissing(problems: &problems) }
    }

    private func place(_ row: CSVTable.Row, _ position: Int) -> (line: Int, column: Int) {
        table.withScanner { $0.place(of: position, rowStart: row.start, rowLine: Int(row.line)) }
    }

    private func reportTextColumn(_ index: Int, of all: [Int], problems: inout ProblemList) {
        guard let first = columns[index].firstTexts.first else { return }
        problems.add(.text, file: table.file) {
            let place = place(first.row, first.position)
            let others = all.count > 1 ? " (text columns: \(CSVHeader.list(all.map { names[$0] })))" : ""
            return DataProblem(
                .text,
                file: table.file,
                line: place.line,
                column: place.column,
                field: names[index],
                wrong: "column '\(names[index])' holds text\(others)",
                found: columns[index].samples.map { "'\($0)'" }.joined(separator: ", "),
                allowed: "numbers; remove the column or write its categories as 0/1 columns"
            )
        }
    }

    private func reportTextCells(_ index: Int, problems: inout ProblemList) {
        for cell in columns[index].firstTexts {
            problems.add(.number, file: table.file) {
                let place = place(cell.row, cell.position)
                return DataProblem(
                    .number,
                    file: table.file,
                    line: place.line,
                    column: place.column,
                    field: names[index],
                    wrong: "the cell is not a number in column '\(names[index])'",
                    found: "'\(cell.text)'",
                    allowed: Self.hasDecimalComma(cell.text)
                        ? "numbers with a decimal point" : "a number, or nothing, ?, NA, NaN or null for a missing one"
                )
            }
        }
        problems.addUncounted(
            .number,
            file: table.file,
            count: columns[index].texts - columns[index].firstTexts.count
        )
    }

    private func reportMissing(problems: inout ProblemList) {
        let affected = columns.indices.filter { $0 != targetIndex && columns[$0].missing > 0 }
        guard !affected.isEmpty else { return }
        let count = affected.reduce(0) { $0 + columns[$1].missing }
        let lines = Set(affected.flatMap { columns[$0].missingLines }).sorted().prefix(Self.namedLines)
        let parts = affected.prefix(10).map { "'\(names[$0])' \(columns[$0].missing)" }.joined(separator: ", ")
        problems.add(
            DataProblem(
                .missing,
                file: table.file,
                line: lines.first,
                field: names[affected[0]],
                wrong: count == 1 ? "a feature value is missing" : "\(count) feature values are missing",
                found: "in columns \(parts)\(affected.count > 10 ? " and \(affected.count - 10) more" : ""); first in "
                    + "line\(lines.count > 1 ? "s" : "") \(lines.map { String($0) }.joined(separator: ", "))",
                allowed: "no missing values; remove or fill these rows, or add the step impute to data.preprocess"
            )
        )
    }

    /// `1,5` and the like.
    private static func hasDecimalComma(_ text: String) -> Bool {
        text.contains(",") && text.utf8.allSatisfy { ($0 >= 48 && $0 <= 57) || $0 == 44 || $0 == 45 }
    }

    /// At most 40 characters of a cell, on one line.
    static func short(_ text: String) -> String {
        let line = String(text.prefix(40).map { $0.isNewline ? " " : $0 })
        return text.count > 40 ? line + "…" : line
    }
}
