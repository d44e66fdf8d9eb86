import SweepCoordination
import SweepCore
import SweepSearch
import SweepTestKit
import SweepWire
import Testing

/// Trials that are stopped as ones that cannot recover. Guessing costs ln 2 in the sample sweep.
@Suite struct HopelessTests {
    private static func training(
        stops: Bool = true,
        trials: Int = 2,
        epochs: Int = 20
    ) throws -> (CoreHarness, CoreHarness.Worker, Assignment) {
        var harness = CoreHarness()
        let worker = harness.join("a")
        var sweep = RegistrationTests.plain(trials, epochs: epochs)
        sweep.stopsHopeless = stops
        _ = harness.submit(sweep)
        return (harness, worker, try #require(harness.assigned(to: worker).first))
    }

    /// Reports epochs whose losses are all 100 times the epoch.
    private static func report(
        _ assignment: Assignment,
        _ epochs: ClosedRange<Int>,
        stopsEarly: Bool = false,
        to harness: inout CoreHarness,
        by worker: inout CoreHarness.Worker
    ) {
        worker.sequence += 1
        let observations = epochs.map { epoch in
            let values = assignment.metrics.map { $0.mustBeFinite ? 100 * Double(epoch) : 0.5 }
            return Observation(epoch: epoch, values: values, seconds: 1)
        }
        let item = Reports.Item(lease: assignment.lease, observations: observations, stoppedEarly: stopsEarly)
        harness.say(.reports(Reports(sequence: worker.sequence, items: [item])), by: worker)
    }

    @Test func `it is stopped at the report that shows it, its worker is told, and the next trial begins`() throws {
        var (harness, worker, assignment) = try Self.training()
        Self.report(assignment, 1...9, to: &harness, by: &worker)
        #expect(harness.trial(1)?.ended == nil)
        Self.report(assignment, 10...10, to: &harness, by: &worker)
        let trial = try #require(harness.trial(1))
        #expect(trial.ended == .pruned(.hopeless) && trial.curve.epochs == 10)
        #expect(harness.stopped(at: worker) == [.init(lease: assignment.lease, stop: .superseded)])
        #expect(harness.assigned(to: worker).map(\.lease.trial.number) == [2])
        #expect(harness.broken == [])
    }

    @Test func `however many epochs a report has, the curve ends with the one that shows it`() throws {
        var (harness, worker, assignment) = try Self.training()
        Self.report(assignment, 1...17, to: &harness, by: &worker)
        #expect(harness.trial(1)?.ended == .pruned(.hopeless) && harness.trial(1)?.curve.epochs == 10)
        #expect(harness.broken == [])
    }

    /// Whoever judges the epoch that shows it, the report that it ends or one in whose middle it stands.
    @Test(arguments: [1, 2, 3, 5, 7, 10, 11, 19])
    func `how epochs are put into reports changes nothing of where it ends`(_ batch: Int) throws {
        var (harness, worker, assignment) = try Self.training()
        for first in stride(from: 1, through: 19, by: batch) where harness.trial(1)?.ended == nil {
            Self.report(assignment, first...min(first + batch - 1, 19), to: &harness, by: &worker)
        }
        #expect(harness.trial(1)?.ended == .pruned(.hopeless) && harness.trial(1)?.curve.epochs == 10)
        #expect(harness.broken == [])
    }

    @Test(arguments: [1, 3, 10])
    func `one that stops by itself in the epoch that would show it has completed`(_ batch: Int) throws {
        var (harness, worker, assignment) = try Self.training()
        for first in stride(from: 1, through: 10, by: batch) {
            let epochs = first...min(first + batch - 1, 10)
            Self.report(assignment, epochs, stopsEarly: epochs.upperBound == 10, to: &harness, by: &worker)
        }
        #expect(harness.trial(1)?.ended == .completed && harness.trial(1)?.curve.epochs == 10)
        #expect(harness.broken == [])
    }

    @Test func `a sweep that does not ask for it trains it to its end`() throws {
        var (harness, worker, assignment) = try Self.training(stops: false)
        Self.report(assignment, 1...20, to: &harness, by: &worker)
        #expect(harness.trial(1)?.ended == .completed)
    }

    @Test func `at its last epoch there is nothing to stop`() throws {
        var (harness, worker, assignment) = try Self.training(epochs: 10)
        Self.report(assignment, 1...10, to: &harness, by: &worker)
        #expect(harness.trial(1)?.ended == .completed)
    }

    @Test(arguments: ["asha", "halving"])
    func `it counts as infinite at its level, so that nothing promotes it`(_ prune: String) throws {
        var harness = CoreHarness()
        var worker = harness.join("a", slots: 4)
        var sweep = SampleSweep()
        (sweep.trials, sweep.epochs, sweep.prune) = (9, 30, prune)
        sweep.stopsHopeless = true
        _ = harness.submit(sweep)
        // Those that come to the second show it exactly there.
        try #require(harness.sweep?.levels == [3, HopelessRule.patience, 30])
        var queue = harness.assigned(to: worker)
        while !queue.isEmpty {
            let assignment = queue.removeFirst()
            Self.report(assignment, assignment.from + 1...assignment.to, to: &harness, by: &worker)
            queue += harness.assigned(to: worker)
            harness.end(assignment, by: &worker)
            queue += harness.assigned(to: worker)
        }
        let trials = try #require(harness.sweep).trials
        #expect(harness.sweep?.state == .finished && harness.broken == [])
        #expect(trials.allSatisfy { $0.curve.epochs <= HopelessRule.patience })
        let stopped = try #require(trials.first { $0.ended == .pruned(.hopeless) })
        let explanation = try #require(harness.sweep?.explanation(of: stopped.number))
        let standing = try #require(explanation.standings.last)
        #expect(standing.verdict == .hopeless && standing.epoch == HopelessRule.patience)
        #expect(standing.objective == .infinity && explanation.hopelessness?.epoch == HopelessRule.patience)
        // What is kept of an ended trial may be thinned: then its whole curve is handed in.
        let thin = stopped.curve.thinned(for: Objective())
        let blind = try #require(harness.sweep?.explanation(of: stopped.number, curve: thin))
        #expect(blind.hopelessness == nil && blind.standings.last?.verdict == .hopeless)
    }

    @Test func `explain says by which numbers`() throws {
        var (harness, worker, assignment) = try Self.training()
        Self.report(assignment, 1...10, to: &harness, by: &worker)
        let explanation = try #require(harness.sweep?.explanation(of: 1))
        let why = try #require(explanation.hopelessness)
        #expect(why.kind == .exploded && why.epoch == 10 && why.value == 1000 && why.isChance)
        #expect(abs(why.start - 0.693147) < 1e-6)
        #expect(harness.sweep?.explanation(of: 2)?.hopelessness == nil)
    }

    @Test func `a sweep that is not by losses alone goes on: a network may be right with a loss of thousands`() {
        func stops(_ objective: Metric, _ further: [Metric] = []) -> Bool? {
            var sweep = SampleSweep()
            (sweep.stopsHopeless, sweep.objective, sweep.further) = (true, objective, further)
            var harness = CoreHarness()
            _ = harness.submit(sweep)
            return harness.sweep?.stopsHopeless
        }
        #expect(stops(.validationLoss) == true)
        #expect(stops(.validationAccuracy) == false)
        #expect(stops(.validationLoss, [.updateRatio]) == false)
    }

    @Test func `a comparison of arms takes no such rule: what becomes of a sick run is what it asks`() {
        func sweep(_ stopsHopeless: Bool) -> SweepProgress? {
            var sweep = SampleSweep()
            sweep.stopsHopeless = stopsHopeless
            sweep.branch = BranchSpec(after: 2)
            var harness = CoreHarness()
            _ = harness.submit(sweep)
            return harness.sweep
        }
        #expect(sweep(false)?.stopsHopeless == false)
        #expect(sweep(true) == nil)
    }
}
