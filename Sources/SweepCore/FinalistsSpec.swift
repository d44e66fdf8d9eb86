/// How the best configurations are compared anew when the search is over: `finalists` of the sweep file.
package struct FinalistsSpec: Hashable, Sendable {
    /// Configurations that are compared: the best completed ones.
    package let top: Int
    /// Runs with new seeds for each of them on average; those whose place is in doubt get more.
    package let seeds: Int

    /// Configurations of the largest comparison: the chance of each to be the best is worked out against all others.
    static let tops = 1...50
    /// With one run nothing is known of the spread.
    static let seedCounts = 2...1000

    package init(top: Int, seeds: Int) {
        self.top = top
        self.seeds = seeds
    }

    /// The most runs that the comparison may take.
    package var runs: Int { top * seeds }

    static func read(_ reader: SpecReader) -> FinalistsSpec? {
        guard let fields = reader.fields(["top", "seeds"]) else { return nil }
        let top = fields.optional("top").map { $0.integer(in: tops) } ?? 5
        let seeds = fields.optional("seeds").map { $0.integer(in: seedCounts) } ?? 5
        guard let top, let seeds else { return nil }
        return FinalistsSpec(top: top, seeds: seeds)
    }
}
