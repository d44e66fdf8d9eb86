import Foundation
import ProcessTestKit
import Testing

extension RealProcesses {
    /// Every file in `sweeps/` is run; those of programs by `CommandTests` and `AskTests`.
    @Suite struct SweepFileTests {
        @Test func `every sweep of the package is run by a test`() throws {
            let folder = Program.root.appending(path: "sweeps")
            let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
                .filter { $0.hasSuffix(".yaml") && !$0.hasPrefix("command/") && !$0.hasPrefix("ask/") }.sorted()
            // A new file needs a test here.
            let tested = ["digits-long", "digits", "finalists", "quick", "why/learning-rate"] + Self.why.map(\.name)
            #expect(files == tested.map { $0 + ".yaml" }.sorted())
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

        @Test func `finalists: the first have intervals and chances, and a tie is told`() async throws {
            try await Bench.run { bench in
                let rank = try await rank(bench, "finalists")
                let finals = rank.rows.prefix(4)
                try #require(finals.count == 4 && finals.allSatisfy { $0.final != nil && $0.interval != nil })
                try #require(rank.rows.dropFirst(4).allSatisfy { $0.final == nil })
                let runs = finals.compactMap(\.final?.runs)
                try #require(runs.allSatisfy { $0 >= 3 } && runs.reduce(0, +) <= 24, "\(runs)")
                let chances = finals.compactMap(\.final?.chanceOfBest)
                try #require(abs(chances.reduce(0, +) - 1) < 1e-6, "\(chances)")
                // It stopped early only where it is sure.
                try #require(runs.reduce(0, +) == 24 || chances[0] >= 0.95, "\(runs) \(chances)")
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

        /// A file of `sweeps/why`, how many configurations it has, and what its curves must show.
        struct Why: Sendable {
            let name: String
            let rows: Int
            let holds: @Sendable (Rank) -> Bool

            init(_ name: String, rows: Int, holds: @escaping @Sendable (Rank) -> Bool = { _ in true }) {
                self.name = "why/\(name)"
                self.rows = rows
                self.holds = holds
            }
        }

        /// What the comments of these files promise. The answer is the same on every machine, so no margin is needed.
        static let why: [Why] = [
            // covers: C19
            Why("adam-settings", rows: 8),
            // covers: T7 R11
            Why("augmentation", rows: 4) { rank in
                // A flipped digit is another sign: it is the worst.
                rank.rows.last?.configuration.values.contains { "\($0)".contains("flip_horizontal") } == true
            },
            // covers: R5 C20 C21
            Why("batch-and-rate", rows: 9) { $0.rows.contains { $0.state == "pruned" } },
            // covers: C13 C14 R17
            Why("capacity", rows: 4),
            // covers: P1 R8 R21
            Why("documents-cnn", rows: 2) { ($0.rows[0].metrics["validation.accuracy"]?.number ?? 0) > 0.95 },
            // covers: C8 R7
            Why("feature-scale", rows: 4),
            // covers: C11
            Why("few-rows", rows: 2),
            // covers: C4
            Why("imbalance", rows: 9),
            // covers: C24 R13 R14
            Why("initial-weights", rows: 12),
            // covers: C21
            Why("large-batch", rows: 4),
            // covers: P5 T3
            Why("no-signal", rows: 2) { $0.rows.allSatisfy { ($0.metrics["validation.r2"]?.number ?? 1) < 0.1 } },
            // covers: P6 T4
            Why("one-outlier", rows: 6),
            // covers: C18 R16 R6
            Why("optimizers", rows: 14) {
                $0.rows.allSatisfy { ($0.metrics["validation.accuracy"]?.number ?? 0) > 0.9 }
            },
            // covers: R2 R10 P8 T8 C26
            Why("plateau-and-patience", rows: 2) { $0.rows.allSatisfy { $0.epochs < 150 && $0.state == "completed" } },
            Why("range-test", rows: 1),
            // covers: T1 R3 C3
            Why("rate-collapse", rows: 2) { rank in
                // The rule on batches ends the learning at once.
                rank.rows[0].configuration.values.contains { "\($0)".contains("epoch") }
            },
            // covers: P3
            Why("rate-of-one", rows: 3) { $0.rows[2].configuration.values.contains { $0.number == 1 } },
            // covers: T2
            Why("recompiled", rows: 2),
            // covers: P2 R1
            Why("regression-rates", rows: 3),
            // covers: R9 T5 C16 C17
            Why("regularisation", rows: 16),
            // covers: R4 C3
            Why("schedules", rows: 7) {
                $0.rows.allSatisfy { ($0.metrics["validation.accuracy"]?.number ?? 0) > 0.9 }
            },
            // covers: Y12
            Why("stopped-early", rows: 8),
            // covers: P4 T6 R7
            Why("straight-line", rows: 4),
            // covers: C9 R7
            Why("target-scale", rows: 3),
            // covers: C10 P7 R12
            Why("uneven-light", rows: 4),
            // covers: P9 C16
            Why("unregularised", rows: 4),
            // covers: C5
            Why("wrong-labels", rows: 2),
            // covers: C25 R15
            Why("wrong-loss", rows: 4) { rank in
                rank.rows[0].configuration.values.contains { "\($0)".contains("softmax") }
            },
        ]

        @Test func `the other files of why show what they promise`() async throws {
            for file in Self.why {
                try await Bench.run { bench in
                    let rank = try await rank(bench, file.name)
                    try #require(rank.rows.count == file.rows, "\(file.name): \(rank.rows.count)")
                    try #require(file.holds(rank), "\(file.name): \(rank.rows)")
                }
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
