import SweepCore
import SweepKernels
import SweepTraining
import Testing

@Suite struct SelfTestTests {
    private func data(rows: Int = 200, classes: Int = 3) throws -> TrainingData {
        try SyntheticTask(rows: rows, validationRows: 60, columns: 5, classes: classes).make().data
    }

    private func outcome(_ spec: TrainingSpec, _ data: TrainingData, _ check: SelfTest.Check) throws -> SelfTest.Result
    {
        let results = try SelfTest.run(spec, on: data, seed: 4, kernels: .selected())
        #expect(results.map(\.check) == SelfTest.Check.allCases)
        return try #require(results.first { $0.check == check })
    }

    @Test(arguments: 0..<SelfTest.builtIn.count)
    func `the built-in layers pass`(_ index: Int) throws {
        let model = SelfTest.builtIn[index]
        let results = try model.run(seed: 1, kernels: .selected())
        #expect(results.map(\.check) == [.gradients, .oneBatch, .zeroInputs, .shuffledLabels])
        for result in results { #expect(result.outcome == .passed, "\(model.name): \(result)") }
    }

    // covers: C27 R23
    @Test func `a sound model passes every check`() throws {
        let spec = makeSpec([32], batchSize: 20, epochs: 20)
        for result in try SelfTest.run(spec, on: try data(), seed: 4, kernels: .selected()) {
            #expect(result.outcome == .passed || result.outcome == .warning, "\(result)")
            #expect(!result.evidence.isEmpty)
        }
    }

    // covers: C27 R23
    @Test func `a rate far too low is told from a bug by the batch that Adam learns`() throws {
        let low = makeSpec([32], .sgd(learningRate: 1e-7, momentum: 0), batchSize: 20)
        let result = try outcome(low, try data(), .oneBatch)
        #expect(result.outcome == .warning)
        #expect(result.evidence.contains("rate"))
    }

    @Test func `weights that never part cannot learn a batch`() throws {
        let same = makeSpec([8, 8], initializer: Initializer(.constant, scale: 0), batchSize: 20)
        #expect(try outcome(same, try data(), .oneBatch).outcome == .failed)
        #expect(try outcome(same, try data(), .zeroInputs).outcome == .warning)
    }

    @Test func `initial weights that are too large show in the first loss`() throws {
        let large = makeSpec([32, 32], initializer: Initializer(.plain, distribution: .normal, scale: 2))
        #expect(try outcome(large, try data(), .initialLoss).outcome == .failed)
        #expect(try outcome(makeSpec([32]), try data(), .initialLoss).outcome != .failed)
    }

    @Test func `numbers are checked too`() throws {
        let results = try SelfTest.run(
            makeSpec([32], batchSize: 20),
            on: data(classes: 0),
            seed: 1,
            kernels: .selected()
        )
        #expect(results.allSatisfy { $0.outcome != .failed }, "\(results)")
    }
}
