import SweepCore

/// S-OSC: the loss on fixed training rows goes up and down by much, and nearly as much up as down.
///
/// A symptom, not yet a fault: the best configuration of a sweep may oscillate and only want a decaying rate.
enum OscillationDetector {
    /// Mean |Δ ln L|. Source: the catalogue's measurements: sound runs at most 0.03, faulty ones at least 0.11.
    private static let size = 0.10
    /// Share of the movement that goes up. Source: the same: sound 0–0.27, faulty 0.40–0.54.
    private static let upShare = 0.30
    /// Above this share it is a rise, and divergence's to name.
    private static let mostUpShare = 0.8
    /// Probes looked at. Source: the catalogue.
    private static let window = 24
    /// Fewest probes that are judged: below five changes the up-share of a noisy fall is often above 0.3.
    private static let least = 6

    static func finding(_ evidence: CurveEvidence) -> Finding? {
        let probe = evidence.probe
        guard probe.count >= least else { return nil }
        let recent = probe.suffix(window)
        let found = CurveEvidence.fluctuation(recent, floor: evidence.floor)
        guard found.size > size, found.upShare > upShare, found.upShare < mostUpShare,
            CurveEvidence.turningShare(recent) > CurveEvidence.smoothTurns
        else { return nil }
        return Finding(
            symptom: .oscillating,
            sinceEpoch: recent.startIndex + 1,
            evidence: "loss on training rows changes by \(EvidenceText.percent(found.size)) an epoch over the last "
                + "\(recent.count) epochs and \(EvidenceText.percent(found.upShare)) of that is upward "
                + "(limits: \(EvidenceText.percent(size)) and \(EvidenceText.percent(upShare)))"
        )
    }
}
