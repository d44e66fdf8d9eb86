import CoordinationSimulation
import Glibc
import SweepCore
import SweepNumerics

/// The kinds of scenarios that a seed stands for.
let kinds: [(name: String, scenario: @Sendable (UInt64) -> Scenario)] = [
    ("drawn", Scenario.drawn), ("steered", Scenario.steered), ("infested", Scenario.infested),
    ("arrival", Scenario.onArrival), ("crowded", Scenario.crowded), ("cleared", Scenario.cleared),
    ("populated", Scenario.populated), ("branched", Scenario.branched),
    ("experimented", Scenario.experimented),
]

/// Runs seeds and ends the process: 0 when all hold, 1 when one fails.
func runSeeds(_ arguments: [String]) -> Never {
    var arguments = arguments
    var count = 100
    var first: UInt64 = 1
    var chosen = "drawn"
    var traces = false
    func value(_ option: String) -> String {
        guard !arguments.isEmpty else { fail("\(option) needs a value") }
        return arguments.removeFirst()
    }
    while !arguments.isEmpty {
        let option = arguments.removeFirst()
        switch option {
        case "--seeds":
            guard let number = Int(value(option)), number > 0 else { fail("--seeds takes a number from 1") }
            count = number
        case "--first":
            guard let number = UInt64(value(option)) else { fail("--first takes a number from 0") }
            first = number
        case "--kind": chosen = value(option)
        case "--trace": traces = true
        default: fail("\(option) is not known")
        }
    }
    let asked = kinds.filter { chosen == "all" || $0.name == chosen }
    if asked.isEmpty { fail("--kind \(chosen) is not known") }
    var failed = 0
    for (name, scenario) in asked {
        let clock = ContinuousClock()
        let start = clock.now
        var steps = 0
        var virtual = 0.0
        var digest: UInt64 = 0
        for seed in first..<first + UInt64(count) {
            let drawn = scenario(seed)
            let verdict = Verdict(drawn, trace: traces ? { print("\($0) \($1)") } : nil)
            steps += verdict.simulation.steps
            virtual += Double(verdict.simulation.now.nanoseconds) / 1e9
            digest = digest &* 31 &+ verdict.simulation.digest.value
            guard !verdict.defects.isEmpty else { continue }
            failed += 1
            report(name, seed, drawn, verdict)
        }
        let time = Double(start.duration(to: clock.now) / .milliseconds(1)) / 1000
        print(
            "\(name): \(count) seeds from \(first), \(steps) events, \(Int(virtual)) virtual seconds in \(time) s, "
                + "digest \(String(digest, radix: 16))"
        )
    }
    if failed > 0 { print("\(failed) seeds failed") }
    exit(failed > 0 ? 1 : 0)
}

private func report(_ kind: String, _ seed: UInt64, _ scenario: Scenario, _ verdict: Verdict) {
    defer { fflush(nil) }
    print("FAILED: kind \(kind), seed \(seed), after \(verdict.simulation.steps) events at \(verdict.simulation.now)")
    for defect in verdict.defects.prefix(5) { print("  \(defect)") }
    // A failure is seen when it is found: making it smaller takes a while.
    fflush(nil)
    let (smallest, tried) = Shrinking.shrunk(scenario) { !Verdict($0).defects.isEmpty }
    print(
        "shrunk from \(scenario.faults.count) to \(smallest.faults.count) faults in \(tried) runs; it then fails with"
    )
    for defect in Verdict(smallest).defects.prefix(3) { print("  \(defect)") }
    print(smallest.source)
}
