import SweepCore
import SweepWire

extension CoordinatorCore {
    mutating func receive(_ message: Message, from connection: PeerID, at now: Instant) {
        if case .register(let introduction) = message {
            register(introduction, on: connection, at: now)
            return
        }
        guard let id = connections[connection], workers[id] != nil else {
            if case .goodbye = message { return }
            effects.append(.send(.unknownSession, to: connection))
            return
        }
        workers[id]?.lastSeen = now
        switch message {
        case .heartbeat(let beat):
            workers[id]?.running = Dictionary(
                beat.running.map { ($0.lease.trial, $0) },
                uniquingKeysWith: { first, _ in first }
            )
            effects.append(.send(.heartbeatAnswer, to: connection))
        case .reports(let reports):
            inOrder(reports.sequence, of: id, on: connection, at: now) { core in
                for item in reports.items { core.observe(item, from: connection, at: now) }
            }
        case .segmentEnded(let end):
            inOrder(end.sequence, of: id, on: connection, at: now) { core in core.ended(end, at: now) }
        case .draining(let draining):
            workers[id]?.draining = true
            for lease in draining.handedBack { handBack(lease, of: id, at: now) }
            log(.info, "worker drains", ["worker.id": id.name])
        case .goodbye(let goodbye):
            for trial in workers[id]?.held ?? [] {
                if let lease = currentLease(of: trial) { handBack(lease, of: id, at: now) }
            }
            workers[id] = nil
            connections[connection] = nil
            log(.info, "worker left", ["worker.id": id.name, "worker.reason": goodbye.reason])
        default:
            guard let answer = message.notAllowed("a worker does not send this message") else { return }
            effects.append(.send(answer, to: connection))
        }
    }

    /// Applies a numbered message if it is the next one; a repeated one is only acknowledged, a gap asks for the missing ones.
    private mutating func inOrder(
        _ sequence: UInt64,
        of worker: WorkerID,
        on connection: PeerID,
        at now: Instant,
        _ body: (inout CoordinatorCore) -> Void
    ) {
        let last = sequences[worker] ?? 0
        if sequence == last + 1 {
            body(&self)
            record(.workerSequence(worker, sequence: sequence), at: now)
        }
        effects.append(.send(.acknowledged(Acknowledged(sequence: sequences[worker] ?? 0)), to: connection))
    }

    private mutating func register(_ introduction: Register, on connection: PeerID, at now: Instant) {
        let id = introduction.worker
        if let former = workers[id]?.connection, former != connection { connections[former] = nil }
        if let other = connections[connection], other != id { workers[other]?.connection = nil }
        if workers[id] == nil { workers[id] = WorkerProgress(id: id, lastSeen: now) }
        workers[id]?.introduction = introduction
        workers[id]?.connection = connection
        workers[id]?.lastSeen = now
        workers[id]?.draining = false
        connections[connection] = id
        let claimed = introduction.leases.map(\.lease)
        let refused = claimed.filter { currentLease(of: $0.trial, ofWorker: id) != $0 }
        effects.append(
            .send(
                .welcome(
                    Welcome(
                        session: session,
                        heartbeatMilliseconds: Int(options.heartbeat.wholeNanoseconds / 1_000_000),
                        lapseMilliseconds: Int(options.lapse.wholeNanoseconds / 1_000_000),
                        coordinator: "sweepd",
                        lastSequence: sequences[id] ?? 0,
                        refused: refused
                    )
                ),
                to: connection
            )
        )
        // Leases that the worker does not know of never reached it: they are free for anyone.
        for trial in workers[id]?.held ?? [] {
            guard let lease = currentLease(of: trial, ofWorker: id), !claimed.contains(lease) else { continue }
            handBack(lease, of: id, at: now)
        }
        log(
            .info,
            "worker registered",
            [
                "worker.id": id.name, "worker.slots": String(introduction.slots),
                "worker.kernels": introduction.kernels,
            ]
        )
    }

    private mutating func observe(_ item: Reports.Item, from connection: PeerID, at now: Instant) {
        let id = item.lease.trial
        guard let trial = sweeps[id.sweep]?[id.number], trial.ended == nil else { return }
        guard let lease = trial.lease, lease.attempt == item.lease.attempt else {
            effects.append(
                .send(.verdicts(Verdicts(items: [.init(lease: item.lease, stop: .superseded)])), to: connection)
            )
            log(.debug, "late report ignored", ["trial.id": id.description])
            return
        }
        let fresh = freshObservations(item.observations, of: trial, to: lease.to)
        guard !fresh.isEmpty else { return }
        record(.observed(item.lease, fresh), at: now)
        let epochs = trial.curve.epochs + fresh.count
        if trial.curve.hasNonFinite(fresh) {
            end(id, .pruned(.cannotRecover), at: now)
        } else if epochs >= sweeps[id.sweep]?.sweep.epochs ?? .max {
            end(id, .completed, at: now)
        }
    }

    /// The epochs that continue the curve; one that was trained again is compared with what it gave before.
    private mutating func freshObservations(
        _ observations: [Observation],
        of trial: TrialProgress,
        to last: Int
    ) -> [Observation] {
        var fresh: [Observation] = []
        for observation in observations where observation.values.count == trial.curve.metrics.count {
            if trial.curve.observations.indices.contains(observation.epoch - 1) {
                // After a loss, or from an older checkpoint, an epoch has the same bits again.
                guard !trial.curve.observations[observation.epoch - 1].matches(observation) else { continue }
                log(
                    .error,
                    "an epoch trained again has other numbers",
                    ["trial.number": String(trial.number), "trial.epoch": String(observation.epoch)]
                )
            } else if observation.epoch == trial.curve.epochs + fresh.count + 1, observation.epoch <= last {
                fresh.append(observation)
            }
        }
        return fresh
    }

    private mutating func ended(_ message: SegmentEnded, at now: Instant) {
        let id = message.lease.trial
        guard let trial = sweeps[id.sweep]?[id.number] else { return }
        let current = trial.ended == nil && trial.attempt == message.lease.attempt
        if let checkpoint = message.checkpoint {
            let newer = message.epoch > (trial.checkpoint?.epoch ?? 0) && message.epoch <= trial.curve.epochs
            if current, newer {
                record(.checkpointKept(id, epoch: message.epoch, checkpoint), at: now)
            } else if checkpointUsers[checkpoint.hash] == nil {
                effects.append(.drop(checkpoint.hash))
            }
        }
        guard current, trial.lease != nil else { return }
        switch message.outcome {
        case .reached: record(.leaseEnded(message.lease, .superseded), at: now)
        case .cancelled: record(.leaseEnded(message.lease, .handedBack), at: now)
        case .notFinite: end(id, .pruned(.cannotRecover), at: now)
        case .failed(let reason, _): end(id, .failed(reason), at: now)
        case .died(let reason, _):
            record(.leaseEnded(message.lease, .died(reason)), at: now)
            giveUpIfHopeless(id, reason, at: now)
        }
    }

    /// Gives the leases of workers that were silent too long to others.
    mutating func lapse(at now: Instant) {
        for (id, worker) in workers.sorted(by: { $0.key < $1.key })
        where worker.lastSeen.duration(to: now) > options.lapse {
            if let connection = worker.connection { connections[connection] = nil }
            workers[id]?.connection = nil
            log(.warning, "worker lost", ["worker.id": id.name, "worker.leases": String(worker.held.count)])
            for trial in worker.held {
                guard let lease = currentLease(of: trial) else { continue }
                record(.leaseEnded(lease, .lapsed), at: now)
                giveUpIfHopeless(trial, "its worker \(id.name) fell silent", at: now)
            }
            workers[id] = nil
        }
    }

    mutating func forget(_ connection: PeerID) {
        guard let id = connections.removeValue(forKey: connection) else { return }
        // Its leases live on until the lapse time: the worker may come back on a new connection.
        workers[id]?.connection = nil
    }

    private mutating func handBack(_ lease: LeaseID, of worker: WorkerID, at now: Instant) {
        guard currentLease(of: lease.trial, ofWorker: worker) == lease else { return }
        record(.leaseEnded(lease, .handedBack), at: now)
    }

    private mutating func giveUpIfHopeless(_ id: TrialID, _ reason: String, at now: Instant) {
        guard let trial = sweeps[id.sweep]?[id.number], trial.fruitlessAttempts >= options.attempts else { return }
        end(id, .failed("\(trial.fruitlessAttempts) attempts ended without an epoch; the last: \(reason)"), at: now)
    }

    /// Ends a trial and tells the worker that trains it, if any.
    mutating func end(_ id: TrialID, _ state: TrialState, at now: Instant) {
        guard let trial = sweeps[id.sweep]?[id.number], trial.ended == nil else { return }
        if let lease = trial.lease, state != .completed, let connection = workers[lease.worker]?.connection {
            let stop: StopReason = state == .pruned(.cancelled) ? .cancelled : .superseded
            let item = Verdicts.Item(lease: LeaseID(trial: id, attempt: lease.attempt), stop: stop)
            effects.append(.send(.verdicts(Verdicts(items: [item])), to: connection))
        }
        record(.trialEnded(id, state), at: now)
    }

    func currentLease(of id: TrialID, ofWorker worker: WorkerID? = nil) -> LeaseID? {
        guard let lease = sweeps[id.sweep]?[id.number]?.lease, worker == nil || lease.worker == worker else {
            return nil
        }
        return LeaseID(trial: id, attempt: lease.attempt)
    }
}
