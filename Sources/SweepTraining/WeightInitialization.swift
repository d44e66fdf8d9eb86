import KernelAPI
import SweepCore
import SweepKernels
import SweepNumerics

extension Initializer {
    /// The bound a of the uniform distribution on [-a, a] whose variance a²/3 this initializer asks for.
    func bound(inputs: Int, outputs: Int) -> Double {
        switch self {
        case .he: (6 / Double(inputs)).squareRoot()
        case .glorot: (6 / Double(inputs + outputs)).squareRoot()
        }
    }

    /// Draws the weights of layer `index` in row-major order; biases stay zero.
    func draw(into layer: DenseLayer, index: Int, seed: UInt64, rowMajor scratch: MutableFloats) {
        var stream = RandomStream(key: StreamPurpose.weights.key(seed: seed, index: index))
        let bound = bound(inputs: layer.inputs, outputs: layer.outputs)
        for element in 0..<(layer.inputs * layer.outputs) {
            scratch[element] = Float(bound * (2 * stream.uniform() - 1))
        }
        layer.layout.pack(rowMajor: scratch, into: layer.weights)
    }
}
