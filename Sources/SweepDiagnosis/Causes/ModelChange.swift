import SweepCore

/// Changes of a model as `--set` takes them, whichever way the sweep file wrote it: the list of its layers with one thing changed.
struct ModelChange {
    private var layers: [LayerSpec]

    init(_ model: ModelSpec) { layers = model.layers }

    /// `train.model={layers: […]}`; empty where a layer has settings of its own that a list would have to repeat.
    var change: [String] {
        let texts = layers.map(Self.text)
        guard !texts.isEmpty, texts.allSatisfy({ $0 != nil }) else { return [] }
        return ["train.model={layers: [\(texts.compactMap { $0 }.joined(separator: ", "))]}"]
    }

    /// Every hidden width and number of channels as `change` has it.
    func widths(_ change: (Int) -> Int) -> ModelChange {
        mapping { layer in
            switch layer {
            case .dense(var dense):
                dense.units = change(dense.units)
                return [.dense(dense)]
            case .convolution(var convolution):
                convolution.channels = change(convolution.channels)
                return [.convolution(convolution)]
            default: return [layer]
            }
        }
    }

    /// This activation behind every layer with weights, in the place of what stands there.
    func activations(_ activation: Activation) -> ModelChange {
        let bare = mapping { layer in
            if case .activation = layer { return [] }
            return [layer]
        }
        var result: [LayerSpec] = []
        for (index, layer) in bare.layers.enumerated() {
            result.append(layer)
            guard Self.hasWeights(layer) || Self.isNorm(layer) else { continue }
            // Behind the norm, where one follows.
            if index + 1 < bare.layers.count, Self.isNorm(bare.layers[index + 1]) { continue }
            result.append(.activation(activation))
        }
        var changed = self
        changed.layers = result
        return changed
    }

    /// A batch norm behind every layer with weights that has no norm.
    func normed() -> ModelChange {
        var result: [LayerSpec] = []
        for (index, layer) in layers.enumerated() {
            result.append(layer)
            guard Self.hasWeights(layer), index + 1 == layers.count || !Self.isNorm(layers[index + 1]) else { continue }
            result.append(.batchNorm(momentum: 0.1, epsilon: 1e-5))
        }
        var changed = self
        changed.layers = result
        return changed
    }

    /// Every dropout at this share.
    func dropout(_ share: Double) -> ModelChange {
        mapping { layer in
            if case .dropout = layer { return share > 0 ? [.dropout(share)] : [] }
            return [layer]
        }
    }

    private func mapping(_ change: (LayerSpec) -> [LayerSpec]) -> ModelChange {
        var changed = self
        changed.layers = layers.flatMap(change)
        return changed
    }

    private static func hasWeights(_ layer: LayerSpec) -> Bool {
        switch layer {
        case .dense, .convolution: true
        default: false
        }
    }

    private static func isNorm(_ layer: LayerSpec) -> Bool {
        switch layer {
        case .batchNorm, .layerNorm: true
        default: false
        }
    }

    /// A layer as the sweep file writes it; nil where it has an initializer or penalties of its own, or layers inside.
    private static func text(_ layer: LayerSpec) -> String? {
        switch layer {
        case .dense(let dense):
            guard dense.initializer == nil, dense.l1 == nil, dense.l2 == nil else { return nil }
            return dense.bias ? "{dense: \(dense.units)}" : "{dense: {units: \(dense.units), bias: false}}"
        case .convolution(let layer):
            guard layer.initializer == nil, layer.l1 == nil, layer.l2 == nil else { return nil }
            let padding =
                switch layer.padding {
                case .same: "same"
                case .valid: "valid"
                case .pixels(let count): "\(count)"
                }
            return "{conv: {channels: \(layer.channels), kernel: \(text(layer.kernel)), stride: \(text(layer.stride)), "
                + "padding: \(padding)\(layer.bias ? "" : ", bias: false")}}"
        case .maxPool(let pool): return "{max_pool: {size: \(text(pool.size)), stride: \(text(pool.stride))}}"
        case .averagePool(let pool): return "{average_pool: {size: \(text(pool.size)), stride: \(text(pool.stride))}}"
        case .globalAveragePool: return "global_average_pool"
        case .flatten: return "flatten"
        case .batchNorm(let momentum, let epsilon): return "{batch_norm: {momentum: \(momentum), epsilon: \(epsilon)}}"
        case .layerNorm(let epsilon): return "{layer_norm: {epsilon: \(epsilon)}}"
        case .dropout(let share): return "{dropout: \(share)}"
        case .activation(let activation):
            switch activation {
            case .relu: return "relu"
            case .leakyRelu(let slope): return "{leaky_relu: {slope: \(slope)}}"
            case .elu(let alpha): return "{elu: {alpha: \(alpha)}}"
            case .selu: return "selu"
            case .gelu: return "gelu"
            case .silu: return "silu"
            case .tanh: return "tanh"
            case .sigmoid: return "sigmoid"
            case .softplus: return "softplus"
            case .linear: return "linear"
            }
        case .residual: return nil
        }
    }

    private static func text(_ window: WindowSize) -> String {
        window.height == window.width ? "\(window.height)" : "[\(window.height), \(window.width)]"
    }
}
