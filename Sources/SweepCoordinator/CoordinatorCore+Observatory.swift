package import SweepCoordination
package import SweepCore
package import SweepReports
import SweepWire

extension CoordinatorCore {
    /// What the sweep is.
    package func sweepDocument(_ sweep: SweepProgress) -> SweepDocument {
        SweepDocument(
            sweep: sweep.sweep,
            number: Int(sweep.id.rawValue),
            submission: sweep.submission,
            levels: sweep.levels,
            trialsPlanned: sweep.plannedTrials
        )
    }

    /// The trials that are not as `marks` say, in the order of their numbers. `curves` has the curves that are thinned here.
    package func trialChanges(
        _ sweep: SweepProgress,
        unlike marks: [TrialMark],
        curves: WholeCurves = WholeCurves(snapshots: nil, store: nil)
    ) -> TrialChanges {
        var now: [TrialMark] = []
        now.reserveCapacity(sweep.trials.count)
        var changed: [Int] = []
        for (place, trial) in sweep.trials.enumerated() {
            let mark = TrialMark(trial, state(of: trial, sweep))
            let known = marks.indices.contains(trial.number - 1) ? marks[trial.number - 1] : .unknown
            now.append(mark)
            if mark != known { changed.append(place) }
        }
        var rows: [TrialsDocument.Row] = []
        rows.reserveCapacity(changed.count)
        curves.forEach(changed.lazy.map { sweep.trials[$0] }, in: sweep) { trial, curve in
            let known = marks.indices.contains(trial.number - 1) ? marks[trial.number - 1] : .unknown
            let epochs = min(Int(known.epochs), curve.epochs)
            rows.append(row(trial, curve, state(of: trial, sweep), sweep, known: epochs))
        }
        return TrialChanges(
            document: TrialsDocument(sweep: sweep.sweep.name, metrics: sweep.metrics, rows: rows),
            marks: now,
            number: Int(sweep.id.rawValue)
        )
    }

    /// One trial with all that is known of it; nil when there is none of this number.
    package func trialDocument(
        _ sweep: SweepProgress,
        number: Int,
        curves: WholeCurves = WholeCurves(snapshots: nil, store: nil)
    ) -> TrialDocument? {
        guard let trial = sweep[number] else { return nil }
        return TrialDocument(
            sweep: sweep.sweep.name,
            objective: sweep.sweep.objective,
            row: row(trial, curves.curve(of: trial, in: sweep), state(of: trial, sweep), sweep, known: 0),
            notes: trial.notes,
            log: trial.lastDeath.flatMap { $0.log.isEmpty ? nil : $0.log },
            death: trial.lastDeath?.reason,
            checkpointEpoch: trial.checkpoint?.epoch,
            readings: Instruments(trial.readings).readings,
            classes: sweep.submission.schema?.classes ?? []
        )
    }

    /// What the arms of a sweep come to; nil when it has none. `family`: arms that are compared in all, where other sweeps have some.
    package func comparisonDocument(
        _ sweep: SweepProgress,
        family: Int = 0,
        curves: WholeCurves = WholeCurves(snapshots: nil, store: nil)
    ) -> ComparisonDocument? {
        guard !sweep.sweep.arms.isEmpty else { return nil }
        return ComparisonDocument(
            sweep: sweep.sweep,
            rank: rankDocument(sweep, top: nil, curves: curves),
            chance: sweep.submission.schema?.chanceLoss ?? .infinity,
            family: family
        )
    }

    /// Every worker; `now` is on the clock of the events.
    package func workersDocument(at now: Instant) -> WorkersDocument {
        // Why a worker is idle is a matter of one sweep: the first that is not over, else the last there was.
        let ids = sweeps.keys.sorted()
        let sweep = (ids.first { sweeps[$0]?.state.isOver == false } ?? ids.last).flatMap { sweeps[$0] }
        return WorkersDocument(
            workers: workers.keys.sorted().compactMap { workers[$0] }.map { worker in
                WorkersDocument.Worker(
                    status: status(worker, sweep, at: now),
                    pid: worker.introduction.map { Int($0.pid) },
                    coreVersion: worker.introduction?.coreVersion ?? "",
                    softwareVersion: worker.introduction?.softwareVersion ?? "",
                    labels: givenLabels(of: worker).map { .init(key: $0.key, value: $0.value) },
                    state: worker.connection == nil ? .lost : worker.draining ? .draining : .connected,
                    trials: worker.held.enumerated().compactMap { held($1, place: $0, of: worker) }
                )
            },
            turnedAway: turnedAwayWorkers(at: now)
        )
    }

    /// How the sweep's best came about.
    package func incumbentSteps(_ sweep: SweepProgress) -> [TimelineDocument.Step] {
        sweep.incumbents.steps.map { step in
            TimelineDocument.Step(
                epochs: step.epochsTrained,
                coreSeconds: step.coreSeconds,
                trial: step.incumbent.trial,
                epoch: step.incumbent.epoch,
                value: step.incumbent.value
            )
        }
    }

    private func row(
        _ trial: TrialProgress,
        _ curve: LearningCurve,
        _ state: TrialState,
        _ sweep: SweepProgress,
        known: Int
    ) -> TrialsDocument.Row {
        let rung = sweep.levels.last { $0 <= curve.epochs } ?? 0
        return TrialsDocument.Row(
            trial: trial.number,
            configuration: trial.configuration,
            configurationID: trial.configuration.id,
            seed: trial.seed,
            run: trial.runOfConfiguration,
            fold: sweep.fold(of: trial),
            parent: trial.parent,
            state: state,
            stoppedEarly: trial.stoppedEarly,
            attempts: Int(trial.attempt.rawValue),
            workers: trial.workers,
            worker: trial.lease?.worker.name,
            rung: state == .completed ? sweep.levels.last ?? rung : rung,
            goal: trial.goal?.to,
            best: curve.best(for: sweep.sweep.objective),
            finding: finding(trial, curve, sweep),
            curve: curve,
            known: known
        )
    }

    private func held(_ id: TrialID, place: Int, of worker: WorkerProgress) -> WorkersDocument.Trial? {
        guard let sweep = sweeps[id.sweep], let trial = sweep[id.number], let lease = trial.lease else { return nil }
        return WorkersDocument.Trial(
            sweep: sweep.sweep.name,
            trial: id.number,
            epoch: trial.curve.epochs,
            step: worker.running[id]?.step,
            from: lease.from,
            to: lease.to,
            begun: hasBegun(id, place, worker)
        )
    }
}

extension TrialMark {
    init(_ trial: TrialProgress, _ state: TrialState) {
        let kind: UInt32 =
            switch state {
            case .waiting: 0
            case .running: 1
            case .paused: 2
            case .completed: 3
            case .pruned: 4
            case .failed: 5
            }
        // A goal has at most 28 bits of epochs that a row could differ in.
        self.init(
            epochs: Int32(clamping: trial.curve.epochs),
            attempts: Int32(clamping: Int(trial.attempt.rawValue)),
            rest: kind << 28 | UInt32(clamping: trial.goal?.to ?? 0) & 0x0FFF_FFFF
        )
    }
}
