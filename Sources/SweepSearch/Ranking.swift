package import SweepCore
import SweepNumerics

/// One configuration in the ranked summary.
package struct RankRow: Hashable, Sendable {
    /// From 1, without gaps.
    package let place: Int
    package let configuration: Configuration
    /// Every run of the configuration, best first.
    package let runs: [Run]
    /// The best run's state.
    package let state: TrialState
    /// The mean over the counted runs; NaN or infinite when a run lost its numbers; nil while nothing is measured.
    package let objective: Double?
    /// The 95 % t interval of the mean over completed runs, of a finalist over those with new seeds; nil below two of them.
    package let interval: ClosedRange<Double>?
    /// The places of other rows whose intervals overlap with this one's; empty without an interval.
    package let tiedWith: [Int]
    /// What the best run measured at `epoch`, in the curve's order; of a finalist the means over its runs with new seeds.
    package let metrics: [MetricValue]
    /// The epoch of the best run that counts.
    package let epoch: Int?
    /// Epochs trained, over all runs.
    package let epochs: Int
    /// Hand-outs, over all runs.
    package let attempts: Int
    /// Core seconds, over all runs.
    package let coreSeconds: Double
    /// The workers of all runs, in order of first use.
    package let workers: [String]
    /// The gravest symptom of the best run, or of a run that lost its numbers.
    package let finding: Finding?
    /// The highest level that the best run came to; 0 before the first.
    package let rung: Int
    /// The last lines of the process that the best run took down; nil when none is known.
    package let log: String?
    /// How it stands among the finalists; nil for all others, and before its first run with a new seed is complete.
    package let final: Final?

    package init(
        place: Int,
        configuration: Configuration,
        runs: [Run],
        state: TrialState,
        objective: Double?,
        interval: ClosedRange<Double>?,
        tiedWith: [Int],
        metrics: [MetricValue],
        epoch: Int?,
        epochs: Int,
        attempts: Int,
        coreSeconds: Double,
        workers: [String],
        finding: Finding?,
        rung: Int,
        log: String? = nil,
        final: Final? = nil
    ) {
        self.place = place
        self.configuration = configuration
        self.runs = runs
        self.state = state
        self.objective = objective
        self.interval = interval
        self.tiedWith = tiedWith
        self.metrics = metrics
        self.epoch = epoch
        self.epochs = epochs
        self.attempts = attempts
        self.coreSeconds = coreSeconds
        self.workers = workers
        self.finding = finding
        self.rung = rung
        self.log = log
        self.final = final
    }

    /// A finalist: its objective and interval are those of runs with new seeds, which it was not chosen by.
    package struct Final: Hashable, Sendable {
        /// Completed runs with new seeds.
        package let runs: Int
        /// The objective that it was chosen by: too good on average, as the luckiest are chosen.
        package let searchObjective: Double?
        /// How probable it is that its mean is the best of all finalists'; nil below two runs.
        package let chance: Double?

        package init(runs: Int, searchObjective: Double?, chance: Double?) {
            self.runs = runs
            self.searchObjective = searchObjective
            self.chance = chance
        }
    }

    /// Whether the best run's own rule completed it before the last epoch of its sweep.
    package var stoppedEarly: Bool { runs.first?.stoppedEarly ?? false }

    /// The number of the best run.
    package var trial: Int { runs.first?.trial ?? 0 }

    /// One run of a configuration.
    package struct Run: Hashable, Sendable {
        package let trial: Int
        package let seed: UInt64
        /// Its value at the epoch that counts; not finite when it lost its numbers; nil while nothing is measured.
        package let objective: Double?
        package let epochs: Int
        package let state: TrialState
        /// Whether its own rule completed it before the last epoch of its sweep.
        package let stoppedEarly: Bool

        package init(
            trial: Int,
            seed: UInt64,
            objective: Double?,
            epochs: Int,
            state: TrialState,
            stoppedEarly: Bool = false
        ) {
            self.trial = trial
            self.seed = seed
            self.objective = objective
            self.epochs = epochs
            self.state = state
            self.stoppedEarly = stoppedEarly
        }
    }

    /// A metric's name and value.
    package struct MetricValue: Hashable, Sendable {
        package let metric: Metric
        package let value: Double

        package init(metric: Metric, value: Double) {
            self.metric = metric
            self.value = value
        }
    }
}

/// Puts the configurations of a sweep in order.
///
/// 0. Finalists, by their objective over runs with new seeds alone: the search chose them by the others, so those flatter them.
/// 1. Completed configurations, by objective. 2. Those that paused, run or were pruned, by the rung their best run
/// reached (higher first), then by objective; those without any number yet are last of these. 3. Configurations of which
/// a run lost its numbers (a loss that is NaN or infinite, invariant 4). 4. Failed ones.
///
/// The objective of a configuration is the mean over its counted runs: all completed ones, else those that reached the
/// highest rung. A run without a number counts as worst, so it takes the whole configuration to group 3. Equal objectives
/// are ordered by configuration id, equal runs by trial number: the order is total and depends on nothing else.
package enum Ranking {
    /// The rows of `trials`, best first: all, or the first `top`; `levels` are the scheduler's, ascending. Runs of a configuration
    /// after its first `repeats` are those of a finalist; nil where there are none.
    ///
    /// `finding` is asked for the trials that rows are shown with. Cost: O(n log n) for the order of all, the rest for what is
    /// shown.
    package static func rows(
        _ trials: some RandomAccessCollection<TrialRecord>,
        objective: Objective,
        levels: [Int],
        repeats: Int? = nil,
        top: Int? = nil,
        finding: (TrialRecord) -> Finding? = \.finding
    ) -> [RankRow] {
        summary(trials, objective: objective, levels: levels, repeats: repeats, top: top, finding: finding).rows
    }

    /// The rows, and how many there would be of all.
    ///
    /// Records of trials may be made when they are asked for: each is asked for once, and those of rows that are shown once more.
    package static func summary<Trials: RandomAccessCollection<TrialRecord>>(
        _ trials: Trials,
        objective: Objective,
        levels: [Int],
        repeats: Int? = nil,
        top: Int?,
        finding: (TrialRecord) -> Finding?
    ) -> (rows: [RankRow], all: Int) {
        var standings: [Standing] = []
        standings.reserveCapacity(trials.count)
        var places: [ConfigurationID: Int] = [:]
        // Of most configurations there is one run, for which no list is made.
        var groups: [(first: Int, others: [Int])] = []
        for trial in trials {
            let place = places[trial.configurationID, default: groups.count]
            if place == groups.count {
                places[trial.configurationID] = place
                groups.append((standings.count, []))
            } else {
                groups[place].others.append(standings.count)
            }
            standings.append(
                Standing(trial, place: standings.count, objective: objective, levels: levels, repeats: repeats)
            )
        }
        let runs = groups.map { group in
            group.others.isEmpty ? [standings[group.first]] : ([group.first] + group.others).map { standings[$0] }
        }
        // Whose new run comes first is an accident: before each has one, finalists stand as the search left them.
        let judgesFinals = runs.allSatisfy { runs in
            let finals = runs.filter(\.isFinal)
            return finals.isEmpty
                || finals.contains { $0.key.group == RankKey.completed || $0.key.group == RankKey.notFinite }
                || finals.allSatisfy { $0.key.group == RankKey.failed }
        }
        let drafts = runs.map { Draft($0, objective: objective, judgesFinals: judgesFinals) }
        // Numbers are sorted, not drafts: those are large.
        let order = drafts.indices.sorted { (drafts[$0].key, drafts[$0].id) < (drafts[$1].key, drafts[$1].id) }
        let shown = min(order.count, max(0, top ?? order.count))
        let chances = chances(drafts)
        let ties = ties(order.map { drafts[$0].interval }, of: shown)
        let rows = (0..<shown).map { place in
            drafts[order[place]].placed(
                place + 1,
                tiedWith: ties[place],
                chance: chances[order[place]],
                finding: finding
            ) { standing in
                trials[trials.index(trials.startIndex, offsetBy: standing.place)]
            }
        }
        return (rows, order.count)
    }

    /// How probable it is of each finalist with two runs, by its number among `drafts`, that it is the best of them.
    private static func chances(_ drafts: [Draft]) -> [Int: Double] {
        let compared = drafts.indices.filter { !drafts[$0].finalCosts.isEmpty }
        guard compared.allSatisfy({ drafts[$0].finalCosts.count > 1 }) else { return [:] }
        let chances = BestOf.chances(compared.map { Moments(of: drafts[$0].finalCosts) })
        return Dictionary(uniqueKeysWithValues: zip(compared, chances))
    }

    /// For each of the first `shown` intervals the places (from 1) of the others that overlap with it.
    private static func ties(_ intervals: [ClosedRange<Double>?], of shown: Int) -> [[Int]] {
        intervals.indices.prefix(shown).map { index in
            guard let own = intervals[index] else { return [] }
            return intervals.indices.compactMap { other in
                guard other != index, let interval = intervals[other] else { return nil }
                return interval.overlaps(own) ? other + 1 : nil
            }
        }
    }
}

/// What a run or a configuration is ordered by; less is better.
private struct RankKey: Comparable {
    let group: Int
    let rung: Int
    let cost: Double
    static func < (a: Self, b: Self) -> Bool { (a.group, -a.rung, a.cost) < (b.group, -b.rung, b.cost) }

    static let finalist = -1
    static let completed = 0
    static let unfinished = 1
    static let notFinite = 2
    static let failed = 3
}

/// One run and where it stands; its record is not kept, as it is large and few are shown.
private struct Standing {
    /// Its place among the trials.
    let place: Int
    let number: Int
    let configurationID: ConfigurationID
    let key: RankKey
    let value: Double?
    let epoch: Int?
    /// Whether it is one of a finalist's runs with new seeds.
    let isFinal: Bool

    init(_ trial: TrialRecord, place: Int, objective: Objective, levels: [Int], repeats: Int?) {
        self.place = place
        isFinal = repeats.map { trial.repetition >= $0 } ?? false
        number = trial.number
        configurationID = trial.configurationID
        let best = trial.curve.best(for: objective)
        epoch = best?.epoch
        var value = best?.value
        var group: Int
        switch trial.state {
        case .completed: group = RankKey.completed
        case .failed: group = RankKey.failed
        case .waiting, .running, .paused, .pruned: group = RankKey.unfinished
        }
        if let broken = Self.lostNumber(trial, objective.metric) ?? value.flatMap({ $0.isFinite ? nil : $0 }) {
            value = broken
            if group != RankKey.failed { group = RankKey.notFinite }
        }
        self.value = value
        key = RankKey(
            group: group,
            // A completed trial competed at every level, also one that stopped early.
            rung: (trial.state == .completed ? levels.last : levels.last { $0 <= trial.curve.epochs }) ?? 0,
            cost: value.map(objective.cost) ?? .infinity
        )
    }

    /// The first loss that is not finite, the objective's before others; NaN when only the state says so.
    private static func lostNumber(_ trial: TrialRecord, _ metric: Metric) -> Double? {
        guard let epoch = trial.curve.firstNonFiniteEpoch else {
            return trial.state == .pruned(.cannotRecover) ? .nan : nil
        }
        let order = [metric, .validationLoss, .probeLoss, .trainingLoss]
        return order.compactMap { trial.curve.value($0, at: epoch) }.first { !$0.isFinite } ?? .nan
    }
}

/// A row before it has a place.
private struct Draft {
    let id: ConfigurationID
    let runs: [Standing]
    let key: RankKey
    let value: Double?
    let interval: ClosedRange<Double>?
    /// What it was chosen by, and the costs of its completed runs with new seeds; none of a configuration that is no finalist.
    let searchValue: Double?
    let finalCosts: [Double]

    /// `runs` are those of one configuration, not empty.
    init(_ all: [Standing], objective: Objective, judgesFinals: Bool) {
        let isFinalist = judgesFinals && all.contains { $0.isFinal && $0.key.group == RankKey.completed }
        // A finalist's best run is one that it was not chosen by.
        let runs =
            all.count == 1
            ? all
            : all.sorted { one, other in
                let (first, second) = (isFinalist && !one.isFinal, isFinalist && !other.isFinal)
                return first == second ? (one.key, one.number) < (other.key, other.number) : second
            }
        let best = runs[0]
        id = best.configurationID
        self.runs = runs
        let searched = runs.filter { !$0.isFinal }
        let completed = isFinalist ? runs.filter { $0.isFinal && $0.key.group == RankKey.completed } : []
        if let broken = runs.first(where: { $0.key.group == RankKey.notFinite }) {
            searchValue = nil
            finalCosts = []
            value = broken.value
            interval = nil
            key = RankKey(group: RankKey.notFinite, rung: best.key.rung, cost: .infinity)
            return
        }
        finalCosts = completed.compactMap { $0.value.map(objective.cost) }
        searchValue = completed.isEmpty ? nil : Self.mean(Self.counted(searched).compactMap(\.value))
        let values = (completed.isEmpty ? Self.counted(searched.isEmpty ? runs : searched) : completed).compactMap(
            \.value
        )
        value = Self.mean(values)
        interval = best.key.group == RankKey.completed ? StudentT.interval95(values) : nil
        key = RankKey(
            group: completed.isEmpty ? best.key.group : RankKey.finalist,
            rung: best.key.rung,
            cost: value.map(objective.cost) ?? .infinity
        )
    }

    /// Those of `runs`, best first, that count: all of the best one's group and rung.
    private static func counted(_ runs: [Standing]) -> [Standing] {
        runs.filter { $0.key.group == runs[0].key.group && $0.key.rung == runs[0].key.rung }
    }

    private static func mean(_ values: [Double]) -> Double? {
        values.count == 1 ? values[0] : values.isEmpty ? nil : Moments(of: values).mean
    }

    /// The means, over a finalist's completed runs with new seeds, of what each measured at its epoch that counts.
    private func finalMeans(_ runs: [Standing], _ trials: [TrialRecord]) -> [RankRow.MetricValue] {
        let finals = zip(runs, trials).filter { $0.0.isFinal && $0.0.key.group == RankKey.completed }
        guard let first = finals.first else { return [] }
        return first.1.curve.metrics.compactMap { metric in
            let values = finals.compactMap { run, trial in run.epoch.flatMap { trial.curve.value(metric, at: $0) } }
            return Self.mean(values).map { RankRow.MetricValue(metric: metric, value: $0) }
        }
    }

    func placed(
        _ place: Int,
        tiedWith: [Int],
        chance: Double?,
        finding: (TrialRecord) -> Finding?,
        record: (Standing) -> TrialRecord
    ) -> RankRow {
        let best = runs[0]
        let trials = runs.map(record)
        let told = runs.firstIndex { $0.key.group == key.group } ?? 0
        let isFinalist = key.group == RankKey.finalist
        var workers: [String] = []
        for name in trials.flatMap(\.workers) where !workers.contains(name) { workers.append(name) }
        let curve = trials[0].curve
        return RankRow(
            place: place,
            configuration: trials[0].configuration,
            runs: zip(runs, trials).map { run, trial in
                RankRow.Run(
                    trial: trial.number,
                    seed: trial.seed,
                    objective: run.value,
                    epochs: trial.curve.epochs,
                    state: trial.state,
                    stoppedEarly: trial.stoppedEarly
                )
            },
            state: trials[0].state,
            objective: value,
            interval: interval,
            tiedWith: tiedWith,
            metrics: isFinalist
                ? finalMeans(runs, trials)
                : best.epoch.map { epoch in
                    curve.metrics.compactMap { metric in
                        curve.value(metric, at: epoch).map { RankRow.MetricValue(metric: metric, value: $0) }
                    }
                } ?? [],
            epoch: best.epoch,
            epochs: trials.reduce(0) { $0 + $1.curve.epochs },
            attempts: trials.reduce(0) { $0 + $1.attempts },
            coreSeconds: trials.reduce(0) { $0 + $1.coreSeconds },
            workers: workers,
            finding: finding(trials[told]),
            rung: best.key.rung,
            log: trials[0].log,
            final: isFinalist
                ? RankRow.Final(runs: finalCosts.count, searchObjective: searchValue, chance: chance) : nil
        )
    }
}
