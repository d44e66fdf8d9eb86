extension ModelSpec {
    /// Weights and biases of all layers and of a head of so many units; nil where the layers do not fit each other.
    ///
    /// Of a residual block its inner layers count, and the shortcut that a change of shape asks for.
    package func parameterCount(input: TensorShape, outputs: Int) -> Int? {
        guard let (count, shape) = Self.count(layers, from: input) else { return nil }
        return count + (shape.count + 1) * outputs
    }

    private static func count(_ layers: [LayerSpec], from input: TensorShape) -> (count: Int, shape: TensorShape)? {
        var (total, shape) = (0, input)
        for layer in layers {
            guard let next = try? layer.output(of: shape) else { return nil }
            switch layer {
            case .dense(let dense): total += shape.count * dense.units + (dense.bias ? dense.units : 0)
            case .convolution(let convolution):
                guard case .image(_, _, let channels) = shape else { return nil }
                let kernel = convolution.kernel.height * convolution.kernel.width
                total += kernel * channels * convolution.channels + (convolution.bias ? convolution.channels : 0)
            case .batchNorm, .layerNorm:
                if case .image(_, _, let channels) = shape, case .batchNorm = layer {
                    total += 2 * channels
                } else {
                    total += 2 * shape.count
                }
            case .residual(let inner):
                guard let found = count(inner, from: shape) else { return nil }
                total += found.count
                switch (shape, next) {
                case (.image(_, _, let from), .image(_, _, let to)) where shape != next: total += from * to
                case (.vector(let from), .vector(let to)) where from != to: total += from * to
                default: break
                }
            default: break
            }
            shape = next
        }
        return (total, shape)
    }

    /// All layers in order, those of residual blocks in the block's place.
    package var flatLayers: [LayerSpec] { Self.flat(layers) }

    private static func flat(_ layers: [LayerSpec]) -> [LayerSpec] {
        layers.flatMap { layer in
            if case .residual(let inner) = layer { flat(inner) } else { [layer] }
        }
    }

    /// The activations between layers with weights, first to last; `linear` where two follow each other without one.
    ///
    /// The head counts as the last layer with weights. Pooling, norms and dropout are passed over; so are the layers of residual
    /// blocks with each other, as their sum is an activation's place too.
    package var hiddenActivations: [Activation] {
        var found: [Activation] = []
        var open = false
        var current = Activation.linear
        for layer in flatLayers {
            switch layer {
            case .dense, .convolution:
                if open { found.append(current) }
                open = true
                current = .linear
            case .activation(let activation): if activation != .linear { current = activation }
            case .maxPool: if current == .linear, open { current = .relu }
            default: break
            }
        }
        if open { found.append(current) }
        return found
    }
}
