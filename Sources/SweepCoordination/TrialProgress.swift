package import SweepCore

/// Everything the coordinator knows about one trial.
package struct TrialProgress: Sendable {
    /// From 1, in the order of proposal.
    package let number: Int
    package let configuration: Configuration
    /// The name of what it is a run of: its configuration; for a member's copy in a population that member, too, and the copy itself.
    package let configurationID: ConfigurationID
    /// Which run of the configuration this is, from 0.
    package let runOfConfiguration: Int
    package let seed: UInt64
    /// Whose state it went on from; nil: it began with weights of its own.
    package let parent: Parent?
    package internal(set) var curve: LearningCurve
    /// The newest checkpoint that is kept; nil: training starts from the initial weights.
    package internal(set) var checkpoint: KeptCheckpoint?
    /// What is decided and not yet trained; nil while paused and after the end.
    package internal(set) var goal: Goal?
    /// Who trains it now.
    package internal(set) var lease: Lease?
    /// The highest attempt so far; zero before the first lease.
    package internal(set) var attempt = Attempt(rawValue: 0)
    /// Leases in a row that ended without an epoch: what counts against the sweep's attempts.
    package internal(set) var fruitlessAttempts = 0
    /// How the last attempt that did not end by itself died, its log shortened; nil before the first.
    package internal(set) var lastDeath: AttemptDeath?
    /// Workers that were lost with it since its last epoch: it goes to others where there are any.
    package internal(set) var avoided: [WorkerID] = []
    /// The terminal state; nil while there is none.
    package internal(set) var ended: TrialState?
    /// Whether its own rule of early stopping completed it before the last epoch of its sweep.
    package internal(set) var stoppedEarly = false
    /// What happened in its training, in the order of epochs; the first `TrialNote.perTrial`.
    package internal(set) var notes: [TrialNote] = []
    /// What its network looked like after some of its epochs.
    package internal(set) var readings = KeptReadings()
    /// Every worker that held it, first to last, each once.
    package internal(set) var workers: [String] = []
    /// The kernels that it was trained with, first to last, each once; none of a program.
    package internal(set) var kernels: [String] = []

    /// A checkpoint and the epoch after which it was taken.
    package struct KeptCheckpoint: Hashable, Sendable {
        package let epoch: Int
        package let id: CheckpointID
    }

    /// A decided segment's end and its place in virtual time.
    package struct Goal: Hashable, Sendable {
        package let to: Int
        package let end: Double
        package let order: Int
    }

    /// A worker's hold on the trial.
    package struct Lease: Hashable, Sendable {
        package let attempt: Attempt
        package let worker: WorkerID
        /// Epochs that were done when the lease began (those of the checkpoint it starts from).
        package let from: Int
        package let to: Int
        /// Epochs the curve had when the lease began: progress beyond them resets the count of fruitless attempts.
        package let curveEpochs: Int
    }

    /// Workers to avoid that are remembered; more than `attempts` only where a person sets those higher.
    static let avoidedLimit = 8

    init(
        number: Int,
        configuration: Configuration,
        runOfConfiguration: Int,
        seed: UInt64,
        columns: CurveColumns,
        copiedFrom origin: (parent: Parent, id: ConfigurationID?)? = nil
    ) {
        self.number = number
        self.configuration = configuration
        parent = origin?.parent
        configurationID =
            origin.flatMap { origin in
                origin.id.map { configuration.id(copiedFrom: $0, after: origin.parent.epoch, number: number) }
            } ?? configuration.id
        self.runOfConfiguration = runOfConfiguration
        self.seed = seed
        curve = LearningCurve(columns)
    }

    /// Whether the result at `epoch` is known: observed, or never to come.
    package func isKnown(at epoch: Int) -> Bool { ended != nil || curve.epochs >= epoch }

    /// Where the trial stands; `begun` tells whether its worker has started on it.
    package func state(begun: Bool) -> TrialState {
        if let ended { return ended }
        if lease != nil, begun { return .running }
        return goal == nil ? .paused : .waiting
    }
}
