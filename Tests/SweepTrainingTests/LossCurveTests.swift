import SweepCore
import SweepKernels
import SweepTraining
import Testing

/// A specification with the settings tests vary.
func makeSpec(
    _ widths: [Int] = [16, 8],
    _ optimizer: OptimizerSpec = .adam(learningRate: 1e-2, beta1: 0.9, beta2: 0.999, epsilon: 1e-8),
    activation: Activation = .relu,
    dropout: Double = 0,
    initializer: Initializer = .he,
    loss: LossSpec? = nil,
    l2: Double = 0,
    batchSize: Int = 16,
    epochs: Int = 10
) -> TrainingSpec {
    TrainingSpec(
        model: ModelSpec(widths: widths, activation: activation, dropout: dropout),
        initializer: initializer,
        loss: loss,
        optimizer: optimizer,
        l2: l2,
        batchSize: batchSize,
        epochs: epochs
    )
}

extension TrainingSpec {
    /// The same with changes.
    func with(_ change: (inout TrainingSpec) -> Void) -> TrainingSpec {
        var spec = self
        change(&spec)
        return spec
    }
}

/// One training that is followed step by step.
struct CurveSetting: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var classes: Int
    var spec: TrainingSpec
    var image: ImageShape?
    /// Own penalties of parameters.
    var penalties: [Penalty] = []

    struct Penalty: Sendable {
        var l1: Double?
        var l2: Double?
    }

    /// Every rule with every hyperparameter away from its default.
    static let optimizers: [OptimizerSpec] = [
        .sgd(learningRate: 0.05, momentum: 0), .sgd(learningRate: 0.05, momentum: 0.9),
        .sgd(learningRate: 0.02, momentum: 0.8, nesterov: true),
        OptimizerSpec(.sgd(momentum: 0.9, nesterov: true), learningRate: 0.02, decay: 0.1),
        .adam(learningRate: 1e-2, beta1: 0.8, beta2: 0.95, epsilon: 1e-4),
        OptimizerSpec(.adam(beta1: 0.9, beta2: 0.9, epsilon: 1e-5, amsgrad: true), learningRate: 1e-2),
        OptimizerSpec(.adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-6, amsgrad: false), learningRate: 1e-2, decay: 0.5),
        OptimizerSpec(.rmsprop(alpha: 0.9, epsilon: 1e-3, momentum: 0, centered: false), learningRate: 1e-2),
        OptimizerSpec(.rmsprop(alpha: 0.95, epsilon: 1e-3, momentum: 0.7, centered: false), learningRate: 3e-3),
        OptimizerSpec(.rmsprop(alpha: 0.95, epsilon: 1e-2, momentum: 0, centered: true), learningRate: 1e-2),
        OptimizerSpec(
            .rmsprop(alpha: 0.9, epsilon: 1e-2, momentum: 0.6, centered: true),
            learningRate: 3e-3,
            decay: 0.2
        ),
        OptimizerSpec(.adagrad(epsilon: 1e-3), learningRate: 0.05, decay: 0.1),
        OptimizerSpec(.lion(beta1: 0.85, beta2: 0.95), learningRate: 1e-3, decay: 0.3),
        OptimizerSpec(.nadam(beta1: 0.8, beta2: 0.95, epsilon: 1e-4), learningRate: 1e-2, decay: 0.1),
        .sgd(learningRate: 0.05, momentum: 0.9, dampening: 0.3),
        OptimizerSpec(.sgd(momentum: 0.8, dampening: 0.8, nesterov: false), learningRate: 0.2, decay: 0.1),
        OptimizerSpec(
            .adagrad(epsilon: 1e-3, learningRateDecay: 0.05, initialAccumulator: 0.1),
            learningRate: 0.1,
            decay: 0.1
        ),
        OptimizerSpec(.nadam(beta1: 0.9, beta2: 0.95, epsilon: 1e-4, momentumDecay: 5), learningRate: 1e-2),
    ]

    static let rules: [CurveSetting] = optimizers.map { optimizer in
        CurveSetting(
            testDescription: "\(optimizer)",
            classes: 3,
            spec: makeSpec([12, 8], optimizer, activation: .tanh)
        )
    }

    private static let momentum = OptimizerSpec.sgd(learningRate: 0.05, momentum: 0.9)
    private static let base = makeSpec([12, 8], momentum, activation: .tanh)
    private static let norms = base.with {
        $0.model = ModelSpec(widths: [12, 8], activation: .tanh, norm: .batchNorm(momentum: 0.2, epsilon: 1e-3))
    }

    /// What surrounds the rule.
    static let steps: [CurveSetting] = [
        CurveSetting(
            testDescription: "momentum, classes",
            classes: 3,
            spec: makeSpec([16, 8], momentum, activation: .tanh)
        ),
        CurveSetting(
            testDescription: "momentum, penalty, regression, short last batch",
            classes: 0,
            spec: makeSpec([12], .sgd(learningRate: 0.01, momentum: 0.8), activation: .sigmoid, l2: 0.01, batchSize: 13)
        ),
        CurveSetting(
            testDescription: "no momentum, linear, squared error of two classes",
            classes: 2,
            spec: makeSpec([], .sgd(learningRate: 0.1, momentum: 0), loss: .meanSquaredError)
        ),
        CurveSetting(testDescription: "Adam, classes", classes: 3, spec: makeSpec([16, 8], activation: .tanh)),
        CurveSetting(
            testDescription: "Adam, penalty, relu, regression, short last batch",
            classes: 0,
            spec: makeSpec([24, 16, 8], l2: 0.01, batchSize: 13)
        ),
        CurveSetting(
            testDescription: "Adam, dropout, classes",
            classes: 3,
            spec: makeSpec([32, 16], activation: .sigmoid, dropout: 0.3, initializer: .glorot)
        ),
        CurveSetting(testDescription: "L1", classes: 3, spec: base.with { $0.l1 = 0.003 }),
        CurveSetting(
            testDescription: "L1 and L2, biases too",
            classes: 3,
            spec: base.with {
                $0.l1 = 0.002
                $0.l2 = 0.02
                $0.penalizesBiases = true
            }
        ),
        CurveSetting(
            testDescription: "penalties of single layers",
            classes: 3,
            spec: base.with {
                $0.l1 = 0.002
                $0.l2 = 0.02
                $0.penalizesBiases = true
                $0.model.layers = [
                    .dense(DenseSpec(units: 12, l1: 0, l2: 0.1)), .activation(.tanh),
                    .dense(DenseSpec(units: 8, l1: 0.01)), .activation(.tanh),
                ]
            },
            penalties: [
                Penalty(l1: 0, l2: 0.1), Penalty(l1: 0, l2: 0.1), Penalty(l1: 0.01), Penalty(l1: 0.01), Penalty(),
                Penalty(),
            ]
        ),
        CurveSetting(testDescription: "clipped values", classes: 3, spec: base.with { $0.clipValue = 0.02 }),
        CurveSetting(
            testDescription: "clipped values and a penalty, which is not clipped",
            classes: 3,
            spec: base.with {
                $0.clipValue = 0.01
                $0.l2 = 0.1
            }
        ),
        CurveSetting(testDescription: "clipped norm", classes: 3, spec: base.with { $0.clipNorm = 0.1 }),
        CurveSetting(
            testDescription: "a norm that is seldom clipped",
            classes: 3,
            spec: base.with { $0.clipNorm = 0.6 }
        ),
        CurveSetting(
            testDescription: "clipped norm and value with Adam",
            classes: 0,
            spec: makeSpec([12], activation: .tanh).with {
                $0.clipNorm = 0.5
                $0.clipValue = 0.1
            }
        ),
        CurveSetting(
            testDescription: "three batches a step, short last one",
            classes: 3,
            spec: base.with {
                $0.batchSize = 7
                $0.accumulation = 3
            }
        ),
        CurveSetting(
            testDescription: "two batches a step with dropout and a clipped norm",
            classes: 3,
            spec: makeSpec([16], momentum, activation: .tanh, dropout: 0.3, batchSize: 9).with {
                $0.accumulation = 2
                $0.clipNorm = 0.3
            }
        ),
        CurveSetting(
            testDescription: "two batches a step with batch norm",
            classes: 3,
            spec: norms.with {
                $0.batchSize = 10
                $0.accumulation = 2
            }
        ),
        CurveSetting(testDescription: "averaged weights", classes: 3, spec: base.with { $0.averaging = 0.9 }),
        CurveSetting(testDescription: "bounded norms", classes: 3, spec: base.with { $0.maxNorm = 0.8 }),
        CurveSetting(
            testDescription: "restarts",
            classes: 3,
            spec: base.with {
                $0.restarts = [
                    OptimizerRestart(
                        epoch: 1,
                        optimizer: .adam(learningRate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-5)
                    ),
                    OptimizerRestart(epoch: 3, optimizer: OptimizerSpec(.adagrad(epsilon: 1e-3), learningRate: 0.03)),
                ]
            }
        ),
        CurveSetting(
            testDescription: "dampening of clipped gradients with penalties",
            classes: 3,
            spec: base.with {
                $0.optimizer = .sgd(learningRate: 0.1, momentum: 0.8, dampening: 0.6)
                $0.clipValue = 0.02
                $0.clipNorm = 0.6
                $0.l1 = 0.002
                $0.l2 = 0.02
            }
        ),
        CurveSetting(
            testDescription: "restarts with what begins anew: an undamped step, sums and rates",
            classes: 3,
            spec: base.with {
                let sums = OptimizerSpec(
                    .adagrad(epsilon: 1e-3, learningRateDecay: 0.3, initialAccumulator: 0.2),
                    learningRate: 0.1
                )
                $0.optimizer = .sgd(learningRate: 0.05, momentum: 0.9, dampening: 0.7)
                $0.restarts = [
                    OptimizerRestart(epoch: 1, optimizer: $0.optimizer), OptimizerRestart(epoch: 2, optimizer: sums),
                    OptimizerRestart(epoch: 4, optimizer: sums),
                ]
            }
        ),
        CurveSetting(testDescription: "batch norm", classes: 3, spec: norms.with { $0.l2 = 0.01 }),
        CurveSetting(
            testDescription: "layer norm with decay",
            classes: 3,
            spec: makeSpec(
                [],
                OptimizerSpec(
                    .adam(beta1: 0.9, beta2: 0.99, epsilon: 1e-4, amsgrad: false),
                    learningRate: 0.01,
                    decay: 0.3
                )
            ).with { $0.model = ModelSpec(widths: [12, 8], activation: .gelu, norm: .layerNorm(epsilon: 1e-4)) }
        ),
        CurveSetting(
            testDescription: "smoothed and weighted classes",
            classes: 3,
            spec: base.with {
                $0.loss = LossSpec(.softmaxCrossEntropy, labelSmoothing: 0.1, classWeights: .balanced)
            }
        ),
        CurveSetting(
            testDescription: "a convolutional network with bounded norms",
            classes: 3,
            spec: base.with {
                $0.model.layers = [
                    .convolution(ConvolutionSpec(channels: 4)), .activation(.tanh), .averagePool(PoolSpec()),
                    .residual([.convolution(ConvolutionSpec(channels: 4)), .activation(.silu)]), .flatten,
                ]
                $0.maxNorm = 1
                $0.optimizer = .sgd(learningRate: 0.02, momentum: 0.9)
                $0.batchSize = 8
            },
            image: ImageShape(height: 5, width: 4, channels: 2)
        ),
    ]

    func make() throws -> (run: TrainingRun, task: SyntheticData, reference: ReferenceTraining) {
        let task = try SyntheticTask(rows: 70, validationRows: 8, classes: classes, image: image).make()
        let run = try TrainingRun(spec: spec, data: task.data, seed: 5, kernels: .selected())
        let reference = ReferenceTraining(ReferenceModel(run), penalties: penalties.map { ($0.l1, $0.l2) })
        return (run, task, reference)
    }
}

extension ReferenceTraining {
    /// Takes the step that `run` takes next, number `step` of the whole run; answers its loss.
    mutating func follow(_ run: TrainingRun, _ task: SyntheticData, step: Int, rate: Double) -> Double {
        let spec = run.spec
        let (epoch, place) = step.quotientAndRemainder(dividingBy: run.stepsPerEpoch)
        let size = spec.batchSize * spec.accumulation
        let rows = Array(run.rowOrder(epoch: epoch).dropFirst(place * size).prefix(size))
        let batches = stride(from: 0, to: rows.count, by: spec.batchSize).enumerated().map { number, first in
            let (x, y) = task.batch(Array(rows[first..<min(first + spec.batchSize, rows.count)]))
            let mask = UInt64(step * spec.accumulation + number)
            return (rows: x, targets: y, dropout: run.referenceDropout(step: mask))
        }
        return self.step(batches, rate: rate)
    }
}

@Suite struct LossCurveTests {
    /// A step adds errors of a few hundred units of 2⁻²⁴ relative to the weights' change; thirty steps of these small
    /// networks, whose curvature magnifies a difference at most a few times, stay well below 1e-4 of the loss.
    private static let drift = 1e-4

    // covers: C18 C19 R16
    @Test(arguments: CurveSetting.rules + CurveSetting.steps)
    func `thirty steps follow the float64 reference`(_ setting: CurveSetting) throws {
        let (run, task, first) = try setting.make()
        var reference = first
        for step in 0..<30 {
            let epoch = step / run.stepsPerEpoch
            let restart = setting.spec.restarts.last { $0.epoch <= epoch }
            if let restart, step == restart.epoch * run.stepsPerEpoch { reference.restart(restart.optimizer) }
            let rate = (restart?.optimizer ?? setting.spec.optimizer).learningRate
            let expected = reference.follow(run, task, step: step, rate: rate)
            let found = run.step()
            #expect(abs(found - expected) <= Self.drift * max(expected, 1e-2), "step \(step)")
        }
        for (found, expected) in zip(run.parameters(), reference.model.parameters) {
            let error = zip(found.flat, expected.values).map { abs($0 - $1) }.max() ?? 0
            let size = expected.values.map(abs).max() ?? 0
            #expect(found.name == expected.name && error < Self.drift * max(size, 0.1), "\(found.name): \(error)")
        }
        for (index, found) in run.measuredParameters().enumerated() where setting.spec.averaging != nil {
            let error = zip(found.flat, reference.averages[index]).map { abs($0 - $1) }.max() ?? 0
            #expect(error < Self.drift, "average of \(found.name): \(error)")
            #expect(found != run.parameters()[index])
        }
        // A training that changes nothing would follow every reference that does not either.
        #expect(zip(first.model.parameters, reference.model.parameters).allSatisfy { $0.values != $1.values })
    }

    @Test func `a bounded norm holds for every unit and is reached`() throws {
        let setting = try #require(CurveSetting.steps.first { $0.testDescription == "bounded norms" })
        let (run, _, _) = try setting.make()
        for _ in 0..<30 { run.step() }
        var greatest = 0.0
        for weights in run.parameters() where weights.name.hasSuffix("weights") {
            let columns = weights.shape[1]
            for column in 0..<columns {
                let squares = stride(from: column, to: weights.values.count, by: columns).map {
                    Double(weights.values[$0]) * Double(weights.values[$0])
                }
                greatest = max(greatest, squares.reduce(0, +).squareRoot())
            }
        }
        #expect(abs(greatest - 0.8) < 1e-5)
    }

    @Test(arguments: [false, true])
    func `two half batches make the step of a whole one, except with batch norm`(_ hasNorm: Bool) throws {
        func weights(batchSize: Int, accumulation: Int) throws -> [ParameterValues] {
            let task = try SyntheticTask(rows: 64, validationRows: 8).make()
            var setting = makeSpec(
                [12],
                .sgd(learningRate: 0.1, momentum: 0.9),
                activation: .tanh,
                batchSize: batchSize
            )
            setting.accumulation = accumulation
            if hasNorm { setting.model = ModelSpec(widths: [12], norm: .batchNorm(momentum: 0.1, epsilon: 1e-5)) }
            let run = try TrainingRun(spec: setting, data: task.data, seed: 5, kernels: .selected())
            for _ in 0..<8 { run.step() }
            return run.parameters()
        }
        let (whole, halves) = (try weights(batchSize: 32, accumulation: 1), try weights(batchSize: 16, accumulation: 2))
        let error = zip(whole, halves).flatMap { zip($0.flat, $1.flat).map { abs($0 - $1) } }.max() ?? 0
        // Eight steps, each adding some hundred units of 2⁻²⁴ of gradients below 1.
        #expect(hasNorm ? error > 1e-3 : error < 8 * 100 * 0x1p-24, "\(error)")
    }

    @Test func `averages are what is measured`() throws {
        let setting = try #require(CurveSetting.steps.first { $0.testDescription == "averaged weights" })
        let (run, task, _) = try setting.make()
        _ = run.trainEpoch()
        let plain = try TrainingRun(
            spec: setting.spec.with { $0.averaging = nil },
            data: task.data,
            seed: 5,
            kernels: .selected()
        )
        #expect(plain.setParameters(run.parameters()))
        #expect(plain.rowLosses(.validation) != run.rowLosses(.validation))
        #expect(plain.setParameters(run.measuredParameters()))
        #expect(plain.rowLosses(.validation) == run.rowLosses(.validation))
    }

    @Test func `the training loss of an epoch weighs every row alike, also in a short last batch`() throws {
        let task = try SyntheticTask(rows: 10, validationRows: 4).make()
        let setting = makeSpec([8], .sgd(learningRate: 0.1, momentum: 0), batchSize: 4)
        let stepped = try TrainingRun(spec: setting, data: task.data, seed: 1, kernels: .selected())
        #expect(stepped.stepsPerEpoch == 3)
        let losses = (0..<3).map { _ in stepped.step() }
        let expected = (4 * losses[0] + 4 * losses[1] + 2 * losses[2]) / 10
        let trained = try TrainingRun(spec: setting, data: task.data, seed: 1, kernels: .selected())
        let observation = try #require(trained.trainEpoch())
        #expect(abs(observation.values[0] - expected) < 1e-14)
        #expect(trained.parameters() == stepped.parameters())
    }

    // covers: R9
    @Test func `the gradient norm is that of the last step with the penalty`() throws {
        for l2 in [0, 0.1] {
            let task = try SyntheticTask(rows: 16, validationRows: 4).make()
            let setting = makeSpec([8], .sgd(learningRate: 0.1, momentum: 0), l2: l2, batchSize: 16)
            let run = try TrainingRun(spec: setting, data: task.data, seed: 2, kernels: .selected())
            let model = ReferenceModel(run)
            let (x, y) = task.batch(task.data.rows(.training))
            var squares = 0.0
            for (gradient, parameter) in zip(model.train(x, y).gradient, model.parameters) {
                for (g, w) in zip(gradient, parameter.values) {
                    let whole = parameter.role == "weights" ? g + l2 * w : g
                    squares += whole * whole
                }
            }
            let observation = try #require(run.trainEpoch())
            let norm = try #require(zip(run.metrics, observation.values).first { $0.0 == .gradientNorm }?.1)
            #expect(abs(norm - squares.squareRoot()) < 1e-5 * norm)
        }
    }

    /// The first step is not damped, so the gradient of the second, the epoch's last, is the same with and without.
    @Test func `dampening changes the step and not the gradient's norm`() throws {
        func epoch(_ dampening: Double) throws -> (norm: Double, ratio: Double) {
            let run = try TrainingRun(
                spec: makeSpec([8], .sgd(learningRate: 0.1, momentum: 0.9, dampening: dampening), l2: 0.1),
                data: try SyntheticTask(rows: 32, validationRows: 4).make().data,
                seed: 2,
                kernels: .selected()
            )
            var curve = LearningCurve(metrics: run.metrics)
            curve.append(try #require(run.trainEpoch()))
            return (curve.series(.gradientNorm)[0], curve.series(.updateRatio)[0])
        }
        let (plain, damped) = (try epoch(0), try epoch(0.75))
        // Rounded coefficients and 1024 squares at most.
        #expect(abs(damped.norm - plain.norm) < 1e-5 * plain.norm)
        #expect(damped.ratio < 0.9 * plain.ratio)
    }
}
