package import SweepCore

extension TrainingSpec {
    /// Useful floating-point operations that training takes for each row: those of the matrix products and convolutions,
    /// two a weight and place forward, for the weights' gradient and, where the input needs one, for its gradient.
    ///
    /// Nil when the model does not fit the data.
    package func operationsPerRow(on schema: DataSchema) -> Double? {
        let input = inputShape(on: schema)
        var count = OperationCount()
        guard let shape = try? count.add(model.layers, from: input) else { return nil }
        count.addProduct(shape.count * outputs(on: schema))
        return count.operations
    }
}

/// Adds up the operations of layers.
private struct OperationCount {
    private(set) var operations = 0.0
    /// Whether anything before is trained, so that gradients go on.
    private var hasParameters = false

    mutating func addProduct(_ multiplications: Int) {
        operations += Double(multiplications) * (hasParameters ? 6 : 4)
        hasParameters = true
    }

    mutating func add(_ layers: [LayerSpec], from input: TensorShape) throws(LayerShapeError) -> TensorShape {
        var shape = input
        for layer in layers {
            let output = try layer.output(of: shape)
            switch layer {
            case .dense: addProduct(shape.count * output.count)
            case .convolution(let convolution):
                guard case .image(_, _, let channels) = shape else { break }
                addProduct(output.count * channels * convolution.kernel.height * convolution.kernel.width)
            case .residual(let inner):
                let before = shape
                _ = try add(inner, from: before)
                // The shortcut is one product for each number of its output.
                if before != output {
                    let depth =
                        if case .image(_, _, let channels) = before { channels } else { before.count }
                    addProduct(output.count * depth)
                }
            case .batchNorm, .layerNorm: hasParameters = true
            case .maxPool, .averagePool, .globalAveragePool, .flatten, .dropout, .activation: break
            }
            shape = output
        }
        return shape
    }
}
