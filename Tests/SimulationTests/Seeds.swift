import CoordinationSimulation
import Glibc
import SweepCoordination
import SweepCore
import SweepTestKit

/// How many seeds a simulation test runs: `SEEDS` in the environment, else the number that keeps the normal run short; with
/// assertions on, a step costs twenty times as much, and a fifth of the seeds must do.
func seeds(_ count: Int) -> [UInt64] {
    var usual = count
    assert(
        {
            usual = max(1, count / 5)
            return true
        }()
    )
    let asked = getenv("SEEDS").flatMap { Int(String(cString: $0)) } ?? usual
    let first = getenv("FIRST_SEED").flatMap { UInt64(String(cString: $0)) } ?? 1
    return (0..<UInt64(max(asked, 1))).map { first + $0 }
}

/// What to type to see a failing seed again, and made smaller.
func reproduction(_ seed: UInt64, kind: String) -> String {
    "seed \(seed): make simulate SEEDS=1 FIRST=\(seed) KIND=\(kind)"
}

/// One worker with one slot and nothing that goes wrong but the trials themselves: what every other run is compared with.
func referenceScenario(_ sweep: SampleSweep, training: SyntheticTraining) -> Scenario {
    var scenario = Scenario(seed: 1, sweeps: [sweep], workers: [.init(name: "only")])
    scenario.training = training
    return scenario
}
