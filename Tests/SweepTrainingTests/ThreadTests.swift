import KernelAPI
import SweepCore
import SweepKernels
import SweepTraining
import Synchronization
import Testing

@Suite struct ThreadTests {
    /// Large enough that the products, the convolutions and the updates are shared.
    private static let specs: [(name: String, spec: TrainingSpec, image: ImageShape?)] = [
        ("a perceptron", makeSpec([256, 192], dropout: 0.2, l2: 1e-3, batchSize: 64), nil),
        // Its weight gradients are computed from copies, each member's in a place of its own.
        ("a wide perceptron", makeSpec([528, 512], batchSize: 128), nil),
        (
            "few columns, many rows",
            makeSpec([24], .sgd(learningRate: 0.05, momentum: 0.9), batchSize: 512).with { $0.clipNorm = 1 }, nil
        ),
        (
            "a convolutional network",
            makeSpec([], batchSize: 32).with {
                $0.model.layers = [
                    .convolution(ConvolutionSpec(channels: 32)), .activation(.relu), .maxPool(PoolSpec()),
                    .convolution(ConvolutionSpec(channels: 48, stride: WindowSize(2))),
                    .batchNorm(momentum: 0.1, epsilon: 1e-5), .activation(.tanh), .flatten,
                ]
            }, ImageShape(height: 16, width: 14, channels: 3)
        ),
        // Its norms, poolings and activations are shared, forward and backward.
        (
            "norms, poolings and activations",
            makeSpec([], .sgd(learningRate: 0.05, momentum: 0.9), batchSize: 32).with {
                $0.model.layers = [
                    .convolution(ConvolutionSpec(channels: 40)), .batchNorm(momentum: 0.1, epsilon: 1e-5),
                    .activation(.relu), .dropout(0.1), .activation(.gelu),
                    .averagePool(PoolSpec(size: WindowSize(3), stride: WindowSize(1))),
                    .activation(.leakyRelu(slope: 0.1)), .layerNorm(epsilon: 1e-5),
                    .residual([.convolution(ConvolutionSpec(channels: 40))]), .activation(.relu), .maxPool(PoolSpec()),
                    .flatten,
                ]
                $0.averaging = 0.9
                $0.maxNorm = 2
            }, ImageShape(height: 20, width: 22, channels: 3)
        ),
    ]

    private static let rules: [OptimizerRule] = [
        .sgd(momentum: 0.9, nesterov: true), .adam(beta1: 0.9, beta2: 0.99, epsilon: 1e-8, amsgrad: true),
        .rmsprop(alpha: 0.9, epsilon: 1e-8, momentum: 0, centered: false),
        .rmsprop(alpha: 0.9, epsilon: 1e-8, momentum: 0.9, centered: true), .adagrad(epsilon: 1e-10),
        .lion(beta1: 0.9, beta2: 0.99), .nadam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8, momentumDecay: 0.004),
    ]

    @Test(arguments: rules)
    func `every optimizer has the same bits for any number of threads`(_ rule: OptimizerRule) throws {
        let data = try SyntheticTask(rows: 200, validationRows: 20, columns: 300, classes: 10).make().data
        func run(_ threads: Int) throws -> TrainingRun {
            let spec = makeSpec([256], batchSize: 32).with {
                $0.optimizer.rule = rule
                $0.accumulation = 2
                $0.averaging = 0.9
                $0.l1 = 1e-4
                $0.threads = threads
            }
            return try TrainingRun(spec: spec, data: data, seed: 5, kernels: .selected())
        }
        let (alone, shared) = (try run(1), try run(3))
        for _ in 1...2 {
            #expect((try #require(alone.trainEpoch())).matches(try #require(shared.trainEpoch())))
        }
        #expect(alone.checkpoint() == shared.checkpoint())
    }

    /// What each kernel does is left out: who is called is told by counts.
    @Test func `a large update is shared whatever its rule, a small one or one that measures is not`() {
        let calls = Counter()
        let table = KernelTable.reference.replacing(
            transposePanels: { _ in calls.add() },
            sumColumns: { _ in calls.add() },
            updateWithMomentum: { _ in calls.update() },
            updateWithAdam: { _ in calls.update() },
            updateWithRMSprop: { _ in calls.update() },
            updateWithAdagrad: { _ in calls.update() },
            updateWithLion: { _ in calls.update() },
            updateWithNAdam: { _ in calls.update() },
            averageWeights: { _ in calls.add() },
            accumulate: { _ in calls.add() },
            limitColumnNorms: { _ in calls.add() }
        )
        let shared = table.shared(by: ThreadTeam(count: 3))
        let arena = Arena()
        let place = arena.floats(16).baseAddress!
        func count(_ work: () -> Void) -> Int {
            let before = calls.value
            work()
            return calls.value - before
        }
        for (elements, measures, members) in [(1 << 16, false, 3), (1 << 16, true, 1), (1 << 14, false, 1)] {
            let terms = UpdateTerms(measures: measures)
            let found = [
                count {
                    _ = shared.updateWithMomentum(
                        MomentumUpdate(
                            count: elements,
                            gradient: place,
                            weights: place,
                            velocity: place,
                            learningRate: 1,
                            momentum: 0,
                            terms: terms
                        )
                    )
                },
                count {
                    _ = shared.updateWithAdam(
                        AdamUpdate(
                            count: elements,
                            gradient: place,
                            weights: place,
                            firstMoment: place,
                            secondMoment: place,
                            learningRate: 1,
                            beta1: 0,
                            beta2: 0,
                            epsilon: 1,
                            correction1: 1,
                            correction2: 1,
                            terms: terms
                        )
                    )
                },
                count {
                    _ = shared.updateWithRMSprop(
                        RMSpropUpdate(
                            count: elements,
                            gradient: place,
                            weights: place,
                            secondMoment: place,
                            learningRate: 1,
                            terms: terms
                        )
                    )
                },
                count {
                    _ = shared.updateWithAdagrad(
                        AdagradUpdate(
                            count: elements,
                            gradient: place,
                            weights: place,
                            squareSum: place,
                            learningRate: 1,
                            terms: terms
                        )
                    )
                },
                count {
                    _ = shared.updateWithLion(
                        LionUpdate(
                            count: elements,
                            gradient: place,
                            weights: place,
                            moment: place,
                            learningRate: 1,
                            beta1: 0,
                            beta2: 0,
                            terms: terms
                        )
                    )
                },
                count {
                    _ = shared.updateWithNAdam(
                        NAdamUpdate(
                            count: elements,
                            gradient: place,
                            weights: place,
                            firstMoment: place,
                            secondMoment: place,
                            learningRate: 1,
                            beta1: 0,
                            beta2: 0,
                            epsilon: 1,
                            gradientFactor: 1,
                            momentFactor: 1,
                            correction2: 1,
                            terms: terms
                        )
                    )
                },
            ]
            #expect(found.allSatisfy { $0 == members }, "\(elements), \(measures): \(found)")
        }
        for (elements, members) in [(1 << 16, 3), (1 << 14, 1)] {
            #expect(
                count {
                    shared.averageWeights(WeightAverage(count: elements, average: place, weights: place, decay: 0))
                } == members
            )
            #expect(
                count { shared.accumulate(Accumulation(count: elements, source: place, destination: place)) } == members
            )
            let rows = elements / 64
            let columns = [
                count {
                    shared.transposePanels(PanelTranspose(rows: rows, columns: 64, source: place, destination: place))
                },
                count {
                    shared.sumColumns(ColumnSums(rows: rows, columns: 64, values: place, stride: 64, sums: place))
                },
                count { shared.limitColumnNorms(ColumnNormLimit(rows: rows, columns: 64, weights: place, limit: 1)) },
            ]
            #expect(columns.allSatisfy { $0 == members }, "\(columns)")
        }
    }

    /// Batch norms by channels, poolings by samples, activations by rows; too few of either, or too small: by the caller.
    @Test func `large norms, poolings and activations are shared`() {
        let calls = Counter()
        let table = KernelTable.reference.replacing(
            activate: { _ in calls.add() },
            dropOut: { _ in calls.add() },
            poolMax: { _ in calls.add() },
            normalizeBatch: { _ in calls.add() },
            normalizeBatchEvaluation: { _ in calls.add() },
            normalizeBatchGradient: { _ in calls.add() }
        )
        let shared = table.shared(by: ThreadTeam(count: 3))
        let arena = Arena()
        let place = arena.floats(16).baseAddress!
        let none = ImageLayout(pixelStride: 0, rowStride: 0, sampleStride: 0)
        func count(_ work: () -> Void) -> Int {
            let before = calls.value
            work()
            return calls.value - before
        }
        for (batch, channels, members) in [(64, 48, 3), (64, 32, 2), (200, 16, 1), (2, 48, 1)] {
            let forward = count {
                shared.normalizeBatch(
                    BatchNormalization(
                        batch: batch,
                        height: 8,
                        width: 8,
                        channels: channels,
                        input: place,
                        inputLayout: none,
                        gain: place,
                        shift: place,
                        epsilon: 1,
                        momentum: 0,
                        mean: place,
                        inverseDeviation: place,
                        runningMean: place,
                        runningVariance: place,
                        output: place,
                        outputLayout: none
                    )
                )
            }
            let evaluated = count {
                shared.normalizeBatchEvaluation(
                    BatchNormalizationEvaluation(
                        batch: batch,
                        height: 8,
                        width: 8,
                        channels: channels,
                        input: place,
                        inputLayout: none,
                        gain: place,
                        shift: place,
                        runningMean: place,
                        runningVariance: place,
                        epsilon: 1,
                        output: place,
                        outputLayout: none
                    )
                )
            }
            let backward = count {
                shared.normalizeBatchGradient(
                    BatchNormalizationGradient(
                        batch: batch,
                        height: 8,
                        width: 8,
                        channels: channels,
                        input: place,
                        inputLayout: none,
                        outputGradient: place,
                        outputGradientLayout: none,
                        gain: place,
                        mean: place,
                        inverseDeviation: place,
                        gainGradient: place,
                        shiftGradient: place,
                        inputGradient: place,
                        inputGradientLayout: none
                    )
                )
            }
            #expect([forward, evaluated, backward] == [members, members, members], "\(batch), \(channels)")
        }
        for (batch, members) in [(64, 3), (2, 1)] {
            let pooled = count {
                shared.poolMax(
                    MaxPool(
                        shape: PoolShape(globalOver: batch, height: 8, width: 8, channels: 16),
                        input: place,
                        inputLayout: none,
                        output: place,
                        outputLayout: none,
                        codes: nil
                    )
                )
            }
            let activated = count {
                shared.activate(
                    KernelAPI.Activation(
                        function: .gelu,
                        rows: batch,
                        columns: 1024,
                        source: place,
                        sourceStride: 0,
                        destination: place,
                        destinationStride: 0
                    )
                )
            }
            let dropped = count {
                shared.dropOut(
                    Dropout(
                        rate: 0.5,
                        seed: 1,
                        step: 1,
                        layer: 0,
                        rows: batch,
                        columns: 1024,
                        source: place,
                        sourceStride: 0,
                        destination: place,
                        destinationStride: 0
                    )
                )
            }
            #expect([pooled, activated, dropped] == [members, members, members], "\(batch)")
        }
    }

    @Test(arguments: [2, 3, 5], 0..<5)
    func `a run has the same bits for any number of threads`(_ threads: Int, _ index: Int) throws {
        let (name, spec, image) = Self.specs[index]
        let data = try SyntheticTask(rows: 600, validationRows: 40, columns: 300, classes: 10, image: image).make().data
        func run(_ threads: Int) throws -> TrainingRun {
            try TrainingRun(spec: spec.with { $0.threads = threads }, data: data, seed: 5, kernels: .selected())
        }
        let (alone, shared) = (try run(1), try run(threads))
        for epoch in 1...2 {
            let (a, b) = (try #require(alone.trainEpoch()), try #require(shared.trainEpoch()))
            #expect(a.matches(b), "\(name), \(threads) threads, epoch \(epoch)")
        }
        #expect(alone.weightDigest == shared.weightDigest)
        // A checkpoint of the one goes on as the other.
        #expect(alone.checkpoint() == shared.checkpoint())
    }

    @Test func `each member of a team is called once each time, and none when the team has ended`() {
        for count in [1, 2, 4] {
            let calls = (0..<count).map { _ in Counter() }
            do {
                let team = ThreadTeam(count: count)
                for _ in 0..<500 { team.run(Counting(calls: calls)) }
            }
            #expect(calls.allSatisfy { $0.value == 500 }, "\(count) members")
        }
    }

    /// A member's part is to count its own calls.
    private struct Counting: SharedWork {
        let calls: [Counter]
        func perform(_ member: Int) { calls[member].add() }
    }

    private final class Counter: Sendable {
        private let calls = Atomic(0)
        var value: Int { calls.load(ordering: .sequentiallyConsistent) }
        func add() { calls.add(1, ordering: .relaxed) }

        /// Counts a call of an update.
        func update() -> UpdateNorms {
            add()
            return UpdateNorms()
        }
    }
}
