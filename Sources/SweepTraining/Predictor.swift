package import KernelAPI
package import SweepCore
import SweepKernels

/// A trained network that answers for new rows: no targets, no optimizer.
///
/// Determinism: the outputs of a row are the bits that a run measures for it, whatever rows stand beside it. Not Sendable:
/// a predictor belongs to one thread.
package final class Predictor {
    /// Outputs of a row: a logit each, or the number that training saw (scaled).
    package let outputs: Int
    private let network: Network
    private let loss: LossSpec
    private let columns: Int
    private let isClassification: Bool
    private let kernels: KernelTable
    /// Keeps the network's buffers alive.
    private let arena: Arena

    /// Rows computed at once.
    private static let capacity = 64

    /// Puts the weights of a run into a network of its own; `schema` is the one it was trained on.
    ///
    /// Throws `unbuildable` or `tooLarge`, and `otherParameters` when the values are not those of such a network.
    package init(
        spec: TrainingSpec,
        schema: DataSchema,
        parameters: [ParameterValues],
        kernels: KernelTable,
        memoryLimit: Int = TrainingRun.defaultMemoryLimit
    ) throws(TrainingError) {
        func network(in arena: Arena) throws(TrainingError) -> Network {
            do throws(LayerShapeError) {
                return try Network(
                    spec: spec,
                    schema: schema,
                    capacity: Self.capacity,
                    kernels: kernels,
                    arena: arena
                )
            } catch {
                throw .unbuildable(error.message)
            }
        }
        let measure = Arena(measuring: ())
        _ = try network(in: measure)
        guard measure.bytes <= memoryLimit else { throw .tooLarge(bytes: measure.bytes, limit: memoryLimit) }
        arena = Arena()
        self.network = try network(in: arena)
        guard self.network.setParameters(parameters) else { throw .otherParameters }
        loss = spec.loss(on: schema)
        columns = schema.features.count
        isClassification = schema.task.kind == .classification
        outputs = self.network.head.outputs
        self.kernels = kernels
    }

    /// The raw outputs, `outputs` a row, of rows of prepared features; rows begin `stride` elements apart.
    package func predict(_ features: UnsafePointer<Float>, rows: Int, stride: Int) -> [Float] {
        map(features, rows: rows, stride: stride, width: outputs) { _ in }
    }

    /// Each class's probability: softmax, the two of a single logit, or a sigmoid each; empty for a regression.
    package func probabilities(_ features: UnsafePointer<Float>, rows: Int, stride: Int) -> [Float] {
        guard isClassification else { return [] }
        let values = map(features, rows: rows, stride: stride, width: outputs) { count in
            let predictions = network.head.predictions.values
            if loss.kind == .softmaxCrossEntropy {
                kernels.softmax(
                    Softmax(rows: count, classes: outputs, values: predictions.start, stride: predictions.rowStride)
                )
            } else {
                kernels.activate(
                    KernelAPI.Activation(
                        function: .sigmoid,
                        rows: count,
                        columns: outputs,
                        source: predictions.floats,
                        sourceStride: predictions.rowStride,
                        destination: predictions.start,
                        destinationStride: predictions.rowStride
                    )
                )
            }
        }
        return outputs == 1 ? values.flatMap { [1 - $0, $0] } : values
    }

    private func map(
        _ features: UnsafePointer<Float>,
        rows: Int,
        stride: Int,
        width: Int,
        finish: (_ rows: Int) -> Void
    ) -> [Float] {
        var result: [Float] = []
        result.reserveCapacity(rows * width)
        let input = network.features
        for first in Swift.stride(from: 0, to: rows, by: Self.capacity) {
            let count = min(Self.capacity, rows - first)
            for row in 0..<count {
                (input.start + row * input.stride).update(from: features + (first + row) * stride, count: columns)
            }
            network.predict(rows: count)
            finish(count)
            let values = network.head.predictions.values
            for row in 0..<count {
                for column in 0..<width { result.append(values.start[row * values.rowStride + column]) }
            }
        }
        return result
    }
}
