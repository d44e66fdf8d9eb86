/// The rule that changes the weights, with its settings.
package struct OptimizerSpec: Hashable, Sendable {
    package var rule: OptimizerRule
    /// η, before any schedule.
    package var learningRate: Double
    /// λ of decoupled weight decay, w ← w − ηλw before each step, biases and norms excepted.
    ///
    /// Source: Loshchilov & Hutter, ICLR 2019.
    package var decay: Double

    package init(_ rule: OptimizerRule, learningRate: Double, decay: Double = 0) {
        self.rule = rule
        self.learningRate = learningRate
        self.decay = decay
    }

    /// Gradient descent with momentum.
    package static func sgd(learningRate: Double, momentum: Double, nesterov: Bool = false) -> OptimizerSpec {
        OptimizerSpec(.sgd(momentum: momentum, nesterov: nesterov), learningRate: learningRate)
    }

    /// Adam.
    package static func adam(learningRate: Double, beta1: Double, beta2: Double, epsilon: Double) -> OptimizerSpec {
        OptimizerSpec(.adam(beta1: beta1, beta2: beta2, epsilon: epsilon, amsgrad: false), learningRate: learningRate)
    }
}

/// An optimizer without its rate; formulas and defaults are PyTorch's.
package enum OptimizerRule: Hashable, Sendable {
    /// v ← μv + g; w ← w − ηv, or with Nesterov's form w ← w − η(g + μv).
    case sgd(momentum: Double, nesterov: Bool)
    /// Source: Kingma & Ba, ICLR 2015, algorithm 1; AMSGrad: Reddi, Kale & Kumar, ICLR 2018.
    case adam(beta1: Double, beta2: Double, epsilon: Double, amsgrad: Bool)
    /// Source: Tieleman & Hinton 2012, lecture 6.5; centred: Graves 2013.
    case rmsprop(alpha: Double, epsilon: Double, momentum: Double, centered: Bool)
    /// Source: Duchi, Hazan & Singer, JMLR 2011.
    case adagrad(epsilon: Double)
    /// Source: Chen et al., NeurIPS 2023, algorithm 2.
    case lion(beta1: Double, beta2: Double)
    /// Source: Dozat, ICLR 2016 workshop.
    case nadam(beta1: Double, beta2: Double, epsilon: Double)

    /// The word that names it in a sweep file; Adam with decay is called adamw there.
    package var name: String {
        switch self {
        case .sgd: "sgd"
        case .adam: "adam"
        case .rmsprop: "rmsprop"
        case .adagrad: "adagrad"
        case .lion: "lion"
        case .nadam: "nadam"
        }
    }
}

extension OptimizerSpec {
    static let kinds = ["sgd", "adam", "adamw", "rmsprop", "adagrad", "lion", "nadam"]

    /// Reads `optimizer`: a kind with its settings.
    package static func read(_ reader: SpecReader) -> OptimizerSpec? {
        reader.alternatives { reader in
            guard let (kind, settings) = reader.tagged(kinds) else { return nil }
            return settings.alternatives { named(kind, $0) }
        }
    }

    private static func named(_ kind: String, _ reader: SpecReader) -> OptimizerSpec? {
        let own: [String] =
            switch kind {
            case "sgd": ["momentum", "nesterov"]
            case "rmsprop": ["alpha", "epsilon", "momentum", "centered"]
            case "adagrad": ["epsilon"]
            case "lion": ["beta1", "beta2"]
            case "nadam": ["beta1", "beta2", "epsilon"]
            default: ["beta1", "beta2", "epsilon", "amsgrad"]
            }
        guard let fields = reader.fields(["learning_rate"] + own + ["weight_decay"]) else { return nil }
        let rate = fields.required("learning_rate", "a number above 0")?.real(in: 0...1e6, above: true)
        let decay = fields.optional("weight_decay").map { $0.real(in: 0...1e6) } ?? .some(kind == "adamw" ? 0.01 : 0)
        let rule = rule(kind, fields)
        guard let rate, let decay, let rule else { return nil }
        return OptimizerSpec(rule, learningRate: rate, decay: decay)
    }

    private static func rule(_ kind: String, _ fields: SpecFields) -> OptimizerRule? {
        func share(_ key: String, _ standard: Double) -> Double? {
            fields.optional(key).map { $0.real(in: 0...1, below: true) } ?? standard
        }
        func small(_ standard: Double) -> Double? {
            fields.optional("epsilon").map { $0.real(in: 0...1, above: true) } ?? standard
        }
        func flag(_ key: String) -> Bool? { fields.optional(key).map { $0.boolean() } ?? false }
        switch kind {
        case "sgd":
            let (momentum, nesterov) = (share("momentum", 0), flag("nesterov"))
            guard let momentum, let nesterov else { return nil }
            return .sgd(momentum: momentum, nesterov: nesterov)
        case "rmsprop":
            let (alpha, epsilon) = (share("alpha", 0.99), small(1e-8))
            let (momentum, centered) = (share("momentum", 0), flag("centered"))
            guard let alpha, let epsilon, let momentum, let centered else { return nil }
            return .rmsprop(alpha: alpha, epsilon: epsilon, momentum: momentum, centered: centered)
        case "adagrad": return small(1e-10).map { .adagrad(epsilon: $0) }
        case "lion":
            let (beta1, beta2) = (share("beta1", 0.9), share("beta2", 0.99))
            guard let beta1, let beta2 else { return nil }
            return .lion(beta1: beta1, beta2: beta2)
        default:
            let (beta1, beta2, epsilon) = (share("beta1", 0.9), share("beta2", 0.999), small(1e-8))
            let amsgrad = kind == "nadam" ? false : flag("amsgrad")
            guard let beta1, let beta2, let epsilon, let amsgrad else { return nil }
            if kind == "nadam" { return .nadam(beta1: beta1, beta2: beta2, epsilon: epsilon) }
            return .adam(beta1: beta1, beta2: beta2, epsilon: epsilon, amsgrad: amsgrad)
        }
    }
}
