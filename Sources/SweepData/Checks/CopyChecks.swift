import SweepCore
import SweepNumerics

/// Checks by hash: rows that stand twice, with other labels, or in two parts.
enum CopyChecks {
    static func findings(_ context: CheckContext) -> [DataFinding] {
        let data = context.data
        var first: [UInt64: Int32] = [:]
        var copies: [Int32] = []
        var repeated: Set<UInt64> = []
        var conflicts: [(Int32, Int32)] = []
        let hashes = RowHashes(data)
        for row in data.split.training {
            let hash = hashes[row]
            if let other = first[hash] {
                copies.append(row)
                repeated.insert(hash)
                if !sameTarget(data.targets, row, other) { conflicts.append((other, row)) }
            } else {
                first[hash] = row
            }
        }
        let total = Double(max(1, data.split.training.count))
        let share = Double(copies.count) / total
        // A row drawn for validation finds its like in training as often as one of training does: the first of two copies counts too.
        let within = Double(copies.count + repeated.count) / total
        return duplicates(copies, share) + conflict(conflicts, total)
            + overlap("validation", data.split.validation, first, hashes, within: within)
            + overlap("test", data.split.test, first, hashes, within: within)
    }

    private static func sameTarget(_ targets: DataTargets, _ a: Int32, _ b: Int32) -> Bool {
        switch targets {
        case .classes(let classes): classes[Int(a)] == classes[Int(b)]
        case .values(let values): values[Int(a)] == values[Int(b)]
        }
    }

    private static func duplicates(_ copies: [Int32], _ share: Double) -> [DataFinding] {
        guard !copies.isEmpty else { return [] }
        return [
            DataFinding(
                .duplicate,
                // Source: deepchecks.
                share > 0.05 ? .warning : .note,
                count: copies.count,
                text: "\(copies.count) training rows repeat an earlier one, \(CheckText.percent(share)) (limit: 5 %)",
                examples: copies.prefix(4).map(CheckText.row),
                remedy: "take copies out of the file before it is split, or bind them: group: COLUMN",
                measure: share
            )
        ]
    }

    private static func conflict(_ conflicts: [(Int32, Int32)], _ total: Double) -> [DataFinding] {
        guard let first = conflicts.first else { return [] }
        let share = Double(conflicts.count) / total
        return [
            DataFinding(
                .conflict,
                share > 0.01 ? .warning : .note,
                count: conflicts.count,
                text: "\(conflicts.count) training rows have the features of another row and another target, "
                    + "\(CheckText.percent(share)) (limit: 1 %): no model can get both right, as \(CheckText.row(first.0)) and "
                    + CheckText.row(first.1),
                examples: conflicts.prefix(4).map { "\(CheckText.row($0.0)), \(CheckText.row($0.1))" },
                remedy: "look at these labels, or add what tells the rows apart",
                measure: share
            )
        ]
    }

    private static func overlap(
        _ part: String,
        _ rows: [Int32],
        _ training: [UInt64: Int32],
        _ hashes: RowHashes,
        within: Double
    ) -> [DataFinding] {
        let shared = rows.compactMap { row in training[hashes[row]].map { (row, $0) } }
        guard !shared.isEmpty else { return [] }
        let share = Double(shared.count) / Double(rows.count)
        // Rows of few small numbers repeat by chance; then training rows repeat each other as often.
        let isByChance = share < 2 * within
        return [
            DataFinding(
                .overlap,
                share > 0.01 && !isByChance ? .fault : .warning,
                count: shared.count,
                text:
                    "\(shared.count) of \(rows.count) \(part) rows stand in training too, \(CheckText.percent(share)) (limit: "
                    + "none; 1 % spoils a score)" + (isByChance ? "; as often as training rows repeat each other" : ""),
                examples: shared.prefix(4).map { "\(CheckText.row($0.0)) = \(CheckText.row($0.1))" },
                remedy: "take copies out of the file before it is split, or bind them: group: COLUMN",
                measure: share
            )
        ]
    }
}

/// A hash of each row's features, computed when it is asked for.
struct RowHashes {
    private let data: DataSet

    init(_ data: DataSet) { self.data = data }

    subscript(row: Int32) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for value in data.features[Int(row) * data.featureCount..<(Int(row) + 1) * data.featureCount] {
            // A missing value is one value, and −0 is 0.
            let bits = value.isNaN ? 0x7fc0_0000 : value == 0 ? 0 : value.bitPattern
            hash = (hash ^ UInt64(bits)) &* 0x9e37_79b9_7f4a_7c15
            hash ^= hash >> 29
        }
        return hash
    }
}
