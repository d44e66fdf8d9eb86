package import KernelAPI
import SweepCore
import SweepData
import SweepDiagnosis
import SweepNumerics
import SweepSpec
import SweepTraining

/// Trains runs and keeps what several of them need: data sets as loaded, as spoilt, as checked.
package final class Workbench {
    private let root: String
    private let kernels: KernelTable
    private var loaded: [DataSpec: DataSet] = [:]
    private var spoilt: [String: DataSet] = [:]
    private var prepared: [String: TrainingData] = [:]
    private var findings: [String: [DataFinding]] = [:]
    /// Runs that were trained.
    package private(set) var runs = 0

    /// `root` is the repository's folder, for the data that it holds.
    package init(root: String, kernels: KernelTable) {
        self.root = root
        self.kernels = kernels
    }

    /// What a run cannot be made of: a mistake in the benchmark, or in a printed remedy.
    struct Unusable: Error, CustomStringConvertible {
        let description: String
    }

    /// Trains a run with `remedy` applied to it, as `--set` would, with this seed for weights and order.
    func train(_ run: FaultedRun, remedy: [String] = [], seed: UInt64) throws -> RunResult {
        let ignore = "data.columns."
        let dropped = remedy.filter { $0.hasPrefix(ignore) && $0.hasSuffix("=ignore") }.map {
            String($0.dropFirst(ignore.count).dropLast("=ignore".count))
        }
        let overrides = run.overrides + remedy.filter { !$0.hasPrefix(ignore) }
        let read = SweepFile.read(text: run.task.file, file: run.name, overrides: overrides)
        return try train(Self.usable(read), run, dropped, seed, relativeTo: root)
    }

    /// Trains a sweep file of the repository's `sweeps/why`, or a text, with these values in the place of its own.
    func train(_ claim: Claim.Source, _ overrides: [String], seed: UInt64) throws -> RunResult {
        let (file, folder) = try read(claim, overrides)
        return try train(file, nil, [], seed, relativeTo: folder)
    }

    /// Trains the first step of both runs of a claim; answers their losses, the base's first.
    ///
    /// Throws where a run cannot be read or made, or is refused before its first step: then the claim is none.
    package func firstLosses(_ claim: Claim) throws -> [Double] {
        try claim.runs(seed: 0).map { overrides in
            let (file, folder) = try read(claim.source, overrides)
            let ready = try prepare(file, nil, [], relativeTo: folder)
            guard ready.refusal.isEmpty else { throw Unusable(description: "\(claim.name): refused") }
            let run = try TrainingRun(
                spec: ready.trial.training,
                data: try training(ready),
                seed: 0,
                kernels: kernels
            )
            return run.stepLosses(1).first ?? .nan
        }
    }

    private func read(_ claim: Claim.Source, _ overrides: [String]) throws -> (SweepFile, folder: String) {
        switch claim {
        case .file(let name):
            let folder = "\(root)/sweeps/why"
            return (try Self.usable(SweepFile.read(path: "\(folder)/\(name).yaml", overrides: overrides)), folder)
        case .text(let text):
            return (try Self.usable(SweepFile.read(text: text, file: "claim", overrides: overrides)), root)
        }
    }

    private static func usable(_ read: Result<SweepFile, SweepFileProblems>) throws -> SweepFile {
        switch read {
        case .success(let file): return file
        case .failure(let problems): throw Unusable(description: problems.lines.joined(separator: "\n"))
        }
    }

    /// A run as its file says, with the rows that it trains on.
    private struct Ready {
        let node: SpecNode
        let trial: TrialSpec
        let data: DataSet
        /// What the rows are kept under once they are preprocessed.
        let key: String
        /// Why it is refused before its first step; empty: it is not.
        let refusal: [Cause]
    }

    private func prepare(
        _ file: SweepFile,
        _ run: FaultedRun?,
        _ dropped: [String],
        relativeTo folder: String
    ) throws -> Ready {
        let name = run?.name ?? file.sweep.name
        guard let node = file.sweep.space.resolve(Configuration([])),
            let trial = TrialSpec.read(node, problems: SpecProblems()), let spec = file.sweep.data
        else { throw Unusable(description: "\(name): cannot be resolved") }
        let (data, key) = try rows(run, spec, dropped, folder)
        guard file.sweep.problems(on: data.schema).isEmpty else {
            throw Unusable(description: "\(name): does not fit the data")
        }
        let refusal = StaticChecks.findings(of: trial, on: data.schema).filter { $0.severity == .error }.map(\.cause)
        return Ready(
            node: node,
            trial: trial,
            data: data,
            key: "\(key)|\(trial.preprocess)|\(trial.targetScale)",
            refusal: refusal
        )
    }

    /// The rows of a run, preprocessed.
    private func training(_ ready: Ready) throws -> TrainingData {
        let (steps, scale) = (ready.trial.preprocess, ready.trial.targetScale)
        let training = try prepared[ready.key] ?? PreparedRows.training(ready.data, steps: steps, targetScale: scale)
        prepared[ready.key] = training
        return training
    }

    private func train(
        _ file: SweepFile,
        _ run: FaultedRun?,
        _ dropped: [String],
        _ seed: UInt64,
        relativeTo folder: String
    ) throws -> RunResult {
        let ready = try prepare(file, run, dropped, relativeTo: folder)
        guard ready.refusal.isEmpty else {
            return RunResult(
                quality: 0,
                loss: Elementary.log(4),
                validation: 0,
                evidence: nil,
                refusal: ready.refusal
            )
        }
        let trial = ready.trial
        let checked = ready.key
        let training = try training(ready)
        let model = try TrainingRun(spec: trial.training, data: training, seed: seed, kernels: kernels)
        let observed = model.trainObserved()
        runs += 1
        let found =
            findings[checked]
            ?? DataChecks.findings(ready.data, steps: trial.preprocess, targetScale: trial.targetScale)
        findings[checked] = found
        var evidence = RunEvidence(
            curve: observed.curve,
            budget: model.stoppedEarly ? observed.curve.epochs : trial.training.epochs,
            chanceLoss: ChanceLoss.of(trial.training, on: training.schema),
            instruments: observed.instruments,
            trial: trial,
            schema: training.schema,
            data: found,
            notes: observed.notes,
            optimizerKey: ready.node["train"]?["optimizer"]?.onlyKey
        )
        if Diagnosis(evidence).wantsRangeTest {
            evidence.rangeTest = try rangeTest(trial.training, training, seed, stepsPerEpoch: model.stepsPerEpoch)
        }
        let test = model.evaluate(.test)
        let validation = model.evaluate(.validation)
        let isUsual = trial.training.loss(on: training.schema).kind == .softmaxCrossEntropy
        let relative: Double? =
            switch training.schema.task {
            case .classification: isUsual ? test.loss / training.schema.chanceLoss : nil
            case .regression: 1 - test.r2
            }
        return RunResult(
            quality: Self.quality(test, training.schema),
            loss: relative.map { Elementary.log($0.isFinite ? min(max($0, 1e-3), 4) : 4) },
            validation: Self.quality(validation, training.schema),
            evidence: evidence,
            refusal: []
        )
    }

    private func rangeTest(_ spec: TrainingSpec, _ data: TrainingData, _ seed: UInt64, stepsPerEpoch: Int) throws
        -> RateRangeTest?
    {
        guard let plan = RateRangeTest.Plan(of: spec, stepsPerEpoch: stepsPerEpoch) else { return nil }
        let run = try TrainingRun(spec: plan.training, data: data, seed: seed, kernels: kernels)
        return RateRangeTest(stepLosses: run.stepLosses(plan.steps), of: plan)
    }

    /// Balanced accuracy, or R² from −1 up; of a broken model that of guessing.
    private static func quality(_ evaluation: Evaluation, _ schema: DataSchema) -> Double {
        switch schema.task {
        case .classification(let classes, _):
            evaluation.loss.isFinite && evaluation.balancedAccuracy.isFinite
                ? evaluation.balancedAccuracy : 1 / Double(classes.count)
        case .regression: evaluation.r2.isFinite ? max(-1, evaluation.r2) : -1
        }
    }

    private func rows(_ run: FaultedRun?, _ spec: DataSpec, _ dropped: [String], _ folder: String) throws -> (
        DataSet, String
    ) {
        var own = spec
        own.preprocess = []
        own.augment = []
        own.targetScale = .none
        let key = "\(run?.dataKey ?? "")|\(own)|\(dropped)"
        if let ready = spoilt[key] { return (ready, key) }
        let original: DataSet
        if let known = loaded[own] {
            original = known
        } else {
            switch DataSet.load(own, relativeTo: folder) {
            case .success(let data): original = data
            case .failure(let problems): throw Unusable(description: "\(problems)")
            }
            loaded[own] = original
        }
        var data = original
        let injections = run?.injections ?? []
        if injections.contains(where: { $0.edit != nil }) || !dropped.isEmpty {
            var editable = EditableData(original)
            for (kind, injection) in zip(run?.kinds ?? [], injections) {
                guard let edit = injection.edit else { continue }
                var hash = StableHash()
                hash.combine(kind.name)
                hash.combine(injection.dose)
                var stream = RandomStream(key: hash.value)
                edit(&editable, &stream)
            }
            for column in dropped { editable.drop(column) }
            data = editable.dataSet
        }
        spoilt[key] = data
        return (data, key)
    }

    /// Lets go of the data of a task that is done.
    func forget() {
        loaded = [:]
        spoilt = [:]
        prepared = [:]
        findings = [:]
    }
}
