import SweepNumerics

/// Halving with a fixed number of places a rung: all trials come to a rung before any goes on from it.
///
/// When the last one is there, as many as the rung has places are promoted, in the order of `Outlooks`. Trials whose cost is
/// infinite are never promoted; where too few are finite, places stay empty. With several objectives the order is `FrontOrder`'s. Within a rung trials run beside each other, so
/// slots wait for no more than the rung's last segments.
///
/// Cost: O(1) for a result, O(n log n) once a rung. Sources: Jamieson and Talwalkar, AISTATS 2016, for the halving; for the
/// order and the plan docs/decisions/0017.
package struct SuccessiveHalving: FidelityScheduler {
    private struct Rung {
        /// How many trials come here; nil while the rung below is not complete.
        var expected: Int?
        /// The results, in the order in which they came.
        var results: [(trial: Int, cost: Double)] = []
        /// Of several objectives the finite results with all costs, in the same order.
        var weighed: [(trial: Int, costs: [Double])] = []
        /// Those that go on and were not handed out yet, the next one last.
        var promotable: [Int] = []
        var isDecided = false
    }

    package let plan: HalvingPlan
    private let outlooks: Outlooks
    private let byFronts: Bool
    private var rungs: [Rung]
    private var curves = CostCurves()
    /// The rung at which each trial pauses, and the one to which it runs.
    private var paused: [Int: Int] = [:]
    private var running: [Int: Int] = [:]
    /// The highest rung at which each trial gave a result.
    private var reached: [Int: Int] = [:]
    /// Trials that will give no more results.
    private var gone: Set<Int> = []

    /// A halving of `trials` trials; `byFronts`: of several objectives, whose order has no outlooks.
    package init(plan: HalvingPlan, trials: Int, outlooks: Outlooks, byFronts: Bool = false) {
        self.plan = plan
        self.outlooks = byFronts ? .asTheyAre : outlooks
        self.byFronts = byFronts
        rungs = Array(repeating: Rung(), count: plan.levels.count)
        rungs[0].expected = trials
    }

    package var levels: [Int] { plan.levels }
    package var ignoresResults: Bool { plan.levels.count == 1 }
    package var plansTrials: Bool { plan.levels.count > 1 }
    package var readsCurves: Bool { outlooks.gains != [0] }

    package mutating func started(trial: Int) {
        guard reached[trial] == nil, running[trial] == nil, !gone.contains(trial) else { return }
        running[trial] = 0
    }

    package mutating func observed(trial: Int, from first: Int, costs: [Double]) {
        guard !gone.contains(trial) else { return }
        curves.extend(trial: trial, from: first, costs: costs)
    }

    package mutating func finished(trial: Int, epoch: Int, cost: Double) {
        finished(trial: trial, epoch: epoch, costs: [cost])
    }

    package mutating func finished(trial: Int, epoch: Int, costs: [Double]) {
        let cost = costs.allSatisfy(\.isFinite) ? costs.first ?? .infinity : .infinity
        guard let rung = levels.firstIndex(where: { $0 >= epoch }), rung > reached[trial, default: -1],
            !gone.contains(trial)
        else { return }
        reached[trial] = rung
        running[trial] = nil
        paused[trial] = rung < levels.count - 1 ? rung : nil
        rungs[rung].results.append((trial, cost))
        if byFronts, cost < .infinity { rungs[rung].weighed.append((trial, costs)) }
        decide()
    }

    package mutating func removed(trial: Int) {
        guard gone.insert(trial).inserted else { return }
        if let rung = running.removeValue(forKey: trial) {
            // It has begun and never comes: nobody waits for it.
            rungs[rung].results.append((trial, .infinity))
            reached[trial] = rung
        }
        if let rung = paused.removeValue(forKey: trial) { rungs[rung].promotable.removeAll { $0 == trial } }
        curves.remove(trial: trial)
        decide()
    }

    package mutating func promotion() -> (trial: Int, to: Int)? {
        // The highest first: it is the nearest to the end.
        for rung in rungs.indices.dropLast().reversed() {
            guard let trial = rungs[rung].promotable.last else { continue }
            promoted(trial: trial, to: levels[rung + 1])
            return (trial, levels[rung + 1])
        }
        return nil
    }

    package mutating func promoted(trial: Int, to level: Int) {
        guard let rung = levels.firstIndex(of: level), rung > 0, paused[trial] == rung - 1 else { return }
        paused[trial] = nil
        running[trial] = rung
        rungs[rung - 1].promotable.removeAll { $0 == trial }
    }

    package func hopeless(remaining newTrials: Int) -> [Int] {
        var hopeless: [Int] = []
        for (index, rung) in rungs.enumerated().dropLast() {
            var hopeful: Set<Int>
            if rung.isDecided {
                hopeful = Set(rung.promotable)
            } else if byFronts {
                // Others may move before and behind it, those that dominate it stay before.
                let before = FrontOrder.dominators(rung.weighed)
                hopeful = Set(zip(rung.weighed, before).filter { $1 < plan.places[index] }.map(\.0.trial))
            } else {
                // Further results only worsen a trial's place; from beyond the places of each outlook it never comes back.
                hopeful = []
                for ranking in rankings(of: index) { hopeful.formUnion(ranking.prefix(plan.places[index])) }
            }
            hopeless += rung.results.lazy.map(\.trial).filter { paused[$0] == index && !hopeful.contains($0) }
        }
        return hopeless.sorted()
    }

    /// Decides every rung whose last trial has come.
    private mutating func decide() {
        for index in rungs.indices.dropLast() where !rungs[index].isDecided {
            guard let expected = rungs[index].expected, rungs[index].results.count >= expected else { return }
            let order =
                byFronts
                ? FrontOrder.order(rungs[index].weighed)
                : outlooks.order(finite(index), falls: falls(at: index), timeLeft: timeLeft(at: index))
            let chosen = order.filter { paused[$0] == index }.prefix(plan.places[index])
            rungs[index].promotable = chosen.reversed()
            rungs[index].isDecided = true
            rungs[index + 1].expected = chosen.count
        }
    }

    private func rankings(of rung: Int) -> [[Int]] {
        outlooks.rankings(finite(rung), falls: falls(at: rung), timeLeft: timeLeft(at: rung))
    }

    private func finite(_ rung: Int) -> [(trial: Int, cost: Double)] {
        rungs[rung].results.filter { $0.cost < .infinity }
    }

    private func falls(at rung: Int) -> (Int) -> Double {
        { [curves, level = levels[rung]] trial in curves.fall(of: trial, at: level) }
    }

    private func timeLeft(at rung: Int) -> Double {
        Elementary.log(Double(levels[levels.count - 1]) / Double(levels[rung]))
    }
}
