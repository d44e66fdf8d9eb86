package import SweepCore

/// Checks of the folds of a cross-validation, each of which has its own training and validation rows.
package enum FoldChecks {
    /// The labels of which no validation row is, in the order of the classes; none where numbers are predicted.
    package static func classesWithoutValidation(_ data: DataSet) -> [String] {
        guard case .classes(let indices) = data.targets else { return [] }
        var isThere = [Bool](repeating: false, count: data.schema.classes.count)
        for row in data.split.validation { isThere[Int(indices[Int(row)])] = true }
        return zip(data.schema.classes, isThere).compactMap { $1 ? nil : $0 }
    }

    /// Why a fold, from 1, cannot be measured by `metric`: it is of a class of which the fold has no validation row.
    package static func absence(of metric: Metric, from data: DataSet, fold: Int) -> SpecProblem? {
        let lacking = classesWithoutValidation(data)
        let label: String
        switch metric {
        case .validationRecall(let own) where lacking.contains(own): label = own
        // A curve of two classes needs both.
        case .validationAUC where data.schema.classes.count == 2 && !lacking.isEmpty: label = lacking[0]
        default: return nil
        }
        return SpecProblem(
            path: SpecPath([.key("data"), .key("validation")]),
            message: "fold \(fold) has no validation row of class '\(label)', which \(metric.rawValue) is of",
            allowed: "at most as many folds as the class has rows; or stratify, or another objective"
        )
    }

    /// What was `found` in each fold as one list, faults first: all of the first fold, and of the others what no fold before has as
    /// gravely, told with the fold's number; and the classes that validation rows of some are `lacking`.
    package static func joined(_ found: [[DataFinding]], lacking: [[String]]) -> [DataFinding] {
        var all = found.first ?? []
        var gravest: [DataCheck: DataFinding.Severity] = [:]
        for (index, findings) in found.enumerated() {
            var own = gravest
            for finding in findings {
                own[finding.check] = max(own[finding.check] ?? finding.severity, finding.severity)
                if index == 0 { continue }
                if let known = gravest[finding.check], known >= finding.severity { continue }
                all.append(
                    DataFinding(
                        finding.check,
                        finding.severity,
                        count: finding.count,
                        text: "fold \(index + 1): \(finding.text)",
                        examples: finding.examples,
                        remedy: finding.remedy,
                        measure: finding.measure
                    )
                )
            }
            gravest = own
        }
        if let finding = absentees(lacking) { all.append(finding) }
        // Of equal severity they stay as they are.
        return all.enumerated().sorted { a, b in
            a.element.severity != b.element.severity ? a.element.severity > b.element.severity : a.offset < b.offset
        }.map(\.element)
    }

    private static func absentees(_ lacking: [[String]]) -> DataFinding? {
        let folds = lacking.indices.filter { !lacking[$0].isEmpty }
        guard let first = folds.first else { return nil }
        var labels: [String] = []
        for label in lacking.joined() where !labels.contains(label) { labels.append(label) }
        return DataFinding(
            .imbalance,
            .warning,
            count: labels.count,
            text: "\(folds.count) of \(lacking.count) folds have validation rows without some class, "
                + "fold \(first + 1) without '\(lacking[first][0])': what is measured there says nothing of that class",
            examples: labels.prefix(5).map { "'\($0)'" },
            remedy: "fewer folds, or more rows of these classes; "
                + "folds are drawn class by class unless stratify is false",
            measure: Double(folds.count) / Double(lacking.count)
        )
    }
}
