import SweepCoordination
import SweepCore
import SweepTestKit
import SweepWire
import Testing

@Suite struct RegistrationTests {
    static func plain(_ trials: Int = 4, epochs: Int = 3) -> SampleSweep {
        var sweep = SampleSweep()
        sweep.prune = "none"
        sweep.trials = trials
        sweep.epochs = epochs
        return sweep
    }

    @Test func `a worker is welcomed with the beat, the lapse time and its last number`() throws {
        var harness = CoreHarness()
        var worker = harness.join("a")
        guard case .welcome(let welcome)? = harness.sent(to: worker).first else {
            Issue.record("no welcome: \(harness.effects)")
            return
        }
        #expect(welcome.session == 42)
        #expect(welcome.heartbeatMilliseconds == 2_000)
        #expect(welcome.lapseMilliseconds == 6_000)
        #expect(welcome.lastSequence == 0)

        _ = harness.submit(Self.plain())
        let assignment = try #require(harness.assigned(to: worker).first)
        harness.report(assignment, 1...2, by: &worker)
        harness.register(worker, leases: [assignment.lease])
        guard case .welcome(let again)? = harness.sent(to: worker).first else {
            Issue.record("no second welcome")
            return
        }
        #expect(again.lastSequence == 1)
        #expect(again.refused == [])
        #expect(harness.broken == [])
    }

    @Test func `a message from a stranger is answered with unknown session, a goodbye or a problem with nothing`() {
        var harness = CoreHarness()
        let peer = PeerID(number: 99)
        harness.give(.message(.heartbeat(Heartbeat(running: [], busySlots: 0)), from: peer))
        #expect(harness.effects.contains(.send(.unknownSession, to: peer)))
        harness.give(.message(.goodbye(Goodbye(reason: "bye")), from: peer))
        #expect(harness.effects == [])
        harness.give(.message(.problem(Problem(kind: 0, code: .unspecified, sentence: "")), from: peer))
        #expect(harness.effects == [])
    }

    @Test func `what a worker may not send is answered with a problem`() {
        var harness = CoreHarness()
        let worker = harness.join("a")
        harness.say(.drain, by: worker)
        guard case .problem(let problem)? = harness.sent(to: worker).first else {
            Issue.record("no problem: \(harness.effects)")
            return
        }
        #expect(problem.code == .notAllowed)
    }

    @Test func `leases that a registration does not list are given to others at once`() throws {
        var harness = CoreHarness()
        let first = harness.join("a", slots: 2)
        _ = harness.submit(Self.plain(2))
        let leases = harness.assigned(to: first).map(\.lease)
        #expect(leases.count == 2)
        let second = harness.join("b", slots: 2)
        #expect(harness.assigned(to: second) == [])

        harness.register(first, slots: 1, leases: [leases[0]])
        let moved = harness.assigned(to: second)
        #expect(moved.map(\.lease.trial) == [leases[1].trial])
        #expect(moved.first?.lease.attempt == leases[1].attempt.next)
        #expect(harness.trial(leases[1].trial.number)?.fruitlessAttempts == 0)
        #expect(harness.broken == [])
    }

    @Test func `of a registration no lists are kept, and no wish for more leases than one of ours takes`() throws {
        var harness = CoreHarness()
        let worker = harness.join("a", slots: 2, prefetch: 8)
        #expect(harness.core.workers[worker.id]?.introduction?.prefetch == 8)
        var register = try #require(harness.core.workers[worker.id]?.introduction)
        let foreign = (1...100).map { number in
            LeaseID(trial: TrialID(sweep: SweepID(rawValue: 9), number: number), attempt: Attempt(rawValue: 1))
        }
        register.leases = foreign.map { HeldLease(lease: $0, epoch: 1) }
        register.dataSets = Array(repeating: SampleSweep.dataSet, count: 100)
        register.prefetch = 65_536
        harness.say(.register(register), by: worker)
        guard case .welcome(let welcome)? = harness.sent(to: worker).first else {
            Issue.record("no welcome: \(harness.effects)")
            return
        }
        #expect(welcome.refused == foreign)
        let kept = try #require(harness.core.workers[worker.id]?.introduction)
        #expect(kept.leases == [] && kept.dataSets == [])
        #expect(kept.prefetch == 4_096 - 2)
        #expect(harness.broken == [])
    }

    @Test func `listed leases that are not the worker's any more are refused`() throws {
        var harness = CoreHarness()
        let first = harness.join("a")
        _ = harness.submit(Self.plain(1))
        let old = try #require(harness.assigned(to: first).first)
        harness.tick(after: .seconds(7))
        let second = harness.join("b")
        let new = try #require(harness.assigned(to: second).first)
        #expect(new.lease.attempt > old.lease.attempt)

        let again = harness.reconnected(first)
        harness.register(again, leases: [old.lease])
        guard case .welcome(let welcome)? = harness.sent(to: again).first else {
            Issue.record("no welcome")
            return
        }
        #expect(welcome.refused == [old.lease])
        #expect(harness.trial(1)?.lease?.worker == second.id)
        #expect(harness.broken == [])
    }

    @Test func `a worker that registers on another connection is forgotten on the older one`() throws {
        var harness = CoreHarness()
        let worker = harness.join("a")
        let moved = harness.reconnected(worker)
        harness.register(moved)
        harness.say(.heartbeat(Heartbeat(running: [], busySlots: 0)), by: worker)
        #expect(harness.sent(to: worker) == [.unknownSession])
        _ = harness.submit(Self.plain(1))
        #expect(harness.assigned(to: moved).count == 1)
    }

    @Test func `a process that lost its low numbers to another coordinator begins where it is`() throws {
        var harness = CoreHarness()
        var worker = harness.join("a")
        harness.register(worker, oldestSequence: 31)
        guard case .welcome(let welcome)? = harness.sent(to: worker).first else {
            Issue.record("no welcome")
            return
        }
        #expect(welcome.lastSequence == 30)
        _ = harness.submit(Self.plain(1))
        let assignment = try #require(harness.assigned(to: worker).first)
        worker.sequence = 30
        harness.report(assignment, 1...1, by: &worker)
        #expect(harness.trial(1)?.curve.epochs == 1)
    }

    @Test func `a worker with another training core gets nothing of the sweep`() {
        var harness = CoreHarness()
        let other = harness.join("a", slots: 8, coreVersion: "core-2")
        _ = harness.submit(Self.plain())
        #expect(harness.assigned(to: other) == [])
        let same = harness.join("b", slots: 2)
        #expect(harness.assigned(to: same).count == 2)
        #expect(harness.broken == [])
    }

    @Test func `a worker that cannot be reached keeps its leases until the lapse time`() throws {
        var harness = CoreHarness()
        let worker = harness.join("a")
        _ = harness.submit(Self.plain(1))
        let lease = try #require(harness.assigned(to: worker).first).lease
        harness.give(.unreachable(worker.peer))
        harness.tick(after: .seconds(5))
        #expect(harness.trial(1)?.lease?.attempt == lease.attempt)
        let again = harness.reconnected(worker)
        harness.register(again, leases: [lease])
        #expect(harness.assigned(to: again) == [])
        harness.tick(after: .seconds(5))
        #expect(harness.trial(1)?.lease?.attempt == lease.attempt)
    }
}
