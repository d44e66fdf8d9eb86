import CoordinationSimulation
import SweepCoordination
import SweepCore
import SweepSearch
import SweepTestKit
import Testing

/// Invariant 3: the answer does not depend on how many slots there are.
@Suite struct SameAnswerTests {
    struct Kind: CustomTestStringConvertible, Sendable {
        let method: String
        let prune: String
        let repeats: Int
        var testDescription: String { "\(method), prune: \(prune), \(repeats) runs of each" }
    }

    static let kinds =
        ["random", "grid", "tpe", "gp", "cmaes"].flatMap { method in
            ["asha", "none"].flatMap { prune in [1, 3].map { Kind(method: method, prune: prune, repeats: $0) } }
        } + otherPruners.map { Kind(method: "random", prune: $0, repeats: 1) }

    static let otherPruners = ["extrapolate", "stopping_asha", "halving", "hyperband", "pasha", "median"]

    static func sweep(_ kind: Kind) -> SampleSweep {
        var sweep = SampleSweep()
        sweep.method = kind.method
        sweep.prune = kind.prune
        sweep.repeats = kind.repeats
        sweep.trials = kind.method == "grid" ? nil : 27
        sweep.epochs = 9
        return sweep
    }

    /// Trials that end early in every way there is.
    static let mixed = SyntheticTraining(losing: 10, killing: 8, failing: 4, stopping: 25)
    /// Most trials stop early, so that rungs are full of them.
    static let stopping = SyntheticTraining(stopping: 75)

    @Test(arguments: kinds, [mixed, stopping])
    func `1, 2, 4 and 16 slots take the same decisions`(kind: Kind, training: SyntheticTraining) throws {
        let sweep = Self.sweep(kind)
        let reference = Simulation(referenceScenario(sweep, training: training))
        reference.run()
        #expect(Verdict.defects(reference) == [])
        let expected = try #require(reference.outcome(of: "sample"))
        #expect(expected.state == "finished")
        let layouts = [[2], [1, 1], [4], [16], [7, 1, 8]]
        for (index, slots) in layouts.enumerated() {
            let plans = slots.enumerated().map { place, slots in
                SimulatedWorker.Plan(
                    name: "w\(place)",
                    slots: slots,
                    prefetch: place * 2,
                    epochMilliseconds: 100 * Double(1 + place)
                )
            }
            var scenario = Scenario(seed: UInt64(index), sweeps: [sweep], workers: plans)
            scenario.training = training
            let simulation = Simulation(scenario)
            simulation.run()
            #expect(Verdict.defects(simulation) == [])
            let found = try #require(simulation.outcome(of: "sample"))
            #expect(found.difference(from: expected) == nil, "slots \(slots)")
        }
    }

    /// Ways to prune with what explodes. Under the last three every trial explodes, and nothing else becomes of any: one that is to
    /// train more than ten epochs is stopped. `median` lets the first ones go on, as none is complete; the others let some go on to the end.
    static let exploding: [(prune: String, training: SyntheticTraining)] =
        (["none", "asha"] + otherPruners).map { prune in
            (prune, SyntheticTraining(losing: 5, killing: 5, stopping: 10, exploding: prune == "none" ? 50 : 90))
        } + ["median", "asha", "halving"].map { ($0, SyntheticTraining(exploding: 100)) }

    @Test(arguments: exploding)
    func `trials that cannot recover are stopped at the same epoch for 1, 3 and 16 slots`(
        _ prune: String,
        training: SyntheticTraining
    ) throws {
        var sweep = Self.sweep(Kind(method: "tpe", prune: prune, repeats: 1))
        if prune == "extrapolate" { sweep.method = "random" }
        sweep.epochs = 27
        sweep.stopsHopeless = true
        let reference = Simulation(referenceScenario(sweep, training: training))
        reference.run()
        #expect(Verdict.defects(reference) == [])
        let expected = try #require(reference.outcome(of: "sample"))
        #expect(expected.state == "finished")
        let trials = try #require(reference.coordinator.core.sweep(named: "sample")).trials
        let stopped = trials.filter { $0.ended == .pruned(.hopeless) }
        // They are told from their tenth epoch, and of some rules few come so far.
        #expect(stopped.allSatisfy { $0.curve.epochs == HopelessRule.patience && training.explodes(seed: $0.seed) })
        if prune == "none" { #expect(stopped.count > 3) }
        if training.exploding == 100 { #expect(!stopped.isEmpty) }
        for (index, slots) in [[3], [16], [2, 5]].enumerated() {
            let plans = slots.enumerated().map { place, slots in
                SimulatedWorker.Plan(name: "w\(place)", slots: slots, prefetch: 2, epochMilliseconds: 100)
            }
            var scenario = Scenario(seed: UInt64(index), sweeps: [sweep], workers: plans)
            scenario.training = training
            let simulation = Simulation(scenario)
            simulation.run()
            #expect(Verdict.defects(simulation) == [])
            let found = try #require(simulation.outcome(of: "sample"))
            #expect(found.difference(from: expected) == nil, "slots \(slots)")
        }
    }

    @Test func `the trials that end early are of every kind, or the other tests show little`() throws {
        let kind = Kind(method: "random", prune: "asha", repeats: 1)
        let simulation = Simulation(referenceScenario(Self.sweep(kind), training: Self.mixed))
        simulation.run()
        let found = try #require(simulation.outcome(of: "sample"))
        #expect(found.count("completed early") > 0)
        #expect(found.count("completed") > 0)
        #expect(found.count("failed") > 0)
        #expect(found.count("pruned cannot_recover") > 0)
        #expect(found.count("pruned scheduler") > 0)
        #expect(found.epochs * 100 <= 45 * 27 * 9)
        #expect(simulation.tally.workerCrashes > 0)
    }

    /// What a stopped trial is worth at a rung that it never trained to: its last epoch's value, at no virtual time.
    @Test func `a trial that stopped early is promoted on its last value and takes no virtual time for it`() throws {
        let kind = Kind(method: "random", prune: "asha", repeats: 1)
        var sweep = Self.sweep(kind)
        sweep.trials = 243
        let simulation = Simulation(referenceScenario(sweep, training: Self.stopping))
        simulation.run()
        #expect(Verdict.defects(simulation) == [])
        let progress = try #require(simulation.coordinator.core.sweep(named: "sample"))
        var now = 0.0
        var ends: [Int: Double] = [:]
        var promoted = 0
        for fact in simulation.coordinator.facts {
            switch fact {
            case .segmentDecided(let trial, let from, let to, let end, _):
                ends[trial.number] = end
                let stopped =
                    try #require(progress[trial.number]).stoppedEarly && progress[trial.number]?.curve.epochs == from
                if stopped { promoted += 1 }
                #expect(end == now + Double(stopped ? 0 : to - from))
            case .segmentResolved(let trial, let epoch, let cost):
                now = max(now, try #require(ends[trial.number]))
                let curve = simulation.coordinator.curve(of: try #require(progress[trial.number]), in: progress)
                let value = try #require(curve.value(.validationLoss, at: min(epoch, curve.epochs)))
                #expect(cost == value)
            default: break
            }
        }
        #expect(promoted > 3)
        // Nobody trained for those promotions.
        let leased = simulation.coordinator.facts.count { if case .leased = $0 { true } else { false } }
        #expect(leased + promoted == progress.decided)
        #expect(progress.trials.contains { $0.ended == .completed && !$0.stoppedEarly })
    }

    /// With two thirds of the trials killing their worker, the others are hit again and again by their neighbours.
    @Test(arguments: seeds(10))
    func `trials that kill their worker fail alone`(seed: UInt64) throws {
        var sweep = SampleSweep()
        sweep.prune = "none"
        sweep.seed = Int(seed)
        sweep.trials = 24
        sweep.epochs = 3
        let training = SyntheticTraining(killing: 50)
        // Epochs last longer than a killer needs, so every neighbour loses its attempt.
        let worker = SimulatedWorker.Plan(name: "w", slots: 8, prefetch: 2, epochMilliseconds: 1_000)
        var scenario = Scenario(seed: seed, sweeps: [sweep], workers: [worker])
        scenario.training = training
        let simulation = Simulation(scenario)
        simulation.run()
        #expect(Verdict.defects(simulation) == [], "\(scenario.source)")
        let core = try #require(simulation.coordinator.core.sweep(named: "sample"))
        for trial in core.trials {
            let kills = training.fate(seed: trial.seed, epochs: 3) == .killsWorker
            #expect(
                (trial.ended == .completed) == !kills,
                "seed \(seed), trial \(trial.number): \(String(describing: trial.ended))"
            )
        }
    }
}
