import SweepNumerics

/// How the last cost of a paused trial is foretold from its curve: several ways, of which none is right for every task.
///
/// With gain g a trial's last cost is its cost now less g times its fall per logarithm of time times the logarithm of the
/// time left. Gain 0 says that trials keep their order; a greater one lets those that still fall overtake.
package struct Outlooks: Hashable, Sendable {
    package let gains: [Double]

    /// Trials are ordered by their cost at the rung.
    package static let asTheyAre = Outlooks(gains: [0])

    /// By their cost, and by where they are heading. 0.6 lies below the 0.8 that recorded curves show in the middle: of many
    /// estimates the best looking one is too good.
    package static let extrapolating = Outlooks(gains: [0, 0.6])

    /// The trials of `results` (finite costs) in the order in which they may go on.
    ///
    /// Each outlook in turn names the best one that was not named yet. So a trial goes on when any of the outlooks puts it
    /// among the best. Equal ones are ordered by trial number.
    func order(_ results: [(trial: Int, cost: Double)], falls: (Int) -> Double, timeLeft: Double) -> [Int] {
        let rankings = rankings(results, falls: falls, timeLeft: timeLeft)
        guard rankings.count > 1 else { return rankings.first ?? [] }
        var named: Set<Int> = []
        var order: [Int] = []
        var next = Array(repeating: 0, count: rankings.count)
        while order.count < results.count {
            for (index, ranking) in rankings.enumerated() {
                while next[index] < ranking.count, named.contains(ranking[next[index]]) { next[index] += 1 }
                guard next[index] < ranking.count else { continue }
                named.insert(ranking[next[index]])
                order.append(ranking[next[index]])
            }
        }
        return order
    }

    /// The trials of `results` by each outlook, best first.
    func rankings(_ results: [(trial: Int, cost: Double)], falls: (Int) -> Double, timeLeft: Double) -> [[Int]] {
        gains.map { gain in
            results.map { result in
                (
                    cost: gain == 0 ? result.cost : result.cost - gain * falls(result.trial) * timeLeft,
                    trial: result.trial
                )
            }
            .sorted { ($0.cost, $0.trial) < ($1.cost, $1.trial) }
            .map(\.trial)
        }
    }
}
