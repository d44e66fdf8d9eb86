package import SweepCore

/// What is to be done next about the findings of a finished sweep.
package enum ExperimentStep: Hashable, Sendable {
    /// A round is to be trained.
    case begin(ExperimentPlan)
    /// No experiment is to be begun any more; the reason is for people.
    case over(String)
}

/// A round of an experiment as it is to be trained.
package struct ExperimentPlan: Hashable, Sendable {
    /// The trial that is trained again.
    package let trial: Int
    /// 1: one change in each arm; 2: two changes at a time.
    package let round: Int
    /// What it is to decide about.
    package let causes: [Cause]
    /// Epochs of all its runs.
    package let epochs: Int
    /// The sweeps that train its arms.
    package let drafts: [SweepDraft]

    package init(trial: Int, round: Int, causes: [Cause], epochs: Int, drafts: [SweepDraft]) {
        self.trial = trial
        self.round = round
        self.causes = causes
        self.epochs = epochs
        self.drafts = drafts
    }
}

/// Where the experiments on a sweep stand that its file asks for.
package enum ExperimentsState: String, Hashable, Sendable {
    /// The sweep itself is not over.
    case waiting
    case underWay = "under_way"
    /// A sweep of theirs is halted, and waits for a person.
    case halted
    case over
}
