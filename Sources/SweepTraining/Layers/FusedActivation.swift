import KernelAPI
import SweepCore

/// The activation at the end of a layer with weights, applied to its output in place.
struct FusedActivation {
    let function: ActivationFunction
    /// The values before the activation, where its derivative needs them; else nil.
    let before: Tensor?

    /// Applies it to samples of `output`; ReLU was applied by the product already.
    func forward(samples: Range<Int>, output: Tensor, kernels: KernelTable) {
        if case .relu = function { return }
        let output = output.from(samples.lowerBound)
        let source = before?.from(samples.lowerBound) ?? output
        let matrix = output.matrix(rows: samples.count)
        kernels.activate(
            KernelAPI.Activation(
                function: function,
                rows: matrix.rows,
                columns: matrix.columns,
                source: source.floats,
                sourceStride: source.matrix(rows: samples.count).stride,
                destination: output.start,
                destinationStride: matrix.stride
            )
        )
    }

    /// Turns the gradient by samples of the output into the gradient by the sums before the activation, in place.
    func backward(samples: Range<Int>, output: Slot, kernels: KernelTable) {
        guard !output.masksGradient, let gradient = output.gradient(from: samples.lowerBound) else { return }
        let stored = (before ?? output.values).from(samples.lowerBound)
        let matrix = gradient.matrix(rows: samples.count)
        kernels.differentiate(
            ActivationGradient(
                function: function,
                rows: matrix.rows,
                columns: matrix.columns,
                gradient: gradient.start,
                gradientStride: matrix.stride,
                output: stored.floats,
                outputStride: stored.matrix(rows: samples.count).stride
            )
        )
    }
}

extension SweepCore.Activation {
    /// The kernels' function; nil for the identity.
    var function: ActivationFunction? {
        switch self {
        case .relu: .relu
        case .leakyRelu(let slope): .leakyRelu(slope: Float(slope))
        case .elu(let alpha): .elu(alpha: Float(alpha))
        case .selu: .selu
        case .gelu: .gelu
        case .silu: .silu
        case .tanh: .tanh
        case .sigmoid: .sigmoid
        case .softplus: .softplus
        case .linear: nil
        }
    }
}
