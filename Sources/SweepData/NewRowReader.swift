import SweepCore

/// Reads rows in the columns of a data set.
struct NewRowReader {
    let file: String
    let expectation: NewRows.Expectation
    let columns: [DataColumn]
    let limits: FileBytes.Limits
    /// For each column its categories' indices; empty where it has none.
    private let codes: [[String: Float]]

    init(file: String, expectation: NewRows.Expectation, limits: FileBytes.Limits) {
        self.file = file
        self.expectation = expectation
        columns = expectation.columns
        self.limits = limits
        codes = expectation.columns.map { column in
            switch column.kind {
            case .oneHot(let categories), .ordinal(let categories):
                Dictionary(categories.enumerated().map { ($1, Float($0)) }, uniquingKeysWith: { first, _ in first })
            case .number, .buckets, .day, .secondOfDay: [:]
            }
        }
    }

    /// The names of the file's columns that the model reads: a date gives its day and its second.
    private var names: [String] { columns.filter { $0.kind != .secondOfDay }.map(\.name) }

    /// The column of the file that a column of the data set is read from.
    private func source(of index: Int) -> String {
        // The time of a date stands behind its day.
        columns[index].kind == .secondOfDay && index > 0 ? columns[index - 1].name : columns[index].name
    }

    func readTable(_ bytes: Blob, _ rule: HeaderRule, problems: inout ProblemList) -> NewRows? {
        guard let table = CSVTable(bytes: bytes, file: file, problems: &problems) else { return nil }
        let header = CSVHeader(table: table, rule: rule, expected: names, problems: &problems)
        guard let places = places(in: header, problems: &problems) else { return nil }
        let rows = header.isFirstRow ? table.rows.dropFirst() : table.rows[...]
        var features: [Float] = []
        features.reserveCapacity(rows.count * columns.count)
        table.scan(rows) { row, fields, scanner in
            for (column, place) in places.enumerated() {
                features.append(value(fields[place], column, row, scanner, problems: &problems))
            }
        }
        return NewRows(features: features, rowCount: rows.count)
    }

    /// Where each column stands in the file; nil when one is not there, and then it is reported.
    private func places(in header: CSVHeader, problems: inout ProblemList) -> [Int]? {
        let names = names
        var known = header.names
        if !header.isFirstRow {
            guard known.count == names.count else {
                problems.add(
                    DataProblem(
                        .header,
                        file: file,
                        wrong: "without a header the columns must be those that the model was trained on",
                        found: "\(known.count) column\(known.count == 1 ? "" : "s")",
                        allowed:
                            "\(names.count) column\(names.count == 1 ? "" : "s"): \(CSVHeader.list(names)); or a header that names them"
                    )
                )
                return nil
            }
            known = names
        }
        let found = Dictionary(known.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        let missing = names.filter { found[$0] == nil }
        guard missing.isEmpty else {
            problems.add(
                DataProblem(
                    .header,
                    file: file,
                    line: 1,
                    wrong: missing.count == 1 ? "a column of the model is missing" : "columns of the model are missing",
                    found: CSVHeader.list(known),
                    allowed: "also \(CSVHeader.list(missing))"
                )
            )
            return nil
        }
        return columns.indices.compactMap { found[source(of: $0)] }
    }

    /// What a cell is in a column of the data set.
    private func value(
        _ field: CSVField,
        _ index: Int,
        _ row: CSVTable.Row,
        _ scanner: CSVScanner,
        problems: inout ProblemList
    ) -> Float {
        let content = scanner.content(of: field)
        let cell = CellValue(content)
        let wrong: String
        let allowed: String
        switch columns[index].kind {
        case .oneHot, .ordinal: return codes[index][cell == .missing ? "" : scanner.text(of: field)] ?? -1
        case .buckets(let count):
            return Float(DataColumn.bucket(of: cell == .missing ? "" : scanner.text(of: field), count: count))
        case .day, .secondOfDay:
            if cell == .missing { return .nan }
            if let date = CivilDate(content) {
                return columns[index].kind == .day ? Float(date.day) : Float(date.second)
            }
            (wrong, allowed) = ("the cell is no date", "a date as the model was trained on")
        case .number:
            switch cell {
            case .number(let number): return Float(number)
            case .missing: return .nan
            case .tooLarge: wrong = "the number is infinite or beyond what 32 bits hold"
            case .text: wrong = "the cell is not a number"
            }
            allowed = "a number"
        }
        let name = source(of: index)
        problems.add(.number, file: file) {
            let place = scanner.place(of: field.start, rowStart: row.start, rowLine: Int(row.line))
            return DataProblem(
                .number,
                file: file,
                line: place.line,
                column: place.column,
                field: name,
                wrong: wrong + " in column '\(name)'",
                found: "'\(ColumnReader.short(scanner.text(of: field)))'",
                allowed: allowed
            )
        }
        return .nan
    }
}
