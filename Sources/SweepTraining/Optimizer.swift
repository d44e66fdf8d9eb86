import KernelAPI
import SweepCore
import SweepKernels

/// The rule that changes the weights, with what it remembers between steps.
struct Optimizer {
    /// A layer's memory: velocity, or the first and second moment; empty where the rule has none.
    struct LayerState {
        /// Velocity or first moment of the weights, in panels.
        let weightFirst: MutableFloats
        /// Second moment of the weights; nil for gradient descent.
        let weightSecond: MutableFloats?
        let biasFirst: MutableFloats
        let biasSecond: MutableFloats?
    }

    let rule: OptimizerSpec
    /// λ of the penalty on weights.
    let l2: Double
    let layers: [LayerState]
    /// β₁ᵗ and β₂ᵗ after t steps, by repeated multiplication; 1 before the first and for gradient descent.
    var powers: (Double, Double) = (1, 1)

    init(rule: OptimizerSpec, l2: Double, network: [DenseLayer], arena: Arena) {
        self.rule = rule
        self.l2 = l2
        let hasSecond = if case .adam = rule { true } else { false }
        layers = network.map { layer in
            LayerState(
                weightFirst: arena.pointer(layer.layout.count),
                weightSecond: hasSecond ? arena.pointer(layer.layout.count) : nil,
                biasFirst: arena.pointer(layer.layout.paddedColumns),
                biasSecond: hasSecond ? arena.pointer(layer.layout.paddedColumns) : nil
            )
        }
    }

    /// Begins the next step: Adam's powers rise by one.
    mutating func beginStep() {
        guard case .adam(_, let beta1, let beta2, _) = rule else { return }
        powers.0 *= beta1
        powers.1 *= beta2
    }

    /// Changes one layer's weights and biases by their gradients; only weights are penalised.
    func update(
        _ layer: DenseLayer,
        _ index: Int,
        weightGradient: MutableFloats,
        biasGradient: MutableFloats,
        kernels: KernelTable
    ) {
        let state = layers[index]
        change(
            layer.layout.count,
            weightGradient,
            layer.weights,
            state.weightFirst,
            state.weightSecond,
            l2: l2,
            kernels: kernels
        )
        change(
            layer.layout.paddedColumns,
            biasGradient,
            layer.bias,
            state.biasFirst,
            state.biasSecond,
            l2: 0,
            kernels: kernels
        )
    }

    private func change(
        _ count: Int,
        _ gradient: MutableFloats,
        _ weights: MutableFloats,
        _ first: MutableFloats,
        _ second: MutableFloats?,
        l2: Double,
        kernels: KernelTable
    ) {
        switch rule {
        case .sgd(let learningRate, let momentum):
            _ = kernels.updateWithMomentum(
                MomentumUpdate(
                    count: count,
                    gradient: gradient,
                    weights: weights,
                    velocity: first,
                    learningRate: learningRate,
                    momentum: momentum,
                    terms: UpdateTerms(l2: l2)
                )
            )
        case .adam(let learningRate, let beta1, let beta2, let epsilon):
            guard let second else { return }
            _ = kernels.updateWithAdam(
                AdamUpdate(
                    count: count,
                    gradient: gradient,
                    weights: weights,
                    firstMoment: first,
                    secondMoment: second,
                    learningRate: learningRate,
                    beta1: beta1,
                    beta2: beta2,
                    // An ε that rounds to zero in float32 would make 0/0 of every weight without a gradient.
                    epsilon: max(epsilon, Double(Float.leastNormalMagnitude)),
                    correction1: 1 / (1 - powers.0),
                    correction2: 1 / (1 - powers.1),
                    terms: UpdateTerms(l2: l2)
                )
            )
        }
    }
}
