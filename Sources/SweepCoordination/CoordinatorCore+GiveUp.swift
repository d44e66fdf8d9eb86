import SweepCore
import SweepWire

extension CoordinatorCore {
    /// Ends a trial that has used up its attempts; halts its sweep instead when what ended them is not the trial's fault.
    mutating func giveUpIfHopeless(_ id: TrialID, at now: Instant) {
        guard let sweep = sweeps[id.sweep], let trial = sweep[id.number], trial.ended == nil,
            trial.fruitlessAttempts >= options.attempts
        else { return }
        let death = trial.lastDeath ?? AttemptDeath(reason: "nothing is known of it", log: "")
        guard let cause = sweep.cause(of: death), sweep.brake.stops(trial.configurationID, cause) else {
            return end(
                id,
                .failed("\(trial.fruitlessAttempts) attempts ended without an epoch; the last: \(death.sentence)"),
                at: now
            )
        }
        halt(sweep, cause, death, at: now)
    }

    /// Lets a sweep rest until somebody resumes it; its trials stay as they are.
    private mutating func halt(_ sweep: SweepProgress, _ cause: FailureCause, _ death: AttemptDeath, at now: Instant) {
        if case .halted = sweep.state { return }
        let failed = sweep.brake.cause == cause ? sweep.brake.configurations.count + 1 : 1
        let who = failed == 1 ? "a configuration" : "\(failed) configurations in a row"
        let reason =
            "\(who) ended without an epoch and \(cause.rawValue) is why: \(death.sentence); mend that, then resume the sweep"
        log(.error, "sweep halted", ["sweep.name": sweep.sweep.name, "sweep.reason": reason])
        record(.sweepChanged(sweep.id, .halted(reason)), at: now)
        stopLeases(of: sweep, .paused)
    }
}

extension SweepProgress {
    /// What ended an attempt from outside the trial; nil when the configuration is to blame.
    func cause(of death: AttemptDeath) -> FailureCause? { FailureCause(death, ofProgram: sweep.isOfPrograms) }
}
