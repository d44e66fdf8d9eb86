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
    /// Trials without a result: none was measured at a level of this sweep.
    package let silent: Int
    /// The last epoch that a trial tells of; nil where none tells of any.
    package let lastEpoch: Int?
    /// The first epoch at which this sweep judges its trials.
    package let firstLevel: Int?
    /// Why a configuration that is left out is not of this sweep's space, of the first one; nil where none is left out.
    package let mistake: String?

    /// Bytes that results may take in a sweep's tree, which has 1 MiB in all.
    private static let greatestBytes = 640 << 10

    /// What `trials` tell `sweep`; results beyond what a tree can hold are left out evenly, from the best to the worst.
    package init(_ trials: [CurvesDocument.Trial], for sweep: Sweep) {
        let levels = Self.levels(of: sweep)
        let runs = trials.compactMap { Self.run($0, sweep.objective, levels) }
        let lastEpoch = trials.map(\.curve.epochs).filter { $0 > 0 }.max()
        self.init(runs, silent: trials.count - runs.count, lastEpoch: lastEpoch, for: sweep)
    }

    /// What `runs` tell `sweep`, those of one configuration together; `unknown` more are of configurations that have no name in this
    /// sweep's space, the first for the reason `mistake`, and `silent` trials told nothing.
    init(
        _ runs: [Run],
        unknown: Int = 0,
        mistake: String? = nil,
        silent: Int,
        lastEpoch: Int?,
        for sweep: Sweep
    ) {
        let told = Self.told(runs, sweep.objective)
        var whole: [Run] = []
        var first = mistake
        for run in told {
            if let wrong = Self.mistake(run, sweep) {
                if first == nil { first = wrong }
            } else {
                whole.append(run)
            }
        }
        found = told.count + unknown
        outside = found - whole.count
        self.silent = silent
        self.lastEpoch = lastEpoch
        firstLevel = Self.levels(of: sweep).first
        self.mistake = first
        let size = whole.reduce(0) { $0 + Self.greatestSize(of: $1.configuration) }
        let mean = max(1, size / max(1, whole.count))
        let limit = min(EarlierResult.greatestCount, Self.greatestBytes / mean)
        let kept = whole.count <= limit ? whole : (0..<limit).map { whole[$0 * whole.count / limit] }
        results = kept.map(\.node)
    }

    /// What was measured of a configuration: at the highest level that a run came to, the objective there.
    struct Run {
        let configuration: Configuration
        let level: Int
        let value: Double

        fileprivate var node: SpecNode { EarlierResult.node(configuration, objective: value, epoch: level) }
    }

    /// The epochs at which `sweep` judges its trials, the last included.
    static func levels(of sweep: Sweep) -> [Int] {
        let plan = TrialPlan(search: sweep.search, total: nil)
        return SchedulerFactory.make(prune: sweep.prune, epochs: sweep.epochs, trials: plan.trials).levels
    }

    private static func told(_ runs: [Run], _ objective: Objective) -> [Run] {
        var order: [Configuration] = []
        var all: [Configuration: [Run]] = [:]
        for run in runs {
            if all[run.configuration] == nil { order.append(run.configuration) }
            all[run.configuration, default: []].append(run)
        }
        let told = order.map { configuration in
            let own = all[configuration] ?? []
            let level = own.map(\.level).max() ?? 0
            let values = own.filter { $0.level == level }.map(\.value)
            return Run(configuration: configuration, level: level, value: values.reduce(0, +) / Double(values.count))
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
    ) -> Run? {
        let epochs = trial.curve.epochs
        // What a copy of another trial's state inherited is that trial's result.
        guard epochs > trial.curve.inherited else { return nil }
        if let lost = trial.curve.firstNonFiniteEpoch, let level = levels.first(where: { $0 >= lost }) {
            return Run(configuration: trial.configuration, level: level, value: .nan)
        }
        let level = trial.stoppedEarly ? levels.last : levels.last { $0 <= epochs && $0 > trial.curve.inherited }
        guard let level, let value = trial.curve.value(objective.metric, at: min(level, epochs)) else { return nil }
        return Run(configuration: trial.configuration, level: level, value: value)
    }

    /// Why what was measured is not of the sweep's space; nil where it is.
    private static func mistake(_ told: Run, _ sweep: Sweep) -> String? {
        let problems = SpecProblems()
        let reader = SpecReader(told.node, problems: problems)
        guard let found = reader.earlierResult(of: sweep.space, objective: sweep.objective) else {
            return reason(problems)
        }
        let holds = sweep.search.constraints.allSatisfy { $0.holds(found.configuration) }
        return holds ? nil : "it breaks a condition of search.where"
    }

    /// The first of `problems`, which a result was read with.
    static func reason(_ problems: SpecProblems) -> String {
        guard let problem = problems.all.first else { return "it is no configuration of this sweep" }
        var steps = problem.path.steps
        if steps.first == .key("configuration") { steps.removeFirst() }
        var text = steps.isEmpty ? problem.message : "\(SpecPath(steps)): \(problem.message)"
        if let found = problem.found { text += ", found \(found)" }
        if let allowed = problem.allowed { text += ", allowed \(allowed)" }
        return text
    }

    /// No less than a result takes in a tree: its texts, and some bytes for each value.
    private static func greatestSize(of configuration: Configuration) -> Int {
        configuration.entries.reduce(96) { size, entry in
            let text = if case .text(let text) = entry.value { text.utf8.count } else { 0 }
            return size + entry.path.utf8.count + text + 24
        }
    }
}
