import SweepCore
import SweepWire

extension CoordinatorCore {
    /// Takes every decision that can be taken now, and hands out what is ready.
    mutating func settle(at now: Instant) {
        for id in sweeps.keys.sorted() where sweeps[id]?.state.isOver == false {
            decide(id, at: now)
            assign(id, at: now)
        }
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
            case .prune(let numbers):
                for number in numbers { self.end(TrialID(sweep: id, number: number), .pruned(.scheduler), at: now) }
            case .finish:
                record(.sweepChanged(id, .finished), at: now)
                log(.info, "sweep finished", ["sweep.name": sweeps[id]?.sweep.name ?? ""])
            }
        }
    }

    /// Segments that workers could hold beyond those they hold.
    private func demand(of id: SweepID) -> Int {
        guard let sweep = sweeps[id], sweep.state == .running, !sweep.inVirtualTime else { return 0 }
        let short = hasShortEpochs(sweep)
        return workers.values.reduce(0) { sum, worker in
            guard suits(worker, sweep.submission.coreVersion) else { return sum }
            return sum + max(0, worker.capacity(shortEpochs: short) - worker.held.count)
        }
    }

    private func suits(_ worker: WorkerProgress, _ coreVersion: String) -> Bool {
        worker.introduction?.coreVersion == coreVersion
    }

    private func hasShortEpochs(_ sweep: SweepProgress) -> Bool {
        guard let mean = sweep.meanEpochSeconds else { return false }
        return mean < options.shortEpochSeconds
    }

    private mutating func assign(_ id: SweepID, at now: Instant) {
        guard sweeps[id]?.state == .running, sweeps[id]?.ready.isEmpty == false,
            let coreVersion = sweeps[id]?.submission.coreVersion
        else { return }
        let short = sweeps[id].map(hasShortEpochs) ?? false
        var free: [(worker: WorkerID, room: Int, slots: Int, held: Int)] = workers.values
            .filter { suits($0, coreVersion) }
            .map {
                ($0.id, $0.capacity(shortEpochs: short) - $0.held.count, $0.introduction?.slots ?? 1, $0.held.count)
            }
            .filter { $0.room > 0 }
            .sorted { $0.worker < $1.worker }
        var batches: [WorkerID: [Assignment]] = [:]
        while let item = sweeps[id]?.ready.first, !free.isEmpty {
            // The least loaded worker for its size takes the next segment.
            var chosen = 0
            for index in free.indices
            where free[index].held * free[chosen].slots < free[chosen].held * free[index].slots {
                chosen = index
            }
            guard let (attempt, from, to) = sweeps[id]?.nextLease(of: item.trial) else { return }
            let lease = LeaseID(trial: TrialID(sweep: id, number: item.trial), attempt: attempt)
            let worker = free[chosen].worker
            record(.leased(lease, worker: worker, from: from, to: to), at: now)
            if let assignment = assignment(of: lease) { batches[worker, default: []].append(assignment) }
            free[chosen].room -= 1
            free[chosen].held += 1
            if free[chosen].room == 0 { free.remove(at: chosen) }
        }
        for (worker, leases) in batches.sorted(by: { $0.key < $1.key }) {
            guard let connection = workers[worker]?.connection else { continue }
            effects.append(.send(.assignments(Assignments(leases: leases)), to: connection))
        }
    }

    /// What the holder of `lease` needs to train its segment; nil when the lease is not current.
    func assignment(of lease: LeaseID) -> Assignment? {
        guard let sweep = sweeps[lease.trial.sweep], let trial = sweep[lease.trial.number], let held = trial.lease,
            held.attempt == lease.attempt, let spec = sweep.sweep.space.resolve(trial.configuration)
        else { return nil }
        // The checkpoint may have grown older or newer since the lease was taken; the trial's own is always right.
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
