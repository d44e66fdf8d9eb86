package import SweepCoordination
package import SweepCore
import SweepSearch

/// What a sweep came to, without anything that depends on who trained what when.
package struct SweepOutcome: Hashable, Sendable, CustomStringConvertible {
    /// One trial's part.
    package struct Trial: Hashable, Sendable {
        package let configuration: Configuration
        package let run: Int
        package let seed: UInt64
        /// The state's name with the reason of a pruning, or `early`; a failure's text names workers and is left out.
        package let state: String
        /// The values of each epoch, bit by bit.
        package let curve: [[UInt64]]
        package let notes: [TrialNote]
        package let readings: KeptReadings
    }

    /// A decided segment.
    package struct Segment: Hashable, Sendable {
        package let trial: Int
        package let from: Int
        package let to: Int
        /// Virtual time of its end; 0 where decisions do not wait for results, and virtual time means nothing.
        package let end: Double
    }

    package let state: String
    package let trials: [Trial]
    /// In the order in which they were decided.
    package let segments: [Segment]
    /// The ranked table, a row a line: all of it but what tells who worked how often.
    package let table: [String]

    /// What `sweep` came to; `facts` are the journal's, `curve` gives a trial's curve whole.
    package init(_ sweep: SweepProgress, facts: [Fact], curve: (TrialProgress) -> LearningCurve) {
        state = sweep.state.name
        trials = sweep.trials.map { trial in
            var state = trial.ended?.name ?? "open"
            if case .pruned(let reason)? = trial.ended { state += " \(reason.rawValue)" }
            if trial.stoppedEarly { state += " early" }
            return Trial(
                configuration: trial.configuration,
                run: trial.runOfConfiguration,
                seed: trial.seed,
                state: state,
                curve: curve(trial).observations.map { $0.values.map { $0.isNaN ? 0 : $0.bitPattern } },
                notes: trial.notes,
                readings: trial.readings
            )
        }
        segments = facts.compactMap { fact in
            guard case .segmentDecided(let trial, let from, let to, let end, _) = fact, trial.sweep == sweep.id else {
                return nil
            }
            return Segment(trial: trial.number, from: from, to: to, end: sweep.inVirtualTime ? end : 0)
        }
        table = Self.table(sweep)
    }

    private static func table(_ sweep: SweepProgress) -> [String] {
        let records = sweep.trials.map { $0.record($0.state(begun: false)) }
        let rows = Ranking.rows(
            records,
            objective: sweep.sweep.objective,
            further: sweep.sweep.further,
            levels: sweep.levels,
            repeats: sweep.repeats,
            folds: sweep.sweep.folds
        )
        return rows.map { row in
            let runs = row.runs.map { run in
                "\(run.trial) \(bits(run.objective)) \(run.epochs) \(run.state.name) \(run.stoppedEarly)"
            }
            let interval = row.interval.map { "\(bits($0.lowerBound))-\(bits($0.upperBound))" } ?? "none"
            let metrics = row.metrics.map { "\($0.metric.rawValue) \(bits($0.value))" }
            return "\(row.place) \(row.configuration.id) \(bits(row.objective)) \(interval) \(row.tiedWith) \(runs)"
                + " \(metrics) \(row.epoch ?? 0) \(row.epochs) \(bits(row.coreSeconds)) \(row.rung)"
                + (row.values.isEmpty ? "" : " front \(row.front ?? 0) \(row.values.map { bits($0) })")
        }
    }

    /// A number bit by bit; all that are no numbers are one.
    private static func bits(_ value: Double?) -> String {
        value.map { $0.isNaN ? "nan" : String($0.bitPattern, radix: 16) } ?? "none"
    }

    /// Epochs over all trials.
    package var epochs: Int { trials.reduce(0) { $0 + $1.curve.count } }

    /// How many trials ended so.
    package func count(_ state: String) -> Int { trials.count { $0.state.hasPrefix(state) } }

    package var description: String {
        let states = trials.enumerated().map { "\($0 + 1): \($1.state) after \($1.curve.count)" }
        return
            "\(state); \(states.joined(separator: ", ")); segments \(segments.map { "\($0.trial):\($0.from)-\($0.to)" })"
    }

    /// The first thing in which two outcomes differ; nil when they are equal.
    package func difference(from other: SweepOutcome) -> String? {
        if self == other { return nil }
        if state != other.state { return "state \(state), \(other.state)" }
        for (index, pair) in zip(segments, other.segments).enumerated() where pair.0 != pair.1 {
            return "decision \(index): \(pair.0), \(pair.1)"
        }
        if segments.count != other.segments.count { return "\(segments.count), \(other.segments.count) decisions" }
        for (index, pair) in zip(trials, other.trials).enumerated() where pair.0 != pair.1 {
            return "trial \(index + 1): \(pair.0.state) after \(pair.0.curve.count), "
                + "\(pair.1.state) after \(pair.1.curve.count)"
        }
        for (own, theirs) in zip(table, other.table) where own != theirs { return "ranked \(own), \(theirs)" }
        return "\(trials.count), \(other.trials.count) trials"
    }
}
