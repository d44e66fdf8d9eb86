import SweepCore
import SweepNumerics

/// S-VALRISE: the validation loss rises from its least while the loss on training rows does not, by more than noise and so far
/// that it matters.
///
/// Noise is of two kinds. Epochs differ from their neighbours: that is the series' own jitter, the spread of its second
/// differences, which a smooth course, however bent, has hardly any of. And few rows may part two states of a network smoothly and
/// by chance: the catalogue compares rows in pairs; a curve has only their mean, and the error follows from their number
/// (`ValidationSample`).
enum ValidationRiseDetector {
    /// Over the least validation loss. Source: the catalogue.
    private static let rise = 0.02
    /// Standard errors over it, of epochs and of rows. Source: the catalogue.
    private static let errors = 3.0
    /// What must be lost for it to matter: a tenth of the loss, or of what was gained on guessing where that is less. Source:
    /// the tenth of the loss is what the fault benchmark's gate asks of a fault, before anything is called one.
    private static let lost = 0.1
    /// What the loss must have risen to, over the least, where the mistakes did not grow with it: twice. Cross-entropy rises while
    /// accuracy still does, as the network grows surer of the same mistakes (Guo et al., "On calibration of modern neural networks",
    /// ICML 2017): stopping at the least loss then costs accuracy. In the benchmark's tuning half sound deep networks rise to 1.4 times.
    private static let surer = 2.0
    /// The accuracy that must be lost for mistakes to have grown: what the fault benchmark's gate asks of a fault; or one standard
    /// error of the rows, where that is more.
    private static let mistakes = 0.02
    /// Epochs in a row. Source: the catalogue; one alone is noise in 94 % of sound runs.
    private static let epochs = 3
    /// Level of the trend since the least, where there are enough epochs for it.
    private static let level = 0.05

    static func finding(_ evidence: CurveEvidence) -> Finding? {
        let validation = evidence.validation
        guard validation.count > epochs, validation.count == evidence.probe.count,
            let least = validation.min(), let bottom = validation.firstIndex(of: least), let last = validation.last
        else { return nil }
        let limit = max(
            least + max(rise * least, errors * jitter(validation), harm(least, evidence)),
            evidence.sample?.limit(above: least, errors: errors) ?? least
        )
        let since = (validation.lastIndex { $0 <= limit } ?? -1) + 1
        guard validation.count - since >= epochs, evidence.probe[validation.count - 1] <= 1.02 * evidence.probe[bottom]
        else { return nil }
        let tail = CurveEvidence.thinned(validation[bottom...])
        if tail.count >= 5, let test = Trend.mannKendall(tail), test.s <= 0 || test.p >= level { return nil }
        if !makesMoreMistakes(evidence, bottom), last < surer * max(least, evidence.floor) { return nil }
        var text =
            "validation loss rose from \(EvidenceText.number(least)) in epoch \(bottom + 1) to "
            + "\(EvidenceText.number(last)), above \(EvidenceText.number(limit)) for \(validation.count - since) epochs "
            + "in a row (limit: \(epochs)), while the loss on training rows went from "
            + "\(EvidenceText.number(evidence.probe[bottom])) to "
            + EvidenceText.number(evidence.probe[validation.count - 1])
        if evidence.accuracy.count == validation.count, let accuracy = evidence.accuracy.last {
            text +=
                "; accuracy went from \(EvidenceText.number(evidence.accuracy[bottom])) to "
                + EvidenceText.number(accuracy)
        }
        return Finding(symptom: .validationRising, sinceEpoch: since + 1, evidence: text)
    }

    /// How much more than `least` is a loss that somebody would mend.
    private static func harm(_ least: Double, _ evidence: CurveEvidence) -> Double {
        let gained = evidence.chance - least
        guard gained > 0 else { return 0 }
        return lost * min(max(least, evidence.floor), gained)
    }

    /// Whether the accuracy of the last epochs is below that of the epochs about the best; true where no accuracy is known.
    private static func makesMoreMistakes(_ evidence: CurveEvidence, _ bottom: Int) -> Bool {
        let accuracy = evidence.accuracy
        guard accuracy.count == evidence.validation.count else { return true }
        let then = Moments(of: accuracy[max(0, bottom - 1)...min(accuracy.count - 1, bottom + 1)]).mean
        let now = Moments(of: accuracy.suffix(epochs)).mean
        let error = evidence.sample?.error(ofShare: then) ?? 0
        return then - now > max(mistakes, error)
    }

    /// The standard deviation of one value around a smooth course, from its second differences.
    static func jitter(_ values: [Double]) -> Double {
        guard values.count > 2 else { return 0 }
        let changes = zip(values, values.dropFirst()).map { before, after in after - before }
        let bends = zip(changes, changes.dropFirst()).map { before, after in after - before }
        guard let middle = Quantiles.median(bends), let spread = Quantiles.median(bends.map { abs($0 - middle) })
        else { return 0 }
        // 1.4826 makes the median deviation a standard deviation; a second difference has six times a value's variance.
        return 1.4826 * spread / 6.0.squareRoot()
    }
}
