import SweepCore
import SweepNumerics

/// S-RISE: the loss on fixed training rows climbs, steadily and by more than a few per cent, without yet having left.
///
/// Only the stretch since the least loss counts: a run that rose and came back does not rise. It is of the data loss: a penalty
/// that grows is not this, nor is augmentation, as the probe is measured without either.
enum RiseDetector {
    /// Net rise. Source: SageMaker Debugger's LossNotDecreasing counts 5 % as an increase.
    private static let net = 0.05
    /// Level of the Mann-Kendall test. Source: the catalogue; six rises without a fall reach it, five do not.
    private static let level = 0.01
    /// Fewest epochs since the least.
    private static let least = 5

    static func judge(_ run: RunEvidence) -> Judgement {
        let probe = run.series.probe
        guard let bottom = probe.indices.min(by: { probe[$0] < probe[$1] }) else { return .absent }
        guard probe.count >= least else { return .unknown("fewer than \(least) epochs") }
        let tail = probe[bottom...].map { max($0, run.series.floor) }
        guard tail.count > least, let first = tail.first, let last = tail.last, last >= (1 + net) * first,
            let test = Trend.mannKendall(CurveEvidence.thinned(tail)), test.s > 0, test.p < level
        else { return .absent }
        return .found(
            Finding(
                symptom: .rising,
                sinceEpoch: bottom + 2,
                evidence: "loss on training rows rises from \(EvidenceText.number(first)) in epoch \(bottom + 1) to "
                    + "\(EvidenceText.number(last)) in epoch \(probe.count), by \(EvidenceText.percent(last / first - 1)) "
                    + "(limits: \(EvidenceText.percent(net)), Mann-Kendall p < \(EvidenceText.number(level)))"
            )
        )
    }
}
