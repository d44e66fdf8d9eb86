import SweepCore

/// S-EDGE: the curvature stands at or above what the learning rate can follow.
///
/// A remark and never a fault alone: sound full-batch runs hover there while their loss falls. Source: Cohen et al., ICLR 2021.
enum EdgeDetector {
    static func judge(_ run: RunEvidence) -> Judgement {
        guard let training = run.trial?.training else { return .unknown("the optimizer is not known") }
        let readings = (run.instruments?.readings ?? []).filter { $0.sharpness != nil }
        guard let reading = readings.last, let sharpness = reading.sharpness else {
            return .unknown("the curvature was not measured")
        }
        guard case .sgd(let momentum, _, _) = training.optimizer.rule else {
            return .unknown("the limit is known for gradient descent alone")
        }
        let rates = run.values(.learningRate)
        let rate =
            reading.epoch >= 1 && reading.epoch <= rates.count
            ? rates[reading.epoch - 1] : training.optimizer.learningRate
        // Dampening makes every step but the first of a smaller gradient, as a smaller rate would.
        let limit = 2 * (1 + momentum) / training.optimizer.rule.gradientShare
        guard rate * sharpness >= limit else { return .absent }
        return .found(
            Finding(
                symptom: .edgeOfStability,
                sinceEpoch: reading.epoch,
                evidence:
                    "rate times curvature is \(EvidenceText.number(rate * sharpness)) after epoch \(reading.epoch): rate "
                    + "\(EvidenceText.number(rate)), largest eigenvalue \(EvidenceText.number(sharpness)); full-batch descent is "
                    + "stable below \(EvidenceText.number(limit))"
            )
        )
    }
}
