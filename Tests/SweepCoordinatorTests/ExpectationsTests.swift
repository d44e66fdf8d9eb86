import SweepCoordination
import SweepCoordinator
import SweepCore
import SweepNodes
import SweepTestKit
import SweepWire
import Testing

/// What a coordinator tells a machine that asks before it joins.
@Suite struct ExpectationsTests {
    private func expectations(_ harness: CoreHarness) -> NodeExpectations {
        harness.core.expectations(ofCore: "core-1")
    }

    @Test func `the speeds of workers with the same core are summed up by kernel table`() {
        var harness = CoreHarness()
        #expect(expectations(harness) == NodeExpectations(speeds: [], needs: [], sweeps: 0))
        _ = harness.join("a", kernels: "v4", samplesPerSecond: 100)
        _ = harness.join("b", kernels: "v4", samplesPerSecond: 300)
        _ = harness.join("c", kernels: "v3", samplesPerSecond: 50)
        // One measured nothing, one trains with another core.
        _ = harness.join("d", kernels: "v4")
        _ = harness.join("e", coreVersion: "core-0", kernels: "v4", samplesPerSecond: 9)
        #expect(
            expectations(harness).speeds == [
                .init(kernels: "v4", workers: 2, median: 200, least: 100, most: 300),
                .init(kernels: "v3", workers: 1, median: 50, least: 50, most: 50),
            ]
        )
    }

    @Test func `a worker that has gone, or measures anew, counts as it is now`() {
        var harness = CoreHarness()
        let worker = harness.join("a", kernels: "v4", samplesPerSecond: 100)
        harness.register(worker, kernels: "v4", samplesPerSecond: 120)
        #expect(expectations(harness).speeds.map(\.median) == [120])
        harness.say(.goodbye(Goodbye(reason: "drained")), by: worker)
        #expect(expectations(harness).speeds.isEmpty)
    }

    @Test func `what sweeps under way need is told without abilities, and no more when they are over`() {
        var harness = CoreHarness()
        var sample = SampleSweep()
        sample.threads = 2
        sample.requires = ["gpu": "yes"]
        // Needs an ability of the worker, which is nobody's to choose.
        sample.instruments = .layers
        _ = harness.submit(sample)
        let needs = expectations(harness).needs
        #expect(needs == [.init(requires: [.init(key: "gpu", value: "yes")], slots: 2)])
        #expect(expectations(harness).sweeps == 1)
        _ = harness.steer("sample", .cancel)
        #expect(expectations(harness) == NodeExpectations(speeds: [], needs: [], sweeps: 0))
    }
}
