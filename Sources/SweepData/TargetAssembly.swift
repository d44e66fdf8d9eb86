import SweepCore

/// Turns the targets of all sources into class indices or numbers.
struct TargetAssembly {
    let targets: DataTargets
    /// Labels in index order, numbers first by value, then texts by their UTF-8 bytes; empty for numbers.
    let classes: [String]

    /// The greatest number of different integers that is taken for classes when nobody says so.
    ///
    /// Class targets in public collections mostly have at most 10 labels and seldom more than 20 written as numbers, while
    /// counts, ages and ratings on fine scales have more. `data.task` settles it.
    static let classLimit = 20

    /// Nil when the targets cannot be what the task needs; then `problems` has it.
    ///
    /// The main source decides on the task and the classes; the sources of validation and test rows must agree.
    init?(main: RawTable, parts: [RawTable?], task: TaskKind?, problems: inout ProblemList) {
        let before = problems.count
        switch task ?? Self.inferredTask(main.targets) {
        case .regression:
            var values: [Float] = []
            for table in [main] + parts.compactMap({ $0 }) {
                values += Self.values(of: table, problems: &problems)
            }
            if let first = values.first, values.prefix(main.rowCount).allSatisfy({ $0 == first }) {
                problems.add(
                    DataProblem(
                        .target,
                        file: main.file,
                        field: main.targetName,
                        wrong: "the target '\(main.targetName)' has the same value in all rows",
                        found: "\(first)",
                        allowed: "at least two different values"
                    )
                )
            }
            targets = .values(values)
            classes = []
        case .classification:
            classes = Self.classes(of: main.targets)
            var indices: [Int32] = []
            let lookup = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($0.element, Int32($0.offset)) })
            for table in [main] + parts.compactMap({ $0 }) {
                indices += Self.indices(of: table, lookup: lookup, classes: classes, problems: &problems)
            }
            Self.check(classes, main: main, problems: &problems)
            targets = .classes(indices)
        }
        guard problems.count == before else { return nil }
    }

    /// Classes when there is a text, or when there are at most `classLimit` different integers, each twice on average.
    static func inferredTask(_ targets: [RawTarget]) -> TaskKind {
        var seen: Set<Double> = []
        for target in targets {
            guard case .number(let value) = target else { return .classification }
            guard value == value.rounded(), seen.count <= classLimit else { return .regression }
            seen.insert(value)
        }
        return seen.count <= classLimit && 2 * seen.count <= targets.count ? .classification : .regression
    }

    /// Different labels: numbers by value, then texts by their bytes.
    static func classes(of targets: [RawTarget]) -> [String] {
        var numbers: Set<Double> = []
        var texts: Set<String> = []
        for target in targets {
            switch target {
            case .number(let value): numbers.insert(value)
            case .text(let text): texts.insert(text)
            }
        }
        let numberLabels = numbers.sorted().map { RawTarget.number($0).label }
        // A quoted "7" is read as the number 7, so no text equals a number's label but in spelling beyond 2^53.
        return numberLabels + texts.subtracting(numberLabels).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    private static func values(of table: RawTable, problems: inout ProblemList) -> [Float] {
        table.targets.enumerated().map { row, target in
            switch target {
            case .number(let value): return Float(value)
            case .text(let text):
                problems.add(.number, file: table.file) {
                    DataProblem(
                        .number,
                        file: table.file,
                        line: table.line(row),
                        field: table.targetName,
                        wrong: "the target is not a number",
                        found: "'\(ColumnReader.short(text))'",
                        allowed: "numbers"
                    )
                }
                return .nan
            }
        }
    }

    private static func indices(
        of table: RawTable,
        lookup: [String: Int32],
        classes: [String],
        problems: inout ProblemList
    ) -> [Int32] {
        table.targets.enumerated().map { row, target in
            if let index = lookup[target.label] { return index }
            problems.add(.label, file: table.file) {
                DataProblem(
                    .label,
                    file: table.file,
                    line: table.line(row),
                    field: table.targetName,
                    wrong: "no training row has this label" + (table.lines.isEmpty ? " (row \(row))" : ""),
                    found: "'\(ColumnReader.short(target.label))'",
                    allowed: CSVHeader.list(classes)
                )
            }
            return -1
        }
    }

    private static func check(_ classes: [String], main: RawTable, problems: inout ProblemList) {
        if classes.count == 1 {
            problems.add(
                DataProblem(
                    .target,
                    file: main.file,
                    field: main.targetName,
                    wrong: "the target '\(main.targetName)' has a single class",
                    found: "'\(classes[0])' in all rows",
                    allowed: "at least two classes"
                )
            )
        } else if 2 * classes.count > main.rowCount {
            problems.add(
                DataProblem(
                    .target,
                    file: main.file,
                    field: main.targetName,
                    specPath: .data("task"),
                    wrong: "the labels of '\(main.targetName)' hardly repeat",
                    found: "\(classes.count) different ones in \(main.rowCount) rows",
                    allowed: "at most a class for every two rows; data.task: regression for numbers"
                )
            )
        }
    }
}
