package import SweepCore
package import SweepSearch

extension TrialProgress {
    /// The trial as rankings and reports want it, in this state; `curve` is its own unless that is thinned here. What the curve shows is
    /// left out: it is looked for in rows that are shown. `fold` is that of its validation rows.
    package func record(_ state: TrialState, curve: LearningCurve? = nil, fold: Int? = nil) -> TrialRecord {
        TrialRecord(
            number: number,
            configuration: configuration,
            configurationID: configurationID,
            seed: seed,
            repetition: runOfConfiguration,
            fold: fold,
            state: state,
            stoppedEarly: stoppedEarly,
            notes: notes,
            curve: curve ?? self.curve,
            attempts: Int(attempt.rawValue),
            coreSeconds: self.curve.seconds,
            workers: workers,
            kernels: kernels,
            log: lastLog,
            parent: parent
        )
    }

    /// Where the trial, in this state, stands among the others of its sweep.
    package func standing(_ state: TrialState, by rule: RankRule) -> RunStanding {
        standing(state, curve: curve, by: rule)
    }

    /// The same with its whole curve, where its own is thinned.
    package func standing(_ state: TrialState, curve: LearningCurve, by rule: RankRule) -> RunStanding {
        rule.standing(
            place: number - 1,
            number: number,
            configurationID: configurationID,
            run: runOfConfiguration,
            state: state,
            curve: curve
        )
    }

    /// The last lines of the process that its last lost attempt took down; nil when none is known.
    package var lastLog: String? { lastDeath.flatMap { $0.log.isEmpty ? nil : $0.log } }
}

extension SweepProgress {
    /// Where each trial stands, in the order of their numbers; `state` says in which state one is.
    ///
    /// Of a trial nothing is copied: a record of each of 100,000 takes longer than all else that the ranking of a few needs.
    package func standings(
        by rule: RankRule,
        state: (TrialProgress) -> TrialState
    ) -> [RunStanding] {
        var standings: [RunStanding] = []
        standings.reserveCapacity(trials.count)
        trials.forEachInPlace { trial in
            standings.append(trial.standing(state(trial), by: rule))
        }
        return standings
    }
}
