import CoordinationSimulation
import SweepCoordination
import SweepCore
import SweepSearch
import SweepTestKit
import SweepWire
import Testing

/// Arms that part after an epoch in the core: the epochs that they share, their states, their lineage.
@Suite struct BranchSweepTests {
    private static let labels = ["trial_copies": "any"]

    /// Three arms of two runs, of nine epochs each, which part after the fourth.
    private func sample(_ branch: BranchSpec = BranchSpec(after: 4), decide: String = "virtual") -> SampleSweep {
        var sweep = SampleSweep()
        sweep.branch = branch
        sweep.epochs = 9
        sweep.repeats = 2
        sweep.decide = decide
        return sweep
    }

    private func finished(_ sweep: SampleSweep, slots: Int = 4) throws -> CoreHarness {
        var harness = CoreHarness()
        var worker = harness.join("a", slots: slots, labels: Self.labels)
        #expect(harness.submit(sweep) == .done(SweepID(rawValue: 1)))
        harness.trainAll(&worker, harness.assigned(to: worker))
        #expect(harness.broken == [])
        try #require(harness.sweep?.state == .finished)
        return harness
    }

    @Test func `the shared epochs are trained once, and each run trains those after them`() throws {
        let harness = try finished(sample())
        let sweep = try #require(harness.sweep)
        #expect(sweep.trials.count == 7 && sweep.plannedTrials == 7 && sweep.levels == [4, 9])
        let first = sweep.trials[0]
        #expect(first.ended == .pruned(.scheduler) && first.curve.epochs == 4 && first.parent == nil)
        #expect(sweep.epochsTrained == 4 + 6 * 5 && sweep.epochsDecided == 4 + 6 * 5)
        #expect(abs(sweep.epochSeconds - 0.1 * 34) < 1e-9)
        #expect(harness.core.neededObjects == [SampleSweep.dataSet.hash])
        for (index, trial) in sweep.trials.dropFirst().enumerated() {
            #expect(trial.ended == .completed && trial.parent == Parent(trial: 1, epoch: 4))
            #expect(trial.configuration[Arm.parameter] == .text(SampleSweep.arms[index / 2].name))
            #expect(trial.runOfConfiguration == index % 2)
            // The runs of an arm are repeats of one configuration, and all arms of a repeat share their seed.
            #expect(trial.configurationID == trial.configuration.id)
            #expect(trial.seed == pairedSeed(sweepSeed: 7, repeat: index % 2))
            #expect(trial.curve.inherited == 4 && trial.curve.epochs == 9)
            for (own, shared) in zip(trial.curve.observations, first.curve.observations).prefix(4) {
                #expect(own.matches(shared) && own.seconds == 0)
            }
            // Judged by its own.
            #expect(try #require(trial.curve.best(for: sweep.sweep.objective)).epoch > 4)
        }
    }

    @Test func `in the ranked table an arm is one row, by its own runs`() throws {
        let sweep = try #require(try finished(sample()).sweep)
        let records = sweep.trials.map { $0.record($0.state(begun: false)) }
        let rows = Ranking.rows(records, objective: sweep.sweep.objective, levels: sweep.levels) { _ in nil }
        #expect(rows.count == 3 && rows.allSatisfy { $0.state == .completed })
        let own = try #require(rows.first { $0.configuration[Arm.parameter] == .text("as it is") })
        let values = sweep.trials[1...2].compactMap { $0.curve.best(for: sweep.sweep.objective)?.value }
        #expect(own.runs.count == 3 && own.epochs == 4 + 2 * 5)
        #expect(abs((own.objective ?? .nan) - (values[0] + values[1]) / 2) < 1e-12)
    }

    @Test func `a run is leased with the shared state and its lineage, and the state goes with the last run`() throws {
        var harness = CoreHarness()
        var worker = harness.join("a", slots: 8, labels: Self.labels)
        _ = harness.submit(sample(BranchSpec(after: 4, seed: 99)))
        let begun = harness.assigned(to: worker)
        let first = try #require(begun.first)
        #expect(begun.count == 1 && first.from == 0 && first.to == 4 && first.keepsCheckpoint && first.seed == 99)
        harness.report(first, 1...4, by: &worker)
        // The last result is known, and the state not yet: nothing goes on between the two.
        #expect(harness.sweep?.trials.count == 1)
        harness.end(first, by: &worker)
        let state = CoreHarness.checkpoint(first, 4)
        var leases = harness.assigned(to: worker)
        #expect(leases.count == 6 && harness.trial(1)?.ended == .pruned(.scheduler))
        for lease in leases {
            #expect(lease.from == 4 && lease.to == 9 && lease.checkpoint == state && lease.seed != 99)
            let trial = try #require(TrialSpec.read(lease.spec, problems: SpecProblems()))
            #expect(trial.ancestors.map(\.to) == [4] && trial.ancestors.map(\.seed) == [99])
            // What was trained before is the first arm, whatever the run's own is.
            #expect(trial.ancestors.map(\.trial.training.optimizer.learningRate) == [0.2])
            let isSlower = harness.trial(lease.lease.trial.number)?.configuration[Arm.parameter] == .text("slower")
            #expect(trial.training.optimizer.learningRate == (isSlower ? 0.02 : 0.2))
        }
        while let lease = leases.popLast() {
            #expect(harness.core.needs(state.hash))
            harness.report(lease, 5...9, by: &worker)
            harness.end(lease, by: &worker)
        }
        #expect(!harness.core.needs(state.hash) && harness.sweep?.state == .finished && harness.broken == [])
    }

    @Test func `a state that was never kept, or is lost, is made again from the start`() throws {
        var harness = CoreHarness()
        var worker = harness.join("a", slots: 8, labels: Self.labels)
        _ = harness.submit(sample())
        let first = try #require(harness.assigned(to: worker).first)
        harness.report(first, 1...4, by: &worker)
        // The worker's process dies between the result and the state.
        harness.end(first, .died(reason: "signal 9", log: ""), by: &worker)
        let lease = try #require(harness.lease(of: 2))
        #expect(lease.from == 0 && lease.to == 9 && lease.checkpoint == nil)
        #expect(TrialSpec.read(lease.spec, problems: SpecProblems())?.ancestors.map(\.to) == [4])
        harness.report(lease, 5...9, by: &worker)
        #expect(harness.trial(2)?.curve.epochs == 9 && harness.broken == [])

        var other = CoreHarness()
        var second = other.join("a", slots: 8, labels: Self.labels)
        _ = other.submit(sample())
        let shared = try #require(other.assigned(to: second).first)
        other.report(shared, 1...4, by: &second)
        other.end(shared, by: &second)
        other.give(.objectLost(CoreHarness.checkpoint(shared, 4).hash))
        let again = other.assigned(to: second)
        #expect(again.count == 6 && again.allSatisfy { $0.from == 0 && $0.checkpoint == nil })
        #expect(other.trial(2)?.fruitlessAttempts == 0 && other.broken == [])
    }

    @Test func `where the shared epochs do not come to their end nothing goes on`() throws {
        var harness = CoreHarness()
        var worker = harness.join("a", slots: 4, labels: Self.labels)
        _ = harness.submit(sample())
        let first = try #require(harness.assigned(to: worker).first)
        harness.report(first, 1...1, loss: .nan, by: &worker)
        harness.end(first, .notFinite, epoch: 1, by: &worker)
        #expect(harness.sweep?.state == .finished && harness.sweep?.trials.count == 1)
        #expect(harness.trial(1)?.ended == .pruned(.cannotRecover) && harness.broken == [])

        // Before the epoch at which arms part, or at it: what has stopped does not go on.
        for epoch in [2, 4] {
            var other = CoreHarness()
            var second = other.join("a", slots: 4, labels: Self.labels)
            _ = other.submit(sample())
            let shared = try #require(other.assigned(to: second).first)
            other.report(shared, 1...epoch, stoppedEarly: true, by: &second)
            other.end(shared, .stoppedEarly, epoch: epoch, by: &second)
            #expect(other.sweep?.state == .finished && other.sweep?.trials.count == 1, "\(epoch)")
            #expect(other.trial(1)?.ended == .completed && other.broken == [])
        }
    }

    @Test(arguments: [1, 2, 3, 8]) func `the table does not depend on slots, nor on when decisions are taken`(
        slots: Int
    ) throws {
        func outcome(_ slots: Int, _ decide: String) throws -> SweepOutcome {
            let harness = try finished(sample(decide: decide), slots: slots)
            let sweep = try #require(harness.sweep)
            return SweepOutcome(sweep, facts: harness.facts) { $0.curve }
        }
        let expected = try outcome(4, "virtual")
        #expect(try outcome(slots, "virtual").difference(from: expected) == nil)
        #expect(try outcome(slots, "arrival").difference(from: expected) == nil)
    }

    @Test func `a restart from facts, from rows and from a snapshot goes on the same way`() throws {
        let facts = try finished(sample(BranchSpec(after: 4, seed: .max))).facts
        var whole = CoordinatorCore(session: 1)
        for fact in facts { whole.restore(fact) }
        for part in 1..<facts.count {
            var core = CoordinatorCore(session: 2)
            let rows = [facts[..<part], facts[part...]].map { try? JournalCodec.encode(Array($0)) }
            core.restore(try JournalCodec.row(try #require(rows[0])))
            var restoration = SnapshotRestoration(options: nil, session: 3)
            for bytes in core.snapshot.parts { try restoration.add(bytes) }
            var restored = try restoration.finish()
            #expect(StateSummary(restored) == StateSummary(core), "after \(part) facts")
            for fact in try JournalCodec.decode(try #require(rows[1])) { restored.restore(fact) }
            #expect(StateSummary(restored) == StateSummary(whole), "after \(part) facts")
        }
    }

    @Test func `a worker that knows no copies gets nothing, and the number of trials cannot be changed`() throws {
        var harness = CoreHarness()
        let old = harness.join("old", slots: 4)
        _ = harness.submit(sample())
        #expect(harness.assigned(to: old).isEmpty)
        let sweep = try #require(harness.sweep)
        let register = try #require(harness.core.workers[old.id]?.introduction)
        #expect(harness.core.misfit(register, sweep) == "the sweep requires trial_copies=any")
        guard case .conflict(let sentence)? = harness.adjust("sample", SweepAdjustment(trials: 9)) else {
            Issue.record("no conflict")
            return
        }
        #expect(sentence.contains("compares arms that part after an epoch"))
    }

    @Test func `it is told that the first trial was stopped where the others went on`() throws {
        let sweep = try #require(try finished(sample()).sweep)
        let first = try #require(sweep.explanation(of: 1))
        #expect(first.standings.map(\.verdict) == [.stopped] && first.standings.map(\.epoch) == [4])
        #expect([2, 3, 4, 5].map { sweep.explanation(of: $0)?.firstRun } == [2, 2, 4, 4])
        #expect(sweep.explanation(of: 2)?.standings.map(\.verdict) == [.completed])
    }
}
