import SweepCore
import SweepSearch

extension RankDocument {
    /// The summary for people: numbers to four digits, short names; `csv` of it is for other eyes, see `exactTable`.
    package var table: Table {
        let groups = parameterColumns
        let names = ParameterNames.short(groups.map { $0[0] })
        let shown = metricsShown
        let tests = testMetricsShown
        let seeded = rows.contains { $0.runs.count > 1 }
        let raced = rows.contains { $0.final != nil }
        var columns = [
            Table.Column("#", isNumeric: true), Table.Column("id", rank: 2), Table.Column("trials", rank: 10),
        ]
        if !further.isEmpty { columns.insert(Table.Column("front", isNumeric: true), at: 1) }
        columns += zip(names, groups).map { name, paths in
            // On a narrow terminal the last ones go, when nothing else is left to go; broken lines can be read by nobody.
            Table.Column(name, isNumeric: paths.allSatisfy(isNumeric), rank: 9)
        }
        columns.append(Table.Column(objective.metric.rawValue, isNumeric: true))
        columns += further.map { Table.Column($0.metric.rawValue, isNumeric: true) }
        if seeded { columns += [Table.Column("±", isNumeric: true), Table.Column("ties", rank: 5)] }
        if raced {
            columns += [Table.Column("best?", isNumeric: true), Table.Column("in search", isNumeric: true, rank: 4)]
        }
        columns += shown.map { Table.Column(Self.shortName($0), isNumeric: true, rank: 6) }
        columns += tests.map { Table.Column(Self.testName($0), isNumeric: true, rank: 6) }
        columns += [
            Table.Column("epoch", isNumeric: true, rank: 7), Table.Column("epochs", isNumeric: true, rank: 8),
            Table.Column("state"), Table.Column("worker", rank: 1), Table.Column("finding"),
        ]
        var table = Table(columns: columns)
        for row in rows {
            var cells = [
                String(row.place), row.configuration.id.description,
                row.runs.map { String($0.trial) }.joined(separator: ","),
            ]
            if !further.isEmpty { cells.insert(row.front.map { $0 == 1 ? "1 *" : String($0) } ?? "", at: 1) }
            cells += groups.map { paths in
                paths.lazy.compactMap { row.configuration[$0] }.first?.shortText ?? ""
            }
            cells.append(Self.number(row.objective))
            cells += further.indices.map { Self.number(row.values.isEmpty ? nil : row.values[$0 + 1]) }
            if seeded {
                cells.append(
                    row.interval.map { NumberText.significant(($0.upperBound - $0.lowerBound) / 2, digits: 2) } ?? ""
                )
                cells.append(row.tiedWith.map { String($0) }.joined(separator: ","))
            }
            if raced {
                cells.append(row.final?.chance.map { NumberText.fixed(100 * $0, decimals: 0) + " %" } ?? "")
                cells.append(Self.number(row.final?.searchObjective))
            }
            cells += shown.map { metric in Self.number(row.metrics.first { $0.metric == metric }?.value) }
            cells += tests.map { metric in
                row.final.flatMap { _ in row.metrics.first { $0.metric == metric } }.map { Self.number($0.value) } ?? ""
            }
            cells += [
                row.epoch.map { String($0) } ?? "", String(row.epochs), row.state.words(stoppedEarly: row.stoppedEarly),
                row.workers.joined(separator: ","), Self.remark(row),
            ]
            table.add(cells)
        }
        return table
    }

    /// Of several objectives what the first front comes to; nil for one, and while nothing is complete.
    package var frontWords: String? {
        guard !further.isEmpty else { return nil }
        return front.map { "front 1 (*): \($0.words(objectives))" } ?? "front 1: nothing is complete"
    }

    /// The finding; of a failed configuration why it failed, cut to what a line holds.
    private static func remark(_ row: RankRow) -> String {
        guard case .failed(let reason) = row.state else { return row.finding?.symptom.words ?? "" }
        // What a program said last tells more than that it failed.
        let told = reason.ranges(of: "its log ends: ").last.map { String(reason[$0.upperBound...]) } ?? reason
        return told.count <= 100 ? told : String(told.prefix(99)) + "…"
    }

    /// The summary for programs that read tables: one column a field, full paths and exact numbers.
    package var exactTable: Table {
        let paths = parameterPaths
        let metrics = allMetrics
        var columns = ["place", "configuration_id", "trial", "trials", "seeds"].map { Table.Column($0) }
        columns += paths.map { Table.Column($0) }
        columns += [
            "objective", "interval_low", "interval_high", "tied_with", "final_runs", "search_objective",
            "chance_of_best",
        ].map { Table.Column($0) }
        if !further.isEmpty {
            columns.append(Table.Column("front"))
            // Means over the runs that count; the metrics beside are those of the best run.
            columns += objectives.map { Table.Column("mean \($0.metric.rawValue)") }
        }
        columns += metrics.map { Table.Column($0.rawValue) }
        columns += [
            "epoch", "epochs", "rung", "state", "reason", "stopped", "attempts", "core_seconds", "workers", "finding",
            "evidence",
        ].map { Table.Column($0) }
        var table = Table(columns: columns)
        for row in rows {
            var cells = [
                String(row.place), row.configuration.id.description, String(row.trial),
                row.runs.map { String($0.trial) }.joined(separator: " "),
                row.runs.map { String($0.seed) }.joined(separator: " "),
            ]
            cells += paths.map { row.configuration[$0]?.description ?? "" }
            cells += [
                Self.exact(row.objective), Self.exact(row.interval?.lowerBound), Self.exact(row.interval?.upperBound),
                row.tiedWith.map { String($0) }.joined(separator: " "),
                row.final.map { String($0.runs) } ?? "", Self.exact(row.final?.searchObjective),
                Self.exact(row.final?.chance),
            ]
            if !further.isEmpty {
                cells.append(row.front.map { String($0) } ?? "")
                cells += objectives.indices.map { Self.exact(row.values.isEmpty ? nil : row.values[$0]) }
            }
            cells += metrics.map { metric in Self.exact(row.metrics.first { $0.metric == metric }?.value) }
            cells += [
                row.epoch.map { String($0) } ?? "", String(row.epochs), String(row.rung), row.state.name,
                row.state.reason ?? "", row.stoppedEarly ? "early" : "", String(row.attempts),
                Self.exact(row.coreSeconds),
                row.workers.joined(separator: " "), row.finding?.symptom.words ?? "", row.finding?.evidence ?? "",
            ]
            table.add(cells)
        }
        return table
    }

    /// Every parameter that any configuration has, in the order of first appearance with parents before children.
    private var parameterPaths: [String] {
        var paths: [String] = []
        for row in rows {
            var last = 0
            for entry in row.configuration.entries {
                if let index = paths.firstIndex(of: entry.path) {
                    last = index + 1
                } else {
                    paths.insert(entry.path, at: last)
                    last += 1
                }
            }
        }
        return paths
    }

    /// The parameters that share a column: those of one name of which no configuration has two, such as the learning
    /// rates of two optimizers.
    private var parameterColumns: [[String]] {
        func name(_ path: String) -> Substring { path.split(separator: ".").last ?? "" }
        let paths = parameterPaths
        var columns: [[String]] = []
        for path in paths where !columns.joined().contains(path) {
            let group = paths.filter { name($0) == name(path) }
            let exclusive = rows.allSatisfy { row in group.count { row.configuration[$0] != nil } < 2 }
            columns.append(exclusive ? group : [path])
        }
        return columns
    }

    /// The metrics that any row has, in the order of the first row that has some.
    private var allMetrics: [Metric] {
        var metrics: [Metric] = []
        for entry in rows.lazy.flatMap(\.metrics) where !metrics.contains(entry.metric) { metrics.append(entry.metric) }
        return metrics
    }

    /// The metrics beside the objective that a reader wants first: quality on validation rows.
    private var metricsShown: [Metric] {
        allMetrics.filter {
            [.validationLoss, .validationAccuracy, .validationR2].contains($0) && !objectives.map(\.metric).contains($0)
        }
    }

    /// What test rows say of finalists; of others it is not shown, as who saw it would choose by it.
    private var testMetricsShown: [Metric] {
        guard rows.contains(where: { $0.final != nil }) else { return [] }
        return allMetrics.filter { [.testLoss, .testAccuracy, .testR2].contains($0) }
    }

    private func isNumeric(_ path: String) -> Bool {
        rows.allSatisfy {
            switch $0.configuration[path] {
            case .integer, .real, nil: true
            case .some(.none), .flag, .text: false
            }
        }
    }

    private static func shortName(_ metric: Metric) -> String {
        metric.rawValue.split(separator: ".").last.map(String.init) ?? metric.rawValue
    }

    /// `test.loss` as `test loss`: without its first word it would be taken for that of validation rows.
    private static func testName(_ metric: Metric) -> String {
        metric.rawValue.split(separator: ".").joined(separator: " ")
    }

    private static func number(_ value: Double?) -> String { value.map { NumberText.significant($0) } ?? "" }

    private static func exact(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }
}
