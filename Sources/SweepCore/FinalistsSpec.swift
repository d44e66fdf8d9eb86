/// How the best configurations are compared anew when the search is over: `finalists` of the sweep file.
package struct FinalistsSpec: Hashable, Sendable {
    /// Configurations that are compared: the best completed ones.
    package let top: Int
    /// Runs with new seeds for each of them on average; those whose place is in doubt get more. Over folds: for each of them at
    /// most, each fold equally often.
    package let seeds: Int

    /// Configurations of the largest comparison: the chance of each to be the best is worked out against all others.
    static let tops = 1...50
    /// Those that are compared unless the file says otherwise.
    static let usualTop = 5
    /// With one run nothing is known of the spread.
    static let seedCounts = 2...1000

    package init(top: Int, seeds: Int) {
        self.top = top
        self.seeds = seeds
    }

    /// How finalists are judged over so many folds by a file that does not say it: once on each.
    static func usual(folds: Int) -> FinalistsSpec { FinalistsSpec(top: usualTop, seeds: folds) }

    /// Reads `finalists` of a sweep whose finalists are judged over so many `folds`; nil: over one split.
    static func read(_ reader: SpecReader, folds: Int? = nil) -> FinalistsSpec? {
        guard let fields = reader.fields(["top", "seeds"]) else { return nil }
        let top = fields.optional("top").map { $0.integer(in: tops) } ?? usualTop
        let seeds = fields.optional("seeds").map { $0.integer(in: seedCounts) } ?? folds ?? 5
        guard let top, let seeds else { return nil }
        if let folds, seeds % folds != 0 {
            // A mean to which one fold gives more than another is not that of the folds.
            fields.optional("seeds")?.report(
                "\(seeds) runs do not take each of \(folds) folds equally often",
                allowed: "a multiple of \(folds), such as \(max(1, (seeds + folds / 2) / folds) * folds)"
            )
            return nil
        }
        return FinalistsSpec(top: top, seeds: seeds)
    }
}
