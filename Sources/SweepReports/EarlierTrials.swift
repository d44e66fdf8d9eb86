package import SweepCore
import SweepSearch

/// What the trials of an earlier sweep tell the searcher of this one.
///
/// Results are told as the sweep's own are: of each configuration the objective at the highest level that its runs came to, the mean
/// over those that came there; of one that its own rule completed at the last level; of one that lost its numbers none, at the level it
/// was on the way to. New runs of finalists count too. What is not of this sweep's space is left out.
package struct EarlierTrials: Sendable {
    /// As `search.warm_start` of the sweep's tree holds them, best first.
    package let results: [SpecNode]
    /// Configurations with a result.
    package let found: Int
    /// How many of them have other parameters, values outside the ranges, or break a condition.
    package let outside: Int

    /// Bytes that results may take in a sweep's tree, which has 1 MiB in all.
    private static let greatestBytes = 640 << 10

    /// What `trials` tell `sweep`; results beyond what a tree can hold are left out evenly, from the best to the worst.
    package init(_ trials: [CurvesDocument.Trial], for sweep: Sweep) {
        let plan = TrialPlan(search: sweep.search, total: nil)
        let levels = SchedulerFactory.make(prune: sweep.prune, epochs: sweep.epochs, trials: plan.trials).levels
        let told = Self.told(trials, sweep.objective, levels)
        let whole = told.filter { Self.fits($0, sweep) }
        found = told.count
        outside = told.count - whole.count
        let size = whole.reduce(0) { $0 + Self.greatestSize(of: $1.configuration) }
        let mean = max(1, size / max(1, whole.count))
        let limit = min(EarlierResult.greatestCount, Self.greatestBytes / mean)
        let kept = whole.count <= limit ? whole : (0..<limit).map { whole[$0 * whole.count / limit] }
        results = kept.map(\.node)
    }

    /// What was measured of a configuration.
    private struct Told {
        let configuration: Configuration
        let value: Double
        let level: Int

        var node: SpecNode { EarlierResult.node(configuration, objective: value, epoch: level) }
    }

    private static func told(_ trials: [CurvesDocument.Trial], _ objective: Objective, _ levels: [Int]) -> [Told] {
        var order: [Configuration] = []
        var runs: [Configuration: [(level: Int, value: Double)]] = [:]
        for trial in trials {
            guard let run = run(trial, objective, levels) else { continue }
            if runs[trial.configuration] == nil { order.append(trial.configuration) }
            runs[trial.configuration, default: []].append(run)
        }
        let told = order.map { configuration in
            let own = runs[configuration] ?? []
            let level = own.map(\.level).max() ?? 0
            let values = own.filter { $0.level == level }.map(\.value)
            return Told(configuration: configuration, value: values.reduce(0, +) / Double(values.count), level: level)
        }
        return told.enumerated().sorted {
            (objective.cost($0.element.value), $0.offset) < (objective.cost($1.element.value), $1.offset)
        }.map(\.element)
    }

    /// The highest level that a run came to, and its objective there; nil before the first.
    private static func run(
        _ trial: CurvesDocument.Trial,
        _ objective: Objective,
        _ levels: [Int]
    ) -> (level: Int, value: Double)? {
        let epochs = trial.curve.epochs
        guard epochs > 0 else { return nil }
        if let lost = trial.curve.firstNonFiniteEpoch, let level = levels.first(where: { $0 >= lost }) {
            return (level, .nan)
        }
        let level = trial.stoppedEarly ? levels.last : levels.last { $0 <= epochs }
        guard let level, let value = trial.curve.value(objective.metric, at: min(level, epochs)) else { return nil }
        return (level, value)
    }

    private static func fits(_ told: Told, _ sweep: Sweep) -> Bool {
        let reader = SpecReader(told.node, problems: SpecProblems())
        guard let found = reader.earlierResult(of: sweep.space, objective: sweep.objective) else { return false }
        return sweep.search.constraints.allSatisfy { $0.holds(found.configuration) }
    }

    /// No less than a result takes in a tree: its texts, and some bytes for each value.
    private static func greatestSize(of configuration: Configuration) -> Int {
        configuration.entries.reduce(96) { size, entry in
            let text = if case .text(let text) = entry.value { text.utf8.count } else { 0 }
            return size + entry.path.utf8.count + text + 24
        }
    }
}
