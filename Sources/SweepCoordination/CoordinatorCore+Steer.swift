import SweepCore
import SweepSearch
import SweepWire

extension CoordinatorCore {
    mutating func submit(_ draft: SweepDraft, _ token: ReplyToken, at now: Instant) {
        switch admitted(draft, as: SweepID(rawValue: nextSweep)) {
        case .failure(.wrong(let sentence)): effects.append(.reply(token, .badInput(sentence)))
        case .failure(.taken(let sweep, let other)):
            // Handing in the same sweep again is how a user goes on after a restart.
            let difference = draft.source.difference(fromKept: other.submission.source)
            let isSameData = other.submission.dataSet == draft.dataSet && other.submission.foldSets == draft.foldSets
            switch isSameData ? difference : .another {
            case .none, .placement: effects.append(.reply(token, .done(other.id)))
            case .trials:
                let way =
                    other.scheduler.plansTrials
                    ? "its rungs are planned for that, so submit it under another name"
                    : "sweepd set \(sweep.name) --trials NUMBER changes that"
                effects.append(
                    .reply(token, .conflict("\(sweep.name) is here with another number of trials; \(way)"))
                )
            case .another:
                effects.append(.reply(token, .conflict("another sweep is called \(sweep.name); choose another name")))
            }
        case .success(let submission):
            record(.sweepSubmitted(submission), at: now)
            effects.append(.reply(token, .done(submission.id)))
            log(.info, "sweep submitted", ["sweep.name": sweeps[submission.id]?.sweep.name ?? ""])
        }
    }

    /// Why a sweep is not taken.
    enum SubmissionRefusal: Error {
        /// The sweep, and the one that has its name.
        case taken(Sweep, SweepProgress)
        case wrong(String)
    }

    /// A sweep as the journal is to have it, under this number; what refuses it is said as it is told to who hands it in.
    func admitted(_ draft: SweepDraft, as id: SweepID) -> Result<SweepSubmission, SubmissionRefusal> {
        let problems = SpecProblems()
        guard let sweep = Sweep.read(draft.source, problems: problems) else {
            return .failure(.wrong(problems.all.first.map { "\($0.path): \($0.message)" } ?? "not a sweep"))
        }
        guard let metrics = sweep.metrics(on: draft.schema) else {
            let what =
                draft.schema == nil
                ? "trials that are trained here need the schema of their data" : "programs have no schema"
            return .failure(.wrong(what))
        }
        guard draft.foldSets.count == (sweep.folds ?? 1) - 1 else {
            let found = draft.foldSets.count + 1
            let allowed = sweep.folds.map { "one for each of its \($0) folds" } ?? "one"
            let what = "the sweep came with \(found) data set\(found == 1 ? "" : "s"), allowed \(allowed)"
            return .failure(.wrong(what))
        }
        if let other = self.sweep(named: sweep.name) { return .failure(.taken(sweep, other)) }
        let source = sweep.settledSource
        // What was picked is read back from the journal with the rest.
        guard source == draft.source || source.fitsJournal else {
            let what =
                "the file leaves no room for the way to prune that is picked for it; allowed a smaller file, or one that names prune"
            return .failure(.wrong(what))
        }
        let submission = SweepSubmission(
            id: id,
            source: source,
            text: draft.text,
            fileName: draft.fileName,
            dataSet: draft.dataSet,
            foldSets: draft.foldSets,
            schema: draft.schema,
            metrics: metrics,
            coreVersion: draft.coreVersion,
            milliseconds: draft.milliseconds,
            experiment: draft.experiment
        )
        // What the journal takes and does not give back would keep every later start from reading it.
        do throws(WireError) { _ = try JournalCodec.decode(JournalCodec.encode([.sweepSubmitted(submission)])) } catch {
            return .failure(.wrong("what was handed in cannot be kept: \(error)"))
        }
        return .success(submission)
    }

    mutating func steer(_ name: String, _ steering: Steering, _ token: ReplyToken, at now: Instant) {
        guard let sweep = sweep(named: name) else {
            effects.append(.reply(token, .notFound(unknown(sweep: name))))
            return
        }
        if steering == .delete { return delete(sweep, token, at: now) }
        if sweep.state.isOver {
            effects.append(.reply(token, .conflict("\(name) is \(sweep.state.name); it cannot be steered any more")))
            return
        }
        switch steering {
        case .pause where sweep.state == .running:
            record(.sweepChanged(sweep.id, .paused), at: now)
            stopLeases(of: sweep, .paused)
        case .resume where sweep.state != .running: record(.sweepChanged(sweep.id, .resumed), at: now)
        case .cancel:
            cancel(sweep, at: now)
            endExperiments(withPart: sweep, at: now)
        case .pause, .resume, .delete: break
        }
        effects.append(.reply(token, .done(sweep.id)))
        log(.info, "sweep steered", ["sweep.name": name, "sweep.verb": steering.rawValue])
    }

    /// Ends a sweep and its trials; what was trained stays.
    mutating func cancel(_ sweep: SweepProgress, at now: Instant) {
        for number in sweep.open.sorted() {
            end(TrialID(sweep: sweep.id, number: number), .pruned(.cancelled), at: now)
        }
        record(.sweepChanged(sweep.id, .cancelled), at: now)
    }

    /// Asks the workers to stop what they train of this sweep; they drop it, and it goes on from its last rung.
    mutating func stopLeases(of sweep: SweepProgress, _ reason: StopReason) {
        var items: [WorkerID: [Verdicts.Item]] = [:]
        for number in sweep.open.sorted() {
            guard let lease = sweep[number]?.lease else { continue }
            let id = LeaseID(trial: TrialID(sweep: sweep.id, number: number), attempt: lease.attempt)
            items[lease.worker, default: []].append(.init(lease: id, stop: reason))
        }
        for (worker, stopped) in items.sorted(by: { $0.key < $1.key }) {
            guard let connection = table[worker]?.connection else { continue }
            effects.append(.send(.verdicts(Verdicts(items: stopped)), to: connection))
        }
    }
}

extension SpecNode {
    /// Whether a journal takes the tree and gives it back.
    fileprivate var fitsJournal: Bool {
        guard let bytes = try? wireBytes() else { return false }
        return (try? SpecNode(wireBytes: bytes)) == self
    }
}
