import Foundation
import Glibc
import ProcessTestKit
import Testing

extension RealProcesses {
    /// Coordinator, workers and training processes killed at random moments of one digits sweep.
    @Suite struct RandomKillTests {
        /// How many kills: `make random-kills KILLS=100`; a few in each run of the tests.
        private static let kills = Program.environment("SWEEPD_KILLS").flatMap { Int($0) } ?? 6
        private static let isLong = kills > 12
        /// What the long example may take: ten minutes on two cores without AVX-512, and as much again.
        private static let longSeconds = 1200.0
        private static let seed = Program.environment("SWEEPD_SEED").flatMap { UInt64($0) } ?? 1

        private enum Target: CaseIterable { case coordinator, worker, trainingProcess }

        @Test(.timeLimit(.minutes(30))) func `a sweep among kills at random moments ends with the undisturbed table`()
            async throws
        {
            var random = SeededGenerator(seed: Self.seed)
            print("random kills: KILLS=\(Self.kills) SEED=\(Self.seed)")
            try await Bench.run { bench in
                let file = Self.isLong ? try bench.sweep("digits-long") : try longSweep(bench, trials: 27, epochs: 27)
                let expected = try await Undisturbed.answer(
                    to: file,
                    named: "digits-long",
                    within: Self.isLong ? Self.longSeconds : 120,
                    bench
                )
                let epochs = expected.curves.trials.reduce(0) { $0 + $1.points.count }
                // Half of the epochs at most are trained between the kills, so that there is a sweep to disturb until the last.
                let most = max(1, epochs / (2 * Self.kills))
                // The coordinator cannot know that it is not a trial's fault when its worker is taken three times. A hundred is
                // the most that may be asked for.
                let sweep = try await DisturbedSweep(
                    bench,
                    named: "digits-long",
                    options: ["--attempts", "\(min(100, Self.kills + 3))"]
                )
                for name in ["red", "blue"] { try sweep.startWorker(name) }
                try await sweep.submit(file)
                var done: [Target: Int] = [:]
                for kill in 1...Self.kills {
                    let wanted = sweep.epochsKept + Int.random(in: 1...most, using: &random)
                    try await sweep.seen("kill \(kill): more epochs are kept (seed \(Self.seed))", within: 120) {
                        sweep.epochsKept >= wanted ? true : nil
                    }
                    // Not always just after a commit: an epoch takes about a tenth of a second.
                    try await Task.sleep(for: .milliseconds(Int.random(in: 0...120, using: &random)))
                    let status = try await sweep.coordinator.status("digits-long")
                    try #require(status.state == "running", "over before kill \(kill) (seed \(Self.seed))")
                    let target = Target.allCases.randomElement(using: &random) ?? .worker
                    let worker = ["red", "blue"].randomElement(using: &random) ?? "red"
                    done[target, default: 0] += 1
                    switch target {
                    case .coordinator: try await sweep.endCoordinator(by: SIGKILL)
                    case .worker: try await sweep.end(worker: worker, by: SIGKILL)
                    case .trainingProcess:
                        if let process = try sweep.worker(worker).trainingProcess { Glibc.kill(process, SIGKILL) }
                    }
                }
                try await sweep.requireUndisturbedEnd(expected, within: Self.isLong ? Self.longSeconds : 600)
                let killed = done.map { "\($0) \($1)" }.sorted().joined(separator: ", ")
                print("random kills: \(killed); \(epochs) epochs in the table, \(sweep.epochsKept) kept on the way")
            }
        }
    }
}

extension DisturbedSweep {
    /// How often epochs were committed.
    var epochsKept: Int { journalLog.count { $0.message == "epochs kept" } }
}

/// SplitMix64: the same numbers for the same seed, everywhere.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var bits = state
        bits = (bits ^ bits >> 30) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ bits >> 27) &* 0x94d0_49bb_1331_11eb
        return bits ^ bits >> 31
    }
}
