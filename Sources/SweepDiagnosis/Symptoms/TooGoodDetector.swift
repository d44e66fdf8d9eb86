import SweepCore
import SweepNumerics

/// S-TOOGOOD: validation is all but solved at once, and the data have a leak that would do it.
///
/// "Above 95 % accuracy" alone would call every easy data set a leak; a hit of the data checks is required.
enum TooGoodDetector {
    /// Validation loss over chance.
    private static let limit = 0.05
    /// Epochs within which. Source: the catalogue.
    private static let epochs = 2

    static func judge(_ run: RunEvidence) -> Judgement {
        guard let data = run.data else { return .unknown("the data were not checked for leaks") }
        guard let chance = run.chanceLoss else { return .unknown("the loss of guessing is not known") }
        let leaks = data.filter {
            ($0.check == .overlap || $0.check == .featureLeak) && $0.severity > .note && !$0.isSmallOverlap
        }
        guard let leak = leaks.first, let best = run.series.validation.min() else { return .absent }
        let early = run.series.validation.prefix(epochs).min() ?? .infinity
        // A copy of the target is learnt at once; rows that are in both parts show when everything else is not learnt.
        guard early < limit * chance || (leak.check == .featureLeak && best < limit * chance) else { return .absent }
        return .found(
            Finding(
                symptom: .tooGood,
                sinceEpoch: 1,
                evidence: "validation loss is \(EvidenceText.number(min(early, best))), "
                    + "\(EvidenceText.percent(min(early, best) / chance)) of guessing (limit: "
                    + "\(EvidenceText.percent(limit)) within \(epochs) epochs), and the data checks found: \(leak.text)"
            )
        )
    }
}

extension DataFinding {
    /// Whether it is that few validation rows stand in training too: of real tables nearly all have some, and a score changes by no more
    /// than their share. Limits: 1 %, whatever the reason; where training rows repeat as often, as rows of few digits do by chance, that of
    /// copies among training rows. (The check calls more than 1 % a fault where they do not.)
    var isSmallOverlap: Bool { check == .overlap && severity < .fault && measure <= 0.05 }
}
