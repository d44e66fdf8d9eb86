import Glibc
import SweepCoordination
import SweepCore
import SweepNumerics
import SweepTestKit

/// How many seeds a simulation test runs: `SEEDS` in the environment, else the number that keeps the normal run short.
func seeds(_ count: Int) -> [UInt64] {
    let asked = getenv("SEEDS").flatMap { Int(String(cString: $0)) } ?? count
    let first = getenv("FIRST_SEED").flatMap { UInt64(String(cString: $0)) } ?? 1
    return (0..<UInt64(max(asked, 1))).map { first + $0 }
}

/// What to type to see a failing seed again.
func reproduction(_ seed: UInt64, _ scenario: Simulation.Scenario, test: String) -> String {
    "seed \(seed): FIRST_SEED=\(seed) SEEDS=1 swift test --filter '\(test)'; scenario \(scenario)"
}

/// A sweep of a kind drawn from the stream.
func drawnSweep(_ random: inout RandomStream) -> SampleSweep {
    var sweep = SampleSweep()
    sweep.method = random.below(2) == 0 ? "random" : "grid"
    sweep.prune = random.below(3) == 0 ? "none" : "asha"
    sweep.repeats = random.below(3) == 0 ? 3 : 1
    sweep.trials = sweep.method == "grid" && random.below(2) == 0 ? nil : 8 + random.below(14)
    sweep.epochs = [1, 3, 9, 13][random.below(4)]
    sweep.seed = random.below(1_000)
    sweep.parallelism = 1 + random.below(8)
    sweep.objective = random.below(2) == 0 ? .validationLoss : .validationAccuracy
    return sweep
}

/// One worker with one slot and nothing that goes wrong but the trials themselves: what every other run is compared with.
func referenceScenario(_ sweep: SampleSweep, training: SyntheticTraining, attempts: Int = 3) -> Simulation.Scenario {
    var scenario = Simulation.Scenario(seed: 1, sweeps: [sweep], workers: [.init(name: "only")])
    scenario.training = training
    scenario.options.attempts = attempts
    return scenario
}

/// What the sweep of this name came to.
func outcome(_ simulation: Simulation, _ name: String) -> SweepOutcome? {
    simulation.coordinator.core.sweep(named: name).map { SweepOutcome($0, facts: simulation.coordinator.facts) }
}

/// Everything that must hold after a run, whatever happened in it; empty when it does.
func defects(_ simulation: Simulation) -> [String] {
    var defects = simulation.violations + JournalAudit.problems(simulation.coordinator.facts)
    for sweep in simulation.coordinator.core.sweeps.values {
        for trial in sweep.trials {
            if trial.ended == nil { defects.append("trial \(trial.number) has no terminal state") }
            let fate = simulation.scenario.training.fate(seed: trial.seed, epochs: sweep.sweep.epochs)
            var last = sweep.sweep.epochs
            if case .stopsEarly(let epoch) = fate { last = epoch }
            if trial.ended == .completed, trial.curve.epochs != last {
                defects.append("trial \(trial.number) completed after \(trial.curve.epochs) epochs, not \(last)")
            }
            let notes = (0..<trial.curve.epochs).flatMap {
                simulation.scenario.training.notes(seed: trial.seed, epoch: $0 + 1)
            }
            if trial.notes != notes { defects.append("trial \(trial.number) has the notes \(trial.notes)") }
            guard let spec = sweep.sweep.space.resolve(trial.configuration) else { continue }
            for (index, observation) in trial.curve.observations.enumerated() {
                let expected = simulation.scenario.training.observation(
                    spec: spec,
                    seed: trial.seed,
                    epoch: index + 1,
                    epochs: sweep.sweep.epochs,
                    metrics: sweep.metrics
                )
                if !observation.matches(expected) {
                    defects.append("trial \(trial.number) has other numbers at epoch \(index + 1)")
                }
            }
        }
        if sweep.state == .finished, !simulation.coordinator.core.neededObjects.isSubset(of: [SampleSweep.dataSet.hash])
        {
            defects.append("checkpoints are kept after the end")
        }
    }
    if simulation.coordinator.core.neededObjects.isSubset(of: [SampleSweep.dataSet.hash]) == false {
        defects.append("objects are needed after the end")
    }
    return defects
}
