/// Promotion ASHA of several objectives: trials pause at a rung and go on when they are among the best by `FrontOrder`.
///
/// A promotion is looked for from the top rung down. Of the n results at a rung the first ⌊n/η⌋ of that order may go on; the first of
/// them that has not gone on yet is promoted. Of a front those that have gone on come first. So a trial of the rung's first front is not stopped by one objective alone, and where the
/// front has more trials than places, those go on that are spread over it. Infinite costs count in n and are never promoted. A late
/// result may move others out of the first ⌊n/η⌋, and, as it dominates what dominated them, also in; a promotion stays.
///
/// Cost: a rung is ordered anew after each result there, see `FrontOrder`.
/// Source: Schmucker et al., "Multi-objective asynchronous successive halving", arXiv:2106.12639, algorithm 1.
package struct FrontASHA: FidelityScheduler {
    private struct Rung {
        /// How many results there are, infinite ones too.
        var count = 0
        /// The finite ones, in the order in which they came.
        var results: [(trial: Int, costs: [Double])] = []
        /// Those that wait for a promotion.
        var waiting: Set<Int> = []
        /// Those that have gone on from it.
        var gone: Set<Int> = []
        /// The trials that may go on, best first; nil when a result came since it was looked for.
        var best: [Int]?
    }

    private let reductionFactor: Int
    private var rungs: [Rung]
    private var traffic: RungTraffic
    /// The rung that each paused trial waits at.
    private var paused: [Int: Int] = [:]
    /// Paused trials with an infinite cost: nothing promotes them.
    private var lost: Set<Int> = []

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
        finished(trial: trial, epoch: epoch, costs: [cost])
    }

    package mutating func finished(trial: Int, epoch: Int, costs: [Double]) {
        guard let rung = traffic.arrive(trial, at: epoch) else { return }
        drop(trial)
        rungs[rung].count += 1
        rungs[rung].best = nil
        let isFinite = !costs.isEmpty && costs.allSatisfy(\.isFinite)
        if isFinite { rungs[rung].results.append((trial, costs)) }
        guard rung < levels.count - 1 else { return }
        paused[trial] = rung
        if isFinite { rungs[rung].waiting.insert(trial) } else { lost.insert(trial) }
    }

    package mutating func removed(trial: Int) {
        traffic.leave(trial)
        drop(trial)
    }

    package mutating func promotion() -> (trial: Int, to: Int)? {
        for rung in rungs.indices.dropLast().reversed() {
            if rungs[rung].best == nil {
                let places = rungs[rung].count / reductionFactor
                rungs[rung].best = FrontOrder.order(rungs[rung].results, first: places, gone: rungs[rung].gone)
            }
            let waiting = rungs[rung].waiting
            guard let trial = rungs[rung].best?.first(where: { waiting.contains($0) }) else { continue }
            promoted(trial: trial, to: levels[rung + 1])
            return (trial, levels[rung + 1])
        }
        return nil
    }

    package mutating func promoted(trial: Int, to level: Int) {
        guard let rung = levels.firstIndex(of: level), rung > 0, paused[trial] == rung - 1 else { return }
        drop(trial)
        rungs[rung - 1].gone.insert(trial)
        traffic.run(trial, to: rung)
    }

    package func hopeless(remaining newTrials: Int) -> [Int] {
        var hopeless = Array(lost)
        // How many trials can still come to the rung, at most.
        var coming = max(0, newTrials)
        for (rung, approaching) in zip(rungs, traffic.approaching).dropLast() {
            coming = Saturating.sum(coming, approaching)
            let promotable = Saturating.sum(rung.count, coming) / reductionFactor
            var without: [Int]
            if coming == 0 {
                // Nobody comes any more: the order stands.
                let best = Set(FrontOrder.order(rung.results, first: promotable, gone: rung.gone))
                without = rung.waiting.filter { !best.contains($0) }
            } else {
                // Further results may put it before others of its rung, but never before those that dominate it.
                without = zip(rung.results, FrontOrder.dominators(rung.results)).filter { $1 >= promotable }.map(
                    \.0.trial
                )
                without = without.filter { rung.waiting.contains($0) }
            }
            hopeless += without
            coming = Saturating.sum(coming, rung.waiting.count - without.count)
        }
        return hopeless.sorted()
    }

    /// How many results each level has.
    package var results: [Int] { rungs.map(\.count) }

    private mutating func drop(_ trial: Int) {
        guard let rung = paused.removeValue(forKey: trial) else { return }
        lost.remove(trial)
        rungs[rung].waiting.remove(trial)
    }
}
