/// What is minimised, with its settings.
package struct LossSpec: Hashable, Sendable {
    package var kind: LossKind
    /// ε of the smoothed target (1 − ε) · onehot + ε / classes. Source: Szegedy et al., CVPR 2016, §7.
    package var labelSmoothing: Double
    /// γ of the focal loss −(1 − p)^γ log p; 0 is plain cross-entropy. Source: Lin et al., ICCV 2017, eq. 4.
    package var focus: Double
    /// Where Huber's loss turns from squared to absolute, in units of the (scaled) target.
    package var delta: Double
    package var classWeights: ClassWeightRule

    package init(
        _ kind: LossKind,
        labelSmoothing: Double = 0,
        focus: Double = 0,
        delta: Double = 1,
        classWeights: ClassWeightRule = .none
    ) {
        self.kind = kind
        self.labelSmoothing = labelSmoothing
        self.focus = focus
        self.delta = delta
        self.classWeights = classWeights
    }

    package static let softmaxCrossEntropy = LossSpec(.softmaxCrossEntropy)
    package static let meanSquaredError = LossSpec(.meanSquaredError)
}

/// The form of a loss.
package enum LossKind: String, CaseIterable, Sendable {
    /// Mean over rows of −log softmax(z)[class].
    case softmaxCrossEntropy = "softmax_cross_entropy"
    /// Mean over rows and outputs of −y log σ(z) − (1 − y) log(1 − σ(z)); two classes share one output.
    case binaryCrossEntropy = "binary_cross_entropy"
    /// Mean over rows and outputs of (prediction − target)².
    case meanSquaredError = "mean_squared_error"
    /// Mean over rows and outputs of |prediction − target|.
    case meanAbsoluteError = "mean_absolute_error"
    /// e²/2 up to `delta`, beyond it delta · (|e| − delta/2). Source: Huber 1964.
    case huber

    /// Whether it compares classes, not numbers.
    package var needsClasses: Bool { self == .softmaxCrossEntropy || self == .binaryCrossEntropy }

    /// The power of the target's unit in which it is measured; 0 for cross-entropies.
    package var unitPower: Int {
        switch self {
        case .softmaxCrossEntropy, .binaryCrossEntropy: 0
        case .meanAbsoluteError: 1
        case .meanSquaredError, .huber: 2
        }
    }
}

/// How much a row of each class counts in the training loss; the measured losses are not weighted.
package enum ClassWeightRule: Hashable, Sendable {
    case none
    /// rows / (classes · rows of the class), so that each class has the same sum.
    case balanced
    /// One factor a class, in the classes' order.
    case listed([Double])
}

extension LossSpec {
    static let kinds = LossKind.allCases.map(\.rawValue) + ["focal"]

    /// Reads a loss: a word, or a map with its settings.
    package static func read(_ reader: SpecReader) -> LossSpec? {
        reader.alternatives { reader in
            guard let (kind, settings) = reader.tagged(kinds) else { return nil }
            return settings.alternatives { named(kind, $0) }
        }
    }

    private static func named(_ kind: String, _ settings: SpecReader) -> LossSpec? {
        switch LossKind(rawValue: kind) {
        case nil:
            // Focal loss is softmax cross-entropy with an exponent.
            guard let fields = settings.fields(["gamma", "class_weights"]) else { return nil }
            let gamma = fields.optional("gamma").map { $0.real(in: 0...10) } ?? 2
            let weights = classWeights(fields)
            guard let gamma, let weights else { return nil }
            return LossSpec(.softmaxCrossEntropy, focus: gamma, classWeights: weights)
        case .softmaxCrossEntropy?: return crossEntropy(.softmaxCrossEntropy, settings)
        case .binaryCrossEntropy?: return crossEntropy(.binaryCrossEntropy, settings)
        case .huber?:
            guard let fields = settings.fields(["delta"]) else { return nil }
            let delta = fields.optional("delta").map { $0.real(in: 0...1e12, above: true) } ?? 1
            return delta.map { LossSpec(.huber, delta: $0) }
        case let kind?: return settings.fields([]).map { _ in LossSpec(kind) }
        }
    }

    private static func crossEntropy(_ kind: LossKind, _ settings: SpecReader) -> LossSpec? {
        guard let fields = settings.fields(["label_smoothing", "gamma", "class_weights"]) else { return nil }
        let smoothing = fields.optional("label_smoothing").map { $0.real(in: 0...1, below: true) } ?? 0
        let gamma = fields.optional("gamma").map { $0.real(in: 0...10) } ?? 0
        let weights = classWeights(fields)
        guard let smoothing, let gamma, let weights else { return nil }
        return LossSpec(kind, labelSmoothing: smoothing, focus: gamma, classWeights: weights)
    }

    private static func classWeights(_ fields: SpecFields) -> ClassWeightRule? {
        guard let reader = fields.optional("class_weights") else { return ClassWeightRule.none }
        return reader.alternatives { reader in
            switch reader.node {
            case .text("none"): return ClassWeightRule.none
            case .text("balanced"): return .balanced
            case .list:
                let weights = reader.items(count: 2...65_536)?.map { $0.real(in: 0...1e6) }
                return weights.flatMap { $0.contains(nil) ? nil : .listed($0.compactMap(\.self)) }
            default:
                reader.report("not an allowed value", allowed: "none, balanced, or a list of one number a class")
                return nil
            }
        }
    }
}
