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
    package static func sgd(
        learningRate: Double,
        momentum: Double,
        dampening: Double = 0,
        nesterov: Bool = false
    ) -> OptimizerSpec {
        OptimizerSpec(
            .sgd(momentum: momentum, dampening: dampening, nesterov: nesterov),
            learningRate: learningRate
        )
    }

    /// Adam.
    package static func adam(learningRate: Double, beta1: Double, beta2: Double, epsilon: Double) -> OptimizerSpec {
        OptimizerSpec(.adam(beta1: beta1, beta2: beta2, epsilon: epsilon, amsgrad: false), learningRate: learningRate)
    }
}

/// An optimizer without its rate; formulas and defaults are PyTorch's.
package enum OptimizerRule: Hashable, Sendable {
    /// v ← μv + (1 − d)g with the dampening d, v ← g at the first step; w ← w − ηv, or with Nesterov's form, which has no
    /// dampening, w ← w − η(g + μv). Without momentum there is no dampening either.
    case sgd(momentum: Double, dampening: Double = 0, nesterov: Bool)
    /// Source: Kingma & Ba, ICLR 2015, algorithm 1; AMSGrad: Reddi, Kale & Kumar, ICLR 2018.
    case adam(beta1: Double, beta2: Double, epsilon: Double, amsgrad: Bool)
    /// Source: Tieleman & Hinton 2012, lecture 6.5; centred: Graves 2013.
    case rmsprop(alpha: Double, epsilon: Double, momentum: Double, centered: Bool)
    /// The squares are added to `initialAccumulator`; the rate of step t, counted from 1, is η / (1 + (t − 1) ·
    /// `learningRateDecay`). Source: Duchi, Hazan & Singer, JMLR 2011.
    case adagrad(epsilon: Double, learningRateDecay: Double = 0, initialAccumulator: Double = 0)
    /// Source: Chen et al., NeurIPS 2023, algorithm 2.
    case lion(beta1: Double, beta2: Double)
    /// The momentum of step t is β₁(1 − 0.96^(tψ) / 2) with ψ = `momentumDecay`. Source: Dozat, ICLR 2016 workshop.
    case nadam(
        beta1: Double,
        beta2: Double,
        epsilon: Double,
        momentumDecay: Double = OptimizerRule.usualMomentumDecay
    )

    /// NAdam's ψ where none is given.
    package static let usualMomentumDecay = 0.004

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

    /// What of a gradient enters the velocity of gradient descent after its first step: 1 − d; 1 for every other rule.
    ///
    /// Steps that agree add up to η · share / (1 − μ) of their gradient.
    package var gradientShare: Double {
        guard case .sgd(let momentum, let dampening, _) = self, momentum > 0 else { return 1 }
        return 1 - dampening
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
            case "sgd": ["momentum", "dampening", "nesterov"]
            case "rmsprop": ["alpha", "epsilon", "momentum", "centered"]
            case "adagrad": ["epsilon", "learning_rate_decay", "initial_accumulator"]
            case "lion": ["beta1", "beta2"]
            case "nadam": ["beta1", "beta2", "epsilon", "momentum_decay"]
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
        func amount(_ key: String, _ standard: Double) -> Double? {
            fields.optional(key).map { $0.real(in: 0...1e6) } ?? standard
        }
        switch kind {
        case "sgd":
            let (momentum, dampening, nesterov) = (share("momentum", 0), share("dampening", 0), flag("nesterov"))
            guard let momentum, let dampening, let nesterov, keepsNesterovUndamped(fields) else { return nil }
            return .sgd(momentum: momentum, dampening: dampening, nesterov: nesterov)
        case "rmsprop":
            let (alpha, epsilon) = (share("alpha", 0.99), small(1e-8))
            let (momentum, centered) = (share("momentum", 0), flag("centered"))
            guard let alpha, let epsilon, let momentum, let centered else { return nil }
            return .rmsprop(alpha: alpha, epsilon: epsilon, momentum: momentum, centered: centered)
        case "adagrad":
            let (decay, initial) = (amount("learning_rate_decay", 0), amount("initial_accumulator", 0))
            guard let epsilon = small(1e-10), let decay, let initial else { return nil }
            return .adagrad(epsilon: epsilon, learningRateDecay: decay, initialAccumulator: initial)
        case "lion":
            let (beta1, beta2) = (share("beta1", 0.9), share("beta2", 0.99))
            guard let beta1, let beta2 else { return nil }
            return .lion(beta1: beta1, beta2: beta2)
        case "nadam":
            let (beta1, beta2, epsilon) = (share("beta1", 0.9), share("beta2", 0.999), small(1e-8))
            let decay = amount("momentum_decay", OptimizerRule.usualMomentumDecay)
            guard let beta1, let beta2, let epsilon, let decay else { return nil }
            return .nadam(beta1: beta1, beta2: beta2, epsilon: epsilon, momentumDecay: decay)
        default:
            let (beta1, beta2, epsilon) = (share("beta1", 0.9), share("beta2", 0.999), small(1e-8))
            guard let beta1, let beta2, let epsilon, let amsgrad = flag("amsgrad") else { return nil }
            return .adam(beta1: beta1, beta2: beta2, epsilon: epsilon, amsgrad: amsgrad)
        }
    }

    /// Reports a dampening that some configuration could have together with Nesterov's form, which is defined without.
    private static func keepsNesterovUndamped(_ fields: SpecFields) -> Bool {
        guard let dampening = fields.optional("dampening"), let nesterov = fields.optional("nesterov"),
            nesterov.node.mayBe({ $0 == .boolean(true) }),
            dampening.node.mayBe({ $0 != .integer(0) && $0 != .real(0) })
        else { return true }
        dampening.report(
            "nesterov has no dampening",
            allowed: "0 where nesterov may be true"
                + (dampening.allowsDomains ? " (or {sgd: {choice: [{…}, {…}]}} to try each apart)" : "")
        )
        return false
    }
}

extension SpecNode {
    /// Whether a configuration may have a value here of which `condition` holds; a range is asked for its upper bound.
    fileprivate func mayBe(_ condition: (SpecNode) -> Bool) -> Bool {
        switch unbelieved {
        case .domain(.choice(let options)): options.contains { $0.node.mayBe(condition) }
        case .domain(.uniform(_, let high, _, _)), .domain(.logUniform(_, let high, _)): condition(.real(high))
        case .domain(.integer(_, let high, _)), .domain(.logInteger(_, let high, _)): condition(.integer(high))
        default: condition(self)
        }
    }
}
