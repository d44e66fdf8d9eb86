package import SweepCore

extension Sweep {
    /// The sweep file that trains one configuration of this sweep to its last epoch; nil when it is not of this sweep.
    ///
    /// Every range and arm has the configuration's value. Of search the seed alone is kept, and nothing is pruned.
    package func single(_ configuration: Configuration, name: String) -> SpecNode? {
        // Of folds it has the one that the search worked on: its trial is then that of the search, and has no finalists after it.
        guard case .map(let entries) = source.onFold(1), let run = space.resolve(configuration) else { return nil }
        var kept = [SpecEntry("name", .text(name))]
        let left = ["name", "search", "prune", "stop", "finalists", "diagnose", "arms"]
        for entry in entries where !left.contains(entry.key) {
            switch (entry.key, entry.value) {
            case ("train", let value): kept.append(SpecEntry("train", run["train"] ?? value))
            case ("data", .map(let data)):
                let searched = Self.searchedDataKeys.compactMap { key in
                    run["data"]?[key].map { SpecEntry(key, $0) }
                }
                let fixed = data.filter { entry in !searched.contains { $0.key == entry.key } }
                kept.append(SpecEntry("data", .map(fixed + searched)))
            default: kept.append(entry)
            }
        }
        let seed = SpecNode.map([SpecEntry("seed", .integer(Int(clamping: search.seed)))])
        return .map(kept + [SpecEntry("search", seed), SpecEntry("prune", .text("none"))])
    }
}
