import SweepCore
import SweepSearch
import SweepWire

extension SweepProgress {
    mutating func apply(_ proposal: TrialProposal) {
        guard proposal.trial.number == trials.count + 1 else { return }
        var origin: (parent: Parent, id: ConfigurationID?)?
        if let parent = proposal.parent {
            guard let donor = self[parent.trial], let name = nameToCopy(parent.trial), donor.curve.isWhole,
                donor.curve.epochs >= parent.epoch
            else { return }
            origin = (parent, name)
        }
        var trial = TrialProgress(
            number: proposal.trial.number,
            configuration: proposal.configuration,
            runOfConfiguration: proposal.repeatIndex,
            seed: proposal.seed,
            columns: columns,
            copiedFrom: origin
        )
        if let parent = proposal.parent, let donor = self[parent.trial] {
            trial.curve = donor.curve.inheritance(after: parent.epoch)
            // Where its state is not there it is made again, from the one before.
            if let kept = donor.checkpoint, kept.epoch <= parent.epoch { trial.checkpoint = kept }
        }
        trials.append(trial)
        if !isFinal(proposal.trial.number) { searched += 1 }
        if proposal.repeatIndex == 0, proposal.parent == nil {
            enqueued.begin(proposal.configuration, as: proposal.trial.number)
        }
        open.insert(proposal.trial.number)
        tally.add(trials[proposal.trial.number - 1])
    }

    mutating func applyDecided(trial number: Int, from: Int, to: Int, end: Double, order: Int) {
        guard trials.indices.contains(number - 1) else { return }
        if !isFinal(number) {
            let isFirst = from == trials[number - 1].parent?.epoch ?? 0
            tell(isFirst ? .init(.started, trial: number) : .init(.promoted, trial: number, epoch: to))
            if !trials[number - 1].stoppedEarly { epochsDecided += to - from }
        }
        // One that failed meanwhile holds its virtual slot, so that the order of decisions does not depend on when it failed.
        if trials[number - 1].ended == nil { change(number) { $0.goal = .init(to: to, end: end, order: order) } }
        timeline.start(.init(trial: number, to: to, end: end, order: order))
        decided = max(decided, order + 1)
        if !inVirtualTime, trials[number - 1].isKnown(at: to) { arrived.append(number) }
        makeReady(number)
    }

    mutating func applyLeased(_ lease: LeaseID, worker: WorkerID, from: Int, to: Int, kernels: String) {
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
        if !kernels.isEmpty, !trials[number - 1].kernels.contains(kernels) {
            trials[number - 1].kernels.append(kernels)
        }
        withdraw(number)
    }

    mutating func applyObserved(_ lease: LeaseID, _ observations: [Observation]) {
        grow(lease.trial.number) { curve in
            for observation in observations { curve.append(observation) }
        }
    }

    /// The same for epochs as the journal's reader gives them.
    mutating func applyObserved(_ lease: LeaseID, _ run: JournalRow.EpochRun, of row: JournalRow) {
        grow(lease.trial.number) { curve in
            _ = curve.append(
                epochsFrom: run.firstEpoch,
                values: row.values[run.values],
                seconds: row.seconds[run.epochs]
            )
        }
    }

    /// Lets a trial's curve grow, and takes notice of what it has more.
    private mutating func grow(_ number: Int, _ append: (inout LearningCurve) -> Void) {
        guard trials.indices.contains(number - 1), trials[number - 1].ended == nil else { return }
        let before = trials[number - 1].curve.epochs
        var reached = false
        change(number) { trial in
            append(&trial.curve)
            if trial.curve.epochs > before {
                trial.fruitlessAttempts = 0
                trial.avoided = []
            }
            if let goal = trial.goal, trial.curve.epochs >= goal.to {
                trial.goal = nil
                reached = true
            }
        }
        let curve = trials[number - 1].curve
        if curve.epochs > before {
            brake.release()
            epochsTrained += curve.epochs - before
            for epoch in before + 1...curve.epochs {
                // One after the other, so that the sum has the same bits however the epochs came.
                epochSeconds += curve.seconds(at: epoch)
                longestEpochSeconds = max(longestEpochSeconds, curve.seconds(at: epoch))
                if let probeColumn {
                    let loss = curve.value(at: epoch, column: probeColumn)
                    if loss.isFinite, loss < leastProbeLoss ?? .infinity { leastProbeLoss = loss }
                }
            }
            updateIncumbent(trial: number, curve, after: before)
            incumbents.note(incumbent, epochsTrained: epochsTrained, coreSeconds: epochSeconds)
        }
        if reached, !inVirtualTime { arrived.append(number) }
    }

    mutating func applyNoted(trial number: Int, _ notes: [TrialNote]) {
        guard trials.indices.contains(number - 1) else { return }
        trials[number - 1].notes += notes
    }

    mutating func applyMeasured(trial number: Int, _ reading: PackedReading) {
        guard trials.indices.contains(number - 1) else { return }
        trials[number - 1].readings.keep(reading)
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
        guard !isFinal(number) else { return }
        if cost < leastCost { leastCost = cost }
        tellCurve(of: number, to: epoch)
        // One that ended before this epoch gives no more results; one that stopped early competes on with its last. One that
        // ended later is treated as if that were not known yet: when it was heard of is real time's accident.
        let trial = trials[number - 1]
        let isGone = !trial.stoppedEarly && (trial.curve.epochs < epoch || trial.ended?.cannotGoOn == true)
        if cost < .infinity, !sweep.further.isEmpty {
            for further in costs(of: number, at: epoch).dropFirst() {
                tell(.init(.weighed, trial: number, epoch: epoch, cost: further))
            }
        }
        tell(.init(isGone ? .resolvedForGood : .resolved, trial: number, epoch: epoch, cost: cost))
    }

    /// Tells a scheduler that reads curves those of a trial's epochs up to `epoch` that it does not know.
    private mutating func tellCurve(of number: Int, to epoch: Int) {
        guard readsCurves, let column = objectiveColumn else { return }
        let curve = trials[number - 1].curve
        let first = (scheduler.levels.last { $0 < epoch } ?? 0) + 1
        guard first <= min(epoch, curve.epochs) else { return }
        for known in first...min(epoch, curve.epochs) {
            let cost = sweep.objective.cost(curve.value(at: known, column: column))
            tell(.init(.observed, trial: number, epoch: known, cost: cost))
        }
    }

    mutating func applyLeaseEnded(_ lease: LeaseID, _ end: LeaseEnd) {
        let number = lease.trial.number
        guard let held = self.lease(of: number), held.attempt == lease.attempt else { return }
        switch end {
        case .lapsed: countLoss(number, AttemptDeath(reason: Self.silence(of: held.worker), log: ""))
        case .died(let text): countLoss(number, AttemptDeath(text: text).shortened)
        case .handedBack, .superseded: trials[number - 1].lease = nil
        }
        makeReady(number)
    }

    /// What is said of an attempt whose worker was not heard any more.
    static func silence(of worker: WorkerID) -> String { "its worker \(worker.name) fell silent" }

    /// Notes an attempt that did not end by itself: it counts when it bore no epoch.
    private mutating func countLoss(_ number: Int, _ death: AttemptDeath) {
        guard let held = lease(of: number) else { return }
        trials[number - 1].lease = nil
        trials[number - 1].lastDeath = death
        if trials[number - 1].curve.epochs <= held.curveEpochs { trials[number - 1].fruitlessAttempts += 1 }
        if !trials[number - 1].avoided.contains(held.worker) {
            trials[number - 1].avoided.append(held.worker)
            if trials[number - 1].avoided.count > TrialProgress.avoidedLimit {
                trials[number - 1].avoided.removeFirst()
            }
        }
    }

    mutating func applyEnded(trial number: Int, _ state: TrialState) {
        guard trials.indices.contains(number - 1), trials[number - 1].ended == nil else { return }
        if case .failed = state {
            let trial = trials[number - 1]
            let usedUp = trial.fruitlessAttempts >= attempts
            brake.note(trial.configurationID, usedUp ? trial.lastDeath.flatMap { cause(of: $0) } : nil)
        }
        let epochs = sweep.epochs
        change(number) { trial in
            trial.ended = state
            trial.stoppedEarly = state == .completed && trial.curve.epochs < epochs
            trial.goal = nil
            trial.lease = nil
            trial.checkpoint = nil
        }
        open.remove(number)
        withdraw(number)
        if state == .pruned(.scheduler), !isFinal(number) { tell(.init(.removed, trial: number)) }
        if !inVirtualTime, timeline.slot(of: number) != nil, !arrived.contains(number) { arrived.append(number) }
    }

    mutating func apply(_ change: SweepChange) {
        switch change {
        case .paused: state = .paused
        case .resumed:
            state = .running
            brake.release()
        case .cancelled: state = .cancelled
        case .finished:
            state = .finished
            // With more trials it has another table, in which there may be more to look into.
            experimentsEnd = nil
        case .experiment(let experiment): experiments.append(experiment)
        case .experimentsOver(let reason): experimentsEnd = reason
        case .halted(let reason): state = .halted(reason)
        case .adjusted(let adjustment): apply(adjustment)
        case .enqueued(let configurations, let key): enqueued.add(configurations, key: key)
        case .ran(let milliseconds): ranMilliseconds = max(ranMilliseconds, milliseconds)
        // The core takes the sweep away.
        case .deleted: break
        }
    }

    /// Offers a trial's segment to workers, if it has one and nobody holds it.
    mutating func makeReady(_ number: Int) {
        let trial = trials[number - 1]
        guard let goal = trial.goal, trial.lease == nil, trial.ended == nil else { return }
        let item = ReadySegments.Item(
            trial: number,
            end: goal.end,
            order: goal.order,
            epochs: max(0, goal.to - trial.curve.epochs)
        )
        if isLastAttempt(number) {
            lastAttempts.insert(item)
        } else if trial.avoided.isEmpty {
            ready.insert(item)
        } else {
            retries.insert(item)
        }
    }

    /// Takes back what is offered of a trial.
    private mutating func withdraw(_ number: Int) {
        ready.remove(trial: number)
        retries.remove(trial: number)
        lastAttempts.remove(trial: number)
    }
}
