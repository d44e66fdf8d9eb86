package import SweepCore
import SweepNumerics

/// What one arm did to the objective, over runs that share their seeds with the runs of the first arm.
package struct PairedComparison: Hashable, Sendable {
    /// The arm.
    package let arm: String
    /// Pairs of runs, one of each arm, with the same seed.
    package let pairs: Int
    /// Mean and standard deviation of the objective in the runs that ended with a number.
    package let base: Spread
    package let changed: Spread
    /// Pairs in which the changed run was better; a number is better than none.
    package let improved: Int
    /// Pairs in which it was worse.
    package let worsened: Int
    /// The mean gain, in the units of `PairedScale`: above zero is better.
    package let gain: Double
    /// The 95 % interval of the gain by Student's t; nil below two pairs.
    package let interval: ClosedRange<Double>?
    /// The chance of a gain this far from zero where there is none, two-sided, corrected for the number of arms (Holm).
    package let p: Double

    /// Mean and standard deviation of the values that are numbers.
    package struct Spread: Hashable, Sendable {
        package let mean: Double?
        package let deviation: Double?
        /// Runs that ended without a number.
        package let lost: Int

        init(_ values: [Double]) {
            let finite = values.filter(\.isFinite)
            let moments = Moments(of: finite)
            mean = finite.isEmpty ? nil : moments.mean
            deviation = moments.sampleDeviation
            lost = values.count - finite.count
        }
    }

    /// What the pairs say.
    package var verdict: Verdict {
        guard p <= PairedComparison.level, let interval else { return .undecided }
        if interval.lowerBound > 0 { return .better }
        return interval.upperBound < 0 ? .worse : .undecided
    }

    /// What pairs of runs can say of a change.
    package enum Verdict: String, Hashable, Sendable {
        case better, worse, undecided
    }

    /// The level at which a change counts as shown, after Holm's correction.
    package static let level = 0.05
}

/// On which scale objectives are compared.
///
/// Losses are compared by their logarithms, as a fault changes them by factors; and a loss above 4 times chance, or none
/// at all, counts as 4 times chance (the factor of `DivergenceDetector`): how far a run flew off says nothing. Losses
/// below a thousandth of chance count as that: below it, there is nothing left to win. Other metrics are compared as
/// they are, and a run without a number counts as the worst of the others, moved away by their range.
package struct PairedScale: Hashable, Sendable {
    /// Whether logarithms are compared.
    package let isLoss: Bool
    private let chance: Double
    private let sign: Double

    /// The scale of `objective` on data of this schema.
    package init(_ objective: Objective, chance: Double) {
        let losses: [Metric] = [.trainingLoss, .probeLoss, .validationLoss]
        isLoss = losses.contains(objective.metric) && chance > 0 && chance.isFinite
        self.chance = chance
        sign = objective.direction == .minimize ? 1 : -1
    }

    /// Costs (less is better) of `values`, all finite.
    func costs(_ values: [Double]) -> [Double] {
        guard isLoss else {
            let finite = values.filter(\.isFinite).map { sign * $0 }
            let worst = (finite.max() ?? 0) + ((finite.max() ?? 0) - (finite.min() ?? 0))
            return values.map { $0.isFinite ? sign * $0 : worst }
        }
        return values.map { value in
            Elementary.log(value.isFinite ? min(max(value, chance / 1000), 4 * chance) : 4 * chance)
        }
    }
}

extension PairedComparison {
    /// The runs of an arm beside those of the arm it is compared with, pair by pair.
    ///
    /// A value that is not finite stands for a run that ended without a number.
    package struct Pair: Hashable, Sendable {
        package let arm: String
        package let base: [Double]
        package let changed: [Double]

        package init(arm: String, base: [Double], changed: [Double]) {
            self.arm = arm
            self.base = base
            self.changed = changed
        }
    }

    /// What each pair of arms says, with the chance of an error in any of them, or in any of `family` where others are compared beside
    /// them.
    package static func all(_ pairs: [Pair], scale: PairedScale, family: Int = 0) -> [PairedComparison] {
        // One scale for all: the worst value of a metric is that of the whole experiment.
        let costs = scale.costs(pairs.flatMap { $0.base + $0.changed })
        var next = 0
        var gains: [[Double]] = []
        for pair in pairs {
            let count = min(pair.base.count, pair.changed.count)
            let changed = next + pair.base.count
            gains.append((0..<count).map { costs[next + $0] - costs[changed + $0] })
            next = changed + pair.changed.count
        }
        return zip(zip(pairs, gains), holm(gains.map(chance), of: family)).map { each, p in
            let (pair, gains) = each
            return PairedComparison(
                arm: pair.arm,
                pairs: gains.count,
                base: Spread(pair.base),
                changed: Spread(pair.changed),
                improved: gains.count { $0 > 0 },
                worsened: gains.count { $0 < 0 },
                gain: Moments(of: gains).mean,
                interval: StudentT.interval95(gains),
                p: p
            )
        }
    }

    /// Two-sided p of Student's paired t; 1 below two pairs.
    ///
    /// Gains that are all the same, as counts over few rows are, say nothing of the variance: then it is that of the sign test.
    static func chance(of gains: [Double]) -> Double {
        guard gains.count > 1 else { return 1 }
        let moments = Moments(of: gains)
        guard let variance = moments.sampleVariance, variance > 0 else {
            return moments.mean == 0 ? 1 : (1..<gains.count).reduce(1.0) { p, _ in p / 2 }
        }
        let t = abs(moments.mean) / (variance / Double(gains.count)).squareRoot()
        return max(0, 1 - StudentT.within(t, degrees: gains.count - 1))
    }

    /// The p values corrected for there being several, in their order: themselves, or `family` where that is more. What the others are
    /// is not known here, so each counts as greater than all of these, which corrects by too much, never by too little.
    ///
    /// Source: Holm, Scandinavian Journal of Statistics 6, 1979.
    static func holm(_ p: [Double], of family: Int = 0) -> [Double] {
        let count = max(p.count, family)
        let order = p.indices.sorted { (p[$0], $0) < (p[$1], $1) }
        var corrected = p
        var least = 0.0
        for (rank, index) in order.enumerated() {
            least = max(least, min(1, p[index] * Double(count - rank)))
            corrected[index] = least
        }
        return corrected
    }
}
