/// A stack of layers, followed by a linear head as wide as the loss needs.
package struct ModelSpec: Hashable, Sendable {
    /// All layers but the head; empty: a linear model.
    package var layers: [LayerSpec]

    package init(layers: [LayerSpec]) { self.layers = layers }

    /// A multilayer perceptron: `widths` units a hidden layer, each followed by its norm, activation and dropout.
    package init(widths: [Int], activation: Activation = .relu, dropout: Double = 0, norm: LayerSpec? = nil) {
        layers = widths.flatMap { width in
            [LayerSpec.dense(DenseSpec(units: width))] + Self.after(norm: norm, activation, dropout: dropout)
        }
    }

    /// What follows a layer with weights: its norm, activation and dropout, each if there is one.
    private static func after(norm: LayerSpec?, _ activation: Activation, dropout: Double) -> [LayerSpec] {
        (norm.map { [$0] } ?? []) + (activation == .linear ? [] : [.activation(activation)])
            + (dropout > 0 ? [.dropout(dropout)] : [])
    }

    /// Whether a layer needs rows × columns, so that a table cannot be its input.
    package var needsImage: Bool {
        for layer in layers {
            switch layer {
            case .convolution, .maxPool, .averagePool, .globalAveragePool: return true
            case .dense, .flatten: return false
            case .residual(let inner) where ModelSpec(layers: inner).needsImage: return true
            default: continue
            }
        }
        return false
    }
}

extension ModelSpec {
    static let kinds = ["mlp", "cnn", "layers", "linear"]

    /// Reads `model`: `linear`, or `mlp`, `cnn` or `layers` with its settings.
    package static func read(_ reader: SpecReader) -> ModelSpec? {
        reader.alternatives { reader in
            guard let (kind, settings) = reader.tagged(kinds) else { return nil }
            switch kind {
            case "linear": return settings.fields([]).map { _ in ModelSpec(layers: []) }
            case "layers":
                guard settings.node != .map([]) else {
                    settings.reportMissing("a list of layers, as in {layers: [{dense: 64}, relu]}")
                    return nil
                }
                return LayerSpec.readList(settings).map { ModelSpec(layers: $0) }
            case "cnn": return settings.alternatives(convolutional)
            default: return settings.alternatives(perceptron)
            }
        }
    }

    private static func perceptron(_ reader: SpecReader) -> ModelSpec? {
        guard let fields = reader.fields(["widths", "layers", "width", "activation", "norm", "dropout"]) else {
            return nil
        }
        let widths = widths(fields)
        let rest = Rest.read(fields)
        guard let widths, let rest else { return nil }
        return ModelSpec(widths: widths, activation: rest.activation, dropout: rest.dropout, norm: rest.norm)
    }

    /// Blocks of convolution, norm, activation, pooling and dropout, then dense layers.
    private static func convolutional(_ reader: SpecReader) -> ModelSpec? {
        let keys = ["channels", "kernel", "padding", "pool", "pool_size", "dense", "activation", "norm", "dropout"]
        guard let fields = reader.fields(keys) else { return nil }
        let channels = fields.required("channels", "a list of one number a block, as in [16, 32]")
            .flatMap { $0.integers(count: 1...32, in: 1...4096) }
        let kernel = fields.optional("kernel").map { WindowSize.read($0) } ?? WindowSize(3)
        let padding = fields.optional("padding").map { Padding.read($0) } ?? .same
        let pool = fields.optional("pool").map { $0.word(PoolKind.self) } ?? .max
        let size = fields.optional("pool_size").map { WindowSize.read($0) } ?? WindowSize(2)
        let dense = fields.optional("dense").map { $0.integers(count: 0...64, in: 1...65_536) } ?? []
        let rest = Rest.read(fields)
        guard let channels, let kernel, let padding, let pool, let size, let dense, let rest else { return nil }
        var layers: [LayerSpec] = []
        for count in channels {
            layers.append(.convolution(ConvolutionSpec(channels: count, kernel: kernel, padding: padding)))
            layers += after(norm: rest.norm, rest.activation, dropout: 0)
            switch pool {
            case .max: layers.append(.maxPool(PoolSpec(size: size)))
            case .average: layers.append(.averagePool(PoolSpec(size: size)))
            case .none: break
            }
            if rest.dropout > 0 { layers.append(.dropout(rest.dropout)) }
        }
        layers.append(.flatten)
        for units in dense {
            layers.append(.dense(DenseSpec(units: units)))
            layers += after(norm: rest.norm, rest.activation, dropout: rest.dropout)
        }
        return ModelSpec(layers: layers)
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
        return list.integers(count: 1...64, in: 1...65_536)
    }
}

/// How a block of a convolutional network shrinks its image.
private enum PoolKind: String, CaseIterable {
    case max, average, none
}

/// The settings that perceptrons and convolutional networks have in common.
private struct Rest {
    let activation: Activation
    let norm: LayerSpec?
    let dropout: Double

    private enum Norm: String, CaseIterable {
        case none, batch, layer
    }

    static func read(_ fields: SpecFields) -> Rest? {
        let activation = fields.optional("activation").map(Activation.read) ?? .relu
        let norm = fields.optional("norm").map { $0.word(Norm.self) } ?? Norm.none
        let dropout = fields.optional("dropout").map { $0.real(in: 0...1, below: true) } ?? 0
        guard let activation, let norm, let dropout else { return nil }
        let layer: LayerSpec? =
            switch norm {
            case .none: nil
            case .batch: .batchNorm(momentum: 0.1, epsilon: 1e-5)
            case .layer: .layerNorm(epsilon: 1e-5)
            }
        return Rest(activation: activation, norm: layer, dropout: dropout)
    }
}

extension SpecReader {
    /// A list of integers, which may be a choice of lists.
    fileprivate func integers(count: ClosedRange<Int>, in range: ClosedRange<Int>) -> [Int]? {
        alternatives { list in
            let values = list.items(count: count)?.map { $0.integer(in: range) }
            return values.flatMap { $0.contains(nil) ? nil : $0.compactMap(\.self) }
        }
    }
}
