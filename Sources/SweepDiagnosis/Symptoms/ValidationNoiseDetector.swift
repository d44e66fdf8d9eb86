import SweepCore
import SweepNumerics

/// S-VALNOISY: what is measured on validation rows says little, because they are few; or it jumps while training does not.
enum ValidationNoiseDetector {
    /// Fewest rows. Source: the catalogue's 200 and 30 a class; deepchecks asks for 100.
    private static let rows = 200
    private static let rowsOfClass = 30
    /// Mean |Δ ln V| that is noise while the training rows' is calm.
    private static let size = 0.05
    private static let calm = 0.03

    static func judge(_ run: RunEvidence) -> Judgement {
        if let schema = run.schema {
            let least = max(rows, rowsOfClass * (schema.task.kind == .classification ? schema.outputs : 1))
            if schema.validationRows < least, schema.validationRows > 0 {
                let error = run.instruments?.validationError.map {
                    ", so that its loss has a standard error of \(EvidenceText.number($0))"
                }
                return .found(
                    Finding(
                        symptom: .validationNoisy,
                        sinceEpoch: 1,
                        evidence:
                            "only \(schema.validationRows) validation rows\(error ?? "") (limit: \(least)): small "
                            + "differences between runs are not distinguishable"
                    )
                )
            }
        }
        let (validation, probe) = (run.series.validation, run.series.probe)
        guard validation.count >= 6, validation.count == probe.count else {
            return run.schema == nil ? .unknown("no number of validation rows, and fewer than 6 epochs") : .absent
        }
        let noise = CurveEvidence.fluctuation(validation.suffix(24), floor: run.series.floor)
        let training = CurveEvidence.fluctuation(probe.suffix(24), floor: run.series.floor)
        guard noise.size > size, noise.upShare > 0.3, training.size < calm || training.upShare < 0.1,
            (validation.min() ?? 0) > run.series.floor,
            CurveEvidence.turningShare(validation.suffix(24)) > CurveEvidence.smoothTurns
        else { return .absent }
        return .found(
            Finding(
                symptom: .validationNoisy,
                sinceEpoch: max(1, validation.count - 23),
                evidence: "validation loss changes by \(EvidenceText.percent(noise.size)) an epoch, "
                    + "\(EvidenceText.percent(noise.upShare)) of it upward, while the loss on training rows moves "
                    + "\(training.upShare < 0.1 ? "down steadily" : "by \(EvidenceText.percent(training.size))") "
                    + "(limit: \(EvidenceText.percent(size)))"
            )
        )
    }
}
