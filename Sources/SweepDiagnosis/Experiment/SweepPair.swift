package import SweepCore

/// A trial that differs from a run in one parameter alone and did better: an experiment that the sweep has made already.
///
/// One run each, of seeds of their own: a hint which change is worth trying, no proof. So the difference must be one that somebody
/// would mend, the fault benchmark's gate: a tenth of what is minimised, 0.02 of what is maximised.
package struct SweepPair: Hashable, Sendable {
    /// A run of a sweep, as far as pairs are told by it.
    package struct Run: Sendable {
        let trial: Int
        let configuration: Configuration
        /// Epochs trained.
        let epochs: Int
        /// The objective's value; nil or not finite: it has none.
        let value: Double?

        package init(trial: Int, configuration: Configuration, epochs: Int, value: Double?) {
            self.trial = trial
            self.configuration = configuration
            self.epochs = epochs
            self.value = value
        }
    }

    /// At most so many are told.
    private static let most = 3
    private static let share = 0.1
    private static let score = 0.02

    /// The trial that did better.
    package let trial: Int
    /// The parameter that differs, and its values in the run and in that trial.
    package let path: String
    package let from: ParameterValue
    package let to: ParameterValue
    /// The objective's value of that trial.
    package let value: Double

    package init(trial: Int, path: String, from: ParameterValue, to: ParameterValue, value: Double) {
        self.trial = trial
        self.path = path
        self.from = from
        self.to = to
        self.value = value
    }

    /// Of each parameter the best trial that differs in it alone, was trained as long at least, and did better; the best first.
    ///
    /// One pass over the runs.
    package static func better(
        than run: Run,
        among runs: some Sequence<Run>,
        objective: Objective
    ) -> [SweepPair] {
        let own = run.value.map(objective.cost) ?? .infinity
        let needed = !own.isFinite ? 0 : objective.direction == .minimize ? share * abs(own) : score
        var best: [String: (pair: SweepPair, cost: Double)] = [:]
        for other in runs where other.trial != run.trial && other.epochs >= run.epochs {
            guard let value = other.value, value.isFinite,
                let (from, to) = difference(run.configuration, other.configuration)
            else { continue }
            let cost = objective.cost(value)
            guard own - cost > needed, cost < best[from.path]?.cost ?? .infinity else { continue }
            let pair = SweepPair(trial: other.trial, path: from.path, from: from.value, to: to.value, value: value)
            best[from.path] = (pair, cost)
        }
        let sorted = best.values.sorted { ($0.cost, $0.pair.path) < ($1.cost, $1.pair.path) }
        return sorted.prefix(most).map(\.pair)
    }

    /// The entries in which two configurations of the same parameters differ, where it is one; else nil.
    private static func difference(
        _ one: Configuration,
        _ other: Configuration
    ) -> (Configuration.Entry, Configuration.Entry)? {
        guard one.entries.count == other.entries.count else { return nil }
        var found: (Configuration.Entry, Configuration.Entry)?
        for (a, b) in zip(one.entries, other.entries) where a != b {
            guard a.path == b.path, found == nil else { return nil }
            found = (a, b)
        }
        return found
    }
}
