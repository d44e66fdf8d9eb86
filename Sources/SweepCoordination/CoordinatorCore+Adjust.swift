import SweepCore
import SweepSearch
import SweepWire

extension CoordinatorCore {
    /// Changes a sweep's priority, its limit of trials at once or its number of trials.
    ///
    /// What is changed counts from the fact on, in virtual time too: all that was decided stays, and more trials go on from
    /// there. Nothing that a worker holds is taken back.
    mutating func adjust(_ name: String, _ adjustment: SweepAdjustment, _ token: ReplyToken, at now: Instant) {
        guard let sweep = sweep(named: name) else {
            effects.append(.reply(token, .notFound(unknown(sweep: name))))
            return
        }
        if let problem = adjustment.isEmpty ? "nothing is to be changed" : adjustment.problem {
            effects.append(.reply(token, .badInput(problem)))
            return
        }
        if let conflict = sweep.conflict(with: adjustment) {
            effects.append(.reply(token, .conflict(conflict)))
            return
        }
        let change = sweep.changes(of: adjustment)
        if !change.isEmpty {
            record(.sweepChanged(sweep.id, .adjusted(change)), at: now)
            var about = ["sweep.name": name]
            if let priority = change.priority { about["sweep.priority"] = String(priority) }
            if let limit = change.maxParallel {
                about["sweep.max_parallel"] = limit.number.map { String($0) } ?? "none"
            }
            if let trials = change.trials { about["sweep.trials"] = String(trials) }
            log(.info, "sweep adjusted", about)
        }
        effects.append(.reply(token, .done(sweep.id)))
    }
}

extension SweepProgress {
    /// Why the sweep cannot be changed so; nil when it can. `others` are to be enqueued with the change.
    func conflict(with adjustment: SweepAdjustment, enqueuing others: [Configuration] = []) -> String? {
        let name = sweep.name
        if state == .cancelled { return "\(name) is cancelled; it cannot be changed any more" }
        if let asked = adjustment.trials, asked != plan.trials {
            if sweep.search.population != nil {
                return
                    "trials: \(name) trains a population, whose number of members is fixed; submit it under another name"
            }
            if sweep.search.branch != nil {
                return
                    "trials: \(name) compares arms that part after an epoch, all of which are trained; submit it under another name"
            }
            if hasFinalRuns {
                return
                    "trials: the search of \(name) is over, its finalists are run with new seeds; submit it under another name"
            }
            if isStopped {
                return "trials: the search of \(name) has ended as its stop says; submit it under another name"
            }
            if scheduler.plansTrials {
                return
                    "trials: the rungs of \(name) are planned for \(plan.trials ?? 0) trials; allowed where pruning is asha, "
                    + "stopping_asha, pasha, median, percentile, patience, threshold or none"
            }
            if asked < trials.count {
                return
                    "trials: found \(asked), but \(trials.count) trials of \(name) are begun; allowed from \(trials.count)"
            }
            let least = trialsNeeded(for: enqueued.waiting.count)
            if asked < least {
                return
                    "trials: found \(asked), but \(searched) trials of \(name) are begun and \(enqueued.waiting.count) enqueued; "
                    + "allowed from \(least)"
            }
            if let configurations = searcher.total(with: enqueued.waiting + others) {
                // A searcher that learns counts its space alone, and what is enqueued may lie between its steps.
                let beside = searcher.ignoresResults ? 0 : (enqueued.waiting.count + others.count) * plan.repeats
                let all = plan.greatest(total: configurations) + beside
                if asked > all {
                    let runs = plan.repeats > 1 ? " in \(plan.repeats) runs each" : ""
                    return
                        "trials: found \(asked), but the search space of \(name) has \(configurations) configurations\(runs); "
                        + "allowed at most \(all)"
                }
            }
        }
        if state == .finished, adjustment.trials ?? 0 <= searched, !changes(of: adjustment).isEmpty {
            return hasFinalRuns || isStopped
                ? "\(name) is finished" : "\(name) is finished; more than its \(searched) trials let it go on"
        }
        return nil
    }

    /// What of an adjustment is not so already.
    func changes(of adjustment: SweepAdjustment) -> SweepAdjustment {
        var change = adjustment
        if change.priority == placement.priority { change.priority = nil }
        if change.maxParallel == SweepAdjustment.Limit(placement.maxParallel) { change.maxParallel = nil }
        if change.trials == plan.trials { change.trials = nil }
        return change
    }

    mutating func apply(_ adjustment: SweepAdjustment) {
        if let priority = adjustment.priority { placement.priority = priority }
        if let limit = adjustment.maxParallel { placement.maxParallel = limit.number }
        guard let asked = adjustment.trials else { return }
        finalists = nil
        plan = plan.with(trials: asked)
        guard state == .finished, asked > trials.count else { return }
        state = .running
        // Trials that waited for a promotion when it finished have ended, once and for all: what they reached still counts for
        // others, and nothing promotes them. The best first, as that is how they are taken out fastest.
        let waited = trials.filter { $0.ended == .pruned(.sweepEnded) }.map { trial in
            let value = trial.curve.value(sweep.objective.metric, at: trial.curve.epochs)
            return (cost: value.map(sweep.objective.cost) ?? .infinity, number: trial.number)
        }
        for trial in waited.sorted(by: { $0 < $1 }) { tell(.init(.removed, trial: trial.number)) }
    }
}
