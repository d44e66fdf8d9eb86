/// One training run, without its data and seed: what `train` of the sweep file says once every range has a value.
package struct TrainingSpec: Hashable, Sendable {
    /// The network.
    package var model: ModelSpec
    /// How weights are drawn.
    package var initializer: Initializer
    /// The weights that the run begins with; nil: drawn ones.
    package var startingPoint: StartingPoint?
    /// What is minimised; nil: softmax cross-entropy for classes, squared error for numbers.
    package var loss: LossSpec?
    /// How weights are changed.
    package var optimizer: OptimizerSpec
    /// How the learning rate changes.
    package var schedule: LearningRateSchedule
    /// λ of the penalty λ Σ|w|, added to the gradient as λ sign(w).
    package var l1: Double
    /// λ of the penalty λ/2 Σw² over weights (not biases), added to the gradient as λw.
    package var l2: Double
    /// Whether biases are penalised too.
    package var penalizesBiases: Bool
    /// The greatest Euclidean norm of a unit's incoming weights, kept after each step; nil: none.
    ///
    /// Source: Srivastava et al., JMLR 2014, §5.1.
    package var maxNorm: Double?
    /// The greatest Euclidean norm of the whole gradient; a longer one is scaled down. Nil: none.
    ///
    /// Source: Pascanu, Mikolov & Bengio, ICML 2013.
    package var clipNorm: Double?
    /// The greatest magnitude of each element of the gradient; nil: none.
    package var clipValue: Double?
    /// Rows a batch.
    package var batchSize: Int
    /// Batches whose mean gradient makes one step of the optimizer.
    package var accumulation: Int
    /// d of the average a ← d·a + (1 − d)·w after each step, which is what is measured; nil: the weights themselves.
    ///
    /// Source: Polyak & Juditsky 1992, in its exponential form.
    package var averaging: Double?
    /// Passes over the training rows.
    package var epochs: Int
    /// When the run ends by itself; nil: never.
    package var earlyStopping: EarlyStopping?
    /// Later optimizers, each beginning with empty memory, by rising epoch.
    package var restarts: [OptimizerRestart]
    /// How often rows of each class are seen.
    package var sampling: Sampling
    /// Random changes of training rows: `data.augment`.
    package var augment: [AugmentStep]
    /// Threads that share the work of a step; the bits do not depend on it.
    package var threads: Int
    /// What of the network is read on the way and told beside the curve; no result depends on it.
    package var instruments: InstrumentTier

    package init(
        model: ModelSpec,
        initializer: Initializer = .he,
        startingPoint: StartingPoint? = nil,
        loss: LossSpec? = nil,
        optimizer: OptimizerSpec,
        schedule: LearningRateSchedule = .constant,
        l1: Double = 0,
        l2: Double = 0,
        penalizesBiases: Bool = false,
        maxNorm: Double? = nil,
        clipNorm: Double? = nil,
        clipValue: Double? = nil,
        batchSize: Int,
        accumulation: Int = 1,
        averaging: Double? = nil,
        epochs: Int,
        earlyStopping: EarlyStopping? = nil,
        restarts: [OptimizerRestart] = [],
        sampling: Sampling = .none,
        augment: [AugmentStep] = [],
        threads: Int = 1,
        instruments: InstrumentTier = .layers
    ) {
        self.model = model
        self.initializer = initializer
        self.startingPoint = startingPoint
        self.loss = loss
        self.optimizer = optimizer
        self.schedule = schedule
        self.l1 = l1
        self.l2 = l2
        self.penalizesBiases = penalizesBiases
        self.maxNorm = maxNorm
        self.clipNorm = clipNorm
        self.clipValue = clipValue
        self.batchSize = batchSize
        self.accumulation = accumulation
        self.averaging = averaging
        self.epochs = epochs
        self.earlyStopping = earlyStopping
        self.restarts = restarts
        self.sampling = sampling
        self.augment = augment
        self.threads = threads
        self.instruments = instruments
    }
}

/// From an epoch on another optimizer with empty memory, over the weights as they are.
///
/// What compiling a trained model again does in Keras: the curve after it does not start from initial weights.
package struct OptimizerRestart: Hashable, Sendable {
    /// Epochs trained before, at least 1.
    package var epoch: Int
    package var optimizer: OptimizerSpec

    package init(epoch: Int, optimizer: OptimizerSpec) {
        self.epoch = epoch
        self.optimizer = optimizer
    }
}

/// The end of a run that does not get better.
///
/// Source: Prechelt 1998; the settings are those of Keras' EarlyStopping.
package struct EarlyStopping: Hashable, Sendable {
    package var metric: Metric
    /// Epochs without a better value until the run ends.
    package var patience: Int
    /// How much better a value must be to count.
    package var minimalDelta: Double
    /// Epochs before the first that counts.
    package var startEpoch: Int
    /// Whether the run ends with the weights of its best epoch.
    package var restoresBest: Bool

    package init(
        metric: Metric = .validationLoss,
        patience: Int,
        minimalDelta: Double = 0,
        startEpoch: Int = 0,
        restoresBest: Bool = true
    ) {
        self.metric = metric
        self.patience = patience
        self.minimalDelta = minimalDelta
        self.startEpoch = startEpoch
        self.restoresBest = restoresBest
    }
}

extension TrainingSpec {
    static let keys = [
        "model", "initializer", "start_from", "loss", "optimizer", "learning_rate_schedule", "warmup", "l1", "l2",
        "penalize_biases",
        "max_norm", "clip", "batch_size", "accumulate", "average", "epochs", "early_stopping", "recompile", "sampling",
        "threads", "instruments",
    ]

    /// Reads `train`; nil when something is missing or wrong (and reported).
    package static func read(_ reader: SpecReader) -> TrainingSpec? {
        guard let fields = reader.fields(keys) else { return nil }
        let model = fields.required("model", "mlp: {…}, cnn: {…}, layers: […] or linear").flatMap(ModelSpec.read)
        let optimizer = fields.required("optimizer", "a kind with its settings, as in adam: {learning_rate: 0.001}")
            .flatMap(OptimizerSpec.read)
        let initializer = fields.optional("initializer").map(Initializer.read) ?? .he
        let start: StartingPoint?? = fields.optional("start_from").map(StartingPoint.read) ?? .some(nil)
        let loss: LossSpec?? = fields.optional("loss").map(LossSpec.read)
        let epochs = fields.required("epochs", "an integer from 1 to 1000000")?
            .allowingDomains(false).integer(in: 1...1_000_000)
        let schedule = LearningRateSchedule.read(fields)
        let penalties = Penalties.read(fields)
        let step = StepSettings.read(fields)
        let stopping: EarlyStopping?? = fields.optional("early_stopping").map(EarlyStopping.read)
        let restarts = fields.optional("recompile").map(OptimizerRestart.readList) ?? []
        let sampling = fields.optional("sampling").map(Sampling.read) ?? Sampling.none
        let threads = fields.optional("threads").map { $0.integer(in: 1...256) } ?? 1
        let instruments = fields.optional("instruments").map(InstrumentTier.read) ?? .layers
        guard let model, let optimizer, let initializer, let epochs, let schedule, let penalties, let step,
            let restarts, let sampling, let threads, let instruments, let start
        else { return nil }
        if case .some(.none) = loss { return nil }
        if case .some(.none) = stopping { return nil }
        return TrainingSpec(
            model: model,
            initializer: initializer,
            startingPoint: start,
            loss: loss ?? nil,
            optimizer: optimizer,
            schedule: schedule,
            l1: penalties.l1,
            l2: penalties.l2,
            penalizesBiases: penalties.biases,
            maxNorm: penalties.maxNorm,
            clipNorm: step.clipNorm,
            clipValue: step.clipValue,
            batchSize: step.batchSize,
            accumulation: step.accumulation,
            averaging: step.averaging,
            epochs: epochs,
            earlyStopping: stopping ?? nil,
            restarts: restarts,
            sampling: sampling,
            threads: threads,
            instruments: instruments
        )
    }
}

/// The penalties of all layers.
private struct Penalties {
    let l1: Double
    let l2: Double
    let biases: Bool
    let maxNorm: Double?

    static func read(_ fields: SpecFields) -> Penalties? {
        let l1 = fields.optional("l1").map { $0.real(in: 0...1e6) } ?? 0
        let l2 = fields.optional("l2").map { $0.real(in: 0...1e6) } ?? 0
        let biases = fields.optional("penalize_biases").map { $0.boolean() } ?? false
        let maxNorm: Double?? = fields.optional("max_norm").map { $0.real(in: 0...1e12, above: true) }
        guard let l1, let l2, let biases else { return nil }
        if case .some(.none) = maxNorm { return nil }
        return Penalties(l1: l1, l2: l2, biases: biases, maxNorm: maxNorm ?? nil)
    }
}

/// What a step is made of.
private struct StepSettings {
    let clipNorm: Double?
    let clipValue: Double?
    let batchSize: Int
    let accumulation: Int
    let averaging: Double?

    static func read(_ fields: SpecFields) -> StepSettings? {
        let clip = fields.optional("clip").map { $0.alternatives(Clipping.read) } ?? Clipping(norm: nil, value: nil)
        let batch = fields.optional("batch_size").map { $0.integer(in: 1...1_048_576) } ?? 32
        let accumulation = fields.optional("accumulate").map { $0.integer(in: 1...65_536) } ?? 1
        let averaging: Double?? = fields.optional("average").map { $0.real(in: 0...1, above: true, below: true) }
        guard let clip, let batch, let accumulation else { return nil }
        if case .some(.none) = averaging { return nil }
        return StepSettings(
            clipNorm: clip.norm,
            clipValue: clip.value,
            batchSize: batch,
            accumulation: accumulation,
            averaging: averaging ?? nil
        )
    }
}

/// Bounds of the gradient.
private struct Clipping {
    let norm: Double?
    let value: Double?

    static func read(_ reader: SpecReader) -> Clipping? {
        if case .text("none") = reader.node { return Clipping(norm: nil, value: nil) }
        guard let fields = reader.fields(["norm", "value"]) else { return nil }
        let norm: Double?? = fields.optional("norm").map { $0.real(in: 0...1e12, above: true) }
        let value: Double?? = fields.optional("value").map { $0.real(in: 0...1e12, above: true) }
        if norm == nil, value == nil {
            reader.report("nothing to clip at", allowed: "norm: NORM, value: MAGNITUDE, or both")
            return nil
        }
        if case .some(.none) = norm { return nil }
        if case .some(.none) = value { return nil }
        return Clipping(norm: norm ?? nil, value: value ?? nil)
    }
}

extension EarlyStopping {
    /// Reads `early_stopping`.
    static func read(_ reader: SpecReader) -> EarlyStopping? {
        reader.alternatives { reader in
            let keys = ["metric", "patience", "min_delta", "start_epoch", "restore_best"]
            guard let fields = reader.fields(keys) else { return nil }
            let metric = fields.optional("metric").map { $0.metric() } ?? .validationLoss
            let patience = fields.required("patience", "epochs without a better value")?.integer(in: 1...1_000_000)
            let delta = fields.optional("min_delta").map { $0.real(in: 0...1e12) } ?? 0
            let start = fields.optional("start_epoch").map { $0.integer(in: 0...1_000_000) } ?? 0
            let restores = fields.optional("restore_best").map { $0.boolean() } ?? true
            guard let metric, let patience, let delta, let start, let restores else { return nil }
            return EarlyStopping(
                metric: metric,
                patience: patience,
                minimalDelta: delta,
                startEpoch: start,
                restoresBest: restores
            )
        }
    }
}

extension OptimizerRestart {
    /// Reads `recompile`, a list by rising epoch.
    static func readList(_ reader: SpecReader) -> [OptimizerRestart]? {
        reader.alternatives { reader in
            guard let items = reader.items(count: 1...64) else { return nil }
            let restarts = items.map { item -> OptimizerRestart? in
                guard let fields = item.fields(["epoch", "optimizer"]) else { return nil }
                let epoch = fields.required("epoch", "epochs trained before")?
                    .allowingDomains(false).integer(in: 1...1_000_000)
                let optimizer = fields.required("optimizer", "a kind with its settings").flatMap(OptimizerSpec.read)
                guard let epoch, let optimizer else { return nil }
                return OptimizerRestart(epoch: epoch, optimizer: optimizer)
            }
            guard !restarts.contains(where: { $0 == nil }) else { return nil }
            let known = restarts.compactMap(\.self)
            for (index, pair) in zip(known, known.dropFirst()).enumerated() where pair.0.epoch >= pair.1.epoch {
                items[index + 1].report("not after the one before", allowed: "rising epochs")
                return nil
            }
            return known
        }
    }
}
