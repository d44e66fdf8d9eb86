import CoordinationSimulation
import SweepCoordination
import SweepCore
import SweepTestKit
import Testing

/// A scenario that failed once, made smaller by `make simulate`, under the name of what was wrong.
struct NamedScenario: CustomTestStringConvertible, Sendable {
    let name: String
    let scenario: Scenario
    var testDescription: String { name }

    init(_ name: String, _ make: () -> Scenario) {
        self.name = name
        scenario = make()
    }

    static let all = [
        NamedScenario("a silent worker is not heard again because the coordinator's clock is set back") {
            var scenario = Scenario(seed: 128, sweeps: [], workers: [])
            var sample = SampleSweep()
            sample.name = "sample"
            sample.epochs = 3
            sample.trials = 6
            sample.method = "random"
            sample.prune = "asha"
            sample.repeats = 1
            sample.seed = 360
            sample.parallelism = 5
            sample.decide = "virtual"
            sample.objective = .validationLoss
            scenario.sweeps.append(sample)
            scenario.workers = [
                .init(name: "w0", slots: 2, epochMilliseconds: 2000),
                .init(name: "w1", slots: 2, epochMilliseconds: 200, joins: 0.01),
                .init(name: "w2", slots: 1, epochMilliseconds: 20, joins: 18),
                .init(name: "w3", slots: 1, epochMilliseconds: 200, joins: 26),
                .init(name: "other", slots: 1, coreVersion: "core-2", epochMilliseconds: 200),
            ]
            scenario.training = SyntheticTraining(losing: 10, killing: 5, dying: 0, failing: 0, stopping: 0)
            scenario.options.attempts = 45
            scenario.faults = [
                .noise(Window(0.052, 2.548), Noise(delay: 3000)),
                .cut(worker: 0, Window(1.256, 9.472), .up),
                .clockJump(.coordinator, at: 7.201, by: -6.35),
            ]
            return scenario
        }
    ]
}
