import SweepCoordination
import SweepCore
import SweepTestKit
import SweepWire
import Testing

@Suite struct AssignmentTests {
    @Test func `an assignment holds all that a worker needs`() throws {
        var harness = CoreHarness()
        let worker = harness.join("a")
        var sweep = SampleSweep()
        sweep.trials = 3
        _ = harness.submit(sweep)
        let assignment = try #require(harness.assigned(to: worker).first)
        let trial = try #require(harness.trial(1))
        #expect(
            assignment.lease
                == LeaseID(trial: TrialID(sweep: SweepID(rawValue: 1), number: 1), attempt: .init(rawValue: 1))
        )
        #expect(assignment.sweepName == "sample")
        #expect(assignment.seed == trial.seed)
        #expect(assignment.spec == harness.sweep?.sweep.space.resolve(trial.configuration))
        #expect(assignment.from == 0)
        #expect(assignment.to == 1)
        #expect(assignment.checkpoint == nil)
        #expect(assignment.keepsCheckpoint)
        #expect(assignment.dataSet == SampleSweep.dataSet)
        #expect(assignment.metrics == Metric.reported(for: SampleSweep.schema))
    }

    @Test func `the least loaded worker for its size takes the next segment`() {
        var harness = CoreHarness()
        let small = harness.join("a", slots: 1)
        let large = harness.join("b", slots: 4)
        _ = harness.submit(RegistrationTests.plain(5))
        #expect(harness.assigned(to: small).map(\.lease.trial.number) == [1])
        #expect(harness.assigned(to: large).map(\.lease.trial.number) == [2, 3, 4, 5])
        #expect(harness.broken == [])
    }

    @Test func `leases beyond the slots are held only while epochs are short`() throws {
        var harness = CoreHarness()
        var worker = harness.join("a", slots: 1, prefetch: 3)
        _ = harness.submit(RegistrationTests.plain(9, epochs: 2))
        let first = harness.assigned(to: worker)
        #expect(first.count == 1)
        // An epoch of the harness takes 100 ms, which is not short.
        harness.report(first[0], 1...1, by: &worker)
        #expect(harness.assigned(to: worker) == [])

        var quick = CoreHarness(options: CoordinatorOptions(shortEpochSeconds: 0.2))
        worker = quick.join("a", slots: 1, prefetch: 3)
        _ = quick.submit(RegistrationTests.plain(9, epochs: 2))
        let lease = try #require(quick.assigned(to: worker).first)
        quick.report(lease, 1...1, by: &worker)
        #expect(quick.assigned(to: worker).count == 3)
        #expect(quick.broken == [])
    }

    @Test func `a completed trial makes room before its worker says that it is done`() throws {
        var harness = CoreHarness()
        var worker = harness.join("a")
        _ = harness.submit(RegistrationTests.plain(2, epochs: 2))
        let lease = try #require(harness.assigned(to: worker).first)
        harness.report(lease, 1...2, by: &worker)
        #expect(harness.trial(1)?.ended == .completed)
        #expect(harness.assigned(to: worker).map(\.lease.trial.number) == [2])
        harness.end(lease, by: &worker)
        #expect(harness.broken == [])
    }

    @Test func `segments are handed out in the order of their virtual end`() throws {
        var harness = CoreHarness()
        var sweep = SampleSweep()
        sweep.trials = 9
        sweep.parallelism = 3
        _ = harness.submit(sweep)
        let ready = try #require(harness.sweep?.ready.all.map(\.trial).sorted())
        #expect(ready == [1, 2, 3])
        var worker = harness.join("a", slots: 3)
        let first = harness.assigned(to: worker)
        #expect(first.map(\.lease.trial.number) == [1, 2, 3])
        // All three at the first rung: one is promoted, with the end 3, and one begins, with the end 2.
        for assignment in first { harness.report(assignment, 1...1, by: &worker) }
        for assignment in first { harness.end(assignment, by: &worker) }
        let timeline = try #require(harness.sweep?.timeline.slots)
        #expect(timeline.map(\.end) == timeline.map(\.end).sorted())
        #expect(harness.broken == [])
    }

    @Test func `many leases go out in messages of at most 128`() {
        var harness = CoreHarness()
        let worker = harness.join("a", slots: 300)
        _ = harness.submit(RegistrationTests.plain(300))
        let sizes = harness.sent(to: worker).compactMap { message -> Int? in
            guard case .assignments(let batch) = message else { return nil }
            return batch.leases.count
        }
        #expect(sizes == [128, 128, 44])
    }

    @Test func `a worker that missed a beat gets nothing until it is heard again`() {
        var harness = CoreHarness()
        let silent = harness.join("a", slots: 2)
        harness.wait(.seconds(4))
        let heard = harness.join("b", slots: 2)
        _ = harness.submit(RegistrationTests.plain(4))
        #expect(harness.assigned(to: silent) == [])
        #expect(harness.assigned(to: heard).count == 2)
        harness.say(.heartbeat(Heartbeat(running: [], busySlots: 0)), by: silent)
        #expect(harness.assigned(to: silent).count == 2)
    }

    @Test func `the sweep of the higher priority is served first, the next when there is room`() {
        var harness = CoreHarness()
        _ = harness.submit(RegistrationTests.plain(2))
        var second = RegistrationTests.plain(2)
        second.name = "second"
        second.priority = -1
        _ = harness.submit(second)
        let worker = harness.join("a", slots: 3)
        #expect(harness.assigned(to: worker).map(\.sweepName) == ["sample", "sample", "second"])
    }
}
