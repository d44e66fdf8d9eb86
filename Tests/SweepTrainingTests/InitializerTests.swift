import SweepCore
import SweepKernels
import SweepNumerics
import SweepTraining
import Testing

@Suite struct InitializerTests {
    /// The initial weights of a layer, and of the layers around it.
    private func weights(
        _ initializer: Initializer,
        _ layers: [LayerSpec],
        image: ImageShape? = nil,
        columns: Int = 40,
        seed: UInt64 = 8
    ) throws -> [ParameterValues] {
        let data = try SyntheticTask(rows: 20, validationRows: 4, columns: columns, image: image).make().data
        return try TrainingRun(
            spec: makeSpec([], initializer: initializer).with { $0.model.layers = layers },
            data: data,
            seed: seed,
            kernels: .selected()
        ).parameters()
    }

    private static let dense = [LayerSpec.dense(DenseSpec(units: 70))]
    private static let convolution = [LayerSpec.convolution(ConvolutionSpec(channels: 20)), .flatten]
    private static let image = ImageShape(height: 4, width: 5, channels: 13)

    /// The variance of each kind for n inputs and m outputs.
    private func variance(_ initializer: Initializer, _ inputs: Int, _ outputs: Int) -> Double {
        let variance =
            switch initializer.kind {
            case .he: 2 / Double(inputs)
            case .glorot: 2 / Double(inputs + outputs)
            case .lecun: 1 / Double(inputs)
            case .orthogonal, .constant, .plain: 1.0
            }
        return variance * initializer.scale * initializer.scale
    }

    static let drawn: [Initializer] = [Initializer.Kind.he, .glorot, .lecun, .plain].flatMap { kind in
        Initializer.Distribution.allCases.flatMap { distribution in
            [1, 0.3].map { Initializer(kind, distribution: distribution, scale: $0) }
        }
    }

    // covers: C24 R13
    /// Of n numbers the mean lies within 5 σ/√n, and the variance within 5 √((κ − 1)/n) of its value, with the kurtosis κ
    /// of 1.8 for a uniform and 3 for a normal distribution: beyond that once in two million draws.
    @Test(arguments: drawn)
    func `weights have the mean, variance and shape of their initializer`(_ initializer: Initializer) throws {
        for (layers, image, inputs, outputs) in [
            (Self.dense, nil, 40, 70), (Self.convolution, Self.image, 9 * 13, 9 * 20),
        ] as [([LayerSpec], ImageShape?, Int, Int)] {
            let all = try weights(initializer, layers, image: image)
            let values = all[0].flat
            let count = Double(values.count)
            let expected = variance(initializer, inputs, outputs)
            let moments = Moments(of: values)
            let kurtosis = initializer.distribution == .uniform ? 1.8 : 3
            #expect(abs(moments.mean) < 5 * (expected / count).squareRoot())
            #expect(abs(moments.populationVariance / expected - 1) < 5 * ((kurtosis - 1) / count).squareRoot())
            let deviation = expected.squareRoot()
            let greatest = values.map(abs).max() ?? 0
            let beyond = Double(values.count { abs($0) > 1.9 * deviation }) / count
            switch initializer.distribution {
            case .uniform:
                // Nothing beyond √3 σ, and of so many something close below it: the chance of none is e⁻²⁰.
                #expect(greatest <= deviation * 3.0.squareRoot() * (1 + 1e-6))
                #expect(greatest > deviation * 3.0.squareRoot() * (1 - 20 / count))
                #expect(beyond == 0)
            case .normal:
                let share = 0.05743
                #expect(abs(beyond - share) < 5 * (share * (1 - share) / count).squareRoot())
            }
            #expect(all[1].values.allSatisfy { $0 == 0 }, "biases start at zero")
        }
    }

    @Test(arguments: [1, 2.5])
    func `orthogonal weights have orthonormal rows or columns, whichever are fewer`(_ scale: Double) throws {
        let initializer = Initializer(.orthogonal, distribution: .normal, scale: scale)
        for (layers, image) in [
            (Self.dense, nil), ([.dense(DenseSpec(units: 17))], nil), ([.dense(DenseSpec(units: 40))], nil),
            (Self.convolution, Self.image), ([.convolution(ConvolutionSpec(channels: 130)), .flatten], Self.image),
        ] as [([LayerSpec], ImageShape?)] {
            let parameter = try weights(initializer, layers, image: image)[0]
            let outputs = parameter.shape.last ?? 1
            let inputs = parameter.values.count / outputs
            let values = parameter.flat
            let (fewer, length) = (min(inputs, outputs), max(inputs, outputs))
            func element(_ vector: Int, _ index: Int) -> Double {
                inputs <= outputs ? values[vector * outputs + index] : values[index * outputs + vector]
            }
            for a in 0..<fewer {
                for b in 0...a {
                    let product = (0..<length).reduce(0) { $0 + element(a, $1) * element(b, $1) } / (scale * scale)
                    #expect(abs(product - (a == b ? 1 : 0)) < 1e-6)
                }
            }
        }
    }

    @Test func `constant weights are all the same, and a unit's own initializer goes first`() throws {
        let all = try weights(
            Initializer(.constant, scale: 0.25),
            [.dense(DenseSpec(units: 6, initializer: Initializer(.constant, scale: -3))), .activation(.relu)]
        )
        #expect(all.map(\.name) == ["1.weights", "1.bias", "2.weights", "2.bias"])
        #expect(all[0].values.allSatisfy { $0 == -3 } && all[2].values.allSatisfy { $0 == 0.25 })
    }

    @Test func `gains and running variances start at one, shifts and running means at zero`() throws {
        let all = try weights(
            .he,
            [.dense(DenseSpec(units: 6)), .batchNorm(momentum: 0.1, epsilon: 1e-5), .layerNorm(epsilon: 1e-5)]
        )
        for parameter in all {
            let role = parameter.name.split(separator: ".").last
            let isOne = role == "gain" || role == "running_variance"
            let isZero = role == "bias" || role == "shift" || role == "running_mean"
            #expect(!isOne || parameter.values.allSatisfy { $0 == 1 })
            #expect(!isZero || parameter.values.allSatisfy { $0 == 0 })
        }
        #expect(all.count == 4 + 4 + 2)
    }

    @Test func `each layer and each seed draws numbers of its own`() throws {
        let layers = [LayerSpec.dense(DenseSpec(units: 40)), .dense(DenseSpec(units: 40))]
        let (first, second) = (try weights(.he, layers), try weights(.he, layers, seed: 9))
        #expect(first[0].values != first[2].values && first[0].values != second[0].values)
        // Norms and dropout between them draw nothing.
        let between = try weights(.he, [layers[0], .batchNorm(momentum: 0.1, epsilon: 1e-5), .dropout(0.5), layers[1]])
        #expect(
            between.filter { $0.name.hasSuffix("weights") }.map(\.values)
                == first.filter { $0.name.hasSuffix("weights") }.map(\.values)
        )
    }

    /// The first versions' numbers: a sweep that was begun then goes on with the same weights.
    @Test func `the digits of He's and Glorot's uniform weights are those of the first versions`() throws {
        let he = try weights(.he, Self.dense)[0].values.prefix(4).map(\.bitPattern)
        let glorot = try weights(.glorot, Self.dense)[0].values.prefix(4).map(\.bitPattern)
        #expect(he == [1_053_076_192, 1_049_598_396, 3_195_153_105, 1_041_564_472])
        #expect(glorot == [1_047_343_261, 1_043_148_882, 3_188_852_808, 1_035_188_039])
    }
}
