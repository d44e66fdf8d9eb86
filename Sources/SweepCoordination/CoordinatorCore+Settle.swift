import SweepCore
import SweepWire

extension CoordinatorCore {
    /// Takes every decision that can be taken now, and hands out what is ready.
    mutating func settle(at now: Instant) {
        var contenders: [Contender] = []
        for id in active {
            // What workers could hold changes with leases only, and none is given here.
            decide(id, demand: demand(of: id), at: now)
            if let contender = contender(id) { contenders.append(contender) }
        }
        if !contenders.isEmpty { handOut(contenders, at: now) }
        if mayBeDue { seekExperiments() }
    }

    /// Takes every decision of a sweep that can be taken; `demand` is how many more segments could be held.
    mutating func decide(_ id: SweepID, demand: Int, at now: Instant) {
        // No copy of the sweep is held while facts change it: that would copy all its trials.
        while true {
            guard case let (decision?, order)? = at(id, { ($0.nextDecision(demand: demand), $0.decided) }) else {
                return
            }
            switch decision {
            case .resolve(let number, let epoch, let cost):
                record(.segmentResolved(TrialID(sweep: id, number: number), epoch: epoch, cost: cost), at: now)
            case .propose(let proposal, let to, let end):
                record(.trialProposed(proposal), at: now)
                record(.segmentDecided(proposal.trial, from: 0, to: to, virtualEnd: end, order: order), at: now)
            case .copy(let proposal, let parent, let replaced, let to, let end):
                if let replaced, at(id, { $0.open.contains(replaced) }) == true {
                    self.end(TrialID(sweep: id, number: replaced), .pruned(.scheduler), at: now)
                }
                record(.trialProposed(proposal), at: now)
                record(
                    .segmentDecided(proposal.trial, from: parent.epoch, to: to, virtualEnd: end, order: order),
                    at: now
                )
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
    private mutating func demand(of id: SweepID) -> Int {
        let asks = at(id) {
            $0.state == .running && !$0.inVirtualTime && $0.sweep.ask == nil ? ($0.pool, $0.leasesLeft) : nil
        }
        guard case let (pool, left)?? = asks else { return 0 }
        return min(table.room(pool: pool, shortEpochs: hasShortEpochs(id)), left)
    }

    mutating func hasShortEpochs(_ id: SweepID) -> Bool {
        let limit = options.shortEpochSeconds
        return at(id) { ($0.meanEpochSeconds ?? .infinity) < limit } ?? false
    }

    /// Sends assignments, 128 templates in a message, those of ancestors counted: its limit, 4 MiB, then leaves 32 KiB for each.
    mutating func send(_ leases: [Assignment], to connection: PeerID) {
        var part: [Assignment] = []
        var templates = 0
        for lease in leases {
            var own = 1
            if case .list(let ancestors)? = lease.spec[Ancestor.key] { own += ancestors.count }
            if templates + own > 128, !part.isEmpty {
                effects.append(.send(.assignments(Assignments(leases: part)), to: connection))
                (part, templates) = ([], 0)
            }
            part.append(lease)
            templates += own
        }
        if !part.isEmpty { effects.append(.send(.assignments(Assignments(leases: part)), to: connection)) }
    }

    /// Gives a trial's segment to a worker; false when it has none.
    mutating func lease(
        _ number: Int,
        of id: SweepID,
        to worker: WorkerID,
        _ batches: inout [WorkerID: [Assignment]],
        at now: Instant
    ) -> Bool {
        guard case let (attempt, from, to)?? = at(id, { $0.nextLease(of: number) }) else { return false }
        let lease = LeaseID(trial: TrialID(sweep: id, number: number), attempt: attempt)
        let isProgram = at(id) { $0.sweep.isOfPrograms } ?? false
        let kernels = isProgram ? nil : workers[worker]?.introduction?.kernels
        record(.leased(lease, worker: worker, from: from, to: to, kernels: kernels ?? ""), at: now)
        if let assignment = assignment(of: lease) {
            batches[worker, default: []].append(assignment)
        } else {
            end(lease.trial, .failed("its configuration does not fit the sweep's space"), at: now)
        }
        return true
    }

    /// What the holder of `lease` needs to train its segment; nil when the lease is not current.
    mutating func assignment(of lease: LeaseID) -> Assignment? {
        at(lease.trial.sweep) { sweep -> Assignment? in
            guard let held = sweep.lease(of: lease.trial.number), held.attempt == lease.attempt,
                let spec = sweep.template(of: lease.trial.number)
            else { return nil }
            let checkpoint = sweep.trials[lease.trial.number - 1].checkpoint
            let fold = sweep.fold(of: sweep.trials[lease.trial.number - 1])
            return Assignment(
                lease: lease,
                sweepName: sweep.sweep.name,
                spec: spec,
                seed: sweep.trials[lease.trial.number - 1].seed,
                from: checkpoint?.epoch ?? 0,
                to: held.to,
                checkpoint: checkpoint?.id,
                dataSet: sweep.submission.dataSet(ofFold: fold),
                keepsCheckpoint: held.to < sweep.sweep.epochs,
                metrics: sweep.metrics
            )
        } ?? nil
    }
}
