import SweepCoordination
import SweepCore
import SweepTestKit
import SweepWire
import Testing

/// Sweeps on workers of other speeds: who gets which segment, and how long the rest takes.
@Suite struct UnequalWorkersTests {
    /// A sweep that workers of one slot each train to its end on a clock of its own.
    private struct Course {
        var harness = CoreHarness()
        /// When the last segment ended, in seconds.
        private(set) var end = 0.0
        private var workers: [CoreHarness.Worker] = []
        private var running: [(end: Double, worker: Int, lease: Assignment)] = []

        /// `epochSeconds`: what an epoch takes each worker; `tells`: whether they report it.
        init(_ sweep: SampleSweep, on epochSeconds: [Double], tells: Bool) {
            workers = epochSeconds.indices.map { harness.join("w\($0)") }
            _ = harness.submit(sweep)
            take(epochSeconds)
            while let index = running.indices.min(by: { place($0) < place($1) }) {
                let (end, worker, lease) = running.remove(at: index)
                self.end = end
                let seconds = tells ? epochSeconds[worker] : 0
                harness.report(lease, lease.from + 1...lease.to, seconds: seconds, by: &workers[worker])
                take(epochSeconds)
                harness.end(lease, by: &workers[worker])
                take(epochSeconds)
            }
        }

        private func place(_ index: Int) -> (Double, Int) { (running[index].end, running[index].worker) }

        private mutating func take(_ epochSeconds: [Double]) {
            for (index, worker) in workers.enumerated() {
                for lease in harness.assigned(to: worker) {
                    running.append((end + Double(lease.to - lease.from) * epochSeconds[index], index, lease))
                }
            }
        }

        /// What became of each trial.
        var answer: [String] {
            harness.sweep?.trials.map { "\($0.configurationID) \($0.curve.epochs) \($0.ended?.name ?? "")" } ?? []
        }
    }

    private static func sweep(seed: Int) -> SampleSweep {
        var sweep = SampleSweep()
        (sweep.epochs, sweep.trials, sweep.parallelism, sweep.seed) = (27, 60, 2, seed)
        return sweep
    }

    /// Workers that report no times are taken for equal: each gets the segment whose virtual end is next, as before there were paces.
    @Test func `long segments go to the fast worker, the sweep ends sooner, and to the same answer`() {
        var (known, unknown) = (0.0, 0.0)
        for seed in 1...10 {
            let sweep = Self.sweep(seed: seed)
            let paced = Course(sweep, on: [1, 4], tells: true)
            let plain = Course(sweep, on: [1, 4], tells: false)
            #expect(paced.harness.sweep?.state == .finished && plain.harness.sweep?.state == .finished)
            #expect(paced.answer == plain.answer && paced.answer.count == 60, "seed \(seed)")
            #expect(paced.harness.broken == [] && plain.harness.broken == [])
            known += paced.end
            unknown += plain.end
        }
        #expect(known < 0.92 * unknown, "\(known) s and \(unknown) s")
    }

    @Test func `equal workers are given segments in the order of their virtual end`() {
        let sweep = Self.sweep(seed: 3)
        let paced = Course(sweep, on: [2, 2], tells: true)
        let plain = Course(sweep, on: [2, 2], tells: false)
        #expect(paced.end == plain.end && paced.answer == plain.answer)
    }

    /// Workers that are numbered from `first` on.
    private static func capacity(_ workers: [(slots: Int, slowness: Double)], from first: UInt64 = 1) -> WorkerCapacity
    {
        var capacity = WorkerCapacity()
        for (index, worker) in workers.enumerated() {
            let id = WorkerID(name: "w", incarnation: first + UInt64(index))
            capacity.add(id, slots: worker.slots, slowness: worker.slowness)
        }
        return capacity
    }

    private static func second(_ seconds: Int) -> Instant { Instant.zero.advanced(by: .seconds(seconds)) }

    @Test func `of the same workers the rate is the one that was measured, whatever is learned of them`() {
        var rate = SweepRate(epochs: 5, capacity: Self.capacity([(1, 1), (1, 1)]), at: .zero)
        #expect(rate.epochsPerSecond == nil)
        rate.note(epochs: 25, capacity: Self.capacity([(1, 1), (1, 1)]), at: Self.second(10))
        #expect(rate.epochsPerSecond == 2)
        // One turns out to be twice as fast, the other half.
        rate.note(epochs: 25, capacity: Self.capacity([(1, 0.5), (1, 2)]), at: Self.second(10))
        #expect(rate.epochsPerSecond == 2)
    }

    @Test func `a worker that leaves takes its own part of the rate with it, and one that joins brings it`() {
        let both = Self.capacity([(1, 0.5), (1, 2)])
        var rate = SweepRate(epochs: 0, capacity: both, at: .zero)
        rate.note(epochs: 25, capacity: both, at: Self.second(10))
        #expect(rate.epochsPerSecond == 2.5)
        var slow = rate
        slow.note(epochs: 25, capacity: Self.capacity([(1, 2)], from: 2), at: Self.second(10))
        #expect(slow.epochsPerSecond == 0.5)
        var more = rate
        more.note(epochs: 25, capacity: Self.capacity([(1, 0.5), (1, 2), (4, 1)]), at: Self.second(10))
        #expect(more.epochsPerSecond == 6.5)
        // Time without workers, as while a sweep is paused, is no time in which they were slow.
        rate.note(epochs: 25, capacity: WorkerCapacity(), at: Self.second(10))
        #expect(rate.epochsPerSecond == 0)
        rate.note(epochs: 25, capacity: both, at: Self.second(1_000))
        #expect(rate.epochsPerSecond == 2.5)
    }

    /// Between two looks one may leave and another come, with as many slots.
    @Test func `a worker in the place of another is another, though the slots are the same`() {
        let (fast, slow) = (Self.capacity([(2, 0.25)]), Self.capacity([(2, 4)], from: 2))
        var rate = SweepRate(epochs: 0, capacity: fast, at: .zero)
        rate.note(epochs: 80, capacity: fast, at: Self.second(10))
        #expect(rate.epochsPerSecond == 8)
        var replaced = rate
        replaced.note(epochs: 80, capacity: slow, at: Self.second(10))
        #expect(replaced.epochsPerSecond == 0.5)
        // It is held to what it does, and the other comes back as what it was.
        replaced.note(epochs: 85, capacity: slow, at: Self.second(20))
        #expect(replaced.epochsPerSecond == 0.5)
        replaced.note(epochs: 85, capacity: Self.capacity([(2, 0.25)], from: 3), at: Self.second(20))
        #expect(replaced.epochsPerSecond == 8)
        // One of two, and what is learned of the other at the same moment is learned of it alone.
        var both = SweepRate(epochs: 0, capacity: Self.capacity([(1, 1), (1, 0.5)]), at: .zero)
        both.note(epochs: 60, capacity: Self.capacity([(1, 1), (1, 0.5)]), at: Self.second(20))
        #expect(both.epochsPerSecond == 3)
        both.note(epochs: 60, capacity: Self.capacity([(1, 1), (1, 0.5)], from: 2), at: Self.second(20))
        #expect(both.epochsPerSecond == 4.5)
        // The same worker that turns out to be slow has been so.
        rate.note(epochs: 80, capacity: Self.capacity([(2, 4)]), at: Self.second(10))
        #expect(rate.epochsPerSecond == 8)
        // A slot that is lost to a stuck trainer is no other worker.
        rate.note(epochs: 80, capacity: Self.capacity([(1, 4)]), at: Self.second(10))
        #expect(rate.epochsPerSecond == 4)
    }

    /// Until its pace is known it counts as one of mean pace; what it has done since then is all that this says something of.
    @Test func `a worker that joins and is known later changes what it did itself, and the rate follows at once`() {
        let fast = Self.capacity([(1, 0.25)])
        var rate = SweepRate(epochs: 0, capacity: fast, at: .zero)
        rate.note(epochs: 40, capacity: fast, at: Self.second(10))
        #expect(rate.epochsPerSecond == 4)
        // The same machine, restarted under another name.
        var again = rate
        again.note(epochs: 40, capacity: WorkerCapacity(), at: Self.second(10))
        again.note(epochs: 40, capacity: Self.capacity([(1, 1)]), at: Self.second(10))
        #expect(again.epochsPerSecond == 1)
        again.note(epochs: 80, capacity: fast, at: Self.second(20))
        #expect(again.epochsPerSecond == 4)
        // And what is learned step by step comes to the same.
        var slowly = rate
        slowly.note(epochs: 40, capacity: WorkerCapacity(), at: Self.second(10))
        slowly.note(epochs: 40, capacity: Self.capacity([(1, 1)]), at: Self.second(10))
        slowly.note(epochs: 60, capacity: Self.capacity([(1, 0.5)]), at: Self.second(15))
        slowly.note(epochs: 80, capacity: fast, at: Self.second(20))
        #expect(slowly.epochsPerSecond == 4)
        // A second worker, a fourth as fast as the mean.
        rate.note(epochs: 40, capacity: Self.capacity([(1, 0.25), (1, 1)]), at: Self.second(10))
        #expect(rate.epochsPerSecond == 5)
        rate.note(epochs: 82, capacity: Self.capacity([(1, 0.25), (1, 4)]), at: Self.second(20))
        #expect(((rate.epochsPerSecond ?? 0) - 4.25).magnitude < 0.05)
    }

    @Test func `what is long ago counts ever less`() {
        let one = Self.capacity([(1, 1)])
        var rate = SweepRate(epochs: 0, capacity: one, at: .zero)
        // 1,000 epochs at 10 a second, then 1,000 at 1: all of it would be 1.8 a second.
        for step in 1...100 { rate.note(epochs: step * 10, capacity: one, at: Self.second(step)) }
        for step in 1...1_000 { rate.note(epochs: 1_000 + step, capacity: one, at: Self.second(100 + step)) }
        #expect((rate.epochsPerSecond ?? 0) > 1 && (rate.epochsPerSecond ?? 2) < 1.5)
    }

    @Test func `slots that are too few for one more trial are not counted`() {
        var harness = CoreHarness()
        for (name, slots) in [("a", 4), ("b", 7), ("c", 2), ("d", 3)] { _ = harness.join(name, slots: slots) }
        var sweep = SampleSweep()
        sweep.threads = 3
        _ = harness.submit(sweep)
        let capacity = harness.core.capacity(of: SweepID(rawValue: 1))
        #expect(capacity.slots == 3 + 6 + 3 && capacity.speed == 12)
    }

    @Test func `a core tells what the workers of its running sweeps can do`() {
        var harness = CoreHarness()
        _ = harness.join("a", slots: 2)
        let other = harness.join("b", slots: 3)
        _ = harness.join("c", slots: 8, coreVersion: "core-2")
        _ = harness.submit(SampleSweep())
        let id = SweepID(rawValue: 1)
        #expect(harness.core.capacity(of: id).slots == 5 && harness.core.capacity(of: id).speed == 5)
        #expect(harness.core.capacities == [id: harness.core.capacity(of: id)])
        let before = harness.core.capacity(of: id)
        harness.say(.goodbye(Goodbye(reason: "done")), by: other)
        #expect(harness.core.capacity(of: id).slots == 2)
        // Another with as many slots, of which nothing is known either, is another.
        _ = harness.join("d", slots: 3)
        let after = harness.core.capacity(of: id)
        #expect(after.slots == before.slots && after.speed == before.speed && after != before)
        _ = harness.steer("sample", .pause)
        #expect(harness.core.capacity(of: id) == WorkerCapacity() && harness.core.capacities.isEmpty)
    }
}
