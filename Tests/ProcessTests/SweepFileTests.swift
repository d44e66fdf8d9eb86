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
            let plain = ["digits-long", "digits", "finalists", "folds", "fronts", "population", "quick"]
            let tested = plain + ["why/learning-rate"] + Self.why.map(\.name)
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

        @Test func `folds: the first have the mean over five folds, each of them once`() async throws {
            try await Bench.run { bench in
                let rank = try await rank(bench, "folds")
                let finals = rank.rows.prefix(3)
                try #require(finals.count == 3 && finals.allSatisfy { $0.final?.runs == 5 && $0.interval != nil })
                for row in finals {
                    let folds = (row.runs ?? []).filter { $0.trial > 30 }.compactMap(\.fold)
                    try #require(folds.sorted() == [1, 2, 3, 4, 5], "\(folds)")
                }
                try #require(rank.rows.dropFirst(3).allSatisfy { $0.final == nil && $0.runs?.map(\.fold) == [1] })
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

        @Test func `population: copies of members take part, and the best is good`() async throws {
            try await Bench.run { bench in
                let rank = try await rank(bench, "population")
                // Two of eight members are replaced at most at each of five decisions.
                try #require(rank.rows.count > 8 && rank.rows.count <= 18)
                try #require(rank.rows.count { $0.state == "completed" } == 8)
                let accuracy = try #require(rank.rows[0].metrics["validation.accuracy"]?.number)
                print("population: \(rank.rows.count - 8) copies, the best has accuracy \(accuracy)")
                try #require(accuracy >= 0.95)
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

            init(_ name: String, rows: Int, holds: @escaping @Sendable (Rank) -> Bool) {
                self.name = "why/\(name)"
                self.rows = rows
                self.holds = holds
            }
        }

        /// What the comments of these files promise. The answer is the same on every machine, so no margin is needed.
        static let why: [Why] = [
            // covers: C1
            Why("long-warmup", rows: 2) { rank in
                rank.rows.first?.setting("learning_rate") == 0.5 && rank.rows.first?.symptom == nil
                    && rank.rows.last?.symptom?.id == "S-NONFINITE"
            },
            // covers: C19
            Why("adam-settings", rows: 8) { rank in
                // An epsilon as large as the gradients makes steps that lead nowhere.
                rank.rows.suffix(4).allSatisfy { $0.setting("epsilon") == 1 && $0.symptom?.id == "S-SLOW" }
            },
            // covers: T7 R11
            Why("augmentation", rows: 4) { rank in
                // A flipped digit is another sign: it is the worst.
                rank.rows.last?.configuration.values.contains { "\($0)".contains("flip_horizontal") } == true
            },
            // covers: R5 C20 C21
            Why("batch-and-rate", rows: 9) { $0.rows.contains { $0.state == "pruned" } },
            // covers: C13 C14 R17
            Why("capacity", rows: 4) { $0.rows.last?.has("[2]") == true },
            // covers: P1 R8 R21
            Why("documents-cnn", rows: 2) { ($0.rows[0].metrics["validation.accuracy"]?.number ?? 0) > 0.95 },
            // covers: C8 R7
            Why("feature-scale", rows: 4) { rank in
                rank.rows.dropLast().allSatisfy { ($0.metrics["validation.r2"]?.number ?? 0) > 0.6 }
                    && rank.rows.last?.has("[]") == true && rank.rows.last?.symptom?.id == "S-NONFINITE"
            },
            // covers: C11
            Why("few-rows", rows: 2) { rank in
                rank.rows.first { $0.setting("learning_rate") == 0.01 }?.symptom?.id == "S-VALRISE"
            },
            // covers: C4
            Why("imbalance", rows: 9) { rank in
                // Without weights and sampling accuracy is at its best and balanced accuracy is not.
                let plain = rank.rows.first { row in
                    row.has("softmax_cross_entropy")
                        && row.configuration["train.loss.softmax_cross_entropy.class_weights"] == .word("none")
                        && row.configuration["train.sampling"] == .word("none")
                }
                guard let plain, let best = rank.rows.first else { return false }
                func metric(_ row: Rank.Row, _ name: String) -> Double { row.metrics[name]?.number ?? .nan }
                return rank.rows.allSatisfy {
                    metric($0, "validation.accuracy") <= metric(plain, "validation.accuracy")
                }
                    && metric(best, "validation.balanced_accuracy")
                        > metric(plain, "validation.balanced_accuracy") + 0.1
            },
            // covers: C24 R13 R14
            Why("initial-weights", rows: 12) { rank in
                rank.rows.prefix(3).allSatisfy { row in
                    row.has("relu") && ["orthogonal", "glorot", "he"].contains { row.has($0) }
                } && rank.rows.last?.has("relu") == true && rank.rows.last?.setting("deviation") == 1
            },
            // covers: C21
            Why("large-batch", rows: 4) { rank in
                func place(_ rate: Double, _ batch: Double) -> Int? {
                    rank.rows.firstIndex { $0.setting("learning_rate") == rate && $0.setting("batch_size") == batch }
                }
                guard let large = place(0.05, 1024), let small = place(0.05, 32) else { return false }
                return small < large && large < (place(0.4, 32) ?? 0)
            },
            // covers: P5 T3
            Why("no-signal", rows: 2) { $0.rows.allSatisfy { ($0.metrics["validation.r2"]?.number ?? 1) < 0.1 } },
            // covers: P6 T4
            Why("one-outlier", rows: 6) { rank in
                // Under either loss standardising alone is the worst.
                ["huber", "mean_squared_error"].allSatisfy { loss in
                    rank.rows.last { $0.has(loss) }?.has("[standardize]") == true
                }
            },
            // covers: C18 R16 R6
            Why("optimizers", rows: 14) {
                $0.rows.allSatisfy { ($0.metrics["validation.accuracy"]?.number ?? 0) > 0.9 }
            },
            // covers: R2 R10 P8 T8 C26
            Why("plateau-and-patience", rows: 2) { $0.rows.allSatisfy { $0.epochs < 150 && $0.state == "completed" } },
            Why("range-test", rows: 1) { $0.rows[0].symptom?.id == "S-NONFINITE" },
            // covers: T1 R3 C3
            Why("rate-collapse", rows: 2) { rank in
                // The rule on batches ends the learning at once.
                rank.rows[0].configuration.values.contains { "\($0)".contains("epoch") }
            },
            // covers: P3
            Why("rate-of-one", rows: 3) { $0.rows[2].configuration.values.contains { $0.number == 1 } },
            // covers: T2
            Why("recompiled", rows: 2) { rank in
                // At a rate that learns nothing by itself it goes on with weights that were learnt.
                rank.rows.contains { row in
                    row.setting("learning_rate") == 1e-6 && row.symptom?.id == "S-LRCOLLAPSE"
                        && (row.metrics["validation.accuracy"]?.number ?? 0) > 0.9
                }
            },
            // covers: P2 R1
            Why("regression-rates", rows: 3) { $0.rows.map { $0.setting("learning_rate") } == [0.1, 0.01, 0.001] },
            // covers: R9 T5 C16 C17
            Why("regularisation", rows: 16) { rank in
                rank.rows.allSatisfy { row in
                    let isPenalised = row.setting("l1") != 0 || row.setting("l2") != 0
                    return isPenalised == ((row.metrics["training.penalty"]?.number ?? -1) > 0)
                }
            },
            // covers: R4 C3
            Why("schedules", rows: 7) {
                $0.rows.allSatisfy { ($0.metrics["validation.accuracy"]?.number ?? 0) > 0.9 }
            },
            // covers: Y12
            Why("stopped-early", rows: 8) { rank in
                guard let last = rank.rows.last else { return false }
                return last.setting("learning_rate") == 1e-5 && last.setting("patience") == 1
                    && last.setting("min_delta") == 0.1 && last.epochs < 5
            },
            // covers: P4 T6 R7
            Why("straight-line", rows: 4) { $0.rows.allSatisfy { ($0.metrics["validation.r2"]?.number ?? 0) > 0.6 } },
            // covers: C9 R7
            Why("target-scale", rows: 3) { rank in
                rank.rows[0].has("standardize") && rank.rows[2].has("none") && rank.rows[2].symptom?.id == "S-SLOW"
            },
            // covers: C10 P7 R12
            Why("uneven-light", rows: 4) { $0.rows.prefix(2).allSatisfy { $0.has("[normalize]") } },
            // covers: P9 C16
            Why("unregularised", rows: 4) { $0.rows.allSatisfy { $0.symptom?.id == "S-VALRISE" } },
            // covers: C5
            Why("wrong-labels", rows: 2) { rank in
                rank.rows[0].has("[8]") && rank.rows[1].has("[256]") && rank.rows[1].symptom?.id == "S-VALRISE"
            },
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

extension Rank.Row {
    /// Whether one of its settings is this word.
    fileprivate func has(_ word: String) -> Bool { configuration.values.contains(.word(word)) }

    /// The number of the setting whose path ends so.
    fileprivate func setting(_ end: String) -> Double? {
        configuration.first { $0.key == end || $0.key.hasSuffix("." + end) }?.value.number
    }
}
