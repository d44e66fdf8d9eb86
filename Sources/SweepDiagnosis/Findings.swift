package import SweepCore

/// The symptoms of a learning curve: pure functions of it, the data's chance loss and the best loss of the sweep.
///
/// Thresholds are those of published tools and of our own measurements; each detector names them with their origin. A
/// symptom says what the curve shows, never why.
package enum Findings {
    /// Everything that `curve` shows, the gravest first.
    ///
    /// `budget` is the number of epochs the trial was to train; `chanceLoss` is `DataSchema.chanceLoss`; `bestProbeLoss`
    /// the least loss on training rows that any trial of the sweep has reached (nil: only this trial's own is known,
    /// and then neither slow nor plateau can be told from a hard task); `sample` the validation rows (nil: not known, and then
    /// a rise is not held against their error). Order: not finite, diverging, oscillating,
    /// plateau, slow, validation rising. Plateau and slow exclude each other.
    package static func of(
        curve: LearningCurve,
        budget: Int,
        chanceLoss: Double,
        bestProbeLoss: Double?,
        sample: ValidationSample? = nil
    ) -> [Finding] {
        let evidence = CurveEvidence(
            curve: curve,
            budget: budget,
            chance: chanceLoss,
            bestProbeLoss: bestProbeLoss,
            sample: sample
        )
        let slow = SlowDetector.finding(evidence)
        return [
            NonFiniteDetector.finding(curve),
            DivergenceDetector.finding(evidence),
            OscillationDetector.finding(evidence),
            slow == nil ? PlateauDetector.finding(evidence) : nil,
            slow,
            ValidationRiseDetector.finding(evidence),
        ].compactMap { $0 }
    }

    /// The gravest symptom of `curve`; nil when it shows none. Of the six above, which hold for every curve, or else the first
    /// of the whole catalogue that a curve alone can show and that asks for a cause: at chance, spikes, one answer, ….
    ///
    /// `chanceLoss` nil, and a curve without a probe: of a program, whose data are not known here. They are looked at as
    /// `RunEvidence` does.
    package static func primary(
        curve: LearningCurve,
        budget: Int,
        chanceLoss: Double?,
        bestProbeLoss: Double?,
        sample: ValidationSample? = nil
    ) -> Finding? {
        let run = RunEvidence(curve: curve, budget: budget, chanceLoss: chanceLoss, bestProbeLoss: bestProbeLoss)
        let six = of(
            curve: chanceLoss == nil ? run.watched : curve,
            budget: budget,
            chanceLoss: chanceLoss ?? run.series.chance,
            bestProbeLoss: bestProbeLoss,
            sample: sample
        )
        return six.first ?? SymptomReport(run).complaints.first
    }
}
