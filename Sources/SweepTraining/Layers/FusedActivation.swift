import KernelAPI
import SweepCore

/// The activation at the end of a layer with weights, applied to its output in place.
struct FusedActivation {
    let function: ActivationFunction
    /// The values before the activation, where its derivative needs them; else nil.
    let before: Tensor?

    /// Applies it to so many rows of `output`; ReLU was applied by the product already.
    func forward(rows: Int, output: Tensor, kernels: KernelTable) {
        if case .relu = function { return }
        let source = before ?? output
        let matrix = output.matrix(rows: rows)
        kernels.activate(
            KernelAPI.Activation(
                function: function,
                rows: matrix.rows,
                columns: matrix.columns,
                source: source.floats,
                sourceStride: source.matrix(rows: rows).stride,
                destination: output.start,
                destinationStride: matrix.stride
            )
        )
    }

    /// Turns the gradient by the output into the gradient by the sums before the activation, in place.
    func backward(rows: Int, output: Slot, kernels: KernelTable) {
        guard !output.masksGradient, let gradient = output.gradient else { return }
        let stored = before ?? output.values
        let matrix = gradient.matrix(rows: rows)
        kernels.differentiate(
            ActivationGradient(
                function: function,
                rows: matrix.rows,
                columns: matrix.columns,
                gradient: gradient.start,
                gradientStride: matrix.stride,
                output: stored.floats,
                outputStride: stored.matrix(rows: rows).stride
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
