import KernelAPI
import SweepCore
import SweepKernels
import SweepNumerics
import SweepTraining
import Testing

/// Each check of the self-test beside the bug that it is there for.
@Suite struct SelfTestFailureTests {
    private static func model(_ name: String) throws -> SelfTest.BuiltIn {
        try #require(SelfTest.builtIn.first { $0.name == name }, "\(name)")
    }

    private static func result(
        _ name: String,
        _ check: SelfTest.Check,
        _ kernels: KernelTable
    ) throws -> SelfTest.Result {
        try #require(try model(name).run(seed: 1, kernels: kernels).first { $0.check == check })
    }

    // MARK: Gradients

    /// A bug in the way back, and a built-in model that goes through it.
    struct Bug: Sendable, CustomTestStringConvertible {
        let name: String
        let model: String
        let broken: @Sendable (KernelTable) -> KernelTable

        init(_ name: String, _ model: String, _ broken: @escaping @Sendable (KernelTable) -> KernelTable) {
            self.name = name
            self.model = model
            self.broken = broken
        }

        var testDescription: String { "\(name), \(model)" }

        static let all = activations + products + images + losses

        private static let activations: [Bug] = ["elu", "gelu", "silu", "tanh", "sigmoid", "softplus"].map { name in
            Bug("no derivative", "mlp \(name)") { table in table.replacing(differentiate: { _ in }) }
        }

        private static let products: [Bug] = [
            Bug("halved weight gradients", "linear") { $0.withHalvedWeightGradients },
            Bug("halved weight gradients", "mlp relu") { $0.withHalvedWeightGradients },
            Bug("no bias gradient", "mlp tanh") { $0.withoutBiasGradients },
            Bug("no bias gradient", "linear") { $0.withoutBiasGradients },
        ]

        private static let images: [Bug] = [
            Bug("no weight gradient", "convolution") { $0.replacing(convolveWeightGradient: { _ in }) },
            Bug("no input gradient", "residual") { $0.replacing(convolveInputGradient: { _ in }) },
            Bug("no gradient", "max pooling") { $0.replacing(poolMaxGradient: { _ in }) },
            Bug("no gradient", "average pooling") { $0.replacing(poolAverageGradient: { _ in }) },
            Bug("no gradient", "batch norm on images") { $0.replacing(normalizeBatchGradient: { _ in }) },
            Bug("no gradient", "layer norm on images") { $0.replacing(normalizeLayerGradient: { _ in }) },
            Bug("no gradient", "mlp batch norm") { $0.replacing(normalizeBatchGradient: { _ in }) },
            Bug("no gradient", "mlp layer norm") { $0.replacing(normalizeLayerGradient: { _ in }) },
        ]

        private static let losses: [Bug] = SelfTest.builtIn.filter { $0.spec.loss != nil }.map { model in
            Bug("doubled gradient", model.name) { table in table.withLosses(1, gradients: 2) }
        }
    }

    // covers: C27 R23
    @Test(arguments: Bug.all)
    func `a wrong gradient fails, and what it belongs to is named`(_ bug: Bug) throws {
        let sound = try Self.result(bug.model, .gradients, .selected())
        #expect(sound.outcome == .passed, "\(sound)")
        let found = try Self.result(bug.model, .gradients, bug.broken(.selected()))
        #expect(found.outcome == .failed, "\(found)")
        #expect(found.evidence.contains(", at "), "\(found)")
    }

    // MARK: One batch

    @Test func `an optimizer that does nothing cannot learn a batch by heart`() throws {
        let still = try KernelTable.selected().replacing(updateWithAdam: { _ in UpdateNorms() })
        let found = try Self.result("linear", .oneBatch, still)
        #expect(found.outcome == .failed, "\(found)")
        #expect(found.evidence.contains("or a bug"))
    }

    // MARK: Zero inputs

    @Test(arguments: SelfTest.builtIn.filter { $0.spec.loss != nil }.map(\.name) + ["linear"])
    func `a loss that is half of what it should be falls below every guess`(_ name: String) throws {
        let found = try Self.result(name, .zeroInputs, KernelTable.selected().withLosses(0.5, gradients: 0.5))
        #expect(found.outcome == .failed, "\(found)")
        #expect(found.evidence.contains("or the loss is wrong"))
    }

    @Test(arguments: [3, 0])
    func `targets that come in beside the features are seen without features`(_ classes: Int) throws {
        let made = try SyntheticTask(rows: 200, validationRows: 60, columns: 5, classes: classes).make()
        let spec = makeSpec([], .adam(learningRate: 0.05, beta1: 0.9, beta2: 0.999, epsilon: 1e-8), epochs: 5)
        let sound = try SelfTest.zeroInputs(spec, on: made.data, seed: 1, kernels: .selected())
        #expect(sound.outcome != .failed, "\(sound)")
        let storage = made.storage
        let leaking = try KernelTable.selected().leaking { row in
            classes > 0 ? Float(storage.classes[row]) : storage.numbers[row]
        }
        let found = try SelfTest.zeroInputs(spec, on: made.data, seed: 1, kernels: leaking)
        #expect(found.outcome == .failed, "\(found)")
        #expect(found.evidence.contains("targets reach the model"))
    }

    // MARK: Shuffled labels

    @Test(arguments: [3, 0])
    func `validation rows that are trained on are predicted from shuffled labels`(_ classes: Int) throws {
        // More columns than rows: a linear model learns any targets by heart.
        let storage = SyntheticRows(count: 120, columns: 200)
        var stream = RandomStream(key: 3)
        for row in 0..<120 {
            for column in 0..<200 { storage.features[row * storage.rowStride + column] = Float(stream.normal()) }
            storage.classes[row] = Int32(classes > 0 ? stream.below(classes) : 0)
            storage.numbers[row] = Float(stream.normal())
        }
        let task = SyntheticTask(rows: 60, validationRows: 60, columns: 200, classes: classes)
        let data = try task.wrap(storage).data
        let spec = makeSpec(
            [],
            .adam(learningRate: 0.005, beta1: 0.9, beta2: 0.999, epsilon: 1e-8),
            initializer: Initializer(.constant, scale: 0),
            batchSize: 8,
            epochs: 5
        )
        let sound = try SelfTest.shuffledLabels(spec, on: data, seed: 1, kernels: .selected())
        #expect(sound.outcome == .passed, "\(sound)")
        let leaking = try TrainingData(
            schema: data.schema,
            features: storage.features,
            rowCount: storage.count,
            rowStride: storage.rowStride,
            targets: classes > 0 ? .classes(storage.classes) : .numbers(storage.numbers),
            trainingRows: Array(0..<60),
            validationRows: Array(0..<60),
            testRows: [Int](),
            owner: storage
        )
        let found = try SelfTest.shuffledLabels(spec, on: leaking, seed: 1, kernels: .selected())
        #expect(found.outcome == .failed, "\(found)")
        #expect(found.evidence.contains("look for a leak"))
    }

    /// A shuffle gives each of two clusters far apart one class, and about every second time both are the right ones.
    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func `a shuffle that happens to be right is no leak`(_ seed: UInt64) throws {
        let task = SyntheticTask(rows: 60, validationRows: 40, columns: 2, classes: 2)
        let storage = SyntheticRows(count: 100, columns: 2)
        for row in 0..<100 {
            storage.classes[row] = Int32(row % 2)
            storage.features[row * storage.rowStride] = (row % 2 == 0 ? 1 : -1) + Float(row % 7) / 100
        }
        let data = try task.wrap(storage).data
        let spec = makeSpec([], .adam(learningRate: 0.05, beta1: 0.9, beta2: 0.999, epsilon: 1e-8), epochs: 5)
        let found = try SelfTest.shuffledLabels(spec, on: data, seed: seed, kernels: .selected())
        #expect(found.outcome == .passed, "\(found)")
    }

    @Test(arguments: ["linear", "mlp relu", "convolution", "residual"])
    func `an accuracy that counts every row is told from a guess's`(_ name: String) throws {
        let found = try Self.result(name, .shuffledLabels, KernelTable.selected().replacing(countCorrect: { $0.rows }))
        #expect(found.outcome == .failed, "\(found)")
    }

    /// Without something to learn in them, rows could not show that shuffling takes it away.
    @Test(arguments: ["linear", "mlp tanh", "convolution", "global average pooling"])
    func `what shuffled labels take away is there before`(_ name: String) throws {
        let model = try Self.model(name)
        let run = try TrainingRun(spec: model.spec, data: try model.taught, seed: 1, kernels: .selected())
        while run.epoch < model.spec.epochs, run.trainEpoch() != nil {}
        // The largest of three classes has about a third of 60 rows, with a standard error of 6 %.
        #expect(run.evaluate(.validation).accuracy > 0.34 + 4 * 0.062)
    }

    // MARK: Initial loss

    @Test func `an initial loss that is three times a guess's fails`() throws {
        let made = try SyntheticTask(rows: 200, validationRows: 60, columns: 5).make()
        let spec = makeSpec([32], batchSize: 20)
        let sound = try SelfTest.initialLoss(spec, on: made.data, seed: 1, kernels: .selected())
        #expect(sound.outcome != .failed, "\(sound)")
        let wrong = try KernelTable.selected().withLosses(3, gradients: 3)
        let found = try SelfTest.initialLoss(spec, on: made.data, seed: 1, kernels: wrong)
        #expect(found.outcome == .failed, "\(found)")
    }
}

extension KernelTable {
    /// A table that puts a number about each row in the place of its first feature.
    fileprivate func leaking(_ number: @escaping @Sendable (Int) -> Float) -> KernelTable {
        replacing(gatherRows: { [gatherRows] gather in
            gatherRows(gather)
            for row in 0..<gather.rows {
                gather.destination[row * gather.destinationStride] = number(Int(gather.indices[row]))
            }
        })
    }
}
