package import SweepCore
package import SweepDiagnosis
import SweepNumerics

/// The run that the arms of an experiment change, and what its sweeps are called and made of.
package struct ExperimentSubject: Sendable {
    /// The sweep that it is of.
    package let sweep: String
    /// What tells its experiment from others of that sweep: `why-17`, `why`.
    package let label: String
    /// The trial that it is; nil for a run that is no trial.
    package let trial: Int?
    package let source: SpecNode
    /// The sweep file with this run's values in place of ranges.
    package let template: SpecNode
    package let dataSet: DataSetID
    package let schema: DataSchema
    package let seed: UInt64
    /// Its curve, and what else tells when its symptoms began.
    package let run: RunEvidence

    package init(
        sweep: String,
        label: String,
        trial: Int? = nil,
        source: SpecNode,
        template: SpecNode,
        dataSet: DataSetID,
        schema: DataSchema,
        seed: UInt64,
        run: RunEvidence
    ) {
        self.sweep = sweep
        self.label = label
        self.trial = trial
        self.source = source
        self.template = template
        self.dataSet = dataSet
        self.schema = schema
        self.seed = seed
        self.run = run
    }

    /// A trial of a sweep that began with weights of its own; nil where its configuration is not of the sweep's space. `dataSet` has the
    /// rows as the trial's fold parts them.
    package init?(_ trial: CurvesDocument.Trial, of sweep: Sweep, dataSet: DataSetID, schema: DataSchema) {
        guard let template = sweep.space.resolve(trial.configuration) else { return nil }
        let spec = TrialSpec.read(template, problems: SpecProblems())
        self.init(
            sweep: sweep.name,
            label: "why-\(trial.trial)",
            trial: trial.trial,
            // The arms have the rows of the trial, on whatever fold it was.
            source: sweep.source.onFold(trial.fold ?? 1),
            template: template,
            dataSet: dataSet,
            schema: schema,
            seed: trial.seed,
            run: RunEvidence(
                curve: trial.curve,
                budget: trial.stoppedEarly ? trial.curve.epochs : sweep.epochs,
                chanceLoss: spec.flatMap { ChanceLoss.of($0.training, on: schema) },
                trial: spec,
                schema: schema
            )
        )
    }

    /// Epochs of the run.
    package var epochs: Int? { TrialSpec.read(template, problems: SpecProblems())?.training.epochs }

    /// The epoch after which arms part that can; nil where all begin with new weights.
    package func branchPoint(before symptoms: [Finding]) -> Int? {
        epochs.flatMap { Experiment.branchPoint(before: symptoms, in: run, epochs: $0) }
    }

    /// The sweep that trains the arms of a group, under a name that none of `taken` has.
    package func sweepFile(
        of group: Experiment.Group,
        round: Int,
        repeats: Int,
        taken: Set<String>
    ) -> (name: String, tree: SpecNode) {
        let name = Self.name(sweep, label, round: round, branches: group.after != nil, taken: taken)
        let tree = Experiment.sweep(
            of: source,
            template: template,
            name: name,
            arms: group.interventions,
            repeats: repeats,
            // Not the seeds of the trial's own sweep: that its fault comes again is part of what is tried.
            seed: seed(ofRound: round),
            // Up to there it is the run itself, bit for bit.
            branch: group.after.map { BranchSpec(after: $0, seed: seed) }
        )
        return (name, tree)
    }

    /// The √k test, where the group has a larger batch; `curves` are those of its sweep.
    package func noise(_ group: Experiment.Group, _ curves: CurvesDocument) -> BatchNoiseTest? {
        guard let larger = group.interventions.first(where: { $0.causes.contains(.smallBatch) }),
            case .integer(let size)? = larger.changes.first?.value,
            let own = TrialSpec.read(template, problems: SpecProblems())?.training.batchSize
        else { return nil }
        func losses(_ arm: String) -> [[Double]] {
            curves.trials.filter { $0.configuration[Arm.parameter] == .text(arm) }.map { trial in
                // Those that all share say nothing of a change.
                Array(trial.curve.series(.probeLoss).dropFirst(group.after ?? 0))
            }
        }
        return BatchNoiseTest(
            k: size / own,
            before: losses(Experiment.unchanged),
            after: losses(larger.name),
            chance: schema.chanceLoss
        )
    }

    private func seed(ofRound round: Int) -> UInt64 {
        var hash = StableHash()
        hash.combine(sweep)
        hash.combine(label)
        hash.combine(UInt64(round))
        return hash.value
    }

    /// A sweep's name for the experiment, which no other sweep has: `digits.why-17`, `digits.why-17-branches`, `digits.why-17-pairs`, …
    static func name(_ sweep: String, _ label: String, round: Int, branches: Bool, taken: Set<String>) -> String {
        let ending = "." + label + (round > 1 ? "-pairs" : "") + (branches ? "-branches" : "")
        var number = 1
        while true {
            let suffix = ending + (number > 1 ? "-\(number)" : "")
            let name = String(sweep.prefix(64 - suffix.count)) + suffix
            if !taken.contains(name) { return name }
            number += 1
        }
    }
}
