import SweepCore
import SweepNumerics

/// What speaks for a cause (a positive weight) or against it, in nats of its odds.
struct Clue: Sendable {
    let weight: Double
    let text: String

    init(_ weight: Double, _ text: String) {
        self.weight = weight
        self.text = text
    }
}

/// What is known of a cause: how common it is, what speaks for it, what looks alike, what to do.
struct CauseRule: Sendable {
    let cause: Cause
    /// Its share among faulty runs.
    let prior: Double
    let neighbours: [CauseFinding.Neighbour]
    let clues: @Sendable (CauseContext) -> [Clue]
    let remedy: @Sendable (CauseContext) -> CauseFinding.Remedy

    init(
        _ cause: Cause,
        prior: Double,
        neighbours: [CauseFinding.Neighbour] = [],
        clues: @escaping @Sendable (CauseContext) -> [Clue],
        remedy: @escaping @Sendable (CauseContext) -> CauseFinding.Remedy
    ) {
        self.cause = cause
        self.prior = prior
        self.neighbours = neighbours
        self.clues = clues
        self.remedy = remedy
    }
}

/// A run with its symptoms, and what rules ask of both.
struct CauseContext {
    let run: RunEvidence
    let symptoms: SymptomReport

    var training: TrainingSpec? { run.trial?.training }
    var series: CurveEvidence { run.series }

    func shows(_ list: Symptom...) -> Bool { list.contains { symptoms[$0] != nil } }

    /// A clue from the first of these symptoms that the run shows, with its own evidence.
    func clue(_ weight: Double, _ list: Symptom...) -> [Clue] {
        guard let finding = list.lazy.compactMap({ symptoms[$0] }).first else { return [] }
        return [Clue(weight, "\(finding.symptom.rawValue): \(finding.evidence)")]
    }

    /// A clue when a condition holds.
    func clue(_ weight: Double, _ text: @autoclosure () -> String, if condition: Bool) -> [Clue] {
        condition ? [Clue(weight, text())] : []
    }

    /// A clue from a check of the data, of at least a warning.
    func clue(_ weight: Double, data checks: DataCheck..., least: DataFinding.Severity = .warning) -> [Clue] {
        guard let found = data(checks, least: least) else { return [] }
        return [Clue(weight, "\(found.check.rawValue): \(found.text)")]
    }

    func data(_ checks: [DataCheck], least: DataFinding.Severity = .warning) -> DataFinding? {
        run.data?.filter { checks.contains($0.check) && $0.severity >= least && !$0.isSmallOverlap }
            .max { $0.severity < $1.severity }
    }

    // MARK: Noise and classes

    /// What the gradient's noise says of the batch; nil where it was not measured, and near the floor, where the mean gradient goes to
    /// zero in any run. `isNoise`: a batch has more noise than signal, so that a larger one would calm it; nil instead where too few
    /// rows were looked at to say so.
    ///
    /// Source: McCandlish et al. 2018: noise and signal are equal at the scale. It separates a batch that is too small from a rate that is
    /// too high without deciding: the √k experiment does.
    var batchNoise: (isNoise: Bool, text: String)? {
        guard run.isFarFromDone, let noise = run.noise, let batch = noise.batch else { return nil }
        let isGuess = noise.rows.map { $0 < run.noiseRowsNeeded } ?? false
        guard let scale = noise.scale else {
            guard !isGuess else { return nil }
            let rows = noise.rows.map { " of \($0) rows" } ?? ""
            return (true, "the mean\(rows) of single gradients cannot be told from noise, and a batch has \(batch)")
        }
        let text = "the gradient's noise scale is \(EvidenceText.number(scale)) rows, a batch has \(batch)"
        guard scale >= Double(batch) else {
            return (false, "\(text): more signal than noise, so that a larger batch would calm little")
        }
        return isGuess ? nil : (true, "\(text): more noise than signal")
    }

    /// The classes with the greatest and the least loss where they are far apart, in words; `on` says of which rows.
    func classGap(on rows: String, _ loss: (ClassState) -> Double?) -> String? {
        guard let gap = ClassState.gap(run.classes, by: loss, chance: run.chanceLoss), let worst = loss(gap.worst),
            let best = loss(gap.best)
        else { return nil }
        return "on \(rows) the loss of class \(gap.worst.label) is \(EvidenceText.number(worst)), that of class "
            + "\(gap.best.label) \(EvidenceText.number(best))"
    }

    // MARK: The rate and the steps

    /// The median ratio of update to weight over the first 30 % of the epochs.
    var earlyRatio: Double? {
        let early = max(2, Int((0.3 * Double(series.budget)).rounded(.up)))
        let ratios = run.values(.updateRatio).prefix(early).filter { $0.isFinite }
        return Quantiles.median(Array(ratios))
    }

    /// The rates that are usual for the optimizer; a hint, never a proof. Source: the defaults of PyTorch and Keras, and a
    /// decade (for gradient descent one and a half) to either side; dampening asks for as much larger ones.
    var usualRates: ClosedRange<Double>? { training.map { Self.usualRates(of: $0.optimizer.rule) } }

    private static func usualRates(of rule: OptimizerRule) -> ClosedRange<Double> {
        let share = rule.gradientShare
        return switch rule {
        case .sgd(let momentum, _, _): (0.003 * (1 - momentum) / share)...(0.5 * max(0.1, 1 - momentum) / share)
        case .adam, .nadam, .rmsprop: 1e-4...1e-2
        case .adagrad: 1e-3...0.1
        case .lion: 1e-5...1e-3
        }
    }

    /// The middle of the usual rates.
    static func middleRate(of rule: OptimizerRule) -> Double {
        let usual = usualRates(of: rule)
        return (usual.lowerBound * usual.upperBound).squareRoot()
    }

    var rate: Double? { training?.optimizer.learningRate }

    /// Settings of the optimizer beside its rate that are far from what is usual, in words.
    var oddSettings: [String] {
        var odd: [String] = []
        switch training?.optimizer.rule {
        case .sgd(let momentum, _, _) where momentum >= 0.99: odd.append("momentum \(momentum)")
        case .adam(let beta1, let beta2, let epsilon, _), .nadam(let beta1, let beta2, let epsilon, _):
            if beta1 >= 0.98 { odd.append("beta1 \(beta1)") }
            if beta2 <= 0.9 { odd.append("beta2 \(beta2)") }
            if epsilon <= 1e-10 { odd.append("epsilon \(EvidenceText.number(epsilon))") }
            if epsilon >= 1e-2 { odd.append("epsilon \(EvidenceText.number(epsilon))") }
        case .rmsprop(let alpha, let epsilon, _, _):
            if alpha <= 0.8 { odd.append("alpha \(alpha)") }
            if epsilon >= 1e-2 { odd.append("epsilon \(EvidenceText.number(epsilon))") }
        default: break
        }
        return odd
    }

    /// The rate to begin with where nothing else is known: the middle of the usual ones; of a run of few steps, three times that,
    /// as it has no time for small ones.
    var startingRate: Double? {
        training.map { training in
            let steps = stepsPerEpoch.map { $0 * series.budget } ?? .max
            return Self.middleRate(of: training.optimizer.rule) * (steps < 600 ? 3 : 1)
        }
    }

    /// What the range test says the rate should be; nil where none was made, or it says nothing.
    var testedRate: Double? { run.rangeTest?.rate.map(Self.oneDigit) }

    /// To one digit: more would pretend to know.
    static func oneDigit(_ value: Double) -> Double {
        let unit = Elementary.pow(10, Elementary.log10(value * 1.0000001).rounded(.down))
        return (value / unit).rounded() * unit
    }

    /// Whether the loss on training rows still falls in the last quarter of the epochs, by 3 % at least, without going up and down,
    /// and is far from what could be reached: what a low rate, a large batch and few epochs have in common.
    var fallsUnfinished: Bool {
        guard series.probe.count >= 4, let last = series.probe.last, let least = series.probe.min(),
            last <= 1.005 * least
        else { return false }
        let before = series.probe[series.probe.count * 3 / 4 - 1]
        return last < 0.97 * before && (!learnsTraining || fallsBehindSimpleModels != nil)
            && !shows(.oscillating, .diverging, .rising, .nonFinite)
    }

    /// Faults of the data that hide from simple models, too, whatever there is to learn.
    var dataHidesSignal: Bool { data([.outlier, .sentinel, .overlap]) != nil }
    /// The greatest rate that was used, after warm-up and schedule.
    var greatestRate: Double? { run.values(.learningRate).filter { $0.isFinite }.max() ?? rate }

    var stepsPerEpoch: Int? {
        if let steps = run.instruments?.stepsPerEpoch, steps > 0 { return steps }
        guard let training, let rows = run.schema?.trainingRows else { return nil }
        let batch = training.batchSize * training.accumulation
        return (rows + batch - 1) / batch
    }

    /// The path of an optimizer's setting, as `--set` takes it; nil where the kind's name is not known.
    func optimizerPath(_ key: String) -> String? {
        guard let name = run.optimizerKey ?? training?.optimizer.rule.name else { return nil }
        return "train.optimizer.\(name).\(key)"
    }

    /// The remedy of setting the rate.
    func rateRemedy(_ value: Double, _ text: (String) -> String) -> CauseFinding.Remedy {
        let number = EvidenceText.number(value)
        return CauseFinding.Remedy(optimizerPath("learning_rate").map { ["\($0)=\(number)"] } ?? [], text(number))
    }

    // MARK: The model and the data

    var isImage: Bool { run.schema?.image != nil }
    var isClassification: Bool? { run.schema.map { $0.task.kind == .classification } }

    /// Weights and biases of the model.
    var parameters: Int? {
        guard let training, let schema = run.schema else { return nil }
        return training.model.parameterCount(
            input: training.inputShape(on: schema),
            outputs: training.outputs(on: schema)
        )
    }

    var parametersPerRow: Double? {
        guard let parameters, let rows = run.schema?.trainingRows, rows > 0 else { return nil }
        return Double(parameters) / Double(rows)
    }

    /// The widths of hidden dense layers and channels of convolutions.
    var widths: [Int] {
        (training?.model.flatLayers ?? []).compactMap { layer in
            switch layer {
            case .dense(let dense): dense.units
            case .convolution(let convolution): convolution.channels
            default: nil
            }
        }
    }

    /// The model with one thing changed, as `--set` takes it; nothing where no model is known.
    func modelChange(_ change: (ModelChange) -> ModelChange) -> [String] {
        training.map { change(ModelChange($0.model)).change } ?? []
    }

    /// The preprocessing with one thing changed, as `--set` takes it; nothing where no trial is known.
    func preprocessChange(_ change: (PreprocessChange) -> PreprocessChange) -> [String] {
        run.trial.map { change(PreprocessChange($0.preprocess)).change } ?? []
    }

    var greatestDropout: Double {
        (training?.model.flatLayers ?? []).compactMap { layer in
            if case .dropout(let rate) = layer { rate } else { nil }
        }.max() ?? 0
    }

    /// Whether the target is a number of a size that no step changes and that is far from one.
    var isTargetUnscaled: Bool {
        guard case .regression(_, let variance)? = run.schema?.task, run.trial?.targetScale == TargetScale.none else {
            return false
        }
        return variance > 100 || variance < 0.01
    }

    /// Whether a step brings every feature to a common size.
    var scalesFeatures: Bool {
        (run.trial?.preprocess ?? []).contains { step in
            switch step {
            case .standardize, .minmax, .robust, .power, .normalize: true
            case .scale(let factor): abs(factor) < 0.1
            default: false
            }
        }
    }

    /// Whether a step of the preprocessing keeps single far values from deciding.
    var resistsOutliers: Bool {
        (run.trial?.preprocess ?? []).contains { step in
            switch step {
            case .robust, .winsorize, .power, .log1p: true
            default: false
            }
        }
    }

    /// Any of what holds a model back.
    var isRegularised: Bool {
        guard let training else { return false }
        return training.l1 > 0 || training.l2 > 0 || training.optimizer.decay > 0 || training.maxNorm != nil
            || greatestDropout > 0 || !training.augment.isEmpty || (training.loss?.labelSmoothing ?? 0) > 0
    }

    /// The epoch of the least validation loss, as a share of the epochs trained.
    var bestEpoch: (epoch: Int, share: Double)? {
        guard let least = series.validation.min(), let index = series.validation.firstIndex(of: least) else {
            return nil
        }
        return (index + 1, Double(index + 1) / Double(series.validation.count))
    }

    /// How much of the variance or of guessing's loss the run explains on validation rows, as far as it is known.
    var explained: Double? {
        guard let least = series.validation.min(), let chance = run.chanceLoss else { return nil }
        return 1 - least / chance
    }

    /// Whether a linear model or nearest neighbours, fitted by the data checks, do clearly better than the run.
    ///
    /// They are measured by balanced accuracy beyond guessing or by variance explained; a run by its loss. Of classes the first is
    /// usually the smaller of the two, so the comparison errs towards the run.
    var fallsBehindSimpleModels: DataFinding? {
        guard let explained, let check = run.data?.first(where: { $0.check == .learnability }),
            check.measure > explained + 0.15
        else { return nil }
        return check
    }

    /// Whether the loss on training rows has come down to a tenth of guessing.
    var isNearlyDone: Bool { series.probe.last.map { $0 < 0.1 * series.chance } ?? false }

    /// Whether the rate is cut whenever a single batch's loss rises, as every other one does by chance, and was.
    var isCutByBatches: Bool {
        guard case .rise(let rule)? = training?.schedule.rule, rule.onBatches else { return false }
        return run.notes.count { $0.text.hasPrefix("learning rate reduced") } >= 2
    }

    /// Penalties so strong that they make the loss without them rise as the weights shrink.
    var isHeldByPenalty: Bool { training.map { $0.l2 >= 0.1 || $0.l1 >= 0.01 || $0.optimizer.decay >= 1 } ?? false }

    /// Whether the training rows have been learnt: at most half of the way to the best is left.
    var learnsTraining: Bool {
        guard let least = series.probe.min() else { return false }
        return least < 0.5 * series.chance
    }
}
