import SweepCore
import SweepSearch
import Testing

@Suite struct StoppingTests {
    /// Runs trials one after another, each as long as it may go on; how far each came.
    private func reached(_ scheduler: any FidelityScheduler, _ curves: [[Double]]) -> [Int] {
        var scheduler = scheduler
        return curves.enumerated().map { index, curve in
            scheduler.started(trial: index + 1)
            var from = 0
            var to = scheduler.firstLevel(of: index + 1)
            while true {
                scheduler.observed(trial: index + 1, from: from + 1, costs: Array(curve[from..<to]))
                scheduler.finished(trial: index + 1, epoch: to, cost: curve[to - 1])
                guard let next = scheduler.promotion() else { return to }
                from = to
                to = next.to
            }
        }
    }

    private func flat(_ cost: Double, epochs: Int = 4) -> [Double] { Array(repeating: cost, count: epochs) }

    private func median(_ startup: Int) -> any FidelityScheduler {
        var spec = PruneSpec(method: .median)
        spec.startupTrials = startup
        return SchedulerFactory.make(prune: spec, epochs: 4, trials: nil)
    }

    @Test func `the median rule stops what is worse than the median of the completed ones, after its start`() {
        #expect(reached(median(3), [flat(1), flat(2), flat(3), flat(2.1), flat(2), flat(1.9)]) == [4, 4, 4, 1, 4, 4])
        #expect(reached(median(5), [flat(1), flat(2), flat(3), flat(9), flat(9), flat(9)]) == [4, 4, 4, 4, 4, 1])
    }

    @Test func `the median rule judges by the best so far`() {
        let risen = [1.5, 9, 9, 9]
        #expect(reached(median(3), [flat(1), flat(2), flat(3), risen]) == [4, 4, 4, 4])
    }

    @Test func `the percentile rule is stricter`() {
        var spec = PruneSpec(method: .percentile)
        spec.startupTrials = 5
        let percentile = SchedulerFactory.make(prune: spec, epochs: 4, trials: nil)
        let curves = (1...5).map { flat(Double($0)) } + [flat(2.1), flat(2), flat(1.5)]
        #expect(reached(percentile, curves) == [4, 4, 4, 4, 4, 1, 4, 4])
    }

    @Test func `patience waits for a gain`() {
        var spec = PruneSpec(method: .patience)
        spec.patience = 2
        spec.minimumDelta = 0.1
        let patience = SchedulerFactory.make(prune: spec, epochs: 6, trials: nil)
        #expect(
            reached(patience, [[6, 5, 4, 3, 2, 1], [6, 5, 4.95, 4.92, 4, 3], [6, 5, 4.95, 4.8, 4.8, 4.8]]) == [6, 4, 6]
        )
    }

    @Test func `a threshold is one of the metric, whichever way is better`() {
        var spec = PruneSpec(method: .threshold)
        spec.above = 2
        let loss = SchedulerFactory.make(prune: spec, epochs: 4, trials: nil)
        #expect(reached(loss, [flat(2), [1, 2.5, 1, 1]]) == [4, 2])
        var least = PruneSpec(method: .threshold)
        least.below = 0.3
        let accuracy = SchedulerFactory.make(
            prune: least,
            epochs: 4,
            trials: nil,
            objective: Objective(metric: .validationAccuracy, direction: .maximize)
        )
        #expect(reached(accuracy, [flat(-0.3), flat(-0.2)]) == [4, 1])
    }

    @Test func `stopping ASHA lets the first trials pass only when they are the best so far`() {
        let asha = SchedulerFactory.make(prune: PruneSpec(method: .stoppingASHA, firstRung: 1), epochs: 3, trials: nil)
        #expect(asha.levels == [1, 3])
        let costs = [2.0, 3, 1, 5, 1.5, 1.2]
        #expect(reached(asha, costs.map { flat($0, epochs: 3) }) == [3, 1, 3, 1, 1, 3])
    }

    @Test func `checks begin after the warm-up and come at their interval`() {
        #expect(CheckLevels.levels(epochs: 10, warmup: 3, interval: 2) == [5, 7, 9, 10])
        #expect(CheckLevels.levels(epochs: 4, warmup: 0, interval: 1) == [1, 2, 3, 4])
        #expect(CheckLevels.levels(epochs: 4, warmup: 9, interval: 1) == [4])
    }

    @Test func `a cost that is not finite stops a trial under every rule`() {
        for method in [PruneSpec.Method.median, .patience, .threshold, .stoppingASHA] {
            var spec = PruneSpec(method: method)
            spec.patience = 2
            spec.above = 100
            var scheduler = SchedulerFactory.make(prune: spec, epochs: 4, trials: nil)
            scheduler.started(trial: 1)
            scheduler.finished(trial: 1, epoch: scheduler.firstLevel(of: 1), cost: .nan)
            let next = scheduler.promotion()
            #expect(next == nil, "\(method)")
        }
    }
}
