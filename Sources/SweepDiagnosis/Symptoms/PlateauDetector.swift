import SweepCore
import SweepNumerics

/// S-PLATEAU: the loss on fixed training rows no longer changes, well above what the sweep has shown to be possible.
///
/// Flat at the floor is success and not this. A staircase is not this while its steps are shorter than the window.
/// A steady fall is `SlowDetector`'s, which is asked first.
enum PlateauDetector {
    /// Change over the window, as a share of the loss. Source: the catalogue (1 %).
    private static let change = 0.01
    /// The same where noise hides whether there is a trend. As large as the changes that count as oscillation.
    private static let noisyChange = 0.10
    /// Share of the epochs that the window covers. Source: the catalogue.
    private static let share = 0.25
    /// Fewest probes in the window: the trend test needs five to say anything at 5 %.
    private static let least = 5
    /// How far above the best of the sweep, as a share of the way from it to chance. Source: the catalogue.
    private static let above = 0.2
    /// The level at which a trend in a noisy window counts as one.
    private static let level = 0.05

    static func finding(_ evidence: CurveEvidence) -> Finding? {
        let probe = evidence.probe
        let window = max(least, Int((share * Double(evidence.budget)).rounded(.up)))
        guard probe.count >= window, evidence.chance > evidence.best else { return nil }
        let recent = CurveEvidence.thinned(probe.suffix(window))
        let limit = evidence.best + above * (evidence.chance - evidence.best)
        guard let middle = Quantiles.median(recent), middle > limit, let lowest = recent.min(), lowest > limit,
            let slope = Trend.theilSen(recent)
        else { return nil }
        let moved = abs(slope) * Double(recent.count - 1) / middle
        let before = probe.dropLast(window).min() ?? 0
        // Noise can hide a slope of nothing: no trend and nothing gained on the best before is a plateau too.
        let noTrend = (Trend.mannKendall(recent)?.p ?? 1) >= level
        let noGain = middle > (1 - change) * before
        guard moved < change || (moved < noisyChange && noTrend && noGain) else { return nil }
        return Finding(
            symptom: .plateau,
            sinceEpoch: probe.count - window + 1,
            evidence: "loss on training rows stays near \(EvidenceText.number(middle)) over the last \(window) epochs "
                + "(trend \(EvidenceText.percent(moved)); limit \(EvidenceText.percent(change)), or "
                + "\(EvidenceText.percent(noisyChange)) where it cannot be told from noise), "
                + "while \(evidence.bestOwner) reached \(EvidenceText.number(evidence.best)) and guessing gives "
                + "\(EvidenceText.number(evidence.chance))"
        )
    }
}
