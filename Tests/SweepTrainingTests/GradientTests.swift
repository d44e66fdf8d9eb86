import SweepCore
import SweepKernels
import SweepTraining
import Testing

/// One model and loss whose gradients are checked.
struct GradientCase: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var layers: [LayerSpec]
    /// 0: regression.
    var classes = 3
    var loss: LossSpec?
    var image: ImageShape?
    var rows = 23

    static let activations: [Activation] = [
        .relu, .leakyRelu(slope: 0.1), .elu(alpha: 0.7), .selu, .gelu, .silu, .tanh, .sigmoid, .softplus, .linear,
    ]

    /// Perceptrons of every depth, activation and loss of the first kinds.
    static let perceptrons: [GradientCase] = {
        var cases: [GradientCase] = []
        for widths in [[], [7], [7, 6], [20, 17, 9]] {
            for activation in widths.isEmpty ? [.relu] : activations {
                for (classes, loss) in [
                    (3, LossSpec.softmaxCrossEntropy), (17, .softmaxCrossEntropy), (2, .meanSquaredError),
                    (0, .meanSquaredError),
                ] {
                    for dropout in widths.isEmpty ? [0] : [0, 0.4] {
                        cases.append(
                            GradientCase(
                                testDescription:
                                    "\(widths) \(activation) \(loss.kind) \(classes) classes dropout \(dropout)",
                                layers: ModelSpec(widths: widths, activation: activation, dropout: dropout).layers,
                                classes: classes,
                                loss: loss
                            )
                        )
                    }
                }
            }
        }
        return cases
    }()

    /// Every loss with every setting.
    static let losses: [GradientCase] = {
        let weights = ClassWeightRule.listed([0.5, 2, 1.25])
        let settings: [(Int, LossSpec)] = [
            (3, LossSpec(.softmaxCrossEntropy, labelSmoothing: 0.15)), (3, LossSpec(.softmaxCrossEntropy, focus: 2)),
            (3, LossSpec(.softmaxCrossEntropy, labelSmoothing: 0.1, focus: 0.5, classWeights: weights)),
            (3, LossSpec(.softmaxCrossEntropy, classWeights: .balanced)), (2, LossSpec(.binaryCrossEntropy)),
            (2, LossSpec(.binaryCrossEntropy, labelSmoothing: 0.2)), (2, LossSpec(.binaryCrossEntropy, focus: 1.5)),
            (2, LossSpec(.binaryCrossEntropy, labelSmoothing: 0.1, focus: 2, classWeights: .listed([0.3, 3]))),
            (3, LossSpec(.binaryCrossEntropy)),
            (3, LossSpec(.binaryCrossEntropy, labelSmoothing: 0.1, focus: 2, classWeights: weights)),
            (3, LossSpec(.meanSquaredError, classWeights: weights)), (3, LossSpec(.meanAbsoluteError)),
            (3, LossSpec(.huber, delta: 0.4)), (0, LossSpec(.meanAbsoluteError)), (0, LossSpec(.huber)),
            (0, LossSpec(.huber, delta: 0.3)),
        ]
        return settings.map { classes, loss in
            GradientCase(
                testDescription: "\(classes) classes, \(loss)",
                layers: ModelSpec(widths: [7], activation: .tanh).layers,
                classes: classes,
                loss: loss
            )
        }
    }()

    private static func image(
        _ description: String,
        _ layers: [LayerSpec],
        channels: Int = 2,
        height: Int = 5,
        width: Int = 7,
        rows: Int = 6
    ) -> GradientCase {
        GradientCase(
            testDescription: description,
            layers: layers,
            image: ImageShape(height: height, width: width, channels: channels),
            rows: rows
        )
    }

    private static func convolution(
        _ channels: Int,
        _ kernel: WindowSize = WindowSize(3),
        stride: WindowSize = WindowSize(1),
        _ padding: Padding = .same,
        bias: Bool = true
    ) -> LayerSpec {
        .convolution(
            ConvolutionSpec(channels: channels, kernel: kernel, stride: stride, padding: padding, bias: bias)
        )
    }

    private static let batchNorm = LayerSpec.batchNorm(momentum: 0.1, epsilon: 1e-5)
    private static let layerNorm = LayerSpec.layerNorm(epsilon: 1e-5)
    private static let tanh = LayerSpec.activation(.tanh)
    private static let relu = LayerSpec.activation(.relu)

    /// Convolutions of every kind of window, alone and before another.
    static let convolutions: [GradientCase] = {
        var cases: [GradientCase] = []
        let windows: [(WindowSize, WindowSize, Padding)] = [
            (WindowSize(3), WindowSize(1), .same), (WindowSize(3), WindowSize(2), .same),
            (WindowSize(2), WindowSize(1), .same), (WindowSize(2), WindowSize(2), .valid),
            (WindowSize(3), WindowSize(1), .valid), (WindowSize(3), WindowSize(1), .pixels(2)),
            (WindowSize(4), WindowSize(2), .pixels(1)), (WindowSize(1), WindowSize(1), .same),
            (WindowSize(1), WindowSize(2), .valid), (WindowSize(height: 2, width: 3), WindowSize(1), .same),
            (WindowSize(height: 3, width: 1), WindowSize(height: 1, width: 2), .same),
            (WindowSize(5), WindowSize(height: 2, width: 3), .pixels(2)),
        ]
        for (kernel, stride, padding) in windows {
            for channels in [1, 3] {
                cases.append(
                    image(
                        "convolution \(kernel) by \(stride) \(padding) of \(channels) channels, then another",
                        [
                            convolution(4, kernel, stride: stride, padding), relu,
                            convolution(3, WindowSize(2), .same, bias: false), tanh, .flatten,
                        ],
                        channels: channels
                    )
                )
            }
            cases.append(
                image(
                    "\(kernel) by \(stride) \(padding) after a convolution",
                    [
                        convolution(3), tanh, convolution(5, kernel, stride: stride, padding), .activation(.gelu),
                        .flatten,
                    ]
                )
            )
        }
        cases.append(image("17 channels to 17", [convolution(17), relu, convolution(17), relu, .flatten], rows: 2))
        cases.append(
            image("16 channels, flattened in place", [convolution(16), relu, .flatten, .dense(DenseSpec(units: 4))])
        )
        return cases
    }()

    /// Pooling, norms, dropout and residual blocks.
    static let stacks: [GradientCase] = [
        image("max pool", [convolution(3), relu, .maxPool(PoolSpec()), convolution(4), tanh, .flatten]),
        image(
            "overlapping max pool",
            [convolution(3), tanh, .maxPool(PoolSpec(size: WindowSize(3), stride: WindowSize(1))), .flatten]
        ),
        image("max pool first", [.maxPool(PoolSpec(size: WindowSize(height: 1, width: 2))), convolution(3), .flatten]),
        image("average pool", [convolution(3), relu, .averagePool(PoolSpec()), convolution(4), tanh, .flatten]),
        image(
            "overlapping average pool",
            [
                convolution(3), .activation(.silu),
                .averagePool(PoolSpec(size: WindowSize(3), stride: WindowSize(height: 2, width: 1))), .flatten,
            ]
        ),
        image("global average pool", [convolution(5), relu, .globalAveragePool, .dense(DenseSpec(units: 4)), tanh]),
        image("global average pool of the input", [.globalAveragePool], channels: 3),
        image("pool, then no flatten", [convolution(3), relu, .maxPool(PoolSpec())]),
        image("17 channels pooled", [convolution(17), relu, .maxPool(PoolSpec()), .averagePool(PoolSpec()), .flatten]),
        image(
            "batch norm of images",
            [convolution(3, bias: false), batchNorm, relu, convolution(2), .flatten],
            rows: 9
        ),
        image(
            "batch norm and ReLU before a layer that masks nothing",
            [convolution(3), batchNorm, relu, .dropout(0.2), convolution(2), tanh, .flatten],
            rows: 9
        ),
        image(
            "batch norm and ReLU by parts",
            [convolution(4, bias: false), batchNorm, relu, .averagePool(PoolSpec()), convolution(3), .flatten],
            rows: 9
        ),
        image(
            "a block that begins with batch norm and ReLU",
            [convolution(3), .residual([batchNorm, relu, convolution(3)]), .flatten],
            rows: 9
        ),
        image("batch norm of the input", [batchNorm, convolution(3), tanh, .flatten], channels: 3, rows: 9),
        image("layer norm of images", [convolution(3), layerNorm, .activation(.gelu), convolution(2), .flatten]),
        image("layer norm of the input", [layerNorm, convolution(3), tanh, .flatten], channels: 3),
        image(
            "dropout of images",
            [convolution(3), relu, .dropout(0.3), convolution(4), tanh, .flatten, .dropout(0.2)]
        ),
        image("dropout first", [.dropout(0.3), convolution(3), relu, .flatten], channels: 3),
        image("flatten of 3 channels to dense", [convolution(3), relu, .flatten, .dense(DenseSpec(units: 5)), relu]),
        image(
            "activations alone",
            [.activation(.softplus), convolution(3), batchNorm, .activation(.elu(alpha: 1)), .flatten]
        ),
        image("flatten first", [.flatten, .dense(DenseSpec(units: 6)), relu]),
        image(
            "residual, identity",
            [convolution(3), relu, .residual([convolution(3), relu, convolution(3)]), relu, .flatten]
        ),
        image(
            "residual, wider and strided",
            [
                convolution(3), batchNorm, relu,
                .residual([convolution(5, stride: WindowSize(2)), batchNorm, relu, convolution(5)]), tanh, .flatten,
            ]
        ),
        image("residual first", [.residual([convolution(4), tanh]), .globalAveragePool], channels: 3),
        image(
            "residual of a pool",
            [convolution(3), .residual([.maxPool(PoolSpec())]), relu, .flatten],
            height: 6,
            width: 6
        ),
        image(
            "residual in a residual",
            [convolution(3), .residual([.residual([convolution(3), tanh]), convolution(2)]), .flatten]
        ),
        image(
            "two residuals with dropout",
            [
                .residual([convolution(2), relu, .dropout(0.3)]), .residual([.dropout(0.2), convolution(2), relu]),
                .flatten,
            ]
        ),
        GradientCase(
            testDescription: "residual of a perceptron, identity and projection",
            layers: [
                .dense(DenseSpec(units: 6)), relu, .residual([.dense(DenseSpec(units: 6)), tanh]),
                .residual([.dense(DenseSpec(units: 9)), relu, .dense(DenseSpec(units: 18))]), relu,
            ]
        ),
        GradientCase(
            testDescription: "residual of the input",
            layers: [.residual([.dense(DenseSpec(units: 5)), tanh])]
        ),
        GradientCase(
            testDescription: "batch norm of a perceptron",
            layers: ModelSpec(widths: [9, 17], activation: .relu, dropout: 0.2, norm: batchNorm).layers
        ),
        GradientCase(
            testDescription: "layer norm of a perceptron",
            layers: ModelSpec(widths: [9, 17], activation: .gelu, dropout: 0.2, norm: layerNorm).layers
        ),
        GradientCase(
            testDescription: "norms of the input",
            layers: [batchNorm, layerNorm, .dense(DenseSpec(units: 4)), tanh]
        ),
        GradientCase(
            testDescription: "without biases",
            layers: [.dense(DenseSpec(units: 7, bias: false)), relu, .dense(DenseSpec(units: 5, bias: false)), tanh]
        ),
        GradientCase(
            testDescription: "activations after activations, dropout after dropout",
            layers: [
                .dense(DenseSpec(units: 7)), relu, relu, .activation(.linear), tanh, .dropout(0.2), .dropout(0.3),
                .dense(DenseSpec(units: 5)), relu, .dropout(0.1), relu,
            ]
        ),
    ]

    func make() throws -> (run: TrainingRun, task: SyntheticData) {
        let task = try SyntheticTask(rows: rows, validationRows: 7, classes: classes, seed: 3, image: image).make()
        let spec = TrainingSpec(
            model: ModelSpec(layers: layers),
            initializer: .glorot,
            loss: loss,
            optimizer: .sgd(learningRate: 0.1, momentum: 0),
            batchSize: rows,
            epochs: 1
        )
        let run = try TrainingRun(spec: spec, data: task.data, seed: 11, kernels: .selected())
        // Biases begin at zero, where a unit whose inputs are all dropped would sit on ReLU's kink.
        for _ in 0..<3 { run.step() }
        return (run, task)
    }

    /// Operations in the longest chain from a weight to the loss and back.
    func chain(_ run: TrainingRun, rows: Int) -> Double {
        // The rows of a gradient's sum: pixels of images.
        let pixels = image.map { $0.height * $0.width } ?? 1
        let inputs = run.parameters().reduce(0) { $0 + $1.shape.dropLast().reduce(1, *) + 8 }
        // A norm subtracts nearly equal numbers, whose errors it magnifies by their size over their deviation.
        let norms = run.parameters().filter { $0.name.hasSuffix("gain") }.count
        return (Double(rows * pixels + inputs) + 30) * Double(1 + 2 * norms)
    }
}

@Suite struct GradientTests {
    /// Central differences with h = 1e-5 err by h²/6 · f''' + ε|f|/h ≈ 1e-10 · O(1) + 2e-11; 1e-7 leaves room for the
    /// curvature of steep losses. Where the two halves of a difference disagree, a kink lies between: those are left out.
    @Test(arguments: [
        GradientCase.perceptrons.filter { $0.layers.count < 6 }, GradientCase.losses, GradientCase.convolutions,
        GradientCase.stacks,
    ])
    func `the reference gradient agrees with finite differences`(_ cases: [GradientCase]) throws {
        var (compared, kinks) = (0, 0)
        for gradientCase in cases {
            let (run, task) = try gradientCase.make()
            let model = ReferenceModel(run)
            let rows = Array(task.data.rows(.training).prefix(5))
            let (x, y) = task.batch(rows)
            let dropout = run.referenceDropout(step: 5)
            let (loss, gradient, _) = model.train(x, y, dropout: dropout)
            let h = 1e-5
            for (index, parameter) in model.parameters.enumerated() where parameter.isTrained {
                // Some of many elements: every layer's weights, biases, gains and shifts are reached.
                let step = max(1, parameter.values.count / 5)
                for element in stride(from: index % step, to: parameter.values.count, by: step) {
                    func moved(_ distance: Double) -> Double {
                        var other = model
                        other.parameters[index].values[element] += distance
                        return other.trainingLoss(x, y, dropout: dropout)
                    }
                    let (up, down) = (moved(h), moved(-h))
                    compared += 1
                    // Twice the mean curvature times h: beyond 1e3 · h it is no curvature.
                    guard abs(up - 2 * loss + down) / h < 1e-2 else {
                        kinks += 1
                        continue
                    }
                    let slope = (up - down) / (2 * h)
                    let found = gradient[index][element]
                    #expect(
                        abs(slope - found) < 1e-7 * max(1, abs(slope)),
                        "\(gradientCase) \(parameter.name) \(element): \(found) for \(slope)"
                    )
                }
            }
        }
        #expect(compared > 100 && kinks * 100 < compared, "\(kinks) kinks of \(compared)")
    }

    // covers: C27
    /// A chain of n float32 operations errs by at most n units of 2⁻²⁴; a gradient passes the forward chains of all
    /// layers, the backward chains, and the sum over rows. The functions in between add a few units each.
    @Test(arguments: [
        GradientCase.perceptrons, GradientCase.losses, GradientCase.convolutions, GradientCase.stacks,
    ])
    func `gradients agree with the float64 reference`(_ cases: [GradientCase]) throws {
        for gradientCase in cases {
            let (run, task) = try gradientCase.make()
            for count in gradientCase.rows > 9 ? [1, 2, 15, 23] : [2, gradientCase.rows] {
                let rows = Array(task.data.rows(.training).prefix(count))
                // A norm over one row alone divides by nothing but ε.
                if count == 1, run.parameters().contains(where: { $0.name.hasSuffix("mean") }) { continue }
                let (x, y) = task.batch(rows)
                let model = ReferenceModel(run)
                let (loss, gradient, moments) = model.train(x, y, dropout: run.referenceDropout(step: 9))
                #expect(
                    abs(run.trainingLoss(rows: rows, dropoutStep: 9) - loss) <= gradientCase.error(run, count, loss)
                )
                _ = run.setParameters(model.parameters.map(\.rounded))
                let found = run.gradient(rows: rows, dropoutStep: 9)
                let expected = zip(model.parameters, gradient).filter(\.0.isTrained)
                #expect(found.map(\.name) == expected.map(\.0.name))
                let scale = expected.map { $0.1.map(abs).max() ?? 0 }.max() ?? 0
                for (a, b) in zip(found, expected) {
                    #expect(a.values.count == b.1.count)
                    let error = zip(a.flat, b.1).map { abs($0 - $1) }.max() ?? 0
                    let bound = gradientCase.error(run, count, scale)
                    #expect(error <= bound, "\(gradientCase) \(a.name), \(count) rows: error \(error), bound \(bound)")
                }
                for (index, expected) in moments {
                    let found = run.parameters()[index].flat
                    for (a, b) in zip(found, expected) {
                        #expect(abs(a - b) <= gradientCase.error(run, count, max(1, abs(b))), "\(gradientCase) moments")
                    }
                }
            }
        }
    }

    // covers: R14 R15
    @Test(arguments: [GradientCase.losses, GradientCase.convolutions, GradientCase.stacks])
    func `predictions and plain losses agree with the float64 reference`(_ cases: [GradientCase]) throws {
        for gradientCase in cases {
            let (run, task) = try gradientCase.make()
            let model = ReferenceModel(run)
            for part in [TrainingData.Part.training, .validation] {
                let (x, y) = task.batch(task.data.rows(part))
                let (predictions, losses) = model.evaluate(x, y)
                let flat = predictions.flatMap { $0 }
                let scale = flat.reduce(1) { max($0, abs($1)) }
                let bound = gradientCase.error(run, 1, scale)
                let found = run.predictions(part)
                #expect(found.count == flat.count)
                for (a, b) in zip(found, flat) { #expect(abs(Double(a) - b) <= bound, "\(gradientCase)") }
                // A loss's slope by a prediction is below 1, or twice the error.
                for (a, b) in zip(run.rowLosses(part), losses) {
                    #expect(abs(Double(a) - b) <= bound * 2 * (1 + scale), "\(gradientCase) \(part)")
                }
                let mean = losses.reduce(0, +) / Double(losses.count)
                #expect(abs(run.evaluate(part).loss - mean) <= bound * 2 * (1 + scale))
            }
        }
    }
}

extension GradientCase {
    /// What rounding may make of a number of some size.
    func error(_ run: TrainingRun, _ rows: Int, _ scale: Double) -> Double { chain(run, rows: rows) * 0x1p-24 * scale }
}

extension ReferenceModel.Parameter {
    /// As the run takes it.
    var rounded: ParameterValues { ParameterValues(name: name, shape: shape, values: values.map { Float($0) }) }
}
