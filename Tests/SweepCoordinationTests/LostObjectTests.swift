import CoordinationSimulation
import SweepCoordination
import SweepCore
import SweepTestKit
import SweepWire
import Testing

@Suite struct LostObjectTests {
    /// A sweep of one trial at a time whose first trials wait at their rung with checkpoints.
    private func harness() -> (CoreHarness, CoreHarness.Worker) {
        var harness = CoreHarness()
        var sweep = SampleSweep()
        sweep.trials = 3
        sweep.parallelism = 1
        _ = harness.submit(sweep)
        var worker = harness.join("a")
        while let lease = harness.assigned(to: worker).first, lease.from == 0 {
            harness.report(lease, 1...lease.to, by: &worker)
            harness.end(lease, by: &worker)
        }
        return (harness, worker)
    }

    @Test func `a trial whose checkpoint is lost begins anew, with the same bits, and no attempt counts`() throws {
        var (harness, worker) = harness()
        let lease = try #require(harness.assigned(to: worker).first)
        #expect(lease.from > 0)
        let number = lease.lease.trial.number
        let before = try #require(harness.trial(number))
        let lost = try #require(lease.checkpoint)
        harness.give(.objectLost(lost.hash))
        #expect(harness.stopped(at: worker).map(\.lease) == [lease.lease])
        let again = try #require(harness.assigned(to: worker).first { $0.lease.trial.number == number })
        #expect(again.from == 0 && again.to == lease.to && again.checkpoint == nil)
        #expect(again.lease.attempt > lease.lease.attempt)
        #expect(harness.trial(number)?.fruitlessAttempts == 0)
        #expect(!harness.core.needs(lost.hash))
        // What the worker says of the lease that it could not begin comes too late.
        harness.end(lease, .died(reason: "checkpoint gone", log: ""), epoch: lease.from, by: &worker)
        #expect(harness.trial(number)?.fruitlessAttempts == 0)
        harness.report(again, 1...again.to, by: &worker)
        harness.end(again, by: &worker)
        let after = try #require(harness.trial(number))
        #expect(after.curve.epochs == again.to)
        #expect(Array(after.curve.observations.prefix(before.curve.epochs)) == Array(before.curve.observations))
        #expect(harness.broken == [])
    }

    @Test func `the loss is a fact: a restart knows of it`() throws {
        var (harness, worker) = harness()
        let lease = try #require(harness.assigned(to: worker).first)
        harness.give(.objectLost(try #require(lease.checkpoint).hash))
        var replica = CoordinatorCore(session: 2)
        for fact in try JournalCodec.decode(JournalCodec.encode(harness.facts)) { replica.restore(fact) }
        #expect(StateSummary(replica) == StateSummary(harness.core))
        var rows = CoordinatorCore(session: 3)
        rows.restore(try JournalCodec.row(JournalCodec.encode(harness.facts)))
        #expect(StateSummary(rows) == StateSummary(harness.core))
        withExtendedLifetime(worker) { worker.sequence += 0 }
    }

    @Test func `bytes that nobody needs change nothing when they are lost`() throws {
        var (harness, _) = harness()
        let facts = harness.facts.count
        harness.give(.objectLost(SyntheticTraining.hash(of: [1, 2, 3])))
        #expect(harness.facts.count == facts)
    }

    @Test func `a sweep whose data set is lost is paused, and goes on when it is resumed`() throws {
        var (harness, worker) = harness()
        let lease = try #require(harness.assigned(to: worker).first)
        harness.give(.objectLost(SampleSweep.dataSet.hash))
        #expect(harness.sweep?.state == .paused)
        #expect(harness.stopped(at: worker).map(\.lease) == [lease.lease])
        #expect(harness.assigned(to: worker).isEmpty)
        _ = harness.steer("sample", .resume)
        #expect(harness.sweep?.state == .running)
        #expect(harness.assigned(to: worker).count == 1)
        #expect(harness.broken == [])
    }

    @Test func `who reads sees one moment, whatever happens next`() throws {
        var (harness, worker) = harness()
        let reading = harness.core.reading
        let before = try #require(reading.sweep(named: "sample")).trials.map(\.curve.epochs)
        let lease = try #require(harness.assigned(to: worker).first)
        harness.report(lease, lease.from + 1...lease.to, by: &worker)
        #expect(reading.sweep(named: "sample")?.trials.map(\.curve.epochs) == before)
        #expect(harness.sweep?.trials.map(\.curve.epochs) != before)
        #expect(reading.sweep(named: "sample")?.levels == harness.sweep?.levels)
    }
}
