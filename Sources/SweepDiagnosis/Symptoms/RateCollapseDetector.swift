import SweepCore
import SweepNumerics

/// S-LRCOLLAPSE: a rule has cut the learning rate to nothing while there was much left to train.
///
/// A planned tail (cosine, polynomial, one cycle) ends small too, but at the end: here most of the budget must be left.
enum RateCollapseDetector {
    /// The fall. Source: the catalogue: 1000 times within a tenth of the epochs.
    private static let fall = 1e3
    private static let share = 0.1
    /// The part of the budget that must be left.
    private static let left = 0.4

    static func judge(_ run: RunEvidence) -> Judgement {
        let rates = run.values(.learningRate)
        guard !rates.isEmpty else { return .unknown("the learning rate was not recorded") }
        let initial = run.trial?.training.optimizer.learningRate ?? rates[0]
        let window = max(1, Int((share * Double(run.series.budget)).rounded(.up)))
        let series = [initial] + rates
        for epoch in 1..<series.count where series[epoch] >= 0 {
            let before = series[max(0, epoch - window)]
            guard before > 0, series[epoch] * fall <= before,
                Double(run.series.budget - epoch) >= left * Double(run.series.budget),
                series[epoch...].allSatisfy({ $0 * fall <= before })
            else { continue }
            return .found(
                Finding(
                    symptom: .rateCollapsed,
                    sinceEpoch: epoch,
                    evidence: "the learning rate falls from \(EvidenceText.number(before)) to "
                        + "\(EvidenceText.number(series[epoch])) by epoch \(epoch) of \(run.series.budget) and stays there "
                        + "(limits: \(EvidenceText.number(fall)) times within \(window) epochs, with "
                        + "\(EvidenceText.percent(left)) of the epochs left)"
                )
            )
        }
        return .absent
    }
}
