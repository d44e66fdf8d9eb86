package import SweepCore

/// Rows of a file that a trained model shall answer for: the columns of its data set, and perhaps others.
///
/// A table with a header may have its columns in any order; columns that the model does not know (the target, names of
/// rows) are left out. Without a header the columns are taken in order, and there must be as many. IDX and NPY files are
/// told by their content. Categories keep the indices of training; one that no training row had is −1.
package struct NewRows: Sendable {
    /// (rows × columns of the model), row after row, as a `DataSet` holds them.
    package let features: [Float]
    package let rowCount: Int

    /// Reads the rows of a file, or all its mistakes; `name` is what messages call it.
    package static func read(
        path: String,
        name: String,
        columns: [DataColumn],
        header: HeaderRule = .auto,
        limits: FileBytes.Limits = FileBytes.Limits()
    ) -> Result<NewRows, DataProblems> {
        var problems = ProblemList()
        let bytes: [UInt8]
        do throws(DataProblem) { bytes = try FileBytes.read(path: path, name: name, limits: limits) } catch {
            return .failure(DataProblems([error]))
        }
        let reader = NewRowReader(file: name, columns: columns)
        let rows: NewRows?
        if bytes.starts(with: [0, 0]) {
            rows = reader.readArray(problems: &problems) { () throws(DataProblem) in
                try IDXFile(bytes: bytes, file: name)
            }
        } else if bytes.starts(with: [0x93] + Array("NUMPY".utf8)) {
            rows = reader.readArray(problems: &problems) { () throws(DataProblem) in
                try NPYFile(bytes: bytes, file: name)
            }
        } else {
            rows = reader.readTable(bytes, header, problems: &problems)
        }
        guard problems.isEmpty, let rows else { return .failure(problems.sorted()) }
        return .success(rows)
    }
}

/// Reads rows in the columns of a data set.
private struct NewRowReader {
    let file: String
    let columns: [DataColumn]
    /// For each column its categories' indices; empty where it has none.
    private let codes: [[String: Float]]

    init(file: String, columns: [DataColumn]) {
        self.file = file
        self.columns = columns
        codes = columns.map { column in
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

    func readTable(_ bytes: [UInt8], _ rule: HeaderRule, problems: inout ProblemList) -> NewRows? {
        guard let table = CSVTable(bytes: bytes, file: file, problems: &problems) else { return nil }
        let header = CSVHeader(table: table, rule: rule, problems: &problems)
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

    func readArray(
        problems: inout ProblemList,
        _ open: () throws(DataProblem) -> any NumberArray
    ) -> NewRows? {
        let array: any NumberArray
        do throws(DataProblem) { array = try open() } catch {
            problems.add(error)
            return nil
        }
        let rows = array.sizes.first ?? 0
        guard array.sizes.count > 1, array.rowSize == columns.count, columns.allSatisfy({ $0.kind == .number }) else {
            problems.add(
                DataProblem(
                    .array,
                    file: file,
                    wrong: "the rows are not those that the model was trained on",
                    found: array.shape,
                    allowed: columns.allSatisfy { $0.kind == .number }
                        ? "rows of \(columns.count) numbers" : "a table, since the model reads categories or dates"
                )
            )
            return nil
        }
        let features = array.floats()
        for index in features.indices where features[index].isInfinite {
            problems.add(.number, file: file) {
                DataProblem(
                    .number,
                    file: file,
                    wrong: "a number of row \(index / columns.count + 1) is infinite or beyond what 32 bits hold",
                    allowed: "finite numbers, or NaN for a missing one"
                )
            }
        }
        return NewRows(features: features, rowCount: rows)
    }
}
