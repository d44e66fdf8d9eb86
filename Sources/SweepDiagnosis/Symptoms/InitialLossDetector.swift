import SweepCore

/// S-INITLOSS: before the first step the loss is not that of guessing, but far above.
enum InitialLossDetector {
    /// |L₀ − chance| / chance. Source: TheDeepChecker's deviation ratio of 1. The catalogue also warns at 0.5, which initial
    /// weights of usual size reach with a wide last layer.
    private static let limit = 1.0

    static func judge(_ run: RunEvidence) -> Judgement {
        guard let initial = run.instruments?.initialLoss else { return .unknown("no loss before the first step") }
        guard let chance = run.chanceLoss else { return .unknown("the loss of guessing is not known") }
        guard !((initial - chance) / chance <= limit) else { return .absent }
        return .found(
            Finding(
                symptom: .initialLoss,
                sinceEpoch: 0,
                evidence: "before the first step the loss is \(EvidenceText.number(initial)), "
                    + "\(EvidenceText.number(initial / chance)) times that of guessing, \(EvidenceText.number(chance)) "
                    + "(limit: \(EvidenceText.number(1 + limit)) times)"
            )
        )
    }
}
