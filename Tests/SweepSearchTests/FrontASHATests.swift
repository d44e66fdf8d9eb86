import SweepCore
import SweepNumerics
import SweepSearch
import Testing

/// Pruning that respects a front: what is on it goes on, also what one objective alone would stop.
@Suite struct FrontASHATests {
    /// Six trials at the first rung: 1, 2 and 3 are the best by the first cost; 6 is the worst by it and the best by the second.
    private let costs: [[Double]] = [[1, 9], [2, 9.5], [3, 10], [4, 11], [5, 12], [6, 1]]

    private func promoted(_ scheduler: any FidelityScheduler, _ costs: [[Double]]) -> [Int] {
        var scheduler = scheduler
        for (index, cost) in costs.enumerated() {
            scheduler.started(trial: index + 1)
            scheduler.finished(trial: index + 1, epoch: 3, costs: cost)
        }
        var promoted: [Int] = []
        while let next = scheduler.promotion() { promoted.append(next.trial) }
        return promoted
    }

    private func make(_ method: PruneSpec.Method, objectives: Int) -> any FidelityScheduler {
        var spec = PruneSpec(method: method, reductionFactor: 3, firstRung: 3)
        spec.objectives = objectives
        return SchedulerFactory.make(prune: spec, epochs: 9, trials: 6)
    }

    @Test(arguments: [PruneSpec.Method.asha, .auto, .halving])
    func `a trial of the front goes on though the first objective is against it`(_ method: PruneSpec.Method) {
        #expect(promoted(make(method, objectives: 1), costs.map { [$0[0]] }) == [1, 2])
        #expect(promoted(make(method, objectives: 2), costs) == [1, 6])
    }

    @Test func `one that lost a number never goes on, and counts among the results`() {
        var costs = costs
        costs[5] = [.infinity, .infinity]
        #expect(promoted(make(.asha, objectives: 2), costs) == [1, 2])
        costs[5] = [6, .nan]
        #expect(promoted(make(.asha, objectives: 2), costs) == [1, 2])
    }

    @Test func `what more results than there are places dominate is hopeless, what may come back is not`() {
        var scheduler = FrontASHA(levels: [3, 9], reductionFactor: 3)
        for (index, cost) in [[1.0, 1], [2, 2], [3, 3], [0.5, 9]].enumerated() {
            scheduler.started(trial: index + 1)
            scheduler.finished(trial: index + 1, epoch: 3, costs: cost)
        }
        // Of four results one goes on: 4, as the best of the first cost. With five more trials three of nine may go on; two trials
        // dominate 3, and with two more, which makes two places, it is lost.
        #expect(scheduler.promotion()?.trial == 4)
        #expect(scheduler.hopeless(remaining: 5) == [])
        #expect(scheduler.hopeless(remaining: 2) == [3])
        #expect(scheduler.hopeless(remaining: 0) == [1, 2, 3])
        // With two more results there are two places, for those of the front that are furthest apart: 1 lies between them.
        scheduler.started(trial: 5)
        scheduler.finished(trial: 5, epoch: 3, costs: [0.4, 8])
        scheduler.started(trial: 6)
        scheduler.finished(trial: 6, epoch: 3, costs: [7, 0.5])
        #expect(scheduler.promotion()?.trial == 5)
        #expect(scheduler.promotion()?.trial == 6)
        #expect(scheduler.promotion() == nil)
    }

    @Test(arguments: [2, 3]) func `of objectives that conflict about one in η goes on, spread over the front`(
        _ axes: Int
    ) {
        // Everything is on one front, which each result makes anew.
        var scheduler = FrontASHA(levels: [3, 9], reductionFactor: 3)
        var random = RandomStream(key: 5)
        var costs: [[Double]] = []
        var promoted: [Int] = []
        for trial in 1...300 {
            let shares = (0..<axes).map { _ in random.uniform() }
            costs.append(shares.map { $0 / shares.reduce(0, +) })
            scheduler.started(trial: trial)
            scheduler.finished(trial: trial, epoch: 3, costs: costs[trial - 1])
            while let next = scheduler.promotion() { promoted.append(next.trial) }
        }
        #expect(promoted.count == 100)
        // No part of the front is without one: random ones would leave gaps several times as wide.
        let chosen = promoted.map { costs[$0 - 1] }
        let gaps = costs.map { own in
            chosen.map { other in zip(own, other).reduce(0) { max($0, abs($1.0 - $1.1)) } }.min() ?? 1
        }
        #expect((gaps.max() ?? 1) < (axes == 2 ? 0.04 : 0.15), "\(gaps.max() ?? 1)")
    }

    @Test func `a result told twice, and after the end, changes nothing`() {
        var scheduler = FrontASHA(levels: [3, 9], reductionFactor: 2)
        scheduler.started(trial: 1)
        scheduler.finished(trial: 1, epoch: 3, costs: [1, 1])
        scheduler.finished(trial: 1, epoch: 3, costs: [0, 0])
        #expect(scheduler.results == [1, 0])
        scheduler.removed(trial: 1)
        scheduler.finished(trial: 1, epoch: 9, costs: [0, 0])
        #expect(scheduler.results == [1, 0])
        #expect(scheduler.promotion() == nil)
    }
}
