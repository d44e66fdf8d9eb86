package import SweepCore

/// What a user's sweep file that leaves `search.method` out is searched with (docs/decisions/0071).
///
/// A kept file that leaves it out means `random`, for ever: what was begun goes on as it began. Therefore the default is written into
/// a user's file where it is read, and is not what a reader of files takes for a method that is not there.
extension SpecNode {
    /// This sweep file, which a user hands in, with `search.method: auto` where it leaves the method out.
    ///
    /// Unchanged where `arms` are all trained, and where more than `greatestTrialsOfDefault` configurations are to be tried. A `search`
    /// that is no map is left as it is, to be told as the mistake that it is.
    package var withDefaultMethod: SpecNode {
        guard case .map(let entries) = self, leavesMethod, self["arms"] == nil, !hasManyTrials else { return self }
        var search = [SpecEntry("method", .text(SearchSpec.Method.auto.rawValue))]
        if case .map(let rest)? = self["search"] { search += rest.filter { $0.key != "method" } }
        let entry = SpecEntry("search", .map(search))
        guard let index = entries.firstIndex(where: { $0.key == "search" }) else { return .map(entries + [entry]) }
        var filled = entries
        filled[index] = entry
        return .map(filled)
    }

    /// Whether this sweep file leaves out how it is searched.
    package var leavesMethod: Bool {
        switch self["search"] {
        case nil, .null?: return true
        case .map?:
            let method = self["search"]?["method"]
            return method == nil || method == .null
        default: return false
        }
    }

    /// This sweep file without the method of its search, and without a `search` that says nothing else.
    package var withoutMethod: SpecNode {
        guard case .map(let entries) = self else { return self }
        return .map(
            entries.compactMap { entry in
                guard entry.key == "search" else { return entry }
                guard case .map(let search) = entry.value else { return entry.value == .null ? nil : entry }
                let rest = search.filter { $0.key != "method" }
                return rest.isEmpty ? nil : SpecEntry("search", .map(rest))
            }
        )
    }

    /// Configurations up to which the default is `auto`: what a proposal of the Parzen estimator takes grows with the results, and was
    /// measured up to so many (Benchmarks/README.md).
    package static let greatestTrialsOfDefault = 10_000

    private var hasManyTrials: Bool {
        guard case .integer(let trials)? = self["search"]?["trials"] else { return false }
        guard case .integer(let repeats)? = self["search"]?["repeats"] else {
            return trials > Self.greatestTrialsOfDefault
        }
        return trials / max(1, repeats) > Self.greatestTrialsOfDefault
    }
}
