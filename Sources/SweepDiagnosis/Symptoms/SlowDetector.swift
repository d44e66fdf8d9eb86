import SweepCore
import SweepNumerics

/// S-SLOW: the loss on fixed training rows falls steadily, and far too slowly for its epochs.
///
/// "Far" is more than half of the way from chance to the best loss of the sweep (the catalogue measures from the loss
/// before training, which a curve of one probe an epoch does not hold; an untrained model stands at chance or above).
/// The catalogue looks after half of the epochs; before that, the slope is drawn out to the last epoch and must end as
/// far away. Since learning slows down, a straight line promises too much rather than too little, so few sound runs are
/// called slow early.
enum SlowDetector {
    /// Share of the way that is left. Source: the catalogue.
    private static let left = 0.5
    /// Up-share below which a fall is steady. Source: the catalogue.
    private static let upShare = 0.1
    /// Level of the trend test, where there are enough probes for it to reach that level (five).
    private static let level = 0.05
    /// Level at which a noisy fall is steady too: a thousandth, reached by ten probes without a rise.
    private static let noisyLevel = 0.001
    /// The later half's slope over the earlier half's: below, the curve flattens out, which is a plateau and not a pace.
    /// A constant rate far below the useful ones gives about 1.
    private static let pace = 0.4
    /// The same on fewer than five probes, where chance alone falls twice in a row: the halves must agree to 30 %.
    private static let shortPace = 0.7...1.3
    /// Probes looked at, as for oscillation.
    private static let window = 24
    /// The fewest that show a pace.
    private static let least = 3
    /// The way must be at least this share of chance: nothing can be slow where nothing can be learnt.
    private static let way = 0.05

    static func finding(_ evidence: CurveEvidence) -> Finding? {
        let probe = evidence.probe
        let way = evidence.chance - evidence.best
        guard probe.count >= least, let last = probe.last, way > Self.way * evidence.chance else { return nil }
        let recent = Array(probe.suffix(window))
        guard isSteady(recent, floor: evidence.floor), let slope = Trend.theilSen(recent), slope < 0,
            keepsPace(recent)
        else { return nil }
        let share = (last - evidence.best) / way
        let remaining = evidence.budget - probe.count
        let late = 2 * probe.count >= evidence.budget
        let projected = (last + slope * Double(remaining) - evidence.best) / way
        guard share > left, late || projected > left else { return nil }
        let outlook =
            remaining > 0
            ? "; at this pace \(EvidenceText.percent(projected)) would be left after epoch \(evidence.budget)" : ""
        return Finding(
            symptom: .slow,
            sinceEpoch: probe.count - recent.count + 1,
            evidence: "loss on training rows falls steadily, by \(EvidenceText.number(-slope)) an epoch, but is "
                + "\(EvidenceText.number(last)) in epoch \(probe.count): \(EvidenceText.percent(share)) of the way from "
                + "guessing (\(EvidenceText.number(evidence.chance))) to the best of \(evidence.bestOwner) "
                + "(\(EvidenceText.number(evidence.best))) is left\(outlook) (limit: \(EvidenceText.percent(left)))"
        )
    }

    private static func isSteady(_ values: [Double], floor: Double) -> Bool {
        let smooth = CurveEvidence.fluctuation(values, floor: floor).upShare < upShare
        guard values.count >= 5 else { return smooth }
        guard let test = Trend.mannKendall(values), test.s < 0 else { return false }
        return test.p < (smooth ? level : noisyLevel)
    }

    private static func keepsPace(_ values: [Double]) -> Bool {
        let middle = values.count / 2
        guard let early = Trend.theilSen(Array(values[...middle])), let late = Trend.theilSen(Array(values[middle...])),
            early < 0
        else { return false }
        return values.count < 5 ? shortPace.contains(late / early) : late / early >= pace
    }
}
