import CoordinationSimulation
import SweepCoordination
import SweepCore
import SweepSearch
import SweepTestKit
import SweepWire
import Testing

/// A population in the core: copies, their states, their lineage.
@Suite struct PopulationSweepTests {
    private static let labels = ["trial_copies": "any"]

    private func sample(_ members: Int = 4, parallelism: Int = 4) -> SampleSweep {
        var sweep = SampleSweep()
        sweep.population = PopulationSpec(members: members, interval: 3)
        sweep.epochs = 9
        sweep.parallelism = parallelism
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

    @Test func `members are replaced at each level, and as many complete as there are members`() throws {
        let harness = try finished(sample())
        let sweep = try #require(harness.sweep)
        // Of four members one is replaced after epochs 3 and 6.
        #expect(sweep.trials.count == 6 && sweep.levels == [3, 6, 9])
        #expect(sweep.trials.count { $0.ended == .completed } == 4)
        #expect(sweep.trials.count { $0.ended == .pruned(.scheduler) } == 2)
        #expect(sweep.epochsTrained == 4 * 9 && sweep.epochsDecided == 4 * 9)
        #expect(sweep.plannedTrials == 6 && harness.core.neededObjects == [SampleSweep.dataSet.hash])
        for child in sweep.trials.dropFirst(4) {
            let parent = try #require(child.parent)
            let donor = try #require(sweep[parent.trial])
            #expect([3, 6].contains(parent.epoch))
            // Its first epochs are its parent's, and cost it nothing.
            #expect(child.curve.inherited == parent.epoch)
            for (own, theirs) in zip(child.curve.observations, donor.curve.observations).prefix(parent.epoch) {
                #expect(own.matches(theirs) && own.seconds == 0)
            }
            #expect(abs(child.curve.seconds - 0.1 * Double(child.curve.epochs - parent.epoch)) < 1e-9)
            // Judged by its own.
            let best = try #require(child.curve.best(for: sweep.sweep.objective))
            #expect(best.epoch > parent.epoch)
            #expect(child.configurationID != child.configuration.id && child.seed != donor.seed)
            #expect(child.configuration["train.model.mlp.widths.0"] == donor.configuration["train.model.mlp.widths.0"])
            #expect(child.configuration != donor.configuration)
        }
        #expect(Set(sweep.trials.map(\.configurationID)).count == 6)
        #expect(abs(sweep.epochSeconds - 0.1 * 36) < 1e-9)
    }

    @Test func `a copy is leased with its parent's state, and with its lineage`() throws {
        var harness = CoreHarness()
        var worker = harness.join("a", slots: 4, labels: Self.labels)
        _ = harness.submit(sample())
        let first = harness.assigned(to: worker)
        #expect(first.map(\.to) == [3, 3, 3, 3] && first.allSatisfy(\.keepsCheckpoint))
        var states: [Int: CheckpointID] = [:]
        for (index, assignment) in first.enumerated() {
            harness.report(assignment, 1...3, loss: Double(index), by: &worker)
            // The last result is known, and its state not yet: nothing is decided between the two.
            if index == 3 { #expect(harness.sweep?.trials.count == 4) }
            harness.end(assignment, by: &worker)
            states[index + 1] = CoreHarness.checkpoint(assignment, 3)
        }
        let child = try #require(harness.trial(5))
        #expect(child.parent == Parent(trial: 1, epoch: 3) && harness.trial(4)?.ended == .pruned(.scheduler))
        let lease = try #require(harness.lease(of: 5))
        #expect(lease.from == 3 && lease.to == 6 && lease.checkpoint == states[1])
        let trial = try #require(TrialSpec.read(lease.spec, problems: SpecProblems()))
        #expect(trial.ancestors.map(\.to) == [3] && trial.ancestors.map(\.seed) == [harness.trial(1)?.seed])
        // The parent goes on from the same bytes, gives them up, and the copy keeps them until it has its own.
        let parent = try #require(harness.lease(of: 1))
        harness.report(parent, 4...6, by: &worker)
        harness.end(parent, by: &worker)
        let copied = try #require(states[1])
        #expect(harness.core.needs(copied.hash))
        harness.report(lease, 4...6, by: &worker)
        harness.end(lease, by: &worker)
        #expect(!harness.core.needs(copied.hash))
        #expect(harness.broken == [])
    }

    @Test func `a state that was never kept is made again from the one before`() throws {
        var harness = CoreHarness()
        var worker = harness.join("a", slots: 4, labels: Self.labels)
        _ = harness.submit(sample())
        for (index, assignment) in harness.assigned(to: worker).enumerated() {
            harness.report(assignment, 1...3, loss: Double(index), by: &worker)
            // The best member's worker dies between its result and its state.
            harness.end(assignment, index == 0 ? .died(reason: "signal 9", log: "") : .reached, by: &worker)
        }
        let lease = try #require(harness.lease(of: 5))
        #expect(harness.trial(5)?.parent == Parent(trial: 1, epoch: 3))
        #expect(lease.from == 0 && lease.to == 6 && lease.checkpoint == nil)
        #expect(TrialSpec.read(lease.spec, problems: SpecProblems())?.ancestors.map(\.to) == [3])
        harness.report(lease, 4...6, by: &worker)
        #expect(harness.trial(5)?.curve.epochs == 6 && harness.broken == [])
    }

    @Test func `a copied state that is lost is made again through the lineage, and no attempt counts`() throws {
        var harness = CoreHarness()
        var worker = harness.join("a", slots: 4, labels: Self.labels)
        _ = harness.submit(sample())
        for (index, assignment) in harness.assigned(to: worker).enumerated() {
            harness.report(assignment, 1...3, loss: Double(index), by: &worker)
            harness.end(assignment, by: &worker)
        }
        let lost = try #require(harness.lease(of: 5)?.checkpoint)
        harness.give(.objectLost(lost.hash))
        let again = try #require(harness.assigned(to: worker).first { $0.lease.trial.number == 5 })
        #expect(again.from == 0 && again.checkpoint == nil && harness.trial(5)?.fruitlessAttempts == 0)
        // Both the copy and its parent.
        #expect(harness.assigned(to: worker).contains { $0.lease.trial.number == 1 && $0.from == 0 })
        #expect(harness.broken == [])
    }

    @Test func `a member that loses its numbers is replaced at its level, and stays as it is`() throws {
        var harness = CoreHarness()
        var worker = harness.join("a", slots: 4, labels: Self.labels)
        _ = harness.submit(sample())
        for (index, assignment) in harness.assigned(to: worker).enumerated() {
            harness.report(assignment, 1...3, loss: index == 0 || index == 2 ? .nan : Double(index), by: &worker)
            harness.end(assignment, by: &worker)
        }
        #expect(
            harness.trial(1)?.ended == .pruned(.cannotRecover) && harness.trial(3)?.ended == .pruned(.cannotRecover)
        )
        #expect(harness.trial(1)?.curve.epochs == 1)
        #expect(
            harness.trial(5)?.parent == Parent(trial: 2, epoch: 3)
                && harness.trial(6)?.parent == Parent(trial: 2, epoch: 3)
        )
        #expect(harness.trial(7) == nil)
        #expect(harness.sweep?.explanation(of: 1)?.standings.map(\.verdict) == [.lost])
    }

    @Test func `when all lose their numbers the sweep ends`() throws {
        var harness = CoreHarness()
        var worker = harness.join("a", slots: 4, labels: Self.labels)
        _ = harness.submit(sample())
        for assignment in harness.assigned(to: worker) {
            harness.report(assignment, 1...1, loss: .nan, by: &worker)
            harness.end(assignment, .notFinite, epoch: 1, by: &worker)
        }
        #expect(harness.sweep?.state == .finished && harness.sweep?.trials.count == 4 && harness.broken == [])
    }

    @Test func `why a copy was made is told, with what was changed`() throws {
        let sweep = try #require(try finished(sample(8)).sweep)
        var copies = 0
        for trial in sweep.trials {
            let explanation = try #require(sweep.explanation(of: trial.number))
            switch explanation.reason {
            case .copy(let donor, let epoch, let replaced, let changes)?:
                copies += 1
                #expect(trial.parent == Parent(trial: donor, epoch: epoch))
                #expect(sweep[replaced]?.ended == .pruned(.scheduler) && sweep[replaced]?.curve.epochs == epoch)
                #expect(changes.allSatisfy { trial.configuration[$0.path] == $0.to } && !changes.isEmpty)
                // What it replaced was stopped there, worse than its parent.
                let standing = try #require(sweep.explanation(of: replaced)?.standings.last)
                #expect(standing.verdict == .stopped && standing.epoch == epoch)
            case .regardless?: #expect(trial.parent == nil)
            default: Issue.record("trial \(trial.number): \(String(describing: explanation.reason))")
            }
        }
        #expect(copies == 4 && sweep.trials.count == 12)
    }

    @Test(arguments: [1, 2, 3, 8]) func `the table does not depend on slots, real or virtual`(slots: Int) throws {
        func outcome(_ parallelism: Int, _ slots: Int) throws -> SweepOutcome {
            let harness = try finished(sample(8, parallelism: parallelism), slots: slots)
            let sweep = try #require(harness.sweep)
            return SweepOutcome(sweep, facts: harness.facts) { $0.curve }
        }
        #expect(try outcome(4, slots).difference(from: outcome(4, 8)) == nil)
        // A decision awaits all members, so that fewer virtual slots change the times and nothing else.
        #expect(try outcome(slots, 4).trials.map(\.curve) == outcome(8, 4).trials.map(\.curve))
    }

    @Test func `a restart from facts, from rows and from a snapshot goes on the same way`() throws {
        let facts = try finished(sample(8)).facts
        var whole = CoordinatorCore(session: 1)
        for fact in facts { whole.restore(fact) }
        for part in stride(from: 1, to: facts.count, by: 7) {
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

    @Test func `a worker that knows no copies gets nothing, and is told why`() throws {
        var harness = CoreHarness()
        let old = harness.join("old", slots: 4)
        _ = harness.submit(sample())
        #expect(harness.assigned(to: old).isEmpty)
        let sweep = try #require(harness.sweep)
        let register = try #require(harness.core.workers[old.id]?.introduction)
        #expect(harness.core.misfit(register, sweep) == "the sweep requires trial_copies=any")
        let new = harness.join("new", slots: 4, labels: Self.labels)
        #expect(harness.assigned(to: new).count == 4)
    }

    @Test func `the number of members cannot be changed`() throws {
        var harness = CoreHarness()
        _ = harness.submit(sample())
        guard case .conflict(let sentence)? = harness.adjust("sample", SweepAdjustment(trials: 9)) else {
            Issue.record("no conflict")
            return
        }
        #expect(sentence.contains("trains a population, whose number of members is fixed"))
        #expect(harness.adjust("sample", SweepAdjustment(priority: 2)) == .done(SweepID(rawValue: 1)))
    }

    @Test func `decided on arrival it comes to the same`() throws {
        var sweep = sample(8)
        let virtual = try #require(try finished(sweep).sweep)
        sweep.decide = "arrival"
        let arrived = try #require(try finished(sweep).sweep)
        #expect(arrived.trials.map(\.configuration) == virtual.trials.map(\.configuration))
        #expect(
            arrived.trials.map { $0.curve.observations.map(\.values) }
                == virtual.trials.map { $0.curve.observations.map(\.values) }
        )
    }
}
