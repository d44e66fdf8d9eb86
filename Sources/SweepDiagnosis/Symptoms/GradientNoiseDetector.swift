import SweepCore

/// S-NOISE: the gradient of a batch is mostly noise.
///
/// A remark, as the scale grows a hundredfold within a sound run: it names a candidate, and only training with a larger batch
/// shows whether the noise costs anything. Near the floor the gradient goes to zero and the scale to infinity, so it is not
/// looked at there.
enum GradientNoiseDetector {
    /// Noise scale over batch. Source: the catalogue; McCandlish et al. 2018: beyond it a larger batch is all gain.
    private static let limit = 20.0

    static func judge(_ run: RunEvidence) -> Judgement {
        guard let batch = run.trial.map({ $0.training.batchSize * $0.training.accumulation }) else {
            return .unknown("the batch size is not known")
        }
        guard let last = run.instruments?.newestNoise, let noise = last.noise else {
            return .unknown("the gradient's noise was not measured")
        }
        if let rows = noise.rows, rows < run.noiseRowsNeeded {
            return .unknown("the gradient's noise was measured on \(rows) rows, too few to judge a batch of \(batch)")
        }
        guard run.isFarFromDone else { return .absent }
        let scale = noise.simpleScale
        guard scale.map({ $0 > limit * Double(batch) }) ?? true else { return .absent }
        let text = scale.map { "\(EvidenceText.number($0)) rows" } ?? "beyond what was measured"
        return .found(
            Finding(
                symptom: .gradientNoise,
                sinceEpoch: last.epoch,
                evidence:
                    "the gradient's noise scale after epoch \(last.epoch) is \(text), the batch has \(batch) (limit: "
                    + "\(EvidenceText.number(limit)) times the batch)"
            )
        )
    }
}
