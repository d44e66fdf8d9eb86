package import SweepCore

/// Which results of a sweep its parameters are judged by.
package struct ComparedResults: Sendable {
    /// The epoch that they are compared at; nil where each counts with the epoch that its place in the ranking is by.
    package let epoch: Int?
    /// Costs are on the scale of `Objective.cost`.
    package let results: [(configuration: Configuration, cost: Double)]

    /// Results of `trials`: at the last level where at least half of those with a number have one, so that it is not a selection
    /// that is compared, and enough to say something.
    ///
    /// - Parameters:
    ///   - objective: the sweep's, which says which epoch of a trial counts.
    ///   - judged: what they are judged by, which may be another metric.
    ///   - levels: the scheduler's, ascending; the last one completes a trial.
    ///   - values: what each of these trials, in the order of `trials`, reached at its epoch on the metric of `judged`, by the trial's
    ///     number; without those that were not measured. Asked once, so that curves that lie elsewhere are read together.
    package init(
        _ trials: some Sequence<TrialRecord>,
        objective: Objective,
        judged: Objective,
        levels: [Int],
        values: ([(trial: TrialRecord, epoch: Int)]) -> [Int: Double]
    ) {
        let told = trials.filter { $0.curve.epochs > $0.curve.inherited }
        // What another trial trained says nothing of this one's configuration.
        func hasReached(_ trial: TrialRecord, _ level: Int) -> Bool {
            guard level > trial.curve.inherited else { return false }
            return trial.state == .completed || trial.curve.epochs >= level || trial.curve.firstNonFiniteEpoch != nil
        }
        let last = levels.last ?? 1
        let enough = max((told.count + 1) / 2, min(told.count, Importance.leastConfigurations))
        let level = levels.last { level in told.count { hasReached($0, level) } >= enough } ?? levels.first ?? 1
        epoch = level == last ? nil : level
        let reached = told.filter { hasReached($0, level) }
        let found = values(
            reached.compactMap { trial in
                guard trial.curve.firstNonFiniteEpoch == nil else { return nil }
                let counts = level == last ? trial.curve.best(for: objective)?.epoch : min(level, trial.curve.epochs)
                return counts.map { (trial, $0) }
            }
        )
        // One without numbers was not asked for.
        results = reached.map { ($0.configuration, found[$0.number].map(judged.cost) ?? .infinity) }
    }
}
