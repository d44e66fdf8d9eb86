package import SweepCore
import SweepNumerics

/// NSGA-II: the best configurations by fronts, and where fronts are sparse, are crossed and changed.
///
/// The first 50 proposals are independent draws. Then the population is the best 50 of all finished configurations: by
/// `SearchHistory.groups()`, within a front by crowding distance. So each result counts at once (the steady state: Durillo et al., EMO
/// 2009), and with results pending nobody waits for a generation. Those that lost their numbers are dominated by all others (constrained
/// domination) and have no children.
///
/// Two parents, each the better of two that are drawn. Nine of ten children are crossed: simulated binary crossover (index 20) of half
/// of the numbers that both parents have, choices from either. What only one parent has stays with it; what neither has is drawn. Of n
/// active parameters one in n is mutated: a number by polynomial mutation (index 20), one of counted values by at least one of them, a
/// choice to another option. A child that was proposed before is made again. Of one objective, fronts are the order of its costs.
/// Source: Deb, Pratap, Agarwal and Meyarivan, IEEE Trans. Evol. Comput. 6(2), 2002; the operators as in Deb and Agrawal, Complex
/// Systems 9, 1995, and Deb and Deb, Int. J. Artif. Intell. Soft Comput. 4(1), 2014, within bounds.
package struct NSGA2Searcher: Searcher {
    /// As in Optuna.
    static let population = 50
    private static let crossoverShare = 0.9
    private static let crossoverIndex = 20.0
    private static let mutationIndex = 20.0
    private static let children = 64

    private let seed: UInt64
    private let box: SearchBox
    private var history: SearchHistory
    private var novelty: Novelty
    /// The population, best first, at so many results; what is not needed again is not kept.
    private var living: (results: Int, rows: [Int])?
    /// How many results were told.
    private var results = 0

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

    package mutating func proposed(number: Int, configuration: Configuration) {
        if history.add(number: number, configuration: configuration) { novelty.add(configuration) }
    }

    package mutating func observe(number: Int, objective cost: Double, epoch: Int) {
        observe(number: number, costs: [cost], epoch: epoch)
    }

    package mutating func observe(number: Int, costs: [Double], epoch: Int) {
        if history.add(number: number, costs: costs, epoch: epoch) != nil { results += 1 }
    }

    private mutating func proposal(number: Int) -> (configuration: Configuration, reason: ProposalReason)? {
        if novelty.isExhausted { return nil }
        var stream = RandomStream(key: proposalKey(seed: seed, number: number))
        guard history.finished.count >= Self.population, !box.free.isEmpty else {
            let needed = ProposalReason.startup(results: history.finished.count, needed: Self.population)
            return novelty.draw(&stream).map { ($0, needed) }
        }
        let living = livingRows()
        guard !living.isEmpty else { return novelty.draw(&stream).map { ($0, .independent) } }
        for _ in 0..<Self.children {
            // They stand in order: the better of two is the earlier one.
            let first = living[min(stream.below(living.count), stream.below(living.count))]
            let second = living[min(stream.below(living.count), stream.below(living.count))]
            let isCrossed = first != second && stream.uniform() < Self.crossoverShare
            let parent = history.point(first)
            let before = isCrossed ? crossed(parent, history.point(second), &stream) : parent
            let point = mutated(before, &stream)
            let child = box.configuration(at: point)
            guard novelty.admits(child) else { continue }
            let changed = box.axes.indices.filter { !point[$0].isNaN && point[$0] != before[$0] }
            let reason = ProposalReason.crossover(
                parents: (isCrossed ? [first, second] : [first]).map { history.number($0) },
                population: living.count,
                changed: changed.map { box.axes[$0].path }
            )
            return (child, reason)
        }
        return novelty.draw(&stream).map { ($0, .independent) }
    }

    private mutating func livingRows() -> [Int] {
        if let living, living.results == results { return living.rows }
        var rows: [Int] = []
        for group in history.groups() {
            guard rows.count < Self.population, group[0].costs[0] < .infinity else { break }
            let distances = CrowdingDistance.distances(group.map(\.costs))
            let order = group.indices.sorted {
                (-distances[$0], group[$0].row) < (-distances[$1], group[$1].row)
            }
            rows += order.prefix(Self.population - rows.count).map { group[$0].row }
        }
        living = (results, rows)
        return rows
    }

    /// A child between and around two parents, each of whose axes is a value or inactive.
    private func crossed(_ one: [Double], _ other: [Double], _ stream: inout RandomStream) -> [Double] {
        var point = one
        for (index, axis) in box.axes.enumerated() where axis.isFree {
            // Drawn for each axis, whatever the parents have, so that one branch does not move the numbers of another.
            let (takes, share, side) = (stream.uniform() < 0.5, stream.uniform(), stream.uniform() < 0.5)
            let (a, b) = (one[index], other[index])
            if a.isNaN || b.isNaN {
                point[index] = a.isNaN ? b : a
            } else if axis.isCategorical {
                if takes { point[index] = b }
            } else if takes {
                point[index] = Self.simulatedBinary(a, b, share: share, lower: side)
            }
        }
        return box.completed(point) { box.axes[$0].draw(&stream) }
    }

    /// One of the two children of `a` and `b` in [0, 1], the lower one or the upper; as far from their middle as `share` says.
    static func simulatedBinary(_ a: Double, _ b: Double, share: Double, lower: Bool) -> Double {
        let (low, high) = (min(a, b), max(a, b))
        guard high - low > 1e-14 else { return lower ? low : high }
        let room = lower ? low : 1 - high
        let beta = 1 + 2 * room / (high - low)
        let alpha = 2 - power(beta, -(crossoverIndex + 1))
        let scaled = share * alpha
        let spread = power(scaled <= 1 ? scaled : 1 / (2 - scaled), 1 / (crossoverIndex + 1))
        let child = 0.5 * ((low + high) + (lower ? -spread : spread) * (high - low))
        return min(max(child, 0), 1)
    }

    private func mutated(_ before: [Double], _ stream: inout RandomStream) -> [Double] {
        var point = before
        let places = box.free.filter { !before[$0].isNaN }
        for place in places where stream.uniform() * Double(places.count) < 1 {
            let axis = box.axes[place]
            if axis.isCategorical {
                point[place] = axis.drawOther(than: point[place], &stream)
                continue
            }
            let cell = axis.cell(around: point[place])
            var step = Self.polynomial(point[place], share: stream.uniform())
            if abs(step) < cell.high - cell.low { step = step < 0 ? cell.low - cell.high : cell.high - cell.low }
            point[place] = axis.snapped(min(max(point[place] + step, 0), 1))
        }
        // A parent that was brought may have an option of weight 0: its children do not.
        point = box.withoutRuledOut(point, &stream)
        return box.completed(point) { box.axes[$0].draw(&stream) }
    }

    /// The step of polynomial mutation from `coordinate`, which stays in [0, 1].
    static func polynomial(_ coordinate: Double, share: Double) -> Double {
        let exponent = mutationIndex + 1
        if share < 0.5 {
            let value = 2 * share + (1 - 2 * share) * power(1 - coordinate, exponent)
            return power(value, 1 / exponent) - 1
        }
        let value = 2 * (1 - share) + 2 * (share - 0.5) * power(coordinate, exponent)
        return 1 - power(value, 1 / exponent)
    }

    private static func power(_ base: Double, _ exponent: Double) -> Double {
        base > 0 ? Elementary.exp(exponent * Elementary.log(base)) : 0
    }
}
