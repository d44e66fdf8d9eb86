package import SweepCoordination
package import SweepCore
package import SweepReports
import SweepSearch

extension CoordinatorCore {
    /// Which parameters of the sweep matter for `metric`, or for its objective; `curves` has those that are thinned here.
    package func importanceDocument(
        _ sweep: SweepProgress,
        metric: Metric?,
        curves: WholeCurves
    ) throws(ControlError) -> ImportanceDocument {
        let objective = sweep.sweep.objective
        let judged = try sweep.objective(on: metric)
        let metric = judged.metric
        let compared = ComparedResults(
            // Runs of finalists would count the best configurations many times.
            sweep.trials.lazy.filter { !sweep.isFinal($0.number) }.map { record($0, sweep) },
            objective: objective,
            judged: judged,
            levels: sweep.levels
        ) { wanted in
            var values: [Int: Double] = [:]
            var thinned: [Int: Int] = [:]
            for (record, epoch) in wanted {
                // A thinned curve keeps the epoch that counts, and few others.
                if record.curve.isWhole || record.curve.best(for: objective)?.epoch == epoch {
                    values[record.number] = record.curve.value(metric, at: epoch)
                } else {
                    thinned[record.number] = epoch
                }
            }
            curves.forEach(thinned.keys.sorted().lazy.compactMap { sweep[$0] }, in: sweep) { trial, curve in
                values[trial.number] = thinned[trial.number].flatMap { curve.value(metric, at: $0) }
            }
            return values
        }
        guard
            let importance = Importance.analysis(
                space: sweep.sweep.space,
                results: compared.results,
                isMaximized: judged.direction == .maximize,
                seed: sweep.sweep.search.seed
            )
        else {
            throw ControlError(
                .conflict,
                "\(sweep.sweep.name): what matters is told from \(Importance.leastConfigurations) configurations on whose results "
                    + "differ; \(Set(compared.results.map(\.configuration.id)).count) have a result"
            )
        }
        return ImportanceDocument(
            sweep: sweep.sweep.name,
            objective: judged,
            comparedAt: compared.epoch,
            importance: importance
        )
    }
}
