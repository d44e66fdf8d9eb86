package import SweepCore
import SweepSearch

/// One sweep as its facts tell it: trials, virtual time, what is ready to hand out.
///
/// Facts change it (`apply…`), `nextDecision` reads it: so a restart is the same facts applied again.
package struct SweepProgress: Sendable {
    package let id: SweepID
    private let definition: Definition
    package internal(set) var state = SweepState.running
    package internal(set) var trials = TrialList()
    package internal(set) var timeline = VirtualTimeline()
    package internal(set) var ready = ReadySegments()
    /// Segments to hand out whose trial has one attempt left: each gets a worker of its own, so that a trial is only
    /// failed by an attempt that no other trial can have ended.
    package internal(set) var lastAttempts = ReadySegments()
    /// Segments to hand out whose trial was lost with a worker and has more attempts left: another worker is preferred.
    package internal(set) var retries = ReadySegments()
    /// Stops it when nothing can be trained.
    package internal(set) var brake = FailureBrake()
    /// Core seconds of its longest epoch so far.
    package internal(set) var longestEpochSeconds = 0.0
    /// Trials that the search proposed; those after them are runs of its finalists.
    package internal(set) var searched = 0
    /// The finalists, once they are looked for: a function of the ended search, kept as it costs O(n log n).
    var finalists: [Finalist]?
    /// Segments decided so far.
    package internal(set) var decided = 0
    /// Epochs of the search's segments that were decided so far.
    package internal(set) var epochsDecided = 0
    /// The least cost of the search at the end of a segment, in the order in which they are resolved.
    package internal(set) var leastCost = Double.infinity
    /// How long it was trained, as facts tell it: only of a sweep that ends after a time.
    package internal(set) var ranMilliseconds = 0
    /// Trials that have no terminal state.
    package internal(set) var open: Set<Int> = []
    /// Segment ends fed to the scheduler so far.
    package internal(set) var resolved = 0
    /// Epochs of all trials, and the core seconds they took.
    package internal(set) var epochsTrained = 0
    package internal(set) var epochSeconds = 0.0
    /// Counts of the trials.
    package internal(set) var tally = SweepTally()
    /// The best trial so far; nil before the first finite value.
    package internal(set) var incumbent: Incumbent?
    /// Every best so far.
    package internal(set) var incumbents = IncumbentHistory()
    /// The least finite probe loss of any trial.
    package internal(set) var leastProbeLoss: Double?
    /// Fruitless attempts after which a trial fails.
    let attempts: Int
    /// Which configuration and repeat each trial is.
    var plan: TrialPlan
    /// What was enqueued while it ran.
    package internal(set) var enqueued = EnqueuedConfigurations()
    /// The experiments that were begun on it, a round each, in order.
    package internal(set) var experiments: [SweepExperiment] = []
    /// Why none is begun any more; nil while one may be.
    package internal(set) var experimentsEnd: String?
    /// When and where it is trained: as its file says, and as it was changed since.
    package internal(set) var placement: Placement
    /// What it has of the workers, beside other sweeps.
    package internal(set) var share = SweepShare()
    /// The number of the pool of workers that it draws on, while it is not over.
    var pool = 0
    /// Whether the scheduler is told every epoch's cost; of readers too, which have no scheduler.
    let readsCurves: Bool
    var searcher: any Searcher
    var scheduler: any FidelityScheduler
    /// All that both were told.
    var told = DecisionLog()
    /// Costs by the objectives after the first that were told of the segment which is resolved next; empty between two facts.
    var weighed: [Double] = []
    /// Trials whose result is known but not yet resolved, for decisions on arrival.
    var arrived: [Int] = []
    /// The count of resolved segments at which trials without hope were last looked for.
    var searchedAt = 0

    /// Core seconds an epoch takes on average; nil before the first.
    package var meanEpochSeconds: Double? { epochsTrained > 0 ? epochSeconds / Double(epochsTrained) : nil }

    /// Whether decisions depend on no result, so that they may be taken ahead without bound.
    var ignoresResults: Bool { searcher.ignoresResults && scheduler.ignoresResults && sweep.stop?.cost == nil }
    /// Whether results are resolved in the order of their virtual end.
    package var inVirtualTime: Bool { sweep.search.decide == .virtual && !ignoresResults }

    init(sweep: Sweep, submission: SweepSubmission, attempts: Int) {
        id = submission.id
        searcher = SearcherFactory.make(spec: sweep.search, space: sweep.space)
        self.attempts = attempts
        plan = TrialPlan(search: sweep.search, total: searcher.total)
        scheduler = SchedulerFactory.make(
            prune: sweep.prune,
            epochs: sweep.epochs,
            trials: plan.trials,
            objective: sweep.objective,
            search: sweep.search
        )
        readsCurves = scheduler.readsCurves
        placement = sweep.placement
        definition = Definition(sweep: sweep, submission: submission)
    }

    /// What never changes: kept by reference, since the progress is copied whenever it is looked at in its table.
    private final class Definition: Sendable {
        let sweep: Sweep
        let submission: SweepSubmission
        /// What its trials report, for their curves, and the places of the objective and of the probe loss.
        let columns: CurveColumns
        let objectiveColumn: Int?
        let probeColumn: Int?
        /// What copies of members are trained with; nil without a population.
        let explorer: PopulationExplorer?

        init(sweep: Sweep, submission: SweepSubmission) {
            self.sweep = sweep
            self.submission = submission
            columns = CurveColumns(submission.metrics)
            objectiveColumn = submission.metrics.firstIndex(of: sweep.objective.metric)
            probeColumn = submission.metrics.firstIndex(of: .probeLoss)
            let search = sweep.search
            explorer = search.population.map {
                PopulationExplorer($0, space: sweep.space, seed: search.seed, constraints: search.constraints)
            }
        }
    }

    /// The sweep file.
    package var sweep: Sweep { definition.sweep }
    /// How it was handed in.
    package var submission: SweepSubmission { definition.submission }
    /// What its trials report, in order.
    package var metrics: [Metric] { definition.submission.metrics }
    /// What a worker must be to train its trials.
    var needs: WorkerNeeds {
        // A program brings its own training core.
        let coreVersion = !sweep.isOfPrograms ? submission.coreVersion : nil
        var requires = placement.requires
        // What a program reports is the same to every worker.
        if !sweep.isOfPrograms, metrics.contains(where: { ($0.top ?? Metric.usualTop) != Metric.usualTop }) {
            requires.removeAll { $0.key == WorkerRequirement.topAccuracies.key }
            requires = (requires + [.topAccuracies]).sorted()
        }
        if copiesStates {
            requires.removeAll { $0.key == WorkerRequirement.copies.key }
            requires = (requires + [.copies]).sorted()
        }
        if sweep.command?.isReused == true {
            requires.removeAll { $0.key == WorkerRequirement.reusedPrograms.key }
            requires = (requires + [.reusedPrograms]).sorted()
        }
        // Workers of before train a file that leaves it out, and read nothing.
        if !sweep.isOfPrograms, let tier = sweep.source["train"]?["instruments"], tier != .null {
            requires.removeAll { $0.key == WorkerRequirement.readings.key }
            requires = (requires + [.readings]).sorted()
        }
        return WorkerNeeds(coreVersion: coreVersion, slots: placement.slots, requires: requires)
    }
    var columns: CurveColumns { definition.columns }
    var explorer: PopulationExplorer? { definition.explorer }
    var objectiveColumn: Int? { definition.objectiveColumn }
    var probeColumn: Int? { definition.probeColumn }

    /// The trial with this number; nil when there is none.
    ///
    /// Any number may be asked for: readers name them.
    package subscript(number: Int) -> TrialProgress? { has(number) ? trials[number - 1] : nil }

    /// The attempt, first epoch and last epoch of the lease that would train this trial's segment; nil when it has none.
    func nextLease(of number: Int) -> (attempt: Attempt, from: Int, to: Int)? {
        guard has(number), let goal = trials[number - 1].goal else { return nil }
        return (trials[number - 1].attempt.next, trials[number - 1].checkpoint?.epoch ?? 0, goal.to)
    }

    /// Whether there is a trial with this number.
    func has(_ number: Int) -> Bool { number > 0 && number <= trials.count }

    /// Who trains the trial now; nil when nobody does, and when there is none.
    func lease(of number: Int) -> TrialProgress.Lease? { has(number) ? trials[number - 1].lease : nil }

    /// Changes a trial, and the counts with it.
    mutating func change(_ number: Int, _ body: (inout TrialProgress) -> Void) {
        tally.remove(trials[number - 1])
        body(&trials[number - 1])
        tally.add(trials[number - 1])
    }

    /// Whether anything can be handed out.
    var hasReady: Bool { !ready.isEmpty || !retries.isEmpty || !lastAttempts.isEmpty }

    /// Whether the next attempt of the trial, or the one under way, is the one that fails it if it bears no epoch.
    ///
    /// Never so for the first attempt.
    func isLastAttempt(_ number: Int) -> Bool {
        guard has(number) else { return false }
        return trials[number - 1].fruitlessAttempts >= max(1, attempts - 1)
    }

    /// The epochs at which trials are compared, ascending; the last one completes a trial.
    package var levels: [Int] { scheduler.levels }

    /// How many trials there will be, runs of finalists included; a race or a search that is stopped may end with fewer; nil while a searcher without an end
    /// has no bound.
    package var plannedTrials: Int? {
        if sweep.search.population != nil {
            // How many copies there will be is known at the end.
            return state == .finished ? trials.count : plan.trials.map { max($0, trials.count) }
        }
        guard sweep.finalists != nil || sweep.stop != nil else { return plan.trials }
        return state == .finished ? trials.count : plan.trials.map { max($0 + finalRunsPlanned, trials.count) }
    }
}

/// Where a sweep stands.
package enum SweepState: Hashable, Sendable {
    case running, paused, finished, cancelled
    /// It paused itself; the reason is for the person who must act and then resume it.
    case halted(String)

    /// The state's word in documents.
    package var name: String {
        switch self {
        case .running: "running"
        case .paused: "paused"
        case .finished: "finished"
        case .cancelled: "cancelled"
        case .halted: "halted"
        }
    }

    /// Whether nothing will be trained any more.
    package var isOver: Bool {
        switch self {
        case .running, .paused, .halted: false
        case .finished, .cancelled: true
        }
    }
}
