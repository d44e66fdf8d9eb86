import KernelAPI
import SweepCore
import SweepKernels
import SweepNumerics
import SweepTraining
import Testing

/// Runs whose bits are compared.
struct BitCase: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var columns = 5
    var classes = 3
    var image: ImageShape?
    var spec: TrainingSpec
    var steps = 40
    /// The digest of all weights after `steps` steps; a change of it is a change of `TrainingCore.version`.
    var digest: UInt64

    static let all =
        perceptrons + images + settings + optimizers + augmentations + mixtures + samplings + losses + initializers

    static let perceptrons = [
        BitCase(
            testDescription: "relu, dropout, penalty, Adam, short last batch",
            columns: 20,
            classes: 10,
            spec: makeSpec([64, 33], dropout: 0.25, l2: 1e-3, batchSize: 28),
            digest: 0xd446_5156_ad00_881f
        ),
        BitCase(
            testDescription: "tanh, regression, momentum",
            columns: 7,
            classes: 0,
            spec: makeSpec([48, 16], .sgd(learningRate: 0.01, momentum: 0.9), activation: .tanh, initializer: .glorot),
            digest: 0x056e_7dbf_99b3_f64c
        ),
        BitCase(
            testDescription: "sigmoid, squared error of two classes, Adam",
            columns: 3,
            classes: 2,
            spec: makeSpec([5], activation: .sigmoid, loss: .meanSquaredError, batchSize: 9),
            digest: 0xe946_f842_457c_00dc
        ),
        BitCase(
            testDescription: "layer norm, gelu, dropout, AdamW",
            columns: 20,
            classes: 4,
            spec: makeSpec(
                [],
                OptimizerSpec(
                    .adam(beta1: 0.9, beta2: 0.99, epsilon: 1e-6, amsgrad: false),
                    learningRate: 1e-2,
                    decay: 0.1
                )
            ).with {
                $0.model = ModelSpec(
                    widths: [40, 17],
                    activation: .gelu,
                    dropout: 0.2,
                    norm: .layerNorm(epsilon: 1e-5)
                )
            },
            digest: 0xcc70_76c9_20ec_b774
        ),
    ]

    private static let activation = LayerSpec.activation(.relu)

    static let images = [
        BitCase(
            testDescription: "convolution, pool, convolution, pool, dense, dropout, Adam",
            image: ImageShape(height: 8, width: 9, channels: 1),
            spec: makeSpec(batchSize: 16).with {
                $0.model.layers = [
                    .convolution(ConvolutionSpec(channels: 8)), activation, .maxPool(PoolSpec()),
                    .convolution(ConvolutionSpec(channels: 17)), activation, .maxPool(PoolSpec()), .flatten,
                    .dense(DenseSpec(units: 20)), activation, .dropout(0.25),
                ]
            },
            digest: 0x091b_7e56_0a46_4f44
        ),
        BitCase(
            testDescription: "batch norm, strided residual blocks, average pool, momentum",
            image: ImageShape(height: 6, width: 7, channels: 3),
            spec: makeSpec([], .sgd(learningRate: 0.05, momentum: 0.9, nesterov: true), batchSize: 16).with {
                $0.model.layers = [
                    .convolution(ConvolutionSpec(channels: 6, bias: false)), .batchNorm(momentum: 0.1, epsilon: 1e-5),
                    activation,
                    .residual([
                        .convolution(ConvolutionSpec(channels: 10, stride: WindowSize(2))),
                        .batchNorm(momentum: 0.2, epsilon: 1e-4), .activation(.silu),
                        .convolution(ConvolutionSpec(channels: 10)),
                    ]), .activation(.leakyRelu(slope: 0.1)),
                    .averagePool(PoolSpec(size: WindowSize(2), stride: WindowSize(1))),
                    .residual([.convolution(ConvolutionSpec(channels: 10)), .dropout(0.1)]), .globalAveragePool,
                ]
                $0.l2 = 1e-3
            },
            digest: 0xaccb_6331_41c5_abae
        ),
    ]

    /// What a run remembers beside weights and moments.
    static let settings = [
        BitCase(
            testDescription: "averages, clipped norms, three batches a step, bounded norms",
            spec: makeSpec([12], dropout: 0.2, batchSize: 7).with {
                $0.accumulation = 3
                $0.averaging = 0.95
                $0.clipNorm = 0.5
                $0.clipValue = 0.3
                $0.maxNorm = 1.2
                $0.l1 = 1e-3
            },
            digest: 0xaa7a_3ae0_1f17_8607
        ),
        BitCase(
            testDescription: "restarts with other rules, one cycle, warm-up",
            spec: makeSpec([12], .sgd(learningRate: 0.05, momentum: 0.9), epochs: 8).with {
                $0.schedule = LearningRateSchedule(.oneCycle(rise: 0.3, start: 10, end: 100), warmup: .init(steps: 5))
                $0.restarts = [
                    OptimizerRestart(
                        epoch: 2,
                        optimizer: .adam(learningRate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-8)
                    ),
                    OptimizerRestart(
                        epoch: 4,
                        optimizer: OptimizerSpec(.lion(beta1: 0.9, beta2: 0.99), learningRate: 1e-3)
                    ),
                ]
            },
            digest: 0x811c_b0f8_8bc8_9db1
        ),
        BitCase(
            testDescription: "plateau and early stopping with the best weights, averaged, batch norm",
            spec: makeSpec([24], .adam(learningRate: 0.03, beta1: 0.9, beta2: 0.999, epsilon: 1e-8)).with {
                $0.model = ModelSpec(widths: [24], dropout: 0.1, norm: .batchNorm(momentum: 0.1, epsilon: 1e-5))
                $0.schedule = LearningRateSchedule(
                    .plateau(PlateauRule(metric: .trainingLoss, factor: 0.5, patience: 0, threshold: 0.2, cooldown: 1))
                )
                $0.averaging = 0.5
                $0.earlyStopping = EarlyStopping(patience: 2, minimalDelta: 0.05)
            },
            digest: 0x7c22_72ab_47ac_9b82
        ),
        BitCase(
            testDescription: "rise of batches, smoothed, focused and weighted classes",
            spec: makeSpec([12], .sgd(learningRate: 0.1, momentum: 0)).with {
                $0.schedule = LearningRateSchedule(.rise(RiseRule(factor: 0.9, afterEpoch: 1, onBatches: true)))
                $0.loss = LossSpec(.softmaxCrossEntropy, labelSmoothing: 0.1, focus: 1.5, classWeights: .balanced)
            },
            digest: 0xb181_3e30_9e5d_cf8c
        ),
        BitCase(
            testDescription: "binary cross-entropy of one output, softplus",
            classes: 2,
            spec: makeSpec(
                [12],
                activation: .softplus,
                loss: LossSpec(.binaryCrossEntropy, labelSmoothing: 0.1, focus: 2)
            ),
            digest: 0x2cb3_9c6d_9e0a_94c1
        ),
        BitCase(
            testDescription: "Huber's loss, elu, selu",
            classes: 0,
            spec: makeSpec([], loss: LossSpec(.huber, delta: 0.5)).with {
                $0.model.layers = [
                    .dense(DenseSpec(units: 20)), .activation(.elu(alpha: 1.5)), .dense(DenseSpec(units: 9)),
                    .activation(.selu),
                ]
            },
            digest: 0xdecd_addb_30f0_4d95
        ),
        BitCase(
            testDescription: "restarts of dampening, of sums that begin above zero and of rates that fall",
            spec: makeSpec([12], .sgd(learningRate: 0.05, momentum: 0.9, dampening: 0.5), l2: 1e-3, epochs: 8).with {
                let sums = OptimizerSpec(
                    .adagrad(epsilon: 1e-8, learningRateDecay: 0.1, initialAccumulator: 0.05),
                    learningRate: 0.05
                )
                $0.restarts = [
                    OptimizerRestart(epoch: 2, optimizer: sums), OptimizerRestart(epoch: 3, optimizer: sums),
                    OptimizerRestart(epoch: 5, optimizer: $0.optimizer),
                ]
            },
            digest: 0x15cb_bce2_bff9_abf1
        ),
    ]

    /// One for each of the rules, in their order.
    private static let digests: [UInt64] = [
        0x81da_0cf1_5090_c581, 0x1924_45a3_d39d_c836, 0xdad7_6853_79d4_76d3, 0x8127_4b53_8e63_1853,
        0x3152_2a18_7baf_cdd8, 0xb580_0c2d_169e_4982, 0x2156_4435_caa9_ada5, 0xd8c4_ea0f_3b66_4833,
        0xec32_f8c1_091c_dd6f, 0x9ca7_01eb_5deb_bc46, 0x38c6_0828_0985_570d, 0x86e8_be6f_1a4c_eab1,
        0x6367_78d5_4883_1ccc, 0x70d6_2498_4397_3f8a, 0x5388_b370_02c0_f43e, 0xd176_8c41_2184_2895,
        0x315f_ecd1_94f5_9b44, 0xa5a0_ded4_ea32_51df,
    ]

    static let optimizers = zip(CurveSetting.optimizers, digests).map { optimizer, digest in
        BitCase(
            testDescription: "\(optimizer)",
            spec: makeSpec([20], optimizer, activation: .tanh, l2: 1e-3),
            digest: digest
        )
    }

    func makeRun(_ kernels: KernelTable, seed: UInt64 = 21, fenced: Bool = false) throws -> TrainingRun {
        let data = try SyntheticTask(
            rows: 90,
            validationRows: 30,
            columns: columns,
            classes: classes,
            image: image
        ).make().data
        return try TrainingRun(spec: spec, data: data, seed: seed, kernels: kernels, fenced: fenced)
    }
}

extension TrainingRun {
    /// Of all weights and biases, layer by layer.
    var weightDigest: UInt64 {
        var hash = StableHash()
        for parameter in parameters() {
            for value in parameter.values { hash.combine(UInt64(value.bitPattern)) }
        }
        return hash.value
    }
}

@Suite struct DeterminismTests {
    @Test func `every optimizer has a recorded digest`() {
        #expect(BitCase.optimizers.count == CurveSetting.optimizers.count)
    }

    @Test func `every kind of optimizer, loss, augmentation, sampling and initializer has a recorded digest`() {
        let specs = BitCase.all.map(\.spec)
        #expect(Set(specs.map(\.optimizer.rule.kindNumber)) == Set(OptimizerRule.kindNumbers))
        #expect(Set(specs.compactMap(\.loss?.kind)) == Set(LossKind.allCases))
        #expect(Set(specs.flatMap(\.augment).map(\.kindNumber)) == Set(AugmentStep.kindNumbers))
        #expect(Set(specs.map(\.sampling.kindNumber)) == Set(Sampling.kindNumbers))
        let own = specs.flatMap(\.model.layers).compactMap { layer -> Initializer.Kind? in
            if case .dense(let dense) = layer { return dense.initializer?.kind }
            return nil
        }
        #expect(Set(own) == Set(Initializer.Kind.allCases))
        // Rows that are alike would hold nothing apart; but a shift by up to two pixels with zeros is pad_crop by two.
        #expect(Set(BitCase.all.map(\.digest)).count == BitCase.all.count - 1)
    }

    @Test(arguments: BitCase.all)
    func `weights after some steps have the recorded bits`(_ bitCase: BitCase) throws {
        let run = try bitCase.makeRun(.selected())
        for _ in 0..<bitCase.steps { run.step() }
        #expect(run.weightDigest == bitCase.digest, "\(bitCase): 0x\(String(run.weightDigest, radix: 16))")
    }

    @Test(arguments: BitCase.all, KernelTable.available.map(\.name))
    func `every kernel table trains the same bits`(_ bitCase: BitCase, _ table: String) throws {
        let expected = try bitCase.makeRun(.reference)
        let found = try bitCase.makeRun(.selected(override: table))
        for epoch in 1...3 {
            let (a, b) = (try #require(expected.trainEpoch()), try #require(found.trainEpoch()))
            #expect(a.matches(b), "epoch \(epoch) on \(table)")
        }
        #expect(expected.checkpoint() == found.checkpoint())
        #expect(expected.takeNotes() == found.takeNotes())
    }

    /// Trains on two tables and compares all weights now and then, and the losses of each step.
    private func compare(_ bitCase: BitCase, _ tables: (String, String), steps: Int) throws {
        let (a, b) = (
            try bitCase.makeRun(.selected(override: tables.0)), try bitCase.makeRun(.selected(override: tables.1))
        )
        for step in 1...steps {
            #expect(a.step().bitPattern == b.step().bitPattern, "step \(step)")
            if step % 100 == 0 || step == steps { try #require(a.weightDigest == b.weightDigest, "step \(step)") }
        }
        #expect(!a.diverged)
    }

    @Test(
        .enabled(
            if: KernelTable.available.contains { $0.name == "v4" },
            "SKIPPED: this processor lacks AVX-512: v3 and v4 are not compared"
        ),
        arguments: BitCase.perceptrons + BitCase.images
    )
    func `v3 and v4 agree over a thousand steps`(_ bitCase: BitCase) throws {
        try compare(bitCase, ("v3", "v4"), steps: 1000)
    }

    @Test(
        .enabled(
            if: KernelTable.available.contains { $0.name == "v3" },
            "SKIPPED: this processor lacks AVX2: v2 and v3 are not compared"
        ),
        arguments: BitCase.perceptrons + BitCase.images
    )
    func `v2 and v3 agree over fifty steps`(_ bitCase: BitCase) throws {
        try compare(bitCase, ("v2", "v3"), steps: 50)
    }

    @Test(arguments: LongRun.all)
    func `weights after a thousand steps have the recorded bits`(_ long: LongRun) throws {
        try follow(long, .selected())
    }

    @Test(
        .enabled(if: LongRun.isAskedFor, "only where SWEEPD_LONG_DIGESTS asks for it: make digests-long"),
        arguments: LongRun.all,
        LongRun.tables
    )
    func `every kernel table has the recorded bits after a thousand steps`(_ long: LongRun, _ table: String) throws {
        try follow(long, LongRun.table(table))
    }

    private func follow(_ long: LongRun, _ kernels: KernelTable) throws {
        let run = try long.bitCase.makeRun(kernels)
        for _ in 0..<LongRun.steps { run.step() }
        let digest = run.weightDigest
        #expect(digest == long.digest, "\(long.testDescription), \(kernels.name): 0x\(String(digest, radix: 16))")
        #expect(!run.diverged)
    }

    @Test(arguments: BitCase.all)
    func `the same seed gives the same bits and another seed others`(_ bitCase: BitCase) throws {
        let runs = try [21, 21, 22].map { try bitCase.makeRun(.selected(), seed: $0) }
        let curves = runs.map { run in (0..<3).compactMap { _ in run.trainEpoch() } }
        #expect(zip(curves[0], curves[1]).allSatisfy { $0.matches($1) })
        #expect(runs[0].parameters() == runs[1].parameters())
        #expect(runs[0].parameters() != runs[2].parameters())
    }

    @Test(arguments: BitCase.all)
    func `an epoch stopped at any step and continued gives the bits of one never stopped`(_ bitCase: BitCase) throws {
        let (whole, stopped) = (try bitCase.makeRun(.selected()), try bitCase.makeRun(.selected()))
        for _ in 0..<3 {
            guard let expected = whole.trainEpoch() else { break }
            var found: Observation?
            var attempts = 0
            while found == nil {
                var asked = 0
                // Stops before every second step, before the first and before measuring too.
                found = stopped.trainEpoch {
                    asked += 1
                    return asked > 1
                }
                attempts += 1
                #expect(found != nil || stopped.checkpoint() == nil || asked == 1)
                if attempts > whole.stepsPerEpoch + 2 { found = stopped.trainEpoch() }
            }
            #expect(try #require(found).matches(expected))
        }
        #expect(whole.checkpoint() == stopped.checkpoint())
    }

    @Test func `each epoch visits every training row once, in an order of its own`() throws {
        let run = try BitCase.all[0].makeRun(.selected())
        let orders = (0..<5).map { run.rowOrder(epoch: $0) }
        for order in orders { #expect(order.sorted() == run.data.rows(.training)) }
        #expect(Set(orders).count == 5)
        let other = try BitCase.all[0].makeRun(.selected(), seed: 22)
        #expect(other.rowOrder(epoch: 0) != orders[0])
        _ = run.trainEpoch()
        #expect((0..<5).map { run.rowOrder(epoch: $0) } == orders)
    }
}
