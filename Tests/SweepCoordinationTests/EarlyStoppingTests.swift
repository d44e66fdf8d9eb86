import CoordinationSimulation
import SweepCoordination
import SweepCore
import SweepTestKit
import SweepWire
import Testing

/// Trials that their own rule ends before the last epoch of the sweep.
@Suite struct EarlyStoppingTests {
    @Test func `the report that says so completes the trial at its epoch, and makes room`() throws {
        var harness = CoreHarness()
        var worker = harness.join("a")
        _ = harness.submit(RegistrationTests.plain(2, epochs: 9))
        let lease = try #require(harness.assigned(to: worker).first)
        harness.report(lease, 1...4, stoppedEarly: true, by: &worker)
        let trial = try #require(harness.trial(1))
        #expect(trial.ended == .completed && trial.stoppedEarly && trial.curve.epochs == 4)
        #expect(harness.stopped(at: worker) == [])
        #expect(harness.assigned(to: worker).map(\.lease.trial.number) == [2])
        let facts = harness.facts.count
        harness.end(lease, .stoppedEarly, epoch: 4, by: &worker)
        #expect(harness.facts.count == facts + 1)
        let second = try #require(harness.lease(of: 2))
        harness.report(second, 1...9, stoppedEarly: true, by: &worker)
        #expect(harness.trial(2)?.ended == .completed)
        // The rule fired in the last epoch: nothing was saved.
        #expect(harness.trial(2)?.stoppedEarly == false)
        #expect(harness.sweep?.state == .finished)
        #expect(harness.broken == [])
    }

    @Test func `a trial that stops in the epoch of its rung is promoted like any other and never handed out again`()
        throws
    {
        var harness = CoreHarness()
        var worker = harness.join("a", slots: 3)
        _ = harness.submit(PromotionTests.sweep(trials: 3, parallelism: 3))
        let rung = harness.assigned(to: worker)
        #expect(rung.map(\.to) == [1, 1, 1])
        harness.report(rung[0], 1...1, loss: 0.01, stoppedEarly: true, by: &worker)
        harness.report(rung[1], 1...1, loss: 0.5, by: &worker)
        harness.report(rung[2], 1...1, loss: 0.6, by: &worker)
        // The best of three goes on to the rung at 3 on what it has; the result there is known at once.
        let trial = rung[0].lease.trial
        #expect(harness.facts.contains(.segmentDecided(trial, from: 1, to: 3, virtualEnd: 1, order: 3)))
        #expect(harness.facts.contains(.segmentResolved(trial, epoch: 3, cost: 0.01)))
        #expect(harness.lease(of: trial.number) == nil)
        #expect(harness.sweep?.state == .finished)
        #expect(harness.trial(trial.number)?.ended == .completed)
        #expect(harness.trial(2)?.ended?.name == "pruned" && harness.trial(3)?.ended?.name == "pruned")
        #expect(harness.broken == [])
    }

    @Test func `an end that tells of a stop which no report told is an attempt that did not end`() throws {
        var harness = CoreHarness()
        var worker = harness.join("a")
        _ = harness.submit(RegistrationTests.plain(1))
        let lease = try #require(harness.assigned(to: worker).first)
        harness.report(lease, 1...1, by: &worker)
        harness.end(lease, .stoppedEarly, epoch: 1, by: &worker)
        #expect(harness.trial(1)?.ended == nil)
        let again = try #require(harness.assigned(to: worker).first)
        #expect(again.lease.attempt.rawValue == 2)
        harness.report(again, 1...3, by: &worker)
        #expect(harness.trial(1)?.ended == .completed)
        #expect(harness.broken == [])
    }

    @Test func `epochs that were trained again stop the trial where the rule fires, not where they are known already`()
        throws
    {
        var (harness, worker, assignment) = try ReportTests.training()
        harness.report(assignment, 1...1, by: &worker)
        harness.tick(after: .seconds(7))
        var second = harness.join("b")
        let again = try #require(harness.assigned(to: second).first)
        harness.report(again, 1...1, stoppedEarly: true, by: &second)
        // Nothing new in it: the trainer that says this of a known epoch is not the one that trained it.
        #expect(harness.trial(1)?.ended == nil)
        harness.report(again, 1...2, stoppedEarly: true, by: &second)
        #expect(harness.trial(1)?.stoppedEarly == true && harness.trial(1)?.curve.epochs == 2)
        #expect(harness.broken == [])
    }

    @Test func `a loss that is not finite counts more than a stop`() throws {
        var (harness, worker, assignment) = try ReportTests.training()
        harness.report(assignment, 1...1, loss: .nan, stoppedEarly: true, by: &worker)
        #expect(harness.trial(1)?.ended == .pruned(.cannotRecover))
        #expect(harness.trial(1)?.stoppedEarly == false)
    }

    @Test func `a metric without a value ends no trial`() throws {
        var (harness, worker, assignment) = try ReportTests.training()
        worker.sequence += 1
        let values = assignment.metrics.map { $0 == .validationAUC || $0 == .gradientNorm ? Double.nan : 0.5 }
        let item = Reports.Item(lease: assignment.lease, observations: [.init(epoch: 1, values: values, seconds: 0)])
        harness.say(.reports(Reports(sequence: worker.sequence, items: [item])), by: worker)
        #expect(harness.trial(1)?.curve.epochs == 1)
        #expect(harness.trial(1)?.ended == nil)
    }

    @Test func `notes are kept once, in order, of epochs that are new`() throws {
        var (harness, worker, assignment) = try ReportTests.training()
        func note(_ epoch: Int, _ text: String = "rate reduced") -> TrialNote { TrialNote(epoch: epoch, text: text) }
        harness.report(assignment, 1...1, notes: [note(1)], by: &worker)
        #expect(harness.trial(1)?.notes == [note(1)])
        harness.tick(after: .seconds(7))
        var second = harness.join("b")
        let again = try #require(harness.assigned(to: second).first)
        harness.report(again, 1...2, notes: [note(1), note(2), note(2, "again"), note(7)], by: &second)
        #expect(harness.trial(1)?.notes == [note(1), note(2), note(2, "again")])
        #expect(JournalAudit.problems(harness.facts) == [])
    }

    @Test func `of a trial that talks without end the first hundred notes are kept`() throws {
        var (harness, worker, assignment) = try ReportTests.training()
        func notes(_ epoch: Int) -> [TrialNote] { (0..<70).map { TrialNote(epoch: epoch, text: "\($0)") } }
        harness.report(assignment, 1...1, notes: notes(1), by: &worker)
        harness.report(assignment, 2...2, notes: notes(2), by: &worker)
        harness.report(assignment, 3...3, notes: notes(3), by: &worker)
        #expect(harness.trial(1)?.notes == notes(1) + notes(2).prefix(30))
        #expect(harness.trial(1)?.ended == .completed)
        #expect(harness.broken == [])
    }

    @Test func `a sweep of an older journal goes on with the metrics that it began with`() throws {
        var harness = CoreHarness()
        _ = harness.submit(RegistrationTests.plain(1))
        guard case .sweepSubmitted(let new)? = harness.facts.first else {
            Issue.record("no submission")
            return
        }
        let metrics = Metric.reportedAtFirst(for: .classification)
        let old = SweepSubmission(
            id: new.id,
            source: new.source,
            text: new.text,
            fileName: new.fileName,
            dataSet: new.dataSet,
            schema: new.schema,
            metrics: metrics,
            coreVersion: new.coreVersion,
            milliseconds: new.milliseconds
        )
        var restored = CoreHarness()
        restored.core = CoordinatorCore(session: 2)
        restored.core.restore(.sweepSubmitted(old))
        _ = restored.core.start(at: .zero)
        var worker = restored.join("a")
        let assignment = try #require(restored.assigned(to: worker).first)
        #expect(assignment.metrics == metrics)
        restored.report(assignment, 1...3, by: &worker)
        let curve = try #require(restored.trial(1)?.curve)
        #expect(curve.epochs == 3 && curve.metrics == metrics)
        #expect(restored.trial(1)?.ended == .completed)
    }
}
