import Foundation
import ProcessTestKit
import Testing

extension RealProcesses {
    /// Every file in `sweeps/` is run.
    @Suite struct SweepFileTests {
        @Test func `every sweep of the package is run by a test`() throws {
            let folder = Program.root.appending(path: "sweeps")
            let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
                .filter { $0.hasSuffix(".yaml") }.sorted()
            // A new file needs a test here.
            #expect(files == ["digits-long.yaml", "digits.yaml", "quick.yaml", "why/learning-rate.yaml"])
        }

        private func rank(_ bench: Bench, _ name: String, _ arguments: [String] = []) async throws -> Rank {
            let file = Program.root.appending(path: "sweeps/\(name).yaml").path
            let child = try await bench.run(
                ["sweepd", "run", file, "--directory", bench.path("run.sweepd"), "--format", "json"] + arguments,
                exits: 0,
                within: 600
            )
            return try Rank.read(child.output)
        }

        @Test func `quick`() async throws {
            try await Bench.run { bench in
                let rank = try await rank(bench, "quick")
                try #require(rank.rows.count == 12)
                try #require((rank.rows[0].metrics["validation.accuracy"]?.number ?? 0) > 0.9)
            }
        }

        @Test func `digits: most trials are stopped early, and the best is good`() async throws {
            try await Bench.run { bench in
                let rank = try await rank(bench, "digits")
                try #require(rank.rows.count == 81)
                let pruned = rank.rows.count { $0.state == "pruned" }
                let epochs = rank.rows.map(\.epochs).reduce(0, +)
                let accuracy = try #require(rank.rows[0].metrics["validation.accuracy"]?.number)
                print(
                    "digits: \(pruned) of 81 pruned, \(epochs) of \(81 * 27) epochs, the best has accuracy \(accuracy)"
                )
                try #require(pruned > 0)
                try #require(epochs * 100 <= 45 * 81 * 27)
                try #require(rank.rows[0].state == "completed")
                try #require(accuracy >= 0.97)
            }
        }

        @Test func `learning-rate: too high, too low and sound are told apart`() async throws {
            try await Bench.run { bench in
                let rank = try await rank(bench, "why/learning-rate")
                try #require(rank.rows.count == 3)
                let rows = Dictionary(
                    uniqueKeysWithValues: rank.rows.map { row in
                        (row.configuration["train.optimizer.adam.learning_rate"]?.number ?? 0, row)
                    }
                )
                let high = try #require(rows[0.1])
                let low = try #require(rows[1e-6])
                let sound = try #require(rows[1e-3])
                try #require(["S-OSC", "S-DIVERGE", "S-PLATEAU"].contains(high.symptom?.id), "\(high)")
                try #require(low.symptom?.id == "S-SLOW", "\(low)")
                try #require(sound.symptom == nil && sound.finding == nil, "\(sound)")
                try #require(sound.place == 1)
            }
        }

        @Test func `digits-long, in full where SWEEPD_LONG asks for it`() async throws {
            try await Bench.run { bench in
                let whole = Program.environment("SWEEPD_LONG") != nil
                let rank = try await rank(
                    bench,
                    "digits-long",
                    whole ? [] : ["--set", "search.trials=4", "--set", "train.epochs=3"]
                )
                try #require(rank.rows.count == (whole ? 200 : 4))
                try #require(rank.rows.contains { $0.state == "completed" && $0.epochs == (whole ? 27 : 3) })
            }
        }
    }
}
