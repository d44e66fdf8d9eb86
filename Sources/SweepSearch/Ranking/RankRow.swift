package import SweepCore

/// One configuration in the ranked summary.
package struct RankRow: Hashable, Sendable {
    /// From 1, without gaps.
    package let place: Int
    package let configuration: Configuration
    /// Every run of the configuration, best first.
    package let runs: [Run]
    /// The best run's state.
    package let state: TrialState
    /// The mean over the counted runs; NaN or infinite when a run lost its numbers; nil while nothing is measured.
    package let objective: Double?
    /// The 95 % t interval of the mean over completed runs, of a finalist over those with new seeds; nil below two of them. Over folds it
    /// is widened for the training rows that they share.
    package let interval: ClosedRange<Double>?
    /// The places of other rows whose intervals overlap with this one's; empty without an interval. Of two finalists over folds: whose
    /// paired difference may as well be zero.
    package let tiedWith: [Int]
    /// What the best run measured at `epoch`, in the curve's order; of a finalist the means over its runs with new seeds.
    package let metrics: [MetricValue]
    /// The epoch of the best run that counts.
    package let epoch: Int?
    /// Epochs trained, over all runs.
    package let epochs: Int
    /// Hand-outs, over all runs.
    package let attempts: Int
    /// Core seconds, over all runs.
    package let coreSeconds: Double
    /// The workers of all runs, in order of first use.
    package let workers: [String]
    /// The gravest symptom of the best run, or of a run that lost its numbers.
    package let finding: Finding?
    /// The highest level that the best run came to; 0 before the first.
    package let rung: Int
    /// The last lines of the process that the best run took down; nil when none is known.
    package let log: String?
    /// How it stands among the finalists; nil for all others, and before its first run with a new seed is complete.
    package let final: Final?
    /// Of a sweep of several objectives the configuration's front among the completed ones, from 1; nil for all others.
    package let front: Int?
    /// The mean of each of several objectives over the counted runs, at the epoch that counts; empty for one objective, and while
    /// nothing is measured.
    package let values: [Double]

    package init(
        place: Int,
        configuration: Configuration,
        runs: [Run],
        state: TrialState,
        objective: Double?,
        interval: ClosedRange<Double>?,
        tiedWith: [Int],
        metrics: [MetricValue],
        epoch: Int?,
        epochs: Int,
        attempts: Int,
        coreSeconds: Double,
        workers: [String],
        finding: Finding?,
        rung: Int,
        log: String? = nil,
        final: Final? = nil,
        front: Int? = nil,
        values: [Double] = []
    ) {
        self.place = place
        self.configuration = configuration
        self.runs = runs
        self.state = state
        self.objective = objective
        self.interval = interval
        self.tiedWith = tiedWith
        self.metrics = metrics
        self.epoch = epoch
        self.epochs = epochs
        self.attempts = attempts
        self.coreSeconds = coreSeconds
        self.workers = workers
        self.finding = finding
        self.rung = rung
        self.log = log
        self.final = final
        self.front = front
        self.values = values
    }

    /// A finalist: its objective and interval are those of runs with new seeds, which it was not chosen by.
    package struct Final: Hashable, Sendable {
        /// Completed runs with new seeds.
        package let runs: Int
        /// The objective that it was chosen by: too good on average, as the luckiest are chosen.
        package let searchObjective: Double?
        /// How probable it is that its mean is the best of all finalists'; nil below two runs.
        package let chance: Double?

        package init(runs: Int, searchObjective: Double?, chance: Double?) {
            self.runs = runs
            self.searchObjective = searchObjective
            self.chance = chance
        }
    }

    /// Whether the best run's own rule completed it before the last epoch of its sweep.
    package var stoppedEarly: Bool { runs.first?.stoppedEarly ?? false }

    /// The number of the best run.
    package var trial: Int { runs.first?.trial ?? 0 }

    /// One run of a configuration.
    package struct Run: Hashable, Sendable {
        package let trial: Int
        package let seed: UInt64
        /// The fold of its validation rows, from 1; nil where all trials have one split.
        package let fold: Int?
        /// Its value at the epoch that counts; not finite when it lost its numbers; nil while nothing is measured.
        package let objective: Double?
        package let epochs: Int
        package let state: TrialState
        /// Whether its own rule completed it before the last epoch of its sweep.
        package let stoppedEarly: Bool

        package init(
            trial: Int,
            seed: UInt64,
            fold: Int? = nil,
            objective: Double?,
            epochs: Int,
            state: TrialState,
            stoppedEarly: Bool = false
        ) {
            self.trial = trial
            self.seed = seed
            self.fold = fold
            self.objective = objective
            self.epochs = epochs
            self.state = state
            self.stoppedEarly = stoppedEarly
        }
    }

    /// A metric's name and value.
    package struct MetricValue: Hashable, Sendable {
        package let metric: Metric
        package let value: Double

        package init(metric: Metric, value: Double) {
            self.metric = metric
            self.value = value
        }
    }
}

/// What the completed configurations of a sweep of several objectives come to.
package struct FirstFront: Hashable, Sendable {
    /// How many configurations no other dominates, and of how many.
    package let members: Int
    package let of: Int
    /// The worst that was measured of each objective, and the volume that the front dominates before it, in the product of their units.
    package let reference: [Double]
    package let hypervolume: Double
    /// How that volume came about, in the order of trials; empty where it was not asked for.
    package let history: [Step]

    /// The volume of the completed configurations up to the one that began with this trial.
    package struct Step: Hashable, Sendable {
        package let trial: Int
        package let hypervolume: Double

        package init(trial: Int, hypervolume: Double) {
            self.trial = trial
            self.hypervolume = hypervolume
        }
    }

    package init(members: Int, of: Int, reference: [Double], hypervolume: Double, history: [Step] = []) {
        self.members = members
        self.of = of
        self.reference = reference
        self.hypervolume = hypervolume
        self.history = history
    }
}
