import SweepCoordination
import SweepCore
import SweepTestKit
import SweepWire
import Testing

/// What a trial that takes its worker's process down is given, and what is kept of it.
@Suite struct AttemptTests {
    private static let crash = SegmentOutcome.died(
        reason: "signal 11 (SIGSEGV) after epoch 0",
        log: "reading weights\nFatal error: index out of range\n"
    )

    @Test func `the record of an attempt says how it ended, after which epoch, and keeps the log`() throws {
        var harness = CoreHarness()
        var worker = harness.join("a")
        _ = harness.submit(RegistrationTests.plain(1))
        let assignment = try #require(harness.assigned(to: worker).first)
        harness.end(assignment, Self.crash, epoch: 0, by: &worker)
        let text = "signal 11 (SIGSEGV) after epoch 0\nreading weights\nFatal error: index out of range\n"
        #expect(harness.facts.contains(.leaseEnded(assignment.lease, .died(text))))
        #expect(harness.trial(1)?.lastDeath == AttemptDeath(text: text))
        #expect(harness.trial(1)?.fruitlessAttempts == 1)
        #expect(harness.broken == [])
    }

    @Test func `after three crashes it fails with the signal, the last epoch and the log's last line`() throws {
        var harness = CoreHarness()
        var worker = harness.join("a")
        _ = harness.submit(RegistrationTests.plain(1))
        for _ in 1...3 {
            #expect(harness.trial(1)?.ended == nil)
            let assignment = try #require(harness.lease(of: 1))
            harness.end(assignment, Self.crash, epoch: 0, by: &worker)
        }
        let reason =
            "3 attempts ended without an epoch; the last: signal 11 (SIGSEGV) after epoch 0; "
            + "its log ends: Fatal error: index out of range"
        #expect(harness.trial(1)?.ended == .failed(reason))
        #expect(harness.trial(1)?.lastDeath?.log.hasPrefix("reading weights") == true)
        #expect(harness.broken == [])
    }

    @Test func `it is tried on other workers while there are any`() throws {
        var harness = CoreHarness()
        var workers: [WorkerID: CoreHarness.Worker] = [:]
        for name in ["a", "b", "c"] {
            let worker = harness.join(name)
            workers[worker.id] = worker
        }
        _ = harness.submit(RegistrationTests.plain(1))
        var tried: [String] = []
        for _ in 1...3 {
            let holder = try #require(harness.trial(1)?.lease?.worker)
            tried.append(holder.name)
            var worker = try #require(workers[holder])
            harness.end(try #require(harness.lease(of: 1)), Self.crash, epoch: 0, by: &worker)
            workers[holder] = worker
        }
        #expect(tried == ["a", "b", "c"])
        #expect(harness.trial(1)?.ended?.name == "failed")
        #expect(harness.broken == [])
    }

    @Test func `it waits for a busy other worker rather than go back, and others do not wait for it`() throws {
        var harness = CoreHarness()
        var a = harness.join("a")
        var b = harness.join("b")
        _ = harness.submit(RegistrationTests.plain(3))
        let first = try #require(harness.lease(of: 1))
        let second = try #require(harness.lease(of: 2))
        harness.end(first, Self.crash, epoch: 0, by: &a)
        #expect(harness.trial(1)?.lease == nil)
        #expect(harness.assigned(to: a).map(\.lease.trial.number) == [3], "the next trial takes the free slot")
        harness.report(second, 1...3, by: &b)
        harness.end(second, by: &b)
        #expect(harness.trial(1)?.lease?.worker == b.id)
        #expect(harness.broken == [])
    }

    @Test func `with one worker it goes back to it, and with the other one lost too`() throws {
        var harness = CoreHarness()
        var a = harness.join("a")
        _ = harness.submit(RegistrationTests.plain(1))
        harness.end(try #require(harness.lease(of: 1)), Self.crash, epoch: 0, by: &a)
        #expect(harness.trial(1)?.lease?.worker == a.id)
        // With a second worker there, the next attempt is its.
        let b = harness.join("b")
        harness.end(try #require(harness.lease(of: 1)), Self.crash, epoch: 0, by: &a)
        #expect(harness.trial(1)?.lease?.worker == b.id)
        harness.say(.goodbye(Goodbye(reason: "stopped")), by: b)
        #expect(harness.trial(1)?.lease?.worker == a.id)
        #expect(harness.broken == [])
    }

    @Test func `an epoch makes it welcome everywhere again`() throws {
        var harness = CoreHarness()
        var a = harness.join("a")
        _ = harness.submit(RegistrationTests.plain(1))
        harness.end(try #require(harness.lease(of: 1)), Self.crash, epoch: 0, by: &a)
        #expect(harness.trial(1)?.avoided == [a.id])
        harness.report(try #require(harness.lease(of: 1)), 1...1, by: &a)
        #expect(harness.trial(1)?.avoided == [] && harness.trial(1)?.fruitlessAttempts == 0)
        // The death that comes after it does not count.
        harness.end(try #require(harness.lease(of: 1)), .died(reason: "signal 9", log: ""), epoch: 1, by: &a)
        #expect(harness.trial(1)?.fruitlessAttempts == 0 && harness.trial(1)?.attempt.rawValue == 3)
        #expect(harness.broken == [])
    }

    @Test func `what a drain stopped is kept, handed back, and goes on from there`() throws {
        var harness = CoreHarness()
        var a = harness.join("a")
        _ = harness.submit(RegistrationTests.plain(1))
        let assignment = try #require(harness.lease(of: 1))
        harness.report(assignment, 1...2, by: &a)
        harness.say(.draining(Draining(handedBack: [])), by: a)
        let b = harness.join("b")
        a.sequence += 1
        let checkpoint = CoreHarness.checkpoint(assignment, 2)
        harness.say(
            .segmentEnded(
                SegmentEnded(
                    sequence: a.sequence,
                    lease: assignment.lease,
                    epoch: 2,
                    outcome: .cancelled,
                    checkpoint: checkpoint
                )
            ),
            by: a
        )
        let next = try #require(harness.assigned(to: b).first)
        #expect(next.from == 2 && next.checkpoint == checkpoint)
        #expect(harness.trial(1)?.fruitlessAttempts == 0 && harness.trial(1)?.avoided == [])
        #expect(harness.broken == [])
    }

    @Test func `with the defaults a lost worker's trial runs elsewhere in less than ten seconds`() throws {
        var harness = CoreHarness()
        let a = harness.join("a")
        _ = harness.submit(RegistrationTests.plain(1))
        #expect(harness.trial(1)?.lease?.worker == a.id)
        let b = harness.join("b")
        let lost = harness.now
        // Time passes as the core itself asks for it; only b beats.
        while harness.trial(1)?.lease?.worker != b.id, lost.duration(to: harness.now) < .seconds(60) {
            harness.tick(after: harness.core.options.heartbeat / 2)
            harness.say(.heartbeat(Heartbeat(running: [], busySlots: 0)), by: b)
        }
        #expect(lost.duration(to: harness.now) < .seconds(10))
        #expect(lost.duration(to: harness.now) > harness.core.options.lapse)
    }
}
