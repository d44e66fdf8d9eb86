import SweepCore

/// Gradient descent with momentum and Adam in float64, as in the papers.
struct ReferenceOptimizer {
    let rule: OptimizerSpec
    let l2: Double
    private var first: [ReferenceNetwork.Layer] = []
    private var second: [ReferenceNetwork.Layer] = []
    private var steps = 0

    init(rule: OptimizerSpec, l2: Double) {
        self.rule = rule
        self.l2 = l2
    }

    /// Changes the network by the gradient of one step.
    mutating func step(_ network: inout ReferenceNetwork, _ gradient: [ReferenceNetwork.Layer]) {
        if steps == 0 {
            first = gradient.map {
                ReferenceNetwork.Layer(
                    weights: $0.weights.map { $0.map { _ in 0 } },
                    biases: $0.biases.map { _ in 0 }
                )
            }
            second = first
        }
        steps += 1
        for l in network.layers.indices {
            for i in network.layers[l].weights.indices {
                for j in network.layers[l].weights[i].indices {
                    let w = network.layers[l].weights[i][j]
                    network.layers[l].weights[i][j] += change(
                        gradient[l].weights[i][j] + l2 * w,
                        &first[l].weights[i][j],
                        &second[l].weights[i][j]
                    )
                }
            }
            for j in network.layers[l].biases.indices {
                network.layers[l].biases[j] += change(gradient[l].biases[j], &first[l].biases[j], &second[l].biases[j])
            }
        }
    }

    private func change(_ g: Double, _ first: inout Double, _ second: inout Double) -> Double {
        switch rule {
        case .sgd(let rate, let momentum):
            first = momentum * first + g
            return -rate * first
        case .adam(let rate, let beta1, let beta2, let epsilon):
            first = beta1 * first + (1 - beta1) * g
            second = beta2 * second + (1 - beta2) * g * g
            var powers = (1.0, 1.0)
            for _ in 0..<steps { powers = (powers.0 * beta1, powers.1 * beta2) }
            return -rate * (first / (1 - powers.0)) / ((second / (1 - powers.1)).squareRoot() + epsilon)
        }
    }
}
