import SweepNumerics

/// The epochs at which a rule looks at trials.
package enum CheckLevels {
    /// Every `interval` epochs after the first `warmup`, and `epochs`; ascending.
    package static func levels(epochs: Int, warmup: Int, interval: Int) -> [Int] {
        var levels = Array(stride(from: warmup + interval, to: epochs, by: interval))
        levels.append(epochs)
        return levels
    }
}

/// Says of a trial whether it goes on, by what is known at that moment of its curve and of the others.
package protocol StoppingRule: Sendable {
    /// Whether the trial, whose epochs so far cost `curve`, is to be stopped at its check number `check`, from 0.
    mutating func stops(at check: Int, curve: [Double]) -> Bool

    /// A trial came to its last epoch, with the costs that it had at each check.
    mutating func completed(checks: [Double])
}

/// A rule that only stops: at each check a trial goes on at once, before any new one begins, or never again.
///
/// An infinite cost always stops. A check ends a segment, so that its verdict is taken in virtual time like every other.
package struct StoppingScheduler<Rule: StoppingRule>: FidelityScheduler {
    package let levels: [Int]
    private var rule: Rule
    private var curves = CostCurves()
    private var reached: [Int: Int] = [:]
    /// Trials that go on, with the check they passed; the first goes first.
    private var going: [(trial: Int, check: Int)] = []
    private var stopped: Set<Int> = []
    private var gone: Set<Int> = []

    /// `rule` asked at `levels`; the last one completes a trial.
    package init(levels: [Int], rule: Rule) {
        precondition(!levels.isEmpty && zip(levels, levels.dropFirst()).allSatisfy(<), "levels must ascend")
        self.levels = levels
        self.rule = rule
    }

    package var ignoresResults: Bool { levels.count == 1 }
    package var readsCurves: Bool { true }
    package mutating func started(trial: Int) {}

    package mutating func observed(trial: Int, from first: Int, costs: [Double]) {
        guard !gone.contains(trial) else { return }
        curves.extend(trial: trial, from: first, costs: costs)
    }

    package mutating func finished(trial: Int, epoch: Int, cost: Double) {
        guard let check = levels.firstIndex(where: { $0 >= epoch }), check > reached[trial, default: -1],
            !gone.contains(trial)
        else { return }
        reached[trial] = check
        var curve = curves[trial]
        // One that stopped early, or was told without its curve, counts with its last cost.
        while curve.count < levels[check] { curve.append(cost) }
        if check == levels.count - 1 {
            if cost < .infinity { rule.completed(checks: levels.map { curve[$0 - 1] }) }
            curves.remove(trial: trial)
            gone.insert(trial)
            return
        }
        guard cost < .infinity, !rule.stops(at: check, curve: curve) else {
            stopped.insert(trial)
            return
        }
        going.append((trial, check))
    }

    package mutating func removed(trial: Int) {
        gone.insert(trial)
        stopped.remove(trial)
        going.removeAll { $0.trial == trial }
        curves.remove(trial: trial)
    }

    package mutating func promotion() -> (trial: Int, to: Int)? {
        guard let first = going.first else { return nil }
        promoted(trial: first.trial, to: levels[first.check + 1])
        return (first.trial, levels[first.check + 1])
    }

    package mutating func promoted(trial: Int, to level: Int) {
        guard let index = going.firstIndex(where: { $0.trial == trial && levels[$0.check + 1] == level }) else {
            return
        }
        going.remove(at: index)
    }

    package func hopeless(remaining newTrials: Int) -> [Int] { stopped.sorted() }
}

/// Stopping ASHA: at a rung a trial goes on when it is among the best ⌊n/η⌋, at least one, of the n that came so far.
///
/// The trial itself counts among the n. Source: Li et al., MLSys 2020, in the form of Optuna's `SuccessiveHalvingPruner`.
package struct RungShareRule: StoppingRule {
    private let reductionFactor: Int
    private var costs: [Int: [Double]] = [:]

    package init(reductionFactor: Int) { self.reductionFactor = reductionFactor }

    package mutating func stops(at check: Int, curve: [Double]) -> Bool {
        guard let cost = curve.last else { return false }
        let place = costs[check, default: []].insertSorted(cost)
        return place >= max(1, (costs[check]?.count ?? 1) / reductionFactor)
    }

    package mutating func completed(checks: [Double]) {}
}

/// Stops a trial whose best cost so far is worse than a share of the completed trials were at the same epoch.
///
/// A share of 0.5 is the median rule. Nothing is stopped before `startupTrials` trials are complete. Source: Golovin et al.,
/// "Google Vizier", KDD 2017, §3.2.1, in the form of Optuna's `PercentilePruner` (the best so far, not the running mean).
package struct PercentileRule: StoppingRule {
    private let share: Double
    private let startupTrials: Int
    private var finished = 0
    /// At each check what the completed trials had there, ascending.
    private var costs: [Int: [Double]] = [:]

    /// The best `share` of trials (0 to 1) goes on.
    package init(share: Double, startupTrials: Int) {
        self.share = share
        self.startupTrials = startupTrials
    }

    package mutating func stops(at check: Int, curve: [Double]) -> Bool {
        guard finished >= max(1, startupTrials), let best = curve.min(),
            let bound = Quantiles.linear(sorted: costs[check] ?? [], share)
        else { return false }
        return best > bound
    }

    package mutating func completed(checks: [Double]) {
        finished += 1
        for (check, cost) in checks.enumerated() { _ = costs[check, default: []].insertSorted(cost) }
    }
}

/// Stops a trial that got no better, by more than `minimumDelta`, for `patience` epochs.
///
/// Source: Optuna's `PatientPruner` without another pruner inside.
package struct PatienceRule: StoppingRule {
    private let patience: Int
    private let minimumDelta: Double

    package init(patience: Int, minimumDelta: Double) {
        self.patience = patience
        self.minimumDelta = minimumDelta
    }

    package mutating func stops(at check: Int, curve: [Double]) -> Bool {
        guard curve.count > patience, let before = curve.dropLast(patience).min(),
            let since = curve.suffix(patience).min()
        else { return false }
        return since >= before - minimumDelta
    }

    package mutating func completed(checks: [Double]) {}
}

/// Stops a trial whose cost leaves the bounds. Source: Optuna's `ThresholdPruner`.
package struct ThresholdRule: StoppingRule {
    private let above: Double?
    private let below: Double?

    /// Costs above `above` or below `below` stop a trial; nil is no bound.
    package init(above: Double?, below: Double?) {
        self.above = above
        self.below = below
    }

    package mutating func stops(at check: Int, curve: [Double]) -> Bool {
        guard let cost = curve.last else { return false }
        if let above, cost > above { return true }
        if let below, cost < below { return true }
        return false
    }

    package mutating func completed(checks: [Double]) {}
}

extension [Double] {
    /// Puts `value` into its place; the number of those that are less.
    fileprivate mutating func insertSorted(_ value: Double) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < value { low = middle + 1 } else { high = middle }
        }
        insert(value, at: low)
        return low
    }
}
