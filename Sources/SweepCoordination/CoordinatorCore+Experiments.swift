import SweepCore

/// Experiments that a sweep file asks for (`diagnose: {confirm: SHARE}`).
///
/// They begin when the sweep is finished, so that nothing of its search, its virtual time or its table depends on them. Which one is next
/// takes long to find, for all trials are looked at: it is an effect (`seekExperiment`) and an event (`experimentFound`), and a function of
/// facts that do not change in between. What was decided is a fact beside those of the submitted sweeps, in one commit: a restart asks
/// again for what was not committed, and for nothing else.
extension CoordinatorCore {
    /// Asks for the next experiment of each sweep that has none under way; nothing else makes one due than what sets
    /// `mayBeDue`.
    mutating func seekExperiments() {
        mayBeDue = false
        for id in experimenting.sorted() where sought[id] == nil && isDue(id) {
            sought[id] = sweeps[id]?.decided
            effects.append(.seekExperiment(id))
        }
    }

    /// Begins what was found, or notes that nothing more is begun. What was found of a table that has more trials since is dropped: it
    /// is asked for anew.
    mutating func found(_ step: ExperimentStep, of id: SweepID, at now: Instant) {
        guard let decided = sought.removeValue(forKey: id) else { return }
        mayBeDue = true
        guard isDue(id), sweeps[id]?.decided == decided,
            let name = sweeps[id]?.sweep.name
        else { return }
        switch step {
        case .over(let reason): end(experimentsOf: id, reason, at: now)
        case .begin(let plan):
            guard let sweep = sweeps[id], plan.epochs <= sweep.experimentEpochsLeft ?? 0,
                sweep.experiments.count < SweepExperiment.greatestRounds
            else { return end(experimentsOf: id, "the share of the epochs is used up", at: now) }
            var submissions: [SweepSubmission] = []
            for draft in plan.drafts {
                let number = SweepID(rawValue: nextSweep + UInt32(submissions.count))
                switch admitted(draft, as: number) {
                case .success(let submission): submissions.append(submission)
                // Somebody took the name meanwhile: another is looked for.
                case .failure(.taken): return
                case .failure(.wrong(let sentence)):
                    return end(
                        experimentsOf: id,
                        "an experiment on trial \(plan.trial) cannot be begun: \(sentence)",
                        at: now
                    )
                }
            }
            for submission in submissions { record(.sweepSubmitted(submission), at: now) }
            let experiment = SweepExperiment(
                trial: plan.trial,
                round: plan.round,
                sweeps: submissions.map(\.id),
                causes: plan.causes,
                epochs: plan.epochs
            )
            record(.sweepChanged(id, .experiment(experiment)), at: now)
            log(
                .info,
                "experiment begun",
                ["sweep.name": name, "trial.id": TrialID(sweep: id, number: plan.trial).description]
            )
        }
    }

    /// Ends the experiments that a cancelled sweep trains arms of: the others of its round are cancelled too, and nothing more is begun
    /// unless the sweep that they are on goes on with more trials.
    mutating func endExperiments(withPart cancelled: SweepProgress, at now: Instant) {
        guard let parent = sweeps.values.first(where: { $0.experiments.last?.sweeps.contains(cancelled.id) == true })
        else { return }
        let name = cancelled.sweep.name
        for other in (parent.experiments.last?.sweeps ?? []).compactMap({ sweeps[$0] }) where !other.state.isOver {
            cancel(other, at: now)
            log(.info, "sweep cancelled with its experiment", ["sweep.name": other.sweep.name, "sweep.reason": name])
        }
        // One that goes on asks anew when it is finished.
        if parent.mayExperiment { end(experimentsOf: parent.id, "\(name) was cancelled", at: now) }
    }

    private mutating func end(experimentsOf id: SweepID, _ reason: String, at now: Instant) {
        record(.sweepChanged(id, .experimentsOver(reason)), at: now)
        log(.info, "experiments over", ["sweep.name": sweeps[id]?.sweep.name ?? "", "sweep.reason": reason])
    }

    /// Whether the next experiment on a sweep can be looked for: it is finished, and none is under way.
    func isDue(_ id: SweepID) -> Bool {
        guard let sweep = sweeps[id], sweep.mayExperiment else { return false }
        return (sweep.experiments.last?.sweeps ?? []).allSatisfy { sweeps[$0]?.state.isOver ?? true }
    }

    /// Where the experiments on a sweep stand; nil where its file asks for none, or none can come.
    package func experimentsState(of sweep: SweepProgress) -> ExperimentsState? {
        guard sweep.sweep.diagnose != nil else { return nil }
        if sweep.state == .cancelled { return .over }
        // One that goes on with more trials is looked into anew.
        guard sweep.state == .finished else { return .waiting }
        if sweep.experimentsEnd != nil { return .over }
        let states = (sweep.experiments.last?.sweeps ?? []).compactMap { sweeps[$0]?.state }
        return states.contains { if case .halted = $0 { true } else { false } } ? .halted : .underWay
    }

    /// Keeps track of the sweeps that experiments may still be begun on; `id` is one that has changed, which may also be one of theirs.
    mutating func noteExperiments(of id: SweepID) {
        mayBeDue = true
        if sweeps[id]?.mayExperiment == true { experimenting.insert(id) } else { experimenting.remove(id) }
    }
}

extension SweepProgress {
    /// Whether experiments may still be begun on it.
    var mayExperiment: Bool { sweep.diagnose != nil && state == .finished && experimentsEnd == nil }

    /// The epochs that experiments on it may train, of those that the search was given (as `stop: {epochs}` counts them, so that they
    /// depend on no worker); nil where its file asks for none.
    package var experimentEpochs: Int? { sweep.diagnose?.epochs(of: epochsDecided) }

    /// What is left of them.
    package var experimentEpochsLeft: Int? {
        experimentEpochs.map { $0 - experiments.reduce(0) { $0 + $1.epochs } }
    }
}
