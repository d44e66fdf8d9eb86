import SweepCore

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
struct RunStanding {
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

    init(
        _ trial: TrialRecord,
        place: Int,
        objective: Objective,
        further: [Objective],
        levels: [Int],
        repeats: Int?
    ) {
        self.place = place
        run = trial.repetition
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
        var values: [Double] = []
        if !further.isEmpty, let value, let epoch = best?.epoch {
            values = [value] + further.map { trial.curve.value($0.metric, at: epoch) ?? .nan }
        }
        self.values = values.allSatisfy(\.isFinite) ? values : []
        let lost = ([value] + values).compactMap { $0 }.first { !$0.isFinite }
        if let broken = Self.lostNumber(trial, objective.metric) ?? lost {
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
