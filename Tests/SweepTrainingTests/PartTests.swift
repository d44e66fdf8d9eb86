import KernelAPI
import SweepCore
import SweepKernels
import SweepTraining
import Testing

/// Layers that take a batch through by parts, against the same with whole batches, which a team of threads has.
@Suite struct PartTests {
    struct Model: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let image: ImageShape
        let layers: [LayerSpec]
        /// Whether several layers compute by parts.
        var byParts = true
    }

    private static func convolution(_ channels: Int, _ kernel: Int = 3, stride: Int = 1, _ padding: Padding = .same)
        -> LayerSpec
    {
        .convolution(
            ConvolutionSpec(
                channels: channels,
                kernel: WindowSize(kernel),
                stride: WindowSize(stride),
                padding: padding
            )
        )
    }

    private static let withNorms = "batch norms that end runs and begin others"
    private static let batchNorm = LayerSpec.batchNorm(momentum: 0.1, epsilon: 1e-5)

    /// A part of the first has 3 samples, of the second 5.
    static let models: [Model] = [
        Model(
            testDescription: "convolution and pooling",
            image: ImageShape(height: 28, width: 28, channels: 1),
            layers: [convolution(32, 3, .valid), .activation(.relu), .maxPool(PoolSpec()), .flatten]
        ),
        Model(
            testDescription: "twice",
            image: ImageShape(height: 28, width: 28, channels: 1),
            layers: [
                convolution(16), .activation(.relu), .maxPool(PoolSpec()), convolution(32), .activation(.relu),
                .maxPool(PoolSpec()), .flatten,
            ]
        ),
        Model(
            testDescription: "strides, odd channels and averages",
            image: ImageShape(height: 33, width: 38, channels: 3),
            layers: [
                convolution(24, 5), .activation(.tanh), convolution(40, stride: 2), .activation(.relu),
                .averagePool(PoolSpec(size: WindowSize(3), stride: WindowSize(2))), convolution(17, 2, .valid),
                .flatten,
            ]
        ),
        Model(
            testDescription: "windows that overlap, an activation that keeps its input, one window at last",
            image: ImageShape(height: 25, width: 40, channels: 2),
            layers: [
                convolution(33, 1), .activation(.gelu), .maxPool(PoolSpec(size: WindowSize(3), stride: WindowSize(2))),
                convolution(64), .activation(.relu), .maxPool(PoolSpec(size: WindowSize(3), stride: WindowSize(1))),
                .globalAveragePool, .flatten,
            ]
        ),
        Model(
            testDescription: "a pooling first, between others dropout",
            image: ImageShape(height: 40, width: 40, channels: 17),
            layers: [
                .maxPool(PoolSpec()), convolution(48), .activation(.leakyRelu(slope: 0.1)), .averagePool(PoolSpec()),
                .dropout(0.2), convolution(16), .activation(.elu(alpha: 1)), .maxPool(PoolSpec()), .flatten,
            ]
        ),
        Model(
            testDescription: "a block between",
            image: ImageShape(height: 24, width: 24, channels: 3),
            layers: [
                convolution(32), .activation(.relu), .maxPool(PoolSpec()),
                .residual([convolution(32), .activation(.relu), convolution(32)]), convolution(16),
                .activation(.relu), .averagePool(PoolSpec()), .flatten,
            ]
        ),
        Model(
            testDescription: "norms between",
            image: ImageShape(height: 28, width: 28, channels: 1),
            layers: [
                convolution(32), .batchNorm(momentum: 0.1, epsilon: 1e-5), .activation(.relu), .maxPool(PoolSpec()),
                .layerNorm(epsilon: 1e-5), convolution(16), .activation(.relu), .flatten,
            ],
            byParts: false
        ),
        Model(
            testDescription: withNorms,
            image: ImageShape(height: 28, width: 28, channels: 1),
            layers: [
                convolution(16), batchNorm, .activation(.relu), .maxPool(PoolSpec()), convolution(32), batchNorm,
                .activation(.relu), .averagePool(PoolSpec()), .flatten,
            ]
        ),
        Model(
            testDescription: "batch norms first, one behind another, before another activation, a block and dropout",
            image: ImageShape(height: 20, width: 22, channels: 3),
            layers: [
                batchNorm, .activation(.relu), convolution(16), convolution(33), batchNorm, batchNorm,
                .activation(.tanh), .maxPool(PoolSpec()), batchNorm, .activation(.relu),
                .residual([batchNorm, .activation(.relu), convolution(33), batchNorm, .activation(.relu)]),
                convolution(16, stride: 2), batchNorm, .activation(.relu), .dropout(0.2), convolution(8), batchNorm,
                .globalAveragePool, batchNorm, .activation(.relu), .dense(DenseSpec(units: 12)), batchNorm,
                .activation(.relu),
            ]
        ),
        Model(
            testDescription: "poolings of all pixels and not, of no activation and others",
            image: ImageShape(height: 40, width: 36, channels: 1),
            layers: [
                convolution(16), .maxPool(PoolSpec()), convolution(33, 5), .activation(.relu), .maxPool(PoolSpec()),
                convolution(16, 2, .valid), .activation(.tanh), .maxPool(PoolSpec()), convolution(8),
                .activation(.relu), .averagePool(PoolSpec()), convolution(8), .activation(.relu), .flatten,
            ]
        ),
        Model(
            testDescription: "weights too large to pass by with each part",
            image: ImageShape(height: 8, width: 8, channels: 48),
            layers: [convolution(160), .activation(.relu), .maxPool(PoolSpec()), .flatten],
            byParts: false
        ),
    ]

    private static func spec(_ model: Model, batch: Int) -> TrainingSpec {
        makeSpec([], batchSize: batch).with { $0.model.layers = model.layers }
    }

    private static func data(_ model: Model) throws -> TrainingData {
        try SyntheticTask(rows: 130, validationRows: 30, classes: 10, image: model.image).make().data
    }

    @Test(arguments: models, [1, 3, 63, 64, 65])
    func `a run by parts has the bits of one by whole batches`(_ model: Model, _ batch: Int) throws {
        let data = try Self.data(model)
        func run(_ change: (inout TrainingSpec) -> Void) throws -> TrainingRun {
            let spec = Self.spec(model, batch: batch).with(change)
            return try TrainingRun(spec: spec, data: data, seed: 3, kernels: .selected())
        }
        let changes: [@Sendable (inout TrainingSpec) -> Void] = [
            { _ in }, { $0.accumulation = 2 }, { $0.clipNorm = 0.5 },
        ]
        for change in batch == 64 ? changes : [changes[0]] {
            let (parts, whole) = (
                try run(change),
                try run {
                    change(&$0)
                    $0.threads = 2
                }
            )
            for epoch in 1...(batch < 63 ? 1 : 2) {
                let (a, b) = (try #require(parts.trainEpoch()), try #require(whole.trainEpoch()))
                #expect(a.matches(b), "epoch \(epoch)")
            }
            #expect(parts.weightDigest == whole.weightDigest)
            #expect(parts.checkpoint() == whole.checkpoint())
            #expect(parts.predictions(.validation) == whole.predictions(.validation))
        }
    }

    /// A training pass leaves out what a convolution hands to its pooling: the search for the layer writes it.
    @Test(arguments: [Float.infinity, .nan])
    func `a run by parts names the layer whose output is not finite`(_ value: Float) throws {
        let model = Self.models[1]
        func notes(threads: Int) throws -> [TrialNote] {
            let task = SyntheticTask(rows: 130, validationRows: 30, classes: 10, image: model.image)
            let storage = try task.make().storage
            storage.features[5] = value
            let spec = Self.spec(model, batch: 130).with { $0.threads = threads }
            let run = try TrainingRun(spec: spec, data: task.wrap(storage).data, seed: 3, kernels: .selected())
            _ = run.trainEpoch()
            #expect(run.diverged)
            return run.takeNotes()
        }
        let found = try notes(threads: 1)
        #expect(found.map(\.text) == ["step 1 of the epoch: the output of layer 1 is not finite"])
        #expect(try notes(threads: 2) == found)
    }

    @Test(arguments: models)
    func `gradients of a part need the room of a part`(_ model: Model) throws {
        let data = try Self.data(model)
        func bytes(_ threads: Int) throws -> Int {
            do throws(TrainingError) {
                let spec = Self.spec(model, batch: 64).with { $0.threads = threads }
                _ = try TrainingRun(spec: spec, data: data, seed: 3, kernels: .reference, memoryLimit: 0)
            } catch .tooLarge(let bytes, _) {
                return bytes
            }
            return 0
        }
        let (parts, whole) = (try bytes(1), try bytes(2))
        #expect(whole > 0)
        #expect(model.byParts ? parts < whole : parts == whole)
    }

    /// The second convolution's gradient by its input, in parts, and every other number that a self-test judges.
    @Test(arguments: KernelTable.available, models.filter { ["twice", withNorms].contains($0.testDescription) })
    func `every instruction set has the same bits by parts`(_ table: KernelTable, _ model: Model) throws {
        let data = try Self.data(model)
        func run(_ kernels: KernelTable, _ threads: Int) throws -> TrainingRun {
            let spec = Self.spec(model, batch: 21).with { $0.threads = threads }
            return try TrainingRun(spec: spec, data: data, seed: 8, kernels: kernels, fenced: true)
        }
        let (parts, whole) = (try run(table, 1), try run(.selected(), 2))
        let rows = (0..<21).map { Int32($0) }
        let (a, b) = (parts.gradient(rows: rows), whole.gradient(rows: rows))
        #expect(a.map(\.name) == b.map(\.name))
        for (one, other) in zip(a, b) { #expect(one.values.map(\.bitPattern) == other.values.map(\.bitPattern)) }
        #expect(parts.brokenFence == nil)
    }
}
