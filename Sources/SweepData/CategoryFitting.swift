import SweepCore
import SweepNumerics

/// Joins the columns of all sources and fits categories on the training rows.
///
/// Categories are those of training rows: first numbers by value, then texts by their UTF-8 bytes, then, when a training row
/// lacks a value, the missing one. A category that no training row has becomes −1; with buckets each text has its own,
/// seen or not.
struct CategoryFitting {
    let columns: [DataColumn]
    /// (rows of all tables × columns.count), row after row.
    let features: FeatureCells

    /// Nil when a column's categories hardly repeat; then `problems` has it. `tables` have the same columns.
    ///
    /// Beyond `resident` bytes the joined columns are held in a file.
    init?(
        _ tables: [RawTable],
        split: RowSplit,
        rule: CategoryRule,
        resident: Int = ResidentLimit.bytes,
        problems: inout ProblemList
    ) {
        let main = tables[0]
        let width = main.columns.count
        let kept = main.columns.indices.filter { Self.isKept($0, tables) }
        let before = problems.count
        var columns: [DataColumn] = []
        // For each table what its indices of categories become, and what a missing one does.
        var codes: [[CategoryCells.Codes]?] = []
        for index in kept {
            let name = main.columns[index].name
            switch main.columns[index].kind {
            case .number: columns.append(DataColumn(name: name))
            case .day: columns.append(DataColumn(name: name, kind: .day))
            case .secondOfDay: columns.append(DataColumn(name: name, kind: .secondOfDay))
            case .category:
                let cells = CategoryCells(tables, column: index)
                let categories = cells.categories(of: split.training)
                Self.check(categories, name, main, rows: split.training.count, rule, problems: &problems)
                let (kind, values) = cells.fitted(categories, rule)
                columns.append(DataColumn(name: name, kind: kind))
                codes.append(values)
                continue
            }
            codes.append(nil)
        }
        guard problems.count == before else { return nil }
        self.columns = columns
        if kept.count == width, codes.allSatisfy({ $0 == nil }), tables.count == 1 {
            // Numbers only: nothing changes.
            features = main.features
            return
        }
        do throws(NoRoom) {
            let rows = tables.reduce(0) { $0 + $1.rowCount }
            let memory = try FeatureMemory(count: rows * kept.count, mappedAbove: resident)
            var next = memory.floats
            for (place, table) in tables.enumerated() {
                let codes = codes.map { $0?[place] }
                table.features.withUnsafeBufferPointer { cells in
                    for row in 0..<table.rowCount {
                        for (place, index) in kept.enumerated() {
                            let value = cells[row * width + index]
                            next.pointee = codes[place]?.code(of: value) ?? value
                            next += 1
                        }
                    }
                }
            }
            features = FeatureCells(memory)
        } catch {
            problems.add(DataProblem(noRoom: error, file: main.file))
            return nil
        }
    }

    /// A date's time is a column only when some source gives one.
    private static func isKept(_ index: Int, _ tables: [RawTable]) -> Bool {
        guard case .secondOfDay = tables[0].columns[index].kind else { return true }
        return tables.contains { $0.columns[index].kind == .secondOfDay(isGiven: true) }
    }

    private static func check(
        _ categories: [String],
        _ name: String,
        _ main: RawTable,
        rows: Int,
        _ rule: CategoryRule,
        problems: inout ProblemList
    ) {
        if case .hash = rule { return }
        guard 2 * categories.count > rows else { return }
        problems.add(.text, file: main.file) {
            DataProblem(
                .text,
                file: main.file,
                field: name,
                specPath: .data("columns"),
                wrong: "the categories of column '\(name)' hardly repeat",
                found: "\(categories.count) different ones in \(rows) training rows",
                allowed:
                    "at most a category for every two rows; take the column for names or numbers of rows and write "
                    + "data.columns: {\(name): ignore}, or data.categorical: {hash: BUCKETS}"
            )
        }
    }
}

/// The cells of one column of categories, in all sources.
private struct CategoryCells {
    /// Different texts of all sources; the missing value is "".
    private var texts: [String] = []
    /// For each table what its indices of categories are in `texts`.
    private var places: [[Int]] = []
    private let tables: [RawTable]
    private let column: Int
    /// Where the missing value stands in `texts`.
    private var missing = 0

    /// What a table's indices of categories become.
    struct Codes {
        let values: [Float]
        let missing: Float

        func code(of value: Float) -> Float { value < 0 ? missing : values[Int(value)] }
    }

    init(_ tables: [RawTable], column: Int) {
        self.tables = tables
        self.column = column
        var lookup: [String: Int] = [:]
        func index(of text: String, _ texts: inout [String]) -> Int {
            if let index = lookup[text] { return index }
            let index = texts.count
            lookup[text] = index
            texts.append(text)
            return index
        }
        for table in tables {
            // The tables have the same kinds: those of the main source are imposed on the others.
            guard case .category(let names) = table.columns[column].kind else {
                preconditionFailure("the tables have columns of other kinds")
            }
            places.append(names.map { index(of: $0, &texts) })
        }
        missing = index(of: "", &texts)
    }

    func categories(of training: [Int32]) -> [String] {
        var isSeen = [Bool](repeating: false, count: texts.count)
        var (table, first) = (0, 0)
        for row in training {
            while Int(row) >= first + tables[table].rowCount {
                first += tables[table].rowCount
                table += 1
            }
            let code = Int(tables[table].features[(Int(row) - first) * tables[table].columns.count + column])
            isSeen[code < 0 ? missing : places[table][code]] = true
        }
        let seen = texts.indices.filter { isSeen[$0] }.map { texts[$0] }
        let numbers = seen.compactMap { text -> (value: Double, text: String)? in
            var text = text
            let value = text.withUTF8 { $0.isEmpty ? nil : CellValue.decimal($0) }
            return value.map { ($0, text) }
        }
        let isNumber = Set(numbers.map(\.text))
        let words = seen.filter { !$0.isEmpty && !isNumber.contains($0) }
        return numbers.sorted { ($0.value, $0.text) < ($1.value, $1.text) }.map(\.text)
            + words.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } + seen.filter(\.isEmpty)
    }

    /// The column's kind, and what each table's indices become.
    func fitted(_ categories: [String], _ rule: CategoryRule) -> (DataColumn.Kind, [Codes]) {
        let known = Dictionary(uniqueKeysWithValues: categories.enumerated().map { ($0.element, $0.offset) })
        let kind: DataColumn.Kind
        let codes: [Float]
        switch rule {
        case .oneHot, .refuse:
            kind = .oneHot(categories: categories)
            codes = texts.map { Float(known[$0] ?? -1) }
        case .ordinal:
            kind = .ordinal(categories: categories)
            codes = texts.map { Float(known[$0] ?? -1) }
        case .hash(let buckets):
            kind = .buckets(buckets)
            codes = texts.map { text in
                text.isEmpty && known[""] == nil ? -1 : Float(DataColumn.bucket(of: text, count: buckets))
            }
        }
        return (kind, places.map { Codes(values: $0.map { codes[$0] }, missing: codes[missing]) })
    }
}

extension DataColumn {
    /// The bucket of a category, the same on every machine; "" is a missing value.
    package static func bucket(of category: String, count: Int) -> Int {
        var hash = StableHash()
        hash.combine("category")
        hash.combine(category)
        return Int(hash.value % UInt64(count))
    }
}
