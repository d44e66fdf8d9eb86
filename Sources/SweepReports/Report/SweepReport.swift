package import SweepCore
import SweepNumerics
import SweepSearch

/// One file on a sweep for somebody who has neither the program nor the coordinator at hand: what was searched, what came out,
/// what is wrong with what did not, what was run where, and how to do it again.
package struct SweepReport: Sendable {
    private let status: StatusDocument
    let rank: RankDocument
    private let curves: CurvesDocument
    private let diagnosis: DiagnosisDocument
    /// Nil while too little is known.
    private let importance: ImportanceDocument?
    private let submission: Submission
    /// The ranges that were searched; nil where the sweep file is not at hand.
    let space: SearchSpace?
    /// Of the program that writes the report.
    private let version: String

    /// Rows of the ranked table; those behind them are in `rank --format csv`.
    private static let rowsShown = 25
    /// Trials that are named where more have the same finding.
    private static let trialsNamed = 12

    /// `rank` must have every row, `curves` and `diagnosis` every trial; `importance` is nil while too little is known.
    package init(
        status: StatusDocument,
        rank: RankDocument,
        curves: CurvesDocument,
        diagnosis: DiagnosisDocument,
        importance: ImportanceDocument? = nil,
        submission: Submission,
        space: SearchSpace? = nil,
        version: String
    ) {
        self.status = status
        self.rank = rank
        self.curves = curves
        self.diagnosis = diagnosis
        self.importance = importance
        self.submission = submission
        self.space = space
        self.version = version
    }

    /// A heading with what stands below it.
    struct Section {
        let title: String
        let parts: [Part]
    }

    /// What a section is made of; each medium writes it in its own way.
    enum Part {
        case paragraph(String)
        case table(Table)
        case chart(Chart)
        /// Small pictures beside each other; where there can be none, the text and the tables beside them say the same.
        case pictures([Chart])
        case code(String)
    }

    var title: String { "Sweep \(rank.sweep)" }

    var sections: [Section] {
        [summary, ranking, fronts, learning, mattering, parameters, findings, work, again].filter { !$0.parts.isEmpty }
    }

    // MARK: What came out

    private var objectiveWords: String { rank.objectives.words }

    private var summary: Section {
        let counts = status.trials
        let states = [
            (counts.completed, "completed"), (counts.pruned, "pruned"), (counts.failed, "failed"),
            (counts.running, "running"), (counts.paused, "paused"), (counts.waiting, "waiting"),
        ].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
        let seconds: Double = rank.rows.reduce(0) { $0 + $1.coreSeconds }
        var parts: [Part] = [
            .paragraph(
                "State: \(status.state)\(status.reason.map { ": \($0)" } ?? ""). Objective: \(objectiveWords) "
                    + "(\(rank.objective.epoch.rawValue) epoch). \(counts.total) trials of \(rank.configurations) configurations: \(states). "
                    + "\(status.epochs) epochs in \(NumberText.seconds(seconds)) of core time."
            )
        ]
        if let best = rank.rows.first, let value = best.objective {
            let whence =
                best.final.map { final in
                    let folds = Set(best.runs.compactMap(\.fold)).count
                    let over = folds > 1 ? " over \(folds) folds" : ""
                    return "as the mean of \(final.runs) runs with new seeds" + over
                }
                ?? "in epoch \(best.epoch ?? best.epochs) of trial \(best.trial)"
            // Of several objectives nothing is the best of all.
            let of = rank.further.isEmpty ? "Best" : "Best \(rank.objective.metric.rawValue) of the first front"
            parts.append(
                .paragraph(
                    "\(of): \(NumberText.significant(value)) \(whence): "
                        + best.configuration.shortText + "."
                )
            )
        }
        if let front = rank.frontWords {
            parts.append(.paragraph(front.prefix(1).uppercased() + front.dropFirst() + "."))
        }
        return Section(title: "Summary", parts: parts)
    }

    private var ranking: Section {
        guard !rank.rows.isEmpty else { return Section(title: "Ranking", parts: []) }
        var parts: [Part] = [.table(rank.first(Self.rowsShown).table)]
        let more = rank.configurations - min(rank.rows.count, Self.rowsShown)
        if more > 0 { parts.append(.paragraph("\(more) more configurations are not shown.")) }
        return Section(title: "Ranking", parts: parts)
    }

    private var learning: Section {
        let trained = curves.trials.filter { $0.curve.epochs > 0 }
        guard !trained.isEmpty else { return Section(title: "Learning curves", parts: []) }
        let all = CurvesDocument(sweep: curves.sweep, objective: curves.objective, trials: trained)
        var parts: [Part] = [.chart(all.chart(of: curves.objective.metric))]
        if trained.count > 1, let number = rank.rows.first?.trial,
            let best = trained.first(where: { $0.trial == number })
        {
            var chart = CurvesDocument(sweep: curves.sweep, objective: curves.objective, trials: [best]).chart
            chart.title = "the best, trial \(number)"
            parts.append(.chart(chart))
        }
        return Section(title: "Learning curves", parts: parts)
    }

    /// Which parameters matter, which act together, and what to do with ranges.
    private var mattering: Section {
        guard let importance, !importance.importance.parameters.isEmpty else {
            return Section(title: "What matters", parts: [])
        }
        var parts: [Part] = [.paragraph("Shares are in percent: \(importance.basis)."), .table(importance.table)]
        if let pairs = importance.pairsTable { parts.append(.table(pairs)) }
        parts += importance.importance.advice.map { .paragraph($0.sentence + ".") }
        return Section(title: "What matters", parts: parts)
    }

    /// What the objective was along each parameter: by option, or by quarters of the trials.
    private var parameters: Section {
        let trained = rank.rows.filter { $0.objective?.isFinite == true }
        var paths: [String] = []
        for row in trained {
            for entry in row.configuration.entries where !paths.contains(entry.path) { paths.append(entry.path) }
        }
        guard trained.count > 1 else { return Section(title: "Parameters", parts: []) }
        var table = Table(columns: [
            Table.Column("parameter"), Table.Column("values"), Table.Column("configurations", isNumeric: true),
            Table.Column("best", isNumeric: true), Table.Column("median", isNumeric: true),
        ])
        let names = ParameterNames.short(paths)
        for (path, name) in zip(paths, names) {
            for group in Self.groups(trained, path) {
                let values = group.rows.compactMap(\.objective)
                let costs = values.map(rank.objective.cost)
                guard let best = zip(costs, values).min(by: { $0.0 < $1.0 })?.1, let middle = Quantiles.median(values)
                else {
                    continue
                }
                table.add([
                    name, group.name, String(values.count), NumberText.significant(best),
                    NumberText.significant(middle),
                ])
            }
        }
        guard !table.rows.isEmpty else { return Section(title: "Parameters", parts: []) }
        return Section(
            title: "Parameters",
            parts: [
                .paragraph(
                    "\(rank.objective.metric.rawValue) of the configurations that took these values. Trials that were stopped early count "
                        + "with what they had reached, so a group of many stopped ones looks worse than it is."
                ), .pictures(slices(trained, paths: paths, names: names)), .table(table),
            ]
        )
    }

    /// Rows by the value of one parameter: options by themselves, numbers in up to four groups of equal size.
    private static func groups(_ rows: [RankRow], _ path: String) -> [(name: String, rows: [RankRow])] {
        let active = rows.compactMap { row in row.configuration[path].map { (value: $0, row: row) } }
        let numbers = active.compactMap { item in item.value.number.map { (number: $0, row: item.row) } }
        var distinct: [ParameterValue] = []
        for item in active where !distinct.contains(item.value) { distinct.append(item.value) }
        let isNumeric = numbers.count == active.count
        if isNumeric { distinct.sort { ($0.number ?? 0) < ($1.number ?? 0) } }
        guard isNumeric, distinct.count > 6 else {
            return distinct.map { value in
                (value.shortText, active.filter { $0.value == value }.map(\.row))
            }
        }
        let sorted = numbers.sorted { $0.number < $1.number }
        return (0..<4).compactMap { quarter in
            let part = sorted[quarter * sorted.count / 4..<(quarter + 1) * sorted.count / 4]
            guard let first = part.first, let last = part.last else { return nil }
            return ("\(NumberText.short(first.number)) to \(NumberText.short(last.number))", part.map(\.row))
        }
    }

    // MARK: What is wrong

    private var findings: Section {
        let found = FindingsDocument(diagnosis)
        guard !diagnosis.reports.isEmpty else { return Section(title: "Findings", parts: []) }
        var parts: [Part] = [
            .paragraph(
                "\(found.sound) of \(found.trials) trained trials show no fault. A cause is what curve and specification make likely; "
                    + "`sweepd diagnose \(rank.sweep) --trial N --confirm` finds it by experiment."
            )
        ]
        if !diagnosis.regions.isEmpty {
            parts.append(
                .paragraph(
                    "Where trials are sick of the same thing, most of them and more often than chance allows (all boxes of one or two "
                        + "parameters were tried, and the probability is corrected for that):"
                )
            )
            var regions = Table(columns: [Table.Column("region")])
            for region in diagnosis.regions { regions.add([region.text]) }
            parts.append(.table(regions))
        }
        if !diagnosis.experiments.isEmpty {
            parts.append(
                .paragraph(
                    "Experiments that the coordinator made by itself, on the share of epochs that the file gives them:"
                )
            )
            var made = Table(columns: [Table.Column("experiment")])
            for line in diagnosis.experiments.flatMap(\.lines) { made.add([line]) }
            parts.append(.table(made))
        }
        var table = Table(columns: [
            Table.Column("trials", isNumeric: true), Table.Column("finding"), Table.Column("which"),
            Table.Column("remedy"),
        ])
        for group in found.groups {
            let more = group.count - Self.trialsNamed
            table.add([
                String(group.count), group.verdict,
                group.trials.prefix(Self.trialsNamed).map(String.init).joined(separator: ", ")
                    + (more > 0 ? " and \(more) more" : ""),
                group.cause?.remedy.text ?? "",
            ])
        }
        if !table.rows.isEmpty { parts.append(.table(table)) }
        return Section(title: "Findings", parts: parts)
    }

    // MARK: What was run

    private var work: Section {
        var names: [String] = []
        var configurations: [String: Int] = [:]
        // Of a configuration that ran on several nobody knows which part was where.
        var seconds: [String: Double] = [:]
        var shared = 0.0
        for row in rank.rows {
            if row.workers.count > 1 { shared += row.coreSeconds }
            if row.workers.count == 1 { seconds[row.workers[0], default: 0] += row.coreSeconds }
            for worker in row.workers {
                if configurations[worker] == nil { names.append(worker) }
                configurations[worker, default: 0] += 1
            }
        }
        guard !names.isEmpty else { return Section(title: "Where it ran", parts: []) }
        var table = Table(columns: [
            Table.Column("worker"), Table.Column("configurations", isNumeric: true),
            Table.Column("core time", isNumeric: true),
        ])
        for name in names.sorted() {
            table.add([name, String(configurations[name] ?? 0), seconds[name].map(NumberText.seconds) ?? ""])
        }
        let again = rank.rows.reduce(0) { $0 + max(0, $1.attempts - $1.runs.count) }
        let text =
            "A configuration that ran on several workers counts with each of them"
            + (shared > 0 ? "; its core time, \(NumberText.seconds(shared)) in all, stands with none" : "")
            + ". Attempts beyond the first: \(again)."
        return Section(title: "Where it ran", parts: [.table(table), .paragraph(text)])
    }

    private var again: Section {
        let hash = submission.dataSet.hash.hex
        let folds = submission.foldSets.map(\.hash.hex).joined(separator: ", ")
        let further = folds.isEmpty ? "" : " (fold 1; the further folds: \(folds))"
        // A sweep of programs has no rows, but the files that travel with it.
        let data =
            submission.schema.map { schema in
                "Data set (sha256 of the packed rows): \(hash)\(further), \(schema.trainingRows) training, \(schema.validationRows) validation, "
                    + "\(schema.testRows) test rows. The same file and data give the same bits, whatever runs them and however many."
            }
            ?? "Files of the program (sha256 of the bundle): \(hash). Whether it gives the same again is the program's matter."
        var parts: [Part] = [.paragraph("sweepd \(version). \(data)")]
        if submission.text.isEmpty {
            parts.append(.paragraph("The sweep was submitted by a program, without a file."))
        } else {
            parts.append(
                .code(
                    "sweepd run \(submission.fileName)\(OverriddenText.options(in: submission.text))\nsweepd rank \(rank.sweep) --directory \(rank.sweep).sweepd"
                )
            )
            parts.append(.paragraph("\(submission.fileName):"))
            parts.append(.code(submission.text))
        }
        return Section(title: "How to do it again", parts: parts)
    }
}
