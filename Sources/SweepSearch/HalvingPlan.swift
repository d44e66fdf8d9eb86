import SweepCore
import SweepNumerics

/// The rungs of a halving that is planned ahead, and how many trials go on from each.
package struct HalvingPlan: Hashable, Sendable {
    /// Epochs of the rungs, ascending; the last one completes a trial.
    package let levels: [Int]
    /// How many trials go on from each rung but the last.
    package let places: [Int]

    package init(levels: [Int], places: [Int]) {
        precondition(
            !levels.isEmpty && places.count == levels.count - 1,
            "a number of places for each rung but the last"
        )
        precondition(zip(levels, levels.dropFirst()).allSatisfy(<), "levels must ascend")
        self.levels = levels
        self.places = places
    }

    /// One of `factor` trials goes on from each rung, at least one.
    ///
    /// Source: Jamieson and Talwalkar, "Non-stochastic best arm identification", AISTATS 2016.
    package static func byFactor(_ factor: Int, levels: [Int], trials: Int) -> HalvingPlan {
        var places: [Int] = []
        var left = trials
        for _ in levels.dropLast() {
            left = max(1, left / factor)
            places.append(left)
        }
        return HalvingPlan(levels: levels, places: places)
    }

    /// Spends about `share` of all epochs: most on a first look at every trial and on a few trials run to their end.
    ///
    /// What recorded curves show (docs/decisions/0017): the order of the first epochs is mostly that of the middle ones, and
    /// changes again only near the end. So a trial needs enough epochs to show itself, and what is left is best spent on
    /// complete curves rather than on rungs in the middle.
    ///
    /// - The first rung takes two fifths of the budget, at least one epoch a trial.
    /// - Rungs in the middle lie a factor of 2.4 apart, up to a third of `epochs`; there are at most two.
    /// - Of F trials that go to the end, 4/3·F enter the last middle rung and 10/3·F the one before it.
    /// - F is what the budget allows, and at least three: one that is best at a third of its epochs may not be at the end.
    ///
    /// Worked values for a share of 0.11: 100 trials of 50 epochs have rungs 2, 5, 12, 50 with 20, 8 and 6 places; 81 of 27
    /// have 1, 2, 6, 27 with 18, 7 and 5. Few or short trials cost more than the share, as three must finish.
    package static func budgeted(share: Double, epochs: Int, trials: Int) -> HalvingPlan {
        let total = share * Double(epochs) * Double(trials)
        let first = min(epochs, max(1, Int((0.4 * share * Double(epochs)).rounded())))
        guard first < epochs else { return HalvingPlan(levels: [epochs], places: []) }
        var levels = [first]
        var exact = Double(first) * spacing
        while levels.count < 3, exact <= Double(epochs) / 3 {
            let level = Int(exact.rounded())
            if level > levels[levels.count - 1] { levels.append(level) }
            exact *= spacing
        }
        levels.append(epochs)
        // How many enter each rung after the first, for each that goes to the end.
        let shares = Array([10.0 / 3, 4.0 / 3, 1].suffix(levels.count - 1))
        var costs = 0.0
        for (index, share) in shares.enumerated() { costs += share * Double(levels[index + 1] - levels[index]) }
        let left = total - Double(first) * Double(trials)
        let finalists = max(3, left / costs)
        let places = shares.map { min(trials, max(1, Int(($0 * finalists).rounded()))) }
        return HalvingPlan(levels: levels, places: places)
    }

    private static let spacing = 2.4
}
