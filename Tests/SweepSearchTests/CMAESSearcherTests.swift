import SweepCore
import SweepNumerics
import SweepSearch
import Testing

/// CMA-ES and regularised evolution.
@Suite struct CMAESSearcherTests {
    @Test func `a run comes down a bent valley`() {
        var strategy = EvolutionStrategy(mean: Array(repeating: 0.5, count: 5), sigma: 1.0 / 6, population: 8)
        func cost(_ x: [Double]) -> Double {
            let y = x.map { 4 * $0 - 2 }
            var sum = 0.0
            for axis in 0..<4 {
                let bend = y[axis + 1] - y[axis] * y[axis]
                let rest = 1 - y[axis]
                sum += 100 * bend * bend + rest * rest
            }
            return sum
        }
        var stream = RandomStream(key: 3)
        var best = Double.infinity
        for _ in 0..<700 {
            let points = (0..<8).map { _ in strategy.draw(&stream) }.map { (point: $0, cost: cost($0)) }
                .sorted { $0.cost < $1.cost }
            strategy.update(sorted: points.map(\.point), best: points[0].cost, worst: points[7].cost)
            best = min(best, points[0].cost)
            if strategy.isOver { break }
        }
        #expect(best < 1e-8, "best \(best) after \(strategy.generation) generations")
    }

    @Test func `a margin keeps counted values changeable`() {
        var strategy = EvolutionStrategy(mean: [0.5, 0.5], sigma: 1e-4, population: 6)
        strategy.keepMargin(0, cell: (0.4, 0.6), least: 1.0 / 12)
        let deviation = strategy.deviation(0)
        let mean = strategy.mean[0]
        #expect(NormalDistribution.cumulative((0.4 - mean) / deviation) > 1.0 / 13)
        #expect(NormalDistribution.upperTail((0.6 - mean) / deviation) > 1.0 / 13)
        #expect(strategy.deviation(1) < 2e-4)
    }

    @Test(arguments: [1, 8]) func `it beats independent draws on reals and mixed spaces`(_ parallelism: Int) {
        #expect(
            Problems.wins(.cmaes, Problems.box(4), trials: 150, seeds: 20, parallelism: parallelism, Problems.bowl(4))
                >= 16
        )
        #expect(
            Problems.wins(.cmaes, Problems.mixed, trials: 150, seeds: 20, parallelism: parallelism, Problems.mixedCost)
                >= 14
        )
    }

    @Test func `a run that ended begins anew elsewhere`() {
        var search = SequentialSearch(CMAESSearcher(space: Problems.box(2), seed: 1))
        // All results equal: the first run ends after 20 generations of 6, and the next begins with its full deviation.
        _ = search.best(180) { _ in 1 }
        let x = search.tried.map { Problems.real($0.configuration, "x0") }
        func span(_ values: ArraySlice<Double>) -> Double { (values.max() ?? 0) - (values.min() ?? 0) }
        #expect(span(x[122..<180]) > 0.2, "\(span(x[122..<180]))")
        #expect(span(x[90..<120]) < span(x[122..<180]))
    }

    @Test func `evolution beats independent draws`() {
        #expect(Problems.wins(.evolution, Problems.box(4), trials: 150, seeds: 20, Problems.bowl(4)) >= 15)
        #expect(Problems.wins(.evolution, Problems.branches, trials: 250, seeds: 20, Problems.branchCost) >= 14)
    }
}
