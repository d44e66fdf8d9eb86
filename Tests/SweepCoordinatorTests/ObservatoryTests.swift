import SweepCoordination
import SweepCoordinator
import SweepCore
import SweepReports
import SweepTestKit
import SweepWire
import Testing

/// What the page is told of a core's state.
@Suite struct ObservatoryTests {
    /// A worker that trained the first of two trials for two of three epochs, the second better than the first.
    private func begun() throws -> (CoreHarness, CoreHarness.Worker, Assignment) {
        var harness = CoreHarness()
        var worker = harness.join("a", slots: 2)
        var sample = SampleSweep()
        (sample.trials, sample.epochs, sample.prune) = (2, 3, "none")
        _ = harness.submit(sample)
        let assignment = try #require(harness.assigned(to: worker).first)
        harness.report(assignment, 1...1, loss: 0.5, by: &worker)
        harness.report(assignment, 2...2, loss: 0.25, by: &worker)
        return (harness, worker, assignment)
    }

    @Test func `an estimate is at most where a good result ends a sweep, and no longer than its time`() throws {
        func status(_ stop: StopSpec?) throws -> StatusDocument {
            var harness = CoreHarness()
            var worker = harness.join("a", slots: 1)
            var sample = SampleSweep()
            (sample.trials, sample.epochs, sample.prune, sample.stop) = (100, 10, "none", stop)
            _ = harness.submit(sample)
            let assignment = try #require(harness.assigned(to: worker).first)
            harness.report(assignment, 1...5, by: &worker)
            return harness.core.statusDocument(
                try #require(harness.sweep),
                pace: Pace(epochsPerSecond: 1),
                at: harness.now
            )
        }
        let plain = try status(nil)
        #expect(plain.secondsLeft ?? 0 > 500 && !plain.mayEndSooner && plain.plainText().contains("about"))
        let below = try status(StopSpec(cost: -1))
        #expect(below.secondsLeft == plain.secondsLeft && below.mayEndSooner)
        #expect(below.plainText().contains("at most") && !below.plainText().contains("about"))
        #expect(try StatusDocument(json: below.json) == below)
        let timed = try status(StopSpec(milliseconds: 60_000))
        #expect(timed.secondsLeft == 60 && !timed.mayEndSooner)
    }

    @Test func `each best is remembered with what had been trained by then, and a restart tells the same`() throws {
        let (harness, _, _) = try begun()
        let sweep = try #require(harness.sweep)
        let steps = harness.core.incumbentSteps(sweep)
        #expect(steps.map(\.value) == [0.5, 0.25])
        #expect(steps.map(\.epochs) == [1, 2] && steps.map(\.epoch) == [1, 2] && steps.allSatisfy { $0.trial == 1 })
        #expect(steps[0].coreSeconds < steps[1].coreSeconds)
        var again = CoordinatorCore(options: CoordinatorOptions(), session: 1)
        for fact in try JournalCodec.decode(JournalCodec.encode(harness.facts)) { again.restore(fact) }
        let restored = try #require(again.sweeps[sweep.id])
        #expect(again.incumbentSteps(restored) == steps)
    }

    @Test func `only trials that are unlike their marks are told, from the epoch that is new`() throws {
        var (harness, worker, assignment) = try begun()
        var sweep = try #require(harness.sweep)
        let all = harness.core.trialChanges(sweep, unlike: [])
        #expect(all.document.rows.map(\.trial) == [1, 2] && all.document.rows.map(\.known) == [0, 0])
        #expect(all.document.rows[0].worker == "a" && all.document.rows[0].best?.value == 0.25)
        #expect(harness.core.trialChanges(sweep, unlike: all.marks).document.rows.isEmpty)
        harness.report(assignment, 3...3, loss: 0.75, by: &worker)
        sweep = try #require(harness.sweep)
        let some = harness.core.trialChanges(sweep, unlike: all.marks)
        #expect(some.document.rows.map(\.trial) == [1] && some.document.rows[0].known == 2)
        #expect(some.document.rows[0].curve.epochs == 3)
    }

    @Test func `one trial and one worker are told with what they hold`() throws {
        let (harness, _, _) = try begun()
        let sweep = try #require(harness.sweep)
        let trial = try #require(harness.core.trialDocument(sweep, number: 1)).json
        guard case .array(let losses)? = trial["curve"]?["validation.loss"] else {
            Issue.record("no curve")
            return
        }
        #expect(losses == [.number(0.5), .number(0.25)])
        #expect(trial["objective_of"]?["metric"] == .text("validation.loss") && trial["state"] != nil)
        #expect(harness.core.trialDocument(sweep, number: 9) == nil)
        let workers = harness.core.workersDocument(at: harness.now)
        #expect(workers.workers.map(\.status.id) == ["a"] && workers.workers[0].state == .connected)
        #expect(workers.workers[0].trials.map(\.trial) == [1, 2])
        #expect(workers.workers[0].trials[0].epoch == 2 && workers.workers[0].trials[0].to == 3)
    }

    @Test func `a sweep's document has its parameters on their scales`() throws {
        let (harness, _, _) = try begun()
        let sweep = try #require(harness.sweep)
        let json = harness.core.sweepDocument(sweep).json
        #expect(json["objective"]?["metric"] == .text("validation.loss") && json["epochs"] == .integer(3))
        guard case .array(let parameters)? = json["parameters"], let first = parameters.first else {
            Issue.record("no parameters")
            return
        }
        #expect(first["path"] != nil && first["name"] != nil)
        if first["kind"] == .text("choice") { #expect(first["options"] != nil) } else { #expect(first["scale"] != nil) }
    }
}
