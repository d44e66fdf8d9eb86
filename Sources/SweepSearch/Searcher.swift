package import SweepCore

/// Proposes the configurations of one sweep.
///
/// A searcher keeps nothing beside the process: after a restart it is made anew from (spec, space) and told the same
/// facts in the same order, and then proposes the same configurations. `propose` decides nothing: it may be asked for any
/// number in any order, also twice, and answers with a function of (spec, space, number, facts so far). What is taken of
/// it is told by `proposed`, results by `observe`.
package protocol Searcher: Sendable {
    /// Whether proposals depend on nothing but their number, so that they may be asked for ahead of results.
    var ignoresResults: Bool { get }

    /// How many distinct configurations there are; nil when there is no end of them.
    var total: Int? { get }

    /// The same with `others` that it may be handed, some of which may be its own; nil when there is no end of them.
    func total(with others: [Configuration]) -> Int?

    /// Whether `configuration` is one of those that `total` counts; asked of those alone whose proposals depend on their number.
    func counts(_ configuration: Configuration) -> Bool

    /// The configuration `number`, from 0; nil when there are not so many distinct ones.
    ///
    /// A number that was told by `proposed` gives that configuration again.
    mutating func propose(number: Int) -> Configuration?

    /// Why configuration `number` would be proposed now; what is answered belongs to `propose(number:)` in the same state.
    mutating func reason(number: Int) -> ProposalReason

    /// Takes notice that `configuration` is tried as `number`: from here to its first result it is pending.
    ///
    /// Told once for each number; a second time changes nothing.
    mutating func proposed(number: Int, configuration: Configuration)

    /// Takes notice that `configuration`, which is not its own proposal, is tried as `number`, above every number told so far.
    ///
    /// It is pending as one of its own. Those that it would have proposed follow, but this one.
    mutating func handedIn(number: Int, configuration: Configuration)

    /// Takes notice of what configuration `number` reached at `epoch`.
    ///
    /// `cost` is on the scale of `Objective.cost`: less is better, +infinity (or NaN) for what is not finite or failed. Each
    /// repeat of a configuration is a result of its own; their mean counts. A number that is not known changes nothing.
    mutating func observe(number: Int, objective cost: Double, epoch: Int)

    /// The same with a cost of each of several objectives, the first of which is `objective`.
    mutating func observe(number: Int, costs: [Double], epoch: Int)
}

extension Searcher {
    /// The total alone: nothing is handed to most.
    package func total(with others: [Configuration]) -> Int? { total }

    /// No: one that learns is told of what it is handed, and is not asked.
    package func counts(_ configuration: Configuration) -> Bool { false }

    /// As of its own proposal: one whose proposals depend on their number alone is handed nothing.
    package mutating func handedIn(number: Int, configuration: Configuration) {
        proposed(number: number, configuration: configuration)
    }

    /// Proposals depend on their number alone.
    package mutating func reason(number: Int) -> ProposalReason { .regardless }

    /// Nothing: proposals depend on their number alone.
    package mutating func proposed(number: Int, configuration: Configuration) {}

    /// Nothing: proposals depend on their number alone.
    package mutating func observe(number: Int, objective cost: Double, epoch: Int) {}

    /// By the first objective.
    package mutating func observe(number: Int, costs: [Double], epoch: Int) {
        observe(number: number, objective: costs.first ?? .infinity, epoch: epoch)
    }
}

/// Makes the searcher that a sweep file asks for.
package enum SearcherFactory {
    /// The searcher of `spec` over `space`, before its first proposal.
    package static func make(spec: SearchSpec, space: SearchSpace) -> any Searcher {
        let constraints = spec.constraints
        let seed = spec.seed
        var base: any Searcher =
            switch SearchChoice(spec: spec, space: space).method {
            // The members of a population are drawn; what copies are trained with is not proposed here.
            case .auto, .random, .pbt: RandomSearcher(space: space, seed: seed, constraints: constraints)
            case .grid: GridSearcher(space: space, constraints: constraints)
            case .sobol: SequenceSearcher<SobolSequence>(space: space, seed: seed, constraints: constraints)
            case .halton: SequenceSearcher<HaltonSequence>(space: space, seed: seed, constraints: constraints)
            case .tpe:
                TPESearcher(space: space, seed: seed, constraints: constraints, byFronts: spec.objectives > 1)
            case .bohb: TPESearcher(space: space, seed: seed, constraints: constraints, settings: .bohb)
            case .gp:
                GPSearcher(space: space, seed: seed, constraints: constraints, objectives: spec.objectives)
            case .nsga2: NSGA2Searcher(space: space, seed: seed, constraints: constraints)
            case .cmaes: CMAESSearcher(space: space, seed: seed, constraints: constraints)
            case .evolution: EvolutionSearcher(space: space, seed: seed, constraints: constraints)
            }
        if case .results(let earlier)? = spec.warmStart, !base.ignoresResults {
            base = WarmStartSearcher(earlier, base: base)
        }
        return TryFirstSearcher(spec.tryFirst, space: space, seed: seed, constraints: constraints, base: base)
    }
}
