import SweepCore

/// Reads a delimited text table into numbers, with every mistake of the file.
///
/// Decided here, and told to users in `docs`: a column in which more than half of the present cells are no numbers is a
/// text column (one mistake a column), a text cell in any other column is a mistake of that cell.
struct CSVReader {
    let header: HeaderRule
    let target: TargetColumn
    let task: TaskKind?
    /// Whether a missing feature is a mistake; not so when the sweep imputes.
    let allowsMissing: Bool
    /// Which column groups rows or gives their time; it is no feature.
    var rowRule = RowRule.independent

    /// The table of `bytes`; nil when anything is wrong, and then `problems` has it.
    func read(_ bytes: [UInt8], file: String, problems: inout ProblemList) -> RawTable? {
        let before = problems.count
        guard let table = CSVTable(bytes: bytes, file: file, problems: &problems) else { return nil }
        let names = CSVHeader(table: table, rule: header, problems: &problems)
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
        let targetIndex = names.index(of: target, file: file, problems: &problems)
        let splitColumn = SplitColumn(
            rowRule,
            table: table,
            rows: rows,
            names: names.names,
            targets: targetIndex.map { [$0] } ?? [],
            problems: &problems
        )
        var columns = ColumnReader(
            table: table,
            rows: rows,
            names: names.names,
            targetIndex: targetIndex,
            ignoredIndex: splitColumn?.index,
            task: task
        )
        columns.read(problems: &problems)
        columns.report(allowsMissing: allowsMissing, isTargetKnown: targetIndex != nil, problems: &problems)
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
        guard problems.count == before, let targetIndex else { return nil }
        var featureNames = names.names
        for index in [targetIndex, splitColumn?.index].compactMap({ $0 }).sorted(by: >) { featureNames.remove(at: index) }
        guard !featureNames.isEmpty else {
            problems.add(
                DataProblem(.header, file: file, wrong: "no column is left for features", allowed: "at least one")
            )
            return nil
        }
        return RawTable(
            file: file,
            featureNames: featureNames,
            isNamed: names.isFirstRow,
            targetName: names.names[targetIndex],
            features: columns.features,
            targets: columns.targets,
            image: nil,
            lines: rows.map(\.line),
            splitColumn: splitColumn
        )
    }
}
