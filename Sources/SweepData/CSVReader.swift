import SweepCore

/// Reads a delimited text table into numbers, with every mistake of the file.
struct CSVReader {
    let header: HeaderRule
    let target: TargetColumn
    let task: TaskKind?
    /// Whether a missing feature is a mistake; not so when the sweep imputes.
    let allowsMissing: Bool
    var rules: [ColumnRule] = []
    var categorical = CategoryRule.oneHot
    /// What each column is, when another file of the same columns has settled that.
    var settled: [ColumnUse] = []
    /// Which column groups rows or gives their time; it is no feature.
    var rowRule = RowRule.independent
    /// Bytes of cells beyond which they are held in a file.
    var resident = ResidentLimit.bytes

    /// The table of `bytes`; nil when anything is wrong, and then `problems` has it.
    func read(_ bytes: Blob, file: String, problems: inout ProblemList) -> RawTable? {
        let before = problems.count
        guard let table = CSVTable(bytes: bytes, file: file, problems: &problems) else { return nil }
        let names = CSVHeader(
            table: table,
            rule: header,
            rules: rules,
            expected: target.names,
            problems: &problems
        )
        let rows = names.isFirstRow ? table.rows.dropFirst() : table.rows[...]
        guard !rows.isEmpty else {
            problems.add(
                DataProblem(
                    .empty,
                    file: file,
                    line: table.firstRow.map { Int($0.line) },
                    wrong: "the file has no rows",
                    found: names.isFirstRow ? "a header only" : nil,
                    allowed: "a row a line"
                )
            )
            return nil
        }
        let targets = names.indices(of: target, file: file, problems: &problems)
        var uses = names.uses(rules, targets: targets, file: file, problems: &problems)
        if settled.count == uses.count { uses = settled }
        let splitColumn = SplitColumn(
            rowRule,
            table: table,
            rows: rows,
            names: names.names,
            targets: targets,
            problems: &problems
        )
        if let splitColumn { uses[splitColumn.index] = .ignore }
        var columns = ColumnReader(
            table: table,
            rows: rows,
            names: names.names,
            targets: targets,
            task: task,
            uses: uses,
            allowsText: categorical != .refuse,
            resident: resident
        )
        columns.read(problems: &problems)
        columns.report(allowsMissing: allowsMissing, problems: &problems)
        if table.fieldCount < 2 {
            problems.add(
                DataProblem(
                    .header,
                    file: file,
                    line: table.firstRow.map { Int($0.line) },
                    wrong: "the table has one column, so no features",
                    allowed: "at least two columns, parted by comma, semicolon or tab"
                )
            )
        }
        guard problems.count == before, !targets.isEmpty else { return nil }
        let featureColumns = columns.joined
        guard !featureColumns.isEmpty, let features = columns.cells else {
            problems.add(
                DataProblem(.header, file: file, wrong: "no column is left for features", allowed: "at least one")
            )
            return nil
        }
        return RawTable(
            file: file,
            columns: featureColumns,
            isNamed: names.isFirstRow,
            targetName: targets.count == 1 ? names.names[targets[0]] : "class",
            features: features,
            targets: columns.targets,
            lines: rows.map(\.line),
            uses: columns.uses,
            splitColumn: splitColumn
        )
    }
}

extension TargetColumn {
    /// The names among what it says, without indices.
    fileprivate var names: [String] {
        switch self {
        case .name(let name): [name]
        case .oneHot(let columns): columns.filter { Int($0) == nil }
        case .index, .last: []
        }
    }
}
