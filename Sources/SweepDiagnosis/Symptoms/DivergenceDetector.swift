import SweepCore
import SweepNumerics

/// S-DIVERGE: the loss on fixed training rows has left what it had reached, and stays away.
///
/// Two ways: far away for three probes in a row, or half as far, for longer and rising. Adapted to one probe an epoch: the
/// last probes (not any) must be high, so that an early excursion that recovered, as large learning rates make, is not
/// one.
enum DivergenceDetector {
    /// Times the least loss so far. Source: the learning-rate finder of fast.ai and Lightning stops at 4 times the best.
    private static let overBest = 4.0
    /// Times the loss before training. Source: the catalogue: worse than having learnt nothing, also for a run that
    /// never got below its start.
    private static let overStart = 2.0
    /// Probes in a row. Source: the catalogue; one or two are what a recovering excursion looks like.
    private static let probes = 3
    /// Times the least loss for the slower way. Source: TheDeepChecker's bound on loss over minimum.
    private static let overBestRising = 2.0
    /// Probes in a row for the slower way, and the level of its upward trend. Source: the catalogue's S-RISE.
    private static let risingProbes = 5
    private static let risingLevel = 0.01

    static func finding(_ evidence: CurveEvidence) -> Finding? {
        let probe = evidence.probe
        guard let last = probe.last else { return nil }
        let start = evidence.start
        let far = tail(probe, evidence.floor) { index, loss, least in
            loss > overBest * least || (index > 0 && loss > overStart * start)
        }
        let high = tail(probe, evidence.floor) { _, loss, least in loss > overBestRising * least }
        let since: Int
        if probe.count - far >= probes {
            since = far
        } else if probe.count - high >= risingProbes, rises(probe) {
            since = high
        } else {
            return nil
        }
        let least = probe[..<since].min() ?? start
        return Finding(
            symptom: .diverging,
            sinceEpoch: since + 1,
            evidence: "loss on training rows is \(EvidenceText.number(last)) in epoch \(probe.count) after "
                + "\(EvidenceText.number(least)) before, and high for \(probe.count - since) epochs in a row "
                + "(limits: \(EvidenceText.number(overBest)) times the least or \(EvidenceText.number(overStart)) times "
                + "the start for \(probes), or \(EvidenceText.number(overBestRising)) times the least for "
                + "\(risingProbes) and rising)"
        )
    }

    /// The index from which on every loss is high; the count when the last one is not.
    ///
    /// Small losses are held at the floor: from 0.0001 to 0.001 is not a divergence.
    private static func tail(
        _ probe: [Double],
        _ floor: Double,
        _ isHigh: (Int, Double, Double) -> Bool
    ) -> Int {
        var least = Double.infinity
        var start: Int?
        for (index, loss) in probe.enumerated() {
            start = isHigh(index, loss, max(least, floor)) ? start ?? index : nil
            least = min(least, loss)
        }
        return start ?? probe.count
    }

    private static func rises(_ probe: [Double]) -> Bool {
        guard let least = probe.min(), let bottom = probe.firstIndex(of: least),
            let test = Trend.mannKendall(CurveEvidence.thinned(probe[bottom...]))
        else { return false }
        return test.s > 0 && test.p < risingLevel
    }
}
