import SweepCore
import SweepNumerics

/// Checks of single columns: missing values, stand-ins for them, constants, sizes, far values, skew.
enum ColumnChecks {
    /// What the sample's rows hold in one column of numbers.
    private struct Column {
        let name: String
        let index: Int
        /// Present values with their rows, in row order; of an image's columns none are kept, 190 MB for 20,000 rows of 28 × 28.
        let values: [Double]
        let rows: [Int32]
        let missing: [Int32]
        let moments: Moments
        /// Median and robust deviation.
        let middle: Double
        let spread: Double
        let quartiles: (low: Double, high: Double)

        var deviation: Double { moments.populationVariance.squareRoot() }
        var isConstant: Bool { moments.populationVariance <= 0 }
    }

    static func findings(_ context: CheckContext) -> [DataFinding] {
        let columns = numbers(context)
        // What single pixels do is no finding: images have checks of their own.
        guard context.data.schema.image == nil else { return constants(context, columns) }
        return missing(context, columns) + sentinels(columns) + constants(context, columns) + scale(context, columns)
            + outliers(context, columns) + skew(context, columns) + redundant(columns)
    }

    private static func numbers(_ context: CheckContext) -> [Column] {
        let data = context.data
        let isImage = data.schema.image != nil
        return data.columns.indices.compactMap { index in
            guard data.columns[index].canMiss else { return nil }
            var (values, rows, missing): ([Double], [Int32], [Int32]) = ([], [], [])
            var moments = Moments()
            for row in context.sample.rows {
                let value = data.features[Int(row) * data.featureCount + index]
                if value.isNaN {
                    missing.append(row)
                } else {
                    moments.add(Double(value))
                    guard !isImage else { continue }
                    values.append(Double(value))
                    rows.append(row)
                }
            }
            let robust = isImage ? nil : Quantiles.robustDeviation(values)
            let sorted = isImage ? [] : values.sorted()
            return Column(
                name: data.columns[index].name,
                index: index,
                values: values,
                rows: rows,
                missing: missing,
                moments: moments,
                middle: robust?.median ?? 0,
                spread: robust?.deviation ?? 0,
                quartiles: sorted.isEmpty ? (0, 0) : (sorted[sorted.count / 4], sorted[sorted.count * 3 / 4])
            )
        }
    }

    private static func missing(_ context: CheckContext, _ columns: [Column]) -> [DataFinding] {
        let lacking = columns.filter { !$0.missing.isEmpty }
        guard !lacking.isEmpty else { return [] }
        let total = Double(context.sample.rows.count)
        let worst = lacking.max { $0.missing.count < $1.missing.count }
        let share = Double(worst?.missing.count ?? 0) / total
        let told = predictive(context, lacking)
        // Source of the 5 %: deepchecks.
        return [
            DataFinding(
                .missing,
                share > 0.05 || told != nil ? .warning : .note,
                count: lacking.reduce(0) { $0 + $1.missing.count },
                text: "\(lacking.count) columns lack values, most of all '\(worst?.name ?? "")', in "
                    + "\(CheckText.percent(share)) of the rows (limit: 5 %)"
                    + (told.map { "; that a value of '\($0)' is missing predicts the target" } ?? ""),
                examples: lacking.prefix(4).map { "\($0.name): \(CheckText.row($0.missing[0]))" },
                remedy: "preprocess: [{impute: {with: median, indicator: true}}], which keeps that a value was missing",
                measure: share
            )
        ]
    }

    /// A column whose missing values go with the target.
    private static func predictive(_ context: CheckContext, _ columns: [Column]) -> String? {
        columns.first { column in
            let lacking = Set(column.missing)
            guard lacking.count >= 20, column.values.count >= 20 else { return false }
            switch context.data.targets {
            case .values(let values):
                let flags = context.sample.rows.map { lacking.contains($0) ? 1.0 : 0 }
                let targets = context.sample.rows.map { Double(values[Int($0)]) }
                return abs(Association.pearson(flags, targets) ?? 0) > 0.3
            case .classes(let classes):
                var table = [[Int]](repeating: [0, 0], count: context.data.schema.outputs)
                for row in context.sample.rows { table[Int(classes[Int(row)])][lacking.contains(row) ? 1 : 0] += 1 }
                return (Association.cramersV(table) ?? 0) > 0.3
            }
        }?.name
    }

    /// A number that stands for a missing value: far from all others, and many times the same.
    ///
    /// Far is farther from the next value than that is from the last one: the end of a scale (16 of 0 … 16), however rare, lies
    /// beside its neighbour.
    private static func sentinels(_ columns: [Column]) -> [DataFinding] {
        let found = columns.compactMap { column -> (name: String, value: Double, count: Int, row: Int32)? in
            guard column.values.count >= 50 else { return nil }
            var counts: [Double: Int] = [:]
            for value in column.values { counts[value, default: 0] += 1 }
            let often = counts.filter { $0.value >= max(3, column.values.count / 100) }
            for (value, count) in often.sorted(by: { $0.key < $1.key }) {
                let others = column.values.filter { $0 != value }
                // 98 and 99 stand beside each other for two reasons why a value is missing.
                let real = isNines(value) ? others.filter { !isNines($0) } : others
                guard let robust = Quantiles.robustDeviation(others), robust.deviation > 0,
                    let low = real.min(), let high = real.max(), max(low - value, value - high) > high - low,
                    abs(value - robust.median) > 10 * robust.deviation, value == value.rounded(),
                    let place = column.values.firstIndex(of: value)
                else { continue }
                return (column.name, value, count, column.rows[place])
            }
            return nil
        }
        guard let first = found.first else { return [] }
        return [
            DataFinding(
                .sentinel,
                .warning,
                count: found.reduce(0) { $0 + $1.count },
                text:
                    "\(CheckText.number(first.value)) stands \(first.count) times in '\(first.name)', beyond all other values and "
                    + "more than 10 robust deviations from their median: a missing value's stand-in?"
                    + (found.count > 1 ? " \(found.count - 1) more columns have one" : ""),
                examples: found.prefix(4).map {
                    "\($0.name): \(CheckText.number($0.value)) in \(CheckText.row($0.row))"
                },
                remedy:
                    "leave such cells empty in the file, and preprocess: [{impute: {with: median, indicator: true}}]",
                measure: Double(found.count)
            )
        ]
    }

    /// 97 to 99, 997 to 999 and so on, and their negatives: what people write for a value that is missing.
    private static func isNines(_ value: Double) -> Bool {
        [99, 999, 9999, 99_999].contains { ($0 - 2...$0).contains(abs(value)) }
    }

    private static func constants(_ context: CheckContext, _ columns: [Column]) -> [DataFinding] {
        let constant = columns.filter { $0.moments.count > 1 && $0.isConstant }
        let isImage = context.data.schema.image != nil
        // In images pixels at the border never change; that is told only when most do.
        guard !constant.isEmpty, !isImage || 2 * constant.count > columns.count else { return [] }
        return [
            DataFinding(
                .constant,
                isImage ? .note : .warning,
                count: constant.count,
                text: "\(constant.count) of \(context.data.featureCount) columns have one value in all training rows: "
                    + CheckText.names(constant.map(\.name)),
                examples: constant.prefix(4).map { "\($0.name) = \(CheckText.number($0.moments.mean))" },
                remedy: "columns: {NAME: ignore}",
                measure: Double(constant.count)
            )
        ]
    }

    /// Compared with the largest is the column of which a quarter are no larger: what harms is that some columns drown the others. A
    /// few that hardly vary, as the pixels at the edge of a picture, drown nothing, and next to the largest they look as bad.
    private static func scale(_ context: CheckContext, _ columns: [Column]) -> [DataFinding] {
        let varying = columns.filter { $0.deviation > 0 }.sorted { $0.deviation < $1.deviation }
        guard let large = varying.last else { return [] }
        let small = varying[(varying.count - 1) / 4]
        let ratio = large.deviation / small.deviation
        let size = large.deviation * context.factor
        let far = varying.max { abs($0.moments.mean) * $1.deviation < abs($1.moments.mean) * $0.deviation }
        let offset = far.map { abs($0.moments.mean) / $0.deviation } ?? 0
        // Not "outside of [−1, 1]", which calls every standardised data set a fault.
        guard ratio > 10 || size > 30 || offset > 30 else { return [] }
        let isGrave = ratio > 100 || size > 300 || offset > 100
        /// A deviation as the trials see it.
        func number(_ column: Column) -> String { CheckText.number(column.deviation * context.factor) }
        let what: String
        if ratio > 10 {
            what =
                "standard deviations of features differ \(CheckText.number(ratio)) times, from "
                + "\(number(small)) of '\(small.name)' to \(number(large)) of "
                + "'\(large.name)' (limits: 10 and 100)"
        } else if size > 30 {
            what =
                "features are large: '\(large.name)' has a standard deviation of \(CheckText.number(size)) (limits: 30 and 300)"
        } else {
            what =
                "'\(far?.name ?? "")' has a mean \(CheckText.number(offset)) standard deviations from zero (limits: 30 and 100)"
        }
        return [
            DataFinding(
                .scale,
                context.scalesFeatures ? .note : isGrave ? .fault : .warning,
                count: varying.count { $0.deviation > 10 * small.deviation },
                text: what + (context.scalesFeatures ? "; preprocess scales them" : ""),
                examples: [small, large].map { "\($0.name): \(number($0))" },
                remedy: "preprocess: [standardize], fitted on training rows",
                measure: ratio
            )
        ]
    }

    /// Far values, by median and quartiles: a z-score cannot pass √(n − 1), and the value hides behind its own deviation.
    private static func outliers(_ context: CheckContext, _ columns: [Column]) -> [DataFinding] {
        var found: [(column: Column, row: Int32, value: Double, z: Double, share: Double, count: Int)] = []
        for column in columns {
            let far = FarValues.places(
                in: column.values,
                FarValues.Middle(median: column.middle, deviation: column.spread, quartiles: column.quartiles)
            )
            guard
                let worst = far.max(by: {
                    abs(column.values[$0] - column.middle) < abs(column.values[$1] - column.middle)
                })
            else { continue }
            let total = column.moments.populationVariance * Double(column.values.count)
            let own = far.reduce(0.0) { sum, place in
                let distance = column.values[place] - column.moments.mean
                return sum + distance * distance
            }
            found.append(
                (
                    column, column.rows[worst], column.values[worst],
                    abs(column.values[worst] - column.middle) / column.spread, total > 0 ? own / total : 0, far.count
                )
            )
        }
        guard let worst = found.max(by: { $0.share < $1.share }) else { return [] }
        let isGrave = worst.share > 0.3
        return [
            DataFinding(
                .outlier,
                isGrave && !context.boundsOutliers ? .warning : .note,
                count: found.reduce(0) { $0 + $1.count },
                text: "\(found.reduce(0) { $0 + $1.count }) far values in \(found.count) columns; the farthest of "
                    + "'\(worst.column.name)' is \(CheckText.number(worst.value)), \(CheckText.number(worst.z)) robust deviations "
                    + "from the median, and far values make \(CheckText.percent(worst.share)) of the column's variance (limits: 10 "
                    + "deviations, 30 %)" + (context.boundsOutliers ? "; preprocess bounds them" : ""),
                examples: found.prefix(4).map {
                    "\(CheckText.row($0.row)) (\($0.column.name) = \(CheckText.number($0.value)))"
                },
                remedy: "preprocess: [winsorize, standardize] or [robust]: standardising alone squeezes all other rows",
                measure: worst.share
            )
        ]
    }

    private static func skew(_ context: CheckContext, _ columns: [Column]) -> [DataFinding] {
        let found = columns.compactMap { column -> (name: String, skew: Double)? in
            guard column.values.count >= 50, column.deviation > 0, let least = column.values.min(), least >= 0 else {
                return nil
            }
            let cubes = column.values.reduce(0.0) { sum, value in
                let z = (value - column.moments.mean) / column.deviation
                return sum + z * z * z
            }
            let skew = cubes / Double(column.values.count)
            // Amounts over two decades are wanted as logarithms, however short their range cuts the tail: of exponential numbers the
            // nineteen twentieths in the middle span 58 times, of even ones 19.
            let low = Quantiles.linear(column.values, 0.05) ?? 0
            let isWide = low > 0 && (Quantiles.linear(column.values, 0.95) ?? 0) > 100 * low
            return skew > 3 || (skew > 1 && isWide) ? (column.name, skew) : nil
        }
        guard let worst = found.max(by: { $0.skew < $1.skew }), !context.boundsOutliers else { return [] }
        return [
            DataFinding(
                .skew,
                .note,
                count: found.count,
                text:
                    "\(found.count) columns of positive numbers have a long tail, most of all '\(worst.name)' with a skewness of "
                    + "\(CheckText.number(worst.skew)) (limit: 3, or 1 and a range of two decades)",
                examples: found.prefix(4).map { "\($0.name): \(CheckText.number($0.skew))" },
                remedy: "preprocess: [log1p, standardize] or [power]",
                measure: worst.skew
            )
        ]
    }

    /// Columns that say the same; at most the first 100 are compared.
    private static func redundant(_ columns: [Column]) -> [DataFinding] {
        let full = columns.filter { $0.missing.isEmpty && !$0.isConstant }.prefix(100)
        var found: [(String, String, Double)] = []
        let thinned = full.map { column in
            (
                column.name,
                stride(from: 0, to: column.values.count, by: max(1, column.values.count / 1000)).map {
                    column.values[$0]
                }
            )
        }
        for (index, a) in thinned.enumerated() {
            for b in thinned[..<index] {
                // Magnitude: a negative correlation is as redundant.
                guard let r = Association.pearson(a.1, b.1), abs(r) > 0.98 else { continue }
                found.append((b.0, a.0, r))
            }
        }
        guard let first = found.first else { return [] }
        return [
            DataFinding(
                .redundant,
                .note,
                count: found.count,
                text:
                    "\(found.count) pairs of columns say the same: '\(first.0)' and '\(first.1)' have a correlation of "
                    + "\(CheckText.number(first.2)) (limit: 0.98)",
                examples: found.prefix(4).map { "\($0.0), \($0.1)" },
                remedy: "columns: {NAME: ignore} for one of each pair, where columns are to be told apart",
                measure: Double(found.count)
            )
        ]
    }
}
