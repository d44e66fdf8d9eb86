import Foundation
import Glibc
import ProcessTestKit
import Testing

extension RealProcesses {
    /// `sweepd-worker`: the node's part of sweepd, which stands in its place on a node.
    @Suite struct SlimWorkerTests {
        private static let program = Program.sweepd.deletingLastPathComponent().appending(path: "sweepd-worker").path

        @Test(.timeLimit(.minutes(3)))
        func `it trains in the place of sweepd, comes back after a crash, and the table is the undisturbed one`()
            async throws
        {
            try await Bench.run { bench in
                let file = try longSweep(bench)
                let expected = try await bench.undisturbed(file, named: "digits-long")
                let directory = ["--directory", bench.path("coordinator")]
                let keys = ["--name", "me", "--role", "admin", "--address", "tcp://127.0.0.1:1"]
                let admin = try await bench.run(["sweepd", "invite"] + directory + keys, exits: 0).output
                let folder = bench.path("bin")
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                try FileManager.default.createSymbolicLink(
                    atPath: folder + "/sweepd",
                    withDestinationPath: Self.program
                )
                let path = folder + ":" + (Program.environment("PATH") ?? "/usr/bin:/bin")
                let node = ["PATH": path, "HOME": bench.folder.path]
                let joined = try await bench.run(["sh", "-c", admin], environment: node)
                try #require(joined.status == 0, "\(joined.errors)")
                let coordinator = try await bench.coordinator().asked(with: ["--join", bench.path(".sweepd/me.join")])
                try await bench.run(["sweepd", "submit", file] + coordinator.access, exits: 0)
                let line = try await bench.run(["sweepd", "invite", "--name", "red"] + directory, exits: 0).output
                let invited = try await bench.run(
                    ["sh", "-c", line.replacing(" --start", with: "")],
                    environment: node
                )
                try #require(invited.status == 0, "\(invited.errors)")
                let red = try bench.start(
                    "red",
                    [
                        Self.program, "worker", "--join", bench.path(".sweepd/red.join"), "--slots", "2", "--name",
                        "red",
                    ],
                    mayEnd: true
                )
                try await coordinator.wait("digits-long", "it trains") { $0.epochs >= 1 }
                kill(try #require(red.trainingProcess), SIGKILL)
                let status = try await coordinator.finished("digits-long", within: 120)
                try #require(status.workers.map(\.id).contains("red"))
                try #require(try await coordinator.stableRank("digits-long") == expected.rank)
                red.signal(SIGTERM)
                try await bench.ended(red, within: 20)
                try #require(red.status == 0, "\(red.errors)")
            }
        }

        @Test func `it has the node's commands, in the same version, and refuses the others`() async throws {
            try await Bench.run { bench in
                let own = try await bench.run([Self.program, "--version"], exits: 0).output
                let whole = try await bench.run(["sweepd", "--version"], exits: 0).output
                try #require(own == whole)
                let rank = try await bench.run([Self.program, "rank", "digits"], exits: 2)
                try #require(rank.errors.contains("rank"), "\(rank.errors)")
                let coordinator = try await bench.coordinator()
                let connect = ["--connect", coordinator.endpoint.worker]
                let doctor = try await bench.run(
                    [Self.program, "doctor", "--seconds", "0", "--slots", "1"] + connect,
                    exits: 0
                )
                try #require(doctor.output.contains("port"), "\(doctor.output)")
                try await bench.run([Self.program, "worker", "--slots", "0"] + connect, exits: 2)
            }
        }

        /// What would make it three times as large, or need a package on the node.
        @Test(.enabled(if: Program.has("readelf"), "SKIPPED: needs readelf"))
        func `it needs neither the whole of Foundation nor SQLite`() async throws {
            try await Bench.run { bench in
                let needed = try await bench.run(["readelf", "--dynamic", Self.program], exits: 0).output
                try #require(needed.contains("libzmq.so"))
                for library in ["libFoundation.so", "ICU", "sqlite"] {
                    try #require(!needed.contains(library), "\(needed)")
                }
                let whole = try await bench.run(["readelf", "--dynamic", Program.sweepd.path], exits: 0).output
                try #require(whole.contains("libFoundation.so") && whole.contains("sqlite"))
            }
        }
    }
}
