import SweepCore

/// What is told of columns that were read: of each what was noted while its cells were.
extension ColumnReader {
    /// Adds what was noted of a target whose task is not given and of the feature columns: texts among numbers, numbers too large, missing values.
    func report(allowsMissing: Bool, problems: inout ProblemList) {
        reportTarget(problems: &problems)
        let read = columns.indices.filter { places[$0] != nil }
        let numeric = read.filter { uses[$0] == .numeric }
        let texts = numeric.filter { given[$0] == nil && columns[$0].texts > columns[$0].numbers }
        // When the target is not known, a single text column may well be it.
        let reported = !targetIndices.isEmpty || texts.count > 1 ? texts : []
        for index in reported { reportTextColumn(index, of: texts, problems: &problems) }
        for index in numeric where columns[index].texts > 0 && !texts.contains(index) {
            reportCells(
                index,
                columns[index].firstTexts.map { ($0.row, $0.position, "'\($0.text)'") },
                count: columns[index].texts,
                wrong: "the cell is not a number",
                problems: &problems
            ) {
                NumberWithComma.isOne($0.dropFirst().dropLast())
                    ? "numbers with a decimal point" : "a number, or nothing, ?, NA, NaN or null for a missing one"
            }
        }
        for index in numeric where columns[index].tooLarge > 0 {
            reportCells(
                index,
                columns[index].firstTooLarge,
                count: columns[index].tooLarge,
                wrong: Self.tooLarge,
                problems: &problems
            ) { _ in Self.finite }
        }
        for index in read where columns[index].missing == rows.count && !rows.isEmpty {
            problems.add(
                DataProblem(
                    .missing,
                    file: table.file,
                    line: columns[index].missingLines.first,
                    field: names[index],
                    wrong: "column '\(names[index])' holds no value at all",
                    allowed: "a value somewhere, or data.columns: {\(names[index]): ignore}"
                )
            )
        }
        if !allowsMissing { reportMissing(problems: &problems) }
    }

    private func place(_ row: CSVTable.Row, _ position: Int) -> (line: Int, column: Int) {
        table.withScanner { $0.place(of: position, rowStart: row.start, rowLine: Int(row.line)) }
    }

    /// A target of numbers with a comma would be one of as many classes.
    private func reportTarget(problems: inout ProblemList) {
        guard let index = targetIndices.first, let first = targetTexts.firstTexts.first, holdsCommas(targetTexts) else {
            return
        }
        problems.add(.target, file: table.file) {
            let place = place(first.row, first.position)
            return DataProblem(
                .target,
                file: table.file,
                line: place.line,
                column: place.column,
                field: names[index],
                wrong: "the target '\(names[index])' holds numbers with a comma",
                found: targetTexts.samples.map { "'\($0)'" }.joined(separator: ", "),
                allowed: "numbers with a decimal point and without groups, or data.task: classification"
            )
        }
    }

    private func reportTextColumn(_ index: Int, of all: [Int], problems: inout ProblemList) {
        guard let first = columns[index].firstTexts.first else { return }
        problems.add(.text, file: table.file) {
            let place = place(first.row, first.position)
            let others = all.count > 1 ? " (text columns: \(CSVHeader.list(all.map { names[$0] })))" : ""
            let isNumber = holdsCommas(columns[index])
            return DataProblem(
                .text,
                file: table.file,
                line: place.line,
                column: place.column,
                field: names[index],
                wrong: "column '\(names[index])' holds \(isNumber ? "numbers with a comma" : "text")\(others)",
                found: columns[index].samples.map { "'\($0)'" }.joined(separator: ", "),
                allowed: isNumber
                    ? "numbers with a decimal point and without groups; data.columns can take it as categories, or ignore it"
                    : "numbers; data.categorical can take it as categories, data.columns can ignore it"
            )
        }
    }

    private func reportCells(
        _ index: Int,
        _ cells: [Cell],
        count: Int,
        wrong: String,
        problems: inout ProblemList,
        allowed: (String) -> String
    ) {
        for cell in cells {
            problems.add(.number, file: table.file) {
                let place = place(cell.row, cell.position)
                return DataProblem(
                    .number,
                    file: table.file,
                    line: place.line,
                    column: place.column,
                    field: names[index],
                    wrong: "\(wrong) in column '\(names[index])'",
                    found: cell.text,
                    allowed: allowed(cell.text)
                )
            }
        }
        problems.addUncounted(.number, file: table.file, count: count - cells.count)
    }

    private func reportMissing(problems: inout ProblemList) {
        // A missing category is a category.
        let affected = columns.indices.filter {
            places[$0] != nil && uses[$0] != .categorical && columns[$0].missing > 0
        }
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
}
