import Foundation
import ProcessTestKit
import Testing

extension RealProcesses {
    @Suite struct DeleteTests {
        @Test func `a sweep is removed when it is over and somebody says yes, and a kill brings nothing of it back`()
            async throws
        {
            try await Bench.run { bench in
                let renamed = try bench.sweep("quick", ["name: quick": "name: other"])
                let other = try bench.write("other.yaml", String(contentsOfFile: renamed, encoding: .utf8))
                let coordinator = try await bench.coordinator([try bench.sweep("quick"), other])
                func refused(_ arguments: [String], _ sentence: String) async throws {
                    let run = try await bench.run(["sweepd", "delete"] + arguments + coordinator.access, exits: 2)
                    try #require(run.errors.contains(sentence) && run.output.isEmpty, "\(run.errors)")
                }
                try await refused(["quick", "--yes"], "sweepd cancel quick")
                _ = try bench.worker("red", of: coordinator, slots: 2)
                try await coordinator.finished("quick")
                try await coordinator.finished("other")
                let before = try await coordinator.stableRank("other")
                try await refused(["quick"], "sweepd delete quick --yes")
                try await refused(["none", "--yes"], "no sweep is called none")
                let told = try await coordinator.text(["delete", "quick", "--yes"])
                try #require(told.contains("quick: deleted, with 12 trials"), "\(told)")
                // At once: the store is being cleared now, or not yet.
                try await bench.lose(coordinator.child)
                let stored = ["--directory", coordinator.directory]
                let listed = try await bench.run(["sweepd", "list"] + stored, exits: 0).output
                try #require(!listed.contains("quick") && listed.contains("other"), "\(listed)")
                try await bench.run(["sweepd", "store", "check"] + stored, exits: 0)
                let again = try await bench.coordinator()
                try #require(try await again.stableRank("other") == before)
                try await refused(["quick", "--yes"], "no sweep is called quick")
                try await bench.run(["sweepd", "delete", "quick", "--yes", "--if-exists"] + again.access, exits: 0)
                try await bench.run(["sweepd", "store", "check"] + stored, exits: 0)
                // Its name is another sweep's now.
                _ = try await again.text(["submit", try bench.sweep("quick")])
                try #require(try await again.text(["list"]).contains("quick"))
            }
        }

        @Test func `a sweep that is deleted while it runs ends the run, and no worker and no endpoint are left`()
            async throws
        {
            try await Bench.run { bench in
                let directory = bench.path("deleted.sweepd")
                let run = try bench.start(
                    "run",
                    ["sweepd", "run", try longSweep(bench), "--directory", directory, "--slots", "2"]
                        + ["--http", "127.0.0.1:0"],
                    mayEnd: true
                )
                try await someEpochs(bench, directory: directory)
                let file = try String(contentsOfFile: directory + "/endpoint.json", encoding: .utf8)
                let http = try #require(try EndpointFile.read(file).http)
                let port = try #require(http.split(separator: ":").last.flatMap { Int($0) })
                func ask(_ method: String, _ target: String) throws -> HTTPReply {
                    try HTTPReply.ask(
                        port: port,
                        "/api/v1/sweeps/digits-long" + target,
                        method: method,
                        headers: ["Sweepd-Request": "1"]
                    )
                }
                let cancelled = try ask("POST", "/cancel")
                try #require(cancelled.status == 200, "\(cancelled.body)")
                // Between two looks of the run, or while it ends: in order in all cases.
                let deleted = try? ask("DELETE", "")
                try await bench.ended(run, within: 60)
                if run.status == 1 {
                    try #require(deleted?.status == 200)
                    try #require(run.errors.contains("digits-long was deleted while it ran"), "\(run.errors)")
                } else {
                    try #require(run.status == 0, "\(run.errors)")
                }
                try #require(!FileManager.default.fileExists(atPath: directory + "/endpoint.json"))
            }
        }

        @Test func `a port that somebody else has is refused, and no directory is made`() async throws {
            try await Bench.run { bench in
                let coordinator = try await bench.coordinator()
                let port = try #require(coordinator.endpoint.worker.split(separator: ":").last)
                let refused = try await bench.run(
                    [
                        "sweepd", "coordinator", "--directory", bench.path("new"), "--listen",
                        "tcp://127.0.0.1:\(port)", "--http", "none",
                    ],
                    exits: 2
                )
                try #require(refused.errors.contains("--listen"), "\(refused.errors)")
                try #require(!FileManager.default.fileExists(atPath: bench.path("new")))
            }
        }
    }
}
