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
    /// A worker read the network after an epoch that was observed just before.
    case measured(TrialID, PackedReading)
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
    /// The whole file as one node, with the way to prune that was picked for it; `Sweep.read` reads it.
    package let source: SpecNode
    /// The file's text as the user wrote it; empty when it was submitted without one.
    package let text: String
    /// The file's name without its folder, for messages.
    package let fileName: String
    /// The rows; of a sweep whose trials are programs the files that they need.
    package let dataSet: DataSetID
    /// The same rows as the second and each further fold parts them; empty where all trials have one split.
    package let foldSets: [DataSetID]
    /// What the rows look like, parted as `dataSet` is; nil for a sweep whose trials are programs.
    package let schema: DataSchema?
    /// What its trials report, in order: a later version that measures more goes on with the same curves.
    package let metrics: [Metric]
    /// The version of the training core that all its trials run on.
    package let coreVersion: String
    /// Wall-clock time of acceptance: milliseconds since 1970 UTC, for display only.
    package let milliseconds: Int64
    /// What it is a part of; nil for a sweep that stands for itself.
    package let experiment: ExperimentPart?

    package init(
        id: SweepID,
        source: SpecNode,
        text: String,
        fileName: String,
        dataSet: DataSetID,
        foldSets: [DataSetID] = [],
        schema: DataSchema?,
        metrics: [Metric],
        coreVersion: String,
        milliseconds: Int64,
        experiment: ExperimentPart? = nil
    ) {
        self.id = id
        self.source = source
        self.text = text
        self.fileName = fileName
        self.dataSet = dataSet
        self.foldSets = foldSets
        self.schema = schema
        self.metrics = metrics
        self.coreVersion = coreVersion
        self.milliseconds = milliseconds
        self.experiment = experiment
    }
}

extension SweepSubmission {
    /// Every data set that its trials need.
    package var dataSets: [DataSetID] { [dataSet] + foldSets }

    /// Whether any of its trials needs the bytes of this hash.
    package func needs(_ hash: ContentHash) -> Bool {
        dataSet.hash == hash || foldSets.contains { $0.hash == hash }
    }

    /// The rows as a fold parts them, from 1; nil for trials that all have one split.
    package func dataSet(ofFold fold: Int?) -> DataSetID {
        guard let fold, fold > 1, foldSets.indices.contains(fold - 2) else { return dataSet }
        return foldSets[fold - 2]
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
    /// Configurations were enqueued, whole: each is the next that is proposed, before the searcher's own, in their order.
    ///
    /// As with `adjusted`, where the fact stands is the virtual time at which it counts. `key` is the asker's name for the request,
    /// so that it is known when it comes again; empty: none.
    case enqueued([Configuration], key: String = "")
    /// An experiment on one of its trials was begun; the sweeps of its arms were submitted beside it.
    case experiment(SweepExperiment)
    /// No experiment is begun on it any more, and why.
    case experimentsOver(String)
    /// It was trained for so many milliseconds, all times together; written now and then of a sweep that ends after a time.
    ///
    /// Real time, told as a fact, so that a replay decides the same.
    case ran(milliseconds: Int)
    /// It is removed, and its number is never given again; what the journal holds of it before this may be gone.
    ///
    /// The others' standings and the leases that were ever given are told, as both also come of what is gone.
    case deleted([SweepStanding], leasesGiven: Int)
}

/// What a sweep has beside its own facts: what it came to by those of others.
package struct SweepStanding: Hashable, Sendable {
    package let sweep: SweepID
    /// Core seconds that it is taken to have had beside its own.
    package let head: Double
    /// The place of its newest lease among all that were ever given.
    package let newestLease: Int

    package init(sweep: SweepID, head: Double, newestLease: Int) {
        self.sweep = sweep
        self.head = head
        self.newestLease = newestLease
    }
}

extension Fact {
    /// The sweep whose fact it is; nil for what outlives every sweep: how far a worker was heard, and that a sweep was removed.
    package var sweep: SweepID? {
        switch self {
        case .sweepSubmitted(let submission): submission.id
        case .sweepChanged(_, .deleted), .workerSequence: nil
        case .sweepChanged(let id, _): id
        case .trialProposed(let proposal): proposal.trial.sweep
        case .segmentDecided(let trial, _, _, _, _), .noted(let trial, _), .measured(let trial, _),
            .checkpointKept(let trial, _, _), .segmentResolved(let trial, _, _), .trialEnded(let trial, _):
            trial.sweep
        case .leased(let lease, _, _, _, _), .observed(let lease, _), .leaseEnded(let lease, _): lease.trial.sweep
        }
    }
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
    /// Whose state it goes on from, as that trial is when the fact is written; nil: it begins with weights of its own.
    package let parent: Parent?

    package init(
        trial: TrialID,
        configuration: Configuration,
        configurationIndex: Int,
        repeatIndex: Int,
        seed: UInt64,
        parent: Parent? = nil
    ) {
        self.parent = parent
        self.trial = trial
        self.configuration = configuration
        self.configurationIndex = configurationIndex
        self.repeatIndex = repeatIndex
        self.seed = seed
    }
}
