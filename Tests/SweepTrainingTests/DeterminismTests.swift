import KernelAPI
import SweepCore
import SweepKernels
import SweepNumerics
import SweepTraining
import Testing

/// Runs whose bits are compared.
struct BitCase: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var columns: Int
    var classes: Int
    var spec: TrainingSpec
    var steps: Int
    /// The digest of all weights after `steps` steps; a change of it is a change of `TrainingCore.version`.
    var digest: UInt64

    static let all = [
        BitCase(
            testDescription: "relu, dropout, penalty, Adam, short last batch",
            columns: 20,
            classes: 10,
            spec: makeSpec([64, 33], dropout: 0.25, l2: 1e-3, batchSize: 28),
            steps: 40,
            digest: 0xd446_5156_ad00_881f
        ),
        BitCase(
            testDescription: "tanh, regression, momentum",
            columns: 7,
            classes: 0,
            spec: makeSpec([48, 16], .sgd(learningRate: 0.01, momentum: 0.9), activation: .tanh, initializer: .glorot),
            steps: 40,
            digest: 0x056e_7dbf_99b3_f64c
        ),
        BitCase(
            testDescription: "sigmoid, squared error of two classes, Adam",
            columns: 3,
            classes: 2,
            spec: makeSpec([5], activation: .sigmoid, loss: .meanSquaredError, batchSize: 9),
            steps: 40,
            digest: 0xe946_f842_457c_00dc
        ),
    ]

    func makeRun(_ kernels: KernelTable, seed: UInt64 = 21) throws -> TrainingRun {
        let data = try SyntheticTask(rows: 90, validationRows: 30, columns: columns, classes: classes).make().data
        return try TrainingRun(spec: spec, data: data, seed: seed, kernels: kernels)
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
    }

    @Test(
        .enabled(
            if: KernelTable.available.contains { $0.name == "v4" },
            "this processor lacks AVX-512: v3 and v4 are not compared"
        ),
        arguments: BitCase.all
    )
    func `v3 and v4 agree over many epochs`(_ bitCase: BitCase) throws {
        let (a, b) = (
            try bitCase.makeRun(.selected(override: "v3")), try bitCase.makeRun(.selected(override: "v4"))
        )
        for _ in 1...60 {
            guard let left = a.trainEpoch(), let right = b.trainEpoch() else { break }
            #expect(left.matches(right))
        }
        #expect(a.epoch == 60 && a.checkpoint() == b.checkpoint())
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
            let expected = try #require(whole.trainEpoch())
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
