import SweepCore
import SweepWire

/// Trials that programs outside ask for (`train.ask`): an asker is a worker for as long as it holds its one trial.
///
/// Its lease is a lease like any other: a fact, with an attempt that fences what comes late. It has no connection and no
/// introduction, so nothing is ever handed out to it unasked; it lives by what it tells, for as long as the sweep file says.
extension CoordinatorCore {
    /// Gives the asker a trial of the sweep, if there is one to be had now.
    mutating func ask(_ name: String, asker: String, _ token: ReplyToken, at now: Instant) {
        guard let id = askedSweep(name, token) else { return }
        guard at(id, { $0.state == .running }) == true else { return nothing(of: id, token) }
        if at(id, { $0.hasReady }) != true { decide(id, demand: 1, at: now) }
        guard at(id, { $0.state == .running && $0.leasesLeft > 0 }) == true, let number = nextAsked(of: id),
            let trial = giveAsked(number, of: id, to: asker, at: now)
        else { return nothing(of: id, token) }
        effects.append(.reply(token, .asked(trial)))
    }

    /// Takes in what an asker tells, and answers with the scheduler's verdict.
    mutating func told(_ name: String, _ tell: Tell, _ token: ReplyToken, at now: Instant) {
        guard let id = askedSweep(name, token) else { return }
        do throws(Refusal) {
            try take(tell, of: id, at: now)
            let verdict = verdict(on: tell.trial, of: id)
            guard let verdict else { throw Refusal(.notFound("\(name) has no trial \(tell.trial)")) }
            effects.append(.reply(token, .told(verdict)))
        } catch {
            effects.append(.reply(token, error.outcome))
        }
    }

    /// Why nothing came of what was told.
    private struct Refusal: Error {
        let outcome: SteeringOutcome
        init(_ outcome: SteeringOutcome) { self.outcome = outcome }
    }

    /// The sweep of this name whose trials are asked for; nil when there is none, which is answered.
    private mutating func askedSweep(_ name: String, _ token: ReplyToken) -> SweepID? {
        guard let sweep = sweep(named: name) else {
            effects.append(.reply(token, .notFound(unknown(sweep: name))))
            return nil
        }
        guard sweep.sweep.ask != nil else {
            let sentence = "the trials of \(name) are not asked for: its file has no train.ask"
            effects.append(.reply(token, .conflict(sentence)))
            return nil
        }
        return sweep.id
    }

    private mutating func nothing(of id: SweepID, _ token: ReplyToken) {
        guard let state = at(id, { $0.state }) else { return }
        effects.append(.reply(token, .nothingToAsk(state)))
    }

    /// The trial whose segment is to be given next: last attempts and retries first, as they are behind all others.
    private mutating func nextAsked(of id: SweepID) -> Int? {
        at(id) { ($0.lastAttempts.first ?? $0.retries.first ?? $0.ready.first)?.trial } ?? nil
    }

    private mutating func giveAsked(_ number: Int, of id: SweepID, to asker: String, at now: Instant) -> AskedTrial? {
        // Every lease has a worker of its own, so that the silence of one asker is not that of another of its name.
        let worker = WorkerID(name: asker, incarnation: UInt64(leasesGiven) + 1)
        var batches: [WorkerID: [Assignment]] = [:]
        guard lease(number, of: id, to: worker, &batches, at: now), let assignment = batches[worker]?.first else {
            return nil
        }
        // What an asker of this very name and number said before the lease is not this one's.
        table.heard(worker, at: now)
        return at(id) { sweep -> AskedTrial? in
            guard case .ask(let run)? = TrialWork.read(assignment.spec, problems: SpecProblems()) else { return nil }
            return AskedTrial(
                lease: assignment.lease,
                configuration: sweep.trials[number - 1].configuration,
                parameters: run.parameters,
                seed: assignment.seed,
                epoch: sweep.trials[number - 1].curve.epochs,
                to: assignment.to,
                epochs: sweep.sweep.epochs,
                leaseSeconds: run.lease
            )
        } ?? nil
    }

    /// What matters of a trial to judge what is told of it.
    private struct Standing {
        let epochs: Int
        let attempt: UInt32
        let lease: TrialProgress.Lease?
        let ended: TrialState?
        let isPaused: Bool
    }

    private mutating func standing(_ number: Int, of id: SweepID) -> Standing? {
        at(id) { sweep -> Standing? in
            guard sweep.has(number) else { return nil }
            let trial = sweep.trials[number - 1]
            return Standing(
                epochs: trial.curve.epochs,
                attempt: trial.attempt.rawValue,
                lease: trial.lease,
                ended: trial.ended,
                isPaused: sweep.state != .running
            )
        } ?? nil
    }

    private mutating func take(_ tell: Tell, of id: SweepID, at now: Instant) throws(Refusal) {
        let name = at(id) { $0.sweep.name } ?? ""
        guard let before = standing(tell.trial, of: id) else {
            throw Refusal(.notFound("\(name) has no trial \(tell.trial)"))
        }
        guard tell.attempt >= 1, tell.attempt <= Int(before.attempt) else {
            throw Refusal(.badInput("attempt: trial \(tell.trial) was never given under attempt \(tell.attempt)"))
        }
        let values = try tell.values.map { given throws(Refusal) -> [Double] in try ordered(given, of: id, name) }
        guard let lease = before.lease, Int(lease.attempt.rawValue) == tell.attempt else {
            return try judgeLate(tell, values, before, of: id)
        }
        let trial = TrialID(sweep: id, number: tell.trial)
        let current = LeaseID(trial: trial, attempt: lease.attempt)
        let epoch = tell.epoch ?? before.epochs + 1
        if values != nil, epoch < 1 || epoch > before.epochs + 1 {
            throw Refusal(.badInput("epoch: found \(epoch), the next of trial \(tell.trial) is \(before.epochs + 1)"))
        }
        if tell.end == .completed, values == nil, before.epochs == 0 {
            throw Refusal(
                .badInput("values: missing; nothing was reported of trial \(tell.trial), so it has no result")
            )
        }
        let silent = table.lastSeen(lease.worker)?.duration(to: now) ?? .zero
        table.heard(lease.worker, at: now)
        if let values {
            let seconds = tell.seconds ?? Double(silent.wholeNanoseconds) / 1e9
            let observation = Observation(epoch: epoch, values: values, seconds: seconds)
            take(Reports.Item(lease: current, observations: [observation]), at: now)
        }
        finish(tell, current, of: lease.worker, at: now)
    }

    /// Ends the lease where what was told ends it, decides, and lets a trial that goes on at once stay where it is.
    private mutating func finish(_ tell: Tell, _ lease: LeaseID, of worker: WorkerID, at now: Instant) {
        let id = lease.trial.sweep
        guard let after = standing(lease.trial.number, of: id), let held = after.lease else { return }
        switch tell.end {
        case .completed: return end(lease.trial, .completed, at: now)
        case .failed(let reason):
            log(.warning, "trial failed", of: lease.trial, ["trial.reason": reason])
            return end(lease.trial, .failed(reason), at: now)
        case .handedBack: return record(.leaseEnded(lease, .handedBack), at: now)
        case nil: break
        }
        guard after.epochs >= held.to else {
            // A sweep that rests gets its trials back at their next word.
            if after.isPaused { record(.leaseEnded(lease, .handedBack), at: now) }
            return
        }
        record(.leaseEnded(lease, .superseded), at: now)
        guard !after.isPaused else { return }
        decide(id, demand: 0, at: now)
        let goesOn = at(id) { sweep in
            sweep.state == .running && sweep.leasesLeft > 0 && sweep.ready.contains(trial: lease.trial.number)
        }
        if goesOn == true { _ = giveAsked(lease.trial.number, of: id, to: worker.name, at: now) }
    }

    /// A word under a lease that has ended: the same word again is answered again, anything new is refused.
    private mutating func judgeLate(
        _ tell: Tell,
        _ values: [Double]?,
        _ trial: Standing,
        of id: SweepID
    ) throws(Refusal) {
        let isNewest = tell.attempt == Int(trial.attempt)
        let epoch = tell.epoch ?? trial.epochs
        let isKnown =
            at(id) { sweep in
                guard let values else { return true }
                let curve = sweep.trials[tell.trial - 1].curve
                guard curve.isWhole else { return epoch <= curve.epochs }
                return (1...max(1, curve.epochs)).contains(epoch) && curve.epochs > 0
                    && curve.observations[epoch - 1].matches(
                        Observation(epoch: epoch, values: values, seconds: 0)
                    )
            } ?? false
        switch trial.ended {
        // The scheduler or the user ended it: what it measures since is not wanted.
        case .pruned? where isNewest: return
        case .completed? where isNewest && isKnown && (tell.end == nil || tell.end == .completed): return
        case .failed? where isNewest && tell.values == nil: return
        case nil where isNewest && trial.lease == nil && values != nil && isKnown && tell.end == nil: return
        default: break
        }
        let now =
            switch trial.ended {
            case let ended?: "the trial is \(ended.name)"
            case nil where trial.lease != nil:
                "it was given again, to \(trial.lease?.worker.name ?? "") under attempt \(trial.attempt)"
            case nil: "it waits to be asked for again"
            }
        throw Refusal(
            .leaseLost("attempt \(tell.attempt) of trial \(tell.trial) is over and nothing of it is taken: \(now)")
        )
    }

    /// The values in the order of the sweep's metrics.
    private mutating func ordered(_ given: [Metric: Double], of id: SweepID, _ name: String) throws(Refusal) -> [Double]
    {
        let metrics = at(id) { $0.metrics } ?? []
        let words = metrics.map(\.rawValue).joined(separator: ", ")
        if let unknown = given.keys.filter({ !metrics.contains($0) }).map(\.rawValue).min() {
            throw Refusal(.badInput("values: \(unknown) is none of what trials of \(name) report: \(words)"))
        }
        if let missing = metrics.first(where: { given[$0] == nil }) {
            throw Refusal(.badInput("values: \(missing.rawValue) is missing; trials of \(name) report \(words)"))
        }
        return metrics.compactMap { given[$0] }
    }

    private mutating func verdict(on number: Int, of id: SweepID) -> TellVerdict? {
        at(id) { sweep -> TellVerdict? in
            guard sweep.has(number) else { return nil }
            let trial = sweep.trials[number - 1]
            return TellVerdict(
                word: trial.ended != nil ? .stop : trial.lease != nil ? .go : .pause,
                state: trial.state(begun: true),
                attempt: trial.attempt,
                epoch: trial.curve.epochs,
                to: trial.lease?.to
            )
        } ?? nil
    }

    /// How long this worker may be silent: an asker for as long as its sweep's file says.
    func patience(with worker: WorkerProgress) -> Duration {
        guard let lease = askedLease(of: worker) else { return options.lapse }
        return .milliseconds(Int64(lease * 1000))
    }

    /// The lease time of an asker; nil for a worker.
    func askedLease(of worker: WorkerProgress) -> Double? {
        guard worker.introduction == nil, let trial = worker.held.first else { return nil }
        return sweeps[trial.sweep]?.sweep.ask?.lease
    }
}
