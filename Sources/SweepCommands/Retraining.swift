import KernelAPI
import SweepCore
import SweepData
import SweepExport
import SweepNodeCommands
import SweepReports
import SweepTraining
import SweepWorker

/// A trial that is trained again on this machine, to the weights of an epoch.
///
/// A run is a function of specification, data and seed: what it measures must have the bits that were recorded, and then
/// so have its weights.
struct Retraining {
    let sweep: String
    let trial: CurvesDocument.Trial
    /// The trials whose state became its own, the first one first, each with the epoch after which it was copied.
    let ancestors: [(trial: CurvesDocument.Trial, to: Int)]
    /// The epoch that counts for the objective, and its value.
    let best: (epoch: Int, value: Double)
    let objective: Objective
    /// The sweep file's content, and the rows it names.
    let source: SpecNode
    let data: DataSet
    let packed: Blob
    let dataSet: DataSetID

    /// Core seconds that the trial took to its best epoch.
    var seconds: Double { trial.curve.observations.prefix(best.epoch).reduce(0) { $0 + $1.seconds } }

    /// Trains to the best epoch; throws a `CommandFailure` where what it measures differs from what was recorded.
    func model(kernels: KernelTable) throws -> TrainedModel {
        let problems = SpecProblems()
        guard let definition = Sweep.read(source, problems: problems),
            let node = definition.space.resolve(trial.configuration),
            let spec = specification(node, of: definition, problems)
        else {
            throw CommandFailure(
                .badInput,
                "trial \(trial.trial) of \(sweep) has a configuration that this sweep file cannot have; "
                    + "allowed: the file that the sweep was submitted with"
            )
        }
        let rows = try prepared(spec)
        let run = try self.run(spec, kernels: kernels)
        let places = trial.curve.metrics.map { run.metrics.firstIndex(of: $0) }
        for recorded in trial.curve.observations.prefix(best.epoch).dropFirst(run.epoch) {
            guard let observation = run.trainEpoch()?.values(at: places) else {
                throw CommandFailure(.failed, "trial \(trial.trial): the run ended before epoch \(recorded.epoch)")
            }
            guard observation.matches(recorded) else { throw difference(observation, recorded) }
        }
        return try TrainedModel(
            origin: ModelOrigin(
                sweep: sweep,
                trial: trial.trial,
                configuration: trial.configuration,
                seed: trial.seed,
                epoch: best.epoch,
                program: SoftwareVersion.current
            ),
            specification: node,
            schema: rows.schema,
            layout: rows.layout,
            targetName: data.targetName,
            targetScale: rows.unit,
            steps: rows.steps,
            form: definition.data.map { RowForm($0.source) },
            parameters: run.measuredParameters()
        )
    }

    /// What is trained: the trial's own run, after those of its ancestors.
    private func specification(_ node: SpecNode, of sweep: Sweep, _ problems: SpecProblems) -> TrialSpec? {
        guard var spec = TrialSpec.read(node, problems: problems) else { return nil }
        for (ancestor, to) in ancestors {
            guard let node = sweep.space.resolve(ancestor.configuration),
                let trial = TrialSpec.read(node, problems: problems)
            else { return nil }
            spec.ancestors.append(Ancestor(to: to, seed: ancestor.seed, trial: trial))
        }
        return spec
    }

    private typealias Preparation = (schema: DataSchema, layout: FeatureLayout, steps: [FittedStep], unit: TargetUnit)

    /// What the trial's preprocessing learned from the training rows.
    private func prepared(_ spec: TrialSpec) throws -> Preparation {
        do throws(PreprocessingError) {
            let rows = try PreparedData(data, steps: spec.preprocess, targetScale: spec.targetScale)
            let (shift, factor) = rows.targetScale
            return (rows.schema, rows.layout, rows.steps, TargetUnit(shift: shift, factor: factor))
        } catch { throw CommandFailure(.badInput, "trial \(trial.trial): \(error)") }
    }

    private func run(_ spec: TrialSpec, kernels: KernelTable) throws -> TrainingRun {
        let rows = try DataShelf.rows(dataSet, packed: packed, for: spec, name: "trial \(trial.trial)")
        let recorded = trial.curve.observations
        do {
            let run = try TrainingRun.descendant(
                spec,
                seed: trial.seed,
                kernels: kernels,
                // A sweep keeps the list of metrics that it began with; later programs may measure more.
                alsoReported: trial.curve.metrics,
                data: { _ in rows },
                trained: { run, observation in
                    let known = recorded[run.epoch - 1]
                    let found = observation.values(at: trial.curve.metrics.map { run.metrics.firstIndex(of: $0) })
                    guard found.matches(known) else { throw difference(found, known) }
                }
            )
            guard let run else { throw CommandFailure(.failed, "trial \(trial.trial): its training was stopped") }
            return run
        } catch let failure as CommandFailure { throw failure } catch {
            throw CommandFailure(.badInput, "trial \(trial.trial): \(error)")
        }
    }

    private func difference(_ observation: Observation, _ recorded: Observation) -> CommandFailure {
        let loss = trial.curve.metrics.firstIndex(of: .validationLoss) ?? 0
        func value(_ observation: Observation) -> String {
            observation.values.indices.contains(loss) ? "\(observation.values[loss])" : "nothing"
        }
        return CommandFailure(
            .failed,
            "trial \(trial.trial), epoch \(recorded.epoch): training again measured \(value(observation)), recorded is "
                + "\(value(recorded)); the data or the training core is not that of the sweep, so nothing is written"
        )
    }
}
