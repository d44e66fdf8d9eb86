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

    /// The last lines of the process that its last lost attempt took down; nil when none is known.
    package var lastLog: String? { lastDeath.flatMap { $0.log.isEmpty ? nil : $0.log } }
}
