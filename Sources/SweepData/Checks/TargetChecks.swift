import SweepCore
import SweepNumerics

/// Checks of the target: class shares, the size of numbers, far values, and columns that give it away.
enum TargetChecks {
    static func findings(_ context: CheckContext) -> [DataFinding] {
        let own: [DataFinding] =
            switch context.data.targets {
            case .classes: classes(context)
            case .values(let values): numbers(context, values)
            }
        return own + leaks(context) + size(context)
    }

    private static func classes(_ context: CheckContext) -> [DataFinding] {
        guard case .classification(let names, let counts) = context.data.schema.task,
            let least = counts.indices.min(by: { counts[$0] < counts[$1] }),
            let most = counts.indices.max(by: { counts[$0] < counts[$1] })
        else { return [] }
        let total = max(1, counts.reduce(0, +))
        let share = Double(counts[least]) / Double(total)
        // Sources: cleanlab's limit falls with the number of classes; SageMaker Debugger's ratio of 10.
        let limit = 0.1 / Double(names.count)
        let ratio = Double(counts[most]) / Double(max(1, counts[least]))
        guard share < limit || ratio >= 10 else { return [] }
        return [
            DataFinding(
                .imbalance,
                .warning,
                count: counts.count { Double($0) / Double(total) < limit || $0 * 10 <= counts[most] },
                text: "class \(names[least]) has \(counts[least]) of \(total) training rows, class \(names[most]) "
                    + "\(counts[most]): \(CheckText.number(ratio)) times as many (limits: 10 times, or "
                    + "\(CheckText.percent(limit)) of the rows)",
                examples: [least, most].map { "\(names[$0]): \(counts[$0])" },
                remedy:
                    "objective: {maximize: validation.balanced_accuracy}, and sampling: oversample or class_weights: balanced",
                measure: ratio
            )
        ]
    }

    private static func numbers(_ context: CheckContext, _ values: [Float]) -> [DataFinding] {
        let rows = context.sample.rows
        let targets = rows.map { Double(values[Int($0)]) }
        let moments = Moments(of: targets)
        let deviation = moments.populationVariance.squareRoot()
        var found: [DataFinding] = []
        guard deviation > 0 else { return [] }
        let offset = abs(moments.mean) / deviation
        if deviation > 10 || deviation < 0.1 || offset > 10 {
            let isScaled = context.targetScale != .none
            found.append(
                DataFinding(
                    .target,
                    isScaled ? .note : .warning,
                    count: targets.count,
                    text: "the target has a mean of \(CheckText.number(moments.mean)) and a standard deviation of "
                        + "\(CheckText.number(deviation)) (in order: 0.1 to 10, and a mean within 10 of them)"
                        + (isScaled ? "; target_scale mends it" : ""),
                    remedy: "target_scale: standardize; losses and errors are still told in the target's own unit",
                    measure: deviation
                )
            )
        }
        if let middle = FarValues.Middle(targets) {
            let far = FarValues.places(in: targets, middle, areTargets: true)
            let own = far.reduce(0.0) { $0 + (targets[$1] - moments.mean) * (targets[$1] - moments.mean) }
            let share = own / (moments.populationVariance * Double(targets.count))
            if !far.isEmpty {
                found.append(
                    DataFinding(
                        .outlier,
                        share > 0.3 ? .warning : .note,
                        count: far.count,
                        text: "\(far.count) targets are more than 10 robust deviations from the median and make "
                            + "\(CheckText.percent(share)) of the variance (limit: 30 %)",
                        examples: far.prefix(4).map { "\(CheckText.row(rows[$0])) (\(CheckText.number(targets[$0])))" },
                        remedy: "loss: huber, whose slope is bounded; look at these rows",
                        measure: share
                    )
                )
            }
        }
        return found
    }

    /// Columns of which one alone tells the target: a copy of it, or what is known only afterwards.
    private static func leaks(_ context: CheckContext) -> [DataFinding] {
        let data = context.data
        guard data.schema.image == nil, context.sample.rows.count >= 30 else { return [] }
        let rows = CheckSample.draw(context.sample.rows, 4_000)
        // Two standard errors of what a share of nine in ten is measured with, on the scale from guessing to all.
        let limit = 0.8 + 1.2 / Double(rows.count).squareRoot()
        let found = data.columns.indices.prefix(2_000).compactMap { column -> (name: String, power: Double)? in
            let values = rows.map { data.features[Int($0) * data.featureCount + column] }
            let power = SingleColumn.power(values, data.targets, rows: rows, classes: data.schema.outputs)
            return power > limit ? (data.columns[column].name, power) : nil
        }
        // Where several columns do, the target is simply easy.
        let others = data.columns.count
        guard let worst = found.max(by: { $0.power < $1.power }), others > 1, found.count <= max(1, others / 4) else {
            return []
        }
        return [
            DataFinding(
                .featureLeak,
                worst.power > 0.98 ? .fault : .warning,
                count: found.count,
                text:
                    "'\(worst.name)' alone predicts \(CheckText.percent(worst.power)) of what guessing misses, on rows it was not "
                    + "fitted to (limit: \(CheckText.percent(limit))): a copy of the target, or known only after it?",
                examples: found.map(\.name),
                remedy: "columns: {\(worst.name): ignore}, unless it is known when a prediction is wanted",
                measure: worst.power
            )
        ]
    }

    private static func size(_ context: CheckContext) -> [DataFinding] {
        let schema = context.data.schema
        var found: [DataFinding] = []
        let rows = schema.trainingRows
        if rows < 5 * schema.features.count, schema.image == nil {
            found.append(
                DataFinding(
                    .size,
                    rows < schema.features.count ? .warning : .note,
                    count: rows,
                    text:
                        "\(rows) training rows for \(schema.features.count) features (limit: 5 rows a feature): a model finds "
                        + "patterns that are none",
                    remedy: "fewer features, a penalty, or more rows",
                    measure: Double(rows) / Double(max(1, schema.features.count))
                )
            )
        }
        let needed = schema.task.kind == .classification ? max(100, 10 * schema.outputs) : 100
        if schema.validationRows > 0, schema.validationRows < needed {
            found.append(
                DataFinding(
                    .size,
                    schema.validationRows < needed / 5 ? .warning : .note,
                    count: schema.validationRows,
                    text:
                        "\(schema.validationRows) validation rows (limit: \(needed)): a share measured on them is uncertain by "
                        + CheckText.percent(0.5 / Double(schema.validationRows).squareRoot()),
                    remedy: "validation: 0.3 or more, and repeats over seeds",
                    measure: Double(schema.validationRows)
                )
            )
        }
        return found
    }
}

/// How well one column predicts the target.
enum SingleColumn {
    private static let bins = 16

    /// The share of what guessing misses that a table by the column's bins predicts, on the half of the rows it was not made of.
    ///
    /// Bins of equal counts; each of few different values is a bin of its own. Source: the predictive power score.
    static func power(_ values: [Float], _ targets: DataTargets, rows: [Int32], classes: Int) -> Double {
        let present = values.filter { !$0.isNaN }.sorted()
        guard let low = present.first, let high = present.last, low < high else { return 0 }
        var edges: [Float] = []
        let different = Set(present)
        if different.count <= bins {
            edges = different.sorted().dropFirst().map { $0 }
        } else {
            for bin in 1..<bins { edges.append(present[bin * present.count / bins]) }
        }
        func bin(_ value: Float) -> Int {
            if value.isNaN { return edges.count + 1 }
            var (low, high) = (0, edges.count)
            while low < high {
                let middle = (low + high) / 2
                if edges[middle] <= value { low = middle + 1 } else { high = middle }
            }
            return low
        }
        let placed = values.map(bin)
        let count = edges.count + 2
        switch targets {
        case .classes(let labels):
            var tables = [[Int]](repeating: [Int](repeating: 0, count: classes), count: count)
            var totals = [Int](repeating: 0, count: classes)
            for (place, row) in rows.enumerated() where place % 2 == 0 {
                tables[placed[place]][Int(labels[Int(row)])] += 1
                totals[Int(labels[Int(row)])] += 1
            }
            func best(_ counts: [Int]) -> Int { counts.indices.max { counts[$0] < counts[$1] } ?? 0 }
            let answers = tables.map { best($0.contains { $0 > 0 } ? $0 : totals) }
            let usual = best(totals)
            var (right, guessed, tested) = (0, 0, 0)
            for (place, row) in rows.enumerated() where place % 2 == 1 {
                let label = Int(labels[Int(row)])
                tested += 1
                if answers[placed[place]] == label { right += 1 }
                if usual == label { guessed += 1 }
            }
            // Few mistakes of guessing leave nothing to be right about.
            guard tested - guessed >= 10 else { return 0 }
            return Double(right - guessed) / Double(tested - guessed)
        case .values(let numbers):
            var sums = [Moments](repeating: Moments(), count: count)
            var all = Moments()
            for (place, row) in rows.enumerated() where place % 2 == 0 {
                sums[placed[place]].add(Double(numbers[Int(row)]))
                all.add(Double(numbers[Int(row)]))
            }
            var (left, total) = (0.0, 0.0)
            for (place, row) in rows.enumerated() where place % 2 == 1 {
                let target = Double(numbers[Int(row)])
                let mean = sums[placed[place]].count > 0 ? sums[placed[place]].mean : all.mean
                left += (target - mean) * (target - mean)
                total += (target - all.mean) * (target - all.mean)
            }
            let table = total > 0 ? 1 - left / total : 0
            // A straight copy: bins blur it.
            let targets = rows.map { Double(numbers[Int($0)]) }
            let line = Association.pearson(values.map(Double.init), targets) ?? 0
            return abs(line) > 0.99 ? max(table, line * line) : max(0, table - 0.1)
        }
    }
}
