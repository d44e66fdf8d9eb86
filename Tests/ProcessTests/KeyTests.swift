import Foundation
import ProcessTestKit
import Testing

extension RealProcesses {
    @Suite struct KeyTests {
        @Test func `keys decide who trains, who looks and who steers`() async throws {
            try await Bench.run { bench in
                let server = try await bench.coordinatorKey()
                let admin = try await bench.allowedKey("admin", role: "admin", server: server)
                let reader = try await bench.allowedKey("reader", role: "reader", server: server)
                let worker = try await bench.allowedKey("worker", role: "worker", server: server)
                let file = try bench.sweep("quick")
                let coordinator = try await bench.coordinator()
                let at = ["--coordinator", coordinator.endpoint.worker]

                try await bench.run(["sweepd", "submit", file] + at + reader, exits: 4)
                try await bench.run(["sweepd", "submit", file] + at + admin, exits: 0)

                // A key that nobody allowed: its worker is refused, does nothing and says why.
                let unknown = try await bench.newKey("unknown.key")
                let stranger = try bench.start(
                    "stranger",
                    ["sweepd", "worker", "--connect", coordinator.endpoint.worker, "--name", "stranger"]
                        + ["--key", unknown.file, "--server-key", server, "--patience", "2"],
                    mayEnd: true
                )
                try await bench.ended(stranger, within: 30)
                try #require(stranger.status != 0, "\(stranger.errors)")
                try #require(!stranger.errors.isEmpty)
                let shutOut = try await bench.run(
                    ["sweepd", "list"] + at + ["--key", unknown.file, "--server-key", server],
                    within: 30
                )
                try #require(shutOut.status == 4 || shutOut.status == 3, "\(shutOut.errors)")

                // No key at all.
                let keyless = try await bench.run(["sweepd", "list"] + at, within: 30)
                try #require(keyless.status != 0)

                _ = try bench.worker("red", of: coordinator, slots: 2, worker)
                let asReader = coordinator.asked(with: reader)
                let status = try await asReader.finished("quick")
                try #require(status.workers.map(\.id).allSatisfy { !$0.contains("stranger") })
                try #require(try await asReader.rank("quick").rows.count == 12)
                let refused = try await bench.run(["sweepd", "cancel", "quick"] + at + reader, exits: 4)
                try #require(!refused.errors.isEmpty)
                try await bench.run(["sweepd", "rank", "quick"] + at + worker, exits: 4)
            }
        }

        @Test func `a new pair makes the folder that it is to lie in, and says where none can be`() async throws {
            try await Bench.run { bench in
                let file = bench.path("office/lab.sweepd/coordinator.key")
                let made = try await bench.run(["sweepd", "keys", "new", file], exits: 0)
                try #require(try await bench.run(["sweepd", "keys", "show", file], exits: 0).output == made.output)
                try bench.write("file", "")
                let refused = try await bench.run(["sweepd", "keys", "new", bench.path("file/own.key")], exits: 2)
                try #require(refused.errors.contains("\(bench.path("file")): cannot be made"), "\(refused.errors)")
            }
        }

        @Test func `a key of another program may begin with a dash`() async throws {
            try await Bench.run { bench in
                let pair = try await bench.newKey("own.key")
                let dashed = "-Tf.M-!Mp$C#($b-)V>D^0W6#IYFBP@cElrOp#$P"
                let directory = ["--directory", bench.path("coordinator")]
                _ = try await bench.coordinatorKey()
                try await bench.run(
                    ["sweepd", "keys", "allow", "--name", "node"] + directory + ["--", dashed],
                    exits: 0
                )
                try #require(try await bench.run(["sweepd", "keys", "list"] + directory).output.contains(dashed))
                try await bench.run(["sweepd", "keys", "revoke"] + directory + ["--", dashed], exits: 0)
                try #require(try await !bench.run(["sweepd", "keys", "list"] + directory).output.contains(dashed))
                // It gets as far as asking.
                let asked = try await bench.run(
                    [
                        "sweepd", "list", "--coordinator", "tcp://127.0.0.1:9", "--key", pair.file, "--server-key",
                        dashed,
                    ],
                    exits: 3
                )
                try #require(!asked.errors.contains("--server-key"))
            }
        }

        @Test func `a key that is a link to nothing is a mistake, and not the same as no key`() async throws {
            try await Bench.run { bench in
                let directory = bench.path("linked")
                try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
                let key = directory + "/coordinator.key"
                try FileManager.default.createSymbolicLink(
                    atPath: key,
                    withDestinationPath: directory + "/gone.key"
                )
                let child = try await bench.run(
                    ["sweepd", "coordinator", "--listen", "tcp://127.0.0.1:*", "--http", "none"]
                        + ["--directory", directory],
                    exits: 2,
                    within: 20
                )
                try #require(child.errors.contains("\(key): is a link to a file that is not there"), "\(child.errors)")
            }
        }

        @Test func `beyond its own machine a coordinator without keys does not listen`() async throws {
            try await Bench.run { bench in
                let child = try await bench.run(
                    ["sweepd", "coordinator", "--listen", "tcp://0.0.0.0:*", "--http", "127.0.0.1:0"]
                        + ["--directory", bench.path("open")],
                    exits: 2,
                    within: 20
                )
                try #require(child.errors.contains("sweepd keys new"))
            }
        }
    }
}
