package import SweepCoordination
import SweepCore

/// Everything of a core's state that facts carry, in a form that can be compared.
///
/// Connections, signs of life and registrations are not facts; they are left out.
package struct StateSummary: Hashable, Sendable {
    /// One trial.
    package struct Trial: Hashable, Sendable {
        let configuration: Configuration
        let name: ConfigurationID
        let seed: UInt64
        let parent: Parent?
        let epochs: Int
        let curve: [[UInt64]]
        let checkpoint: TrialProgress.KeptCheckpoint?
        let goal: TrialProgress.Goal?
        let lease: TrialProgress.Lease?
        let attempt: Attempt
        let fruitless: Int
        let ended: TrialState?
        let stoppedEarly: Bool
        let notes: [TrialNote]
        let readings: KeptReadings
        let workers: [String]
    }

    /// One sweep.
    package struct Sweep: Hashable, Sendable {
        let submission: SweepSubmission
        let state: SweepState
        let trials: [Trial]
        let now: Double
        let inFlight: [VirtualTimeline.Slot]
        let ready: Set<ReadySegments.Item>
        let lastAttempts: Set<ReadySegments.Item>
        let decided: Int
        let resolved: Int
        let open: Set<Int>
        let epochsTrained: Int
        let epochSeconds: UInt64
        let placement: Placement
        let share: SweepShare
        let planned: Int?
        let enqueued: EnqueuedConfigurations
        let experiments: [SweepExperiment]
        let experimentsEnd: String?
    }

    let sweeps: [Sweep]
    let held: [WorkerID: [TrialID]]
    let neededObjects: Set<ContentHash>

    /// All numbers of a trial's curve; those that are kept when it is thinned once the trial has ended, thinned or not.
    private static func rows(_ trial: TrialProgress, _ objective: Objective) -> [[UInt64]] {
        let parts = (trial.ended == nil ? trial.curve : trial.curve.thinned(for: objective)).parts
        return [parts.values.map(\.bitPattern), parts.seconds.map(\.bitPattern)]
    }

    package init(_ core: CoordinatorCore) {
        sweeps = core.sweeps.values.sorted { $0.id < $1.id }.map { sweep in
            Sweep(
                submission: sweep.submission,
                state: sweep.state,
                trials: sweep.trials.map { trial in
                    Trial(
                        configuration: trial.configuration,
                        name: trial.configurationID,
                        seed: trial.seed,
                        parent: trial.parent,
                        epochs: trial.curve.epochs,
                        curve: Self.rows(trial, sweep.sweep.objective),
                        checkpoint: trial.checkpoint,
                        goal: trial.goal,
                        lease: trial.lease,
                        attempt: trial.attempt,
                        fruitless: trial.fruitlessAttempts,
                        ended: trial.ended,
                        stoppedEarly: trial.stoppedEarly,
                        notes: trial.notes,
                        readings: trial.readings,
                        workers: trial.workers
                    )
                },
                now: sweep.timeline.now,
                inFlight: sweep.timeline.slots,
                ready: Set(sweep.ready.all),
                lastAttempts: Set(sweep.lastAttempts.all),
                decided: sweep.decided,
                resolved: sweep.resolved,
                open: sweep.open,
                epochsTrained: sweep.epochsTrained,
                epochSeconds: sweep.epochSeconds.bitPattern,
                placement: sweep.placement,
                share: sweep.share,
                planned: sweep.plannedTrials,
                enqueued: sweep.enqueued,
                experiments: sweep.experiments,
                experimentsEnd: sweep.experimentsEnd
            )
        }
        held = core.workers.mapValues(\.held).filter { !$0.value.isEmpty }
        neededObjects = core.neededObjects
    }
}
