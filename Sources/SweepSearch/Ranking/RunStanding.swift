package import SweepCore

/// What a run or a configuration is ordered by; less is better.
struct RankKey: Comparable, Hashable {
    let group: Int
    let rung: Int
    /// From 1; 0 where there are none: of one objective, and where nothing is measured, which is last by its cost alone.
    var front = 0
    let cost: Double

    init(group: Int, rung: Int, cost: Double) {
        self.group = group
        self.rung = rung
        self.cost = cost
    }

    static func < (a: Self, b: Self) -> Bool {
        if (a.group, -a.rung) != (b.group, -b.rung) { return (a.group, -a.rung) < (b.group, -b.rung) }
        // What has no number stands behind every front.
        if (a.cost < .infinity) != (b.cost < .infinity) { return a.cost < .infinity }
        return (a.front, a.cost) < (b.front, b.cost)
    }

    static let finalist = -1
    static let completed = 0
    static let unfinished = 1
    static let notFinite = 2
    static let failed = 3
}

/// One run and where it stands; its record is not kept, as it is large and few are shown.
package struct RunStanding: Sendable {
    /// Its place among the trials.
    let place: Int
    let number: Int
    let configurationID: ConfigurationID
    let key: RankKey
    let value: Double?
    /// Of several objectives all, at the epoch that counts; empty where one is not measured.
    let values: [Double]
    let epoch: Int?
    /// Which run of the configuration it is, from 0.
    let run: Int
    /// Whether it is one of a finalist's runs with new seeds.
    let isFinal: Bool
}

/// What says where a run stands.
package struct RankRule: Sendable {
    let objective: Objective
    let further: [Objective]
    let levels: [Int]
    let repeats: Int?

    /// By `objective` and, of several, those `further`. `levels` are the scheduler's, ascending. Runs of a configuration after its first
    /// `repeats` are those of a finalist; nil where there are none.
    package init(objective: Objective, further: [Objective] = [], levels: [Int], repeats: Int? = nil) {
        self.objective = objective
        self.further = further
        self.levels = levels
        self.repeats = repeats
    }

    /// Where the trial at a `place` from 0 stands.
    func standing(_ trial: TrialRecord, place: Int) -> RunStanding {
        standing(
            place: place,
            number: trial.number,
            configurationID: trial.configurationID,
            run: trial.repetition,
            state: trial.state,
            curve: trial.curve
        )
    }

    /// Where the trial at a `place` from 0 stands, of which `run` says which run of its configuration it is, from 0.
    ///
    /// It is asked of every trial of a sweep, whatever is shown: with one objective nothing is allocated, and of the curve of a trial with
    /// numbers nothing is copied.
    package func standing(
        place: Int,
        number: Int,
        configurationID: ConfigurationID,
        run: Int,
        state: TrialState,
        curve: LearningCurve
    ) -> RunStanding {
        let best = curve.best(for: objective)
        var value = best?.value
        var group: Int
        var isCompleted = false
        var cannotRecover = false
        switch state {
        case .completed:
            group = RankKey.completed
            isCompleted = true
        case .failed: group = RankKey.failed
        case .pruned(let reason):
            group = RankKey.unfinished
            cannotRecover = reason == .cannotRecover
        case .waiting, .running, .paused: group = RankKey.unfinished
        }
        var values: [Double] = []
        if !further.isEmpty, let best {
            values = [best.value] + further.map { curve.value($0.metric, at: best.epoch) ?? .nan }
        }
        let lost = value.flatMap { value in value.isFinite ? values.first { !$0.isFinite } : value }
        if let broken = lostNumber(curve) ?? (cannotRecover ? Double.nan : lost) {
            value = broken
            if group != RankKey.failed { group = RankKey.notFinite }
        }
        let epochs = curve.epochs
        return RunStanding(
            place: place,
            number: number,
            configurationID: configurationID,
            key: RankKey(
                group: group,
                // A completed trial competed at every level, also one that stopped early.
                rung: (isCompleted ? levels.last : levels.last { $0 <= epochs }) ?? 0,
                cost: value.map(objective.cost) ?? .infinity
            ),
            value: value,
            values: values.allSatisfy(\.isFinite) ? values : [],
            epoch: best?.epoch,
            run: run,
            isFinal: repeats.map { run >= $0 } ?? false
        )
    }

    /// The first loss that is not finite, the objective's before others; nil while there is none.
    private func lostNumber(_ curve: LearningCurve) -> Double? {
        guard let epoch = curve.firstNonFiniteEpoch else { return nil }
        let order = [objective.metric, .validationLoss, .probeLoss, .trainingLoss]
        return order.compactMap { curve.value($0, at: epoch) }.first { !$0.isFinite } ?? .nan
    }
}
