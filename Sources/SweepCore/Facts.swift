/// What a coordinator commits: the whole state is a replay of its facts, in the order they were written.
///
/// A fact says what happened, never what follows from it: searchers, schedulers and tables are rebuilt by applying facts.
package enum Fact: Hashable, Sendable {
    /// A sweep was accepted.
    case sweepSubmitted(SweepSubmission)
    /// A sweep was steered or came to its end.
    case sweepChanged(SweepID, SweepChange)
    /// The searcher proposed a trial.
    case trialProposed(TrialProposal)
    /// The scheduler decided that a trial trains the epochs after `from` up to and with `to`.
    ///
    /// `virtualEnd` is when it ends in virtual time; `order` is the decision's number in its sweep and breaks ties.
    case segmentDecided(TrialID, from: Int, to: Int, virtualEnd: Double, order: Int)
    /// A worker was given a segment: the epochs after `from` up to and with `to`.
    ///
    /// `kernels` are those that the worker trains it with; empty where trials are programs, and in journals of before.
    case leased(LeaseID, worker: WorkerID, from: Int, to: Int, kernels: String = "")
    /// A worker reported epochs.
    case observed(LeaseID, [Observation])
    /// A worker reported what happened in epochs that were observed just before.
    case noted(TrialID, [TrialNote])
    /// A trial's checkpoint after `epoch` is kept and may be resumed from; with epoch 0 it was lost, and the trial begins anew.
    case checkpointKept(TrialID, epoch: Int, CheckpointID)
    /// The end of a segment was fed to the scheduler, in virtual time: `cost` (less is better) at `epoch`.
    case segmentResolved(TrialID, epoch: Int, cost: Double)
    /// A lease ended before its segment did.
    case leaseEnded(LeaseID, LeaseEnd)
    /// A trial reached a terminal state; only `completed`, `pruned` and `failed` are ever written.
    ///
    /// One that completes with fewer epochs than its sweep trains was stopped early by its own rule.
    case trialEnded(TrialID, TrialState)
    /// Every message of this worker process up to and with `sequence` was applied.
    case workerSequence(WorkerID, sequence: UInt64)
}

/// A sweep as it was accepted.
package struct SweepSubmission: Hashable, Sendable {
    package let id: SweepID
    /// The whole file as one node; `Sweep.read` reads it.
    package let source: SpecNode
    /// The file's text as the user wrote it; empty when it was submitted without one.
    package let text: String
    /// The file's name without its folder, for messages.
    package let fileName: String
    /// The rows; of a sweep whose trials are programs the files that they need.
    package let dataSet: DataSetID
    /// What the rows look like; nil for a sweep whose trials are programs.
    package let schema: DataSchema?
    /// What its trials report, in order: a later version that measures more goes on with the same curves.
    package let metrics: [Metric]
    /// The version of the training core that all its trials run on.
    package let coreVersion: String
    /// Wall-clock time of acceptance: milliseconds since 1970 UTC, for display only.
    package let milliseconds: Int64

    package init(
        id: SweepID,
        source: SpecNode,
        text: String,
        fileName: String,
        dataSet: DataSetID,
        schema: DataSchema?,
        metrics: [Metric],
        coreVersion: String,
        milliseconds: Int64
    ) {
        self.id = id
        self.source = source
        self.text = text
        self.fileName = fileName
        self.dataSet = dataSet
        self.schema = schema
        self.metrics = metrics
        self.coreVersion = coreVersion
        self.milliseconds = milliseconds
    }
}

/// A step in a sweep's life after it was submitted.
package enum SweepChange: Hashable, Sendable {
    case paused
    case resumed
    case cancelled
    case finished
    /// It cannot go on as things are, and rests; the reason is for the person who must act and then resume it.
    case halted(String)
    /// Its priority, its limit of trials at once or its number of trials became another.
    ///
    /// More trials than it has let a finished sweep go on. Where the fact stands among the others is the virtual time at
    /// which it counts, so that a replay takes the same decisions.
    case adjusted(SweepAdjustment)
}

/// A trial as the searcher proposed it.
package struct TrialProposal: Hashable, Sendable {
    package let trial: TrialID
    package let configuration: Configuration
    /// Which configuration of the sweep this is, from 0, in the order of proposal; equal for the repeats of one.
    package let configurationIndex: Int
    /// Which run of that configuration this is, from 0.
    package let repeatIndex: Int
    package let seed: UInt64

    package init(
        trial: TrialID,
        configuration: Configuration,
        configurationIndex: Int,
        repeatIndex: Int,
        seed: UInt64
    ) {
        self.trial = trial
        self.configuration = configuration
        self.configurationIndex = configurationIndex
        self.repeatIndex = repeatIndex
        self.seed = seed
    }
}
