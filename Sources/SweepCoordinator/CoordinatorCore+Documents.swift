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
    /// Epochs a second that the workers of now are to do; 0 while there are none.
    package let ahead: Double

    package init(epochsPerSecond: Double, ahead: Double) {
        self.epochsPerSecond = epochsPerSecond
        self.ahead = ahead
    }

    /// Of workers that do not change.
    package init(epochsPerSecond: Double) { self.init(epochsPerSecond: epochsPerSecond, ahead: epochsPerSecond) }
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
            further: sweep.sweep.further,
            best: best(sweep),
            placement: sweep.placement,
            experiment: sweep.submission.experiment
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
            enqueued: sweep.enqueued.waiting.count,
            epochs: sweep.epochsTrained,
            epochsPerSecond: sweep.state == .running ? pace?.epochsPerSecond : nil,
            secondsLeft: secondsLeft(sweep, pace),
            mayEndSooner: sweep.mayEndSooner,
            best: best(sweep),
            objectives: sweep.sweep.further.isEmpty ? [] : sweep.sweep.objectives,
            front: front(sweep),
            search: StatusDocument.Choice(searchOf: sweep.sweep),
            prune: StatusDocument.Choice(pruningOf: sweep.sweep),
            experiments: experiments(on: sweep),
            placement: sweep.placement,
            workers: workers.keys.sorted().compactMap { workers[$0] }.map { status($0, sweep, at: now) },
            turnedAway: turnedAwayWorkers(at: now)
        )
    }

    /// Where the experiments on a sweep stand; nil where its file asks for none.
    private func experiments(on sweep: SweepProgress) -> StatusDocument.Experiments? {
        guard let state = experimentsState(of: sweep) else { return nil }
        return StatusDocument.Experiments(
            state: state.rawValue,
            reason: sweep.experimentsEnd ?? (sweep.state == .cancelled ? "the sweep was cancelled" : nil),
            sweeps: sweep.experiments.flatMap(\.sweeps).compactMap { sweeps[$0]?.sweep.name },
            epochs: sweep.experiments.reduce(0) { $0 + $1.epochs },
            allowed: sweep.experimentEpochs ?? 0
        )
    }

    /// The workers that were not let in of late, as documents show them.
    func turnedAwayWorkers(at now: Instant) -> [TurnedAwayWorker] {
        turnedAway.recent(at: now).map { worker in
            TurnedAwayWorker(
                id: worker.name,
                host: worker.host,
                softwareVersion: worker.softwareVersion,
                oldestProtocol: Int(worker.versions.oldest),
                newestProtocol: Int(worker.versions.newest),
                lastSeen: Double(worker.lastSeen.duration(to: now).wholeNanoseconds) / 1e9,
                because: worker.sentence
            )
        }
    }

    /// The ranked summary; all rows, or the first `top`; by the sweep's objective, or as `judged`. `curves` has those of trials
    /// whose curve is thinned here: such a curve keeps the epochs that the sweep's own objective asks for.
    package func rankDocument(
        _ sweep: SweepProgress,
        top: Int?,
        judged: Objective? = nil,
        curves: WholeCurves = WholeCurves(snapshots: nil, store: nil)
    ) -> RankDocument {
        let own = sweep.sweep.objective
        let objective = judged ?? own
        // By another metric there are no fronts.
        let further = objective == own ? sweep.sweep.further : []
        let rule = RankRule(objective: objective, further: further, levels: sweep.levels, repeats: sweep.repeats)
        // By another metric every curve is read, once, and what a row shows of it is kept.
        var thinned: [Int: LearningCurve] = [:]
        let standings: [RunStanding]
        if objective == own {
            standings = sweep.standings(by: rule) { state(of: $0, sweep) }
        } else {
            var found: [RunStanding] = []
            found.reserveCapacity(sweep.trials.count)
            curves.forEach(sweep.trials, in: sweep) { trial, curve in
                found.append(trial.standing(state(of: trial, sweep), curve: curve, by: rule))
                if !trial.curve.isWhole { thinned[trial.number] = curve.thinned(for: objective) }
            }
            standings = found
        }
        var findings: [Int: Finding] = [:]
        let (rows, all, front) = Ranking.summary(
            of: standings,
            rule,
            folds: sweep.sweep.folds,
            top: top,
            // Who asks for the best of them alone does not pay for it: of three objectives it may take seconds.
            withHistory: top == nil,
            willTell: { places in
                curves.forEach(places.sorted().lazy.map { sweep.trials[$0] }, in: sweep) { trial, curve in
                    findings[trial.number] = finding(trial, curve, sweep)
                }
            },
            finding: { record in findings[record.number] },
            record: { place in
                let trial = sweep.trials[place]
                return record(trial, sweep, curve: thinned[trial.number])
            }
        )
        return RankDocument(
            sweep: sweep.sweep.name,
            objective: objective,
            further: further,
            front: front,
            configurations: all,
            rows: rows
        )
    }

    /// What the completed configurations of a sweep of several objectives come to; O(n log n) for two of them.
    private func front(_ sweep: SweepProgress) -> FirstFront? {
        guard !sweep.sweep.further.isEmpty else { return nil }
        let rule = RankRule(
            objective: sweep.sweep.objective,
            further: sweep.sweep.further,
            levels: sweep.levels,
            repeats: sweep.repeats
        )
        return Ranking.summary(
            of: sweep.standings(by: rule) { $0.state(begun: false) },
            rule,
            top: 0,
            finding: { _ in nil },
            record: { place in record(sweep.trials[place], sweep) }
        ).front
    }

    /// The curves of one trial or of all; nil when there is no such trial. `curves` has those that are thinned here.
    package func curvesDocument(
        _ sweep: SweepProgress,
        trial: Int?,
        curves: WholeCurves = WholeCurves(snapshots: nil, store: nil)
    ) -> CurvesDocument? {
        if let trial, sweep[trial] == nil { return nil }
        let trials = sweep.trials.filter { trial == nil || $0.number == trial }
        return CurvesDocument(
            sweep: sweep.sweep.name,
            objective: sweep.sweep.objective,
            trials: whole(trials, sweep, curves)
        )
    }

    private func whole(
        _ trials: [TrialProgress],
        _ sweep: SweepProgress,
        _ curves: WholeCurves
    ) -> [CurvesDocument.Trial] {
        var whole: [CurvesDocument.Trial] = []
        whole.reserveCapacity(trials.count)
        curves.forEach(trials, in: sweep) { trial, curve in
            whole.append(CurvesDocument.Trial(record(trial, sweep, curve: curve), repeats: sweep.repeats))
        }
        return whole
    }

    /// The curves of a part of all trials.
    package func curvesDocument(
        _ sweep: SweepProgress,
        page: TrialPage,
        curves: WholeCurves = WholeCurves(snapshots: nil, store: nil)
    ) -> CurvesDocument {
        let part = sweep.part(page)
        return CurvesDocument(
            sweep: sweep.sweep.name,
            objective: sweep.sweep.objective,
            trials: whole(part.trials, sweep, curves),
            isPart: true,
            next: part.next
        )
    }

    /// The trial as the ranking wants it, see `TrialProgress.record`.
    func record(_ trial: TrialProgress, _ sweep: SweepProgress, curve: LearningCurve? = nil) -> TrialRecord {
        trial.record(state(of: trial, sweep), curve: curve, fold: sweep.fold(of: trial))
    }

    /// The gravest of what a trial's curve shows; nil where that is nothing.
    ///
    /// The curve alone: readings are there only of workers that send them, and the table is not to depend on who trained what.
    func finding(_ trial: TrialProgress, _ curve: LearningCurve, _ sweep: SweepProgress) -> Finding? {
        Findings.primary(
            curve: curve,
            budget: trial.stoppedEarly ? curve.epochs : sweep.sweep.epochs,
            chanceLoss: sweep.submission.schema?.chanceLoss,
            bestProbeLoss: sweep.leastProbeLoss,
            sample: ValidationSample(sweep.submission.schema, of: sweep.sweep.space)
        )
    }

    func state(of trial: TrialProgress, _ sweep: SweepProgress) -> TrialState {
        guard let lease = trial.lease, let worker = workers[lease.worker] else { return trial.state(begun: false) }
        let id = TrialID(sweep: sweep.id, number: trial.number)
        return trial.state(begun: hasBegun(id, worker.held.firstIndex(of: id) ?? .max, worker))
    }

    /// Between two heartbeats the first leases of a worker, one a slot, are those under way.
    func hasBegun(_ trial: TrialID, _ place: Int, _ worker: WorkerProgress) -> Bool {
        worker.running[trial] != nil || (worker.introduction != nil && place < begunLeases(of: worker))
    }

    /// From the sweep's tally and the leases under way: nobody walks over all trials for a status.
    private func counts(_ sweep: SweepProgress) -> TrialCounts {
        let tally = sweep.tally
        var counts = TrialCounts()
        counts.completed = tally.completed
        counts.pruned = tally.pruned
        counts.failed = tally.failed
        counts.waiting = tally.decided
        counts.paused = tally.paused
        for worker in workers.values {
            let begun = worker.introduction == nil ? 0 : begunLeases(of: worker)
            for (place, trial) in worker.held.enumerated() where trial.sweep == sweep.id {
                guard let progress = sweep[trial.number],
                    progress.state(begun: place < begun || worker.running[trial] != nil) == .running
                else { continue }
                counts.running += 1
                if progress.goal == nil { counts.paused -= 1 } else { counts.waiting -= 1 }
            }
        }
        return counts
    }

    private func best(_ sweep: SweepProgress) -> StatusDocument.Best? {
        guard let best = sweep.incumbent, let trial = sweep[best.trial] else { return nil }
        return StatusDocument.Best(
            trial: best.trial,
            configurationID: trial.configuration.id.description,
            objective: best.value,
            epoch: best.epoch
        )
    }

    /// The epochs that are decided, and as many for each trial to come as those so far took on average, up to what `stop` allows;
    /// all of them for the runs of finalists, as far as they may go. All of it by what the workers of now can do together, and no
    /// sooner than the last of the segments that they hold: one on a slow node is what everybody waits for in the end.
    private func secondsLeft(_ sweep: SweepProgress, _ pace: Pace?) -> Double? {
        guard let together = secondsTogether(sweep, pace) else { return nil }
        return max(together, secondsOfLeases(sweep))
    }

    /// Seconds until every segment is trained that a worker holds, each at its worker's pace.
    private func secondsOfLeases(_ sweep: SweepProgress) -> Double {
        guard let mean = sweep.meanEpochSeconds else { return 0 }
        // A program's epochs are told by the clock, others by what all threads took.
        let threads = sweep.sweep.isOfPrograms ? 1 : Double(sweep.placement.slots)
        var longest = 0.0
        for worker in workers.values {
            for id in worker.held where id.sweep == sweep.id {
                guard let trial = sweep[id.number], let lease = trial.lease else { continue }
                let epochs = trial.curve.epochs
                let isSeen = epochs > lease.curveEpochs && trial.curve.isWhole
                let seconds = isSeen ? trial.curve.seconds(at: epochs) : mean * worker.pace.slowness
                let left = Double(max(0, lease.to - epochs)) * seconds / threads
                if left.isFinite { longest = max(longest, left) }
            }
        }
        return longest
    }

    private func secondsTogether(_ sweep: SweepProgress, _ pace: Pace?) -> Double? {
        guard sweep.state == .running, let pace, pace.ahead > 0, let planned = sweep.plannedTrials,
            !sweep.trials.isEmpty
        else { return nil }
        if sweep.sweep.search.population != nil {
            // Each member is trained to the end, by itself or as what is copied in its place.
            let begun = sweep.open.reduce(0) { $0 + max(0, sweep.sweep.epochs - (sweep[$1]?.curve.epochs ?? 0)) }
            let others = max(0, planned - sweep.trials.count) * sweep.sweep.epochs
            return Double(begun + others) / pace.ahead
        }
        if let branch = sweep.sweep.search.branch, let first = sweep[1] {
            // The epochs that all share, and for each run those after them.
            let shared = max(0, branch.after - first.curve.epochs)
            let begun = sweep.trials.dropFirst().reduce(0) { epochs, trial in
                epochs + (trial.ended == nil ? max(0, sweep.sweep.epochs - trial.curve.epochs) : 0)
            }
            let others = max(0, planned - sweep.trials.count) * (sweep.sweep.epochs - branch.after)
            return Double(shared + begun + others) / pace.ahead
        }
        let decided = sweep.tally.epochsAhead
        let mean = Double(sweep.epochsTrained + decided) / Double(sweep.trials.count)
        let toCome = max(0, planned - sweep.trials.count)
        let finals = min(toCome, sweep.finalRunsPlanned)
        let allowed = sweep.searchEpochsLeft.map { Double($0) } ?? .infinity
        let searched = min(Double(toCome - finals) * mean, allowed)
        // What is decided is trained to its end, whatever the time; that is part of it as long as it is not up.
        var seconds = (Double(decided) + searched) / pace.ahead
        if let left = sweep.searchSecondsLeft {
            seconds = min(seconds, max(left, Double(decided) / pace.ahead))
        }
        return seconds + Double(finals * sweep.sweep.epochs) / pace.ahead
    }

    /// The worker's line; `sweep` is the one whose work it would do, nil when there is none.
    func status(_ worker: WorkerProgress, _ sweep: SweepProgress?, at now: Instant) -> StatusDocument.Worker {
        let slots = worker.introduction?.slots ?? 0
        let busy = busySlots(of: worker)
        return StatusDocument.Worker(
            id: worker.id.name,
            host: worker.introduction?.host ?? "",
            slots: slots,
            busy: busy,
            kernels: worker.introduction?.kernels ?? "",
            labels: Dictionary(
                givenLabels(of: worker).map { ($0.key, $0.value) },
                uniquingKeysWith: { _, last in last }
            ),
            lastSeen: Double(worker.lastSeen.duration(to: now).wholeNanoseconds) / 1e9,
            idleBecause: busy > 0 ? nil : sweep.map { idleReason(worker, $0) } ?? "there is no sweep",
            stuck: standstill(worker, at: now),
            pace: worker.pace.toldPace
        )
    }

    /// The worker's labels, without what all workers of this version give themselves.
    func givenLabels(of worker: WorkerProgress) -> [WorkerLabel] {
        (worker.introduction?.labels ?? []).filter { !WorkerRequirement.isAbility($0.key) }
    }

    /// Which of the worker's trials makes no step, and for how long.
    private func standstill(_ worker: WorkerProgress, at now: Instant) -> String? {
        let standing = standstills(of: worker, at: now)
        guard let longest = standing.max(by: { $0.standing < $1.standing }) else { return nil }
        let name = sweeps[longest.trial.sweep].map { "\($0.sweep.name) " } ?? ""
        let others = standing.count > 1 ? ", and \(standing.count - 1) more" : ""
        let seconds = longest.standing.wholeNanoseconds / 1_000_000_000
        return "trial \(name)\(longest.trial.number) has made no step for \(seconds) s\(others)"
    }
}

extension StatusDocument.Choice {
    /// What `sweep` is searched with.
    init(searchOf sweep: Sweep) {
        let choice = SearchChoice(spec: sweep.search, space: sweep.space)
        self.init(method: choice.method.rawValue, picked: choice.reason)
    }

    /// Which trials of `sweep`, which is kept, go on.
    init(pruningOf sweep: Sweep) {
        let choice = PruneChoice(kept: sweep)
        self.init(method: choice.method.rawValue, picked: choice.reason)
    }
}

extension SweepProgress {
    /// The trials of a part, and after which number the next one begins; nil of the last.
    func part(_ page: TrialPage) -> (trials: [TrialProgress], next: Int?) {
        var part: [TrialProgress] = []
        var (index, cost) = (max(0, page.after), 0)
        while index < trials.count, cost < page.epochs {
            part.append(trials[index])
            cost += trials[index].curve.epochs + TrialPage.trialCost
            index += 1
        }
        return (part, index < trials.count ? index : nil)
    }

    /// The sweep's objective, or the same epochs' rule on another metric that its trials report.
    func objective(on metric: Metric?) throws(ControlError) -> Objective {
        let own = sweep.objective
        guard let metric, metric != own.metric else { return own }
        guard metrics.contains(metric) else {
            throw ControlError(
                .badInput,
                "trials of \(sweep.name) do not report \(metric.rawValue); they report "
                    + metrics.map(\.rawValue).joined(separator: ", ")
            )
        }
        guard !metric.isOfTestRows || sweep.isOfPrograms else {
            throw ControlError(
                .badInput,
                "\(metric.rawValue) is of test rows, which tell what was chosen: nothing may be ranked by them; "
                    + "rank shows it of finalists, and with --format json of all"
            )
        }
        return Objective(metric: metric, direction: metric.usualDirection, epoch: own.epoch)
    }

    /// The sweep as it was submitted.
    var handedIn: Submission {
        get throws(ControlError) {
            let tree: [UInt8]
            do { tree = try submission.source.wireBytes() } catch {
                throw ControlError(.internal, "the sweep's tree cannot be sent: \(error)")
            }
            return Submission(
                text: submission.text,
                fileName: submission.fileName,
                tree: tree,
                dataSet: submission.dataSet,
                foldSets: submission.foldSets,
                schema: submission.schema,
                experiment: submission.experiment
            )
        }
    }
}
