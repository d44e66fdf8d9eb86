/// Decides how many epochs each trial gets: it lets all begin, and promotes some.
///
/// Trials are named by their numbers. A scheduler keeps nothing beside the process: made anew and told the same facts
/// in the same order, it takes the same decisions. Facts that it already knows change nothing.
package protocol FidelityScheduler: Sendable {
    /// The epochs at which trials pause or complete, ascending; the last one completes a trial.
    var levels: [Int] { get }

    /// Whether no decision depends on a result.
    var ignoresResults: Bool { get }

    /// Whether its rungs are planned for a number of trials, which cannot be changed then.
    var plansTrials: Bool { get }

    /// Whether `observed` is to be called.
    var readsCurves: Bool { get }

    /// The epochs that a new trial trains first; one of `levels`.
    func firstLevel(of trial: Int) -> Int

    /// A new trial was handed out, up to its first level.
    mutating func started(trial: Int)

    /// The costs of a trial's epochs `first`, `first` + 1, …, told before the end of their segment is.
    ///
    /// On the scale of `Objective.cost`. A trial that could not go on, or stopped early, has fewer than its segment.
    mutating func observed(trial: Int, from first: Int, costs: [Double])

    /// A trial came to the end of its segment with this objective.
    ///
    /// `cost` is on the scale of `Objective.cost`: less is better, +infinity for what is not finite. An `epoch` between
    /// two levels counts for the upper one: a trial that cannot go on is reported there with an infinite cost, so that
    /// it is one of the results that others are measured against, and is never promoted.
    mutating func finished(trial: Int, epoch: Int, cost: Double)

    /// The same with a cost of each objective, the first of which is `cost`; infinite all together.
    mutating func finished(trial: Int, epoch: Int, costs: [Double])

    /// A trial failed, was cancelled or was pruned: it will give no more results and takes no more promotions.
    ///
    /// Its results so far stay: others were compared with them.
    mutating func removed(trial: Int)

    /// The next promotion, taken: the trial now runs up to level `to`; nil when none is due.
    mutating func promotion() -> (trial: Int, to: Int)?

    /// Takes a promotion that was decided before a restart.
    mutating func promoted(trial: Int, to level: Int)

    /// The trial that is to go on next from another's state, in a population in the place of a member; nil when none is. The trial that `started` tells of
    /// next is that copy, and nothing is promoted before it.
    func copyDue() -> MemberCopy?

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

    /// No: it compares with those that came so far.
    package var plansTrials: Bool { false }
    /// No: it looks at the ends of segments alone.
    package var readsCurves: Bool { false }
    /// The lowest level, for every trial.
    package func firstLevel(of trial: Int) -> Int { firstLevel }
    /// None: all trials begin with weights of their own.
    package func copyDue() -> MemberCopy? { nil }
    /// By the first objective.
    package mutating func finished(trial: Int, epoch: Int, costs: [Double]) {
        finished(trial: trial, epoch: epoch, cost: costs.first ?? .infinity)
    }
    /// Nothing: it does not read curves.
    package mutating func observed(trial: Int, from first: Int, costs: [Double]) {}
}
