import SweepCore
import SweepSearch

extension SweepProgress {
    /// One step that a sweep takes by itself.
    enum Decision: Hashable, Sendable {
        /// A segment's end is fed to the scheduler.
        case resolve(trial: Int, epoch: Int, cost: Double)
        /// A new trial, and its first segment.
        case propose(TrialProposal, to: Int, end: Double)
        /// A paused trial goes on.
        case promote(trial: Int, from: Int, to: Int, end: Double)
        /// A paused trial can never be promoted any more.
        case prune(trial: Int)
        /// Every trial has its terminal state.
        case finish
    }

    /// The next step; nil while the sweep must wait for results. `demand` is how many more segments workers could hold.
    ///
    /// In virtual time a free slot is always filled before the clock moves on: whether the result of the next end is known
    /// already is real time's accident, and must not change the order of decisions.
    func nextDecision(demand: Int) -> Decision? {
        guard !state.isOver else { return nil }
        let room = inVirtualTime ? timeline.count < sweep.search.parallelism : ready.count < demand
        if inVirtualTime {
            if room, let decision = nextSegment() { return decision }
            if let head = timeline.head, trials[head.trial - 1].isKnown(at: head.to) {
                return resolution(of: head.trial, at: head.to)
            }
        } else {
            if let number = arrived.first, let slot = timeline.slot(of: number) {
                return resolution(of: number, at: slot.to)
            }
            if room, let decision = nextSegment() { return decision }
        }
        return timeline.count == 0 ? ending() : nil
    }

    private func resolution(of number: Int, at epoch: Int) -> Decision {
        let value = trials[number - 1].curve.value(sweep.objective.metric, at: epoch)
        return .resolve(trial: number, epoch: epoch, cost: value.map(sweep.objective.cost) ?? .infinity)
    }

    private func nextSegment() -> Decision? {
        if let promotion = scheduler.nextPromotion() {
            let from = trials[promotion.trial - 1].curve.epochs
            let end = timeline.now + Double(promotion.to - from)
            return .promote(trial: promotion.trial, from: from, to: promotion.to, end: end)
        }
        guard let run = plan.run(trials.count), let configuration = searcher.configuration(run.configuration) else {
            return nil
        }
        let proposal = TrialProposal(
            trial: TrialID(sweep: id, number: trials.count + 1),
            configuration: configuration,
            configurationIndex: run.configuration,
            repeatIndex: run.repeat,
            seed: trialSeed(sweepSeed: sweep.search.seed, configuration: configuration.id, repeat: run.repeat)
        )
        let level = scheduler.firstLevel
        return .propose(proposal, to: level, end: timeline.now + Double(level))
    }

    /// What is left when nothing is in flight and nothing can be started: the paused trials end, then the sweep.
    private func ending() -> Decision? {
        // A new trial or promotion that waits only for demand is not the end.
        if nextSegment() != nil { return nil }
        if let number = open.min() { return .prune(trial: number) }
        return .finish
    }
}
