import SweepCore
import SweepDiagnosis
import SweepSearch

extension SweepProgress {
    /// Whether its file has trials stopped that cannot recover.
    ///
    /// Not in an experiment whose arms part from one state: what becomes of a sick run is what it asks. And only by losses: networks whose
    /// loss is thousands of times that of guessing may be right in nineteen of twenty rows.
    package var stopsHopeless: Bool {
        sweep.prune.stopsHopeless && sweep.search.branch == nil
            && sweep.objectives.allSatisfy { $0.metric.mustBeFinite }
    }

    /// Whether a trial with this curve is stopped as it cannot recover; never a finalist's run, which is one of a comparison.
    func isHopeless(_ trial: TrialProgress, _ curve: LearningCurve) -> Bool {
        stopsHopeless && !isFinal(trial.number) && hopelessness(of: trial, curve) != nil
    }

    /// Why a trial with this curve cannot recover; nil when it may.
    func hopelessness(of trial: TrialProgress, _ curve: LearningCurve) -> Hopelessness? {
        HopelessRule.verdict(curve, objectives: sweep.objectives.map(\.metric), chance: chance(of: trial))
    }

    /// The loss of guessing, as the trial's own loss measures it; nil where nobody knows.
    private func chance(of trial: TrialProgress) -> Double? {
        guard !sweep.isOfPrograms, let schema = submission.schema,
            let spec = sweep.space.resolve(trial.configuration).flatMap({ TrialSpec.read($0, problems: SpecProblems()) }
            )
        else { return nil }
        return ChanceLoss.of(spec.training, on: schema)
    }
}
