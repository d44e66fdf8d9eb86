package import SweepCoordination
import SweepCore
package import SweepReports
import SweepSearch

extension CoordinatorCore {
    /// Why the trial was proposed and what was decided of it; nil when there is none of that number.
    package func explanationDocument(
        _ sweep: SweepProgress,
        trial number: Int,
        curves: WholeCurves = WholeCurves(snapshots: nil, store: nil)
    ) -> ExplanationDocument? {
        guard let trial = sweep[number] else { return nil }
        // By its own curve alone one is stopped that is hopeless; no other's is read.
        let curve = trial.ended == .pruned(.hopeless) ? curves.curve(of: trial, in: sweep) : nil
        guard let explanation = sweep.explanation(of: number, curve: curve) else { return nil }
        let choice = SearchChoice(spec: sweep.sweep.search, space: sweep.sweep.space)
        return ExplanationDocument(
            sweep: sweep.sweep.name,
            objective: sweep.sweep.objective,
            state: state(of: trial, sweep),
            method: choice.method.rawValue,
            picked: choice.reason,
            rule: sweep.sweep.search.population?.sentence ?? sweep.sweep.search.branch?.sentence
                ?? sweep.sweep.prune.sentence,
            rulePicked: PruneChoice(kept: sweep.sweep).reason,
            explanation: explanation
        )
    }
}
