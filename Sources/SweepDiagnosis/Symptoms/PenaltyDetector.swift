import SweepCore
import SweepNumerics

/// S-PENDOM: the penalty on the weights is greater than the loss on the data, while the data are not learnt.
///
/// At the end of a good run the two balance by definition; so it counts only well above the floor.
enum PenaltyDetector {
    /// Penalty over loss. Source: the catalogue.
    private static let limit = 1.0
    private static let share = 0.25
    /// The second way: so little is left of the weights that nothing can be expressed, while a penalty is paid.
    private static let shrunk = 0.1

    static func judge(_ run: RunEvidence) -> Judgement {
        let penalties = run.values(.trainingPenalty)
        guard penalties.count == run.series.probe.count, !penalties.isEmpty else {
            return .unknown("the penalty was not recorded")
        }
        guard let window = run.lastEpochs(share: share, least: 3) else { return .unknown("fewer than 3 epochs") }
        guard run.isFarFromDone else { return .absent }
        let ratios = window.map { penalties[$0] / max(run.series.probe[$0], run.series.floor) }
        guard let middle = Quantiles.median(ratios), let last = window.last else { return .absent }
        if middle > limit {
            return .found(
                Finding(
                    symptom: .penaltyDominant,
                    sinceEpoch: window.lowerBound + 1,
                    evidence:
                        "the penalty is \(EvidenceText.number(penalties[last])), \(EvidenceText.number(middle)) times the "
                        + "loss on training rows \(EvidenceText.number(run.series.probe[last])) (limit: "
                        + "\(EvidenceText.number(limit)))"
                )
            )
        }
        let norms = run.values(.weightNorm)
        let initial = run.instruments?.atStart.map(Self.norm) ?? norms.first
        guard penalties.contains(where: { $0 > 0 }), let initial, let now = norms.last, now < shrunk * initial else {
            return .absent
        }
        return .found(
            Finding(
                symptom: .penaltyDominant,
                sinceEpoch: window.lowerBound + 1,
                evidence:
                    "the weights' norm has shrunk from \(EvidenceText.number(initial)) to \(EvidenceText.number(now)) under "
                    + "the penalty (limit: \(EvidenceText.percent(shrunk))), and the loss on training rows is "
                    + "\(EvidenceText.number(run.series.probe[last]))"
            )
        )
    }

    /// The norm of all weights, from their root mean squares and counts; of biases nothing is known at the start but that they
    /// are zero.
    private static func norm(_ reading: Instruments.Reading) -> Double {
        reading.layers.reduce(0) { $0 + $1.weightNorm * $1.weightNorm }.squareRoot()
    }
}
