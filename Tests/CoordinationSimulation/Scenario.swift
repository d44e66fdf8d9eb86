package import SweepCoordination
package import SweepCore
package import SweepTestKit

/// What is simulated: sweeps, workers, what the trials are like, what the user does, and what goes wrong.
package struct Scenario: Hashable, Sendable {
    /// Decides everything that varies beside what stands here: how long epochs take, which message is lost.
    package var seed: UInt64
    package var sweeps: [SampleSweep]
    package var workers: [SimulatedWorker.Plan]
    package var training = SyntheticTraining()
    package var options = CoordinatorOptions()
    package var faults: [Fault] = []
    /// What the user does, and when (virtual seconds).
    package var steering: [Step] = []
    /// Virtual seconds in which a peer that is no worker of ours sends damaged copies of what it overhears; nil: there is
    /// none. It speaks with a key of its own, so it cannot take over another's registration.
    package var hostile: Window?
    /// Whether the invariants are checked after every step; their cost grows with the number of trials.
    package var checksInvariants = true

    /// What a user may do.
    package enum Act: Hashable, Sendable {
        case steer(Steering)
        case adjust(SweepAdjustment)
        /// A configuration to try next; without a width that is drawn. `key` is the request's name, another one for each act.
        case enqueue(rate: Double, width: Int?, adds: Bool, key: String)
    }

    /// One act of the user.
    package struct Step: Hashable, Sendable {
        package var seconds: Double
        package var sweep: String
        package var act: Act
        package init(seconds: Double, sweep: String, steering: Steering) {
            self.init(seconds: seconds, sweep: sweep, .steer(steering))
        }
        package init(seconds: Double, sweep: String, _ act: Act) {
            self.seconds = seconds
            self.sweep = sweep
            self.act = act
        }
    }

    package init(seed: UInt64, sweeps: [SampleSweep], workers: [SimulatedWorker.Plan], faults: [Fault] = []) {
        self.seed = seed
        self.sweeps = sweeps
        self.workers = workers
        self.faults = faults
    }

    /// Whether the user removes a sweep.
    package var isCleared: Bool { steering.contains { $0.act == .steer(.delete) } }

    /// Virtual seconds after which the sweeps must be over, or the run counts as one that does not end by itself.
    ///
    /// After the last fault everything is trained once more on one slot of the slowest worker, twice as slowly as it is;
    /// beside that each fault may cost a lapse and a reconnection, and each attempt at a trial that takes its worker down a
    /// restart and a lapse.
    package var limit: Double {
        let slowest = workers.map(\.epochMilliseconds).max() ?? 0
        var work = 0.0
        for sweep in sweeps {
            // A grid without a number of trials has 12 configurations, of at most 3 runs; no change asks for more than 36.
            // Of a population all members may be replaced at each of their decisions.
            let copies = (sweep.population?.members ?? 0) * sweep.epochs
            let arms = sweep.diagnose == nil ? 0 : StandInExperiment.greatestTrials
            let trials = Double(max(sweep.trials ?? 0, 36) + copies + arms)
            work += trials * Double(sweep.epochs) * slowest / 1000 * 3
            if training.killing + training.dying > 0 { work += trials * Double(options.attempts) * 20 }
        }
        return calm + 300 + 60 * Double(faults.count) + work
    }

    /// Virtual seconds after which nothing is done to the run any more; a fault that is bound to a commit may come later.
    package var calm: Double {
        let last = max(faults.map(\.end).max() ?? 0, steering.map(\.seconds).max() ?? 0, hostile?.to ?? 0)
        return max(last, workers.map(\.joins).max() ?? 0)
    }

    /// Virtual seconds without a new fact after which a calm run counts as one that stands still.
    ///
    /// The longest that an orderly one takes for an epoch is one and a half times the slowest worker's, begun while it was
    /// slowed down up to 31 times; a lapse, the longest pause before a reconnection and a transfer's patience are 6, 10
    /// and 5 s, and each may be needed twice in a row.
    package var patience: Double { 120 + 50 * (workers.map(\.epochMilliseconds).max() ?? 0) / 1000 }

    /// The same sweep on one worker with one slot, where nothing goes wrong but the trials themselves; with `trials` in all,
    /// if that is told.
    package func undisturbed(_ sweep: SampleSweep, trials: Int? = nil) -> Scenario {
        var plain = sweep
        plain.priority = 0
        plain.maxParallel = nil
        plain.requires = [:]
        plain.threads = 1
        plain.diagnose = nil
        if let trials { plain.trials = trials }
        var quiet = Scenario(seed: 1, sweeps: [plain], workers: [.init(name: "only")])
        quiet.training = training
        quiet.options = options
        return quiet
    }
}
