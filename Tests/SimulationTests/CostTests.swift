import Glibc
import SweepCoordination
import SweepCore
import SweepTestKit
import Testing

/// What an event costs the core. Figures are printed with `MEASURE=1` in a release build:
/// `MEASURE=1 swift test -c release --filter CostTests`.
@Suite(.serialized) struct CostTests {
    static let isMeasuring = getenv("MEASURE") != nil

    static func sweep(trials: Int, prune: String) -> SampleSweep {
        var sweep = SampleSweep()
        sweep.trials = trials
        sweep.prune = prune
        sweep.epochs = prune == "none" ? 1 : 9
        sweep.parallelism = 256
        return sweep
    }

    @Test func `null workers finish a thousand trials`() throws {
        for prune in ["none", "asha"] {
            let cost = try #require(
                NullWorkers.run(Self.sweep(trials: 1_000, prune: prune), workers: 4, slots: 2, prefetch: 8)
            )
            #expect(cost.trials == 1_000)
        }
    }

    @Test(.enabled(if: isMeasuring), arguments: ["none", "asha"], [10, 1_000])
    func `an event costs the same for a thousand and for a hundred thousand trials`(prune: String, workers: Int) throws
    {
        for trials in [1_000, 10_000, 100_000] {
            let sweep = Self.sweep(trials: trials, prune: prune)
            let cost = try #require(NullWorkers.run(sweep, workers: workers, slots: 2, prefetch: 8))
            let micros = cost.time / .microseconds(1) / Double(cost.events)
            print(
                "prune \(prune), \(workers) workers, \(trials) trials: \(Int(cost.perSecond)) events/s, \(micros) µs an event"
            )
        }
    }
}
