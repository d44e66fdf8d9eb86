package import SweepCore
import SweepNumerics

/// The covariance matrix adaptation evolution strategy over the numeric parameters.
///
/// - **Numbers:** one axis each, in [0, 1] on their own scales; the first mean is the middle, the first deviation a sixth;
///   of a range of which something is believed they are the belief's, the deviation at most 0.3. Restarts do without it.
///   Points outside are drawn again, at last cut to the box. Counted values keep a margin (`EvolutionStrategy`).
/// - **Choices:** a probability for each option, at first even or what is believed, moved towards the options of the best of
///   each generation and kept above a least one; a branch's parameters are axes that count where it is taken.
/// - **Generations:** of 4 + ⌊3 ln d⌋ points. The first that many results of a generation make the next; results of earlier
///   generations that come later are not used. So any number of trials may be pending.
/// - **Restarts:** a run that has come to its end begins anew at a random mean, in turn with twice as many points and with
///   few (BIPOP).
///
/// Compared by `SearchHistory.standing(_:)`. Nothing is proposed twice.
/// Source: Hansen, arXiv:1604.00772; Hansen, "Benchmarking a BI-population CMA-ES", GECCO 2009; choices as in Hamano et al.,
/// "CatCMA", GECCO 2024, in a simpler form.
package struct CMAESSearcher: Searcher {
    /// Draws before a point is cut to the box, for each axis.
    private static let drawsInBox = 10
    /// Draws before any new configuration will do.
    private static let draws = 64
    /// Where nothing is believed.
    private static let firstDeviation = 1.0 / 6
    /// A wider belief says no more than this: most draws would leave the box.
    private static let greatestBelieved = 0.3

    private let seed: UInt64
    private let box: SearchBox
    /// The numeric free axes, and the free choices.
    private let numeric: [Int]
    private let choices: [Int]
    private var history: SearchHistory
    private var novelty: Novelty
    private var strategy: EvolutionStrategy?
    /// For each choice the probability of each option.
    private var shares: [[Double]]
    /// Which generation of all runs is being filled, the generation of each row, and its results so far.
    private var generation = 0
    private var generations: [Int] = []
    private var members: [Int] = []
    private var runs = 0
    private var largePopulation: Int
    /// Proposals in runs of few points and of many, for the turns of BIPOP.
    private var spent = (small: 0, large: 0)

    /// Starts over `space` with the sweep's seed; every proposal meets `constraints`.
    package init(space: SearchSpace, seed: UInt64, constraints: [Constraint] = []) {
        self.seed = seed
        box = SearchBox(space)
        history = SearchHistory(box: box)
        novelty = Novelty(space: space, box: box, constraints: constraints)
        numeric = box.free.filter { [box] in !box.axes[$0].isCategorical }
        choices = box.free.filter { [box] in box.axes[$0].isCategorical }
        shares = choices.map { [box] in box.axes[$0].optionPrior?.shares ?? Self.evenShares(box.axes[$0]) }
        largePopulation = Self.population(dimensions: numeric.count + choices.count)
        strategy = Self.strategy(
            numeric.count,
            population: largePopulation,
            mean: numeric.map { [box] in box.axes[$0].prior?.mean ?? 0.5 },
            sigma: Self.firstDeviation,
            stretch: numeric.map { [box] in
                box.axes[$0].prior.map { min($0.deviation, Self.greatestBelieved) / Self.firstDeviation } ?? 1
            }
        )
    }

    package var ignoresResults: Bool { false }

    package var total: Int? { novelty.total }

    private static func population(dimensions: Int) -> Int {
        4 + Int(3 * Elementary.log(Double(max(1, dimensions))))
    }

    private static func strategy(
        _ dimensions: Int,
        population: Int,
        mean: [Double],
        sigma: Double,
        stretch: [Double]? = nil
    ) -> EvolutionStrategy? {
        guard dimensions > 0 else { return nil }
        return EvolutionStrategy(mean: mean, sigma: sigma, population: population, stretch: stretch)
    }

    /// The same for each option of a choice; of one of which something is believed, for those of a weight above 0.
    private static func evenShares(_ axis: SearchAxis) -> [Double] {
        if let believed = axis.optionPrior?.shares {
            let possible = Double(believed.count { $0 > 0 })
            return believed.map { $0 > 0 ? 1 / possible : 0 }
        }
        let count = axis.count ?? 1
        return Array(repeating: 1 / Double(count), count: count)
    }

    private var populationNow: Int { strategy?.population ?? largePopulation }

    package mutating func propose(number: Int) -> Configuration? {
        guard number >= 0 else { return nil }
        if let known = history.configuration(number: number) { return known }
        if novelty.isExhausted { return nil }
        var stream = RandomStream(key: proposalKey(seed: seed, number: number))
        guard !box.free.isEmpty else { return novelty.draw(&stream) }
        for _ in 0..<Self.draws {
            let configuration = box.configuration(at: draw(&stream))
            if novelty.admits(configuration) { return configuration }
        }
        return novelty.draw(&stream)
    }

    package mutating func reason(number: Int) -> ProposalReason {
        guard !box.free.isEmpty else { return .independent }
        return .generation(number: generation, run: runs, population: populationNow, stepSize: strategy?.stepSize ?? 0)
    }

    private func draw(_ stream: inout RandomStream) -> [Double] {
        var point = box.axes.map { $0.isCategorical || $0.isFree ? 0 : $0.coordinate(ofValue: 0) }
        if let strategy {
            var drawn = strategy.draw(&stream)
            for _ in 0..<Self.drawsInBox * numeric.count {
                if drawn.allSatisfy({ (0...1).contains($0) }) { break }
                drawn = strategy.draw(&stream)
            }
            for (place, axis) in numeric.enumerated() { point[axis] = min(max(drawn[place], 0), 1) }
        }
        for (place, axis) in choices.enumerated() {
            var share = stream.uniform()
            var option = 0
            while option < shares[place].count - 1, share >= shares[place][option] {
                share -= shares[place][option]
                option += 1
            }
            point[axis] = Double(option)
        }
        return point
    }

    package mutating func proposed(number: Int, configuration: Configuration) {
        guard history.add(number: number, configuration: configuration) else { return }
        novelty.add(configuration)
        generations.append(generation)
    }

    package mutating func observe(number: Int, objective cost: Double, epoch: Int) {
        guard let row = history.row(number) else { return }
        let isFirst = history.results[row].isEmpty
        _ = history.add(number: number, cost: cost, epoch: epoch)
        guard isFirst, generations[row] == generation, !box.free.isEmpty else { return }
        members.append(row)
        if members.count >= populationNow { advance() }
    }

    /// Makes the next generation of the results of this one.
    private mutating func advance() {
        let sorted = members.map(history.standing).sorted()
        members = []
        generation += 1
        let count = sorted.count
        if let old = strategy {
            var next = old
            let points = sorted.map { standing in
                numeric.enumerated().map { place, axis in
                    let coordinate = history.columns[axis][standing.row]
                    // What did not count tells nothing: it stands at the mean.
                    return coordinate.isNaN ? old.mean[place] : coordinate
                }
            }
            next.update(sorted: points, best: sorted[0].cost, worst: sorted[count - 1].cost)
            let least = 1 / (Double(numeric.count) * Double(old.population))
            for (place, axis) in numeric.enumerated() where box.axes[axis].count != nil {
                let mean = min(max(next.mean[place], 0), 1)
                next.keepMargin(place, cell: box.axes[axis].cell(around: mean), least: min(0.5, least))
            }
            strategy = next
            if old.population < largePopulation { spent.small += count } else { spent.large += count }
        }
        moveShares(sorted.prefix(max(1, count / 2)).map(\.row))
        if let strategy, strategy.isOver { restart() }
    }

    private mutating func moveShares(_ parents: [Int]) {
        for (place, axis) in choices.enumerated() {
            let options = shares[place].count
            let believed = box.axes[axis].optionPrior?.shares
            // A learning rate as of a mean over some generations; no option falls below a least share.
            let rate = 1 / (1 + Double(options)).squareRoot() / 2
            let least = 1 / Double(options) / Double(2 + choices.count) / 2
            var seen = Array(repeating: 0.0, count: options)
            var counted = 0.0
            for row in parents where !history.columns[axis][row].isNaN {
                seen[Int(history.columns[axis][row])] += 1
                counted += 1
            }
            guard counted > 0 else { continue }
            var sum = 0.0
            for option in 0..<options {
                let moved = shares[place][option] + rate * (seen[option] / counted - shares[place][option])
                // What is held to be impossible is not drawn, also where results of it came from elsewhere.
                shares[place][option] = believed?[option] == 0 ? 0 : max(moved, least)
                sum += shares[place][option]
            }
            for option in 0..<options { shares[place][option] /= sum }
        }
    }

    private mutating func restart() {
        runs += 1
        var hash = StableHash()
        hash.combine(seed)
        hash.combine("restart")
        hash.combine(UInt64(runs))
        var stream = RandomStream(key: hash.value)
        let mean = numeric.map { _ in stream.uniform() }
        let least = Self.population(dimensions: numeric.count + choices.count)
        let population: Int
        let sigma: Double
        if runs > 1, spent.small < spent.large {
            let share = stream.uniform()
            let ratio = 0.5 * Double(largePopulation) / Double(least)
            population = max(least, Int(Double(least) * Elementary.pow(ratio, share * share)))
            sigma = Elementary.pow(10, -2 * stream.uniform()) / 6
        } else {
            largePopulation *= 2
            population = largePopulation
            sigma = Self.firstDeviation
        }
        strategy = Self.strategy(numeric.count, population: population, mean: mean, sigma: sigma)
        shares = choices.map { Self.evenShares(box.axes[$0]) }
    }
}
