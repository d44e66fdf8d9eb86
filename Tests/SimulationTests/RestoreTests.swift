import CoordinationSimulation
import SweepCoordination
import SweepCore
import SweepTestKit
import Testing

/// Invariant 2: a restart is a replay of facts and nothing else. (Every simulation compares the state with a replay of the
/// journal after every eighth commit and after every crash.)
@Suite struct RestoreTests {
    @Test(arguments: ["asha", "none", "extrapolate", "auto", "hyperband", "pasha", "median"], [1, 2])
    func `from every part of a journal the sweep comes to the same end`(prune: String, parallelism: Int) throws {
        var sweep = SampleSweep()
        sweep.prune = prune
        sweep.parallelism = parallelism * 3
        sweep.trials = 12
        let training = SyntheticTraining(losing: 15, dying: 10, failing: 10, stopping: 20)
        var scenario = referenceScenario(sweep, training: training)
        scenario.workers = [.init(name: "a", slots: 2), .init(name: "b", slots: 1, epochMilliseconds: 700)]
        let whole = Simulation(scenario)
        whole.run()
        #expect(Verdict.defects(whole) == [])
        #expect(whole.coordinator.comparisons > 2)
        #expect(
            whole.coordinator.core.sweep(named: "sample")?.trials.contains { !$0.curve.isWhole } == true,
            "curves are thinned in these runs"
        )
        let expected = try #require(whole.outcome(of: "sample"))
        let journal = whole.coordinator.journal
        for length in journal.indices {
            let rest = Simulation(scenario, journal: Array(journal.prefix(length)))
            rest.run()
            #expect(Verdict.defects(rest) == [], "after \(length) batches")
            let found = try #require(rest.outcome(of: "sample"))
            #expect(found.difference(from: expected) == nil, "after \(length) batches")
        }
    }
}
