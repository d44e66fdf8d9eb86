import SweepCore
import SweepNumerics

/// S-SLOW by the size of the steps: the weights hardly change, in the part of a run in which they should.
///
/// A curve alone calls a run slow only beside a better one; the ratio of update to weight tells it of a single run.
enum SmallStepDetector {
    /// ‖ΔW‖ / ‖W‖ of a step. Source: TheDeepChecker warns below 1e-4; measured here: sound runs 6e-4 to 3e-3, a rate of 1e-6
    /// gave 2e-6.
    private static let ratio = 1e-4
    /// The part of the budget that counts: later, small steps are what a decaying rate is for.
    private static let share = 0.3
    private static let least = 3

    static func finding(_ run: RunEvidence) -> Finding? {
        let early = max(least, Int((share * Double(run.series.budget)).rounded(.up)))
        let ratios = run.values(.updateRatio).prefix(early).filter { $0.isFinite }
        guard ratios.count >= least, let middle = Quantiles.median(Array(ratios)), middle < ratio,
            let first = run.series.probe.first, let last = run.series.probe.last, run.isFarFromDone,
            last > 0.5 * max(first, run.series.chance)
        else { return nil }
        return Finding(
            symptom: .slow,
            sinceEpoch: 1,
            evidence:
                "a step changes the weights by \(EvidenceText.number(middle)) of their size (median over epochs 1 to "
                + "\(ratios.count); limit: \(EvidenceText.number(ratio)), sound runs show 6e-4 to 3e-3), and the loss on "
                + "training rows went from \(EvidenceText.number(first)) to \(EvidenceText.number(last))"
        )
    }
}
