import SweepCore
import SweepNumerics

/// S-EXPLODE: signal or gradient grows without measure, or clipping is what holds it.
enum ExplodingDetector {
    /// Deviation of the last hidden layer's outputs over the first's, before the first step. Source: the catalogue.
    private static let growing = 10.0
    /// Gradient norm over the median of the epochs before, for so many epochs, each twice the last.
    private static let overMedian = 10.0
    private static let epochs = 3
    /// Share of clipped steps. Source: the playbook: above half of them clipping is a learning rate in disguise.
    private static let clipped = 0.5

    static func judge(_ run: RunEvidence) -> Judgement {
        if let start = run.instruments?.atStart {
            let hidden = start.layers.filter { !$0.isHead }
            if hidden.count > 1, let first = hidden.first, let last = hidden.last, first.deviation > 0,
                last.deviation / first.deviation > growing
            {
                return found(
                    0,
                    "outputs of hidden layers grow from a deviation of \(EvidenceText.number(first.deviation)) in layer "
                        + "\(first.name) to \(EvidenceText.number(last.deviation)) in layer \(last.name) before the first "
                        + "step (limit: \(EvidenceText.number(growing)) times)"
                )
            }
        }
        let norms = run.values(.gradientNorm)
        if norms.count > epochs + 2 {
            for end in (epochs + 2)..<norms.count {
                let recent = norms[(end - epochs + 1)...end]
                guard let usual = Quantiles.median(Array(norms[..<(end - epochs + 1)])), usual > 0,
                    recent.allSatisfy({ $0 > overMedian * usual }),
                    zip(recent, recent.dropFirst()).allSatisfy({ $1 > 2 * $0 })
                else { continue }
                return found(
                    end - epochs + 2,
                    "the gradient's norm grows to \(EvidenceText.number(norms[end])) by epoch \(end + 1), after a median of "
                        + "\(EvidenceText.number(usual)) (limits: \(EvidenceText.number(overMedian)) times, doubling for "
                        + "\(epochs) epochs)"
                )
            }
        }
        let shares = run.values(.clipShare)
        if run.trial?.training.clipNorm != nil, shares.count >= epochs, let middle = Quantiles.median(shares),
            middle > clipped
        {
            return found(
                1,
                "\(EvidenceText.percent(middle)) of the steps are clipped (limit: \(EvidenceText.percent(clipped))): the bound "
                    + "stands for a smaller learning rate"
            )
        }
        return norms.isEmpty && run.instruments?.atStart == nil
            ? .unknown("neither gradients nor layers were measured") : .absent
    }

    private static func found(_ epoch: Int, _ evidence: String) -> Judgement {
        .found(Finding(symptom: .exploding, sinceEpoch: epoch, evidence: evidence))
    }
}
