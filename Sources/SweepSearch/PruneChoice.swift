package import SweepCore

/// Which trials of a sweep go on: the method that its file names, or what `auto` picks and why.
package struct PruneChoice: Hashable, Sendable {
    /// Never `auto`.
    package let method: PruneSpec.Method
    /// Why `auto` picked it; nil where the sweep file names the method or sets something of it.
    package let reason: String?

    /// The choice for a sweep whose file is handed in now.
    package init(_ sweep: Sweep) {
        self = Self.named(sweep) ?? Self.picked(sweep)
    }

    /// The choice of a sweep that was handed in before, as its kept file says it.
    ///
    /// One that says nothing has promotion ASHA. Where that is not what would be picked now, another version did, and its reason is
    /// not known.
    package init(kept sweep: Sweep) {
        if let named = Self.named(sweep) {
            self = named
        } else {
            let (method, picked) = (sweep.prune.resolvedMethod, Self.picked(sweep))
            // With one epoch there is nothing that either could stop.
            let isPicked = picked.method == method || picked.method == .none
            self.init(isPicked ? picked.method : method, isPicked ? picked.reason : nil)
        }
    }

    private init(_ method: PruneSpec.Method, _ reason: String?) {
        self.method = method
        self.reason = reason
    }

    /// What the file says itself; nil where it leaves that to `auto`.
    private static func named(_ sweep: Sweep) -> PruneChoice? {
        guard sweep.prune.method == .auto else { return PruneChoice(sweep.prune.method, nil) }
        if sweep.source.leavesPruning { return nil }
        let method = sweep.prune.resolvedMethod
        guard PruneSpec.isPicked(sweep.source["prune"]) else { return PruneChoice(method, nil) }
        let picked = picked(sweep)
        return PruneChoice(method, picked.method == method ? picked.reason : nil)
    }

    private static func picked(_ sweep: Sweep) -> PruneChoice {
        pick(
            search: sweep.search,
            space: sweep.space,
            epochs: sweep.epochs,
            severalObjectives: !sweep.further.isEmpty,
            finalists: sweep.finalists != nil,
            stop: sweep.stop != nil,
            asked: sweep.ask != nil
        )
    }

    /// What `auto` picks.
    ///
    /// Few whole curves find the best of configurations that are what they are for less than half of promotion ASHA's epochs
    /// (docs/decisions/0042). A searcher that learns needs the results of high rungs, which come late and few under them. And as all
    /// trials come to a rung before any goes on, all of them must be sure to come: nothing may end the search before.
    package static func pick(
        search: SearchSpec,
        space: SearchSpace,
        epochs: Int,
        severalObjectives: Bool = false,
        finalists: Bool = false,
        stop: Bool = false,
        asked: Bool = false
    ) -> PruneChoice {
        let method = SearchChoice(spec: search, space: space).method
        if epochs == 1 { return PruneChoice(.none, "trials have one epoch") }
        if severalObjectives { return PruneChoice(.asha, "there are several objectives") }
        if !method.ignoresResults {
            return PruneChoice(.asha, "\(method.rawValue) learns from the results of high rungs")
        }
        if finalists { return PruneChoice(.asha, "finalists are chosen among the trials that come to their end") }
        if stop { return PruneChoice(.asha, "stop may end the search before all trials have begun") }
        if asked { return PruneChoice(.asha, "programs ask for as many trials as they like") }
        if !search.constraints.isEmpty {
            return PruneChoice(.asha, "conditions may leave fewer configurations than are to be tried")
        }
        if search.trials == nil, method != .grid, !space.parameters.isEmpty {
            return PruneChoice(.asha, "the number of trials is not known")
        }
        return PruneChoice(.extrapolate, "\(method.rawValue) needs no results and the number of trials is known")
    }
}

extension PruneChoice {
    /// `spec`, which may leave it to `auto`, with what was picked.
    package func spec(_ spec: PruneSpec) -> PruneSpec {
        var spec = spec
        spec.method = method
        return spec
    }
}

extension Sweep {
    /// The file as it is kept when it is handed in: with what `auto` picks, where that is not what a kept file without `prune` means.
    ///
    /// So a sweep has its rule for ever, whatever a later version picks.
    package var settledSource: SpecNode {
        guard source.leavesPruning, PruneChoice(self).method == .extrapolate, case .map(let entries) = source else {
            return source
        }
        guard case .map(let picked) = PruneSpec.pickedExtrapolation else { return source }
        let prune = SpecNode.map(picked + source.hopelessEntry)
        return .map(entries.filter { $0.key != "prune" } + [SpecEntry("prune", prune)])
    }
}

extension SpecNode {
    /// In what this sweep file differs from the one that `kept` was written for when it was handed in.
    ///
    /// One that leaves pruning to `auto` is the same whatever was picked then, by this version or an earlier one. And one that leaves the
    /// method of its search to `auto` is the same as one that was kept without a method, which an earlier version took in.
    package func difference(fromKept kept: SpecNode) -> Difference {
        if kept.leavesMethod, self["search"]?["method"] == .text(SearchSpec.Method.auto.rawValue) {
            return withoutMethod.difference(fromKept: kept.withoutMethod)
        }
        guard leavesPruning, kept.leavesPruning || kept.holdsPick else { return difference(from: kept) }
        // Whether hopeless trials are stopped is no matter of auto.
        guard hopelessEntry == kept.hopelessEntry else { return difference(from: kept) }
        return without("prune").difference(from: kept.without("prune"))
    }

    /// What this sweep file says of hopeless trials; empty where that is nothing.
    fileprivate var hopelessEntry: [SpecEntry] {
        guard case .map(let entries)? = self["prune"] else { return [] }
        return entries.filter { $0.key == PruneSpec.hopelessKey }
    }

    /// Whether the way to prune of this kept file is what `auto` picks for the rest of it, and not only written like that.
    private var holdsPick: Bool {
        guard PruneSpec.isPicked(self["prune"]),
            let sweep = Sweep.read(without("prune"), problems: SpecProblems())
        else { return false }
        return PruneChoice(sweep).method == .extrapolate
    }
}
