package import SweepCore
import SweepNumerics

/// All that is known of one run: what a report looks at.
///
/// Only the curve must be there. What is missing makes detectors say that they could not judge, and keeps causes open.
package struct RunEvidence: Sendable {
    package var curve: LearningCurve
    /// Epochs the run was to train.
    package var budget: Int
    /// The loss of the best guess that ignores the features, in the unit of the curve's losses; nil: not known.
    package var chanceLoss: Double?
    /// The least probe loss that any run on the data has reached; nil: only this run's is known.
    package var bestProbeLoss: Double?
    package var instruments: Instruments?
    package var trial: TrialSpec?
    package var schema: DataSchema?
    /// What the checks of the data found; nil: nobody looked.
    package var data: [DataFinding]?
    package var notes: [TrialNote] = []
    /// The least probe losses of finished runs of the same configuration from other seeds.
    package var otherSeeds: [Double] = []
    /// What a short training with a growing rate showed; nil: none was made.
    package var rangeTest: RateRangeTest?
    /// The name under `train.optimizer` of the sweep file: `adamw` is Adam with decay.
    package var optimizerKey: String?
    /// Whether the training loss stands for the probe's, as in curves of other programs: a mean over the epoch, in training
    /// mode.
    package var hasProbe: Bool

    /// The series that detectors look at.
    let series: CurveEvidence

    package init(
        curve: LearningCurve,
        budget: Int,
        chanceLoss: Double? = nil,
        bestProbeLoss: Double? = nil,
        instruments: Instruments? = nil,
        trial: TrialSpec? = nil,
        schema: DataSchema? = nil,
        data: [DataFinding]? = nil,
        notes: [TrialNote] = [],
        optimizerKey: String? = nil
    ) {
        hasProbe = curve.metrics.contains(.probeLoss)
        self.curve = curve
        self.budget = budget
        self.chanceLoss = chanceLoss.flatMap { $0.isFinite && $0 > 0 ? $0 : nil }
        self.bestProbeLoss = bestProbeLoss
        self.instruments = instruments
        self.trial = trial
        self.schema = schema
        self.data = data
        self.notes = notes
        self.optimizerKey = optimizerKey
        let watched = curve.withProbe
        // Without a chance loss the first epoch's stands in for it: relative sizes are all that is asked of it.
        let stand = self.chanceLoss ?? watched.series(.probeLoss).first { $0.isFinite } ?? 0
        series = CurveEvidence(
            curve: watched,
            budget: budget,
            chance: stand,
            bestProbeLoss: bestProbeLoss,
            sample: ValidationSample(schema, loss: schema.flatMap { trial?.training.loss(on: $0).kind })
        )
    }

    /// The curve that detectors look at: with the training loss in the place of the probe's where there is no probe.
    var watched: LearningCurve { curve.withProbe }

    /// The epochs of the last share of the budget that were trained, at least `least`; nil where fewer were.
    func lastEpochs(share: Double, least: Int) -> Range<Int>? {
        let window = max(least, Int((share * Double(series.budget)).rounded(.up)))
        let count = series.probe.count
        return count >= window ? (count - window)..<count : nil
    }

    /// Whether the probe loss stands well above what is known to be possible: 20 % of the way from it to chance, or, where one
    /// run alone is known, half of chance. Gates rules that mean nothing once a run has learnt.
    var isFarFromDone: Bool {
        guard let last = series.probe.last else { return true }
        guard bestProbeLoss != nil, series.best < series.chance else { return last > 0.5 * series.chance }
        return last > series.best + 0.2 * (series.chance - series.best)
    }

    /// The standard error of the validation loss beside that of the probe: of both samples where a run was looked into, else the
    /// spread of the validation loss around a smooth course.
    var gapError: Double {
        guard let error = instruments?.validationError else { return ValidationRiseDetector.jitter(series.validation) }
        let other = instruments?.probeError ?? 0
        return (error * error + other * other).squareRoot()
    }

    /// The whole epochs of the run's finite part.
    var epochs: Int { series.probe.count }

    /// A metric's values over the finite part; empty when it was not measured.
    func values(_ metric: Metric) -> [Double] {
        Array(curve.series(metric).prefix(max(epochs, series.validation.count)))
    }
}

extension LearningCurve {
    /// The curve, with its training loss in the place of the probe's where it has no probe.
    fileprivate var withProbe: LearningCurve {
        if metrics.contains(.probeLoss) { return self }
        let renamed = metrics.map { $0 == .trainingLoss ? Metric.probeLoss : $0 }
        return LearningCurve(metrics: renamed, observations: Array(observations))
    }
}

/// What a detector answers.
enum Judgement: Sendable {
    case found(Finding)
    case absent
    /// Not judged, and why.
    case unknown(String)

    init(_ finding: Finding?) { self = finding.map { .found($0) } ?? .absent }
}
