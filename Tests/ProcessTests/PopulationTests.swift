import Foundation
import Glibc
import ProcessTestKit
import Testing

extension RealProcesses {
    /// Members of a population that copy one another, with real workers.
    @Suite struct PopulationTests {
        @Test
        func `a population whose worker and coordinator are killed comes to the same table, on one worker or two`()
            async throws
        {
            try await Bench.run { bench in
                // Large enough to be in training for as long as it is disturbed, on a quick machine too.
                let file = try bench.sweep(
                    "population",
                    [
                        "layers: 1": "layers: 2", "width: {choice: [32, 64]}": "width: {choice: [256, 512]}",
                        "epochs: 12": "epochs: 24", "interval: 2 ": "interval: 4 ",
                    ]
                )
                // One worker with one slot, whom nothing disturbs.
                let expected = try await Undisturbed.answer(to: file, named: "population", bench)
                let sweep = try await DisturbedSweep(bench, named: "population")
                for name in ["red", "blue"] { try sweep.startWorker(name) }
                try await sweep.submit(file)
                var epochs = 0
                for turn in 0..<4 {
                    try await sweep.coordinator.wait("population", "it trains") { $0.epochs > epochs + 4 }
                    if turn == 1 {
                        try await sweep.endCoordinator(by: SIGKILL)
                    } else {
                        try await sweep.end(worker: turn == 0 ? "red" : "blue", by: SIGKILL)
                    }
                    epochs = try await sweep.coordinator.status("population").epochs
                }
                try await sweep.requireUndisturbedEnd(expected)
            }
        }

        @Test func `a copy is explained, and exported with the bits of its whole lineage`() async throws {
            try await Bench.run { bench in
                let file = try bench.sweep("population")
                let access = ["--directory", bench.path("p.sweepd")]
                try await bench.run(["sweepd", "run", file] + access, exits: 0)
                let curves = try await bench.run(
                    ["sweepd", "curves", "population", "--format", "json"] + access,
                    exits: 0
                )
                let document = try JSONSerialization.jsonObject(with: Data(curves.output.utf8)) as? [String: Any]
                let trials = try #require(document?["trials"] as? [[String: Any]])
                // A copy of a copy, if there is one.
                func parent(_ number: Int) -> Int? {
                    let trial = trials.first { $0["trial"] as? Int == number }
                    return (trial?["copied_from"] as? [String: Any])?["trial"] as? Int
                }
                let copies = trials.compactMap { $0["trial"] as? Int }.filter { parent($0) != nil }
                let deep = try #require(copies.last { parent($0).flatMap(parent) != nil } ?? copies.last)
                let donor = try #require(parent(deep))
                let best = try await bench.run(
                    ["sweepd", "rank", "population", "--top", "1", "--format", "yaml"] + access,
                    exits: 0
                ).output
                try #require(best.contains("a member of a population: these are its last settings"), "\(best)")
                let text = try await bench.run(["sweepd", "explain", "population", "\(deep)"] + access, exits: 0).output
                try #require(text.contains("a copy of trial \(donor) after epoch"), "\(text)")
                try #require(text.contains("train.optimizer.sgd.learning_rate"), "\(text)")
                let trial = try await bench.run(["sweepd", "trial", "population", "\(deep)"] + access, exits: 0).output
                try #require(trial.contains("from the state of trial \(donor) after epoch"), "\(trial)")
                let child = try await bench.run(
                    ["sweepd", "export", "population", "--trial", "\(deep)", "--safetensors", "p.safetensors"] + access,
                    exits: 0,
                    within: 120
                )
                try #require(child.errors.contains("the recorded values came out again"))
                try #require(FileManager.default.fileExists(atPath: bench.path("p.safetensors")))
            }
        }

        @Test func `recorded curves of fixed configurations cannot tell what a population would have done`()
            async throws
        {
            try await Bench.run { bench in
                let file = try bench.sweep("population")
                try bench.write("curves.csv", "e1,e2\n1,2\n2,1\n")
                let child = try await bench.run(
                    ["sweepd", "simulate", file, "--curves", bench.path("curves.csv")],
                    exits: 2
                )
                try #require(child.errors.contains("members of a population copy one another"), "\(child.errors)")
            }
        }
    }
}
