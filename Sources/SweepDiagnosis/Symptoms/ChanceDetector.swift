import SweepCore
import SweepNumerics

/// S-CHANCE: no better than guessing: on training rows, or on validation rows alone.
///
/// Chance is the entropy of the class shares or the variance of the targets, not ln K nor an accuracy of 0.6: both are wrong
/// when classes are unequal or many.
enum ChanceDetector {
    /// Loss over chance. Source: the catalogue.
    private static let limit = 0.98
    /// Share of the epochs after which it counts. Source: the catalogue.
    private static let share = 0.3

    static func judge(_ run: RunEvidence) -> Judgement {
        guard let chance = run.chanceLoss else { return .unknown("the loss of guessing is not known") }
        let needed = max(3, Int((share * Double(run.series.budget)).rounded(.up)))
        let probe = run.series.probe
        guard probe.count >= needed else {
            return .unknown("fewer than \(needed) epochs, \(EvidenceText.percent(share)) of the budget")
        }
        let after = probe.suffix(max(2, probe.count - needed + 1))
        if let best = after.min(), best >= limit * chance {
            return .found(
                Finding(
                    symptom: .atChance,
                    sinceEpoch: after.startIndex + 1,
                    evidence: "loss on training rows is \(EvidenceText.number(probe.last ?? best)) and at best "
                        + "\(EvidenceText.number(best)) from epoch \(after.startIndex + 1) on, while guessing gives "
                        + "\(EvidenceText.number(chance)) (limit: \(EvidenceText.percent(limit)) of it)"
                )
            )
        }
        guard let least = run.series.validation.min(), least >= limit * chance else { return .absent }
        return .found(
            Finding(
                symptom: .atChance,
                sinceEpoch: 1,
                evidence: "validation loss is never below \(EvidenceText.number(least)), while guessing gives "
                    + "\(EvidenceText.number(chance)) (limit: \(EvidenceText.percent(limit)) of it); on training rows the loss "
                    + "reaches \(EvidenceText.number(probe.min() ?? .nan))"
            )
        )
    }
}
