/// A round of an experiment that a coordinator began by itself on a trial of a finished sweep.
package struct SweepExperiment: Hashable, Sendable {
    /// The trial that is trained again, as it is and changed.
    package let trial: Int
    /// 1: one change in each arm; 2: two changes at a time.
    package let round: Int
    /// The sweeps that train the arms.
    package let sweeps: [SweepID]
    /// What it is to decide about; none of these is looked into again.
    package let causes: [Cause]
    /// Epochs of all its runs, as they were planned.
    package let epochs: Int

    package init(trial: Int, round: Int, sweeps: [SweepID], causes: [Cause], epochs: Int) {
        self.trial = trial
        self.round = round
        self.sweeps = sweeps
        self.causes = causes
        self.epochs = epochs
    }

    /// Rounds of all experiments on a sweep that are recorded at most, and sweeps and causes of one.
    package static let greatestRounds = 16
    package static let greatestParts = 64
}
