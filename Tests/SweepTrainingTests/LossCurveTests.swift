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
    loss: LossKind? = nil,
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

@Suite struct LossCurveTests {
    /// A step adds errors of a few hundred units of 2⁻²⁴ relative to the weights' change; thirty steps of these small
    /// networks, whose curvature magnifies a difference at most a few times, stay well below 1e-4 of the loss.
    private static let drift = 1e-4

    struct Setting: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var classes: Int
        var spec: TrainingSpec
    }

    static let settings = [
        Setting(
            testDescription: "momentum, classes",
            classes: 3,
            spec: makeSpec([16, 8], .sgd(learningRate: 0.05, momentum: 0.9), activation: .tanh)
        ),
        Setting(
            testDescription: "momentum, penalty, regression, short last batch",
            classes: 0,
            spec: makeSpec([12], .sgd(learningRate: 0.01, momentum: 0.8), activation: .sigmoid, l2: 0.01, batchSize: 13)
        ),
        Setting(
            testDescription: "no momentum, linear, squared error of two classes",
            classes: 2,
            spec: makeSpec([], .sgd(learningRate: 0.1, momentum: 0), loss: .meanSquaredError)
        ),
        Setting(testDescription: "Adam, classes", classes: 3, spec: makeSpec([16, 8], activation: .tanh)),
        Setting(
            testDescription: "Adam, penalty, relu, regression, short last batch",
            classes: 0,
            spec: makeSpec([24, 16, 8], l2: 0.01, batchSize: 13)
        ),
        Setting(
            testDescription: "Adam, dropout, classes",
            classes: 3,
            spec: makeSpec([32, 16], activation: .sigmoid, dropout: 0.3, initializer: .glorot)
        ),
    ]

    @Test(arguments: settings)
    func `thirty steps follow the float64 reference`(_ setting: Setting) throws {
        let task = try SyntheticTask(rows: 70, validationRows: 8, classes: setting.classes).make()
        let run = try TrainingRun(spec: setting.spec, data: task.data, seed: 5, kernels: .selected())
        var network = ReferenceNetwork(
            run.parameters(),
            activation: setting.spec.model.activation,
            loss: setting.spec.loss(on: task.data.schema)
        )
        var optimizer = ReferenceOptimizer(rule: setting.spec.optimizer, l2: setting.spec.l2)
        for step in 0..<30 {
            let (epoch, place) = step.quotientAndRemainder(dividingBy: run.stepsPerEpoch)
            let rows = Array(run.rowOrder(epoch: epoch).dropFirst(place * setting.spec.batchSize))
                .prefix(setting.spec.batchSize)
            let (x, y) = task.batch(Array(rows))
            let factors = dropoutFactors(of: run, rows: rows.count, step: UInt64(step))
            let expected = network.meanLoss(x, y, factors: factors)
            optimizer.step(&network, network.gradient(x, y, factors: factors))
            let found = run.step()
            #expect(abs(found - expected) <= Self.drift * max(expected, 1e-2), "step \(step)")
        }
        for (a, b) in zip(run.parameters(), network.layers) {
            let error = zip(a.flat, b.flat).map { abs($0 - $1) }.max() ?? 0
            #expect(error < Self.drift * (b.flat.map(abs).max() ?? 0))
        }
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

    @Test func `the gradient norm is that of the last step with the penalty`() throws {
        for l2 in [0, 0.1] {
            let task = try SyntheticTask(rows: 16, validationRows: 4).make()
            let setting = makeSpec([8], .sgd(learningRate: 0.1, momentum: 0), l2: l2, batchSize: 16)
            let run = try TrainingRun(spec: setting, data: task.data, seed: 2, kernels: .selected())
            let network = ReferenceNetwork(run.parameters(), activation: .relu, loss: .softmaxCrossEntropy)
            let (x, y) = task.batch(task.data.rows(.training))
            var squares = 0.0
            for (gradient, layer) in zip(network.gradient(x, y), network.layers) {
                for (g, w) in zip(gradient.weights, layer.weights) {
                    for (g, w) in zip(g, w) { squares += (g + l2 * w) * (g + l2 * w) }
                }
                for g in gradient.biases { squares += g * g }
            }
            let observation = try #require(run.trainEpoch())
            let norm = try #require(zip(run.metrics, observation.values).first { $0.0 == .gradientNorm }?.1)
            #expect(abs(norm - squares.squareRoot()) < 1e-5 * norm)
        }
    }
}
