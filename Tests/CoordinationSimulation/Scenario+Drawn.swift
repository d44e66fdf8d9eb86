import SweepCoordination
import SweepCore
import SweepNumerics
import SweepTestKit
import SweepWire

extension Scenario {
    /// Chance may hit a trial again and again, but not so often: a worker gets leases until 3 s after its last word, so each
    /// loss takes 3 s of the lapse time of 6 s, and faults end after at most 120 s. So only trials that always take their
    /// worker down fail, and the answer is a function of the sweep alone.
    package static let patientAttempts = 45

    /// The scenario of a seed: a sweep of any kind, one to five workers, and an adversary.
    package static func drawn(_ seed: UInt64) -> Scenario {
        var random = RandomStream(key: RandomStream.mix(seed ^ 0xFA17))
        let sweep = drawnSweep(&random)
        let horizon = [8.0, 30, 120][random.below(3)]
        var workers = (0..<1 + random.below(4)).map { index in
            SimulatedWorker.Plan(
                name: "w\(index)",
                slots: 1 + random.below(4),
                prefetch: random.below(4),
                epochMilliseconds: [20, 200, 2_000][random.below(3)],
                joins: index > 0 && random.below(3) == 0 ? Double(random.below(40)) : Double(index) / 100
            )
        }
        // One that cannot help: of another version of the protocol, or of the training core.
        switch random.below(4) {
        case 0:
            let versions = SimulatedWorker.Plan.farVersions[Int(seed % 2)]
            workers.append(.init(name: "old", slots: 2, versions: versions))
        case 1: workers.append(.init(name: "other", slots: 2, coreVersion: "core-2"))
        default: break
        }
        // Those that can help are of this build, of the one before and of the one to come, in turns.
        for index in workers.indices where workers[index].speaks {
            workers[index].versions = SimulatedWorker.Plan.nearVersions[Int((seed &+ UInt64(index)) % 3)]
        }
        var scenario = Scenario(seed: seed, sweeps: [sweep], workers: workers)
        scenario.training = SyntheticTraining(losing: 10, killing: 5, dying: 5, failing: 3, stopping: 20)
        scenario.options.attempts = patientAttempts
        scenario.faults = Adversary.drawn(&random, workers: workers.count, horizon: horizon)
        return scenario
    }

    /// The scenario of a seed with a second sweep and a user who pauses, resumes and cancels, and of two seeds in three enqueues
    /// configurations of both.
    package static func steered(_ seed: UInt64) -> Scenario {
        var scenario = drawn(seed)
        var second = scenario.sweeps[0]
        second.name = "second"
        second.seed += 1
        scenario.sweeps.append(second)
        scenario.steering = [
            .init(seconds: 1, sweep: "sample", steering: .pause), .init(seconds: 4, sweep: "second", steering: .pause),
            .init(seconds: 9, sweep: "sample", steering: .resume),
            .init(seconds: 20, sweep: "second", steering: .cancel),
        ]
        var random = RandomStream(key: RandomStream.mix(seed ^ 0xE47E))
        guard random.below(3) > 0 else { return scenario }
        for number in 0..<1 + random.below(5) {
            let act = Act.enqueue(
                rate: (random.uniform() * 9000).rounded() / 10_000 + 0.001,
                width: [4, 8, nil][random.below(3)],
                adds: random.below(3) == 0,
                key: "act\(number)"
            )
            let seconds = (random.uniform() * 24_000).rounded() / 1000
            let sweep = random.below(3) > 0 ? "sample" : "second"
            scenario.steering.append(Step(seconds: seconds, sweep: sweep, act))
        }
        return scenario
    }

    /// The scenario of a seed with a second sweep, which the user ends and removes in the middle of the faults. A coordinator that
    /// starts after that is handed it again, as another sweep of its name.
    package static func cleared(_ seed: UInt64) -> Scenario {
        var scenario = drawn(seed)
        var random = RandomStream(key: RandomStream.mix(seed ^ 0xDE1E))
        var second = scenario.sweeps[0]
        second.name = "second"
        second.seed += 1
        second.trials = 6 + random.below(8)
        scenario.sweeps.append(second)
        let horizon = scenario.faults.map(\.end).max() ?? 10
        let cancelled = (horizon * random.uniform() * 500).rounded() / 1000
        let deleted = ((cancelled + horizon * random.uniform() / 2) * 1000).rounded() / 1000
        scenario.steering = [
            .init(seconds: cancelled, sweep: "second", steering: .cancel),
            .init(seconds: deleted, sweep: "second", steering: .delete),
        ]
        return scenario
    }

    /// The scenario of a seed with up to four sweeps that want different things of different workers, and a user who changes
    /// their priorities, limits and numbers of trials.
    package static func crowded(_ seed: UInt64) -> Scenario {
        var scenario = drawn(seed)
        var random = RandomStream(key: RandomStream.mix(seed ^ 0xC0DE))
        for index in scenario.workers.indices {
            if random.below(2) == 0 { scenario.workers[index].labels["gpu"] = random.below(3) > 0 ? "yes" : "no" }
            if random.below(3) == 0 { scenario.workers[index].labels["rack"] = "1" }
        }
        // One that can train everything, so that an end can be asked for.
        scenario.workers[0].slots = 4
        scenario.workers[0].labels = ["gpu": "yes", "rack": "1"]
        for index in 1...1 + random.below(3) {
            var sweep = scenario.sweeps[0]
            sweep.name = "sweep\(index)"
            sweep.seed += index
            sweep.trials = 6 + random.below(8)
            sweep.prune = random.below(2) == 0 ? "none" : "asha"
            sweep.decide = random.below(4) == 0 ? "arrival" : "virtual"
            scenario.sweeps.append(sweep)
        }
        let horizon = scenario.faults.map(\.end).max() ?? 10
        for index in scenario.sweeps.indices {
            scenario.sweeps[index].priority = [0, 0, 1, -7][random.below(4)]
            if random.below(3) == 0 { scenario.sweeps[index].maxParallel = 1 + random.below(4) }
            scenario.sweeps[index].threads = [1, 1, 1, 2, 4][random.below(5)]
            if random.below(3) == 0 { scenario.sweeps[index].requires["gpu"] = "yes" }
            if random.below(4) == 0 { scenario.sweeps[index].requires["rack"] = "1" }
        }
        for _ in 0..<random.below(7) {
            let sweep = scenario.sweeps[random.below(scenario.sweeps.count)].name
            let seconds = (horizon * random.uniform() * 1000).rounded() / 1000
            let act: Scenario.Act =
                switch random.below(6) {
                case 0: .adjust(SweepAdjustment(priority: random.below(5) - 2))
                case 1:
                    .adjust(
                        SweepAdjustment(maxParallel: random.below(3) == 0 ? .unlimited : .atMost(1 + random.below(4)))
                    )
                case 2, 3: .adjust(SweepAdjustment(trials: 1 + random.below(30)))
                case 4: .steer(.pause)
                default: .steer(.resume)
                }
            scenario.steering.append(Step(seconds: seconds, sweep: sweep, act))
        }
        // Whoever is paused is resumed in the end.
        for sweep in scenario.sweeps {
            scenario.steering.append(Step(seconds: horizon + 1, sweep: sweep.name, .steer(.resume)))
        }
        return scenario
    }

    /// The scenario of a seed whose sweep asks for experiments, and a user who cancels one of them or asks for more trials.
    package static func experimented(_ seed: UInt64) -> Scenario {
        var scenario = drawn(seed)
        var random = RandomStream(key: RandomStream.mix(seed ^ 0xE4B))
        scenario.sweeps[0].diagnose = DiagnoseSpec(confirm: [0.25, 0.5, 1][random.below(3)])
        let horizon = scenario.faults.map(\.end).max() ?? 10
        let seconds = (horizon * random.uniform() * 1000).rounded() / 1000
        switch random.below(4) {
        case 0:
            // Until it is there he is told that it is not, and when it is over that it cannot be.
            scenario.steering = (1...12).map { time in
                Step(seconds: Double(time) * (1 + seconds) / 4, sweep: "sample.why-1", steering: .cancel)
            }
        case 1:
            let more = Act.adjust(SweepAdjustment(trials: 20 + random.below(10)))
            scenario.steering = [Step(seconds: 2 * seconds, sweep: "sample", more)]
        default: break
        }
        return scenario
    }

    /// The scenario of a seed with a peer that lies.
    package static func infested(_ seed: UInt64) -> Scenario {
        var scenario = drawn(seed)
        scenario.hostile = Window(0, 40)
        return scenario
    }

    /// The scenario of a seed whose sweep decides on results as they arrive: the answer is not promised, an end is.
    package static func onArrival(_ seed: UInt64) -> Scenario {
        var scenario = drawn(seed)
        scenario.sweeps[0].decide = "arrival"
        return scenario
    }

    /// The scenario of a seed whose sweep trains a population, whose members copy one another.
    package static func populated(_ seed: UInt64) -> Scenario {
        var scenario = drawn(seed)
        var random = RandomStream(key: RandomStream.mix(seed ^ 0x9B7))
        // Members are compared to their end.
        scenario.training.stopping = 0
        // Folds are for finalists, of which it has none.
        scenario.sweeps[0].folds = nil
        scenario.sweeps[0].population = PopulationSpec(
            members: 2 + random.below(9),
            interval: 1 + random.below(3),
            quantile: [0.2, 0.25, 0.5][random.below(3)],
            resample: [0, 0.25, 1][random.below(3)]
        )
        scenario.sweeps[0].epochs = [4, 7, 12][random.below(3)]
        scenario.sweeps[0].repeats = 1
        scenario.sweeps[0].finalists = nil
        if scenario.sweeps[0].stop?.epochs != nil { scenario.sweeps[0].stop = StopSpec(epochs: 30) }
        if random.below(4) == 0 { scenario.sweeps[0].decide = "arrival" }
        return scenario
    }

    /// The scenario of a seed whose sweep compares arms that part after an epoch.
    package static func branched(_ seed: UInt64) -> Scenario {
        var scenario = drawn(seed)
        var random = RandomStream(key: RandomStream.mix(seed ^ 0xB4A))
        // What the arms go on from is there.
        scenario.training.stopping = 0
        scenario.sweeps[0].folds = nil
        scenario.sweeps[0].finalists = nil
        scenario.sweeps[0].stop = nil
        scenario.sweeps[0].trials = nil
        scenario.sweeps[0].epochs = [4, 7, 12][random.below(3)]
        scenario.sweeps[0].repeats = 1 + random.below(5)
        scenario.sweeps[0].branch = BranchSpec(
            after: 1 + random.below(scenario.sweeps[0].epochs - 1),
            seed: random.below(2) == 0 ? nil : random.next()
        )
        if random.below(4) == 0 { scenario.sweeps[0].decide = "arrival" }
        return scenario
    }

    /// A sweep of a kind drawn from the stream.
    private static func drawnSweep(_ random: inout RandomStream) -> SampleSweep {
        var sweep = SampleSweep()
        sweep.method = random.below(2) == 0 ? "random" : "grid"
        sweep.prune = random.below(3) == 0 ? "none" : "asha"
        sweep.repeats = random.below(3) == 0 ? 3 : 1
        sweep.trials = sweep.method == "grid" && random.below(2) == 0 ? nil : 8 + random.below(14)
        sweep.epochs = [1, 3, 9, 13][random.below(4)]
        sweep.seed = random.below(1_000)
        sweep.parallelism = 1 + random.below(8)
        sweep.objective = random.below(2) == 0 ? .validationLoss : .validationAccuracy
        if sweep.seed % 8 == 1 { sweep.stop = StopSpec(epochs: 5 * sweep.epochs) }
        if sweep.seed % 8 == 5, sweep.objective.direction == .minimize { sweep.stop = StopSpec(cost: 0.6) }
        if sweep.seed.isMultiple(of: 4) { sweep.finalists = FinalistsSpec(top: 3, seeds: 4) }
        if sweep.seed.isMultiple(of: 8) { sweep.folds = 2 }
        return sweep
    }
}
