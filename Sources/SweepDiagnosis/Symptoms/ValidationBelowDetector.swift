import SweepCore
import SweepNumerics

/// S-VALBELOW: the model is better on validation rows than on training rows.
///
/// A remark. In curves of other programs it is usual, as they compare a running mean with dropout on with a measurement after the
/// epoch; with both in evaluation mode it means easy validation rows, or some that are in training too.
enum ValidationBelowDetector {
    private static let errors = 3.0
    /// V over L. Sampling of few rows does less.
    private static let ratio = 0.8
    private static let epochs = 3

    static func judge(_ run: RunEvidence) -> Judgement {
        let (validation, probe) = (run.series.validation, run.series.probe)
        guard !validation.isEmpty, validation.count == probe.count else { return .unknown("no validation loss") }
        guard validation.count >= epochs else { return .unknown("fewer than \(epochs) epochs") }
        let error = run.gapError
        let recent = validation.indices.suffix(epochs)
        guard
            recent.allSatisfy({
                validation[$0] < ratio * probe[$0] && probe[$0] - validation[$0] > errors * error
                    && probe[$0] > run.series.floor
            }), let last = recent.last
        else { return .absent }
        return .found(
            Finding(
                symptom: .validationBelow,
                sinceEpoch: recent.startIndex + 1,
                evidence: "validation loss \(EvidenceText.number(validation[last])) is below the loss on training rows "
                    + "\(EvidenceText.number(probe[last])) for \(epochs) epochs"
                    + (run.hasProbe
                        ? ", both in evaluation mode"
                        : "; the training loss is a mean over the epoch with dropout on, which explains it usually")
                    + " (limit: \(EvidenceText.percent(ratio)) and \(EvidenceText.number(errors)) standard errors)"
            )
        )
    }
}
