import SweepNumerics

/// Promotion ASHA with no more rungs than the ranking needs: the next rung opens when the two highest disagree.
///
/// At first trials go up to the second rung. Whenever one comes to the highest open rung, the trials there are compared with
/// the rung below: at each place must stand a trial whose cost below lies within ε of the one at that place below. If
/// not, one more rung opens. ε is the 0.9 quantile of how far trials are apart whose curves cross and cross back: such
/// differences are noise. Where the ranking settles early, no trial comes to the last epoch.
///
/// Cost: O(k² T) for a result at the highest rung, k at most `compared`. Source: Bohdal et al., "PASHA", ICLR 2023.
package struct PASHA: FidelityScheduler {
    private var asha: PromotionASHA
    private var curves = CostCurves()
    /// The highest rung that trials may go to, from 0.
    package private(set) var top: Int

    /// The best trials of a rung that are compared: what follows them does not matter to who wins.
    static let compared = 32

    /// Rungs at `levels`, ascending, of which the lowest two are open at first.
    package init(levels: [Int], reductionFactor: Int) {
        asha = PromotionASHA(levels: levels, reductionFactor: reductionFactor)
        top = min(1, levels.count - 1)
    }

    package var levels: [Int] { asha.levels }
    package var ignoresResults: Bool { asha.ignoresResults }
    package var readsCurves: Bool { true }
    package mutating func started(trial: Int) { asha.started(trial: trial) }
    package mutating func removed(trial: Int) { asha.removed(trial: trial) }
    package mutating func promotion() -> (trial: Int, to: Int)? { asha.promotion(upTo: top) }
    package mutating func promoted(trial: Int, to level: Int) { asha.promoted(trial: trial, to: level) }
    package func hopeless(remaining newTrials: Int) -> [Int] { asha.hopeless(remaining: newTrials) }

    package mutating func observed(trial: Int, from first: Int, costs: [Double]) {
        curves.extend(trial: trial, from: first, costs: costs)
    }

    package mutating func finished(trial: Int, epoch: Int, cost: Double) {
        asha.finished(trial: trial, epoch: epoch, cost: cost)
        guard top > 0, top < levels.count - 1, epoch == levels[top], !isSettled() else { return }
        top += 1
    }

    /// Whether the two highest open rungs rank the trials of the higher one alike.
    private func isSettled() -> Bool {
        let upper = asha.results(at: top).filter { $0.cost < .infinity }.prefix(Self.compared)
        let names = Set(upper.map(\.trial))
        let below = asha.results(at: top - 1).filter { names.contains($0.trial) }
        guard below.count == upper.count else { return false }
        let costBelow = Dictionary(uniqueKeysWithValues: below.map { ($0.trial, $0.cost) })
        let margin = noise(upper.map(\.trial))
        for (place, result) in zip(below, upper) {
            guard let cost = costBelow[result.trial], abs(cost - place.cost) <= margin else { return false }
        }
        return true
    }

    /// ε: how far apart trials may be without one being the better.
    private func noise(_ trials: [Int]) -> Double {
        var distances: [Double] = []
        for (index, a) in trials.enumerated() {
            for b in trials[(index + 1)...] {
                let differences = zip(curves[a], curves[b]).map { $0 - $1 }.filter { $0 != 0 && $0.isFinite }
                let crossings = zip(differences, differences.dropFirst()).count { ($0 < 0) != ($1 < 0) }
                if crossings >= 2, let last = differences.last { distances.append(abs(last)) }
            }
        }
        return Quantiles.linear(distances, 0.9) ?? 0
    }
}
