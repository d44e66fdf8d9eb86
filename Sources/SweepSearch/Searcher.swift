package import SweepCore

/// Proposes the configurations of one sweep.
///
/// A searcher keeps nothing beside the process: after a restart it is made anew from (spec, space) and told the same
/// facts in the same order, and then proposes the same configurations. `propose` may be asked for any number in any
/// order, also twice.
package protocol Searcher: Sendable {
    /// Whether proposals depend on nothing but their number, so that they may be asked for ahead of results.
    var ignoresResults: Bool { get }

    /// How many distinct configurations there are; nil when there is no end of them.
    var total: Int? { get }

    /// The configuration `number`, from 0; nil when there are not so many distinct ones.
    mutating func propose(number: Int) -> Configuration?

    /// Takes notice of what `configuration` reached at `epoch`.
    ///
    /// `cost` is on the scale of `Objective.cost`: less is better, +infinity for what is not finite.
    mutating func observe(configuration: Configuration, objective cost: Double, epoch: Int)
}

/// Makes the searcher that a sweep file asks for.
package enum SearcherFactory {
    /// The searcher of `spec.method` over `space`, before its first proposal.
    package static func make(spec: SearchSpec, space: SearchSpace) -> any Searcher {
        switch spec.method {
        case .random: RandomSearcher(space: space, seed: spec.seed)
        case .grid: GridSearcher(space: space)
        }
    }
}
