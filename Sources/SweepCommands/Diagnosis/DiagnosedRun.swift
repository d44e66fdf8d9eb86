import KernelAPI
import SweepCore
import SweepData
import SweepDiagnosis
import SweepNodeCommands
import SweepReports
import SweepSpec
import SweepTraining
import SweepWorker

/// One configuration of a sweep file, trained here with every instrument on, and its data checked.
struct DiagnosedRun {
    let evidence: RunEvidence
    let objective: Objective

    /// Trains; `progress` is told of epochs done and planned. Throws a `CommandFailure` for what cannot be trained.
    init(
        _ loaded: LoadedSweep,
        configuration: Configuration,
        seed: UInt64,
        kernels: KernelTable,
        progress: (Int, Int) -> Void = { _, _ in }
    ) throws {
        let sweep = loaded.file.sweep
        let rows = try loaded.data
        guard let node = sweep.space.resolve(configuration), let trial = TrialSpec.read(node, problems: SpecProblems())
        else { throw CommandFailure(.failed, "\(sweep.name): the configuration cannot be resolved") }
        let data = try DataShelf.rows(loaded.dataSet, packed: loaded.packed, for: trial, name: loaded.file.file)
        let run: TrainingRun
        do { run = try TrainingRun(spec: trial.training, data: data, seed: seed, kernels: kernels) } catch {
            throw CommandFailure(.badInput, "\(loaded.file.file): \(error)")
        }
        let observed = run.trainObserved { observation in
            progress(observation.epoch, trial.training.epochs)
            return true
        }
        var evidence = RunEvidence(
            curve: observed.curve,
            budget: run.stoppedEarly ? observed.curve.epochs : trial.training.epochs,
            chanceLoss: ChanceLoss.of(trial.training, on: data.schema),
            instruments: observed.instruments,
            trial: trial,
            schema: data.schema,
            data: DataChecks.findings(rows, steps: trial.preprocess, targetScale: trial.targetScale),
            notes: observed.notes,
            optimizerKey: node["train"]?["optimizer"]?.onlyKey
        )
        // Where the rate is suspected, the rate to set is looked for on this network and these rows.
        if Diagnosis(evidence).wantsRangeTest,
            let plan = RateRangeTest.Plan(of: trial.training, stepsPerEpoch: run.stepsPerEpoch),
            let test = try? TrainingRun(spec: plan.training, data: data, seed: seed, kernels: kernels)
        {
            evidence.rangeTest = RateRangeTest(stepLosses: test.stepLosses(plan.steps), of: plan)
        }
        self.evidence = evidence
        objective = sweep.objective
    }

    /// The report on the run.
    func report(name: String) -> DiagnosisDocument.Report {
        DiagnosisDocument.Report(
            name: name,
            metric: objective.metric,
            value: evidence.curve.best(for: objective)?.value,
            Diagnosis(evidence)
        )
    }
}
