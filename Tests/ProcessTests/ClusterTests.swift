import Foundation
import Glibc
import ProcessTestKit
import Testing

extension RealProcesses {
    @Suite struct ClusterTests {
        @Test func `two workers train one sweep, and the table can be read while they do`() async throws {
            try await Bench.run { bench in
                let file = try bench.sweep("quick", ["trials: 12": "trials: 40", "widths: [32]": "widths: [256, 256]"])
                // A sweep to know them by before there is anything to train.
                let coordinator = try await bench.coordinator([try bench.sweep("ask/branin")])
                for name in ["red", "blue"] { _ = try bench.worker(name, of: coordinator) }
                try await coordinator.wait("branin", "both workers are there") { $0.workers.count == 2 }
                _ = try await coordinator.text(["submit", file])
                let running = try await coordinator.wait("quick", "both workers train") {
                    $0.workers.count == 2 && $0.epochs >= 2
                }
                try #require(Set(running.workers.map(\.slots)) == [1])
                let live = try await coordinator.rank("quick")
                try #require(live.rows.contains { $0.objective != nil })
                try await coordinator.finished("quick")
                let rank = try await coordinator.rank("quick")
                try #require(rank.rows.count == 40)
                let workers = Set(rank.rows.flatMap { $0.workers ?? [] })
                try #require(workers.count == 2, "\(workers)")
                let stable = try await coordinator.stableRank("quick")

                // Stopped in order, the directory says the same.
                coordinator.child.signal(SIGTERM)
                try await bench.ended(coordinator.child, within: 10)
                try #require(coordinator.child.status == 0)
                try #require(!FileManager.default.fileExists(atPath: coordinator.directory + "/endpoint.json"))
                let stored = try await bench.run(
                    ["sweepd", "rank", "quick", "--directory", coordinator.directory, "--format", "json", "--stable"],
                    exits: 0
                )
                try #require(stored.output == stable)
            }
        }

        @Test func `sweeps are submitted to a coordinator that runs, listed and asked for by name`() async throws {
            try await Bench.run { bench in
                let coordinator = try await bench.coordinator()
                _ = try bench.worker("red", of: coordinator, slots: 2)
                _ = try await coordinator.text(["submit", try bench.sweep("quick")])
                try await coordinator.finished("quick")
                try #require(try await coordinator.text(["list"]).contains("quick"))
                let unknown = try await bench.run(["sweepd", "rank", "quikc"] + coordinator.access, exits: 2)
                try #require(unknown.errors.contains("quick"))
                let chart = try await coordinator.text(["curves", "quick", "--format", "svg"])
                try #require(chart.contains("<svg"))
                let points = try await coordinator.text(["curves", "quick", "--trial", "1", "--format", "csv"])
                try #require(points.split(separator: "\n").count >= 2)
            }
        }

        @Test func `a paused sweep rests, goes on when resumed, and a cancelled one ends`() async throws {
            try await Bench.run { bench in
                let coordinator = try await bench.coordinator([try longSweep(bench)])
                _ = try bench.worker("red", of: coordinator, slots: 2)
                try await coordinator.wait("digits-long", "it trains") { $0.epochs >= 2 }
                _ = try await coordinator.text(["pause", "digits-long"])
                let rests = try await coordinator.wait("digits-long", "nothing runs") {
                    $0.state == "paused" && $0.workers.allSatisfy { $0.busy == 0 } && $0.trials.running == 0
                }
                try #require(rests.trials.ended < rests.trialsPlanned ?? 9)
                let later = try await coordinator.status("digits-long")
                try #require(later.epochs == rests.epochs && later.state == "paused")
                _ = try await coordinator.text(["resume", "digits-long"])
                try await coordinator.wait("digits-long", "it goes on") { $0.epochs > rests.epochs }
                _ = try await coordinator.text(["cancel", "digits-long"])
                let cancelled = try await coordinator.wait("digits-long", "it is cancelled") { $0.state == "cancelled" }
                try #require(cancelled.trials.ended == cancelled.trials.total)
                let conflict = try await bench.run(["sweepd", "resume", "digits-long"] + coordinator.access)
                try #require(conflict.status != 0)
                try #require(!conflict.errors.isEmpty)
            }
        }

        @Test func `a worker that is told to end finishes what it began and ends well`() async throws {
            try await Bench.run { bench in
                let coordinator = try await bench.coordinator([try longSweep(bench)])
                let leaver = try bench.worker("leaver", of: coordinator)
                try await coordinator.wait("digits-long", "it trains") { $0.epochs >= 1 }
                leaver.signal(SIGTERM)
                try await bench.ended(leaver, within: 30)
                try #require(leaver.status == 0, "\(leaver.errors)")
                _ = try bench.worker("heir", of: coordinator, slots: 2)
                try await coordinator.finished("digits-long")
                // Nothing was begun twice: a drain hands back only what was not begun.
                let rank = try await coordinator.rank("digits-long")
                try #require(rank.rows.count == 9)
            }
        }

        @Test func `without a coordinator a command says so`() async throws {
            try await Bench.run { bench in
                // A port that was free a moment ago: the coordinator that had it is gone.
                let coordinator = try await bench.coordinator()
                coordinator.child.signal(SIGTERM)
                try await bench.ended(coordinator.child, within: 10)
                for command in [["list"], ["rank", "quick"], ["pause", "quick"]] {
                    let lost = try await bench.run(["sweepd"] + command + coordinator.access, exits: 3, within: 30)
                    try #require(!lost.errors.isEmpty && lost.output.isEmpty)
                }
            }
        }

        @Test func `a coordinator takes as many connections as the system allows`() async throws {
            try await Bench.run { bench in
                let coordinator = try await bench.coordinator(
                    prefix: ["sh", "-c", "ulimit -S -n 200 && ulimit -H -n 4000 && exec \"$@\"", "sh"]
                )
                let limits = try String(contentsOfFile: "/proc/\(coordinator.child.pid)/limits", encoding: .utf8)
                let files = try #require(limits.split(separator: "\n").first { $0.hasPrefix("Max open files") })
                let numbers = files.split(separator: " ").compactMap { Int($0) }
                try #require(numbers == [4000, 4000], "\(files)")
            }
        }

        @Test func `health is answered over HTTP`() async throws {
            try await Bench.run { bench in
                let coordinator = try await bench.coordinator()
                let http = try #require(coordinator.endpoint.http)
                let url = http.hasSuffix("/") ? http + "health" : http + "/health"
                let answer = try await bench.run(
                    [
                        "python3", "-c",
                        "import sys, urllib.request as r; print(r.urlopen(sys.argv[1], timeout=5).status)", url,
                    ],
                    exits: 0
                )
                try #require(answer.output == "200\n")
            }
        }
    }
}
