import Glibc
import SweepCore

/// Every optimizer in float64, as the papers have them: one number at a time.
struct ReferenceOptimizer {
    /// What a rule remembers of one number.
    struct Memory {
        var first = 0.0
        var second = 0.0
        var third = 0.0
    }

    let spec: OptimizerSpec
    /// Of each parameter, of each number.
    private var memories: [[Memory]]
    private var steps = 0
    /// The product of NAdam's momenta so far.
    private var momenta = 1.0

    init(_ spec: OptimizerSpec, _ parameters: [ReferenceModel.Parameter]) {
        self.spec = spec
        memories = parameters.map { $0.values.map { _ in Memory() } }
    }

    /// A new step begins.
    mutating func begin() {
        steps += 1
        if case .nadam(let beta1, _, _, let decay) = spec.rule { momenta *= nesterovMomentum(beta1, steps, decay) }
    }

    /// The rate of the step that began, where the schedule says `scheduled`.
    func rate(_ scheduled: Double) -> Double {
        guard case .adagrad(_, let decay, _) = spec.rule else { return scheduled }
        return scheduled / (1 + Double(steps - 1) * decay)
    }

    /// The change of a number by its gradient, penalties included but not decay.
    mutating func change(_ parameter: Int, _ element: Int, _ g: Double, rate: Double) -> Double {
        change(g, rate, &memories[parameter][element])
    }

    /// Source: Dozat 2016.
    private func nesterovMomentum(_ beta1: Double, _ step: Int, _ decay: Double) -> Double {
        beta1 * (1 - 0.5 * pow(0.96, Double(step) * decay))
    }

    private func change(_ g: Double, _ rate: Double, _ memory: inout Memory) -> Double {
        switch spec.rule {
        case .sgd(let momentum, let dampening, let nesterov):
            // PyTorch's first buffer is the gradient itself, and without momentum there is none.
            let isDamped = momentum > 0 && steps > 1
            memory.first = momentum * memory.first + (isDamped ? (1 - dampening) * g : g)
            return -rate * (nesterov ? g + momentum * memory.first : memory.first)
        case .adam(let beta1, let beta2, let epsilon, let amsgrad):
            memory.first = beta1 * memory.first + (1 - beta1) * g
            memory.second = beta2 * memory.second + (1 - beta2) * g * g
            memory.third = max(memory.third, memory.second)
            let second = (amsgrad ? memory.third : memory.second) / (1 - pow(beta2, Double(steps)))
            return -rate * memory.first / (1 - pow(beta1, Double(steps))) / (second.squareRoot() + epsilon)
        case .rmsprop(let alpha, let epsilon, let momentum, let centered):
            memory.second = alpha * memory.second + (1 - alpha) * g * g
            memory.first = alpha * memory.first + (1 - alpha) * g
            let variance = centered ? max(memory.second - memory.first * memory.first, 0) : memory.second
            memory.third = momentum * memory.third + g / (variance.squareRoot() + epsilon)
            return -rate * memory.third
        case .adagrad(let epsilon, _, let initial):
            memory.second = (steps == 1 ? initial : memory.second) + g * g
            return -rate * g / (memory.second.squareRoot() + epsilon)
        case .lion(let beta1, let beta2):
            let direction = beta1 * memory.first + (1 - beta1) * g
            memory.first = beta2 * memory.first + (1 - beta2) * g
            return direction == 0 ? 0 : direction > 0 ? -rate : rate
        case .nadam(let beta1, let beta2, let epsilon, let decay):
            memory.first = beta1 * memory.first + (1 - beta1) * g
            memory.second = beta2 * memory.second + (1 - beta2) * g * g
            let (now, next) = (nesterovMomentum(beta1, steps, decay), nesterovMomentum(beta1, steps + 1, decay))
            let blend = (1 - now) / (1 - momenta) * g + next / (1 - momenta * next) * memory.first
            return -rate * blend / ((memory.second / (1 - pow(beta2, Double(steps)))).squareRoot() + epsilon)
        }
    }
}

/// A whole training in float64: model, penalties, bounds, optimizer, averages.
struct ReferenceTraining {
    private(set) var model: ReferenceModel
    /// The averages of all parameters, where the specification asks for them.
    private(set) var averages: [[Double]]
    private var optimizer: ReferenceOptimizer
    private let spec: TrainingSpec
    /// Own penalties of the parameters whose layer has them.
    private let penalties: [(l1: Double?, l2: Double?)]

    /// - Parameter penalties: One for each parameter; empty where no layer has its own.
    init(_ model: ReferenceModel, penalties: [(l1: Double?, l2: Double?)] = []) {
        self.model = model
        spec = model.spec
        averages = model.parameters.map(\.values)
        optimizer = ReferenceOptimizer(spec.optimizer, model.parameters)
        self.penalties = penalties.isEmpty ? model.parameters.map { _ in (nil, nil) } : penalties
    }

    /// Goes on with another optimizer that remembers nothing.
    mutating func restart(_ spec: OptimizerSpec) { optimizer = ReferenceOptimizer(spec, model.parameters) }

    /// One step over batches, whose gradients are added up to that of the mean over all their rows; answers that mean.
    mutating func step(
        _ batches: [(rows: [[Double]], targets: [ReferenceTarget], dropout: ReferenceDropout)],
        rate: Double
    ) -> Double {
        let count = Double(batches.reduce(0) { $0 + $1.rows.count })
        var gradient = model.parameters.map { $0.values.map { _ in 0.0 } }
        var loss = 0.0
        for batch in batches {
            let result = model.train(batch.rows, batch.targets, dropout: batch.dropout)
            let share = Double(batch.rows.count) / count
            loss += share * result.loss
            for index in gradient.indices {
                for element in gradient[index].indices {
                    gradient[index][element] += share * result.gradient[index][element]
                }
            }
            for (index, values) in result.moments { model.parameters[index].values = values }
        }
        var scale = 1.0
        if let limit = spec.clipNorm {
            var squares = 0.0
            for (index, parameter) in model.parameters.enumerated() where parameter.isTrained {
                squares += gradient[index].reduce(0) { $0 + $1 * $1 }
            }
            scale = min(1, limit / (squares.squareRoot() + 1e-6))
        }
        optimizer.begin()
        for index in model.parameters.indices where model.parameters[index].isTrained {
            update(index, gradient[index].map { $0 * scale }, optimizer.rate(rate))
        }
        return loss
    }

    private mutating func update(_ index: Int, _ gradient: [Double], _ rate: Double) {
        let parameter = model.parameters[index]
        let isWeights = parameter.role == "weights"
        let isPenalized = isWeights || (parameter.role == "bias" && spec.penalizesBiases)
        let l1 = isPenalized ? penalties[index].l1 ?? spec.l1 : 0
        let l2 = isPenalized ? penalties[index].l2 ?? spec.l2 : 0
        for (element, w) in parameter.values.enumerated() {
            let clipped = spec.clipValue.map { max(-$0, min($0, gradient[element])) } ?? gradient[element]
            let g = clipped + l2 * w + (w == 0 ? 0 : w > 0 ? l1 : -l1)
            let decayed = isWeights ? w - rate * optimizer.spec.decay * w : w
            model.parameters[index].values[element] =
                decayed + optimizer.change(index, element, g, rate: rate)
        }
        if let limit = spec.maxNorm, isWeights { limitNorms(index, limit) }
        if let decay = spec.averaging {
            for (element, w) in model.parameters[index].values.enumerated() {
                averages[index][element] = decay * averages[index][element] + (1 - decay) * w
            }
        }
    }

    /// A unit's weights are a column of the matrix.
    private mutating func limitNorms(_ index: Int, _ limit: Double) {
        let columns = model.parameters[index].shape.last ?? 1
        for column in 0..<columns {
            let elements = stride(from: column, to: model.parameters[index].values.count, by: columns)
            let norm = elements.reduce(0) { $0 + pow(model.parameters[index].values[$1], 2) }.squareRoot()
            guard norm > limit else { continue }
            for element in elements { model.parameters[index].values[element] *= limit / norm }
        }
    }
}
