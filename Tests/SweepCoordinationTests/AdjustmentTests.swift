import SweepCoordination
import SweepCore
import SweepTestKit
import SweepWire
import Testing

/// Changing a sweep while it runs, or after its end.
@Suite struct AdjustmentTests {
    static func sweep(trials: Int? = 6, prune: String = "none", method: String = "random") -> SampleSweep {
        var sweep = SampleSweep()
        sweep.trials = trials
        sweep.prune = prune
        sweep.method = method
        return sweep
    }

    /// Trains everything that can be trained with one worker.
    static func finish(_ harness: inout CoreHarness, _ worker: inout CoreHarness.Worker) {
        let held = harness.core.workers[worker.id]?.held ?? []
        harness.trainAll(&worker, held.compactMap { harness.lease(of: $0.number) })
    }

    /// What a sweep came to, without the order in which things happened.
    static func outcome(_ harness: CoreHarness) -> [String] {
        harness.sweep?.trials.map { trial in
            "\(trial.configurationID) \(trial.seed) \(trial.ended?.name ?? "open") \(trial.curve.observations.map(\.values))"
        } ?? []
    }

    @Test func `priority and limit are changed and kept`() throws {
        var harness = CoreHarness()
        let worker = harness.join("a", slots: 4)
        var wide = Self.sweep(trials: 20)
        wide.parallelism = 20
        _ = harness.submit(wide)
        #expect(harness.held("sample") == 4)
        #expect(
            harness.adjust("sample", SweepAdjustment(priority: 5, maxParallel: .atMost(2)))
                == .done(SweepID(rawValue: 1))
        )
        #expect(harness.sweep?.placement == Placement(priority: 5, maxParallel: 2))
        // Nothing is taken back.
        #expect(harness.held("sample") == 4 && harness.stopped(at: worker).isEmpty)
        var first = worker
        for number in 1...3 {
            let lease = try #require(harness.lease(of: number))
            harness.report(lease, 1...9, by: &first)
        }
        #expect(harness.held("sample") == 2)
        #expect(harness.adjust("sample", SweepAdjustment(maxParallel: .unlimited)) == .done(SweepID(rawValue: 1)))
        #expect(harness.held("sample") == 4)
        var restored = CoordinatorCore(session: 43)
        for fact in harness.facts { restored.restore(fact) }
        #expect(restored.sweep(named: "sample")?.placement == Placement(priority: 5))
        #expect(harness.broken == [])
    }

    @Test func `what is so already changes nothing, and is written nowhere`() {
        var harness = CoreHarness()
        _ = harness.submit(Self.sweep())
        let before = harness.facts.count
        let same = SweepAdjustment(priority: 0, maxParallel: .unlimited, trials: 6)
        #expect(harness.adjust("sample", same) == .done(SweepID(rawValue: 1)))
        #expect(harness.facts.count == before)
    }

    /// Without pruning no trial depends on another one, so that it cannot matter when more were asked for.
    @Test(arguments: ["before", "during", "after"]) func `more trials give what a file with more gives`(when: String) {
        var expected = CoreHarness()
        var helper = expected.join("a", slots: 2)
        _ = expected.submit(Self.sweep(trials: 15))
        Self.finish(&expected, &helper)
        #expect(expected.sweep?.state == .finished)

        var harness = CoreHarness()
        var worker = harness.join("a", slots: 2)
        _ = harness.submit(Self.sweep(trials: 6))
        if when == "during" {
            let lease = harness.lease(of: 1)
            if let lease { harness.report(lease, 1...9, by: &worker) }
        }
        if when == "after" {
            Self.finish(&harness, &worker)
            #expect(harness.sweep?.state == .finished && harness.sweep?.trials.count == 6)
        }
        #expect(harness.adjust("sample", SweepAdjustment(trials: 15)) == .done(SweepID(rawValue: 1)))
        #expect(harness.sweep?.state == .running && harness.sweep?.plannedTrials == 15)
        Self.finish(&harness, &worker)
        #expect(harness.sweep?.state == .finished)
        #expect(Self.outcome(harness) == Self.outcome(expected))
        #expect(harness.broken == [])
    }

    @Test func `a finished sweep with pruning goes on: no trial ends twice, and what was reached still counts`() throws
    {
        var harness = CoreHarness()
        var worker = harness.join("a", slots: 2)
        _ = harness.submit(Self.sweep(trials: 9, prune: "asha"))
        Self.finish(&harness, &worker)
        let ended = try #require(harness.sweep).trials.map(\.ended)
        #expect(ended.contains(.pruned(.sweepEnded)) && ended.allSatisfy { $0 != nil })
        _ = harness.adjust("sample", SweepAdjustment(trials: 27))
        #expect(harness.sweep?.state == .running)
        Self.finish(&harness, &worker)
        let sweep = try #require(harness.sweep)
        #expect(sweep.state == .finished && sweep.trials.count == 27)
        #expect(Array(sweep.trials.prefix(9).map(\.ended)) == ended)
        // One in three of a rung's results goes on, and no place is lost to a trial that has ended.
        let promoted = harness.facts.compactMap { fact -> Int? in
            guard case .segmentDecided(let trial, let from, _, _, _) = fact, from > 0 else { return nil }
            return trial.number
        }
        let late = promoted.filter { $0 > 9 }
        #expect(!late.isEmpty)
        let changed = try #require(
            harness.facts.firstIndex { if case .sweepChanged(_, .adjusted) = $0 { true } else { false } }
        )
        for case .segmentDecided(let trial, let from, _, _, _) in harness.facts[changed...] where from > 0 {
            #expect(trial.number > 9)
        }
        // A replay comes to the same.
        var restored = CoordinatorCore(session: 43)
        for fact in harness.facts { restored.restore(fact) }
        #expect(restored.sweep(named: "sample")?.state == .finished)
        #expect(restored.start(at: .zero).allSatisfy { if case .record = $0 { false } else { true } })
        #expect(harness.broken == [])
    }

    @Test func `fewer trials begin no more, and those that are begun go on`() throws {
        var harness = CoreHarness()
        var worker = harness.join("a", slots: 2)
        _ = harness.submit(Self.sweep(trials: 100))
        let begun = try #require(harness.sweep).trials.count
        #expect(begun >= 2 && begun < 100)
        #expect(harness.adjust("sample", SweepAdjustment(trials: begun)) == .done(SweepID(rawValue: 1)))
        Self.finish(&harness, &worker)
        #expect(harness.sweep?.state == .finished && harness.sweep?.trials.count == begun)
        #expect(harness.sweep?.trials.allSatisfy { $0.ended == .completed } == true)
        #expect(harness.broken == [])
    }

    @Test func `fewer than are begun is a conflict that says how many are`() throws {
        var harness = CoreHarness()
        _ = harness.join("a", slots: 2)
        _ = harness.submit(Self.sweep(trials: 100))
        let begun = try #require(harness.sweep).trials.count
        #expect(
            harness.adjust("sample", SweepAdjustment(trials: begun - 1))
                == .conflict(
                    "trials: found \(begun - 1), but \(begun) trials of sample are begun; allowed from \(begun)"
                )
        )
        #expect(harness.sweep?.plannedTrials == 100)
    }

    @Test func `more than the grid has is a conflict, all of it is not`() {
        var harness = CoreHarness()
        var grid = Self.sweep(trials: 4, method: "grid")
        grid.repeats = 2
        _ = harness.submit(grid)
        #expect(
            harness.adjust("sample", SweepAdjustment(trials: 25))
                == .conflict(
                    "trials: found 25, but the search space of sample has 12 configurations in 2 runs each; allowed at most 24"
                )
        )
        #expect(harness.adjust("sample", SweepAdjustment(trials: 24)) == .done(SweepID(rawValue: 1)))
        #expect(harness.sweep?.plannedTrials == 24)
    }

    @Test func `what cannot be changed is told`() {
        var harness = CoreHarness()
        var worker = harness.join("a")
        #expect(
            harness.adjust("nobody", SweepAdjustment(priority: 1))
                == .notFound("no sweep is called nobody; there are none")
        )
        _ = harness.submit(Self.sweep(trials: 2))
        #expect(harness.adjust("sample", SweepAdjustment()) == .badInput("nothing is to be changed"))
        #expect(
            harness.adjust("sample", SweepAdjustment(priority: 5_000))
                == .badInput("priority: found 5000, allowed an integer from -1000 to 1000")
        )
        Self.finish(&harness, &worker)
        #expect(
            harness.adjust("sample", SweepAdjustment(priority: 1))
                == .conflict("sample is finished; more than its 2 trials let it go on")
        )
        #expect(harness.adjust("sample", SweepAdjustment(priority: 1, trials: 3)) == .done(SweepID(rawValue: 1)))
        _ = harness.steer("sample", .cancel)
        #expect(
            harness.adjust("sample", SweepAdjustment(trials: 9))
                == .conflict("sample is cancelled; it cannot be changed any more")
        )
        #expect(harness.broken == [])
    }

    @Test func `a paused sweep can be changed and stays paused`() {
        var harness = CoreHarness()
        _ = harness.submit(Self.sweep(trials: 3))
        _ = harness.steer("sample", .pause)
        #expect(harness.adjust("sample", SweepAdjustment(trials: 30)) == .done(SweepID(rawValue: 1)))
        #expect(harness.sweep?.state == .paused && harness.sweep?.plannedTrials == 30)
    }

    @Test func `a raised priority takes the next slot`() throws {
        var harness = CoreHarness()
        var worker = harness.join("a")
        _ = harness.submit(Self.sweep(trials: 10))
        var other = Self.sweep(trials: 10)
        other.name = "other"
        _ = harness.submit(other)
        _ = harness.adjust("sample", SweepAdjustment(priority: 1))
        for _ in 0..<3 {
            let held = try #require(harness.core.workers[worker.id]?.held.first)
            #expect(held.sweep == SweepID(rawValue: 1))
            let lease = try #require(harness.lease(of: held.number))
            harness.report(lease, 1...9, by: &worker)
        }
        #expect(harness.held("other") == 0)
    }
}
