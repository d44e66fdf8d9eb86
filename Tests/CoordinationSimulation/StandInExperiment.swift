import SweepCoordination
import SweepCore
import SweepTestKit

/// What a simulated coordinator finds when it looks for the next experiment on a sweep: two rounds of two small sweeps each, as far as
/// they fit into the share.
///
/// In the place of the diagnosis, which is no part of the simulation; a function of the state, as that is.
enum StandInExperiment {
    private static let rounds = 2
    private static let parts = ["", "-branches"]
    private static let trials = 2
    private static let greatestEpochs = 3

    /// Trials that experiments on a sweep train at most.
    static var greatestTrials: Int { rounds * parts.count * trials }

    static func step(of id: SweepID, in core: CoordinatorCore) -> ExperimentStep {
        guard let progress = core.sweeps[id], let left = progress.experimentEpochsLeft else {
            return .over("nothing is asked for")
        }
        let trial = progress.experiments.count + 1
        guard trial <= rounds else { return .over("nothing is left to decide") }
        let epochs = min(greatestEpochs, progress.sweep.epochs)
        let cost = parts.count * trials * epochs
        guard cost <= left else { return .over("\(left) epochs are left") }
        let first = "\(progress.sweep.name).why-\(trial)"
        let drafts = parts.map { part in
            var sample = SampleSweep()
            (sample.name, sample.trials, sample.epochs) = (first + part, trials, epochs)
            (sample.prune, sample.seed) = ("none", trial)
            let draft = sample.draft
            return SweepDraft(
                source: draft.source,
                text: draft.text,
                fileName: draft.fileName,
                dataSet: draft.dataSet,
                schema: draft.schema,
                coreVersion: draft.coreVersion,
                milliseconds: draft.milliseconds,
                experiment: ExperimentPart(sweep: progress.sweep.name, trial: trial, round: 1, first: first)
            )
        }
        return .begin(
            ExperimentPlan(trial: trial, round: 1, causes: [.rateTooHigh], epochs: cost, drafts: drafts)
        )
    }
}
