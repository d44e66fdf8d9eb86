package import KernelAPI
package import SweepCore

extension SelfTest {
    /// A small model that uses some of the built-in layers, and the rows it is checked on.
    package struct BuiltIn: Sendable {
        package let name: String
        package let spec: TrainingSpec
        /// Classes of the made-up rows; 0 for numbers.
        package let classes: Int

        private static let image = ImageShape(height: 6, width: 5, channels: 2)

        /// The rows that can be learned: 96 to train on and 60 for validation.
        package var taught: TrainingData {
            get throws {
                try TrainingData.taught(image: Self.image, classes: classes, trainingRows: 96, validationRows: 60)
            }
        }

        /// Checks its gradients, that it can learn a batch by heart, that it needs its inputs, and that shuffled labels teach it
        /// nothing.
        ///
        /// Gradients and batch are of rows without a rule, so that nothing but memory helps; the other two are of rows that
        /// can be learned, as the answer must differ from what was learned from them.
        package func run(seed: UInt64, kernels: KernelTable) throws -> [Result] {
            let image = Self.image
            let data = try TrainingData.madeUp(
                columns: image.height * image.width * image.channels,
                classes: classes,
                rows: 48,
                image: image
            )
            let taught = try taught
            return [
                try SelfTest.gradients(spec, on: data, seed: seed, kernels: kernels),
                try SelfTest.oneBatch(spec, on: data, seed: seed, kernels: kernels),
                try SelfTest.zeroInputs(spec, on: taught, seed: seed, kernels: kernels),
                try SelfTest.shuffledLabels(spec, on: taught, seed: seed, kernels: kernels),
            ]
        }
    }

    /// One model a kind of layer, activation and loss.
    package static let builtIn: [BuiltIn] =
        activations.map {
            BuiltIn(name: "mlp \($0.name)", spec: spec(ModelSpec(widths: [24], activation: $0)), classes: 3)
        }
        + [
            BuiltIn(name: "linear", spec: spec(ModelSpec(layers: [])), classes: 3),
            BuiltIn(
                name: "mlp dropout",
                spec: spec(ModelSpec(widths: [24, 24], activation: .tanh, dropout: 0.3)),
                classes: 3
            ),
            BuiltIn(
                name: "mlp batch norm",
                spec: spec(
                    ModelSpec(widths: [24], activation: .tanh, norm: .batchNorm(momentum: 0.1, epsilon: 1e-5))
                ),
                classes: 3
            ),
            BuiltIn(
                name: "mlp layer norm",
                spec: spec(ModelSpec(widths: [24], activation: .tanh, norm: .layerNorm(epsilon: 1e-5))),
                classes: 3
            ),
            image("convolution", [.convolution(ConvolutionSpec(channels: 8)), .activation(.silu), .flatten]),
            image(
                "convolution, stride 2",
                [
                    .convolution(ConvolutionSpec(channels: 8, stride: WindowSize(2), padding: .pixels(1))),
                    .activation(.tanh), .flatten,
                ]
            ),
            image("max pooling", [convolution, .activation(.tanh), .maxPool(PoolSpec()), .flatten]),
            image("average pooling", [convolution, .activation(.tanh), .averagePool(PoolSpec()), .flatten]),
            image("global average pooling", [convolution, .activation(.tanh), .globalAveragePool, widen]),
            image(
                "batch norm on images",
                [convolution, .batchNorm(momentum: 0.1, epsilon: 1e-5), .activation(.tanh), .flatten]
            ),
            image("layer norm on images", [convolution, .layerNorm(epsilon: 1e-5), .activation(.tanh), .flatten]),
            image("residual", [convolution, .residual([.activation(.tanh), convolution]), .flatten]),
            image(
                "residual with projection",
                [
                    .residual([
                        .convolution(ConvolutionSpec(channels: 12, stride: WindowSize(2))), .activation(.tanh),
                    ]), .flatten,
                ]
            ),
            loss(LossSpec(.softmaxCrossEntropy, labelSmoothing: 0.1, classWeights: .listed([1, 2, 0.5])), classes: 3),
            loss(LossSpec(.softmaxCrossEntropy, focus: 2), classes: 3),
            loss(LossSpec(.binaryCrossEntropy), classes: 2),
            loss(LossSpec(.binaryCrossEntropy, focus: 1.5), classes: 3),
            loss(.meanSquaredError, classes: 3),
            loss(.meanSquaredError, classes: 0),
            loss(LossSpec(.meanAbsoluteError), classes: 0),
            loss(LossSpec(.huber, delta: 0.5), classes: 0),
        ]

    private static let activations: [SweepCore.Activation] = [
        .relu, .leakyRelu(slope: 0.1), .elu(alpha: 1), .selu, .gelu, .silu, .tanh, .sigmoid, .softplus,
    ]
    private static let convolution = LayerSpec.convolution(ConvolutionSpec(channels: 8))
    private static let widen = LayerSpec.residual([.dense(DenseSpec(units: 48)), .activation(.tanh)])

    private static func spec(_ model: ModelSpec, loss: LossSpec? = nil) -> TrainingSpec {
        TrainingSpec(
            model: model,
            initializer: .glorot,
            loss: loss,
            optimizer: .adam(learningRate: 1e-2, beta1: 0.9, beta2: 0.999, epsilon: 1e-8),
            l2: 1e-3,
            batchSize: 12,
            epochs: 5
        )
    }

    private static func image(_ name: String, _ layers: [LayerSpec]) -> BuiltIn {
        BuiltIn(name: name, spec: spec(ModelSpec(layers: layers)), classes: 3)
    }

    private static func loss(_ loss: LossSpec, classes: Int) -> BuiltIn {
        var name = loss.kind.rawValue + (classes == 0 ? " of numbers" : " of \(classes) classes")
        if loss.labelSmoothing > 0 { name += ", smoothed and weighted" }
        if loss.focus > 0 { name += ", focused" }
        return BuiltIn(name: name, spec: spec(ModelSpec(widths: [24], activation: .tanh), loss: loss), classes: classes)
    }
}
