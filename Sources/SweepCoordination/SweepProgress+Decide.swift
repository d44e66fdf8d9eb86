import SweepCore
import SweepSearch

extension SweepProgress {
    /// One step that a sweep takes by itself.
    enum Decision: Hashable, Sendable {
        /// A segment's end is fed to the scheduler.
        case resolve(trial: Int, epoch: Int, cost: Double)
        /// A new trial, and its first segment.
        case propose(TrialProposal, to: Int, end: Double)
        /// A new trial that goes on from the state of `parent`, in the place of trial `replacing` if any, and its first segment.
        case copy(TrialProposal, parent: Parent, replacing: Int?, to: Int, end: Double)
        /// A paused trial goes on.
        case promote(trial: Int, from: Int, to: Int, end: Double)
        /// Paused trials that can never be promoted any more: others are better, or nothing is left to compare with.
        case prune(trials: [Int], PruneReason)
        /// Every trial has its terminal state.
        case finish
    }

    /// The next step; nil while the sweep must wait for results. `demand` is how many more segments workers could hold.
    ///
    /// In virtual time a free slot is always filled before the clock moves on: whether the result of the next end is known
    /// already is real time's accident, and must not change the order of decisions.
    ///
    /// A promotion that is answered is taken; the caller records it as a fact at once.
    mutating func nextDecision(demand: Int) -> Decision? {
        guard !state.isOver else { return nil }
        if let decision = pruneHopeless() ?? endSharedSegment() { return decision }
        // With nothing in flight one step is always looked for, so that a sweep can end while no worker is there.
        let room =
            inVirtualTime
            ? timeline.count < sweep.search.parallelism
            : ready.count < max(demand, timeline.count == 0 ? 1 : 0)
        if inVirtualTime {
            if room, let decision = nextSegment() { return decision }
            if let head = timeline.head, isSettled(head.trial, at: head.to) {
                return resolution(of: head.trial, at: head.to)
            }
        } else {
            if let number = nextArrived, let slot = timeline.slot(of: number) {
                return resolution(of: number, at: slot.to)
            }
            if room, let decision = nextSegment() { return decision }
        }
        return timeline.count == 0 ? ending() : nil
    }

    /// The trial whose end is told next when decisions are taken on arrival.
    private var nextArrived: Int? {
        guard copiesStates else { return arrived.first }
        return arrived.first { number in timeline.slot(of: number).map { isSettled(number, at: $0.to) } ?? false }
    }

    /// What the scheduler is told: the objective at `epoch`, or at its last for a trial that stopped early before; infinity for
    /// one that lost its numbers or never came there, and for one of which another objective is no number.
    private func resolution(of number: Int, at epoch: Int) -> Decision {
        .resolve(trial: number, epoch: epoch, cost: costs(of: number, at: epoch)[0])
    }

    /// What the trial cost by each objective at `epoch`; infinite all together.
    func costs(of number: Int, at epoch: Int) -> [Double] {
        let trial = trials[number - 1]
        let last = trial.stoppedEarly ? min(epoch, trial.curve.epochs) : epoch
        let objectives = sweep.objectives
        guard trial.ended?.cannotGoOn != true else { return objectives.map { _ in .infinity } }
        let costs = objectives.map { objective in
            trial.curve.value(objective.metric, at: last).map(objective.cost) ?? .infinity
        }
        return costs.allSatisfy { $0 < .infinity } ? costs : costs.map { _ in .infinity }
    }

    /// Ends paused trials that no promotion can reach, so that their checkpoints are given back early.
    ///
    /// It changes no other decision, and is itself a function of the resolved segments: between two of them the scheduler
    /// gives the same answer. Looking costs O(n log n), so it is done after every 16 segments, and ever more rarely (after
    /// an eighth more) as there are many: O(log² n) a segment. Of several objectives, whose trials are few, it is O(n²).
    private mutating func pruneHopeless() -> Decision? {
        guard resolved > searchedAt, let all = plan.trials else { return nil }
        searchedAt = resolved
        let eighth = resolved / 8
        let stride = eighth <= 16 ? 16 : 1 << (Int.bitWidth - 1 - eighth.leadingZeroBitCount)
        guard resolved.isMultiple(of: stride) else { return nil }
        let lost = scheduler.hopeless(remaining: max(0, all - searched)).filter { trials[$0 - 1].ended == nil }
        return lost.isEmpty ? nil : .prune(trials: lost, .scheduler)
    }

    private mutating func nextSegment() -> Decision? {
        // When the finalists run, or its own rule says so, the search is over.
        if hasFinalRuns || isStopped { return nextFinalRun() }
        if let copy = scheduler.copyDue(), let decision = decision(on: copy) { return decision }
        if let promotion = scheduler.promotion() {
            let from = trials[promotion.trial - 1].curve.epochs
            // One that stopped early has its result for every level: nothing is trained, no virtual time passes.
            let cost = trials[promotion.trial - 1].stoppedEarly ? 0 : promotion.to - from
            let end = timeline.now + Double(cost)
            return .promote(trial: promotion.trial, from: from, to: promotion.to, end: end)
        }
        if let all = plan.trials, searched >= all { return nextFinalRun() }
        // All others go on from the state of the first.
        if sweep.search.branch != nil, searched > 0 { return nil }
        let run = plan[searched]
        // What was enqueued comes before the searcher's own, which then follow.
        let waiting = run.repeat == 0 ? enqueued.waiting.first : nil
        guard let configuration = waiting ?? searcher.propose(number: run.configuration) else { return nextFinalRun() }
        let proposal = TrialProposal(
            trial: TrialID(sweep: id, number: trials.count + 1),
            configuration: configuration,
            configurationIndex: run.configuration,
            repeatIndex: run.repeat,
            seed: sweep.search.branch.map { sweep.seed(before: $0) }
                ?? sweep.trialSeed(configuration.id, repeat: run.repeat)
        )
        let level = scheduler.firstLevel(of: proposal.trial.number)
        return .propose(proposal, to: level, end: timeline.now + Double(level))
    }

    /// Whether the sweep file says that the search is over before its trials are done.
    package var isStopped: Bool {
        sweep.stop?.isReached(epochs: epochsDecided, best: leastCost, milliseconds: ranMilliseconds) ?? false
    }

    /// Epochs that the search may still decide on; nil while nothing limits them.
    package var searchEpochsLeft: Int? {
        if isStopped { return 0 }
        return sweep.stop?.epochs.map { max(0, $0 - epochsDecided) }
    }

    /// Seconds that the search may still be trained for; nil while no time limits them.
    package var searchSecondsLeft: Double? {
        sweep.stop?.milliseconds.map { Double(max(0, $0 - ranMilliseconds)) / 1000 }
    }

    /// Whether a result that is good enough would end its search before its trials are done.
    package var mayEndSooner: Bool { sweep.stop?.cost != nil && state == .running && !isStopped && !hasFinalRuns }

    /// What is left when nothing is in flight and nothing can be started: the paused trials end, then the sweep.
    private func ending() -> Decision {
        open.isEmpty ? .finish : .prune(trials: open.sorted(), .sweepEnded)
    }
}
