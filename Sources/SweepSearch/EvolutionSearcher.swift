package import SweepCore
import SweepNumerics

/// Regularised evolution: the newest results are the population, the best of some of them is changed in one place.
///
/// The first 20 proposals are independent draws. Then five of the newest 20 finished configurations are drawn, and the best
/// by `SearchHistory.standing(_:)` gets one of its active parameters changed: a number by a normal step of a tenth of its
/// range or, as often, to any value; a choice to another option, whose parameters are drawn. A child that was proposed
/// before is made again.
/// Source: Real et al., "Regularized evolution for image classifier architecture search", AAAI 2019, algorithm 1.
package struct EvolutionSearcher: Searcher {
    private static let population = 20
    private static let tournament = 5
    private static let children = 64

    private let seed: UInt64
    private let box: SearchBox
    private var history: SearchHistory
    private var novelty: Novelty

    /// Starts over `space` with the sweep's seed; every proposal meets `constraints`.
    package init(space: SearchSpace, seed: UInt64, constraints: [Constraint] = []) {
        self.seed = seed
        box = SearchBox(space)
        history = SearchHistory(box: box)
        novelty = Novelty(space: space, box: box, constraints: constraints)
    }

    package var ignoresResults: Bool { false }

    package var total: Int? { novelty.total }

    package mutating func propose(number: Int) -> Configuration? {
        guard number >= 0 else { return nil }
        if let known = history.configuration(number: number) { return known }
        return proposal(number: number)?.configuration
    }

    package mutating func reason(number: Int) -> ProposalReason { proposal(number: number)?.reason ?? .independent }

    private mutating func proposal(number: Int) -> (configuration: Configuration, reason: ProposalReason)? {
        if novelty.isExhausted { return nil }
        var stream = RandomStream(key: proposalKey(seed: seed, number: number))
        let living = Array(history.finished.suffix(Self.population))
        guard living.count == Self.population, !box.free.isEmpty else {
            let needed = ProposalReason.startup(results: living.count, needed: Self.population)
            return novelty.draw(&stream).map { ($0, needed) }
        }
        for _ in 0..<Self.children {
            let drawn = (0..<Self.tournament).map { _ in history.standing(living[stream.below(living.count)]) }
            guard let parent = drawn.min() else { break }
            let before = history.point(parent.row)
            let point = changed(before, &stream)
            let child = box.configuration(at: point)
            guard novelty.admits(child) else { continue }
            let changed = box.axes.indices.filter { !point[$0].isNaN && point[$0] != before[$0] }
            let reason = ProposalReason.mutation(
                parent: history.number(parent.row),
                living: living.count,
                changed: changed.map { box.axes[$0].path }
            )
            return (child, reason)
        }
        return novelty.draw(&stream).map { ($0, .independent) }
    }

    package mutating func proposed(number: Int, configuration: Configuration) {
        if history.add(number: number, configuration: configuration) { novelty.add(configuration) }
    }

    package mutating func observe(number: Int, objective cost: Double, epoch: Int) {
        _ = history.add(number: number, cost: cost, epoch: epoch)
    }

    private func changed(_ parent: [Double], _ stream: inout RandomStream) -> [Double] {
        var point = parent
        let places = box.free.filter { !point[$0].isNaN }
        guard !places.isEmpty else { return point }
        let place = places[stream.below(places.count)]
        let axis = box.axes[place]
        if axis.isCategorical {
            point[place] = axis.drawOther(than: point[place], &stream)
        } else if stream.below(2) == 0 {
            point[place] = axis.draw(&stream)
        } else {
            // A step of less than a cell would change nothing: one to a neighbour then.
            let cell = axis.cell(around: point[place])
            let step = stream.normal() * max(0.1, cell.high - cell.low)
            point[place] = axis.snapped(min(max(point[place] + step, 0), 1))
        }
        // A parent that was brought may have an option of weight 0: its children do not.
        point = box.withoutRuledOut(point, &stream)
        return box.completed(point) { box.axes[$0].draw(&stream) }
    }
}
