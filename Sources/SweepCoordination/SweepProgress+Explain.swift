package import SweepCore
package import SweepSearch

extension SweepProgress {
    /// How many neighbours an explanation names.
    private static let neighbours = 3

    /// Why the trial was proposed and what was decided of it; nil when there is none of that number.
    ///
    /// A replay: a new searcher is told all that the sweep's was told up to the proposal, and asked again; so nothing is written
    /// down when decisions are taken (docs/decisions/0024). O(what was told), and the cost of one proposal.
    ///
    /// `curve` is the trial's whole one, where what is kept of it is thinned; it is asked for of a trial that was stopped as hopeless alone.
    package func explanation(of number: Int, curve: LearningCurve? = nil) -> TrialExplanation? {
        guard let progress = self[number] else { return nil }
        guard !isFinal(number) else { return finalExplanation(of: progress) }
        let objective = sweep.objective
        func value(_ cost: Double) -> Double { objective.direction == .minimize ? cost : -cost }
        let firstRun = progress.runOfConfiguration == 0 ? number : number - progress.runOfConfiguration
        let around = Neighbourhood(space: sweep.space, around: progress.configuration)
        var searcher = SearcherFactory.make(spec: sweep.search, space: sweep.space)
        var reason: ProposalReason?
        var known = (results: 0, pending: 0)
        var neighbours: [TrialExplanation.Neighbour] = []
        var newest: [Int: (epoch: Int, cost: Double)] = [:]
        var levels: [Int: [(cost: Double, trial: Int)]] = [:]
        var weighed: [Double] = []
        var costs: [Int: [(trial: Int, costs: [Double])]] = [:]
        var wentOn: [Int: Set<Int>] = [:]
        var standings: [TrialExplanation.Standing] = []
        var open: (epoch: Int, cost: Double)?

        // Told the same, it names the member that each copy replaced.
        var population: (any FidelityScheduler)?
        if sweep.search.population != nil {
            population = SchedulerFactory.make(
                prune: sweep.prune,
                epochs: sweep.epochs,
                trials: plan.trials,
                objective: objective,
                search: sweep.search
            )
        }

        func standing(_ verdict: TrialExplanation.Verdict) -> TrialExplanation.Standing? {
            guard let open else { return nil }
            let results = levels[open.epoch, default: []].sorted { ($0.cost, $0.trial) < ($1.cost, $1.trial) }
            guard let best = results.first else { return nil }
            // Of several objectives a place is that of the order in which trials go on; infinite ones stand behind it.
            let order =
                sweep.further.isEmpty
                ? nil : FrontOrder.order(costs[open.epoch, default: []], gone: wentOn[open.epoch, default: []])
            let place = order?.firstIndex(of: number) ?? results.firstIndex { $0.trial == number }
            return TrialExplanation.Standing(
                epoch: open.epoch,
                objective: value(open.cost),
                place: (place ?? 0) + 1,
                of: results.count,
                best: value(best.cost),
                median: value(results[(results.count - 1) / 2].cost),
                wentOn: wentOn[open.epoch, default: []].count,
                verdict: verdict
            )
        }

        let isHopeless = progress.ended == .pruned(.hopeless)
        let hopelessness = isHopeless ? self.hopelessness(of: progress, curve ?? progress.curve) : nil
        let lost = isHopeless ? TrialExplanation.Verdict.hopeless : .lost

        for entry in told.blocks.joined() {
            let (trial, epoch) = (Int(entry.trial), Int(entry.epoch))
            switch entry.kind {
            case .started:
                guard let begun = self[trial] else { continue }
                let proposal = plan[trial - 1].configuration
                if trial == firstRun {
                    if enqueued.trials.contains(trial) {
                        reason = .enqueued
                    } else if sweep.search.population != nil, begun.parent != nil {
                        reason = population?.copyDue().flatMap { copyReason(of: begun, $0) }
                    } else {
                        var asked = searcher
                        if asked.propose(number: proposal) == begun.configuration {
                            reason = asked.reason(number: proposal)
                        }
                    }
                    known = (newest.count, trial - 1 - newest.count)
                    neighbours = newest.keys.sorted().compactMap { other in
                        guard let result = newest[other], let there = self[other] else { return nil }
                        return TrialExplanation.Neighbour(
                            trial: other,
                            distance: around.distance(to: there.configuration),
                            epoch: result.epoch,
                            objective: value(result.cost)
                        )
                    }
                    neighbours.sort { ($0.distance, $0.trial) < ($1.distance, $1.trial) }
                    neighbours = Array(neighbours.prefix(Self.neighbours))
                }
                Self.tell(start(of: trial), to: &searcher)
                population?.started(trial: trial)
            case .weighed: weighed.append(entry.cost)
            case .resolved, .resolvedForGood:
                let all = entry.costs(weighed, of: sweep.objectives.count)
                weighed = []
                if trial > 0, trials.indices.contains(trial - 1) {
                    searcher.observe(number: plan[trial - 1].configuration, costs: all, epoch: epoch)
                }
                if !sweep.further.isEmpty, all[0] < .infinity { costs[epoch, default: []].append((trial, all)) }
                newest[trial] = (epoch, entry.cost)
                levels[epoch, default: []].append((entry.cost, trial))
                if trial == number { open = (epoch, entry.cost) }
                population?.finished(trial: trial, epoch: epoch, cost: entry.cost)
                if entry.kind == .resolvedForGood { population?.removed(trial: trial) }
            case .promoted:
                population?.promoted(trial: trial, to: epoch)
                let below = self.levels.last { $0 < epoch } ?? 0
                if trial == number, let promoted = standing(.promoted(to: epoch)) {
                    standings.append(promoted)
                    open = nil
                }
                wentOn[below, default: []].insert(trial)
            case .removed:
                population?.removed(trial: trial)
                if trial == number, let stopped = standing(open?.cost.isFinite == true ? .stopped : lost) {
                    standings.append(stopped)
                    open = nil
                }
            case .observed: break
            }
        }
        if let open {
            let verdict: TrialExplanation.Verdict
            if !open.cost.isFinite {
                verdict = lost
            } else if open.epoch == self.levels.last {
                verdict = .completed
            } else {
                verdict = progress.ended == nil ? .waits : .stopped
            }
            if let last = standing(verdict) { standings.append(last) }
        }
        return TrialExplanation(
            trial: number,
            configuration: progress.configuration,
            reason: reason,
            firstRun: firstRun,
            results: known.results,
            pending: known.pending,
            neighbours: neighbours,
            standings: standings,
            beliefs: reason?.heedsBeliefs == true
                ? TrialExplanation.Belief.all(of: progress.configuration, in: sweep.space) : [],
            hopelessness: hopelessness
        )
    }
}
