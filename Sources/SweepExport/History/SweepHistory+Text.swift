import SweepCore
import SweepReports

extension SweepHistory {
    /// One line a trial and epoch, with the trial's parameters in columns of their own: a table that needs no other beside it.
    ///
    /// Columns: `trial`, `configuration_id`, `seed`, `state`, `final` (`true` for a finalist's run with a new seed), `finding`, the parameters by their paths, `epoch`, `core_seconds`
    /// (of the epoch), the metrics. Numbers are exact; cells of what a trial does not have are empty. A trial without an epoch
    /// has one line.
    package var csv: String {
        let paths = paths
        let metrics = curves.metrics
        let columns =
            ["trial", "configuration_id", "seed", "state", "final", "finding"] + paths + ["epoch", "core_seconds"]
            + metrics.map(\.rawValue)
        // Line by line: as a table, all cells would be in memory at once.
        func line(_ cells: [String]) -> String { cells.map(Table.csvField).joined(separator: ",") + "\n" }
        var text = line(columns)
        for trial in curves.trials {
            let head =
                [
                    String(trial.trial), trial.configuration.id.description, String(trial.seed), trial.state.name,
                    trial.isFinal ? "true" : "", findings[trial.trial] ?? "",
                ] + paths.map { trial.configuration[$0]?.description ?? "" }
            let series = metrics.map { trial.curve.series($0) }
            if trial.curve.epochs == 0 { text += line(head + Array(repeating: "", count: 2 + metrics.count)) }
            for (index, observation) in trial.curve.observations.enumerated() {
                text += line(
                    head + [String(observation.epoch), "\(observation.seconds)"]
                        + series.map { $0.indices.contains(index) ? "\($0[index])" : "" }
                )
            }
        }
        return text
    }

    /// One JSON object a line and trial, as `curves --format json` shows trials, with `sweep` and `finding`.
    package var jsonLines: String {
        guard case .array(let trials)? = curves.json["trials"] else { return "" }
        return zip(trials, curves.trials).map { json, trial in
            guard case .object(let members) = json else { return "" }
            let head = [
                JSONMember("sweep", .text(sweep)),
                JSONMember("finding", findings[trial.trial].map { .text($0) } ?? .null),
            ]
            return JSONValue.object(head + members).text() + "\n"
        }.joined()
    }
}
