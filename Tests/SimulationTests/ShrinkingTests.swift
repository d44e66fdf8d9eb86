import CoordinationSimulation
import SweepTestKit
import Testing

@Suite struct ShrinkingTests {
    @Test func `of many faults the two that are needed are left, and the rest is made plain`() {
        var scenario = Scenario.steered(7)
        let needed: [Fault] = [.crashAtCommit(3, .after, down: 1), .drain(worker: 0, at: 2)]
        scenario.faults =
            (0..<20).map { .crashWorker(0, at: Double($0), down: 1) } + [needed[0]]
            + (0..<9).map { .fullDisk(Window(Double($0), 20)) } + [needed[1], .noise(Window(0, 9), Noise(drop: 0.5))]
        let (smallest, tried) = Shrinking.shrunk(scenario) { candidate in
            needed.allSatisfy(candidate.faults.contains) && candidate.sweeps[0].epochs > 1
        }
        #expect(smallest.faults == needed)
        #expect(smallest.workers.count == 1)
        #expect(smallest.sweeps.count == 1)
        #expect(smallest.sweeps[0].trials == 1)
        #expect(smallest.sweeps[0].epochs == 3)
        #expect(smallest.steering == [])
        #expect(smallest.training == SyntheticTraining())
        #expect(tried < 400)
    }

    @Test func `no more runs are made than asked for`() {
        var runs = 0
        let (_, tried) = Shrinking.shrunk(.drawn(3), budget: 5) { _ in
            runs += 1
            return true
        }
        #expect(tried == 5)
        #expect(runs == 5)
    }

    @Test func `a scenario is told as source`() {
        var scenario = Scenario.drawn(2)
        scenario.faults = [
            .noise(Window(0, 8), Noise(drop: 0.1, corrupt: 0.05)), .cut(worker: 1, Window(2, 3.5), .up),
            .crashAtCommit(4, .sending(2), down: 1.5), .pause(.worker(0), Window(1, 2)),
            .clockJump(.coordinator, at: 3, by: -2),
        ]
        let source = scenario.source
        #expect(source.contains("    .noise(Window(0.0, 8.0), Noise(drop: 0.1, corrupt: 0.05)),"))
        #expect(source.contains("    .cut(worker: 1, Window(2.0, 3.5), .up),"))
        #expect(source.contains("    .crashAtCommit(4, .sending(2), down: 1.5),"))
        #expect(source.contains("    .pause(.worker(0), Window(1.0, 2.0)),"))
        #expect(source.contains("    .clockJump(.coordinator, at: 3.0, by: -2.0),"))
    }
}
