/// A function applied to each element.
package enum Activation: Hashable, Sendable {
    /// max(x, 0).
    case relu
    /// x where positive, else slope · x. Source: Maas, Hannun & Ng, ICML 2013.
    case leakyRelu(slope: Double)
    /// x where positive, else α(eˣ − 1). Source: Clevert, Unterthiner & Hochreiter, ICLR 2016.
    case elu(alpha: Double)
    /// λ · elu(x) with the constants that keep mean 0 and variance 1. Source: Klambauer et al., NeurIPS 2017.
    case selu
    /// x · Φ(x), exactly. Source: Hendrycks & Gimpel 2016.
    case gelu
    /// x · sigmoid(x). Source: Elfwing, Uchibe & Doya 2018 (also called swish).
    case silu
    case tanh
    case sigmoid
    /// ln(1 + eˣ).
    case softplus
    /// x itself.
    case linear
}

extension Activation {
    static let kinds = [
        "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "tanh", "sigmoid", "softplus", "linear",
    ]

    /// Reads an activation: a word, or a map with its constant, as in `{leaky_relu: {slope: 0.1}}`.
    package static func read(_ reader: SpecReader) -> Activation? {
        reader.alternatives { reader in
            guard let (kind, settings) = reader.tagged(kinds) else { return nil }
            return settings.alternatives { named(kind, $0) }
        }
    }

    /// The activation of this name with its settings; reports and answers nil when they are wrong.
    static func named(_ kind: String, _ settings: SpecReader) -> Activation? {
        switch kind {
        case "leaky_relu":
            guard let fields = settings.fields(["slope"]) else { return nil }
            let slope = fields.optional("slope").map { $0.real(in: 0...1, below: true) } ?? 0.01
            return slope.map { .leakyRelu(slope: $0) }
        case "elu":
            guard let fields = settings.fields(["alpha"]) else { return nil }
            let alpha = fields.optional("alpha").map { $0.real(in: 0...100, above: true) } ?? 1
            return alpha.map { .elu(alpha: $0) }
        default:
            guard settings.fields([]) != nil else { return nil }
            switch kind {
            case "relu": return .relu
            case "selu": return .selu
            case "gelu": return .gelu
            case "silu": return .silu
            case "tanh": return .tanh
            case "sigmoid": return .sigmoid
            case "softplus": return .softplus
            default: return .linear
            }
        }
    }

    /// The word that names it in a sweep file.
    package var name: String {
        switch self {
        case .relu: "relu"
        case .leakyRelu: "leaky_relu"
        case .elu: "elu"
        case .selu: "selu"
        case .gelu: "gelu"
        case .silu: "silu"
        case .tanh: "tanh"
        case .sigmoid: "sigmoid"
        case .softplus: "softplus"
        case .linear: "linear"
        }
    }
}
