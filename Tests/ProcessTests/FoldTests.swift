import Foundation
import ProcessTestKit
import Testing

extension RealProcesses {
    /// Finalists that are judged over the folds of a cross-validation.
    @Suite struct FoldTests {
        /// Two configurations on digits; `validation` and what stands below the run are the test's.
        private static func text(_ name: String, _ validation: String, rate: String, _ rest: String) -> String {
            """
            name: \(name)
            data: {source: data/digits.csv.gz, target: label, validation: \(validation), preprocess: [standardize]}
            train:
              model: {mlp: {widths: [16]}}
              optimizer: {adam: {learning_rate: \(rate)}}
              batch_size: 64
              epochs: 3
            objective: {minimize: validation.loss}
            prune: none
            \(rest)
            """
        }

        private static let folded = text(
            "folded",
            "{folds: 3}",
            rate: "{choice: [0.003, 0.01]}",
            "search: {method: grid, seed: 7}\nfinalists: {top: 2}"
        )

        private func ranked(
            _ bench: Bench,
            _ file: String,
            _ directory: String,
            workers: Int = 1
        ) async throws -> Rank {
            let arguments = ["--directory", directory, "--workers", String(workers), "--format", "json"]
            return try Rank.read(try await bench.run(["sweepd", "run", file] + arguments, exits: 0).output)
        }

        // covers: R22
        @Test func `runs of finalists have the bits of separate files of one fold each`() async throws {
            try await Bench.run { bench in
                // Brings the rows.
                _ = try bench.sweep("quick")
                let file = try bench.write("folded.yaml", Self.folded)
                let validated = try await bench.run(["sweepd", "validate", file], exits: 0)
                try #require(validated.output.contains("data     3 folds; of the first 1198 training, 599 validation"))
                let rank = try await ranked(bench, file, "f.sweepd")
                try #require(rank.rows.count == 2)
                // Arms share the seeds of their repeats, as finalists do.
                var alone: [Int: Rank] = [:]
                for fold in 1...3 {
                    let text = Self.text(
                        "fold-\(fold)",
                        "{fold: \(fold), of: 3}",
                        rate: "0.003",
                        "search: {seed: 7, repeats: 4}\n"
                            + "arms: {low: {}, high: {train.optimizer.adam.learning_rate: 0.01}}"
                    )
                    alone[fold] = try await ranked(bench, try bench.write("fold-\(fold).yaml", text), "\(fold).sweepd")
                }
                for row in rank.rows {
                    let finals = (row.runs ?? []).filter { $0.trial > 2 }
                    try #require(finals.compactMap(\.fold).sorted() == [1, 2, 3] && row.final?.runs == 3)
                    try #require((row.runs ?? []).first { $0.trial <= 2 }?.fold == 1)
                    let arm = row.configuration.values.contains(.number(0.01)) ? "high" : "low"
                    var sum = 0.0
                    for run in finals {
                        let others = alone[run.fold ?? 0]?.rows.first { $0.configuration.values.contains(.word(arm)) }
                        let same = try #require(others?.runs?.first { $0.seed == run.seed }, "no run of \(run)")
                        try #require(same.objective == run.objective, "\(run) and \(same)")
                        try #require(same.fold == nil)
                        sum += run.objective?.number ?? .nan
                    }
                    try #require(abs((row.objective?.number ?? .nan) - sum / 3) < 1e-12)
                    try #require(row.interval.map { $0[0] < sum / 3 && sum / 3 < $0[1] } == true)
                }
                // Of the r-th runs of both fold and seed are the same.
                let finals = rank.rows.flatMap { ($0.runs ?? []).filter { $0.trial > 2 } }
                try #require(Set(finals.map { [UInt64($0.fold ?? 0), $0.seed] }).count == 3)
                // The search is that of a file with the first fold alone.
                let first = try await ranked(
                    bench,
                    try bench.write(
                        "first.yaml",
                        Self.text(
                            "first",
                            "{fold: 1, of: 3}",
                            rate: "{choice: [0.003, 0.01]}",
                            "search: {method: grid, seed: 7}"
                        )
                    ),
                    "first.sweepd"
                )
                for row in rank.rows {
                    let own = first.rows.first { $0.configurationId == row.configurationId }
                    try #require(own?.objective?.number == row.final?.searchObjective && own?.objective?.number != nil)
                }
                // Two workers give the same table.
                let again = try await ranked(bench, file, "two.sweepd", workers: 2)
                try #require(again.rows.map(\.runs) == rank.rows.map(\.runs))
                try #require(again.rows.map(\.interval) == rank.rows.map(\.interval))
            }
        }

        @Test func `a run of any fold is trained again with its rows, from directory and file`() async throws {
            try await Bench.run { bench in
                _ = try bench.sweep("quick")
                let file = try bench.write("folded.yaml", Self.folded)
                let rank = try await ranked(bench, file, "f.sweepd")
                for run in try #require(rank.rows.first?.runs) {
                    for place in [["--directory", "f.sweepd"], ["--directory", "f.sweepd", "--file", file]] {
                        let asked = ["--trial", String(run.trial), "--safetensors", "m.safetensors"]
                        let child = try await bench.run(["sweepd", "export", "folded"] + asked + place, exits: 0)
                        try #require(child.errors.contains("the recorded values came out again"), "\(run)")
                    }
                    let shown = try await bench.run(
                        ["sweepd", "trial", "folded", String(run.trial), "--directory", "f.sweepd"],
                        exits: 0
                    )
                    try #require(shown.output.contains("fold       \(run.fold ?? 0): its rows"), "\(shown.output)")
                }
            }
        }

        @Test func `what is wrong with one fold alone is told, before anything is trained`() async throws {
            try await Bench.run { bench in
                let rows = (0..<30).map { "\($0),\($0 * $0 % 7),\($0 % 2 == 0 ? "a" : "b")\n" }
                try bench.write("t.csv", "x,y,label\n" + rows.joined() + "40,1,c\n41,2,c\n")
                func text(_ objective: String, _ folds: Int) -> String {
                    Self.folded.replacing("data/digits.csv.gz", with: "t.csv").replacing("size: 64", with: "size: 8")
                        .replacing("{folds: 3}", with: "{folds: \(folds)}")
                        .replacing("{minimize: validation.loss}", with: objective)
                }
                let recall = try bench.write("recall.yaml", text("{maximize: validation.recall.c}", 3))
                let refused = try await bench.run(["sweepd", "validate", recall], exits: 2)
                try #require(refused.errors.contains("has no validation row of class 'c'"), "\(refused.errors)")
                try await bench.run(
                    ["sweepd", "validate", try bench.write("two.yaml", text("{maximize: validation.recall.c}", 2))],
                    exits: 0
                )
                let loss = try bench.write("loss.yaml", text("{minimize: validation.loss}", 3))
                let told = try await bench.run(["sweepd", "data", loss], exits: 0)
                try #require(told.output.contains("1 of 3 folds have validation rows without some class"))
            }
        }
    }
}
