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
    let features: [Float]

    /// Nil when a column's categories hardly repeat; then `problems` has it. `tables` have the same columns.
    init?(_ tables: [RawTable], split: RowSplit, rule: CategoryRule, problems: inout ProblemList) {
        let main = tables[0]
        let width = main.columns.count
        let kept = main.columns.indices.filter { Self.isKept($0, tables) }
        let before = problems.count
        var columns: [DataColumn] = []
        var codes: [[Float]?] = []
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
        if kept.count == width, codes.allSatisfy({ $0 == nil }) {
            // Numbers only: nothing changes.
            features = tables.count == 1 ? main.features : tables.flatMap(\.features)
            return
        }
        var features: [Float] = []
        features.reserveCapacity(tables.reduce(0) { $0 + $1.rowCount } * kept.count)
        var row = 0
        for table in tables {
            for tableRow in 0..<table.rowCount {
                for (place, index) in kept.enumerated() {
                    features.append(codes[place]?[row] ?? table.features[tableRow * width + index])
                }
                row += 1
            }
        }
        self.features = features
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
    /// The index of each row's text.
    private var rows: [Int32] = []

    init(_ tables: [RawTable], column: Int) {
        var lookup: [String: Int32] = [:]
        func index(of text: String, _ texts: inout [String]) -> Int32 {
            if let index = lookup[text] { return index }
            let index = Int32(texts.count)
            lookup[text] = index
            texts.append(text)
            return index
        }
        for table in tables {
            // The tables have the same kinds: those of the main source are imposed on the others.
            guard case .category(let names) = table.columns[column].kind else { continue }
            let places = names.map { index(of: $0, &texts) }
            for row in 0..<table.rowCount {
                let code = Int(table.features[row * table.columns.count + column])
                rows.append(code < 0 ? index(of: "", &texts) : places[code])
            }
        }
    }

    func categories(of training: [Int32]) -> [String] {
        var isSeen = [Bool](repeating: false, count: texts.count)
        for row in training { isSeen[Int(rows[Int(row)])] = true }
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

    /// The column's kind, and each row's value.
    func fitted(_ categories: [String], _ rule: CategoryRule) -> (DataColumn.Kind, [Float]) {
        let places = Dictionary(uniqueKeysWithValues: categories.enumerated().map { ($0.element, $0.offset) })
        let kind: DataColumn.Kind
        let codes: [Float]
        switch rule {
        case .oneHot, .refuse:
            kind = .oneHot(categories: categories)
            codes = texts.map { Float(places[$0] ?? -1) }
        case .ordinal:
            kind = .ordinal(categories: categories)
            codes = texts.map { Float(places[$0] ?? -1) }
        case .hash(let buckets):
            kind = .buckets(buckets)
            codes = texts.map { text in
                text.isEmpty && places[""] == nil ? -1 : Float(DataColumn.bucket(of: text, count: buckets))
            }
        }
        return (kind, rows.map { codes[Int($0)] })
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
