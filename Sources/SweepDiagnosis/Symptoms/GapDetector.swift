import SweepCore
import SweepNumerics

/// S-GAP: at its best epoch the model is much better on training rows than on validation rows.
///
/// Both in evaluation mode, or a gap means nothing. Measured in chance losses: a ratio explodes as the training loss goes to
/// zero (0.015 over 0.010 is no overfitting). A remark: the gap alone costs nothing, see S-VALRISE.
enum GapDetector {
    /// V − L over chance. Source: the catalogue.
    private static let limit = 0.1
    /// Standard errors. Source: the catalogue.
    private static let errors = 3.0

    static func judge(_ run: RunEvidence) -> Judgement {
        guard run.hasProbe else { return .unknown("no loss on training rows in evaluation mode") }
        let validation = run.series.validation
        guard !validation.isEmpty, validation.count == run.series.probe.count else {
            return .unknown("no validation loss")
        }
        guard let least = validation.min(), let epoch = validation.firstIndex(of: least) else { return .absent }
        let error = run.gapError
        let gap = least - run.series.probe[epoch]
        guard gap > limit * run.series.chance, gap > errors * error else { return .absent }
        return .found(
            Finding(
                symptom: .gap,
                sinceEpoch: epoch + 1,
                evidence:
                    "at the best epoch, \(epoch + 1), validation loss is \(EvidenceText.number(least)) and the loss on "
                    + "training rows \(EvidenceText.number(run.series.probe[epoch])): "
                    + "\(EvidenceText.percent(gap / run.series.chance)) of chance apart (limit: "
                    + "\(EvidenceText.percent(limit)), and \(EvidenceText.number(errors)) standard errors of "
                    + "\(EvidenceText.number(error)))"
            )
        )
    }
}
