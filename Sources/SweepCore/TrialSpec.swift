/// What a worker needs beside the data to train one trial.
package struct TrialSpec: Hashable, Sendable {
    package let preprocess: [PreprocessStep]
    package let targetScale: TargetScale
    /// With `data.augment` as its own.
    package let training: TrainingSpec
    /// The runs that its state comes from, the first one first; empty for a trial that begins with weights of its own.
    package var ancestors: [Ancestor]

    package init(
        preprocess: [PreprocessStep],
        targetScale: TargetScale = .none,
        augment: [AugmentStep] = [],
        training: TrainingSpec,
        ancestors: [Ancestor] = []
    ) {
        self.ancestors = ancestors
        self.preprocess = preprocess
        self.targetScale = targetScale
        var training = training
        training.augment = augment
        self.training = training
    }

    /// Reads a resolved template; nil when something is missing or wrong (and reported in `problems`).
    package static func read(_ resolved: SpecNode, problems: SpecProblems) -> TrialSpec? {
        let reader = SpecReader(resolved, problems: problems)
        guard let fields = reader.fields(["data", "train", Ancestor.key]) else { return nil }
        let data = fields.optional("data")?.fields(Sweep.searchedDataKeys)
        let steps = data?.optional("preprocess").map(PreprocessStep.readList) ?? []
        let scale = data?.optional("target_scale").map { $0.word(TargetScale.self) } ?? TargetScale.none
        let augment = data?.optional("augment").map(AugmentStep.readList) ?? []
        let training = fields.required("train", "a training run").flatMap(TrainingSpec.read)
        let ancestors = fields.optional(Ancestor.key).map(Ancestor.readList) ?? []
        guard let steps, let scale, let augment, let training, let ancestors else { return nil }
        guard ancestors.last?.to ?? 0 < training.epochs else {
            reader.report("a lineage beyond the last epoch")
            return nil
        }
        return TrialSpec(
            preprocess: steps,
            targetScale: scale,
            augment: augment,
            training: training,
            ancestors: ancestors
        )
    }

    /// What cannot work on data of this schema, with paths below `data` and `train`.
    package func problems(on schema: DataSchema) -> [SpecProblem] {
        let data = SpecPath([.key("data")])
        var problems = PreprocessStep.problems(of: preprocess, on: schema, at: data.appending(.key("preprocess")))
        problems += AugmentStep.problems(of: training.augment, on: schema, at: data.appending(.key("augment")))
        if targetScale != .none, schema.task.kind == .classification {
            problems.append(
                SpecProblem(
                    path: data.appending(.key("target_scale")),
                    message: "classes have no scale",
                    found: targetScale.rawValue,
                    allowed: "none, or data.task: regression"
                )
            )
        }
        return problems + training.problems(on: schema)
    }
}

/// What a worker does for one trial.
package enum TrialWork: Hashable, Sendable {
    case training(TrialSpec)
    case command(CommandSpec)
    /// No worker does: a program outside asks for it.
    case ask(AskSpec)

    /// Reads a resolved template; nil when something is missing or wrong (and reported in `problems`).
    package static func read(_ resolved: SpecNode, problems: SpecProblems) -> TrialWork? {
        guard let training = resolved["train"], training["command"] != nil || training["ask"] != nil else {
            return TrialSpec.read(resolved, problems: problems).map { .training($0) }
        }
        let reader = SpecReader(training, path: SpecPath([.key("train")]), problems: problems)
        return training["command"] != nil
            ? CommandSpec.read(reader).map { .command($0) } : AskSpec.read(reader).map { .ask($0) }
    }
}

/// What is done to targets that are numbers, fitted on training rows; metrics are given in the file's own units.
package enum TargetScale: String, CaseIterable, Sendable {
    case none
    /// Zero mean, unit variance.
    case standardize
    /// Onto [0, 1] by the training rows' least and greatest value.
    case minmax
}
