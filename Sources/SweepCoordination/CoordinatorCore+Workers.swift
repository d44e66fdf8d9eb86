import SweepCore
import SweepWire

extension CoordinatorCore {
    mutating func receive(_ message: Message, from connection: PeerID, at now: Instant) {
        if case .register(let introduction) = message {
            register(introduction, on: connection, at: now)
            return
        }
        guard let id = connections[connection], table.contains(id) else {
            switch message {
            case .goodbye, .problem: break
            default: effects.append(.send(.unknownSession, to: connection))
            }
            return
        }
        table.heard(id, at: now)
        switch message {
        case .heartbeat(let beat): heartbeat(beat, of: id, on: connection, at: now)
        case .reports(let reports):
            inOrder(reports.sequence, of: id, on: connection, at: now) { core in
                for item in reports.items { core.observe(item, from: id, on: connection, at: now) }
            }
        case .segmentEnded(let end):
            inOrder(end.sequence, of: id, on: connection, at: now) { core in core.ended(end, of: id, at: now) }
        case .draining(let draining):
            table.update(id) { $0.draining = true }
            for lease in draining.handedBack { handBack(lease, of: id, at: now) }
            log(.info, "worker drains", ["worker.id": id.name])
        case .goodbye(let goodbye):
            for trial in table[id]?.held ?? [] {
                if let lease = currentLease(of: trial, ofWorker: id) { handBack(lease, of: id, at: now) }
            }
            table.remove(id)
            connections[connection] = nil
            log(.info, "worker left", ["worker.id": id.name, "worker.reason": goodbye.reason])
        default:
            guard let answer = message.notAllowed("a worker does not send this message") else { return }
            effects.append(.send(answer, to: connection))
        }
    }

    /// The highest number of this worker that is applied or never comes again.
    ///
    /// Numbers below the oldest that it introduced itself with are gone: a coordinator of another directory would wait for them
    /// for ever. That is known as long as the worker is; what is applied is a fact.
    private mutating func lastSequence(of worker: WorkerID) -> UInt64 {
        let oldest = table.oldestSequence(worker)
        return max(sequences[worker] ?? 0, oldest > 1 ? oldest - 1 : 0)
    }

    /// Applies a numbered message if it is the next one; a repeated one is only acknowledged, a gap asks for the missing ones.
    private mutating func inOrder(
        _ sequence: UInt64,
        of worker: WorkerID,
        on connection: PeerID,
        at now: Instant,
        _ body: (inout CoordinatorCore) -> Void
    ) {
        let last = lastSequence(of: worker)
        if sequence > last, sequence - last == 1 {
            body(&self)
            record(.workerSequence(worker, sequence: sequence), at: now)
        }
        effects.append(.send(.acknowledged(Acknowledged(sequence: lastSequence(of: worker))), to: connection))
    }

    private mutating func register(_ introduction: Register, on connection: PeerID, at now: Instant) {
        let id = introduction.worker
        guard let version = ProtocolVersions.spoken.agreement(with: introduction.versions) else {
            return turnAway(introduction, on: connection, at: now)
        }
        turnedAway.forget(id.name)
        if let former = table[id]?.connection, former != connection {
            connections[former] = nil
            effects.append(.replaced(former))
        }
        if let other = connections[connection], other != id { table.update(other) { $0.connection = nil } }
        connections[connection] = id
        table.add(id, at: now)
        table.introduce(id, Self.kept(introduction))
        table.update(id) {
            $0.connection = connection
            $0.lastSeen = now
            $0.draining = false
            $0.isQuiet = false
            $0.idleBeats = 0
            // Another process may speak for it now, whose slots are free.
            $0.stale = []
            $0.occupied = 0
        }
        let claimed = Set(introduction.leases.map(\.lease))
        let refused = claimed.filter { currentLease(of: $0.trial, ofWorker: id) != $0 }
        effects.append(
            .send(
                .welcome(
                    Welcome(
                        session: session,
                        heartbeatMilliseconds: Int(options.heartbeat.wholeNanoseconds / 1_000_000),
                        lapseMilliseconds: Int(options.lapse.wholeNanoseconds / 1_000_000),
                        coordinator: "sweepd",
                        lastSequence: lastSequence(of: id),
                        refused: refused.sorted(),
                        version: version,
                        softwareVersion: options.softwareVersion
                    )
                ),
                to: connection
            )
        )
        // Leases that the worker does not know of never reached it: they are free for anyone.
        for trial in table[id]?.held ?? [] {
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

    /// What is kept of a registration. What the worker holds is compared once: of many workers each would keep a megabyte of it. Ahead
    /// it holds no more than one of ours takes, whatever it wishes.
    private static func kept(_ introduction: Register) -> Register {
        var kept = introduction
        kept.leases = []
        kept.dataSets = []
        kept.prefetch = WorkerSession.prefetch(kept.prefetch, besides: kept.slots)
        return kept
    }

    /// Tells a worker of another protocol what to do; nothing else of what there is is touched by it.
    private mutating func turnAway(_ introduction: Register, on connection: PeerID, at now: Instant) {
        let sentence = introduction.versions.refusal(
            worker: introduction.softwareVersion,
            coordinator: .spoken,
            options.softwareVersion
        )
        let kind = MessageKind.register.rawValue
        effects.append(.send(.problem(Problem(kind: kind, code: .badVersion, sentence: sentence)), to: connection))
        let isNew = turnedAway.note(introduction, sentence, at: now)
        log(
            isNew ? .warning : .debug,
            "worker turned away",
            ["worker.id": introduction.worker.name, "worker.reason": sentence]
        )
    }

    private mutating func heartbeat(_ beat: Heartbeat, of id: WorkerID, on connection: PeerID, at now: Instant) {
        var running: [TrialID: Heartbeat.Progress] = [:]
        var stale: [Verdicts.Item] = []
        for progress in beat.running {
            if currentLease(of: progress.lease.trial, ofWorker: id) == progress.lease {
                running[progress.lease.trial] = progress
            } else {
                // The verdict that ended it was lost, or is on its way.
                stale.append(.init(lease: progress.lease, stop: stopReason(for: progress.lease.trial)))
            }
        }
        let held = table[id]?.held ?? []
        // The first alone: beats are many, and so may be what is held ahead.
        let next = held.first { running[$0] == nil && isUnfinished($0) }
        let idle = next.map { slots(of: $0) <= (table[id]?.slots ?? 0) - beat.busySlots } ?? false
        // A slot has one trainer: whoever names more keeps no more of our memory.
        let trained = Set(stale.prefix(table[id]?.slots ?? 0).map(\.lease))
        noteProgress(running, stale: trained, of: id, at: now)
        table.update(id) {
            $0.idleBeats = idle ? $0.idleBeats + 1 : 0
        }
        effects.append(.send(.heartbeatAnswer, to: connection))
        if !stale.isEmpty { effects.append(.send(.verdicts(Verdicts(items: stale)), to: connection)) }
        guard let beats = table[id]?.idleBeats, beats >= options.missedBeats else { return }
        // It has a free slot and does not begin what it was given: the assignment was lost. One that it has, it ignores.
        table.update(id) { $0.idleBeats = 0 }
        let waiting = held.filter { running[$0] == nil && isUnfinished($0) }
        send(waiting.compactMap { trial in currentLease(of: trial).flatMap { assignment(of: $0) } }, to: connection)
    }

    /// Whether epochs of the trial's lease are missing.
    private func isUnfinished(_ id: TrialID) -> Bool {
        guard let to = sweeps[id.sweep]?[id.number]?.lease?.to else { return false }
        return sweeps[id.sweep]?[id.number]?.curve.epochs ?? 0 < to
    }

    private func stopReason(for id: TrialID) -> StopReason {
        sweeps[id.sweep]?[id.number]?.ended == .pruned(.cancelled) ? .cancelled : .superseded
    }

    private mutating func observe(_ item: Reports.Item, from worker: WorkerID, on connection: PeerID, at now: Instant) {
        let id = item.lease.trial
        guard at(id.sweep, { $0.has(id.number) }) == true else { return }
        guard currentLease(of: id, ofWorker: worker) == item.lease else {
            let verdict = Verdicts.Item(lease: item.lease, stop: stopReason(for: id))
            effects.append(.send(.verdicts(Verdicts(items: [verdict])), to: connection))
            log(.debug, "late report ignored", of: id)
            return
        }
        if let mean = at(id.sweep, { $0.meanEpochSeconds }) ?? nil {
            for observation in item.observations { table.note(worker, seconds: observation.seconds, mean: mean) }
        }
        take(item, at: now)
    }

    /// Takes in what is new of a report under a current lease, and ends the trial where its numbers or its last epoch do.
    mutating func take(_ item: Reports.Item, at now: Instant) {
        let id = item.lease.trial
        let fresh = freshObservations(item)
        guard !fresh.isEmpty else { return }
        let notes = freshNotes(item, fresh)
        let readings = freshReadings(item, fresh)
        record(.observed(item.lease, fresh), at: now)
        if !notes.isEmpty { record(.noted(id, notes), at: now) }
        for reading in readings { record(.measured(id, reading), at: now) }
        let last = fresh.last?.epoch
        let seen = at(id.sweep) { ($0.trials[id.number - 1].curve.hasNonFinite(fresh), $0.sweep.epochs) }
        if seen?.0 == true {
            end(id, .pruned(.cannotRecover), at: now)
        } else if last == seen?.1 || (item.stoppedEarly && last == item.observations.last?.epoch) {
            end(id, .completed, at: now)
        } else if at(id.sweep, { $0.isHopeless($0.trials[id.number - 1], $0.trials[id.number - 1].curve) }) == true {
            log(.info, "trial cannot recover and is stopped", of: id, ["trial.epoch": String(last ?? 0)])
            end(id, .pruned(.hopeless), at: now)
        }
    }

    /// The notes about these epochs, as many as the trial may still have; of epochs trained again nothing is noted twice.
    private func freshNotes(_ item: Reports.Item, _ fresh: [Observation]) -> [TrialNote] {
        guard !item.notes.isEmpty, let first = fresh.first?.epoch, let last = fresh.last?.epoch else { return [] }
        let kept = sweeps[item.lease.trial.sweep]?[item.lease.trial.number]?.notes.count ?? 0
        let notes = item.notes.filter { (first...last).contains($0.epoch) }
        return Array(notes.prefix(max(0, TrialNote.perTrial - kept)))
    }

    /// The readings after these epochs that the sweep's schedule asks for, one an epoch; an epoch that is trained again has the same
    /// and is not read twice. None of a program.
    private func freshReadings(_ item: Reports.Item, _ fresh: [Observation]) -> [PackedReading] {
        guard !item.readings.isEmpty, let first = fresh.first?.epoch, let last = fresh.last?.epoch else { return [] }
        let id = item.lease.trial
        guard let sweep = sweeps[id.sweep], let tier = sweep.sweep.representative?.instruments,
            let lease = sweep.lease(of: id.number)
        else { return [] }
        var newest = sweep[id.number]?.readings.all.last?.epoch ?? 0
        return item.readings.filter { reading in
            guard (first...last).contains(reading.epoch), reading.epoch > newest,
                tier.reads(after: reading.epoch, segmentEnd: lease.to)
            else { return false }
            newest = reading.epoch
            return true
        }
    }

    /// The epochs that continue the curve, up to the first whose loss is not finite or which shows that it is hopeless; one that was trained again is compared
    /// with what it gave before.
    private mutating func freshObservations(_ item: Reports.Item) -> [Observation] {
        let id = item.lease.trial
        guard
            case let (curve, last)?? = at(
                id.sweep,
                { sweep in
                    sweep.lease(of: id.number).map { (sweep.trials[id.number - 1].curve, $0.to) }
                }
            )
        else { return [] }
        var fresh: [Observation] = []
        fresh.reserveCapacity(item.observations.count)
        // Its own rule, which needs the curve with what is new; asked of few sweeps. What a report ends with `take` judges on the stored
        // curve, so that a report of one epoch copies nothing.
        let isJudged = at(id.sweep) { $0.stopsHopeless } == true
        var grown = curve
        for observation in item.observations where observation.values.count == curve.metrics.count {
            if observation.epoch >= 1, observation.epoch <= curve.epochs {
                // After a loss, or from an older checkpoint, an epoch has the same bits again.
                guard !curve.observations[observation.epoch - 1].matches(observation) else { continue }
                // Programs owe us no bits: the first report of an epoch stands.
                guard sweeps[id.sweep]?.sweep.isOfPrograms != true else { continue }
                log(
                    .error,
                    "an epoch trained again has other numbers",
                    of: id,
                    ["trial.epoch": String(observation.epoch)]
                )
            } else if observation.epoch == curve.epochs + fresh.count + 1, observation.epoch <= last {
                if isJudged, let newest = fresh.last {
                    grown.append(newest)
                    if at(id.sweep, { $0.isHopeless($0.trials[id.number - 1], grown) }) == true { break }
                }
                fresh.append(observation)
                if curve.hasNonFinite([observation]) { break }
            }
        }
        return fresh
    }

    private mutating func ended(_ message: SegmentEnded, of worker: WorkerID, at now: Instant) {
        let id = message.lease.trial
        // In most cases the report of its last epoch has ended the trial, and there is nothing to do.
        guard case let isOpen? = at(id.sweep, { $0.has(id.number) && $0.trials[id.number - 1].lease != nil }),
            isOpen || message.checkpoint != nil, let trial = sweeps[id.sweep]?[id.number]
        else { return }
        let current = currentLease(of: id, ofWorker: worker) == message.lease
        if let checkpoint = message.checkpoint {
            let newer = message.epoch > (trial.checkpoint?.epoch ?? 0) && message.epoch <= trial.curve.epochs
            if current, newer {
                record(.checkpointKept(id, epoch: message.epoch, checkpoint), at: now)
            } else if checkpointUsers[checkpoint.hash] == nil {
                effects.append(.drop(checkpoint.hash))
            }
        }
        guard current, let lease = trial.lease else { return }
        switch message.outcome {
        case .reached where trial.curve.epochs >= lease.to: record(.leaseEnded(message.lease, .superseded), at: now)
        case .stoppedEarly
        where message.epoch > 0 && message.epoch == trial.curve.epochs && sweeps[id.sweep]?.sweep.isOfPrograms == true:
            // A program says by its end that it is done: no report can.
            end(id, .completed, at: now)
        case .reached, .stoppedEarly:
            // A stop that was reported has completed the trial, so that the lease is not current any more.
            let what =
                message.outcome == .stoppedEarly
                ? "stopped early at epoch \(message.epoch)" : "ended at epoch \(lease.to)"
            let reason = "its worker \(worker.name) \(what) and reported \(trial.curve.epochs)"
            record(.leaseEnded(message.lease, .died(reason)), at: now)
            giveUpIfHopeless(id, at: now)
        case .cancelled: record(.leaseEnded(message.lease, .handedBack), at: now)
        case .notFinite: end(id, .pruned(.cannotRecover), at: now)
        case .failed(let reason, _):
            log(.warning, "trial failed", of: id, ["trial.reason": reason])
            end(id, .failed(reason), at: now)
        case .died(let reason, let text):
            let death = AttemptDeath(reason: reason, log: text)
            log(
                .warning,
                "trial's process died",
                of: id,
                ["lease.id": message.lease.description, "trial.reason": death.reason]
            )
            record(.leaseEnded(message.lease, .died(death.text)), at: now)
            giveUpIfHopeless(id, at: now)
        }
    }

    /// Gives the leases of workers that were silent too long to others.
    mutating func lapse(at now: Instant) {
        let lost = table.all.values.filter { $0.lastSeen.duration(to: now) > patience(with: $0) }.sorted {
            $0.id < $1.id
        }
        for worker in lost {
            let id = worker.id
            if let connection = worker.connection { connections[connection] = nil }
            log(.warning, "worker lost", ["worker.id": id.name, "worker.leases": String(worker.held.count)])
            let begunInOrder = begunLeases(of: worker)
            // An asker has begun what it asked for, and tells who it is by nothing else.
            let isAsker = askedLease(of: worker) != nil
            for (place, trial) in worker.held.enumerated() {
                guard let lease = currentLease(of: trial, ofWorker: id) else { continue }
                // Leases are begun in order, so those beyond its slots cannot have ended it. Nor does anything speak against
                // those of a worker that never came back to a restarted coordinator: both may have fallen together.
                let begun = place < begunInOrder || worker.running[trial] != nil
                guard isAsker || (begun && worker.introduction != nil) else {
                    record(.leaseEnded(lease, .handedBack), at: now)
                    continue
                }
                record(.leaseEnded(lease, .lapsed), at: now)
                giveUpIfHopeless(trial, at: now)
            }
            table.remove(id)
        }
    }

    mutating func forget(_ connection: PeerID) {
        guard let id = connections.removeValue(forKey: connection) else { return }
        // Its leases live on until the lapse time: the worker may come back on a new connection.
        table.update(id) { $0.connection = nil }
    }

    private mutating func handBack(_ lease: LeaseID, of worker: WorkerID, at now: Instant) {
        guard currentLease(of: lease.trial, ofWorker: worker) == lease else { return }
        record(.leaseEnded(lease, .handedBack), at: now)
    }

    /// Ends a trial and tells the worker that trains it, if any.
    mutating func end(_ id: TrialID, _ state: TrialState, at now: Instant) {
        let isOpen = at(id.sweep) { $0.has(id.number) && $0.trials[id.number - 1].ended == nil }
        guard isOpen == true else { return }
        let lease = at(id.sweep) { $0.lease(of: id.number) } ?? nil
        record(.trialEnded(id, state), at: now)
        guard let lease, state != .completed, let connection = table[lease.worker]?.connection else { return }
        let stopped = LeaseID(trial: id, attempt: lease.attempt)
        let item = Verdicts.Item(lease: stopped, stop: stopReason(for: id))
        effects.append(.send(.verdicts(Verdicts(items: [item])), to: connection))
    }

    mutating func currentLease(of id: TrialID, ofWorker worker: WorkerID? = nil) -> LeaseID? {
        guard case let lease?? = at(id.sweep, { $0.lease(of: id.number) }), worker == nil || lease.worker == worker
        else {
            return nil
        }
        return LeaseID(trial: id, attempt: lease.attempt)
    }
}
