import Glibc
import SweepCore
import SweepTraining

/// What a row is to be mapped to.
enum ReferenceTarget {
    case label(Int)
    case numbers([Double])
}

/// A multilayer perceptron in float64, written as the formulas stand: the oracle of the fast one.
struct ReferenceNetwork {
    struct Layer {
        /// `weights[input][output]`.
        var weights: [[Double]]
        var biases: [Double]
    }

    var layers: [Layer]
    var activation: Activation
    var loss: LossKind

    init(_ parameters: [LayerParameters], activation: Activation, loss: LossKind) {
        layers = parameters.map { layer in
            Layer(
                weights: (0..<layer.inputs).map { i in
                    (0..<layer.outputs).map { Double(layer.weights[i * layer.outputs + $0]) }
                },
                biases: layer.biases.map(Double.init)
            )
        }
        self.activation = activation
        self.loss = loss
    }

    private func apply(_ z: Double) -> Double {
        switch activation {
        case .relu: z > 0 ? z : 0
        case .tanh: Glibc.tanh(z)
        case .sigmoid: 1 / (1 + exp(-z))
        }
    }

    private func derivative(_ z: Double) -> Double {
        let a = apply(z)
        switch activation {
        case .relu: return z > 0 ? 1 : 0
        case .tanh: return 1 - a * a
        case .sigmoid: return a * (1 - a)
        }
    }

    /// Inputs of each layer, and values before the activation, of one row; `factors[layer][unit]` are dropout's.
    private func forward(_ x: [Double], factors: [[Double]]?) -> (inputs: [[Double]], sums: [[Double]]) {
        var inputs = [x]
        var sums: [[Double]] = []
        for (index, layer) in layers.enumerated() {
            var z = layer.biases
            for (i, value) in inputs[index].enumerated() {
                for j in z.indices { z[j] += value * layer.weights[i][j] }
            }
            sums.append(z)
            guard index < layers.count - 1 else { break }
            inputs.append(z.indices.map { apply(z[$0]) * (factors?[index][$0] ?? 1) })
        }
        return (inputs, sums)
    }

    /// One row's loss and its gradient by the predictions.
    private func rowLoss(_ z: [Double], _ target: ReferenceTarget) -> (value: Double, gradient: [Double]) {
        switch (loss, target) {
        case (.softmaxCrossEntropy, .label(let label)):
            let greatest = z.reduce(-.infinity, Swift.max)
            let powers = z.map { exp($0 - greatest) }
            let sum = powers.reduce(0, +)
            return (
                log(sum) + greatest - z[label],
                z.indices.map { powers[$0] / sum - ($0 == label ? 1 : 0) }
            )
        case (_, .numbers(let targets)):
            let errors = z.indices.map { z[$0] - targets[$0] }
            let count = Double(z.count)
            return (errors.reduce(0) { $0 + $1 * $1 } / count, errors.map { 2 * $0 / count })
        case (.meanSquaredError, .label(let label)):
            return rowLoss(z, .numbers(z.indices.map { $0 == label ? 1 : 0 }))
        }
    }

    /// The mean loss of rows, without a penalty.
    func meanLoss(_ rows: [[Double]], _ targets: [ReferenceTarget], factors: [[[Double]]]? = nil) -> Double {
        var sum = 0.0
        for (row, x) in rows.enumerated() {
            let sums = forward(x, factors: factors.map { $0.map { $0[row] } }).sums
            sum += rowLoss(sums[sums.count - 1], targets[row]).value
        }
        return sum / Double(rows.count)
    }

    /// The gradient of the mean loss; `factors[layer][row][unit]` are dropout's.
    func gradient(_ rows: [[Double]], _ targets: [ReferenceTarget], factors: [[[Double]]]? = nil) -> [Layer] {
        var result = layers.map {
            Layer(
                weights: $0.weights.map { $0.map { _ in 0 } },
                biases: $0.biases.map { _ in 0 }
            )
        }
        for (row, x) in rows.enumerated() {
            let rowFactors = factors.map { $0.map { $0[row] } }
            let (inputs, sums) = forward(x, factors: rowFactors)
            var delta = rowLoss(sums[sums.count - 1], targets[row]).gradient.map { $0 / Double(rows.count) }
            for index in layers.indices.reversed() {
                for j in delta.indices {
                    result[index].biases[j] += delta[j]
                    for i in inputs[index].indices { result[index].weights[i][j] += inputs[index][i] * delta[j] }
                }
                guard index > 0 else { break }
                delta = layers[index].weights.indices.map { i in
                    var sum = 0.0
                    for j in delta.indices { sum += layers[index].weights[i][j] * delta[j] }
                    return sum * (rowFactors?[index - 1][i] ?? 1) * derivative(sums[index - 1][i])
                }
            }
        }
        return result
    }
}

extension ReferenceNetwork.Layer {
    /// Weights row-major, then biases.
    var flat: [Double] { weights.flatMap { $0 } + biases }
}

extension LayerParameters {
    /// Weights row-major, then biases.
    var flat: [Double] { (weights + biases).map(Double.init) }
}
