import KernelAPI
import SweepCore
import SweepKernels
import SweepNumerics

/// The rule that changes the weights, with what it remembers between steps.
final class Optimizer {
    /// A parameter's memory: velocity, moments or sums, in the order of `OptimizerRule.memories`; zero before the first step,
    /// with which Adagrad's sums begin where they are to.
    struct Memory {
        let buffers: [MutableFloats]
        let count: Int
    }

    /// Changes by `restart`.
    private(set) var spec: OptimizerSpec
    /// One for each trained parameter, with as many buffers as the hungriest rule of the run needs.
    let memories: [Memory]
    /// β₁ᵗ (NAdam: the product of the μ) and β₂ᵗ after t steps, by repeated multiplication; 1 before the first.
    var powers: (Double, Double) = (1, 1)
    /// Steps taken since the start or the last restart.
    var steps = 0

    init(_ spec: TrainingSpec, parameters: [Parameter], arena: Arena) {
        self.spec = spec.optimizer
        let count = ([spec.optimizer] + spec.restarts.map(\.optimizer)).map(\.rule.memories).max() ?? 0
        memories = parameters.map { parameter in
            Memory(
                buffers: (0..<count).map { _ in arena.pointer(parameter.storedCount) },
                count: parameter.storedCount
            )
        }
    }

    /// Goes on with another rule and empty memory.
    func restart(_ spec: OptimizerSpec) {
        self.spec = spec
        powers = (1, 1)
        steps = 0
        for memory in memories {
            for buffer in memory.buffers { buffer.update(repeating: 0, count: memory.count) }
        }
    }

    /// Goes on where a run was interrupted; its memory is restored apart.
    func resume(_ spec: OptimizerSpec, steps: Int, powers: (Double, Double)) {
        self.spec = spec
        self.steps = steps
        self.powers = powers
    }

    /// Begins the next step: counters and powers rise, and memory that does not begin at zero is filled before the first.
    func beginStep() {
        steps += 1
        switch spec.rule {
        case .adam(let beta1, let beta2, _, _):
            powers.0 *= beta1
            powers.1 *= beta2
        case .nadam(let beta1, let beta2, _, let decay):
            powers.0 *= Self.nesterovMomentum(beta1, step: steps, decay: decay)
            powers.1 *= beta2
        case .adagrad(_, _, let initial):
            guard steps == 1, initial > 0 else { break }
            for memory in memories { memory.buffers[0].update(repeating: Float(initial), count: memory.count) }
        case .sgd, .rmsprop, .lion: break
        }
    }

    /// The rate of the step under way where the schedule says `scheduled`: Adagrad's own decay makes it smaller.
    func rate(_ scheduled: Double) -> Double {
        guard case .adagrad(_, let decay, _) = spec.rule, decay > 0 else { return scheduled }
        return scheduled / (1 + Double(steps - 1) * decay)
    }

    /// μ of step t, from 1, with the decay ψ. Source: Dozat 2016.
    private static func nesterovMomentum(_ beta1: Double, step: Int, decay: Double) -> Double {
        // 0.96 ^ (t · ψ), by our own exponential: the C library's differs between machines.
        beta1 * (1 - 0.5 * Elementary.exp(Double(step) * decay * Elementary.log(0.96)))
    }

    /// Changes parameter number `index` by its gradient.
    func update(
        _ parameter: Parameter,
        _ index: Int,
        learningRate: Double,
        terms: UpdateTerms,
        kernels: KernelTable
    ) -> UpdateNorms {
        guard let gradient = parameter.gradient else { return UpdateNorms() }
        let (count, weights) = (parameter.storedCount, parameter.values)
        func memory(_ buffer: Int) -> MutableFloats { memories[index].buffers[buffer] }
        switch spec.rule {
        case .sgd(let momentum, _, let nesterov):
            // (1 − d)g is a gradient all of whose terms are as much smaller. The first velocity is the gradient itself.
            let share = steps > 1 ? spec.rule.gradientShare : 1
            var norms = kernels.updateWithMomentum(
                MomentumUpdate(
                    count: count,
                    gradient: gradient,
                    weights: weights,
                    velocity: memory(0),
                    learningRate: learningRate,
                    momentum: momentum,
                    nesterov: nesterov,
                    terms: terms.scaled(by: share)
                )
            )
            norms.gradient /= share * share
            return norms
        case .adam(let beta1, let beta2, let epsilon, let amsgrad):
            return kernels.updateWithAdam(
                AdamUpdate(
                    count: count,
                    gradient: gradient,
                    weights: weights,
                    firstMoment: memory(0),
                    secondMoment: memory(1),
                    learningRate: learningRate,
                    beta1: beta1,
                    beta2: beta2,
                    epsilon: Self.positive(epsilon),
                    correction1: 1 / (1 - powers.0),
                    correction2: 1 / (1 - powers.1),
                    largestSecondMoment: amsgrad ? memory(2) : nil,
                    terms: terms
                )
            )
        case .rmsprop(let alpha, let epsilon, let momentum, let centered):
            return kernels.updateWithRMSprop(
                RMSpropUpdate(
                    count: count,
                    gradient: gradient,
                    weights: weights,
                    secondMoment: memory(0),
                    meanGradient: centered ? memory(1) : nil,
                    velocity: momentum > 0 ? memory(centered ? 2 : 1) : nil,
                    learningRate: learningRate,
                    alpha: alpha,
                    epsilon: Self.positive(epsilon),
                    momentum: momentum,
                    terms: terms
                )
            )
        case .adagrad(let epsilon, _, _):
            return kernels.updateWithAdagrad(
                AdagradUpdate(
                    count: count,
                    gradient: gradient,
                    weights: weights,
                    squareSum: memory(0),
                    learningRate: learningRate,
                    epsilon: Self.positive(epsilon),
                    terms: terms
                )
            )
        case .lion(let beta1, let beta2):
            return kernels.updateWithLion(
                LionUpdate(
                    count: count,
                    gradient: gradient,
                    weights: weights,
                    moment: memory(0),
                    learningRate: learningRate,
                    beta1: beta1,
                    beta2: beta2,
                    terms: terms
                )
            )
        case .nadam(let beta1, let beta2, let epsilon, let decay):
            let momentum = Self.nesterovMomentum(beta1, step: steps, decay: decay)
            let next = Self.nesterovMomentum(beta1, step: steps + 1, decay: decay)
            return kernels.updateWithNAdam(
                NAdamUpdate(
                    count: count,
                    gradient: gradient,
                    weights: weights,
                    firstMoment: memory(0),
                    secondMoment: memory(1),
                    learningRate: learningRate,
                    beta1: beta1,
                    beta2: beta2,
                    epsilon: Self.positive(epsilon),
                    gradientFactor: (1 - momentum) / (1 - powers.0),
                    momentFactor: next / (1 - powers.0 * next),
                    correction2: 1 / (1 - powers.1),
                    terms: terms
                )
            )
        }
    }

    /// An ε that rounds to zero in float32 would make 0/0 of every weight without a gradient.
    private static func positive(_ epsilon: Double) -> Double { max(epsilon, Double(Float.leastNormalMagnitude)) }
}

extension UpdateTerms {
    /// The terms of a gradient `factor` times as large; the decay of the weights is none of it.
    fileprivate func scaled(by factor: Double) -> UpdateTerms {
        var terms = self
        terms.gradientScale *= factor
        terms.clip = clip.map { $0 * factor }
        terms.l1 *= factor
        terms.l2 *= factor
        return terms
    }
}

extension OptimizerRule {
    /// Buffers as large as a parameter that the rule remembers.
    var memories: Int {
        switch self {
        case .sgd, .adagrad, .lion: 1
        case .adam(_, _, _, let amsgrad): amsgrad ? 3 : 2
        case .nadam: 2
        case .rmsprop(_, _, let momentum, let centered): 1 + (centered ? 1 : 0) + (momentum > 0 ? 1 : 0)
        }
    }
}
