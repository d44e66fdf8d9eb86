import SweepCore
import SweepNumerics

/// S-MODE: the model is another one in training than when it is measured: dropout, augmentation or batch statistics take much.
///
/// The epoch's training loss also holds the steps before the last; so it is read where the probe hardly moves any more. And a ratio
/// explodes as both losses go to zero: a dropout of 0.1 doubles a loss of 0.02, which harms nothing (as of S-GAP).
enum ModeDetector {
    /// |difference| over the larger. Source: TheDeepChecker (0.5).
    private static let limit = 0.5
    /// |difference| over chance. Source: that of S-GAP.
    private static let share = 0.1
    private static let least = 3

    static func judge(_ run: RunEvidence) -> Judgement {
        let training = run.values(.trainingLoss)
        guard run.hasProbe, training.count == run.series.probe.count else {
            return .unknown("no loss on training rows in evaluation mode")
        }
        guard let window = run.lastEpochs(share: 0.25, least: least + 1) else {
            return .unknown("fewer than \(least + 1) epochs")
        }
        // What the loss fell within an epoch is not a difference of modes.
        let differences = window.dropFirst().compactMap { index -> Double? in
            let (now, before) = (run.series.probe[index], run.series.probe[index - 1])
            let larger = max(training[index], now)
            guard larger > run.series.floor else { return nil }
            let difference = max(0, abs(training[index] - now) - abs(before - now))
            return difference > share * run.series.chance ? difference / larger : 0
        }
        guard differences.count >= least, let middle = Quantiles.median(differences), middle > limit,
            let last = window.last
        else { return .absent }
        return .found(
            Finding(
                symptom: .modesApart,
                sinceEpoch: window.lowerBound + 1,
                evidence: "training loss is \(EvidenceText.number(training[last])) while the same weights have "
                    + "\(EvidenceText.number(run.series.probe[last])) on unchanged training rows in evaluation mode: "
                    + "\(EvidenceText.percent(middle)) apart (limit: \(EvidenceText.percent(limit)))"
            )
        )
    }
}
