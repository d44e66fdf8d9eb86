/// Asynchronous successive halving in its promotion form: trials pause at a rung and go on when they are among the best.
///
/// A promotion is looked for from the top rung down. Of the n results at a rung the best ⌊n/η⌋ may go on; the best of
/// them that has not gone on yet is promoted. Order: cost, then trial number. Infinite costs count in n and are never
/// promoted. A late good result may push a promoted trial out of the best ⌊n/η⌋; the promotion stays.
///
/// Cost: a result is put in its place, and a decision taken, in about a microsecond a rung, also with 100,000 trials (`RankedRuns`).
/// Source: Li et al., "A system for massively parallel hyperparameter tuning", MLSys 2020, algorithm 2.
package struct PromotionASHA: FidelityScheduler {
    private struct Result: Comparable {
        let cost: Double
        let trial: Int
        static func < (a: Self, b: Self) -> Bool { (a.cost, a.trial) < (b.cost, b.trial) }
    }

    private struct Rung {
        /// Every result, best first.
        var results = RankedRuns<Result>()
        /// Those that wait for a promotion, best first.
        var waiting = RankedRuns<Result>()
    }

    private let reductionFactor: Int
    private var rungs: [Rung]
    private var traffic: RungTraffic
    /// Paused trials with an infinite cost: nothing promotes them.
    private var lost: Set<Int> = []
    /// The rung that each paused trial waits at, with its cost there.
    private var paused: [Int: (rung: Int, cost: Double)] = [:]

    /// Rungs at `levels` (ascending, not empty), of each of which one in `reductionFactor` (at least 2) is promoted.
    package init(levels: [Int], reductionFactor: Int) {
        precondition(reductionFactor >= 2, "the reduction factor must be at least 2")
        traffic = RungTraffic(levels: levels)
        self.reductionFactor = reductionFactor
        rungs = Array(repeating: Rung(), count: levels.count)
    }

    package var levels: [Int] { traffic.levels }

    package var ignoresResults: Bool { levels.count == 1 }

    package mutating func started(trial: Int) { traffic.start(trial) }

    package mutating func finished(trial: Int, epoch: Int, cost: Double) {
        guard let rung = traffic.arrive(trial, at: epoch) else { return }
        drop(trial)
        let result = Result(cost: cost.isNaN ? .infinity : cost, trial: trial)
        rungs[rung].results.insert(result)
        guard rung < levels.count - 1 else { return }
        paused[trial] = (rung, result.cost)
        guard result.cost < .infinity else {
            lost.insert(trial)
            return
        }
        rungs[rung].waiting.insert(result)
    }

    package mutating func removed(trial: Int) {
        traffic.leave(trial)
        drop(trial)
    }

    package mutating func promotion() -> (trial: Int, to: Int)? { promotion(upTo: levels.count - 1) }

    /// The next promotion to the rung `top` (from 0) or a lower one.
    mutating func promotion(upTo top: Int) -> (trial: Int, to: Int)? {
        for rung in rungs.indices.prefix(top).reversed() {
            guard let best = rungs[rung].waiting.first else { continue }
            guard rungs[rung].results.place(of: best) < rungs[rung].results.count / reductionFactor else {
                continue
            }
            promoted(trial: best.trial, to: levels[rung + 1])
            return (best.trial, levels[rung + 1])
        }
        return nil
    }

    package mutating func promoted(trial: Int, to level: Int) {
        guard let rung = levels.firstIndex(of: level), rung > 0, paused[trial]?.rung == rung - 1 else { return }
        drop(trial)
        traffic.run(trial, to: rung)
    }

    package func hopeless(remaining newTrials: Int) -> [Int] {
        var hopeless = Array(lost)
        // How many trials can still come to the rung, at most.
        var coming = max(0, newTrials)
        for (rung, approaching) in zip(rungs, traffic.approaching).dropLast() {
            coming = Saturating.sum(coming, approaching)
            // Further results can only worsen a trial's place, so it goes on at best from the place it has now.
            let promotable = Saturating.sum(rung.results.count, coming) / reductionFactor
            // The worst comes first, and all after the first that may hope are better.
            let without = Array(rung.waiting.descending.prefix { rung.results.place(of: $0) >= promotable })
            hopeless += without.map(\.trial)
            coming = Saturating.sum(coming, rung.waiting.count - without.count)
        }
        return hopeless.sorted()
    }

    /// How many trials wait at each level but the last.
    package var waiting: [Int] { rungs.dropLast().map(\.waiting.count) }

    /// The results at a rung (from 0), best first.
    func results(at rung: Int) -> [(trial: Int, cost: Double)] {
        rungs[rung].results.ascending.map { ($0.trial, $0.cost) }
    }

    /// How many results each level has.
    package var results: [Int] { rungs.map(\.results.count) }

    private mutating func drop(_ trial: Int) {
        guard let pause = paused.removeValue(forKey: trial) else { return }
        lost.remove(trial)
        guard pause.cost < .infinity else { return }
        rungs[pause.rung].waiting.remove(Result(cost: pause.cost, trial: trial))
    }
}
