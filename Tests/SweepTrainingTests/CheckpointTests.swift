import KernelAPI
import SweepCore
import SweepKernels
import SweepNumerics
import SweepTraining
import Testing

@Suite struct CheckpointTests {
    @Test(arguments: BitCase.all)
    func `a run restored after every epoch gives the bits of one never interrupted`(_ bitCase: BitCase) throws {
        let whole = try bitCase.makeRun(.selected())
        var part = try bitCase.makeRun(.selected())
        for epoch in 1...6 {
            guard let a = whole.trainEpoch() else {
                // Early stopping ended both, and the part that was restored knows it.
                #expect(whole.stoppedEarly && part.stoppedEarly && part.trainEpoch() == nil)
                break
            }
            let b = try #require(part.trainEpoch())
            #expect(a.matches(b) && b.epoch == epoch)
            #expect(whole.takeNotes() == part.takeNotes())
            let bytes = try #require(part.checkpoint())
            #expect(bytes == whole.checkpoint())
            part = try TrainingRun(
                restoring: bytes,
                spec: part.spec,
                data: part.data,
                seed: part.seed,
                kernels: epoch % 2 == 0 ? .reference : .selected()
            )
            #expect(part.epoch == epoch && part.checkpoint() == bytes)
        }
        #expect(whole.parameters() == part.parameters())
        #expect(whole.measuredParameters() == part.measuredParameters())
    }

    @Test func `one of the runs that are restored stops early, and others reduce their rate`() throws {
        let stopping = try #require(BitCase.settings.first { $0.spec.earlyStopping != nil }).makeRun(.selected())
        for _ in 0..<6 { _ = stopping.trainEpoch() }
        #expect(stopping.stoppedEarly && stopping.takeNotes().contains { $0.text.hasPrefix("learning rate reduced") })
    }

    @Test func `there is a checkpoint before the first epoch and none within one`() throws {
        let run = try BitCase.all[0].makeRun(.selected())
        let first = try #require(run.checkpoint())
        let restored = try restore(first, like: run)
        #expect(restored.parameters() == run.parameters())
        run.step()
        #expect(run.checkpoint() == nil)
    }

    private func restore(_ bytes: [UInt8], like run: TrainingRun) throws -> TrainingRun {
        try TrainingRun(restoring: bytes, spec: run.spec, data: run.data, seed: run.seed, kernels: .selected())
    }

    @Test func `a checkpoint of another specification, other data or another seed is refused`() throws {
        let task = SyntheticTask(rows: 40, validationRows: 8)
        let data = try task.make().data
        let base = makeSpec([8])
        let run = try TrainingRun(spec: base, data: data, seed: 1, kernels: .selected())
        _ = run.trainEpoch()
        let bytes = try #require(run.checkpoint())
        func refusal(_ spec: TrainingSpec, _ data: TrainingData, _ seed: UInt64) -> TrainingError? {
            do throws(TrainingError) {
                _ = try TrainingRun(restoring: bytes, spec: spec, data: data, seed: seed, kernels: .reference)
                return nil
            } catch {
                return error
            }
        }
        #expect(refusal(base, data, 1) == nil)
        #expect(refusal(base, try task.make().data, 1) == nil)
        var longer = base
        longer.epochs = 99
        #expect(refusal(longer, data, 1) == nil)
        var threaded = base
        threaded.threads = 2
        #expect(refusal(threaded, data, 1) == nil)
        // The loss that classes have without one being named.
        #expect(refusal(base.with { $0.loss = .softmaxCrossEntropy }, data, 1) == nil)
        var others: [(TrainingSpec, TrainingData, UInt64)] = [(base, data, 2)]
        for change in [
            { $0.model = ModelSpec(widths: [9]) }, { $0.model = ModelSpec(widths: [8], activation: .tanh) },
            { $0.model = ModelSpec(widths: [8], dropout: 0.1) }, { $0.l2 = 0.5 },
            { $0.batchSize = 17 }, { $0.initializer = .glorot },
            { $0.optimizer = .adam(learningRate: 2e-2, beta1: 0.9, beta2: 0.999, epsilon: 1e-8) },
            { $0.optimizer = .sgd(learningRate: 1e-2, momentum: 0.9) }, { $0.optimizer.decay = 0.1 },
            { $0.optimizer.rule = .adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8, amsgrad: true) },
            { $0.model.layers.append(.activation(.linear)) }, { $0.loss = .meanSquaredError },
            { $0.loss = LossSpec(.softmaxCrossEntropy, labelSmoothing: 0.1) },
            { $0.loss = LossSpec(.softmaxCrossEntropy, classWeights: .listed([1, 1, 1])) },
            { $0.l1 = 0.1 }, { $0.penalizesBiases = true }, { $0.maxNorm = 3 }, { $0.clipNorm = 3 },
            { $0.clipValue = 3 }, { $0.accumulation = 2 }, { $0.averaging = 0.9 },
            { $0.earlyStopping = EarlyStopping(patience: 5) },
            { $0.schedule = LearningRateSchedule(.exponential(factor: 0.9)) },
            { $0.schedule = LearningRateSchedule(.constant, warmup: .init(steps: 5)) },
            { $0.restarts = [OptimizerRestart(epoch: 5, optimizer: .sgd(learningRate: 0.1, momentum: 0))] },
            { $0.initializer = Initializer(.he, distribution: .normal) }, { $0.initializer.scale = 2 },
        ] as [(inout TrainingSpec) -> Void] {
            var other = base
            change(&other)
            others.append((other, data, 1))
        }
        var changed = task
        changed.seed = 2
        others.append((base, try changed.make().data, 1))
        let storage = try task.make().storage
        storage.features[storage.rowStride * 3 + 2] = storage.features[storage.rowStride * 3 + 2].nextUp
        others.append((base, try task.wrap(storage).data, 1))
        for (spec, data, seed) in others {
            let error = refusal(spec, data, seed)
            guard case .checkpoint(.otherRun) = error else {
                Issue.record("\(spec) seed \(seed): \(String(describing: error))")
                continue
            }
        }
    }

    /// The digests are those of the core before it had these settings: its checkpoints are still read.
    @Test func `a setting of an optimizer counts where it is not its default`() throws {
        let data = try SyntheticTask(rows: 40, validationRows: 8).make().data
        func digest(_ rule: OptimizerRule) throws -> UInt64 {
            let spec = makeSpec([8], OptimizerSpec(rule, learningRate: 0.01))
            return try TrainingRun(spec: spec, data: data, seed: 1, kernels: .selected()).digest
        }
        let known: [(OptimizerRule, UInt64)] = [
            (.sgd(momentum: 0.9, dampening: 0, nesterov: false), 0x8676_0813_96cc_ff7b),
            (.sgd(momentum: 0.9, dampening: 0, nesterov: true), 0xe755_c9e4_18b9_e854),
            (.adagrad(epsilon: 1e-10, learningRateDecay: 0, initialAccumulator: 0), 0xafa1_d6ab_ed6d_00ba),
            (.nadam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8, momentumDecay: 0.004), 0xf430_c31a_6770_9a19),
        ]
        for (rule, expected) in known { #expect(try digest(rule) == expected, "\(rule)") }
        let others = try [
            OptimizerRule.sgd(momentum: 0.9, dampening: 0.1, nesterov: false),
            .sgd(momentum: 0.9, dampening: 0.2, nesterov: false),
            .adagrad(epsilon: 1e-10, learningRateDecay: 0.1), .adagrad(epsilon: 1e-10, initialAccumulator: 0.1),
            .nadam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8, momentumDecay: 0.1),
        ].map(digest)
        #expect(Set(others + known.map(\.1)).count == others.count + known.count)
    }

    @Test func `truncated, longer and changed bytes are refused with a reason`() throws {
        let run = try BitCase.all[2].makeRun(.selected())
        _ = run.trainEpoch()
        let bytes = try #require(run.checkpoint())
        func reason(_ bytes: [UInt8]) -> TrainingError? {
            do throws(TrainingError) {
                _ = try TrainingRun(
                    restoring: bytes,
                    spec: run.spec,
                    data: run.data,
                    seed: run.seed,
                    kernels: .reference
                )
                return nil
            } catch {
                return error
            }
        }
        #expect(reason([]) == .checkpoint(.notACheckpoint))
        #expect(reason(bytes) == nil)
        for length in 0..<bytes.count { #expect(reason(Array(bytes.prefix(length))) != nil, "\(length) bytes") }
        #expect(reason(bytes + [0]) == .checkpoint(.damaged))
        for place in bytes.indices {
            var changed = bytes
            changed[place] ^= 1 << UInt8(place % 8)
            #expect(reason(changed) != nil, "byte \(place)")
        }
        var other = bytes
        other[8] = 9
        #expect(reason(other) == .checkpoint(.unknownVersion(9)))
        other = CheckpointFormat.sealed(bytes.dropLast(8))
        #expect(other == bytes)
        other[12] = 77
        #expect(
            reason(CheckpointFormat.sealed(other.dropLast(8)))
                == .checkpoint(.otherCore(found: 77, expected: TrainingCore.version))
        )
        #expect(
            reason(CheckpointFormat.sealed(bytes.dropLast(12)))
                == .checkpoint(.wrongSize(found: bytes.count - 4, expected: bytes.count))
        )
    }

    /// The least of each kind: perceptron, convolutions with batch norm, and everything else a checkpoint may hold.
    @Test(arguments: [BitCase.perceptrons[2], BitCase.images[1]] + BitCase.settings)
    func `forged bytes with a right checksum never trap`(_ bitCase: BitCase) throws {
        let run = try bitCase.makeRun(.selected())
        for _ in 0..<2 { _ = run.trainEpoch() }
        let content = Array(try #require(run.checkpoint()).dropLast(8))
        let seed: UInt64 = 40
        var stream = RandomStream(key: seed)
        for round in 0..<300 {
            var forged = content
            for _ in 0...stream.below(6) {
                // The first rounds aim at the header, the others anywhere.
                let place = round < 150 ? 8 + stream.below(144) : stream.below(forged.count)
                forged[place] = UInt8(truncatingIfNeeded: stream.next())
            }
            if stream.below(4) == 0 { forged.removeLast(stream.below(forged.count)) }
            let bytes = CheckpointFormat.sealed(forged)
            if let restored = try? restore(bytes, like: run) {
                let observation = restored.trainEpoch()
                #expect(observation != nil || restored.stoppedEarly, "seed \(seed), round \(round)")
            }
        }
    }

    @Test func `what an impossible counter would do is refused`() throws {
        let run = try BitCase.settings[2].makeRun(.selected())
        _ = run.trainEpoch()
        let content = Array(try #require(run.checkpoint()).dropLast(8))
        /// The header's words from the epochs on: steps, powers, schedule, early stopping.
        func refusal(_ word: Int, _ value: UInt64) -> TrainingError? {
            var forged = content
            withUnsafeBytes(of: value.littleEndian) {
                forged.replaceSubrange((24 + 8 * word)..<(32 + 8 * word), with: $0)
            }
            do throws(TrainingError) {
                _ = try TrainingRun(
                    restoring: CheckpointFormat.sealed(forged),
                    spec: run.spec,
                    data: run.data,
                    seed: run.seed,
                    kernels: .reference
                )
                return nil
            } catch {
                return error
            }
        }
        #expect(refusal(0, 1) == nil)
        for (word, value) in [
            (0, .max), (0, 1_000_001), (1, .max), (2, Double.nan.bitPattern), (3, 2.0.bitPattern),
            (4, Double.infinity.bitPattern), (4, (-1.0).bitPattern), (6, .max), (7, 1 << 60), (9, .max), (11, 2),
            (12, .max), (13, 2),
        ] as [(Int, UInt64)] {
            #expect(refusal(word, value) == .checkpoint(.impossibleState), "word \(word)")
        }
        guard case .checkpoint(.wrongSize) = refusal(0, 2) else {
            Issue.record("a checkpoint with one epoch more than losses was accepted")
            return
        }
    }
}
