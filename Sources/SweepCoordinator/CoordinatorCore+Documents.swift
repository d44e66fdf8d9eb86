package import SweepCoordination
package import SweepCore
import SweepDiagnosis
package import SweepReports
import SweepSearch
import SweepWire

/// What a running coordinator knows beside its core: how fast a sweep goes.
package struct Pace: Hashable, Sendable {
    /// Epochs a second since the first one of this process.
    package let epochsPerSecond: Double
    package init(epochsPerSecond: Double) { self.epochsPerSecond = epochsPerSecond }
}

extension CoordinatorCore {
    /// The sweeps in the order of submission.
    package var listDocument: ListDocument {
        ListDocument(sweeps: sweeps.keys.sorted().compactMap { sweeps[$0] }.map(entry))
    }

    /// One sweep's line of the list.
    package func entry(_ sweep: SweepProgress) -> ListDocument.Entry {
        ListDocument.Entry(
            sweep: sweep.sweep.name,
            number: Int(sweep.id.rawValue),
            state: sweep.state.name,
            trials: counts(sweep),
            trialsPlanned: sweep.plannedTrials,
            epochs: sweep.epochsTrained,
            objective: sweep.sweep.objective,
            best: best(sweep)
        )
    }

    /// The sweep's state, its trials by state, its best so far, and the workers; `now` is on the clock of the events.
    package func statusDocument(_ sweep: SweepProgress, pace: Pace?, at now: Instant) -> StatusDocument {
        var reason: String?
        if case .halted(let text) = sweep.state { reason = text }
        return StatusDocument(
            sweep: sweep.sweep.name,
            state: sweep.state.name,
            reason: reason,
            trials: counts(sweep),
            trialsPlanned: sweep.plannedTrials,
            epochs: sweep.epochsTrained,
            epochsPerSecond: sweep.state == .running ? pace?.epochsPerSecond : nil,
            secondsLeft: secondsLeft(sweep, pace),
            best: best(sweep),
            workers: workers.keys.sorted().compactMap { workers[$0] }.map { status($0, sweep, at: now) }
        )
    }

    /// The ranked summary; all rows, or the first `top`.
    package func rankDocument(_ sweep: SweepProgress, top: Int?) -> RankDocument {
        let (rows, all) = Ranking.summary(
            sweep.trials.lazy.map { record($0, sweep) },
            objective: sweep.sweep.objective,
            levels: sweep.levels,
            top: top,
            finding: { finding($0.curve, stoppedEarly: $0.stoppedEarly, sweep) }
        )
        return RankDocument(
            sweep: sweep.sweep.name,
            objective: sweep.sweep.objective,
            configurations: all,
            rows: rows
        )
    }

    /// The curves of one trial or of all; nil when there is no such trial.
    package func curvesDocument(_ sweep: SweepProgress, trial: Int?) -> CurvesDocument? {
        if let trial, sweep[trial] == nil { return nil }
        let trials = sweep.trials.filter { trial == nil || $0.number == trial }
        return CurvesDocument(
            sweep: sweep.sweep.name,
            objective: sweep.sweep.objective,
            trials: trials.map { progress in
                CurvesDocument.Trial(
                    trial: progress.number,
                    configuration: progress.configuration,
                    seed: progress.seed,
                    state: state(of: progress, sweep),
                    stoppedEarly: progress.stoppedEarly,
                    notes: progress.notes,
                    curve: progress.curve
                )
            }
        )
    }

    /// The trial as the ranking wants it, without what its curve shows: that is looked for in rows that are shown.
    private func record(_ trial: TrialProgress, _ sweep: SweepProgress) -> TrialRecord {
        TrialRecord(
            number: trial.number,
            configuration: trial.configuration,
            configurationID: trial.configurationID,
            seed: trial.seed,
            repetition: trial.runOfConfiguration,
            state: state(of: trial, sweep),
            stoppedEarly: trial.stoppedEarly,
            notes: trial.notes,
            curve: trial.curve,
            attempts: Int(trial.attempt.rawValue),
            coreSeconds: trial.curve.seconds,
            workers: trial.workers
        )
    }

    private func finding(_ curve: LearningCurve, stoppedEarly: Bool, _ sweep: SweepProgress) -> Finding? {
        Findings.primary(
            curve: curve,
            budget: stoppedEarly ? curve.epochs : sweep.sweep.epochs,
            chanceLoss: sweep.submission.schema.chanceLoss,
            bestProbeLoss: sweep.leastProbeLoss
        )
    }

    private func state(of trial: TrialProgress, _ sweep: SweepProgress) -> TrialState {
        guard let lease = trial.lease, let worker = workers[lease.worker] else { return trial.state(begun: false) }
        let id = TrialID(sweep: sweep.id, number: trial.number)
        // Between two heartbeats the first leases of a worker, one a slot, are those under way.
        let place = worker.held.firstIndex(of: id) ?? .max
        return trial.state(begun: worker.running[id] != nil || place < worker.introduction?.slots ?? 0)
    }

    private func counts(_ sweep: SweepProgress) -> TrialCounts {
        TrialCounts(sweep.trials.lazy.map { state(of: $0, sweep) })
    }

    private func best(_ sweep: SweepProgress) -> StatusDocument.Best? {
        var best: StatusDocument.Best?
        for trial in sweep.trials {
            guard trial.curve.firstNonFiniteEpoch == nil,
                let (epoch, value) = trial.curve.best(for: sweep.sweep.objective),
                value.isFinite
            else { continue }
            let cost = sweep.sweep.objective.cost
            if let former = best, cost(former.objective) <= cost(value) { continue }
            best = StatusDocument.Best(
                trial: trial.number,
                configurationID: trial.configurationID.description,
                objective: value,
                epoch: epoch
            )
        }
        return best
    }

    /// The epochs that are decided, and as many for each trial to come as those so far took on average.
    private func secondsLeft(_ sweep: SweepProgress, _ pace: Pace?) -> Double? {
        guard sweep.state == .running, let pace, pace.epochsPerSecond > 0, let planned = sweep.plannedTrials,
            !sweep.trials.isEmpty
        else { return nil }
        let decided = sweep.open.reduce(0) { sum, number in
            guard let trial = sweep[number], let goal = trial.goal else { return sum }
            return sum + max(0, goal.to - trial.curve.epochs)
        }
        let mean = Double(sweep.epochsTrained + decided) / Double(sweep.trials.count)
        return (Double(decided) + Double(max(0, planned - sweep.trials.count)) * mean) / pace.epochsPerSecond
    }

    private func status(_ worker: WorkerProgress, _ sweep: SweepProgress, at now: Instant) -> StatusDocument.Worker {
        let slots = worker.introduction?.slots ?? 0
        let busy = min(slots, worker.running.isEmpty ? worker.held.count : worker.running.count)
        return StatusDocument.Worker(
            id: worker.id.name,
            host: worker.introduction?.host ?? "",
            slots: slots,
            busy: busy,
            kernels: worker.introduction?.kernels ?? "",
            lastSeen: Double(worker.lastSeen.duration(to: now).wholeNanoseconds) / 1e9,
            idleBecause: busy > 0 ? nil : idleness(worker, sweep)
        )
    }

    private func idleness(_ worker: WorkerProgress, _ sweep: SweepProgress) -> String {
        guard let introduction = worker.introduction else {
            return "it has not come back since the coordinator's restart"
        }
        if worker.connection == nil { return "its connection is lost" }
        if worker.draining { return "it drains" }
        if sweep.state == .paused { return "the sweep is paused" }
        if sweep.state.isOver { return "the sweep is \(sweep.state.name)" }
        if introduction.coreVersion != sweep.submission.coreVersion {
            return
                "its training core is version \(introduction.coreVersion), the sweep's is \(sweep.submission.coreVersion)"
        }
        return sweep.ready.isEmpty
            ? "every decided segment is handed out; results decide what comes next"
            : "it will get work at its next beat"
    }
}
