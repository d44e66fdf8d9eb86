import SweepCore
import SweepNumerics

/// Checks that compare the parts with each other, and rows with their order in the file.
enum PartChecks {
    static func findings(_ context: CheckContext) -> [DataFinding] {
        drift(context) + prescaled(context) + order(context)
    }

    /// Features or labels that are other ones in validation rows.
    private static func drift(_ context: CheckContext) -> [DataFinding] {
        let data = context.data
        let validation = CheckSample.draw(data.split.validation, 5_000)
        let training = CheckSample.draw(data.split.training, 5_000)
        guard validation.count >= 30, data.schema.image == nil else { return [] }
        func values(_ rows: [Int32], _ column: Int) -> [Double] {
            rows.map { Double(data.features[Int($0) * data.featureCount + column]) }.filter { !$0.isNaN }
        }
        // Source of the limit: deepchecks. The level is shared among the columns (Bonferroni).
        let columns = data.columns.indices.prefix(500)
        var found: [(name: String, distance: Double)] = []
        for column in columns {
            guard
                let test = Association.kolmogorovSmirnov(values(training, column), values(validation, column)),
                test.distance > 0.2, test.p < 0.01 / Double(columns.count)
            else { continue }
            found.append((data.columns[column].name, test.distance))
        }
        if case .classes(let classes) = data.targets {
            var table = [[Int]](repeating: [Int](repeating: 0, count: data.schema.outputs), count: 2)
            for row in training { table[0][Int(classes[Int(row)])] += 1 }
            for row in validation { table[1][Int(classes[Int(row)])] += 1 }
            if let v = Association.cramersV(table), v > 0.15, Double(validation.count) * v * v > 10 {
                found.append((data.targetName, v))
            }
        }
        guard let worst = found.max(by: { $0.distance < $1.distance }) else { return [] }
        return [
            DataFinding(
                .drift,
                .warning,
                count: found.count,
                text:
                    "\(found.count) columns are distributed otherwise in validation rows, most of all '\(worst.name)' by "
                    + "\(CheckText.number(worst.distance)) (limits: Kolmogorov-Smirnov 0.2, of classes Cramér's V 0.15)",
                examples: found.prefix(4).map { "\($0.name): \(CheckText.number($0.distance))" },
                remedy:
                    "draw the validation rows from the same source, or accept that scores are of other data: they are then of the "
                    + "future, as data.time means",
                measure: worst.distance
            )
        ]
    }

    /// Columns that were standardised over all rows before they were split: validation has had its say.
    private static func prescaled(_ context: CheckContext) -> [DataFinding] {
        let data = context.data
        let all = CheckSample.draw(
            (data.split.training + data.split.validation + data.split.test).sorted(),
            .max
        )
        guard data.schema.image == nil, all.count >= 20, all.count <= 200_000, !data.split.validation.isEmpty else {
            return []
        }
        let found = data.columns.indices.filter { column in
            guard data.columns[column].kind == .number else { return false }
            func moments(_ rows: [Int32]) -> Moments {
                Moments(of: rows.lazy.map { Double(data.features[Int($0) * data.featureCount + column]) })
            }
            let whole = moments(all)
            let part = moments(data.split.training)
            return abs(whole.mean) < 1e-4 && abs(whole.populationVariance - 1) < 2e-2
                && abs(part.mean) > 20 * abs(whole.mean)
                && abs(part.mean) > 1e-4
                && (abs(whole.populationVariance - 1) < 1e-4 || abs((whole.sampleVariance ?? 0) - 1) < 1e-4)
        }
        guard !found.isEmpty, 2 * found.count >= data.columns.count else { return [] }
        return [
            DataFinding(
                .prescaled,
                .warning,
                count: found.count,
                text:
                    "\(found.count) columns have mean 0 and variance 1 over all rows, and not over the training rows: they were "
                    + "standardised before the split, with validation rows in it",
                examples: found.prefix(4).map { data.columns[$0].name },
                remedy: "give the raw values, and preprocess: [standardize], which is fitted on training rows alone",
                measure: Double(found.count)
            )
        ]
    }

    /// Rows that stand in the file in the order of their target: no harm, as rows are drawn, but time may be behind it.
    private static func order(_ context: CheckContext) -> [DataFinding] {
        let data = context.data
        let rows = CheckSample.draw((data.split.training + data.split.validation).sorted(), 5_000)
        guard rows.count >= 50 else { return [] }
        switch data.targets {
        case .classes(let classes):
            let labels = rows.map { classes[Int($0)] }
            let changes = zip(labels, labels.dropFirst()).count { $0 != $1 }
            var counts: [Int32: Int] = [:]
            for label in labels { counts[label, default: 0] += 1 }
            let total = Double(labels.count)
            let alike = counts.values.reduce(0.0) { $0 + Double($1) / total * (Double($1) / total) }
            let expected = (total - 1) * (1 - alike)
            guard Double(changes) < 0.25 * expected, expected > 20 else { return [] }
            return [
                DataFinding(
                    .order,
                    .note,
                    count: changes,
                    text:
                        "the file is sorted by class: \(changes) changes of class where \(Int(expected)) are expected",
                    remedy:
                        "nothing, as rows are drawn for the split and for each epoch; not {last: N}, which would take one class",
                    measure: Double(changes) / expected
                )
            ]
        case .values(let values):
            guard
                let r = Association.spearman(rows.map { Double($0) }, rows.map { Double(values[Int($0)]) }),
                abs(r) > 0.3
            else { return [] }
            return [
                DataFinding(
                    .order,
                    .note,
                    count: rows.count,
                    text: "targets go with the order of the file: rank correlation \(CheckText.number(r)) (limit: 0.3)",
                    remedy: "if the order is time, data.time parts past from future: a random split is too kind",
                    measure: abs(r)
                )
            ]
        }
    }
}
