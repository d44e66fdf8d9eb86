import SweepCoordination
import SweepCore
import SweepTestKit
import SweepWire
import Testing

/// Trainers that make no step while their worker beats.
@Suite struct StuckTests {
    private static func beat(
        _ harness: inout CoreHarness,
        _ worker: CoreHarness.Worker,
        _ leases: [(lease: LeaseID, step: Int)],
        busy: Int? = nil
    ) {
        let running = leases.map { Heartbeat.Progress(lease: $0.lease, epoch: 0, step: $0.step) }
        harness.say(.heartbeat(Heartbeat(running: running, busySlots: busy ?? running.count)), by: worker)
    }

    @Test func `a trial that makes no step for a minute is moved, and its trainer told to stop`() throws {
        var harness = CoreHarness()
        let a = harness.join("a")
        _ = harness.submit(RegistrationTests.plain(1))
        let lease = try #require(harness.lease(of: 1)).lease
        let b = harness.join("b")
        for _ in 0..<31 {
            Self.beat(&harness, a, [(lease, 7)])
            Self.beat(&harness, b, [])
            #expect(harness.trial(1)?.lease?.worker == a.id)
            harness.tick(after: .seconds(2))
        }
        #expect(harness.stopped(at: a).map(\.lease) == [lease])
        let moved = try #require(harness.assigned(to: b).first)
        #expect(moved.lease == LeaseID(trial: lease.trial, attempt: lease.attempt.next))
        #expect(harness.trial(1)?.lastDeath?.reason == "no step for 62 s on worker a after epoch 0")
        #expect(harness.trial(1)?.fruitlessAttempts == 1)
        #expect(harness.broken == [])
    }

    @Test func `one that makes a step now and then stays, and so does one of long epochs`() throws {
        var harness = CoreHarness()
        let a = harness.join("a", slots: 2)
        _ = harness.submit(RegistrationTests.plain(2))
        let leases = try (1...2).map { try #require(harness.lease(of: $0)).lease }
        for beat in 0..<100 {
            Self.beat(&harness, a, [(leases[0], beat / 25), (leases[1], beat)])
            harness.tick(after: .seconds(2))
        }
        #expect((1...2).map { harness.trial($0)?.attempt.rawValue } == [1, 1])

        var slow = CoreHarness()
        var worker = slow.join("a")
        _ = slow.submit(RegistrationTests.plain(1))
        let assignment = try #require(slow.lease(of: 1))
        worker.sequence += 1
        let whole = slow.observation(assignment, epoch: 1)
        let observation = Observation(epoch: 1, values: whole.values, seconds: 10)
        slow.say(
            .reports(
                Reports(
                    sequence: worker.sequence,
                    items: [Reports.Item(lease: assignment.lease, observations: [observation])]
                )
            ),
            by: worker
        )
        let sweep = try #require(slow.sweep)
        #expect(slow.core.stuckTime(of: sweep) == .seconds(200), "twenty epochs of 10 s")
        for _ in 0..<100 {
            Self.beat(&slow, worker, [(assignment.lease, 7)])
            #expect(slow.trial(1)?.attempt.rawValue == 1)
            slow.tick(after: .seconds(2))
        }
        Self.beat(&slow, worker, [(assignment.lease, 7)])
        slow.tick(after: .seconds(2))
        // It has an epoch, so the attempt does not count.
        #expect(slow.trial(1)?.lastDeath?.reason.hasPrefix("no step for 202 s") == true)
        #expect(slow.trial(1)?.fruitlessAttempts == 0)
        #expect(slow.broken == [])
    }

    @Test func `the time can be set`() throws {
        var harness = CoreHarness(options: CoordinatorOptions(stuckAfter: .seconds(5)))
        let a = harness.join("a")
        _ = harness.submit(RegistrationTests.plain(1))
        let lease = try #require(harness.lease(of: 1)).lease
        for _ in 0..<3 {
            Self.beat(&harness, a, [(lease, 1)])
            #expect(harness.trial(1)?.lastDeath == nil)
            harness.tick(after: .seconds(2))
        }
        #expect(harness.trial(1)?.lastDeath != nil)
    }

    @Test func `it is told before it is moved`() throws {
        var harness = CoreHarness()
        let a = harness.join("a")
        _ = harness.submit(RegistrationTests.plain(1))
        let lease = try #require(harness.lease(of: 1)).lease
        Self.beat(&harness, a, [(lease, 1)])
        for seconds in stride(from: 2, through: 30, by: 2) {
            harness.tick(after: .seconds(2))
            Self.beat(&harness, a, [(lease, 1)])
            let told = harness.core.standstills(of: try #require(harness.core.workers[a.id]), at: harness.now)
            #expect(told.map(\.trial) == (seconds > 20 ? [lease.trial] : []))
        }
    }

    @Test func `a slot whose trainer does not stop gets nothing more, and what waits for it goes to others`() throws {
        var harness = CoreHarness(options: CoordinatorOptions(stuckAfter: .seconds(5), shortEpochSeconds: 0.2))
        var a = harness.join("a", slots: 1, prefetch: 2)
        _ = harness.submit(RegistrationTests.plain(4, epochs: 2))
        harness.report(try #require(harness.lease(of: 1)), 1...2, by: &a)
        #expect(harness.core.workers[a.id]?.held.map(\.number) == [2, 3, 4])
        let lease = try #require(harness.lease(of: 2)).lease
        for _ in 0..<3 {
            Self.beat(&harness, a, [(lease, 1)])
            harness.tick(after: .seconds(2))
        }
        #expect(harness.core.workers[a.id]?.held == [])
        #expect((2...4).map { harness.trial($0)?.fruitlessAttempts } == [1, 0, 0])
        // The stuck lease is still named in its beats: the slot stays taken.
        for _ in 0..<3 { Self.beat(&harness, a, [(lease, 1)]) }
        #expect(harness.core.workers[a.id]?.held == [] && harness.core.workers[a.id]?.occupied == 1)
        let b = harness.join("b", slots: 3)
        #expect(harness.assigned(to: b).count == 3)
        // When it does stop after all, the slot is free again.
        Self.beat(&harness, a, [])
        #expect(harness.core.workers[a.id]?.occupied == 0)
        #expect(harness.broken == [])
    }

    @Test func `a lease that crosses with its verdict costs no slot`() throws {
        var harness = CoreHarness()
        let a = harness.join("a", slots: 2)
        _ = harness.submit(RegistrationTests.plain(3))
        let leases = try (1...2).map { try #require(harness.lease(of: $0)).lease }
        harness.register(a, slots: 2, leases: [leases[1]])
        Self.beat(&harness, a, [(leases[0], 1), (leases[1], 1)])
        #expect(harness.core.workers[a.id]?.occupied == 0)
        Self.beat(&harness, a, [(leases[0], 1), (leases[1], 2)])
        #expect(harness.core.workers[a.id]?.occupied == 1)
    }

    @Test func `a worker keeps no more leases that are not its own than it has slots, whatever its beats name`() {
        var harness = CoreHarness()
        let a = harness.join("a", slots: 2)
        _ = harness.submit(RegistrationTests.plain(1))
        let foreign = (1...500).map { number in
            LeaseID(trial: TrialID(sweep: SweepID(rawValue: 9), number: number), attempt: Attempt(rawValue: 1))
        }
        for step in 1...3 {
            Self.beat(&harness, a, foreign.map { ($0, step) })
            #expect(harness.stopped(at: a).map(\.lease) == foreign)
            #expect(harness.core.workers[a.id]?.occupied == (step == 1 ? 0 : 2))
        }
        Self.beat(&harness, a, [])
        #expect(harness.core.workers[a.id]?.occupied == 0)
        #expect(harness.broken == [])
    }
}
