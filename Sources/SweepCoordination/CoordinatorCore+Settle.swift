import SweepCore
import SweepWire

extension CoordinatorCore {
    /// Takes every decision that can be taken now, and hands out what is ready.
    mutating func settle(at now: Instant) {
        var contenders: [Contender] = []
        for id in active {
            decide(id, at: now)
            if let contender = contender(id) { contenders.append(contender) }
        }
        if !contenders.isEmpty { handOut(contenders, at: now) }
    }

    private mutating func decide(_ id: SweepID, at now: Instant) {
        // No copy of the sweep is held while facts change it: that would copy all its trials.
        while true {
            let demand = demand(of: id)
            guard let decision = sweeps[id]?.nextDecision(demand: demand) else { return }
            let order = sweeps[id]?.decided ?? 0
            switch decision {
            case .resolve(let number, let epoch, let cost):
                record(.segmentResolved(TrialID(sweep: id, number: number), epoch: epoch, cost: cost), at: now)
            case .propose(let proposal, let to, let end):
                record(.trialProposed(proposal), at: now)
                record(.segmentDecided(proposal.trial, from: 0, to: to, virtualEnd: end, order: order), at: now)
            case .promote(let number, let from, let to, let end):
                let trial = TrialID(sweep: id, number: number)
                record(.segmentDecided(trial, from: from, to: to, virtualEnd: end, order: order), at: now)
            case .prune(let numbers, let reason):
                for number in numbers { self.end(TrialID(sweep: id, number: number), .pruned(reason), at: now) }
            case .finish:
                record(.sweepChanged(id, .finished), at: now)
                log(.info, "sweep finished", ["sweep.name": sweeps[id]?.sweep.name ?? ""])
            }
        }
    }

    /// Segments that workers could hold beyond those they hold.
    private func demand(of id: SweepID) -> Int {
        guard let sweep = sweeps[id], sweep.state == .running, !sweep.inVirtualTime else { return 0 }
        return min(table.room(pool: sweep.pool, shortEpochs: hasShortEpochs(id)), sweep.leasesLeft)
    }

    func hasShortEpochs(_ id: SweepID) -> Bool {
        guard let mean = sweeps[id]?.meanEpochSeconds else { return false }
        return mean < options.shortEpochSeconds
    }

    /// Sends assignments, 128 in a message: its limit, 4 MiB, then leaves 32 KiB for each template.
    mutating func send(_ leases: [Assignment], to connection: PeerID) {
        for start in stride(from: 0, to: leases.count, by: 128) {
            let part = Array(leases[start..<min(start + 128, leases.count)])
            effects.append(.send(.assignments(Assignments(leases: part)), to: connection))
        }
    }

    /// Gives a trial's segment to a worker; false when it has none.
    mutating func lease(
        _ number: Int,
        of id: SweepID,
        to worker: WorkerID,
        _ batches: inout [WorkerID: [Assignment]],
        at now: Instant
    ) -> Bool {
        guard let (attempt, from, to) = sweeps[id]?.nextLease(of: number) else { return false }
        let lease = LeaseID(trial: TrialID(sweep: id, number: number), attempt: attempt)
        record(.leased(lease, worker: worker, from: from, to: to), at: now)
        if let assignment = assignment(of: lease) {
            batches[worker, default: []].append(assignment)
        } else {
            end(lease.trial, .failed("its configuration does not fit the sweep's space"), at: now)
        }
        return true
    }

    /// What the holder of `lease` needs to train its segment; nil when the lease is not current.
    func assignment(of lease: LeaseID) -> Assignment? {
        guard let sweep = sweeps[lease.trial.sweep], let trial = sweep[lease.trial.number], let held = trial.lease,
            held.attempt == lease.attempt, let spec = sweep.sweep.space.resolve(trial.configuration)
        else { return nil }
        return Assignment(
            lease: lease,
            sweepName: sweep.sweep.name,
            spec: spec,
            seed: trial.seed,
            from: trial.checkpoint?.epoch ?? 0,
            to: held.to,
            checkpoint: trial.checkpoint?.id,
            dataSet: sweep.submission.dataSet,
            keepsCheckpoint: held.to < sweep.sweep.epochs,
            metrics: sweep.metrics
        )
    }
}
