import SweepCore
import SweepNumerics

/// What binds rows together or orders them when they are parted.
enum RowBinding {
    case independent
    /// The group of each row of all sources; rows of a group are in one part.
    case groups([Int32])
    /// The rows of the main source from the earliest to the latest.
    case times([Int32])
}

extension SplitRule {
    /// Parts whole groups.
    ///
    /// Groups come in an order drawn by the seed; the test part, then the validation part, takes each group that brings its
    /// rows nearer to its share, and at least one. Folds: from the largest to the smallest (equals in the drawn order)
    /// each group goes to the fold with the fewest rows. Source of the latter: scikit-learn's `GroupKFold`.
    func drawGroups(
        _ pool: [Int32],
        _ groups: [Int32],
        test: Int,
        validation: Int,
        problems: inout ProblemList
    ) -> RowSplit? {
        var members: [[Int32]] = []
        var places: [Int32: Int] = [:]
        for row in pool {
            let group = groups[Int(row)]
            if let place = places[group] {
                members[place].append(row)
            } else {
                places[group] = members.count
                members.append([row])
            }
        }
        let count = members.count
        var hash = StableHash()
        hash.combine("split groups")
        hash.combine(seed)
        var stream = RandomStream(key: hash.value)
        stream.shuffle(&members)
        var split = RowSplit(training: [], validation: [], test: [])
        split.test = Self.take(test, from: &members)
        if case .fold(let number, let folds, _) = self.validation {
            guard members.count >= folds else {
                refuseFold(folds, of: "\(members.count) groups", problems: &problems)
                return nil
            }
            let fold = Self.fold(number - 1, of: folds, members)
            split.validation = fold.inside
            split.training = fold.outside
        } else {
            split.validation = Self.take(validation, from: &members)
            split.training = members.flatMap(\.self)
        }
        guard !split.training.isEmpty, validation == 0 || !split.validation.isEmpty else {
            problems.add(
                DataProblem(
                    .split,
                    file: file,
                    specPath: .data("group"),
                    wrong: "the groups do not suffice for all parts",
                    found: "\(count) groups",
                    allowed: "at least one a part"
                )
            )
            return nil
        }
        return split
    }

    /// Takes the groups whose rows come nearest to `share`, in order; at least one where the share is not 0.
    private static func take(_ share: Int, from groups: inout [[Int32]]) -> [Int32] {
        guard share > 0, !groups.isEmpty else { return [] }
        var taken: [Int32] = []
        var rest: [[Int32]] = []
        for group in groups {
            if abs(taken.count + group.count - share) < abs(taken.count - share) {
                taken += group
            } else {
                rest.append(group)
            }
        }
        if taken.isEmpty, let least = rest.indices.min(by: { rest[$0].count < rest[$1].count }) {
            taken = rest.remove(at: least)
        }
        groups = rest
        return taken
    }

    private static func fold(
        _ number: Int,
        of count: Int,
        _ groups: [[Int32]]
    ) -> (inside: [Int32], outside: [Int32]) {
        var sizes = [Int](repeating: 0, count: count)
        var inside: [Int32] = []
        var outside: [Int32] = []
        let order = groups.indices.sorted { a, b in
            groups[a].count != groups[b].count ? groups[a].count > groups[b].count : a < b
        }
        for index in order {
            let fold = sizes.indices.min { sizes[$0] < sizes[$1] } ?? 0
            sizes[fold] += groups[index].count
            if fold == number { inside += groups[index] } else { outside += groups[index] }
        }
        return (inside, outside)
    }

    /// Reports a group that is in two parts: `{last: ROWS}` may cut one, another file may go on with one.
    func checkGroups(_ split: RowSplit, problems: inout ProblemList) {
        guard case .groups(let groups) = binding else { return }
        var part: [Int32: String] = [:]
        for (name, rows) in [("training", split.training), ("validation", split.validation), ("test", split.test)] {
            for row in rows {
                let group = groups[Int(row)]
                guard let other = part[group], other != name else {
                    part[group] = name
                    continue
                }
                problems.add(
                    DataProblem(
                        .split,
                        file: file,
                        specPath: .data("group"),
                        wrong: "a group has rows in two parts",
                        found: "row \(row) in \(name), others in \(other)",
                        allowed: "whole groups; take a share instead of {last: ROWS}, or files without common groups"
                    )
                )
                return
            }
        }
    }
}
