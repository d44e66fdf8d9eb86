import SweepCore
import SweepNumerics

/// A row before it has a place.
struct RankDraft {
    let id: ConfigurationID
    let runs: [RunStanding]
    var key: RankKey
    let value: Double?
    /// Of several objectives the mean of each.
    let values: [Double]
    let interval: ClosedRange<Double>?
    /// What it was chosen by, and the costs of its completed runs with new seeds, by run; none of a configuration that is no finalist.
    let searchValue: Double?
    let finalCosts: [(run: Int, cost: Double)]

    /// Those costs by run.
    var costsByRun: [Int: Double] {
        Dictionary(finalCosts.map { ($0.run, $0.cost) }) { first, _ in first }
    }

    /// A configuration with one run, which is of the search: most are so, and of such a sweep nothing is ordered but these.
    init(alone run: RunStanding) {
        id = run.configurationID
        runs = [run]
        value = run.value
        values = run.values
        interval = nil
        searchValue = nil
        finalCosts = []
        key = Self.key(alone: run)
    }

    /// What a configuration with this one run is ordered by.
    static func key(alone run: RunStanding) -> RankKey {
        run.key.group == RankKey.notFinite
            ? RankKey(group: RankKey.notFinite, rung: run.key.rung, cost: .infinity) : run.key
    }

    /// `runs` are those of one configuration, not empty.
    init(_ all: [RunStanding], objective: Objective, judgesFinals: Bool, folds: Int?) {
        let judged = judgesFinals ? Self.judged(all.filter(\.isFinal), folds: folds) : []
        let isFinalist = !judged.isEmpty
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
        let numbers = Set(judged.map(\.number))
        let completed = runs.filter { numbers.contains($0.number) }
        if let broken = runs.first(where: { $0.key.group == RankKey.notFinite }) {
            searchValue = nil
            finalCosts = []
            value = broken.value
            values = []
            interval = nil
            key = RankKey(group: RankKey.notFinite, rung: best.key.rung, cost: .infinity)
            return
        }
        finalCosts = completed.compactMap { run in run.value.map { (run.run, objective.cost($0)) } }
        searchValue = completed.isEmpty ? nil : Self.mean(Self.counted(searched).compactMap(\.value))
        let values = (completed.isEmpty ? Self.counted(searched.isEmpty ? runs : searched) : completed).compactMap(
            \.value
        )
        value = Self.mean(values)
        self.values = Self.means(Self.counted(searched.isEmpty ? runs : searched))
        let overlap = completed.isEmpty ? 0 : folds.map(FoldedRuns.overlap) ?? 0
        interval = best.key.group == RankKey.completed ? StudentT.interval95(values, overlap: overlap) : nil
        key = RankKey(
            group: completed.isEmpty ? best.key.group : RankKey.finalist,
            rung: best.key.rung,
            cost: value.map(objective.cost) ?? .infinity
        )
    }

    /// Those of a finalist's runs with new seeds by which it is judged: the completed ones; over folds those of whole passes, so that all
    /// means are of the same folds.
    static func judged(_ finals: [RunStanding], folds: Int?) -> [RunStanding] {
        let completed = finals.filter { $0.key.group == RankKey.completed }
        guard let folds, var end = finals.map(\.run).min() else { return completed }
        let runs = Set(completed.map(\.run))
        while runs.isSuperset(of: end..<end + folds) { end += folds }
        return completed.filter { $0.run < end }
    }

    /// Those of `runs`, best first, that count: all of the best one's group and rung.
    private static func counted(_ runs: [RunStanding]) -> [RunStanding] {
        runs.filter { $0.key.group == runs[0].key.group && $0.key.rung == runs[0].key.rung }
    }

    /// The mean of each of several objectives over runs that all have them.
    private static func means(_ runs: [RunStanding]) -> [Double] {
        guard let first = runs.first, runs.allSatisfy({ !$0.values.isEmpty }) else { return [] }
        return first.values.indices.map { axis in mean(runs.map { $0.values[axis] }) ?? .nan }
    }

    private static func mean(_ values: [Double]) -> Double? {
        values.count == 1 ? values[0] : values.isEmpty ? nil : Moments(of: values).mean
    }

    /// The means, over a finalist's completed runs with new seeds, of what each measured at its epoch that counts.
    private func finalMeans(_ runs: [RunStanding], _ trials: [TrialRecord]) -> [RankRow.MetricValue] {
        let judged = Set(finalCosts.map(\.run))
        let finals = zip(runs, trials).filter { $0.0.isFinal && judged.contains($0.0.run) }
        guard let first = finals.first else { return [] }
        return first.1.curve.metrics.compactMap { metric in
            let values = finals.compactMap { run, trial in run.epoch.flatMap { trial.curve.value(metric, at: $0) } }
            return Self.mean(values).map { RankRow.MetricValue(metric: metric, value: $0) }
        }
    }

    /// Which of its runs is told of: the first that ended as it did.
    private var toldRun: Int { runs.firstIndex { $0.key.group == key.group } ?? 0 }

    /// Where the run stands of which is told what its curve shows.
    var told: RunStanding { runs[toldRun] }

    func placed(
        _ place: Int,
        tiedWith: [Int],
        chance: Double?,
        finding: (TrialRecord) -> Finding?,
        record: (RunStanding) -> TrialRecord
    ) -> RankRow {
        let best = runs[0]
        let trials = runs.map(record)
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
                    fold: trial.fold,
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
            // A copy's parents have trained theirs.
            epochs: trials.reduce(0) { $0 + $1.curve.epochs - $1.curve.inherited },
            attempts: trials.reduce(0) { $0 + $1.attempts },
            coreSeconds: trials.reduce(0) { $0 + $1.coreSeconds },
            workers: workers,
            finding: finding(trials[toldRun]),
            rung: best.key.rung,
            log: trials[0].log,
            final: isFinalist
                ? RankRow.Final(runs: finalCosts.count, searchObjective: searchValue, chance: chance) : nil,
            front: key.group == RankKey.completed && key.front > 0 ? key.front : nil,
            values: values
        )
    }
}
