import SweepCoordination
import SweepCore
import SweepTestKit
import SweepWire
import Testing

@Suite struct LapseTests {
    @Test func `the leases of a silent worker are offered again with a higher attempt`() throws {
        var harness = CoreHarness()
        let first = harness.join("a")
        _ = harness.submit(RegistrationTests.plain(1))
        let old = try #require(harness.assigned(to: first).first)
        harness.tick(after: .seconds(6))
        #expect(harness.trial(1)?.lease != nil)
        harness.tick(after: .milliseconds(1))
        #expect(harness.trial(1)?.lease == nil)
        #expect(harness.core.workers.isEmpty)
        let second = harness.join("b")
        let new = try #require(harness.assigned(to: second).first)
        #expect(new.lease.attempt == old.lease.attempt.next)
        #expect(harness.trial(1)?.workers == ["a", "b"])
        #expect(harness.broken == [])
    }

    @Test func `a beat keeps the leases`() throws {
        var harness = CoreHarness()
        let worker = harness.join("a")
        _ = harness.submit(RegistrationTests.plain(1))
        let lease = try #require(harness.assigned(to: worker).first).lease
        for _ in 0..<10 {
            harness.tick(after: .seconds(2))
            let progress = Heartbeat.Progress(lease: lease, epoch: 0, step: 3)
            harness.say(.heartbeat(Heartbeat(running: [progress], busySlots: 1)), by: worker)
            #expect(harness.sent(to: worker) == [.heartbeatAnswer])
        }
        #expect(harness.trial(1)?.lease?.attempt == lease.attempt)
        #expect(harness.core.workers[worker.id]?.running.count == 1)
    }

    @Test(arguments: [0, 6, 10_000])
    func `a clock that is set back makes no silence longer or shorter`(seconds: Int) throws {
        var harness = CoreHarness()
        let worker = harness.join("a")
        _ = harness.submit(RegistrationTests.plain(1))
        let lease = try #require(harness.assigned(to: worker).first).lease
        harness.tick(after: .seconds(5))
        let progress = Heartbeat.Progress(lease: lease, epoch: 0, step: 3)
        harness.say(.heartbeat(Heartbeat(running: [progress], busySlots: 1)), by: worker)
        harness.tick(after: .seconds(4))
        harness.tick(after: .seconds(-seconds))
        #expect(harness.effects.contains(.wake(at: harness.now.advanced(by: harness.core.options.heartbeat / 2))))
        harness.tick(after: .seconds(2))
        #expect(harness.trial(1)?.lease != nil)
        harness.tick(after: .milliseconds(1))
        #expect(harness.trial(1)?.lease == nil)
        #expect(harness.broken == [])
    }

    @Test func `another attempt begins at the newest checkpoint`() throws {
        var harness = CoreHarness()
        var first = harness.join("a")
        var sweep = SampleSweep()
        sweep.trials = 1
        sweep.parallelism = 1
        sweep.epochs = 9
        sweep.prune = "asha"
        _ = harness.submit(sweep)
        let segment = try #require(harness.assigned(to: first).first)
        harness.report(segment, 1...segment.to, by: &first)
        harness.end(segment, by: &first)
        // A trial alone is never promoted by a rule that takes one of three.
        #expect(harness.trial(1)?.ended == .pruned(.sweepEnded))

        harness = CoreHarness()
        first = harness.join("a", slots: 3)
        sweep.trials = 3
        sweep.parallelism = 3
        _ = harness.submit(sweep)
        let rung = harness.assigned(to: first)
        for assignment in rung { harness.report(assignment, 1...1, by: &first) }
        for assignment in rung { harness.end(assignment, by: &first) }
        let promoted = try #require(harness.sweep?.timeline.head)
        harness.tick(after: .seconds(7))
        let second = harness.join("b")
        let again = try #require(harness.assigned(to: second).first)
        #expect(again.lease.trial.number == promoted.trial)
        #expect(again.from == 1)
        #expect(again.to == 3)
        #expect(again.checkpoint == CoreHarness.checkpoint(again, 1))
        #expect(harness.broken == [])
    }

    @Test func `a trial that takes three workers down without an epoch fails`() throws {
        var harness = CoreHarness()
        _ = harness.submit(RegistrationTests.plain(1))
        for attempt in 1...3 {
            #expect(harness.trial(1)?.ended == nil)
            let worker = harness.join("w\(attempt)")
            #expect(harness.assigned(to: worker).first?.lease.attempt.rawValue == UInt32(attempt))
            harness.tick(after: .seconds(7))
        }
        #expect(harness.trial(1)?.ended?.name == "failed")
        #expect(harness.sweep?.state == .finished)
        #expect(harness.broken == [])
    }

    @Test func `an epoch sets the count of fruitless attempts back`() throws {
        var harness = CoreHarness()
        var worker = harness.join("a")
        _ = harness.submit(RegistrationTests.plain(1, epochs: 9))
        var assignment = try #require(harness.assigned(to: worker).first)
        for epoch in 1...8 {
            // Two attempts die at once, the third finishes one more epoch before it dies.
            for _ in 0..<2 {
                harness.end(assignment, .died(reason: "signal 9", log: ""), epoch: 0, by: &worker)
                assignment = try #require(harness.assigned(to: worker).first)
            }
            harness.report(assignment, 1...epoch, by: &worker)
            #expect(harness.trial(1)?.fruitlessAttempts == 0)
            harness.end(assignment, .died(reason: "signal 9", log: ""), epoch: epoch, by: &worker)
            assignment = try #require(harness.assigned(to: worker).first)
        }
        #expect(harness.trial(1)?.ended == nil)
        #expect(harness.trial(1)?.curve.epochs == 8)
        #expect(harness.broken == [])
    }

    @Test func `leases that a lost worker cannot have begun do not count against their trials`() {
        var harness = CoreHarness(options: CoordinatorOptions(shortEpochSeconds: 0.2))
        var worker = harness.join("a", slots: 1, prefetch: 2)
        _ = harness.submit(RegistrationTests.plain(4, epochs: 2))
        harness.report(harness.assigned(to: worker)[0], 1...2, by: &worker)
        #expect(harness.core.workers[worker.id]?.held.map(\.number) == [2, 3, 4])
        harness.tick(after: .seconds(7))
        #expect([2, 3, 4].map { harness.trial($0)?.fruitlessAttempts } == [1, 0, 0])
        #expect(harness.broken == [])
    }

    @Test func `the last attempt of a trial has a worker for itself`() throws {
        var harness = CoreHarness()
        _ = harness.submit(RegistrationTests.plain(4, epochs: 3))
        // Two workers with all four trials fall silent: each trial has one attempt left.
        for name in ["a", "b"] {
            _ = harness.join(name, slots: 4)
            harness.tick(after: .seconds(7))
        }
        #expect((1...4).map { harness.trial($0)?.fruitlessAttempts } == [2, 2, 2, 2])
        var worker = harness.join("c", slots: 4, prefetch: 4)
        let first = harness.assigned(to: worker)
        #expect(first.count == 1)
        let other = harness.join("d", slots: 4)
        #expect(harness.assigned(to: other).count == 1)
        // With its first epoch the trial is cleared, but the next suspect waits for an empty worker.
        harness.report(first[0], 1...1, by: &worker)
        #expect(harness.assigned(to: worker) == [])
        harness.report(first[0], 2...3, by: &worker)
        #expect(harness.assigned(to: worker).count == 1)
        #expect(harness.broken == [])
    }

    @Test func `while a last attempt waits for an empty worker, the emptiest takes nothing more and the others go on`()
        throws
    {
        var harness = CoreHarness()
        _ = harness.submit(RegistrationTests.plain(12, epochs: 3))
        var second = RegistrationTests.plain(12)
        second.name = "second"
        second.priority = -1
        _ = harness.submit(second)
        var c = harness.join("c", slots: 3)
        var d = harness.join("d", slots: 3)
        #expect(harness.core.workers[d.id]?.held.map(\.number) == [4, 5, 6])
        // Trial 1 dies in company, on one worker and then on the other.
        let death = SegmentOutcome.died(reason: "signal 9", log: "")
        harness.end(try #require(harness.lease(of: 1)), death, epoch: 0, by: &c)
        #expect(harness.trial(1)?.lease == nil, "the other worker is full")
        harness.report(try #require(harness.lease(of: 4)), 1...3, by: &d)
        #expect(harness.trial(1)?.lease?.worker == d.id)
        harness.end(try #require(harness.lease(of: 1)), death, epoch: 0, by: &d)
        #expect(harness.trial(1)?.fruitlessAttempts == 2)
        #expect(harness.trial(1)?.lease == nil)
        // That worker has a free slot now, and keeps it free, for the other sweep too, until the rest of it is done.
        let lost = TrialID(sweep: SweepID(rawValue: 1), number: 1)
        for number in [5, 6] {
            #expect(harness.assigned(to: d) == [])
            harness.report(try #require(harness.lease(of: number)), 1...3, by: &d)
        }
        let last = try #require(harness.assigned(to: d).first)
        #expect(last.lease.trial == lost)
        #expect(harness.core.workers[d.id]?.held == [lost])
        harness.report(try #require(harness.lease(of: 2)), 1...3, by: &c)
        #expect(harness.assigned(to: c).count == 1)
        #expect(harness.broken == [])
    }

    @Test func `leases of before a restart get the lapse time to come back`() throws {
        var harness = CoreHarness()
        let worker = harness.join("a")
        _ = harness.submit(RegistrationTests.plain(2))
        let lease = try #require(harness.assigned(to: worker).first).lease
        var restarted = CoordinatorCore(session: 43)
        for fact in harness.facts { restarted.restore(fact) }
        _ = restarted.start(at: Instant(nanoseconds: 1_000_000_000_000))
        harness.core = restarted
        harness.wait(.seconds(1_000))
        harness.tick(after: .seconds(5))
        #expect(harness.trial(1)?.lease?.attempt == lease.attempt)
        harness.tick(after: .seconds(2))
        #expect(harness.trial(1)?.lease == nil)
        // Both may have fallen together, so it does not count against the trial.
        #expect(harness.trial(1)?.fruitlessAttempts == 0)
        #expect(harness.broken == [])
    }

    @Test func `a draining worker hands back what it has not begun, finishes the rest and leaves`() throws {
        var harness = CoreHarness()
        var first = harness.join("a", slots: 2)
        _ = harness.submit(RegistrationTests.plain(4))
        let leases = harness.assigned(to: first)
        let second = harness.join("b")
        let third = harness.join("c", slots: 2)
        #expect(harness.assigned(to: third).count == 1)
        harness.say(.draining(Draining(handedBack: [leases[1].lease])), by: first)
        #expect(harness.assigned(to: third).map(\.lease.trial) == [leases[1].lease.trial])
        harness.report(leases[0], 1...3, by: &first)
        #expect(harness.trial(1)?.ended == .completed)
        #expect(harness.assigned(to: first) == [])
        harness.end(leases[0], by: &first)
        harness.say(.goodbye(Goodbye(reason: "drained")), by: first)
        #expect(harness.core.workers[first.id] == nil)
        #expect(harness.core.workers[second.id] != nil)
        #expect(harness.broken == [])
    }

    @Test func `a goodbye gives everything back at once`() throws {
        var harness = CoreHarness()
        let first = harness.join("a", slots: 2)
        _ = harness.submit(RegistrationTests.plain(2))
        let second = harness.join("b", slots: 2)
        harness.say(.goodbye(Goodbye(reason: "stopped")), by: first)
        #expect(harness.assigned(to: second).map(\.lease.trial.number) == [1, 2])
        #expect(harness.trial(1)?.fruitlessAttempts == 0)
        #expect(harness.broken == [])
    }

    @Test func `an assignment that was lost is sent again after three idle beats`() throws {
        var harness = CoreHarness()
        let worker = harness.join("a", slots: 2)
        _ = harness.submit(RegistrationTests.plain(2))
        let leases = harness.assigned(to: worker)
        let running = Heartbeat.Progress(lease: leases[0].lease, epoch: 0, step: 0)
        for _ in 0..<2 {
            harness.say(.heartbeat(Heartbeat(running: [running], busySlots: 1)), by: worker)
            #expect(harness.assigned(to: worker) == [])
        }
        harness.say(.heartbeat(Heartbeat(running: [running], busySlots: 1)), by: worker)
        #expect(harness.assigned(to: worker) == [leases[1]])
        harness.say(.heartbeat(Heartbeat(running: [running], busySlots: 2)), by: worker)
        #expect(harness.assigned(to: worker) == [])
    }

    @Test func `a lease that a beat names and that is not current is stopped`() throws {
        var harness = CoreHarness()
        let worker = harness.join("a", slots: 2)
        _ = harness.submit(RegistrationTests.plain(2))
        let leases = harness.assigned(to: worker).map(\.lease)
        harness.register(worker, slots: 2, leases: [leases[0]])
        let running = leases.map { Heartbeat.Progress(lease: $0, epoch: 0, step: 0) }
        harness.say(.heartbeat(Heartbeat(running: running, busySlots: 2)), by: worker)
        #expect(harness.stopped(at: worker).map(\.lease) == [leases[1]])
        #expect(harness.core.workers[worker.id]?.running.count == 1)
    }
}
