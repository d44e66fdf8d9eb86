/// Why a searcher proposed a configuration: the numbers that it was decided by.
package enum ProposalReason: Hashable, Sendable {
    /// The sweep file asks for it first.
    case triedFirst
    /// Somebody enqueued it while the sweep ran.
    case enqueued
    /// The method proposes it whatever the results are.
    case regardless
    /// A model needs more results than there were.
    case startup(results: Int, needed: Int)
    /// An independent draw: one of the share that the method draws so, or nothing new came of its model.
    case independent
    /// Of so many `candidates` it has the greatest quotient of two densities: of the best, and of all others and pending ones.
    ///
    /// Logarithms. `median` is that of the candidates' quotients; `rung` the epoch whose results are compared, nil for all.
    case densities(
        best: Int,
        others: Int,
        logBest: Double,
        logOthers: Double,
        candidates: Int,
        median: Double,
        rung: Int?
    )
    /// It has the greatest expected improvement by a Gaussian process of `results`.
    ///
    /// `mean` and `deviation` are its prediction, `incumbent` the best result, all in the standardised costs that the process
    /// learns from: less is better, one is the deviation of the results. `priorPower`: where something is believed of a range, the power
    /// of the believed density by which the improvement was multiplied.
    case improvement(
        results: Int,
        pending: Int,
        mean: Double,
        deviation: Double,
        incumbent: Double,
        logImprovement: Double,
        priorPower: Double? = nil
    )
    /// A draw of a generation (from 0, over all runs) of an evolution strategy, whose step size is a share of the ranges.
    case generation(number: Int, run: Int, population: Int, stepSize: Double)
    /// A child of the configuration with the proposal number `parent`, the best of those drawn among `living`.
    case mutation(parent: Int, living: Int, changed: [String])
    /// It goes on from the state of trial `trial` after `epoch`, one of the best members then, in the place of trial `replaced`, with these
    /// settings changed.
    case copy(trial: Int, epoch: Int, replaced: Int, changes: [PopulationExplorer.Change])
    /// A child of the configurations with these proposal numbers, drawn among the best `population` by fronts; `changed` parameters
    /// were mutated. One parent where nothing was taken of a second.
    case crossover(parents: [Int], population: Int, changed: [String])
    /// It is one of the best configurations of the search, at this place there, run for the `run`-th time with a new seed, on this
    /// fold where there are several.
    case finalist(place: Int, run: Int, fold: Int? = nil)
}

extension ProposalReason {
    /// Whether what the sweep file believes of ranges had a part in it.
    package var heedsBeliefs: Bool {
        switch self {
        case .triedFirst, .enqueued, .copy, .finalist: false
        case .generation(_, let run, _, _): run == 0
        case .regardless, .startup, .independent, .densities, .improvement, .mutation, .crossover: true
        }
    }
}
