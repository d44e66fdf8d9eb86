package import SweepCore

/// A searcher with a model that knows results of an earlier sweep from its beginning.
///
/// They stand below all numbers of the sweep's own proposals. None of their configurations is proposed again.
package struct WarmStartSearcher: Searcher {
    private var base: any Searcher
    package let total: Int?

    /// `base` before its first proposal, told of `earlier`.
    package init(_ earlier: [EarlierResult], base: any Searcher) {
        var base = base
        for (index, result) in earlier.enumerated() {
            base.proposed(number: -1 - index, configuration: result.configuration)
            base.observe(number: -1 - index, objective: result.cost, epoch: result.epoch)
        }
        self.base = base
        let known = Set(earlier.map(\.configuration.id)).count
        total = base.total.map { max(0, $0 - known) }
    }

    package var ignoresResults: Bool { base.ignoresResults }

    package mutating func propose(number: Int) -> Configuration? { base.propose(number: number) }

    package mutating func reason(number: Int) -> ProposalReason { base.reason(number: number) }

    package mutating func proposed(number: Int, configuration: Configuration) {
        base.proposed(number: number, configuration: configuration)
    }

    package mutating func observe(number: Int, objective cost: Double, epoch: Int) {
        base.observe(number: number, objective: cost, epoch: epoch)
    }

    package mutating func observe(number: Int, costs: [Double], epoch: Int) {
        base.observe(number: number, costs: costs, epoch: epoch)
    }
}
