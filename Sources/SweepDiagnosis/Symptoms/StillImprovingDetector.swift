import SweepCore
import SweepNumerics

/// S-STILLIMPROVING: the run ended while its validation loss was falling, and half as many epochs more would gain.
///
/// A remark: nearly every run gains a little. The gain that counts is one that would change a ranking.
enum StillImprovingDetector {
    /// The part of the epochs looked at. Source: the catalogue (the last fifth).
    private static let share = 0.2
    /// Fewest epochs: six falls without a rise reach the level.
    private static let least = 6
    private static let level = 0.01
    /// Projected gain of half as many epochs more, as a share of the loss.
    private static let gain = 0.1

    static func judge(_ run: RunEvidence) -> Judgement {
        let losses = run.series.validation.isEmpty ? run.series.probe : run.series.validation
        let window = max(least, Int((share * Double(run.series.budget)).rounded(.up)))
        guard losses.count >= window else { return .unknown("fewer than \(window) epochs") }
        guard losses.count >= run.series.budget, let last = losses.last else { return .absent }
        let recent = CurveEvidence.thinned(losses.suffix(window))
        let block = Double(window) / Double(recent.count)
        guard let test = Trend.mannKendall(recent), test.s < 0, test.p < level, let slope = Trend.theilSen(recent),
            last > run.series.floor
        else { return .absent }
        // The slope halves on the way: learning slows down.
        let projected = -slope / block * 0.5 * Double(run.series.budget) / 2
        guard projected > gain * last, projected > 0.01 * run.series.chance else { return .absent }
        return .found(
            Finding(
                symptom: .stillImproving,
                sinceEpoch: losses.count - window + 1,
                evidence: "\(run.series.validation.isEmpty ? "training" : "validation") loss still falls by "
                    + "\(EvidenceText.number(-slope / block)) an epoch at the end (Mann-Kendall p "
                    + "\(EvidenceText.number(test.p))); half as many epochs more would bring about "
                    + "\(EvidenceText.percent(min(1, projected / last))) (limit: \(EvidenceText.percent(gain)))"
            )
        )
    }
}
