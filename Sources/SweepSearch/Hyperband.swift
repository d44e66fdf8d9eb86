/// Several halvings that begin at different rungs, so that none is wrong for every task.
///
/// Bracket s begins at rung s of the levels; trial numbers are dealt to the brackets in proportion to Hyperband's sizes,
/// ⌈(S + 1)/(s' + 1)·η^s'⌉ with s' rungs above the first, in an order that depends on the number alone. Each bracket is a
/// `SuccessiveHalving` of its trials. Source: Li et al., "Hyperband", JMLR 18 (2018), algorithm 1.
package struct Hyperband: FidelityScheduler {
    package let levels: [Int]
    private var brackets: [SuccessiveHalving]
    private let sizes: [Int]

    /// Brackets over `levels` for `trials` trials, numbered from 1; `byFronts`: of several objectives.
    package init(levels: [Int], reductionFactor: Int, trials: Int, byFronts: Bool = false) {
        self.levels = levels
        let rungs = levels.count
        sizes = (0..<rungs).map { bracket in
            let above = rungs - 1 - bracket
            var power = 1
            for _ in 0..<above { power = Saturating.product(power, reductionFactor) }
            return (Saturating.product(rungs, power) + above) / (above + 1)
        }
        var counts = Array(repeating: 0, count: rungs)
        let cycle = sizes.reduce(0, +)
        for bracket in sizes.indices { counts[bracket] = trials / cycle * sizes[bracket] }
        for position in 0..<trials % cycle { counts[Self.bracket(at: position, sizes)] += 1 }
        brackets = counts.indices.map { bracket in
            let own = Array(levels[bracket...])
            let plan = HalvingPlan.byFactor(reductionFactor, levels: own, trials: counts[bracket])
            return SuccessiveHalving(plan: plan, trials: counts[bracket], outlooks: .asTheyAre, byFronts: byFronts)
        }
    }

    /// The bracket of `trial`, from 0: the rung at which it begins.
    package func bracket(of trial: Int) -> Int {
        Self.bracket(at: max(0, trial - 1) % sizes.reduce(0, +), sizes)
    }

    /// The bracket at a place of the cycle: the one with the most rungs first, as its halving takes longest.
    private static func bracket(at position: Int, _ sizes: [Int]) -> Int {
        var start = 0
        for (bracket, size) in sizes.enumerated() {
            start += size
            if position < start { return bracket }
        }
        return sizes.count - 1
    }

    package var ignoresResults: Bool { levels.count == 1 }
    package var plansTrials: Bool { levels.count > 1 }
    package func firstLevel(of trial: Int) -> Int { levels[bracket(of: trial)] }
    package mutating func started(trial: Int) { brackets[bracket(of: trial)].started(trial: trial) }

    package mutating func finished(trial: Int, epoch: Int, cost: Double) {
        brackets[bracket(of: trial)].finished(trial: trial, epoch: epoch, cost: cost)
    }

    package mutating func finished(trial: Int, epoch: Int, costs: [Double]) {
        brackets[bracket(of: trial)].finished(trial: trial, epoch: epoch, costs: costs)
    }

    package mutating func removed(trial: Int) { brackets[bracket(of: trial)].removed(trial: trial) }

    package mutating func promotion() -> (trial: Int, to: Int)? {
        for bracket in brackets.indices {
            if let promotion = brackets[bracket].promotion() { return promotion }
        }
        return nil
    }

    package mutating func promoted(trial: Int, to level: Int) {
        brackets[bracket(of: trial)].promoted(trial: trial, to: level)
    }

    package func hopeless(remaining newTrials: Int) -> [Int] {
        brackets.flatMap { $0.hopeless(remaining: newTrials) }.sorted()
    }
}
