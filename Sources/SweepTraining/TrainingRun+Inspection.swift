import KernelAPI
import SweepCore
import SweepKernels

/// One layer's numbers without padding: weights, their gradient, or whatever else has their shape.
package struct LayerParameters: Hashable, Sendable {
    package let inputs: Int
    package let outputs: Int
    /// Row-major inputs × outputs.
    package let weights: [Float]
    package let biases: [Float]
}

extension TrainingRun {
    /// The current weights, first layer first.
    package func parameters() -> [LayerParameters] {
        network.layers.map { logical($0, weights: $0.weights, bias: $0.bias) }
    }

    /// The gradient of the mean loss of rows of the data by the current weights, without the penalty.
    ///
    /// At most a batch of rows, each a row of a part; with `dropoutStep` hidden units are dropped as on that step.
    /// Neither the weights nor the place in the epoch change.
    package func gradient(rows: [Int32], dropoutStep: UInt64? = nil) -> [LayerParameters] {
        let count = min(rows.count, network.capacity)
        let key = spec.model.dropout > 0 ? dropoutStep.map { DropoutKey(seed: dropoutSeed, step: $0) } : nil
        rows.withUnsafeBufferPointer { rows in
            guard let base = rows.baseAddress else { return }
            network.load(data, rows: count, indices: base)
        }
        network.forward(rows: count, dropout: key)
        _ = network.measureLoss(rows: count, gradient: true)
        var result: [LayerParameters] = []
        network.backward(rows: count, dropout: key) { index, weights, bias in
            result.append(logical(network.layers[index], weights: weights, bias: bias))
        }
        return result.reversed()
    }

    /// The order in which an epoch visits the training rows; epochs count from 0.
    package func rowOrder(epoch: Int) -> [Int32] {
        let order = EpochOrder(rows: data.rows(.training))
        defer { order.deallocate() }
        order.arrange(seed: seed, epoch: epoch)
        return Array(UnsafeBufferPointer(start: order.indices, count: data.schema.trainingRows))
    }

    /// What each unit of a hidden layer is multiplied by on a step, counted from 0: row-major rows × units.
    package func dropoutFactors(layer: Int, rows: Int, step: UInt64) -> [Float] {
        let columns = network.layers[layer].outputs
        let stride = paddedCount(columns)
        var ones = [Float](repeating: 1, count: max(rows * stride, 1))
        ones.withUnsafeMutableBufferPointer { ones in
            guard let base = ones.baseAddress, spec.model.dropout > 0 else { return }
            kernels.dropOut(
                Dropout(
                    rate: Float(spec.model.dropout),
                    seed: dropoutSeed,
                    step: step,
                    layer: UInt64(layer),
                    rows: rows,
                    columns: columns,
                    source: base,
                    sourceStride: stride,
                    destination: base,
                    destinationStride: stride
                )
            )
        }
        return (0..<rows).flatMap { row in ones[(row * stride)..<(row * stride + columns)] }
    }

    private func logical(_ layer: DenseLayer, weights: MutableFloats, bias: MutableFloats) -> LayerParameters {
        let count = layer.inputs * layer.outputs
        return LayerParameters(
            inputs: layer.inputs,
            outputs: layer.outputs,
            weights: [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
                if let base = buffer.baseAddress { layer.layout.unpack(panels: weights, intoRowMajor: base) }
                initialized = count
            },
            biases: Array(UnsafeBufferPointer(start: bias, count: layer.outputs))
        )
    }
}
