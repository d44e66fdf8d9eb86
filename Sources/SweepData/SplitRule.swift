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
struct SplitRule {
    let validation: SplitPart
    let test: SplitPart
    let seed: UInt64
    /// What mistakes of the split are told of.
    let file: String
    let mainRows: Int
    let validationRows: Int
    let testRows: Int

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
        var pool = mainRows
        let lastTest = last(test, "test", pool: &pool, problems: &problems)
        let lastValidation = last(validation, "validation", pool: &pool, problems: &problems)
        let testShare = share(test, "test", problems: &problems)
        let validationShare = share(validation, "validation", problems: &problems)
        guard problems.count == before else { return nil }
        guard
            let drawn = draw(
                test: testShare,
                validation: validationShare,
                groups: groups(targets, classes.count, pool: pool),
                problems: &problems
            )
        else { return nil }
        var split = drawn
        split.test += lastTest
        split.validation += lastValidation
        split.validation += range(mainRows, validationRows)
        split.test += range(mainRows + validationRows, testRows)
        split.training.sort()
        split.validation.sort()
        split.test.sort()
        checkClasses(split, targets, classes, problems: &problems)
        return problems.count == before ? split : nil
    }

    private func range(_ start: Int, _ count: Int) -> [Int32] {
        (start..<start + count).map { Int32($0) }
    }

    private func last(
        _ part: SplitPart,
        _ key: String,
        pool: inout Int,
        problems: inout ProblemList
    ) -> [Int32] {
        guard case .last(let count) = part else { return [] }
        guard count > 0, count < pool else {
            problems.add(
                DataProblem(
                    .split,
                    file: file,
                    specPath: .data(key),
                    wrong: "the \(key) rows leave none for training",
                    found: "the last \(count) of \(pool) rows",
                    allowed: "1 to \(max(pool - 1, 1))"
                )
            )
            return []
        }
        pool -= count
        return range(pool, count)
    }

    private func share(_ part: SplitPart, _ key: String, problems: inout ProblemList) -> Int {
        guard case .fraction(let fraction) = part else { return 0 }
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

    /// The pool's rows by class; one group for numbers.
    private func groups(_ targets: DataTargets, _ classCount: Int, pool: Int) -> [[Int32]] {
        switch targets {
        case .values: return [range(0, pool)]
        case .classes(let indices):
            var groups = [[Int32]](repeating: [], count: classCount)
            for row in 0..<pool { groups[Int(indices[row])].append(Int32(row)) }
            return groups
        }
    }

    private func draw(
        test: Int,
        validation: Int,
        groups: [[Int32]],
        problems: inout ProblemList
    ) -> RowSplit? {
        let sizes = groups.map(\.count)
        let room = sizes.map { max($0 - 1, 0) }
        guard let testCounts = Self.allot(test, sizes: sizes, room: room),
            let validationCounts = Self.allot(
                validation,
                sizes: sizes,
                room: zip(room, testCounts).map { $0 - $1 }
            )
        else {
            problems.add(
                DataProblem(
                    .split,
                    file: file,
                    specPath: .data("validation"),
                    wrong: "validation and test rows leave too few for training",
                    found: "\(validation) and \(test) of \(sizes.reduce(0, +)) rows",
                    allowed: "at least one training row a class, so at most \(room.reduce(0, +)) together"
                )
            )
            return nil
        }
        var split = RowSplit(training: [], validation: [], test: [])
        for (index, group) in groups.enumerated() {
            var rows = group
            var hash = StableHash()
            hash.combine("split")
            hash.combine(seed)
            hash.combine(UInt64(index))
            var stream = RandomStream(key: hash.value)
            stream.shuffle(&rows)
            let (testCount, validationCount) = (testCounts[index], validationCounts[index])
            split.test += rows[..<testCount]
            split.validation += rows[testCount..<testCount + validationCount]
            split.training += rows[(testCount + validationCount)...]
        }
        return split
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
        var counts = [Int](repeating: 0, count: classes.count)
        for row in split.training { counts[Int(indices[Int(row)])] += 1 }
        for index in classes.indices where counts[index] == 0 {
            problems.add(.split, file: file) {
                DataProblem(
                    .split,
                    file: file,
                    specPath: .data("validation"),
                    wrong: "no training row is of class '\(classes[index])'",
                    found: "it is in the last rows only",
                    allowed: "a row of each class; take a share instead of {last: ROWS} where rows are sorted"
                )
            }
        }
    }
}
