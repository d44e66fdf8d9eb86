import SweepCore
import SweepNumerics

/// What the detectors look at: one value an epoch, and what it is measured against.
///
/// The catalogue's thresholds were found with several probes an epoch; here is one probe an epoch, so each detector says
/// how its window was adapted. Series end before the first epoch with a number that is not finite.
struct CurveEvidence: Sendable {
    /// Loss on fixed training rows in evaluation mode.
    let probe: [Double]
    /// Loss on validation rows.
    let validation: [Double]
    /// Share of correct validation rows; empty for regression.
    let accuracy: [Double]
    /// Epochs the trial was to train.
    let budget: Int
    /// The loss of the best guess that ignores the features.
    let chance: Double
    /// The least probe loss that any trial of the sweep has reached, this one included.
    let best: Double
    /// Whose `best` is, in words: with one run alone nobody else's is known.
    let bestOwner: String
    /// The rows that validation losses are means over; nil: not known.
    let sample: ValidationSample?

    init(
        curve: LearningCurve,
        budget: Int,
        chance: Double,
        bestProbeLoss: Double?,
        sample: ValidationSample? = nil
    ) {
        self.sample = sample
        bestOwner = bestProbeLoss == nil ? "the run itself" : "the sweep"
        let finite = (Self.firstNonFinite(curve)?.epoch ?? curve.epochs + 1) - 1
        func series(_ metric: Metric) -> [Double] { Array(curve.series(metric).prefix(finite)) }
        probe = series(.probeLoss)
        validation = series(.validationLoss)
        accuracy = series(.validationAccuracy)
        self.budget = max(budget, curve.epochs)
        self.chance = chance.isFinite && chance > 0 ? chance : 0
        best = min(probe.min() ?? .infinity, bestProbeLoss.flatMap { $0.isFinite ? $0 : nil } ?? .infinity)
    }

    /// The loss before training, as nearly as the curve knows it: probes begin after the first epoch, and an untrained
    /// model stands at chance or, with large initial outputs, above.
    var start: Double { max(probe.first ?? chance, chance) }

    /// Below this a loss counts as this: relative changes of a loss that is all but zero say nothing about learning.
    ///
    /// 5 % of chance. The catalogue's 0.01 % belongs to several probes an epoch: with one, sound runs on digits end
    /// between 0.0001 and 0.05 of chance and move there by factors of two from epoch to epoch.
    var floor: Double { max(0.05 * chance, .leastNormalMagnitude) }

    /// The mean size of the changes of ln L, and the share of them that go up.
    ///
    /// Source: ρ and u of the catalogue; u is 0 for a falling series, near ½ for one that goes nowhere.
    static func fluctuation(_ losses: some Collection<Double>, floor: Double) -> (size: Double, upShare: Double) {
        let logarithms = losses.map { Elementary.log(max($0, floor)) }
        var total = 0.0
        var up = 0.0
        for (before, after) in zip(logarithms, logarithms.dropFirst()) {
            total += abs(after - before)
            up += max(0, after - before)
        }
        guard logarithms.count > 1, total > 0 else { return (0, 0) }
        return (total / Double(logarithms.count - 1), up / total)
    }

    /// The share of the inner values that lie above or below both their neighbours: two thirds of pure noise, one value of a
    /// course that falls and then rises.
    static func turningShare(_ values: some Collection<Double>) -> Double {
        let values = Array(values)
        guard values.count > 2 else { return 0 }
        var turns = 0
        for index in 1..<values.count - 1 {
            let before = values[index] - values[index - 1]
            let after = values[index + 1] - values[index]
            if before * after < 0 { turns += 1 }
        }
        return Double(turns) / Double(values.count - 2)
    }

    /// Turning points beyond this share are fluctuation; a smooth course has fewer, however steeply it falls and rises.
    static let smoothTurns = 0.25

    /// `values` as at most 128 means of neighbours, so that the pairwise trend statistics stay cheap on long curves.
    static func thinned(_ values: some Collection<Double>) -> [Double] {
        let values = Array(values)
        let block = (values.count + 127) / 128
        guard block > 1 else { return values }
        return stride(from: 0, to: values.count, by: block).map { start in
            Moments(of: values[start..<min(start + block, values.count)]).mean
        }
    }

    /// The first number that is not finite: where it stands and what it was an epoch before.
    static func firstNonFinite(_ curve: LearningCurve) -> (epoch: Int, metric: Metric, value: Double, before: Double?)?
    {
        let watched: [Metric] = [.trainingLoss, .probeLoss, .validationLoss, .gradientNorm]
        for observation in curve.observations {
            for metric in watched {
                guard let value = curve.value(metric, at: observation.epoch), !value.isFinite else { continue }
                return (observation.epoch, metric, value, curve.value(metric, at: observation.epoch - 1))
            }
        }
        return nil
    }
}

/// Numbers inside evidence sentences.
enum EvidenceText {
    /// `value` to three significant digits.
    static func number(_ value: Double) -> String {
        guard value.isFinite else { return value.isNaN ? "nan" : value > 0 ? "inf" : "-inf" }
        guard value != 0 else { return "0" }
        let exponent = Elementary.log10(abs(value)).rounded(.down)
        if exponent < -4 || exponent > 6 {
            let scaled = value / Elementary.pow(10, exponent)
            return short((scaled * 100).rounded() / 100) + "e\(Int(exponent))"
        }
        if exponent >= 2 { return "\(Int(value.rounded()))" }
        // Powers of ten up to 10⁶: exact, so the quotient prints as a short decimal.
        var unit = 1.0
        for _ in 0..<Int(2 - exponent) { unit *= 10 }
        return short((value * unit).rounded() / unit)
    }

    /// Without a point that nothing follows.
    private static func short(_ value: Double) -> String {
        let text = "\(value)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    /// A share as a whole percentage.
    static func percent(_ share: Double) -> String {
        abs(share) < 1e6 ? "\(Int((share * 100).rounded())) %" : "\(number(share * 100)) %"
    }
}
