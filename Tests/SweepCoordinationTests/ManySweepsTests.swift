import SweepCoordination
import SweepCore
import SweepTestKit
import SweepWire
import Testing

/// Which sweep's trial a free slot gets, and which worker may get it.
@Suite struct ManySweepsTests {
    /// A sweep of trials of one segment, all decided at once.
    static func sweep(
        _ name: String,
        trials: Int = 40,
        priority: Int = 0,
        limit: Int? = nil,
        requires: [String: String] = [:],
        threads: Int = 1
    ) -> SampleSweep {
        var sweep = SampleSweep()
        sweep.name = name
        sweep.prune = "none"
        sweep.trials = trials
        sweep.epochs = 1
        sweep.parallelism = trials
        sweep.priority = priority
        sweep.maxParallel = limit
        sweep.requires = requires
        sweep.threads = threads
        return sweep
    }

    /// The names of the sweeps whose leases the last event gave, in order of handing out.
    static func given(_ harness: CoreHarness) -> [String] {
        harness.effects.compactMap { effect in
            guard case .record(.leased(let lease, _, _, _, _)) = effect else { return nil }
            return harness.core.sweeps[lease.trial.sweep]?.sweep.name
        }
    }

    /// The worker trains the lease to its end, whose slot is then given on.
    static func finish(_ assignment: Assignment, by worker: inout CoreHarness.Worker, _ harness: inout CoreHarness) {
        harness.report(assignment, assignment.from + 1...assignment.to, by: &worker)
    }

    @Test func `the higher priority comes first, whatever came first`() {
        var harness = CoreHarness()
        _ = harness.submit(Self.sweep("low", priority: -1))
        _ = harness.submit(Self.sweep("usual"))
        _ = harness.submit(Self.sweep("high", trials: 3, priority: 2))
        _ = harness.join("a", slots: 5)
        #expect(Self.given(harness) == ["high", "high", "high", "usual", "usual"])
        _ = harness.join("b", slots: 1)
        #expect(Self.given(harness) == ["usual"])
        #expect(harness.broken == [])
    }

    @Test func `equals share the slots evenly, also with one that comes late`() {
        var harness = CoreHarness()
        _ = harness.submit(Self.sweep("a"))
        _ = harness.submit(Self.sweep("b"))
        _ = harness.join("one", slots: 4)
        #expect(harness.held("a") == 2 && harness.held("b") == 2)
        _ = harness.submit(Self.sweep("c"))
        #expect(harness.held("c") == 0)
        _ = harness.join("two", slots: 5)
        #expect(harness.held("a") == 3 && harness.held("b") == 3 && harness.held("c") == 3)
        #expect(harness.broken == [])
    }

    @Test func `on one slot equals take turns`() {
        var harness = CoreHarness()
        var worker = harness.join("one")
        _ = harness.submit(Self.sweep("a"))
        _ = harness.submit(Self.sweep("b"))
        var order: [String] = []
        var next = harness.facts.isEmpty ? [] : harness.assigned(to: worker)
        if next.isEmpty, let lease = harness.lease(of: 1) { next = [lease] }
        for _ in 0..<8 {
            guard let assignment = next.first else { break }
            order.append(assignment.sweepName)
            Self.finish(assignment, by: &worker, &harness)
            next = harness.assigned(to: worker)
        }
        #expect(order == ["a", "b", "a", "b", "a", "b", "a", "b"])
    }

    /// A sweep whose segments are long must not have most of the time, nor one that was there for long have to wait.
    @Test func `on one slot the one that had fewer core seconds is next, and who comes late begins level`() {
        var harness = CoreHarness()
        var worker = harness.join("one")
        var long = Self.sweep("long")
        long.epochs = 4
        _ = harness.submit(long)
        var next = harness.lease(of: 1).map { [$0] } ?? []
        func train(_ count: Int) -> [String] {
            var order: [String] = []
            for _ in 0..<count {
                guard let assignment = next.first else { break }
                order.append(assignment.sweepName)
                Self.finish(assignment, by: &worker, &harness)
                next = harness.assigned(to: worker)
            }
            return order
        }
        #expect(train(3) == ["long", "long", "long"])
        _ = harness.submit(Self.sweep("short"))
        // The lease that was given before; then the newcomer, level at its start, until it had as much.
        let order = train(16)
        #expect(order.prefix(2) == ["long", "short"])
        let counts = (order.count { $0 == "long" }, order.count { $0 == "short" })
        #expect(counts.1 >= 3 * counts.0 - 1 && counts.0 >= 2, "\(order)")
        #expect(harness.broken == [])
    }

    @Test func `a sweep has no more trials at once than its limit, after a restart too`() throws {
        var harness = CoreHarness()
        var worker = harness.join("one", slots: 8, prefetch: 8)
        _ = harness.submit(Self.sweep("a", limit: 3))
        #expect(harness.held("a") == 3)
        let first = try #require(harness.lease(of: 1))
        Self.finish(first, by: &worker, &harness)
        #expect(harness.assigned(to: worker).count == 1 && harness.held("a") == 3)
        var restored = CoordinatorCore(session: 43)
        for fact in harness.facts { restored.restore(fact) }
        let effects = restored.start(at: .zero)
        #expect(!effects.contains { if case .record = $0 { true } else { false } })
        #expect(restored.sweep(named: "a")?.share == harness.core.sweep(named: "a")?.share)
        let register = Register(
            worker: WorkerID(name: "two", incarnation: 9),
            host: "here",
            pid: 1,
            slots: 8,
            prefetch: 0,
            kernels: "none",
            coreVersion: "core-1",
            softwareVersion: "0"
        )
        _ = restored.handle(.message(.register(register), from: PeerID(number: 77)), at: .zero)
        #expect(restored.sweep(named: "a")?.share.leases == 3)
        #expect(restored.brokenInvariants() == [])
        #expect(harness.broken == [])
    }

    @Test func `what a limit leaves goes to others, of lower priority too`() {
        var harness = CoreHarness()
        _ = harness.submit(Self.sweep("high", priority: 9, limit: 1))
        _ = harness.submit(Self.sweep("low"))
        _ = harness.join("one", slots: 4)
        #expect(harness.held("high") == 1 && harness.held("low") == 3)
    }

    @Test func `only workers that have what is required get the trials`() {
        var harness = CoreHarness()
        _ = harness.submit(Self.sweep("a", requires: ["gpu": "yes", "kernels": "v3"]))
        _ = harness.join("plain", slots: 4, kernels: "v4")
        _ = harness.join("old", slots: 4, labels: ["gpu": "yes"], kernels: "v2")
        _ = harness.join("other", slots: 4, labels: ["gpu": "no"], kernels: "v4")
        #expect(harness.held("a") == 0)
        let fits = harness.join("fits", slots: 4, labels: ["gpu": "yes", "disk": "fast"], kernels: "v4")
        #expect(harness.assigned(to: fits).count == 4)
        #expect(harness.broken == [])
    }

    @Test func `a worker that registers anew with other labels is another to those who require them`() {
        var harness = CoreHarness()
        _ = harness.submit(Self.sweep("a", requires: ["gpu": "yes"]))
        let worker = harness.join("one", slots: 2)
        #expect(harness.assigned(to: worker).isEmpty)
        harness.register(worker, slots: 2, labels: ["gpu": "yes"])
        #expect(harness.assigned(to: worker).count == 2)
        #expect(harness.broken == [])
    }

    @Test func `a trial takes as many slots as it has threads`() {
        var harness = CoreHarness()
        _ = harness.submit(Self.sweep("wide", threads: 3))
        let small = harness.join("small", slots: 2)
        #expect(harness.assigned(to: small).isEmpty)
        let large = harness.join("large", slots: 8)
        #expect(harness.assigned(to: large).count == 2)
        #expect(harness.core.workers[large.id]?.load == 6)
        _ = harness.submit(Self.sweep("narrow"))
        #expect(harness.assigned(to: large).count == 2 && harness.assigned(to: small).count == 2)
        #expect(harness.broken == [])
    }

    /// Narrow trials take each slot as it becomes free; a wide one must all the same come to its turn.
    @Test func `a wide trial gets its slots beside narrow ones of the same priority`() {
        var harness = CoreHarness()
        var worker = harness.join("one", slots: 4)
        // Two at a time: it never holds as much as the wide one would.
        _ = harness.submit(Self.sweep("narrow", limit: 2))
        var running = harness.facts.compactMap { fact -> Int? in
            guard case .leased(let lease, _, _, _, _) = fact else { return nil }
            return lease.trial.number
        }.compactMap { harness.lease(of: $0) }
        #expect(running.count == 2)
        _ = harness.submit(Self.sweep("wide", threads: 4))
        var steps = 0
        while harness.held("wide") == 0, !running.isEmpty, steps < 20 {
            steps += 1
            Self.finish(running.removeFirst(), by: &worker, &harness)
            running += harness.assigned(to: worker)
        }
        #expect(harness.held("wide") == 1, "after \(steps) trials")
        #expect(steps <= 8)
        #expect(harness.broken == [])
    }

    /// It waits among those that are tried again, not among those that are ready.
    @Test func `a wide trial that is tried again gets its slots beside narrow ones too`() throws {
        var harness = CoreHarness()
        var first = harness.join("a", slots: 4)
        _ = harness.submit(Self.sweep("wide", trials: 1, threads: 4))
        let wide = try #require(harness.lease(of: 1))
        var second = harness.join("b", slots: 4)
        _ = harness.submit(Self.sweep("narrow"))
        var running = harness.assigned(to: second)
        #expect(running.count == 4)
        harness.end(wide, .died(reason: "signal 9 (SIGKILL)", log: ""), epoch: 0, by: &first)
        #expect(harness.assigned(to: first).map(\.sweepName) == Array(repeating: "narrow", count: 4))
        var steps = 0
        while harness.held("wide") == 0, !running.isEmpty, steps < 20 {
            steps += 1
            Self.finish(running.removeFirst(), by: &second, &harness)
            running += harness.assigned(to: second)
        }
        #expect(harness.held("wide") == 1, "after \(steps) trials")
        #expect(harness.core.workers[second.id]?.held.count == 1)
        #expect(harness.broken == [])
    }

    /// A worker that lost a slot to a trainer that cannot be stopped will never have four.
    @Test func `a wide trial goes back to the worker that it failed on where no other has the slots`() throws {
        var harness = CoreHarness(options: CoordinatorOptions(stuckAfter: .seconds(5), shortEpochSeconds: 0.2))
        let crowded = harness.join("crowded", slots: 4)
        _ = harness.submit(Self.sweep("narrow", trials: 1))
        let stuck = try #require(harness.lease(of: 1)).lease
        func beat() {
            let progress = Heartbeat.Progress(lease: stuck, epoch: 0, step: 1)
            harness.say(.heartbeat(Heartbeat(running: [progress], busySlots: 1)), by: crowded)
        }
        for _ in 0..<4 {
            beat()
            harness.tick(after: .seconds(2))
        }
        beat()
        #expect(harness.core.workers[crowded.id]?.occupied == 1)
        var other = harness.join("other", slots: 4)
        if let again = harness.assigned(to: other).first { Self.finish(again, by: &other, &harness) }
        _ = harness.submit(Self.sweep("wide", trials: 1, threads: 4))
        let wide = try #require(harness.assigned(to: other).first)
        harness.end(wide, .died(reason: "signal 9 (SIGKILL)", log: ""), epoch: 0, by: &other)
        #expect(harness.assigned(to: other).count == 1, "the worker that it failed on is the only one with four slots")
        #expect(harness.broken == [])
    }

    @Test func `a wide trial of a higher priority gets the next slots, and what it cannot use goes to others`() {
        var harness = CoreHarness()
        var worker = harness.join("one", slots: 4)
        _ = harness.join("two", slots: 2)
        _ = harness.submit(Self.sweep("narrow"))
        #expect(harness.held("narrow") == 6)
        _ = harness.submit(Self.sweep("wide", priority: 1, threads: 4))
        let first = (1...6).compactMap { harness.lease(of: $0) }.filter { lease in
            harness.core.workers[worker.id]?.held.contains(lease.lease.trial) == true
        }
        for (index, lease) in first.enumerated() {
            Self.finish(lease, by: &worker, &harness)
            #expect(harness.held("narrow") == 5 - index, "nothing narrow is begun where the wide one waits")
        }
        #expect(harness.held("wide") == 1)
        #expect(harness.broken == [])
    }

    @Test func `a paused sweep leaves its place to others and comes back level`() {
        var harness = CoreHarness()
        _ = harness.submit(Self.sweep("a"))
        _ = harness.submit(Self.sweep("b"))
        _ = harness.steer("a", .pause)
        _ = harness.join("one", slots: 2)
        #expect(harness.held("a") == 0 && harness.held("b") == 2)
        _ = harness.steer("a", .resume)
        _ = harness.join("two", slots: 2)
        #expect(harness.held("a") == 2 && harness.held("b") == 2)
        #expect(harness.broken == [])
    }

    /// What it had before must not count: it would wait until the other has had as much.
    @Test func `a sweep that had much and was paused takes turns with one that is young`() throws {
        var harness = CoreHarness()
        var worker = harness.join("one")
        _ = harness.submit(Self.sweep("old"))
        var next = try #require(harness.lease(of: 1))
        func train(_ count: Int) -> [String] {
            var order: [String] = []
            for _ in 0..<count {
                order.append(next.sweepName)
                Self.finish(next, by: &worker, &harness)
                guard let following = harness.assigned(to: worker).first else { break }
                next = following
            }
            return order
        }
        #expect(train(10).count == 10)
        _ = harness.steer("old", .pause)
        harness.end(next, .cancelled, epoch: 0, by: &worker)
        _ = harness.submit(Self.sweep("young"))
        next = try #require(harness.assigned(to: worker).first)
        #expect(train(2) == ["young", "young"])
        _ = harness.steer("old", .resume)
        #expect(train(9).dropFirst().count { $0 == "old" } == 4)
        #expect(harness.broken == [])
    }

    @Test func `trials of a sweep that is over leave the workers to the others`() {
        var harness = CoreHarness()
        var worker = harness.join("one", slots: 2)
        _ = harness.submit(Self.sweep("a", trials: 1, priority: 1))
        _ = harness.submit(Self.sweep("b", trials: 3))
        #expect(harness.held("a") == 1 && harness.held("b") == 1)
        if let lease = harness.lease(of: 1) { Self.finish(lease, by: &worker, &harness) }
        #expect(harness.core.sweep(named: "a")?.state == .finished)
        #expect(harness.held("b") == 2)
        #expect(harness.broken == [])
    }

    @Test func `a file that differs in its place alone is the same sweep, one with other trials is told of`() {
        var harness = CoreHarness()
        var sweep = Self.sweep("a")
        _ = harness.submit(sweep)
        sweep.priority = 7
        sweep.requires = ["gpu": "yes"]
        #expect(harness.submit(sweep) == .done(SweepID(rawValue: 1)))
        #expect(harness.core.sweep(named: "a")?.placement == Placement())
        sweep.trials = 41
        guard case .conflict(let sentence)? = harness.submit(sweep) else {
            Issue.record("no conflict")
            return
        }
        #expect(sentence == "a is here with another number of trials; sweepd set a --trials NUMBER changes that")
    }
}
