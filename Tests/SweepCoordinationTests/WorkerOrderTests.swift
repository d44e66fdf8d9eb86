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

    /// Two workers that train a sweep of 40 trials to its end, one of them four times slower, the last trials of each left out.
    private static func trained(slots: Int, slow: Int) -> (CoreHarness, [CoreHarness.Worker], held: [[Assignment]]) {
        var harness = CoreHarness()
        var workers = [harness.join("a", slots: slots), harness.join("b", slots: slots)]
        _ = harness.submit(sweep(trials: 40))
        var held = workers.map { harness.assigned(to: $0) }
        while held.allSatisfy({ $0.count == slots }) {
            for index in workers.indices {
                let first = held[index].removeFirst()
                harness.report(first, 1...1, seconds: index == slow ? 0.4 : 0.1, by: &workers[index])
                held[index] += harness.assigned(to: workers[index])
            }
        }
        return (harness, workers, held)
    }

    @Test(arguments: [0, 1])
    func `among equally empty ones the fastest is next, whatever its name`(slow: Int) {
        let (trained, workers, held) = Self.trained(slots: 1, slow: slow)
        var harness = trained
        #expect(held.map(\.count) == [0, 0])
        var next = Self.sweep(trials: 1)
        next.name = "next"
        _ = harness.submit(next)
        #expect(harness.assigned(to: workers[1 - slow]).count == 1)
        #expect(harness.assigned(to: workers[slow]).isEmpty)
        #expect(harness.broken == [])
    }

    @Test(arguments: [0, 1])
    func `the emptier is next, slow or not`(slow: Int) {
        let (trained, trainers, held) = Self.trained(slots: 2, slow: slow)
        var (harness, workers) = (trained, trainers)
        #expect(held.map(\.count) == [1, 1])
        harness.report(held[slow][0], 1...1, seconds: 0.4, by: &workers[slow])
        var next = Self.sweep(trials: 1)
        next.name = "next"
        _ = harness.submit(next)
        #expect(harness.assigned(to: workers[slow]).count == 1)
        #expect(harness.assigned(to: workers[1 - slow]).isEmpty)
        #expect(harness.broken == [])
    }

    @Test func `a pace is judged after sixteen epochs, and does not go to and fro`() {
        var pace = WorkerPace()
        for _ in 0..<15 { pace.note(seconds: 4, mean: 1) }
        #expect(pace.octave == 0)
        pace.note(seconds: 4, mean: 1)
        #expect(pace.octave == 2)
        // Between two octaves it stays where it is, from either side.
        var upward = WorkerPace(), downward = WorkerPace()
        for _ in 0..<64 { downward.note(seconds: 2, mean: 1) }
        for _ in 0..<2_000 {
            upward.note(seconds: 1.5, mean: 1)
            downward.note(seconds: 1.5, mean: 1)
        }
        #expect(upward.octave == 0 && downward.octave == 1)
        // What says nothing changes nothing.
        for seconds in [0, -1, .infinity, .nan] { downward.note(seconds: seconds, mean: 1) }
        downward.note(seconds: 1, mean: 0)
        #expect(downward.octave == 1)
    }

    @Test func `how slow a worker is comes of its epochs, and is 1 until they are enough`() {
        var pace = WorkerPace()
        for _ in 0..<15 { pace.note(seconds: 3, mean: 1) }
        #expect(pace.slowness == 1)
        pace.note(seconds: 3, mean: 1)
        #expect(pace.slowness == 3)
        var (fast, slowest) = (WorkerPace(), WorkerPace())
        for _ in 0..<16 {
            fast.note(seconds: 0.25, mean: 1)
            slowest.note(seconds: 1_024, mean: 1)
        }
        #expect(fast.slowness == 0.25 && slowest.slowness == 64)
        // People are told powers of two.
        #expect(fast.toldPace == 4 && slowest.toldPace == 1 / 64 && WorkerPace().toldPace == nil)
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
