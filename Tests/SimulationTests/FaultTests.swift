import SweepCoordination
import SweepCore
import SweepNumerics
import SweepTestKit
import Testing

/// Sweeps on an adversary's network: whatever is lost, doubled, late or killed, the answer is that of a quiet machine.
@Suite struct FaultTests {
    /// Chance may hit a trial again and again, but not 44 times: a worker gets leases until 3 s after its last word, so each
    /// loss takes 3 s of the lapse time of 6 s, and faults end after 120 s. So only trials that always take their worker down
    /// fail.
    static let attempts = 45

    static func scenario(_ seed: UInt64) -> Simulation.Scenario {
        var random = RandomStream(key: RandomStream.mix(seed ^ 0xFA17))
        let sweep = drawnSweep(&random)
        let workers = (0..<1 + random.below(4)).map { index in
            SimulatedWorker.Plan(
                name: "w\(index)",
                slots: 1 + random.below(4),
                prefetch: random.below(4),
                epochMilliseconds: [20, 200, 2_000][random.below(3)]
            )
        }
        var scenario = Simulation.Scenario(seed: seed, sweeps: [sweep], workers: workers)
        scenario.training = SyntheticTraining(losing: 10, killing: 5, dying: 5, failing: 3, stopping: 20)
        scenario.options.attempts = attempts
        scenario.faults = LinkFaults(
            drop: [0, 0.02, 0.1][random.below(3)],
            duplicate: [0, 0.05][random.below(2)],
            delay: random.below(2) == 0 ? 0.1...2 : 1...400,
            reorder: random.below(3) == 0
        )
        scenario.workerCrashes = random.below(2) == 0 ? 15 : nil
        scenario.coordinatorCrashes = random.below(2) == 0 ? 12 : nil
        scenario.cuts = random.below(2) == 0 ? 10 : nil
        return scenario
    }

    @Test(arguments: seeds(50))
    func `a sweep among crashes and losses comes to the same answer as on one quiet slot`(seed: UInt64) throws {
        let scenario = Self.scenario(seed)
        let simulation = Simulation(scenario)
        simulation.run()
        let note = reproduction(seed, scenario, test: "FaultTests")
        #expect(defects(simulation) == [], "\(note)")

        let reference = Simulation(
            referenceScenario(scenario.sweeps[0], training: scenario.training, attempts: Self.attempts)
        )
        reference.run()
        #expect(defects(reference) == [], "\(note)")
        let found = try #require(outcome(simulation, "sample"))
        let expected = try #require(outcome(reference, "sample"))
        #expect(found.difference(from: expected) == nil, "\(note)")
    }

    @Test(arguments: seeds(12))
    func `a sweep that decides on arrival ends whole among crashes and losses`(seed: UInt64) throws {
        var scenario = Self.scenario(seed)
        scenario.sweeps[0].decide = "arrival"
        let simulation = Simulation(scenario)
        simulation.run()
        #expect(defects(simulation) == [], "\(reproduction(seed, scenario, test: "FaultTests"))")
    }

    @Test(arguments: seeds(12))
    func `two sweeps share the workers, are paused, resumed and cancelled, and end whole`(seed: UInt64) throws {
        var scenario = Self.scenario(seed)
        var second = scenario.sweeps[0]
        second.name = "second"
        second.seed += 1
        scenario.sweeps.append(second)
        scenario.steering = [
            .init(seconds: 1, sweep: "sample", steering: .pause), .init(seconds: 4, sweep: "second", steering: .pause),
            .init(seconds: 9, sweep: "sample", steering: .resume),
            .init(seconds: 20, sweep: "second", steering: .cancel),
        ]
        let simulation = Simulation(scenario)
        simulation.run()
        let note = reproduction(seed, scenario, test: "FaultTests")
        #expect(defects(simulation) == [], "\(note)")
        let reference = Simulation(
            referenceScenario(scenario.sweeps[0], training: scenario.training, attempts: Self.attempts)
        )
        reference.run()
        let found = try #require(outcome(simulation, "sample"))
        let expected = try #require(outcome(reference, "sample"))
        #expect(found.difference(from: expected) == nil, "\(note)")
    }

    @Test func `the adversary does what it is there for`() {
        var crashes = (workers: 0, coordinators: 0)
        var retries = 0
        var resumed = 0
        for seed in UInt64(1)...15 {
            let simulation = Simulation(Self.scenario(seed))
            simulation.run()
            crashes.workers += simulation.workerCrashes
            crashes.coordinators += simulation.coordinatorCrashes
            for case .leased(let lease, _, let from, _) in simulation.coordinator.facts where lease.attempt.rawValue > 1
            {
                retries += 1
                if from > 0 { resumed += 1 }
            }
        }
        #expect(crashes.workers > 15)
        #expect(crashes.coordinators > 15)
        #expect(retries > 100)
        #expect(resumed > 20)
    }
}
