package import SweepCore

/// All that ranking and reports know of one trial.
package struct TrialRecord: Hashable, Sendable {
    /// Its number in the sweep, from 1.
    package let number: Int
    package let configuration: Configuration
    /// The configuration's name, by which runs are put together.
    package let configurationID: ConfigurationID
    /// Its own seed.
    package let seed: UInt64
    /// Which repeat of the configuration it is, from 0.
    package let repetition: Int
    /// The fold of its validation rows, from 1; nil where all trials have one split.
    package let fold: Int?
    package let state: TrialState
    /// Whether its own rule completed it before the last epoch of its sweep.
    package let stoppedEarly: Bool
    /// What happened in its training.
    package let notes: [TrialNote]
    package let curve: LearningCurve
    /// How often it was handed out.
    package let attempts: Int
    /// Core seconds it took, lost attempts included.
    package let coreSeconds: Double
    /// The workers that trained it, in order of first use.
    package let workers: [String]
    /// The kernels that it was trained with, in order of first use; none of a program.
    package let kernels: [String]
    /// Its gravest symptom; nil when there is none.
    package let finding: Finding?
    /// The last lines of the process that its last lost attempt took down; nil when none is known.
    package let log: String?
    /// Whose state it went on from; nil: it began with weights of its own.
    package let parent: Parent?

    package init(
        number: Int,
        configuration: Configuration,
        configurationID: ConfigurationID? = nil,
        seed: UInt64,
        repetition: Int = 0,
        fold: Int? = nil,
        state: TrialState,
        stoppedEarly: Bool = false,
        notes: [TrialNote] = [],
        curve: LearningCurve,
        attempts: Int = 1,
        coreSeconds: Double = 0,
        workers: [String] = [],
        kernels: [String] = [],
        finding: Finding? = nil,
        log: String? = nil,
        parent: Parent? = nil
    ) {
        self.parent = parent
        self.number = number
        self.configuration = configuration
        self.configurationID = configurationID ?? configuration.id
        self.seed = seed
        self.repetition = repetition
        self.fold = fold
        self.state = state
        self.stoppedEarly = stoppedEarly
        self.notes = notes
        self.curve = curve
        self.attempts = attempts
        self.coreSeconds = coreSeconds
        self.workers = workers
        self.kernels = kernels
        self.finding = finding
        self.log = log
    }
}
