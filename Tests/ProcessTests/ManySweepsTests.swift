import Foundation
import ProcessTestKit
import Testing

extension RealProcesses {
    @Suite struct ManySweepsTests {
        @Test func `a sweep that requires a label waits for a worker that has it, while another one is trained`()
            async throws
        {
            try await Bench.run { bench in
                let coordinator = try await bench.coordinator()
                let picky = try bench.sweep(
                    "quick",
                    ["name: quick": "name: picky", "epochs: 9": "epochs: 9\nrequires: {gpu: yes}\npriority: 5"]
                )
                _ = try await coordinator.text(["submit", picky])
                let alone = try await bench.undisturbed(picky, named: "picky").rank
                _ = try bench.worker("plain", of: coordinator, slots: 2)
                _ = try await coordinator.text([
                    "submit", try bench.sweep("quick", ["epochs: 9": "epochs: 9\n  threads: 2"]),
                ])
                try await coordinator.finished("quick")
                let waits = try await coordinator.wait("picky", "the worker is idle") { $0.workers.first?.busy == 0 }
                try #require(waits.epochs == 0 && waits.state == "running" && waits.priority == 5)
                try #require(waits.requires == ["gpu": "yes"])
                try #require(waits.workers.first?.idleBecause == "the sweep requires gpu=yes")
                try #require(try await coordinator.status("quick").threads == 2)

                _ = try bench.worker("fast", of: coordinator, slots: 2, ["--label", "gpu=yes"])
                try await coordinator.finished("picky")
                let rank = try await coordinator.rank("picky")
                try #require(Set(rank.rows.flatMap { $0.workers ?? [] }) == ["fast"])
                let labels = try await coordinator.status("picky").workers.first { $0.id == "fast" }?.labels
                try #require(labels == ["gpu": "yes"])
                // Where it was trained, beside what and after what, changed nothing.
                try #require(try await coordinator.stableRank("picky") == alone)
                try #require(try await coordinator.text(["list"]).contains("priority"))
            }
        }

        @Test func `a finished sweep goes on when it is given more trials, to the table of a file with as many`()
            async throws
        {
            try await Bench.run { bench in
                let more = try bench.sweep(
                    "quick",
                    ["{trials: 12, seed: 1,": "{trials: 9, seed: 1,", "search:": "prune: none\nsearch:"]
                )
                let expected = try await bench.undisturbed(more, named: "quick").rank
                let file = try bench.sweep(
                    "quick",
                    ["{trials: 12, seed: 1,": "{trials: 5, seed: 1,", "search:": "prune: none\nsearch:"]
                )
                let coordinator = try await bench.coordinator([file])
                _ = try bench.worker("red", of: coordinator, slots: 2)
                try await coordinator.finished("quick")
                for (arguments, sentence) in [
                    (["set", "quick"], "nothing is to be changed"),
                    (["set", "quick", "--trials", "3"], "allowed from 5"),
                    (["set", "quick", "--priority", "7"], "quick is finished"),
                    (["set", "quikc", "--trials", "9"], "quikc"),
                    (["set", "quick", "--max-parallel", "0"], "max_parallel: found 0"),
                ] {
                    let refused = try await bench.run(["sweepd"] + arguments + coordinator.access, exits: 2)
                    try #require(refused.errors.contains(sentence), "\(refused.errors)")
                }
                _ = try await coordinator.text(["set", "quick", "--trials", "9", "--max-parallel", "1"])
                let status = try await coordinator.finished("quick")
                try #require(status.trials.total == 9 && status.trialsPlanned == 9 && status.maxParallel == 1)
                try #require(try await coordinator.stableRank("quick") == expected)

                // What was changed is in the journal.
                coordinator.child.signal(SIGTERM)
                try await bench.ended(coordinator.child, within: 10)
                let again = try await bench.coordinator()
                let restored = try await again.status("quick")
                try #require(restored.trialsPlanned == 9 && restored.maxParallel == 1 && restored.state == "finished")
            }
        }

        @Test func `run goes on with a file that asks for more trials, and tells what its workers cannot be`()
            async throws
        {
            try await Bench.run { bench in
                let settings = ["{trials: 12, seed: 1,": "{trials: 4, seed: 1,", "search:": "prune: none\nsearch:"]
                let file = try bench.sweep("quick", settings)
                try await bench.run(["sweepd", "run", file], exits: 0)
                let more = try await bench.run(
                    ["sweepd", "run", file, "--set", "search.trials=7", "--format", "json"],
                    exits: 0
                )
                try #require(try Rank.read(more.output).rows.count == 7)
                let same = try await bench.run(["sweepd", "run", file, "--format", "json"], exits: 0)
                try #require(try Rank.read(same.output).rows.count == 7)
                let fewer = try await bench.run(["sweepd", "run", file, "--set", "search.trials=2"], exits: 2)
                try #require(fewer.errors.contains("allowed from 7"))
                let wide = try await bench.run(
                    ["sweepd", "run", file, "--set", "train.threads=3", "--slots", "2", "--directory", "wide"],
                    exits: 2
                )
                try #require(wide.errors.contains("a trial takes more slots than a worker of this run has"))
            }
        }

        @Test func `labels that no file can require are refused`() async throws {
            try await Bench.run { bench in
                for (label, sentence) in [
                    ("host=x", "which every worker tells of itself"), ("my gpu=x", "allowed a key of letters"),
                    ("top_accuracies=any", "which every worker tells of itself"),
                ] {
                    let refused = try await bench.run(["sweepd", "worker", "--label", label], exits: 2)
                    try #require(refused.errors.contains(sentence))
                }
                let twice = try await bench.run(["sweepd", "worker", "--label", "a=1", "--label", "a=2"], exits: 2)
                try #require(twice.errors.contains("a is given twice"))
            }
        }
    }
}
