package import SweepCore
package import SweepSearch

/// One of the things that a Pareto front weighs against each other.
package enum ParetoObjective: Hashable, Sendable {
    /// What was measured of a configuration at the epoch that counts, better `towards` a direction that was asked for; nil for the
    /// sweep's own or the metric's.
    case metric(Metric, towards: Objective.Direction? = nil)
    /// Epochs trained in a run: the mean over the runs that count.
    case epochs
    /// Core seconds of a run: the mean over all that trained; they differ between two runs of one sweep.
    case coreSeconds

    /// A metric's name, also behind `minimize:` or `maximize:`, `epochs` or `core_seconds`; nil for what can be none.
    package init?(_ text: String) {
        switch text {
        case "epochs": self = .epochs
        case "core_seconds": self = .coreSeconds
        default:
            let directions: [Objective.Direction] = [.minimize, .maximize]
            let given = directions.first { text.hasPrefix($0.rawValue + ":") }
            let name = given.map { String(text.dropFirst($0.rawValue.count + 1)) } ?? text
            // Costs have one direction, also where a program reports a metric of their name.
            guard name != "epochs", name != "core_seconds", let metric = Metric(rawValue: name) else { return nil }
            self = .metric(metric, towards: given)
        }
    }

    /// What is measured, without the direction.
    package var name: String {
        switch self {
        case .metric(let metric, _): metric.rawValue
        case .epochs: "epochs"
        case .coreSeconds: "core_seconds"
        }
    }

    /// Whether it is a metric of test rows, by which nothing may be chosen.
    package var isOfTestRows: Bool {
        if case .metric(let metric, _) = self { metric.isOfTestRows } else { false }
    }

    /// Which way is better in a sweep of `objectives`.
    package func direction(in objectives: [Objective]) -> Objective.Direction {
        guard case .metric(let metric, let given) = self else { return .minimize }
        return given ?? objectives.first { $0.metric == metric }?.direction ?? metric.usualDirection
    }

    /// The value of a configuration that was ranked by `objectives`; nil where it has no finite one, or where no value of it counts:
    /// it failed, or a run of it lost its numbers.
    package func value(of row: RankRow, in objectives: [Objective]) -> Double? {
        // What such a run measured before is what `rank` puts last.
        if case .failed = row.state { return nil }
        if let ranked = row.objective, !ranked.isFinite { return nil }
        let value: Double?
        switch self {
        case .metric(let metric, _):
            let place = objectives.firstIndex { $0.metric == metric }
            if place == 0 {
                value = row.objective
            } else if let place, row.values.indices.contains(place) {
                value = row.values[place]
            } else {
                value = row.metrics.first { $0.metric == metric }?.value
            }
        case .epochs:
            let runs = row.countedRuns
            let sum = runs.reduce(0.0) { $0 + Double($1.epochs) }
            value = runs.isEmpty ? Double(row.epochs) : sum / Double(runs.count)
        case .coreSeconds:
            let trained = row.runs.count { $0.epochs > 0 }
            value = row.coreSeconds / Double(max(1, trained))
        }
        return value.flatMap { $0.isFinite ? $0 : nil }
    }
}

extension RankRow {
    /// The runs that its objective is the mean of: of a finalist those with new seeds; else the completed ones, or where there is none
    /// those that came to the best one's rung.
    fileprivate var countedRuns: [Run] {
        if let final, final.runs > 0 { return Array(runs.prefix(final.runs)) }
        if state == .completed { return runs.filter { $0.state == .completed } }
        return runs.filter { run in
            if case .failed = run.state { return false }
            return run.state != .completed && run.epochs >= rung
        }
    }
}
