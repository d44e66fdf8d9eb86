import SweepCore
import SweepSearch
import SweepWire

extension SweepProgress {
    mutating func apply(_ proposal: TrialProposal) {
        guard proposal.trial.number == trials.count + 1 else { return }
        trials.append(
            TrialProgress(
                number: proposal.trial.number,
                configuration: proposal.configuration,
                runOfConfiguration: proposal.repeatIndex,
                seed: proposal.seed,
                columns: columns
            )
        )
        open.insert(proposal.trial.number)
    }

    mutating func applyDecided(trial number: Int, from: Int, to: Int, end: Double, order: Int) {
        guard trials.indices.contains(number - 1) else { return }
        if from == 0 { scheduler.started(trial: number) } else { scheduler.promoted(trial: number, to: to) }
        // One that failed meanwhile holds its virtual slot, so that the order of decisions does not depend on when it failed.
        if trials[number - 1].ended == nil { trials[number - 1].goal = .init(to: to, end: end, order: order) }
        timeline.start(.init(trial: number, to: to, end: end, order: order))
        decided = max(decided, order + 1)
        if !inVirtualTime, trials[number - 1].isKnown(at: to) { arrived.append(number) }
        makeReady(number)
    }

    mutating func applyLeased(_ lease: LeaseID, worker: WorkerID, from: Int, to: Int) {
        let number = lease.trial.number
        guard trials.indices.contains(number - 1) else { return }
        trials[number - 1].attempt = lease.attempt
        trials[number - 1].lease = .init(
            attempt: lease.attempt,
            worker: worker,
            from: from,
            to: to,
            curveEpochs: trials[number - 1].curve.epochs
        )
        if !trials[number - 1].workers.contains(worker.name) { trials[number - 1].workers.append(worker.name) }
        withdraw(number)
    }

    mutating func applyObserved(_ lease: LeaseID, _ observations: [Observation]) {
        let number = lease.trial.number
        guard trials.indices.contains(number - 1), trials[number - 1].ended == nil else { return }
        var grew = false
        for observation in observations where trials[number - 1].curve.append(observation) {
            grew = true
            epochsTrained += 1
            epochSeconds += observation.seconds
            if let probe = probeColumn { note(probeLoss: observation.values[probe]) }
        }
        advance(number, grew: grew)
    }

    /// The same for epochs as the journal's reader gives them.
    mutating func applyObserved(_ lease: LeaseID, _ run: JournalRow.EpochRun, of row: JournalRow) {
        let number = lease.trial.number
        guard trials.indices.contains(number - 1), trials[number - 1].ended == nil else { return }
        let values = row.values[run.values]
        let seconds = row.seconds[run.epochs]
        let added = trials[number - 1].curve.append(epochsFrom: run.firstEpoch, values: values, seconds: seconds)
        if added > 0 {
            epochsTrained += added
            // One after the other, so that the sum has the bits that it had.
            for second in seconds.suffix(added) { epochSeconds += second }
            if let probe = probeColumn {
                var place = values.endIndex - added * metrics.count + probe
                while place < values.endIndex {
                    note(probeLoss: row.values[place])
                    place += metrics.count
                }
            }
        }
        advance(number, grew: added > 0)
    }

    private mutating func note(probeLoss: Double) {
        if probeLoss.isFinite, probeLoss < leastProbeLoss ?? .infinity { leastProbeLoss = probeLoss }
    }

    /// What follows from epochs that were reported.
    private mutating func advance(_ number: Int, grew: Bool) {
        if grew { trials[number - 1].fruitlessAttempts = 0 }
        if let goal = trials[number - 1].goal, trials[number - 1].curve.epochs >= goal.to {
            trials[number - 1].goal = nil
            if !inVirtualTime { arrived.append(number) }
        }
    }

    mutating func applyNoted(trial number: Int, _ notes: [TrialNote]) {
        guard trials.indices.contains(number - 1) else { return }
        trials[number - 1].notes += notes
    }

    mutating func applyCheckpoint(trial number: Int, epoch: Int, _ checkpoint: CheckpointID) {
        guard trials.indices.contains(number - 1) else { return }
        trials[number - 1].checkpoint = epoch > 0 ? .init(epoch: epoch, id: checkpoint) : nil
    }

    mutating func applyResolved(trial number: Int, epoch: Int, cost: Double) {
        guard trials.indices.contains(number - 1) else { return }
        timeline.resolve(trial: number)
        resolved += 1
        if let index = arrived.firstIndex(of: number) { arrived.remove(at: index) }
        scheduler.finished(trial: number, epoch: epoch, cost: cost)
        // One that ended before this epoch gives no more results; one that stopped early competes on with its last. One that
        // ended later is treated as if that were not known yet: when it was heard of is real time's accident.
        let trial = trials[number - 1]
        if !trial.stoppedEarly, trial.curve.epochs < epoch || trial.ended == .pruned(.cannotRecover) {
            scheduler.removed(trial: number)
        }
        searcher.observe(configuration: trials[number - 1].configuration, objective: cost, epoch: epoch)
    }

    mutating func applyLeaseEnded(_ lease: LeaseID, _ end: LeaseEnd) {
        let number = lease.trial.number
        guard let held = self[number]?.lease, held.attempt == lease.attempt else { return }
        trials[number - 1].lease = nil
        switch end {
        case .lapsed, .died:
            if trials[number - 1].curve.epochs <= held.curveEpochs { trials[number - 1].fruitlessAttempts += 1 }
        case .handedBack, .superseded: break
        }
        makeReady(number)
    }

    mutating func applyEnded(trial number: Int, _ state: TrialState) {
        guard trials.indices.contains(number - 1), trials[number - 1].ended == nil else { return }
        trials[number - 1].ended = state
        trials[number - 1].stoppedEarly = state == .completed && trials[number - 1].curve.epochs < sweep.epochs
        trials[number - 1].goal = nil
        trials[number - 1].lease = nil
        trials[number - 1].checkpoint = nil
        open.remove(number)
        withdraw(number)
        if state == .pruned(.scheduler) { scheduler.removed(trial: number) }
        if !inVirtualTime, timeline.slot(of: number) != nil, !arrived.contains(number) { arrived.append(number) }
    }

    mutating func apply(_ change: SweepChange) {
        switch change {
        case .paused: state = .paused
        case .resumed: state = .running
        case .cancelled: state = .cancelled
        case .finished: state = .finished
        case .halted(let reason): state = .halted(reason)
        }
    }

    /// Offers a trial's segment to workers, if it has one and nobody holds it.
    private mutating func makeReady(_ number: Int) {
        let trial = trials[number - 1]
        guard let goal = trial.goal, trial.lease == nil, trial.ended == nil else { return }
        let item = ReadySegments.Item(trial: number, end: goal.end, order: goal.order)
        if isLastAttempt(number) { lastAttempts.insert(item) } else { ready.insert(item) }
    }

    /// Takes back what is offered of a trial.
    private mutating func withdraw(_ number: Int) {
        ready.remove(trial: number)
        lastAttempts.remove(trial: number)
    }
}
