import SweepCoordination
import SweepCore
import SweepTestKit
import SweepWire
import Testing

/// Who is given work next, and that silence costs a worker its place only while it lasts.
@Suite struct WorkerOrderTests {
    static func sweep(trials: Int) -> SampleSweep {
        var sweep = SampleSweep()
        sweep.prune = "none"
        sweep.trials = trials
        sweep.epochs = 1
        sweep.parallelism = trials
        return sweep
    }

    @Test func `a worker that missed a beat gets nothing until it is heard, and then at once`() {
        var harness = CoreHarness()
        let quiet = harness.join("a", slots: 2)
        let loud = harness.join("b", slots: 1)
        harness.wait(.milliseconds(3_500))
        harness.say(.heartbeat(Heartbeat(running: [], busySlots: 0)), by: loud)
        _ = harness.submit(Self.sweep(trials: 5))
        #expect(harness.assigned(to: loud).count == 1)
        #expect(harness.assigned(to: quiet).isEmpty)
        // It is asked for nothing while it is silent, whatever happens.
        harness.tick(after: .milliseconds(100))
        #expect(harness.assigned(to: quiet).isEmpty)
        harness.say(.heartbeat(Heartbeat(running: [], busySlots: 0)), by: quiet)
        #expect(harness.assigned(to: quiet).count == 2)
        #expect(harness.broken == [])
    }

    @Test func `a worker that was silent and registers anew gets work`() {
        var harness = CoreHarness()
        let quiet = harness.join("a", slots: 1)
        harness.wait(.milliseconds(3_500))
        _ = harness.submit(Self.sweep(trials: 2))
        #expect(harness.assigned(to: quiet).isEmpty)
        let again = harness.reconnected(quiet)
        harness.register(again)
        #expect(harness.assigned(to: again).count == 1)
    }

    @Test func `of many workers the emptiest for its size is next, and among equals the first by name`() {
        var harness = CoreHarness()
        var workers: [CoreHarness.Worker] = []
        // More than one run of the table, joined in no order.
        for index in 0..<300 { workers.append(harness.join("w\(1_000 + index * 7 % 300)", slots: 2)) }
        _ = harness.submit(Self.sweep(trials: 450))
        var counts: [String: Int] = [:]
        for case .send(.assignments(let batch), let peer) in harness.effects {
            let name = workers.first { $0.peer == peer }?.id.name ?? ""
            counts[name, default: 0] += batch.leases.count
        }
        // Each gets one before any gets two; then the first 150 by name get their second.
        for index in 0..<300 { #expect(counts["w\(1_000 + index)"] == (index < 150 ? 2 : 1)) }
        #expect(harness.broken == [])
    }

    @Test func `workers that come and go leave nothing behind in the order`() {
        var harness = CoreHarness()
        var workers: [CoreHarness.Worker] = []
        for index in 0..<300 { workers.append(harness.join("w\(index)", slots: 1)) }
        for worker in workers.dropLast() { harness.say(.goodbye(Goodbye(reason: "done")), by: worker) }
        _ = harness.submit(Self.sweep(trials: 3))
        let sends = harness.effects.filter { if case .send(.assignments, _) = $0 { true } else { false } }
        #expect(sends.count == 1)
        #expect(harness.assigned(to: workers[299]).count == 1)
    }
}
