/// One training run, without its data and seed: what `train` of the sweep file says once every range has a value.
package struct TrainingSpec: Hashable, Sendable {
    /// The network.
    package var model: ModelSpec
    /// How weights are drawn.
    package var initializer: Initializer
    /// What is minimised; nil: softmax cross-entropy for classes, squared error for numbers.
    package var loss: LossKind?
    /// How weights are changed.
    package var optimizer: OptimizerSpec
    /// λ of the penalty λ/2 Σw² over weights (not biases), added to the gradient as λw.
    package var l2: Double
    /// Rows a step.
    package var batchSize: Int
    /// Passes over the training rows.
    package var epochs: Int

    package init(
        model: ModelSpec,
        initializer: Initializer = .he,
        loss: LossKind? = nil,
        optimizer: OptimizerSpec,
        l2: Double = 0,
        batchSize: Int,
        epochs: Int
    ) {
        self.model = model
        self.initializer = initializer
        self.loss = loss
        self.optimizer = optimizer
        self.l2 = l2
        self.batchSize = batchSize
        self.epochs = epochs
    }
}

/// A multilayer perceptron: hidden layers of `widths` units, then a linear head as wide as the task needs.
package struct ModelSpec: Hashable, Sendable {
    /// Units of each hidden layer; empty: a linear model.
    package var widths: [Int]
    /// What follows each hidden layer.
    package var activation: Activation
    /// The share of hidden units set to zero while training (inverted scaling), after each hidden activation.
    package var dropout: Double

    package init(widths: [Int], activation: Activation = .relu, dropout: Double = 0) {
        self.widths = widths
        self.activation = activation
        self.dropout = dropout
    }
}

/// The function after a hidden layer.
package enum Activation: String, CaseIterable, Sendable {
    case relu, tanh, sigmoid
}

/// How initial weights are drawn; biases start at zero.
package enum Initializer: String, CaseIterable, Sendable {
    /// Uniform with variance 2 / inputs. Source: He et al., ICCV 2015, eq. 10.
    case he
    /// Uniform with variance 2 / (inputs + outputs). Source: Glorot & Bengio, AISTATS 2010, eq. 16.
    case glorot
}

/// What is minimised.
package enum LossKind: String, CaseIterable, Sendable {
    /// Mean over rows of -log softmax(z)[class].
    case softmaxCrossEntropy = "softmax_cross_entropy"
    /// Mean over rows and outputs of (prediction - target)².
    case meanSquaredError = "mean_squared_error"
}

/// The rule that changes the weights.
package enum OptimizerSpec: Hashable, Sendable {
    /// v ← μv + g; w ← w - η v (PyTorch's convention).
    case sgd(learningRate: Double, momentum: Double)
    /// Source: Kingma & Ba, ICLR 2015, algorithm 1.
    case adam(learningRate: Double, beta1: Double, beta2: Double, epsilon: Double)

    /// η.
    package var learningRate: Double {
        switch self {
        case .sgd(let rate, _), .adam(let rate, _, _, _): rate
        }
    }
}

extension TrainingSpec {
    static let keys = ["model", "initializer", "loss", "optimizer", "l2", "batch_size", "epochs"]
    static let plannedKeys = ["learning_rate_schedule", "schedule", "early_stopping", "clip", "l1", "threads"]
    static let plannedInitializers = ["lecun", "orthogonal", "constant"]
    static let plannedLosses = ["binary_cross_entropy", "mean_absolute_error", "huber", "focal"]

    /// Reads `train`; nil when something is missing or wrong (and reported).
    package static func read(_ reader: SpecReader) -> TrainingSpec? {
        guard let fields = reader.fields(keys, planned: plannedKeys) else { return nil }
        let model = fields.required("model", "mlp: {…} or linear").flatMap(ModelSpec.read)
        let optimizer = fields.required("optimizer", "sgd: {…} or adam: {…}").flatMap(OptimizerSpec.read)
        let initializer =
            fields.optional("initializer").map { $0.word(Initializer.self, planned: plannedInitializers) } ?? .he
        let loss: LossKind?? = fields.optional("loss").map { $0.word(LossKind.self, planned: plannedLosses) }
        let l2 = fields.optional("l2").map { $0.real(in: 0...1e6) } ?? 0
        let batch = fields.optional("batch_size").map { $0.integer(in: 1...1_048_576) } ?? 32
        let epochs = fields.required("epochs", "an integer from 1 to 1000000")?
            .allowingDomains(false).integer(in: 1...1_000_000)
        guard let model, let optimizer, let initializer, let l2, let batch, let epochs else { return nil }
        if case .some(.none) = loss { return nil }
        return TrainingSpec(
            model: model,
            initializer: initializer,
            loss: loss ?? nil,
            optimizer: optimizer,
            l2: l2,
            batchSize: batch,
            epochs: epochs
        )
    }
}

extension ModelSpec {
    static let plannedKinds = ["cnn", "layers"]
    static let plannedActivations = ["leaky_relu", "elu", "selu", "gelu", "silu", "softplus", "linear"]

    /// Reads `model`: `linear`, or `mlp` with `widths`, or with `layers` and `width`.
    package static func read(_ reader: SpecReader) -> ModelSpec? {
        reader.alternatives { reader in
            guard let (kind, settings) = reader.tagged(["mlp", "linear"], planned: plannedKinds) else { return nil }
            if kind == "linear" { return settings.fields([]).map { _ in ModelSpec(widths: []) } }
            return settings.alternatives(perceptron)
        }
    }

    private static func perceptron(_ reader: SpecReader) -> ModelSpec? {
        let keys = ["widths", "layers", "width", "activation", "dropout"]
        guard let fields = reader.fields(keys, planned: ["batch_norm", "layer_norm"]) else { return nil }
        let widths = widths(fields)
        let activation =
            fields.optional("activation").map { $0.word(Activation.self, planned: plannedActivations) } ?? .relu
        let dropout = fields.optional("dropout").map { $0.real(in: 0...1, below: true) } ?? 0
        guard let widths, let activation, let dropout else { return nil }
        return ModelSpec(widths: widths, activation: activation, dropout: dropout)
    }

    private static func widths(_ fields: SpecFields) -> [Int]? {
        guard let list = fields.optional("widths") else {
            let layers = fields.required("layers", "an integer from 1 to 64 (or widths: [256, 128])")?
                .integer(in: 1...64)
            let width = fields.required("width", "an integer from 1 to 65536")?.integer(in: 1...65_536)
            return layers.flatMap { layers in width.map { Array(repeating: $0, count: layers) } }
        }
        for key in ["layers", "width"] {
            fields.optional(key)?.report(
                "not allowed together with widths",
                allowed: "widths alone, or layers and width"
            )
        }
        return list.alternatives { list in
            let widths = list.items(count: 1...64)?.map { $0.integer(in: 1...65_536) }
            return widths.flatMap { $0.contains(nil) ? nil : $0.compactMap(\.self) }
        }
    }
}

extension OptimizerSpec {
    static let plannedKinds = ["adamw", "rmsprop", "adagrad", "lion", "nadam"]

    /// Reads `optimizer`: `sgd` or `adam` with its settings.
    package static func read(_ reader: SpecReader) -> OptimizerSpec? {
        reader.alternatives { reader in
            guard let (kind, settings) = reader.tagged(["sgd", "adam"], planned: plannedKinds) else { return nil }
            return settings.alternatives { kind == "sgd" ? sgd($0) : adam($0) }
        }
    }

    private static let plannedKeys = ["learning_rate_schedule", "schedule", "weight_decay", "nesterov", "amsgrad"]

    private static func rate(_ fields: SpecFields) -> Double? {
        fields.required("learning_rate", "a number above 0")?.real(in: 0...1e6, above: true)
    }

    private static func sgd(_ reader: SpecReader) -> OptimizerSpec? {
        guard let fields = reader.fields(["learning_rate", "momentum"], planned: plannedKeys) else { return nil }
        let momentum = fields.optional("momentum").map { $0.real(in: 0...1, below: true) } ?? 0
        guard let rate = rate(fields), let momentum else { return nil }
        return .sgd(learningRate: rate, momentum: momentum)
    }

    private static func adam(_ reader: SpecReader) -> OptimizerSpec? {
        let keys = ["learning_rate", "beta1", "beta2", "epsilon"]
        guard let fields = reader.fields(keys, planned: plannedKeys) else { return nil }
        let beta1 = fields.optional("beta1").map { $0.real(in: 0...1, below: true) } ?? 0.9
        let beta2 = fields.optional("beta2").map { $0.real(in: 0...1, below: true) } ?? 0.999
        let epsilon = fields.optional("epsilon").map { $0.real(in: 0...1, above: true) } ?? 1e-8
        guard let rate = rate(fields), let beta1, let beta2, let epsilon else { return nil }
        return .adam(learningRate: rate, beta1: beta1, beta2: beta2, epsilon: epsilon)
    }
}
