package import SweepCore
import SweepNumerics

extension Experiment {
    /// The sweep file of one round: the run of `template` and its changed versions, over paired seeds.
    ///
    /// `source` is the file of the sweep that the trial is of: its data, its objective and who may train it are kept;
    /// what it says of search, pruning, its end, finalists and experiments is not. With `branch` the arms part there.
    package static func sweep(
        of source: SpecNode,
        template: SpecNode,
        name: String,
        arms: [Intervention],
        repeats: Int,
        seed: UInt64,
        branch: BranchSpec? = nil
    ) -> SpecNode {
        guard case .map(let entries) = source else { return source }
        var kept: [SpecEntry] = []
        let left = ["search", "prune", "stop", "finalists", "diagnose", "arms", "where", "name"]
        for entry in entries where !left.contains(entry.key) {
            switch entry.key {
            case "train": kept.append(SpecEntry("train", template["train"] ?? entry.value))
            case "data": kept.append(SpecEntry("data", data(entry.value, template["data"])))
            default: kept.append(entry)
            }
        }
        let parting = branch.map { [SpecEntry("branch", $0.node)] } ?? []
        let search = SpecNode.map(
            // A seed of a sweep file is an integer from 0.
            [SpecEntry("repeats", .integer(repeats)), SpecEntry("seed", .integer(Int(seed >> 1)))] + parting
        )
        let changed = arms.map { arm in
            SpecEntry(
                arm.name,
                .map(arm.changes.map { SpecEntry($0.path.joined(separator: "."), $0.value) })
            )
        }
        return .map(
            [SpecEntry("name", .text(name))] + kept + [
                SpecEntry("search", search), SpecEntry("prune", .text("none")),
                SpecEntry("arms", .map([SpecEntry(unchanged, .map([]))] + changed)),
            ]
        )
    }

    /// `data` of a sweep file with what the trial's own run says of it.
    private static func data(_ node: SpecNode, _ own: SpecNode?) -> SpecNode {
        guard case .map(let entries) = node else { return node }
        return .map(
            entries.map { entry in
                SpecEntry(
                    entry.key,
                    Sweep.searchedDataKeys.contains(entry.key) ? own?[entry.key] ?? entry.value : entry.value
                )
            }
        )
    }
}
