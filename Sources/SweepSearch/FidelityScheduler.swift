package import SweepCore

/// Decides how many epochs each trial gets: it lets all begin, and promotes some.
///
/// Trials are named by their numbers. A scheduler keeps nothing beside the process: made anew and told the same facts
/// in the same order, it takes the same decisions. Facts that it already knows change nothing.
package protocol FidelityScheduler: Sendable {
    /// The epochs at which trials pause or complete, ascending; the last one completes a trial.
    var levels: [Int] { get }

    /// Whether no decision depends on a result.
    var ignoresResults: Bool { get }

    /// A new trial was handed out, up to the first level.
    mutating func started(trial: Int)

    /// A trial came to the end of its segment with this objective.
    ///
    /// `cost` is on the scale of `Objective.cost`: less is better, +infinity for what is not finite. An `epoch` between
    /// two levels counts for the upper one: a trial that cannot go on is reported there with an infinite cost, so that
    /// it is one of the results that others are measured against, and is never promoted.
    mutating func finished(trial: Int, epoch: Int, cost: Double)

    /// A trial failed, was cancelled or was pruned: it will give no more results and takes no more promotions.
    ///
    /// Its results so far stay: others were compared with them.
    mutating func removed(trial: Int)

    /// The next promotion, taken: the trial now runs up to level `to`; nil when none is due.
    mutating func promotion() -> (trial: Int, to: Int)?

    /// Takes a promotion that was decided before a restart.
    mutating func promoted(trial: Int, to level: Int)

    /// Paused trials that no promotion can reach any more, ascending.
    ///
    /// Given that at most `newTrials` more begin and that every running trial may yet come to its level with any result.
    /// Conservative: a trial that is not named may still turn out to wait in vain, a named one never would go on.
    /// The caller prunes them and says so by `removed`.
    func hopeless(remaining newTrials: Int) -> [Int]
}

extension FidelityScheduler {
    /// The epochs every new trial trains first.
    package var firstLevel: Int { levels.first ?? 1 }
}

/// Makes the scheduler that a sweep file asks for.
package enum SchedulerFactory {
    /// The scheduler of `prune` for trials of `epochs` epochs, before its first trial.
    package static func make(prune: PruneSpec, epochs: Int) -> any FidelityScheduler {
        switch prune.method {
        case .auto, .asha:
            PromotionASHA(
                levels: Rungs.levels(epochs: epochs, reductionFactor: prune.reductionFactor, first: prune.firstRung),
                reductionFactor: prune.reductionFactor
            )
        case .none: NoPruning(epochs: epochs)
        }
    }
}
