import Foundation
import Glibc
import ProcessTestKit
import Testing

extension RealProcesses {
    /// Arms that part after an epoch, with real workers, and the experiment that begins before a late symptom.
    @Suite struct BranchTests {
        /// The example as a comparison of three arms, large enough to be in training for as long as it is disturbed.
        private static let compared = [
            "{choice: [3.6, 0.5]}": "0.1", "widths: [32]": "widths: [512, 256]", "../data/": "data/",
            "search: {method: grid}":
                "search: {repeats: 3, branch: {after: 20}}\narms: {as it is: {}, slower: {train.optimizer.sgd.learning_rate: 0.01}, calmer: {train.batch_size: 128}}",
        ]

        @Test func `arms whose worker and coordinator are killed come to the same table as on one quiet slot`()
            async throws
        {
            try await Bench.run { bench in
                let file = try bench.sweep("why/long-warmup", Self.compared)
                let expected = try await Undisturbed.answer(to: file, named: "long-warmup", bench)
                let sweep = try await DisturbedSweep(bench, named: "long-warmup")
                for name in ["red", "blue"] { try sweep.startWorker(name) }
                try await sweep.submit(file)
                var epochs = 0
                // While the shared epochs are trained, and after them.
                for turn in 0..<4 {
                    try await sweep.coordinator.wait("long-warmup", "it trains") { $0.epochs > epochs + 6 }
                    if turn.isMultiple(of: 2) {
                        try await sweep.end(worker: turn == 0 ? "red" : "blue", by: SIGKILL)
                    } else {
                        try await sweep.endCoordinator(by: SIGKILL)
                    }
                    epochs = try await sweep.coordinator.status("long-warmup").epochs
                }
                try await sweep.requireUndisturbedEnd(expected)
            }
        }

        @Test func `a late symptom is confirmed by branches on the workers, and a branch is exported with its bits`()
            async throws
        {
            try await Bench.run { bench in
                let coordinator = try await bench.coordinator()
                let file = try bench.sweep("why/long-warmup", ["../data/": "data/"])
                try await bench.run(["sweepd", "submit", file] + coordinator.access, exits: 0)
                _ = try bench.worker("one", of: coordinator, slots: 2)
                try await coordinator.wait("long-warmup", "the sweep ends", within: 120) { $0.state == "finished" }
                let confirmed = try await bench.run(
                    ["sweepd", "diagnose", "long-warmup", "--confirm", "--trial", "1", "--repeats", "3", "--arms", "3"]
                        + coordinator.access,
                    exits: 0,
                    within: 300
                )
                try #require(confirmed.output.contains("confirmed by experiment"), "\(confirmed.output)")
                let name = "long-warmup.why-1-branches"
                try #require(
                    confirmed.errors.contains("\(name): 4 arms of 3 runs each, from epoch "),
                    "\(confirmed.errors)"
                )
                try #require(
                    confirmed.output.contains(" on, changing train.optimizer.sgd.learning_rate = "),
                    "\(confirmed.output)"
                )

                let compared = try await bench.run(
                    ["sweepd", "compare", name, "--format", "json"] + coordinator.access,
                    exits: 0
                )
                struct Compared: Decodable {
                    let fromEpoch: Int
                    let arms: [Arm]
                    struct Arm: Decodable { let arm: String, pairs: Int, verdict: String }
                }
                let decoder = JSONDecoder()
                decoder.keyDecodingStrategy = .convertFromSnakeCase
                let document = try decoder.decode(Compared.self, from: Data(compared.output.utf8))
                try #require(document.arms.allSatisfy { $0.pairs == 3 } && (6...20).contains(document.fromEpoch))
                let lower = try #require(document.arms.first { $0.arm == "learning rate / 10" })
                try #require(lower.verdict == "better", "\(compared.output)")

                // Trial 1 is what all share; the first run of the second arm is trial 5.
                let trial = try await bench.run(["sweepd", "trial", name, "5"] + coordinator.access, exits: 0).output
                let shared = "from the state of trial 1 after epoch \(document.fromEpoch - 1)"
                try #require(trial.contains(shared), "\(trial)")
                let export = try await bench.run(
                    ["sweepd", "export", name, "--trial", "5", "--safetensors", "branch.safetensors"]
                        + ["--directory", coordinator.directory],
                    exits: 0,
                    within: 120
                )
                try #require(export.errors.contains("the recorded values came out again"), "\(export.errors)")
                let again = try await bench.run(
                    ["sweepd", "diagnose", name, "--confirm", "--trial", "5"] + coordinator.access,
                    exits: 2
                )
                try #require(again.errors.contains("went on from the state of another one"), "\(again.errors)")
            }
        }
    }
}
