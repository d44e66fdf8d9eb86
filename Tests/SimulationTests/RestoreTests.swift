import SweepCoordination
import SweepCore
import SweepNumerics
import SweepTestKit
import Testing

/// Invariant 2: a restart is a replay of facts and nothing else.
@Suite struct RestoreTests {
    @Test(arguments: seeds(16))
    func `after every batch the replay of the facts is the state, and decides nothing new`(seed: UInt64) throws {
        var random = RandomStream(key: seed)
        var scenario = FaultTests.scenario(seed)
        scenario.sweeps[0].decide = random.below(2) == 0 ? "virtual" : "arrival"
        scenario.coordinatorCrashes = nil
        let simulation = Simulation(scenario)
        var replica = CoordinatorCore(options: scenario.options, session: 1)
        var differences: [String] = []
        simulation.afterEffects = { core, effects, now in
            for case .record(let fact) in effects { replica.restore(fact) }
            guard differences.isEmpty else { return }
            if StateSummary(core) != StateSummary(replica) { differences.append("another state at \(now)") }
            var restarted = replica
            let decided = restarted.start(at: now).filter { if case .record = $0 { true } else { false } }
            if !decided.isEmpty { differences.append("decides \(decided) at \(now)") }
            differences += restarted.brokenInvariants()
        }
        simulation.run()
        #expect(differences == [], "\(reproduction(seed, scenario, test: "RestoreTests"))")
        #expect(defects(simulation) == [])
    }

    @Test(arguments: ["asha", "none"], [1, 2])
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
        #expect(defects(whole) == [])
        let expected = try #require(outcome(whole, "sample"))
        let journal = whole.coordinator.journal
        for length in journal.indices {
            let rest = Simulation(scenario, journal: Array(journal.prefix(length)))
            rest.run()
            #expect(defects(rest) == [], "after \(length) batches")
            let found = try #require(outcome(rest, "sample"))
            #expect(found.difference(from: expected) == nil, "after \(length) batches")
        }
    }
}
