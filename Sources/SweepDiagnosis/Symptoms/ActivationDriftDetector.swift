import SweepCore

/// S-ACTDRIFT: before the first step the layers' outputs are of very unlike sizes, or far from one.
enum ActivationDriftDetector {
    /// Standard deviations that are in order. Source: the catalogue (0.1 to 10 of the sums); outputs of sigmoid layers are
    /// smaller than their sums, so the lower bound is looser. TheDeepChecker's 0.5 to 2 warns of its own sound example.
    private static let sizes = 0.02...10.0
    /// Greatest over least variance across hidden layers. Source: SageMaker Debugger's PoorWeightInitialization (10).
    private static let ratio = 10.0

    static func judge(_ run: RunEvidence) -> Judgement {
        guard let start = run.instruments?.atStart else {
            return .unknown("layers were not measured before the first step")
        }
        let hidden = start.layers.filter { !$0.isHead }
        guard let least = hidden.min(by: { $0.deviation < $1.deviation }),
            let greatest = hidden.max(by: { $0.deviation < $1.deviation })
        else { return .absent }
        let spread =
            least.deviation > 0
            ? (greatest.deviation / least.deviation) * (greatest.deviation / least.deviation) : .infinity
        let outside = hidden.first { !sizes.contains($0.deviation) }
        guard outside != nil || spread > ratio else { return .absent }
        return .found(
            Finding(
                symptom: .activationDrift,
                sinceEpoch: 0,
                evidence:
                    "before the first step hidden outputs have deviations from \(EvidenceText.number(least.deviation)) "
                    + "(layer \(least.name)) to \(EvidenceText.number(greatest.deviation)) (layer \(greatest.name)) (limits: "
                    + "\(EvidenceText.number(sizes.lowerBound)) to \(EvidenceText.number(sizes.upperBound)), variances within "
                    + "\(EvidenceText.number(ratio)) times of each other)"
            )
        )
    }
}
