import SweepCoordination
import SweepCore
import SweepReports
import SweepSearch

extension CoordinatorCore {
    /// Why the trial was proposed and what was decided of it; nil when there is none of that number.
    func explanationDocument(_ sweep: SweepProgress, trial number: Int) -> ExplanationDocument? {
        guard let trial = sweep[number], let explanation = sweep.explanation(of: number) else { return nil }
        let choice = SearchChoice(spec: sweep.sweep.search, space: sweep.sweep.space)
        return ExplanationDocument(
            sweep: sweep.sweep.name,
            objective: sweep.sweep.objective,
            state: state(of: trial, sweep),
            method: choice.method.rawValue,
            picked: choice.reason,
            rule: sweep.sweep.search.population?.sentence ?? sweep.sweep.prune.sentence,
            explanation: explanation
        )
    }
}
