package import SweepCore
import SweepNumerics

/// Checks of a run's specification before any step: rules that need no number of a run.
///
/// Source: the rules of NeuraLint (Nikanjam et al., TOSEM 2022) and UMLAUT (Schoop et al., CHI 2021), less those that call usual
/// settings faults: a rate above 0.01 is ordinary for gradient descent, and standardised inputs leave [−1, 1].
package enum StaticChecks {
    /// What the checks find, in the order of the specification.
    package static func findings(of trial: TrialSpec, on schema: DataSchema) -> [StaticFinding] {
        let training = trial.training
        return task(schema) + loss(training, schema) + layers(training) + initialWeights(training)
            + batches(training, schema) + momentum(training) + course(training) + augmentation(training, schema)
            + scaling(trial)
    }

    private static func path(_ keys: String...) -> SpecPath { SpecPath(keys.map { .key($0) }) }

    private static func finding(
        _ severity: StaticFinding.Severity,
        _ cause: Cause,
        _ path: SpecPath,
        _ message: String,
        found: String? = nil,
        allowed: String
    ) -> StaticFinding {
        StaticFinding(severity, cause, SpecProblem(path: path, message: message, found: found, allowed: allowed))
    }

    // MARK: Task, head and loss

    private static func task(_ schema: DataSchema) -> [StaticFinding] {
        var found: [StaticFinding] = []
        switch schema.task {
        case .classification(let classes, let counts):
            let present = counts.count { $0 > 0 }
            if present < 2 {
                found.append(
                    finding(
                        .error,
                        .outputHead,
                        path("data", "target"),
                        "all training rows are of one class, so there is nothing to tell apart",
                        found: classes.first,
                        allowed: "two classes or more among the training rows"
                    )
                )
            } else if let index = counts.firstIndex(of: 0) {
                found.append(
                    finding(
                        .warning,
                        .imbalance,
                        path("data", "target"),
                        "no training row is of class \(classes[index])"
                            + (counts.count - present > 1 ? ", nor of \(counts.count - present - 1) more" : "")
                            + ": it cannot be learnt",
                        allowed: "a row of each class in training"
                    )
                )
            }
        case .regression(_, let variance):
            if variance == 0 {
                found.append(
                    finding(
                        .error,
                        .noSignal,
                        path("data", "target"),
                        "all training rows have the same target, so there is nothing to predict",
                        allowed: "targets that differ"
                    )
                )
            }
        }
        return found
    }

    private static func loss(_ training: TrainingSpec, _ schema: DataSchema) -> [StaticFinding] {
        let loss = training.loss(on: schema)
        guard schema.task.kind == .classification else { return [] }
        switch loss.kind {
        case .meanSquaredError, .meanAbsoluteError, .huber:
            return [
                finding(
                    .warning,
                    .lossFunction,
                    path("train", "loss"),
                    "a loss of numbers on classes: its gradients vanish where the answer is most wrong",
                    found: loss.kind.rawValue,
                    allowed: "softmax_cross_entropy, or data.task: regression"
                )
            ]
        case .binaryCrossEntropy where schema.outputs > 2:
            return [
                finding(
                    .warning,
                    .lossFunction,
                    path("train", "loss"),
                    "binary cross-entropy on \(schema.outputs) classes of which one is right: the outputs do not compete",
                    found: loss.kind.rawValue,
                    allowed: "softmax_cross_entropy"
                )
            ]
        default: return []
        }
    }

    // MARK: The network

    private static func layers(_ training: TrainingSpec) -> [StaticFinding] {
        var found: [StaticFinding] = []
        let model = training.model
        let hidden = model.hiddenActivations
        // Without any hidden layer a model is linear on purpose.
        if hidden.contains(.linear), model.layers.contains(where: { $0.isResidual }) == false {
            let count = hidden.count { $0 == .linear }
            found.append(
                finding(
                    .warning,
                    .activation,
                    path("train", "model"),
                    "\(count) of \(hidden.count) hidden layers have no activation behind them: with the next they are one "
                        + "linear layer",
                    allowed: "an activation, such as relu, between layers with weights"
                )
            )
        }
        let squashing = hidden.count { $0 == .sigmoid || $0 == .tanh }
        if squashing >= 5, !model.flatLayers.contains(where: { $0.isNorm }) {
            found.append(
                finding(
                    .warning,
                    .vanishing,
                    path("train", "model"),
                    "\(squashing) hidden layers of sigmoid or tanh without a norm: gradients vanish on the way",
                    allowed: "relu, or norm: batch or layer"
                )
            )
        }
        if hidden.contains(.relu), let narrow = narrowest(model), narrow == 1 {
            found.append(
                finding(
                    .warning,
                    .underCapacity,
                    path("train", "model"),
                    "a hidden relu layer of one unit: where it is zero nothing is told apart, and nothing trained",
                    allowed: "two units or more"
                )
            )
        }
        found += dropout(model)
        return found
    }

    private static func narrowest(_ model: ModelSpec) -> Int? {
        model.flatLayers.compactMap { layer in
            if case .dense(let dense) = layer { dense.units } else { nil }
        }.min()
    }

    private static func dropout(_ model: ModelSpec) -> [StaticFinding] {
        var found: [StaticFinding] = []
        let flat = model.flatLayers
        let rates = flat.compactMap { layer in
            if case .dropout(let rate) = layer { rate } else { nil }
        }
        if let rate = rates.max(), rate > 0.5 {
            found.append(
                finding(
                    .warning,
                    .overRegularised,
                    path("train", "model"),
                    "dropout of \(EvidenceText.number(rate)): less than half of the units are left in a step",
                    allowed: "0 to 0.5"
                )
            )
        }
        // Li et al., CVPR 2019: batch norm keeps the variance of training, which dropout before it changes.
        for (layer, next) in zip(flat, flat.dropFirst()) {
            guard case .dropout(let rate) = layer, rate > 0, case .batchNorm = next else { continue }
            found.append(
                finding(
                    .warning,
                    .overRegularised,
                    path("train", "model"),
                    "dropout directly before batch_norm, which then measures other variances than it meets later",
                    allowed: "dropout behind the last batch_norm"
                )
            )
            break
        }
        return found
    }

    private static func initialWeights(_ training: TrainingSpec) -> [StaticFinding] {
        let initializer = training.initializer
        let hidden = training.model.hiddenActivations.count
        guard hidden > 0 else { return [] }
        if initializer.scale == 0 {
            return [
                finding(
                    .error,
                    .initialisation,
                    path("train", "initializer"),
                    "all weights begin at zero: no gradient reaches a hidden layer, so none ever changes",
                    allowed: "he, glorot, lecun or orthogonal; zeros in linear models only"
                )
            ]
        }
        if initializer.kind == .constant {
            return [
                finding(
                    .warning,
                    .initialisation,
                    path("train", "initializer"),
                    "all weights begin alike: the units of a layer never part, so each layer is one unit",
                    allowed: "he, glorot, lecun or orthogonal"
                )
            ]
        }
        if initializer.kind == .plain, hidden >= 3 {
            return [
                finding(
                    .warning,
                    .initialisation,
                    path("train", "initializer"),
                    "weights of one deviation, \(EvidenceText.number(initializer.scale)), for layers of any width: over "
                        + "\(hidden) layers signals grow or die by powers",
                    allowed: "he for relu, glorot for tanh and sigmoid"
                )
            ]
        }
        return []
    }

    // MARK: Rows and steps

    private static func batches(_ training: TrainingSpec, _ schema: DataSchema) -> [StaticFinding] {
        var found: [StaticFinding] = []
        let hasBatchNorm = training.model.flatLayers.contains { layer in
            if case .batchNorm = layer { true } else { false }
        }
        if hasBatchNorm, training.batchSize == 1, case .vector = training.inputShape(on: schema) {
            found.append(
                finding(
                    .error,
                    .smallBatch,
                    path("train", "batch_size"),
                    "batch_norm over one row: every value is its own mean, so all become zero",
                    found: "1",
                    allowed: "8 or more, or norm: layer"
                )
            )
        } else if hasBatchNorm, training.batchSize < 8 {
            found.append(
                finding(
                    .warning,
                    .smallBatch,
                    path("train", "batch_size"),
                    "batch_norm over \(training.batchSize) rows: its moments are noise",
                    found: String(training.batchSize),
                    allowed: "8 or more, or norm: layer"
                )
            )
        }
        let steps = (schema.trainingRows + training.batchSize - 1) / max(1, training.batchSize)
        if steps * training.epochs < 20, steps > 0 {
            found.append(
                finding(
                    .warning,
                    .bigBatch,
                    path("train", "batch_size"),
                    "\(steps * training.epochs) steps in all: too few to learn anything",
                    found: String(training.batchSize),
                    allowed: "a smaller batch, or more epochs"
                )
            )
        }
        let counts = schema.validationRows
        let needed = schema.task.kind == .classification ? max(100, 10 * schema.outputs) : 100
        if counts > 0, counts < needed {
            found.append(
                finding(
                    .warning,
                    .smallValidation,
                    path("data", "validation"),
                    "\(counts) validation rows: differences between configurations will be noise",
                    allowed: "\(needed) rows or more, or repeats over seeds"
                )
            )
        }
        return found
    }

    // MARK: The course of a run

    /// Settings that count only beside a momentum.
    private static func momentum(_ training: TrainingSpec) -> [StaticFinding] {
        guard case .sgd(let momentum, let dampening, let nesterov) = training.optimizer.rule, momentum == 0 else {
            return []
        }
        var idle: [(key: String, value: String)] = []
        if nesterov { idle.append(("nesterov", "true")) }
        if dampening > 0 { idle.append(("dampening", "\(dampening)")) }
        return idle.map { key, value in
            finding(
                .warning,
                .optimizerSettings,
                path("train", "optimizer", "sgd", key),
                "\(key) changes nothing without momentum",
                found: value,
                allowed: "momentum above 0, or no \(key)"
            )
        }
    }

    private static func course(_ training: TrainingSpec) -> [StaticFinding] {
        var found: [StaticFinding] = []
        let epochs = training.epochs
        let schedule = path("train", "learning_rate_schedule")
        switch training.schedule.rule {
        case .rise(let rule) where rule.onBatches:
            found.append(
                finding(
                    .warning,
                    .rateCollapse,
                    schedule,
                    "the rate is cut when a single batch's loss rises, which happens every other step by chance: it is gone "
                        + "within an epoch",
                    found: "of: batch",
                    allowed: "of: epoch, or plateau with a patience"
                )
            )
        case .plateau(let rule) where rule.patience >= epochs:
            found.append(
                finding(
                    .warning,
                    .noDecay,
                    schedule,
                    "a patience of \(rule.patience) in \(epochs) epochs: the rate is never cut",
                    allowed: "a patience below the epochs"
                )
            )
        case .milestones(let milestones, _) where milestones.allSatisfy { $0 >= epochs }:
            found.append(
                finding(
                    .warning,
                    .noDecay,
                    schedule,
                    "all milestones lie behind the last of \(epochs) epochs",
                    allowed: "milestones below the epochs"
                )
            )
        case .step(let every, _) where every >= epochs:
            found.append(
                finding(
                    .warning,
                    .noDecay,
                    schedule,
                    "a step every \(every) epochs in \(epochs): the rate is never cut",
                    allowed: "fewer than the epochs"
                )
            )
        default: break
        }
        if let warmup = training.schedule.warmup, warmup.epochs >= epochs {
            found.append(
                finding(
                    .warning,
                    .rateTooLow,
                    path("train", "warmup"),
                    "a warm-up of \(warmup.epochs) epochs in \(epochs): the rate is never reached",
                    allowed: "fewer than the epochs"
                )
            )
        }
        if let stopping = training.earlyStopping {
            let place = path("train", "early_stopping")
            if stopping.metric == .trainingLoss || stopping.metric == .probeLoss {
                found.append(
                    finding(
                        .warning,
                        .overTraining,
                        place,
                        "early stopping watches the training loss, which never prevents overfitting",
                        found: stopping.metric.rawValue,
                        allowed: "validation.loss"
                    )
                )
            }
            if stopping.patience + stopping.startEpoch >= epochs {
                found.append(
                    finding(
                        .warning,
                        .overTraining,
                        place,
                        "a patience of \(stopping.patience) in \(epochs) epochs: it never stops a run",
                        allowed: "a patience below the epochs"
                    )
                )
            }
        }
        if let restart = training.restarts.first {
            found.append(
                finding(
                    .warning,
                    .preprocessing,
                    path("train", "recompile"),
                    "the optimizer begins anew after epoch \(restart.epoch) over trained weights: what follows is no comparison "
                        + "with a run from initial weights",
                    allowed: "a trial of its own for each setting"
                )
            )
        }
        return found
    }

    private static func augmentation(_ training: TrainingSpec, _ schema: DataSchema) -> [StaticFinding] {
        training.augment.enumerated().compactMap { index, step in
            guard mayDestroyLabels(step, classes: schema.classes) else { return nil }
            return finding(
                .warning,
                .badAugmentation,
                SpecPath([.key("data"), .key("augment"), .index(index)]),
                "the classes look like characters, which are others when mirrored or turned over",
                found: step.kind,
                allowed: "small rotations and shifts"
            )
        }
    }

    private static func scaling(_ trial: TrialSpec) -> [StaticFinding] {
        let scalings = trial.preprocess.filter { step in
            switch step {
            case .standardize, .minmax, .robust, .power, .normalize: true
            default: false
            }
        }
        guard scalings.count > 1 else { return [] }
        return [
            finding(
                .warning,
                .preprocessing,
                path("data", "preprocess"),
                "\(scalings.count) steps scale the features one after another; only the last counts for their size",
                allowed: "one of them"
            )
        ]
    }

    /// Whether a step turns a row of these classes into one of another: mirrored or turned characters.
    ///
    /// Classes count as characters when most of their names are single digits or letters.
    static func mayDestroyLabels(_ step: AugmentStep, classes: [String]) -> Bool {
        let characters = classes.count { name in
            guard name.utf8.count == 1, let byte = name.utf8.first else { return false }
            return (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
        }
        guard classes.count >= 5, 10 * characters >= 9 * classes.count else { return false }
        switch step {
        case .flipHorizontal(let probability), .flipVertical(let probability): return probability > 0
        case .rotate(let degrees, _): return degrees > 60
        default: return false
        }
    }
}

extension LayerSpec {
    fileprivate var isResidual: Bool {
        if case .residual = self { true } else { false }
    }

    fileprivate var isNorm: Bool {
        switch self {
        case .batchNorm, .layerNorm: true
        default: false
        }
    }
}
