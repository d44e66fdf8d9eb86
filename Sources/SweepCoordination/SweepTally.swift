import SweepCore

/// Counts of a sweep's trials, kept while facts change them: a status costs the same for ten trials and for a million.
package struct SweepTally: Hashable, Sendable {
    package private(set) var completed = 0
    package private(set) var pruned = 0
    package private(set) var failed = 0
    /// Trials without a terminal state that have a segment to train.
    package private(set) var decided = 0
    /// Trials without a terminal state that wait for a promotion.
    package private(set) var paused = 0
    /// Epochs that are decided and not yet reported.
    package private(set) var epochsAhead = 0

    init() {}

    /// Counts the trials anew.
    init(_ trials: some Sequence<TrialProgress>) {
        for trial in trials { add(trial) }
    }

    mutating func add(_ trial: borrowing TrialProgress) { count(trial, 1) }
    mutating func remove(_ trial: borrowing TrialProgress) { count(trial, -1) }

    private mutating func count(_ trial: borrowing TrialProgress, _ step: Int) {
        switch trial.ended {
        case .completed: completed += step
        case .pruned: pruned += step
        case .failed: failed += step
        case .waiting, .running, .paused, nil:
            guard let goal = trial.goal else {
                paused += step
                return
            }
            decided += step
            epochsAhead += step * max(0, goal.to - trial.curve.epochs)
        }
    }
}

/// The best trial of a sweep so far.
package struct Incumbent: Hashable, Sendable {
    package let trial: Int
    package let epoch: Int
    /// The objective's value; finite.
    package let value: Double

    package init(trial: Int, epoch: Int, value: Double) {
        self.trial = trial
        self.epoch = epoch
        self.value = value
    }

    /// Whether it stands before `other`: the better value, and of equal ones the earlier trial.
    func isBetter(than other: Incumbent?, for objective: Objective) -> Bool {
        guard let other else { return true }
        let (own, others) = (objective.cost(value), objective.cost(other.value))
        return own == others ? trial < other.trial : own < others
    }
}

/// How the best of a sweep came about: when each new one was found, in epochs trained, so that a restart tells the same.
package struct IncumbentHistory: Hashable, Sendable {
    /// A change of the incumbent.
    package struct Step: Hashable, Sendable {
        /// Epochs that all trials had been trained by then, and the core seconds they took.
        package let epochsTrained: Int
        package let coreSeconds: Double
        package let incumbent: Incumbent
    }

    /// In the order they came.
    package private(set) var steps: [Step] = []

    /// Steps that are kept; beyond them every second one is left out, but for the last. A picture shows no more.
    static let limit = 4_096

    init(_ steps: [Step] = []) { self.steps = steps }

    /// Takes notice of the best after so many epochs.
    mutating func note(_ incumbent: Incumbent?, epochsTrained: Int, coreSeconds: Double) {
        guard let incumbent, incumbent != steps.last?.incumbent else { return }
        if steps.count >= Self.limit { steps = steps.indices.filter { $0.isMultiple(of: 2) }.map { steps[$0] } }
        steps.append(Step(epochsTrained: epochsTrained, coreSeconds: coreSeconds, incumbent: incumbent))
    }
}

extension SweepProgress {
    /// The best of all trials of the search, looked for among all of them.
    ///
    /// Runs of finalists are left out: the luckiest of their seeds says nothing.
    /// A trial whose losses were lost does not count, whatever it had reached.
    func searchedIncumbent() -> Incumbent? {
        var best: Incumbent?
        for trial in trials[..<searched] {
            guard trial.curve.firstNonFiniteEpoch == nil, let (epoch, value) = trial.curve.best(for: sweep.objective),
                value.isFinite
            else { continue }
            let candidate = Incumbent(trial: trial.number, epoch: epoch, value: value)
            if candidate.isBetter(than: best, for: sweep.objective) { best = candidate }
        }
        return best
    }

    /// Takes notice of the epochs after `before` of a trial's curve.
    mutating func updateIncumbent(trial number: Int, _ curve: LearningCurve, after before: Int) {
        let objective = sweep.objective
        guard let objectiveColumn, !isFinal(number) else { return }
        if let best = incumbent, best.trial == number {
            let last = curve.value(at: curve.epochs, column: objectiveColumn)
            let worse = objective.epoch == .last && !(objective.cost(last) <= objective.cost(best.value))
            if worse || curve.hasNonFinite(after: before) {
                // What it stood for is gone: seldom, so that all may be looked at.
                incumbent = searchedIncumbent()
                return
            }
            if objective.epoch == .last {
                incumbent = Incumbent(trial: number, epoch: curve.epochs, value: last)
                return
            }
        } else if curve.hasNonFinite(after: before) {
            return
        }
        for epoch in (objective.epoch == .last ? curve.epochs : before + 1)...curve.epochs {
            let value = curve.value(at: epoch, column: objectiveColumn)
            guard value.isFinite else { continue }
            let candidate = Incumbent(trial: number, epoch: epoch, value: value)
            if incumbent?.trial == number {
                // Of one trial's equal epochs the first counts.
                guard objective.cost(value) < objective.cost(incumbent?.value ?? .nan) else { continue }
            }
            if candidate.isBetter(than: incumbent, for: objective) { incumbent = candidate }
        }
    }
}
