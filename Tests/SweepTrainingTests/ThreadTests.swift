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
    ]

    @Test(arguments: [2, 3, 5], 0..<4)
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
    }
}
