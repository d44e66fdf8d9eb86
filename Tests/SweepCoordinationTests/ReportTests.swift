import SweepCoordination
import SweepCore
import SweepTestKit
import SweepWire
import Testing

@Suite struct ReportTests {
    /// A harness whose worker holds the first of some trials of three epochs.
    static func training(trials: Int = 1) throws -> (CoreHarness, CoreHarness.Worker, Assignment) {
        var harness = CoreHarness()
        let worker = harness.join("a")
        _ = harness.submit(RegistrationTests.plain(trials))
        return (harness, worker, try #require(harness.assigned(to: worker).first))
    }

    @Test func `reports are applied in order and acknowledged behind their facts`() throws {
        var (harness, worker, assignment) = try Self.training()
        harness.report(assignment, 1...2, by: &worker)
        #expect(harness.trial(1)?.curve.epochs == 2)
        let sequence = harness.effects.firstIndex(of: .record(.workerSequence(worker.id, sequence: 1)))
        let answer = harness.effects.firstIndex(of: .send(.acknowledged(Acknowledged(sequence: 1)), to: worker.peer))
        let pair = (try #require(sequence), try #require(answer))
        #expect(pair.0 < pair.1)
    }

    @Test func `a repeated report changes nothing and is acknowledged again`() throws {
        var (harness, worker, assignment) = try Self.training()
        harness.report(assignment, 1...1, by: &worker)
        let facts = harness.facts
        worker.sequence -= 1
        harness.report(assignment, 1...1, by: &worker)
        #expect(harness.facts == facts)
        #expect(harness.sent(to: worker) == [.acknowledged(Acknowledged(sequence: 1))])
    }

    @Test func `a report beyond a gap is dropped and answered with the last number`() throws {
        var (harness, worker, assignment) = try Self.training()
        worker.sequence = 4
        let facts = harness.facts
        harness.report(assignment, 1...1, by: &worker)
        #expect(harness.facts == facts)
        #expect(harness.sent(to: worker) == [.acknowledged(Acknowledged(sequence: 0))])
    }

    @Test func `the greatest number of all does not stop the coordinator`() throws {
        var (harness, worker, assignment) = try Self.training()
        harness.register(worker, leases: [assignment.lease], oldestSequence: .max)
        worker.sequence = .max - 1
        harness.report(assignment, 1...1, by: &worker)
        #expect(harness.trial(1)?.curve.epochs == 1)
        worker.sequence = .max - 1
        harness.report(assignment, 2...2, by: &worker)
        #expect(harness.trial(1)?.curve.epochs == 1)
    }

    @Test func `epochs that do not follow the curve, or are not of its metrics, are left out`() throws {
        var (harness, worker, assignment) = try Self.training()
        harness.report(assignment, 2...3, by: &worker)
        #expect(harness.trial(1)?.curve.epochs == 0)
        worker.sequence += 1
        let short = Reports.Item(lease: assignment.lease, observations: [.init(epoch: 1, values: [1], seconds: 0)])
        harness.say(.reports(Reports(sequence: worker.sequence, items: [short])), by: worker)
        #expect(harness.trial(1)?.curve.epochs == 0)
        harness.report(assignment, 1...3, by: &worker)
        #expect(harness.trial(1)?.ended == .completed)
        #expect(harness.broken == [])
    }

    @Test func `a late report of an old attempt changes nothing and stops the lease`() throws {
        var (harness, worker, old) = try Self.training()
        harness.tick(after: .seconds(7))
        var second = harness.join("b")
        let new = try #require(harness.assigned(to: second).first)
        let back = harness.reconnected(worker)
        harness.register(back)
        worker = back
        harness.report(old, 1...3, by: &worker)
        #expect(harness.trial(1)?.curve.epochs == 0)
        #expect(harness.stopped(at: worker) == [.init(lease: old.lease, stop: .superseded)])
        harness.end(old, by: &worker)
        #expect(harness.trial(1)?.lease?.attempt == new.lease.attempt)
        harness.report(new, 1...3, by: &second)
        #expect(harness.trial(1)?.ended == .completed)
        #expect(harness.broken == [])
    }

    @Test func `a report under another worker's lease changes nothing`() throws {
        var (harness, _, assignment) = try Self.training()
        var stranger = harness.join("b")
        harness.report(assignment, 1...3, by: &stranger)
        #expect(harness.trial(1)?.curve.epochs == 0)
        harness.end(assignment, .failed(reason: "made up", log: ""), by: &stranger)
        #expect(harness.trial(1)?.ended == nil)
    }

    @Test func `an epoch that is trained again is compared with what it gave before`() throws {
        var (harness, worker, assignment) = try Self.training()
        harness.report(assignment, 1...2, by: &worker)
        harness.tick(after: .seconds(7))
        var second = harness.join("b")
        let again = try #require(harness.assigned(to: second).first)
        #expect(again.from == 0)
        harness.report(again, 1...1, by: &second)
        #expect(!harness.effects.contains { if case .log(let line) = $0 { line.level == .error } else { false } })
        harness.report(again, 2...2, loss: 99, by: &second)
        let logged = try #require(
            harness.effects.compactMap { if case .log(let line) = $0, line.level == .error { line } else { nil } }.first
        )
        #expect(logged.metadata["sweep.name"] == harness.core.sweeps.values.first?.sweep.name)
        #expect(logged.metadata["trial.id"] != nil && logged.metadata["trial.epoch"] == "2")
        #expect(harness.trial(1)?.curve.value(.validationLoss, at: 2) != 99)
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity])
    func `a loss that is not finite ends the trial at the report that shows it`(loss: Double) throws {
        var (harness, worker, assignment) = try Self.training(trials: 2)
        harness.report(assignment, 1...1, by: &worker)
        harness.report(assignment, 2...3, loss: loss, by: &worker)
        let trial = try #require(harness.trial(1))
        #expect(trial.ended == .pruned(.cannotRecover))
        #expect(trial.curve.epochs == 2)
        #expect(harness.assigned(to: worker).map(\.lease.trial.number) == [2])
        harness.end(assignment, .notFinite, epoch: 2, by: &worker)
        #expect(harness.broken == [])
    }

    @Test func `a worker that ends a lease without its epochs is not believed`() throws {
        var (harness, worker, assignment) = try Self.training()
        for attempt in 1...3 {
            let lease = attempt == 1 ? assignment : try #require(harness.assigned(to: worker).first)
            harness.end(lease, by: &worker)
        }
        #expect(harness.trial(1)?.ended?.name == "failed")
        #expect(harness.sweep?.state == .finished)
        #expect(harness.broken == [])
    }

    @Test func `a trial that cannot run anywhere fails at once, with its reason`() throws {
        var (harness, worker, assignment) = try Self.training()
        harness.end(assignment, .failed(reason: "too large", log: "…"), epoch: 0, by: &worker)
        #expect(harness.trial(1)?.ended == .failed("too large"))
        #expect(harness.sweep?.state == .finished)
    }
}
