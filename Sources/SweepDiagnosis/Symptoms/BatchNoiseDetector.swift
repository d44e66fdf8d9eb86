import SweepCore
import SweepNumerics

/// S-BATCHNOISE: step losses jump while the model does not: the curve is noisy, the training is not.
enum BatchNoiseDetector {
    /// Standard deviation over mean of an epoch's step losses. Source: the catalogue.
    private static let spread = 0.3
    /// Mean |Δ ln L| and up-share of the probe below which training is calm. Source: the catalogue.
    private static let size = 0.05
    private static let upShare = 0.1

    static func judge(_ run: RunEvidence) -> Judgement {
        guard let instruments = run.instruments, instruments.stepsPerEpoch >= 8,
            instruments.stepLosses.count >= instruments.stepsPerEpoch
        else { return .unknown("no step losses") }
        guard run.series.probe.count >= 6 else { return .unknown("fewer than 6 epochs") }
        let moments = Moments(of: instruments.stepLosses.suffix(instruments.stepsPerEpoch))
        let calm = CurveEvidence.fluctuation(run.series.probe.suffix(24), floor: run.series.floor)
        guard let deviation = moments.sampleDeviation, moments.mean > run.series.floor,
            deviation / moments.mean > spread, calm.size < size || calm.upShare < upShare
        else { return .absent }
        return .found(
            Finding(
                symptom: .batchNoise,
                sinceEpoch: max(1, run.epochs),
                evidence:
                    "step losses of the last epoch spread by \(EvidenceText.percent(deviation / moments.mean)) of their "
                    + "mean (limit: \(EvidenceText.percent(spread))), while the loss on fixed rows moves by "
                    + "\(EvidenceText.percent(calm.size)) an epoch, \(EvidenceText.percent(calm.upShare)) of it upward: your "
                    + "curve is noisy, your training is not"
            )
        )
    }
}
