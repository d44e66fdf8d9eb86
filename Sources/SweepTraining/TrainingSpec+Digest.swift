import SweepCore
import SweepNumerics

/// Builds the digest of a specification, field by field.
struct SpecDigest {
    private var hash = StableHash()

    var value: UInt64 { hash.value }

    mutating func add(_ number: Int) { hash.combine(UInt64(bitPattern: Int64(number))) }
    mutating func add(_ number: Double) { hash.combine(number.bitPattern) }
    mutating func add(_ flag: Bool) { hash.combine(byte: flag ? 1 : 0) }
    mutating func add(_ text: String) {
        hash.combine(text)
        hash.combine(byte: 0)
    }
    mutating func add(_ number: Double?) {
        add(number != nil)
        if let number { add(number) }
    }
    mutating func add(_ window: WindowSize) {
        add(window.height)
        add(window.width)
    }

    mutating func add(_ layers: [LayerSpec]) {
        add(layers.count)
        for layer in layers { add(layer) }
    }

    private mutating func add(_ layer: LayerSpec) {
        switch layer {
        case .dense(let dense):
            add("dense")
            add(dense.units)
            add(dense.bias)
            add(dense.initializer)
            add(dense.l1)
            add(dense.l2)
        case .convolution(let convolution):
            add("convolution")
            add(convolution.channels)
            add(convolution.kernel)
            add(convolution.stride)
            switch convolution.padding {
            case .same: add("same")
            case .valid: add("valid")
            case .pixels(let count): add(count)
            }
            add(convolution.bias)
            add(convolution.initializer)
            add(convolution.l1)
            add(convolution.l2)
        case .maxPool(let pool): add("max pool", pool)
        case .averagePool(let pool): add("average pool", pool)
        case .globalAveragePool: add("global average pool")
        case .flatten: add("flatten")
        case .batchNorm(let momentum, let epsilon):
            add("batch norm")
            add(momentum)
            add(epsilon)
        case .layerNorm(let epsilon):
            add("layer norm")
            add(epsilon)
        case .dropout(let rate):
            add("dropout")
            add(rate)
        case .activation(let activation):
            add(activation.name)
            if case .leakyRelu(let slope) = activation { add(slope) }
            if case .elu(let alpha) = activation { add(alpha) }
        case .residual(let inner):
            add("residual")
            add(inner)
        }
    }

    private mutating func add(_ name: String, _ pool: PoolSpec) {
        add(name)
        add(pool.size)
        add(pool.stride)
    }

    mutating func add(_ initializer: Initializer?) {
        add(initializer != nil)
        guard let initializer else { return }
        add(initializer.kind.rawValue)
        add(initializer.distribution.rawValue)
        add(initializer.scale)
    }

    mutating func add(_ loss: LossSpec) {
        add(loss.kind.rawValue)
        add(loss.labelSmoothing)
        add(loss.focus)
        add(loss.delta)
        switch loss.classWeights {
        case .none: add("none")
        case .balanced: add("balanced")
        case .listed(let weights):
            add(weights.count)
            for weight in weights { add(weight) }
        }
    }

    mutating func add(_ optimizer: OptimizerSpec) {
        add(optimizer.rule.name)
        add(optimizer.learningRate)
        add(optimizer.decay)
        switch optimizer.rule {
        case .sgd(let momentum, let dampening, let nesterov):
            add(momentum)
            add(nesterov)
            add("dampening", dampening, unless: 0)
        case .adam(let beta1, let beta2, let epsilon, let amsgrad):
            for number in [beta1, beta2, epsilon] { add(number) }
            add(amsgrad)
        case .rmsprop(let alpha, let epsilon, let momentum, let centered):
            for number in [alpha, epsilon, momentum] { add(number) }
            add(centered)
        case .adagrad(let epsilon, let decay, let initial):
            add(epsilon)
            add("learning rate decay", decay, unless: 0)
            add("initial accumulator", initial, unless: 0)
        case .lion(let beta1, let beta2):
            add(beta1)
            add(beta2)
        case .nadam(let beta1, let beta2, let epsilon, let decay):
            for number in [beta1, beta2, epsilon] { add(number) }
            add("momentum decay", decay, unless: OptimizerRule.usualMomentumDecay)
        }
    }

    /// A setting that came later: at its default nothing is added, so that checkpoints from before it are still read.
    private mutating func add(_ name: String, _ number: Double, unless standard: Double) {
        guard number != standard else { return }
        add(name)
        add(number)
    }

    mutating func add(_ schedule: LearningRateSchedule) {
        switch schedule.rule {
        case .constant: add("constant")
        case .step(let every, let factor):
            add("step")
            add(every)
            add(factor)
        case .milestones(let epochs, let factor):
            add("milestones")
            add(epochs.count)
            for epoch in epochs { add(epoch) }
            add(factor)
        case .exponential(let factor):
            add("exponential")
            add(factor)
        case .polynomial(let power, let final):
            add("polynomial")
            add(power)
            add(final)
        case .cosine(let final, let period, let growth):
            add("cosine")
            add(final)
            add(period ?? 0)
            add(growth)
        case .oneCycle(let rise, let start, let end):
            add("one cycle")
            for number in [rise, start, end] { add(number) }
        case .plateau(let rule):
            add("plateau")
            add(rule.metric.rawValue)
            for number in [rule.factor, rule.threshold, rule.minimum, rule.epsilon] { add(number) }
            add(rule.patience)
            add(rule.cooldown)
            add(rule.isRelative)
        case .rise(let rule):
            add("rise")
            add(rule.factor)
            add(rule.afterEpoch)
            add(rule.onBatches)
        case .rangeTest(let last):
            add("range test")
            add(last)
        }
        add(schedule.warmup != nil)
        guard let warmup = schedule.warmup else { return }
        add(warmup.epochs)
        add(warmup.steps)
        add(warmup.from)
    }
}

extension SpecDigest {
    mutating func add(_ step: AugmentStep) {
        add(step.kind)
        switch step {
        case .flipHorizontal(let number), .flipVertical(let number), .brightness(let number), .contrast(let number),
            .noise(let number), .mixup(let number):
            add(number)
        case .shift(let height, let width, let fill):
            add(height)
            add(width)
            add(fill.rawValue)
        case .rotate(let degrees, let fill):
            add(degrees)
            add(fill.rawValue)
        case .padCrop(let pixels): add(pixels)
        case .crop(let height, let width):
            add(height)
            add(width)
        case .cutout(let size): add(size)
        }
    }
}

extension TrainingSpec {
    /// Of everything that a curve depends on, for data of a schema.
    ///
    /// The number of epochs is left out unless the learning rate depends on it: otherwise no epoch depends on how many
    /// follow it. So is the number of threads: no bit depends on it.
    func digest(on schema: DataSchema) -> UInt64 {
        var digest = SpecDigest()
        digest.add(model.layers)
        digest.add(initializer)
        digest.add(loss(on: schema))
        digest.add(optimizer)
        digest.add(schedule)
        if schedule.usesLength { digest.add(epochs) }
        digest.add(l1)
        digest.add(l2)
        digest.add(penalizesBiases)
        for limit in [maxNorm, clipNorm, clipValue, averaging] { digest.add(limit) }
        digest.add(batchSize)
        digest.add(accumulation)
        digest.add(earlyStopping != nil)
        if let earlyStopping {
            digest.add(earlyStopping.metric.rawValue)
            digest.add(earlyStopping.patience)
            digest.add(earlyStopping.minimalDelta)
            digest.add(earlyStopping.startEpoch)
            digest.add(earlyStopping.restoresBest)
        }
        digest.add(augment.count)
        for step in augment { digest.add(step) }
        switch sampling {
        case .none: digest.add("none")
        case .oversample(let ratio):
            digest.add("oversample")
            digest.add(ratio)
        case .undersample(let ratio):
            digest.add("undersample")
            digest.add(ratio)
        }
        digest.add(restarts.count)
        for restart in restarts {
            digest.add(restart.epoch)
            digest.add(restart.optimizer)
        }
        // Not without one, so that checkpoints of before are known.
        if let startingPoint {
            digest.add(startingPoint.file)
            digest.add(startingPoint.drawsHead)
        }
        return digest.value
    }
}
