import SweepCore
import SweepNumerics

/// How rows become training, validation and test rows.
///
/// Rows are numbered main source first, then the validation file's, then the test file's. `{last: N}` for test takes the
/// last rows of the main source, for validation the last of what then remains; shares are counted on all rows of the main
/// source and drawn from what remains, stratified: each class gives its share by largest remainders (ties: the class
/// with the lower index), so that the totals are exact, and keeps at least one training row. Which rows of a class are
/// drawn depends on the seed, the class and its rows only; test rows are drawn first, so that the test part does not
/// change with the validation share. Source: Hare–Niemeyer's method for the shares, Fisher–Yates for the draw.
///
/// Without stratification all rows are one class. A fold takes every k-th of the rows that test left, class after class,
/// so folds part the rows, and neither their sizes nor a class's share of them differ by more than one row. Groups and
/// times: `RowBinding`.
struct SplitRule {
    let validation: SplitPart
    let test: SplitPart
    let seed: UInt64
    /// What mistakes of the split are told of.
    let file: String
    let mainRows: Int
    let validationRows: Int
    let testRows: Int
    /// What binds or orders the rows.
    var binding = RowBinding.independent

    /// The split; nil when there is none that the rule allows, and then `problems` says why.
    func split(_ targets: DataTargets, classes: [String], problems: inout ProblemList) -> RowSplit? {
        let before = problems.count
        guard targets.count <= Int(Int32.max) else {
            problems.add(
                DataProblem(
                    .tooLarge,
                    file: file,
                    wrong: "there are too many rows",
                    found: "\(targets.count)",
                    allowed: "at most \(Int32.max)"
                )
            )
            return nil
        }
        var pool = range(0, mainRows)
        if case .times(let order) = binding { pool = order }
        let lastTest = last(test, "test", pool: &pool, problems: &problems)
        let lastValidation = last(validation, "validation", pool: &pool, problems: &problems)
        let testShare = share(test, "test", problems: &problems)
        let validationShare = share(validation, "validation", problems: &problems)
        guard problems.count == before else { return nil }
        let drawn: RowSplit?
        if case .groups(let groups) = binding {
            drawn = drawGroups(pool, groups, test: testShare, validation: validationShare, problems: &problems)
        } else {
            let strata = Strata(targets: targets, classCount: classes.count, seed: seed)
            drawn = draw(pool, strata, test: testShare, validation: validationShare, problems: &problems)
        }
        guard var split = drawn else { return nil }
        split.test += lastTest
        split.validation += lastValidation
        split.validation += range(mainRows, validationRows)
        split.test += range(mainRows + validationRows, testRows)
        split.training.sort()
        split.validation.sort()
        split.test.sort()
        checkGroups(split, problems: &problems)
        checkClasses(split, targets, classes, problems: &problems)
        return problems.count == before ? split : nil
    }

    func range(_ start: Int, _ count: Int) -> [Int32] {
        (start..<start + count).map { Int32($0) }
    }

    /// The last rows of `pool` when `part` is so many of them, or, of rows in time order, a share of all.
    private func last(
        _ part: SplitPart,
        _ key: String,
        pool: inout [Int32],
        problems: inout ProblemList
    ) -> [Int32] {
        let count: Int
        switch (part, binding) {
        case (.last(let rows), _): count = rows
        case (.fraction, .times):
            count = rows(of: part, key, problems: &problems)
            guard count > 0 else { return [] }
        default: return []
        }
        guard count > 0, count < pool.count else {
            problems.add(
                DataProblem(
                    .split,
                    file: file,
                    specPath: .data(key),
                    wrong: "the \(key) rows leave none for training",
                    found: "the last \(count) of \(pool.count) rows",
                    allowed: "1 to \(max(pool.count - 1, 1))"
                )
            )
            return []
        }
        defer { pool.removeLast(count) }
        return Array(pool.suffix(count))
    }

    private func share(_ part: SplitPart, _ key: String, problems: inout ProblemList) -> Int {
        if case .times = binding { return 0 }
        return rows(of: part, key, problems: &problems)
    }

    /// The rows of a share; 0 for all other parts, and for a share of no row, which is reported.
    private func rows(of part: SplitPart, _ key: String, problems: inout ProblemList) -> Int {
        guard case .fraction(let fraction, _) = part else { return 0 }
        let count = (fraction * Double(mainRows)).rounded()
        // Also refuses NaN.
        guard fraction > 0, fraction < 1, count >= 1 else {
            problems.add(
                DataProblem(
                    .split,
                    file: file,
                    specPath: .data(key),
                    wrong: "the \(key) part is empty",
                    found: "\(fraction) of \(mainRows) rows",
                    allowed: "a share below 1 that is at least one row"
                )
            )
            return 0
        }
        return Int(count)
    }

    private func draw(
        _ pool: [Int32],
        _ strata: Strata,
        test: Int,
        validation: Int,
        problems: inout ProblemList
    ) -> RowSplit? {
        var groups = strata.shuffled(
            pool,
            isStratified: test > 0 ? self.test.isStratified : self.validation.isStratified
        )
        var sizes = groups.map(\.count)
        func refuse() -> RowSplit? {
            let room = sizes.reduce(0) { $0 + max($1 - 1, 0) }
            problems.add(
                DataProblem(
                    .split,
                    file: file,
                    specPath: .data("validation"),
                    wrong: "validation and test rows leave too few for training",
                    found: "\(validation) and \(test) of \(sizes.reduce(0, +)) rows",
                    allowed: "at least one training row a class, so at most \(room) together"
                )
            )
            return nil
        }
        var split = RowSplit(training: [], validation: [], test: [])
        guard let testCounts = Self.allot(test, sizes: sizes, room: groups.map { max($0.count - 1, 0) }) else {
            return refuse()
        }
        for index in groups.indices {
            split.test += groups[index].prefix(testCounts[index])
            groups[index].removeFirst(testCounts[index])
        }
        if test > 0, self.test.isStratified != self.validation.isStratified {
            groups = strata.shuffled(groups.flatMap(\.self).sorted(), isStratified: self.validation.isStratified)
            sizes = groups.map(\.count)
        }
        if case .fold(let number, let count, _) = self.validation {
            for (position, row) in groups.joined().enumerated() {
                if position % count == number - 1 { split.validation.append(row) } else { split.training.append(row) }
            }
            if split.validation.isEmpty || split.training.isEmpty {
                refuseFold(count, of: "\(groups.joined().count) rows", problems: &problems)
                return nil
            }
            return split
        }
        guard let counts = Self.allot(validation, sizes: sizes, room: groups.map { max($0.count - 1, 0) }) else {
            return refuse()
        }
        for index in groups.indices {
            split.validation += groups[index].prefix(counts[index])
            split.training += groups[index].dropFirst(counts[index])
        }
        return split
    }

    /// Reports that a fold would be empty.
    func refuseFold(_ count: Int, of what: String, problems: inout ProblemList) {
        problems.add(
            DataProblem(
                .split,
                file: file,
                specPath: .data("validation"),
                wrong: "the fold is empty",
                found: "\(count) folds of \(what)",
                allowed: "at most as many folds"
            )
        )
    }

    /// Parts `total` among groups in proportion to `sizes` by largest remainders, none above its `room`; nil when the
    /// room does not suffice. Without that bound each group gets its exact share rounded up or down.
    static func allot(_ total: Int, sizes: [Int], room: [Int]) -> [Int]? {
        let all = sizes.reduce(0, +)
        guard total > 0 else { return sizes.map { _ in 0 } }
        guard total <= room.reduce(0, +) else { return nil }
        var counts = zip(sizes, room).map { min(total * $0 / all, $1) }
        let order = sizes.indices.sorted { a, b in
            let (left, right) = (total * sizes[a] % all, total * sizes[b] % all)
            return left != right ? left > right : a < b
        }
        var rest = total - counts.reduce(0, +)
        while rest > 0 {
            for index in order where rest > 0 && counts[index] < room[index] {
                counts[index] += 1
                rest -= 1
            }
        }
        return counts
    }

    private func checkClasses(
        _ split: RowSplit,
        _ targets: DataTargets,
        _ classes: [String],
        problems: inout ProblemList
    ) {
        guard case .classes(let indices) = targets else { return }
        let isOrdered = validation.isOrdered || test.isOrdered
        var counts = [Int](repeating: 0, count: classes.count)
        for row in split.training { counts[Int(indices[Int(row)])] += 1 }
        for index in classes.indices where counts[index] == 0 {
            problems.add(.split, file: file) {
                DataProblem(
                    .split,
                    file: file,
                    specPath: .data("validation"),
                    wrong: "no training row is of class '\(classes[index])'",
                    found: isOrdered ? "it is in the last rows only" : "all its rows are in other parts",
                    allowed: isOrdered
                        ? "a row of each class; take a share instead of {last: ROWS} where rows are sorted"
                        : "a row of each class; take another seed, or stratify"
                )
            }
        }
    }
}

/// Rows by class, in the order in which they are drawn.
struct Strata {
    let targets: DataTargets
    let classCount: Int
    let seed: UInt64

    /// `rows` by class, or as one, each shuffled; for numbers always one.
    func shuffled(_ rows: [Int32], isStratified: Bool) -> [[Int32]] {
        var groups = [rows]
        if isStratified, case .classes(let indices) = targets {
            groups = [[Int32]](repeating: [], count: classCount)
            for row in rows { groups[Int(indices[Int(row)])].append(row) }
        }
        for index in groups.indices {
            var hash = StableHash()
            hash.combine("split")
            hash.combine(seed)
            hash.combine(UInt64(index))
            var stream = RandomStream(key: hash.value)
            stream.shuffle(&groups[index])
        }
        return groups
    }
}

extension SplitPart {
    /// Whether rows are drawn class by class, when there are classes.
    var isStratified: Bool {
        switch self {
        case .fraction(_, let isStratified), .fold(_, _, let isStratified), .folds(_, let isStratified): isStratified
        case .none, .last, .source: true
        }
    }

    /// Whether rows are taken by their order in the source.
    fileprivate var isOrdered: Bool {
        if case .last = self { true } else { false }
    }
}
