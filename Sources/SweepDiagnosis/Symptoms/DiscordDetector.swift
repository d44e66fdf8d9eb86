import SweepCore
import SweepNumerics

/// S-DISCORD: the loss and the metric that matters do not move together: less loss is not better.
enum DiscordDetector {
    /// Spearman's correlation of loss and metric that is too weak. Source: TheDeepChecker (0.5).
    private static let limit = -0.5
    private static let least = 15
    /// How much both must move, as a share of their largest value, for a correlation to mean anything.
    private static let movement = 0.05

    static func judge(_ run: RunEvidence) -> Judgement {
        let metric: Metric = run.curve.metrics.contains(.validationAccuracy) ? .validationAccuracy : .validationR2
        let scores = Array(run.curve.series(metric).prefix(run.series.validation.count))
        guard scores.count == run.series.validation.count, !scores.isEmpty else { return .unknown("no second metric") }
        guard scores.count >= least else { return .unknown("fewer than \(least) epochs") }
        guard moves(scores), moves(run.series.validation),
            let correlation = Association.spearman(run.series.validation, scores), correlation > limit
        else { return .absent }
        return .found(
            Finding(
                symptom: .discordant,
                sinceEpoch: 1,
                evidence: "validation loss and \(metric.rawValue) have a rank correlation of "
                    + "\(EvidenceText.number(correlation)) over \(scores.count) epochs (limit: "
                    + "\(EvidenceText.number(limit))): less loss does not mean more of the metric"
            )
        )
    }

    private static func moves(_ values: [Double]) -> Bool {
        guard let low = values.min(), let high = values.max(), low.isFinite, high.isFinite else { return false }
        return high - low > movement * max(abs(low), abs(high))
    }
}
