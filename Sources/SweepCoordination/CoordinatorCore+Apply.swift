import SweepCore

extension CoordinatorCore {
    /// The one place where facts change the state.
    mutating func apply(_ fact: Fact, at now: Instant) {
        switch fact {
        case .sweepSubmitted(let submission):
            guard let sweep = Sweep.read(submission.source, problems: SpecProblems()) else { return }
            sweeps[submission.id] = SweepProgress(sweep: sweep, submission: submission)
            nextSweep = max(nextSweep, submission.id.rawValue + 1)
        case .sweepChanged(let id, let change): sweeps[id]?.apply(change)
        case .trialProposed(let proposal): sweeps[proposal.trial.sweep]?.apply(proposal)
        case .segmentDecided(let trial, let from, let to, let end, let order):
            sweeps[trial.sweep]?.applyDecided(trial: trial.number, from: from, to: to, end: end, order: order)
        case .leased(let lease, let worker, let from, let to):
            sweeps[lease.trial.sweep]?.applyLeased(lease, worker: worker, from: from, to: to)
            if workers[worker] == nil { workers[worker] = WorkerProgress(id: worker, lastSeen: now) }
            workers[worker]?.held.append(lease.trial)
        case .observed(let lease, let observations):
            sweeps[lease.trial.sweep]?.applyObserved(lease, observations)
        case .checkpointKept(let trial, let epoch, let checkpoint):
            release(checkpointOf: trial)
            sweeps[trial.sweep]?.applyCheckpoint(trial: trial.number, epoch: epoch, checkpoint)
            checkpointUsers[checkpoint.hash, default: 0] += 1
        case .segmentResolved(let trial, let epoch, let cost):
            sweeps[trial.sweep]?.applyResolved(trial: trial.number, epoch: epoch, cost: cost)
        case .leaseEnded(let lease, let end):
            unhold(lease)
            sweeps[lease.trial.sweep]?.applyLeaseEnded(lease, end)
        case .trialEnded(let trial, let state):
            if let lease = sweeps[trial.sweep]?[trial.number]?.lease {
                unhold(LeaseID(trial: trial, attempt: lease.attempt))
            }
            release(checkpointOf: trial)
            sweeps[trial.sweep]?.applyEnded(trial: trial.number, state)
        case .workerSequence(let worker, let sequence): sequences[worker] = max(sequences[worker] ?? 0, sequence)
        }
    }

    /// Takes the trial off the hands of the worker that holds it under this lease.
    private mutating func unhold(_ lease: LeaseID) {
        guard let held = sweeps[lease.trial.sweep]?[lease.trial.number]?.lease, held.attempt == lease.attempt else {
            return
        }
        workers[held.worker]?.held.removeAll { $0 == lease.trial }
        workers[held.worker]?.running[lease.trial] = nil
        if let worker = workers[held.worker], worker.held.isEmpty, worker.introduction == nil {
            workers[held.worker] = nil
        }
    }

    /// Gives up the trial's checkpoint; its bytes go when no other trial keeps the same.
    private mutating func release(checkpointOf trial: TrialID) {
        guard let kept = sweeps[trial.sweep]?[trial.number]?.checkpoint else { return }
        let hash = kept.id.hash
        let users = (checkpointUsers[hash] ?? 1) - 1
        checkpointUsers[hash] = users > 0 ? users : nil
        if users <= 0 { effects.append(.drop(hash)) }
    }
}
