import SweepCore

extension CoordinatorCore {
    /// The one place where facts change the state.
    mutating func apply(_ fact: Fact, at now: Instant) {
        switch fact {
        case .sweepSubmitted(let submission): apply(submission)
        case .sweepChanged(let id, .deleted(let standings, let leasesGiven)):
            remove(id, leaving: standings, leasesGiven: leasesGiven)
        case .sweepChanged(let id, let change):
            sweeps[id]?.apply(change)
            changed(id, by: change)
            noteExperiments(of: id)
        case .trialProposed(let proposal):
            guard sweeps[proposal.trial.sweep]?.has(proposal.trial.number) == false else { return }
            sweeps[proposal.trial.sweep]?.apply(proposal)
            // A copy keeps the state that it goes on from, whatever becomes of the trial that it is of.
            if let copied = sweeps[proposal.trial.sweep]?[proposal.trial.number]?.checkpoint {
                checkpointUsers[copied.id.hash, default: 0] += 1
            }
        case .segmentDecided(let trial, let from, let to, let end, let order):
            sweeps[trial.sweep]?.applyDecided(trial: trial.number, from: from, to: to, end: end, order: order)
        case .leased(let lease, let worker, let from, let to, let kernels):
            let given = leasesGiven + 1
            let applied = at(lease.trial.sweep) { sweep -> Bool? in
                guard sweep.has(lease.trial.number) else { return nil }
                sweep.applyLeased(lease, worker: worker, from: from, to: to, kernels: kernels)
                sweep.share.leases += 1
                sweep.share.newestLease = given
                return sweep.isLastAttempt(lease.trial.number)
            }
            guard case let alone?? = applied else { return }
            leasesGiven = given
            let slots = slots(of: lease.trial)
            table.add(worker, at: now)
            table.update(worker) {
                $0.held.append(lease.trial)
                $0.load += slots
                if alone { $0.alone = lease.trial }
            }
        case .observed(let lease, let observations):
            // Only a last attempt can hold a worker for itself, which its first epoch lets go.
            let alone = at(lease.trial.sweep) { sweep in
                defer { sweep.applyObserved(lease, observations) }
                return sweep.isLastAttempt(lease.trial.number)
            }
            if alone == true { release(from: lease) }
        case .noted(let trial, let notes): sweeps[trial.sweep]?.applyNoted(trial: trial.number, notes)
        case .measured(let trial, let reading): sweeps[trial.sweep]?.applyMeasured(trial: trial.number, reading)
        case .checkpointKept(let trial, let epoch, let checkpoint):
            guard sweeps[trial.sweep]?[trial.number] != nil else { return }
            // Counted before the old one is released: both may be the same bytes.
            if epoch > 0 { checkpointUsers[checkpoint.hash, default: 0] += 1 }
            release(checkpointOf: trial)
            sweeps[trial.sweep]?.applyCheckpoint(trial: trial.number, epoch: epoch, checkpoint)
        case .segmentResolved(let trial, let epoch, let cost):
            sweeps[trial.sweep]?.applyResolved(trial: trial.number, epoch: epoch, cost: cost)
        case .leaseEnded(let lease, let end):
            unhold(lease)
            sweeps[lease.trial.sweep]?.applyLeaseEnded(lease, end)
        case .trialEnded(let trial, let state):
            if let lease = currentLease(of: trial) { unhold(lease) }
            release(checkpointOf: trial)
            sweeps[trial.sweep]?.applyEnded(trial: trial.number, state)
        case .workerSequence(let worker, let sequence): sequences[worker] = max(sequences[worker] ?? 0, sequence)
        }
    }

    private mutating func apply(_ submission: SweepSubmission) {
        nextSweep = max(nextSweep, submission.id.rawValue + 1)
        guard let sweep = Sweep.read(submission.source, problems: SpecProblems()) else {
            unreadable.append(submission.id)
            return
        }
        sweeps[submission.id] = SweepProgress(sweep: sweep, submission: submission, attempts: options.attempts)
        activate(submission.id)
        enterCompetition(submission.id)
    }

    /// Lets a sweep that is not over be served.
    private mutating func activate(_ id: SweepID) {
        guard !active.contains(id), let needs = sweeps[id]?.needs else { return }
        sweeps[id]?.pool = table.draw(on: needs)
        active.append(id)
        active.sort()
    }

    /// What follows from a sweep's change for its place among the others.
    private mutating func changed(_ id: SweepID, by change: SweepChange) {
        guard let sweep = sweeps[id] else { return }
        if sweep.state.isOver {
            if active.contains(id) { table.leave(pool: sweep.pool) }
            active.removeAll { $0 == id }
            return
        }
        let wasOver = !active.contains(id)
        activate(id)
        switch change {
        case .resumed: enterCompetition(id)
        case .adjusted(let adjustment) where wasOver || adjustment.priority != nil: enterCompetition(id)
        default: break
        }
    }

    /// Takes the trial off the hands of the worker that holds it under this lease.
    private mutating func unhold(_ lease: LeaseID) {
        guard let id = holder(of: lease) else { return }
        let slots = slots(of: lease.trial)
        sweeps[lease.trial.sweep]?.share.leases -= 1
        table.update(id) {
            $0.held.removeAll { $0 == lease.trial }
            $0.load -= slots
            $0.running[lease.trial] = nil
            $0.progressed[lease.trial] = nil
            if $0.alone == lease.trial { $0.alone = nil }
        }
        if table.isSpent(id) { table.remove(id) }
    }

    /// Lets the worker of a last attempt take more again, once the attempt has borne an epoch.
    mutating func release(from lease: LeaseID) {
        guard let id = holder(of: lease), table[id]?.alone == lease.trial,
            sweeps[lease.trial.sweep]?.isLastAttempt(lease.trial.number) == false
        else { return }
        table.update(id) { $0.alone = nil }
    }

    /// Gives up the trial's checkpoint; its bytes go when no other trial keeps the same.
    mutating func release(checkpointOf trial: TrialID) {
        let kept = at(trial.sweep) { $0.has(trial.number) ? $0.trials[trial.number - 1].checkpoint?.id.hash : nil }
        guard case let hash?? = kept else { return }
        let users = (checkpointUsers[hash] ?? 1) - 1
        checkpointUsers[hash] = users > 0 ? users : nil
        if users <= 0 { effects.append(.drop(hash)) }
    }

    /// The worker that holds this very lease; nil when it is not current.
    private mutating func holder(of lease: LeaseID) -> WorkerID? {
        guard case let held?? = at(lease.trial.sweep, { $0.lease(of: lease.trial.number) }),
            held.attempt == lease.attempt
        else { return nil }
        return held.worker
    }
}
