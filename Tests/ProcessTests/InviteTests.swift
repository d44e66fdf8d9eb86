import Foundation
import ProcessTestKit
import Testing

extension RealProcesses {
    /// Invite on the coordinator's machine, paste on the node, work, be shut out.
    @Suite struct InviteTests {
        /// What makes `sweepd` of a pasted line the program under test, and the node's home a folder of the bench.
        private func node(_ bench: Bench, _ name: String) throws -> [String: String] {
            try bench.write("\(name)/README", "")
            let path = Program.environment("PATH") ?? "/usr/bin:/bin"
            return ["PATH": Program.sweepd.deletingLastPathComponent().path + ":" + path, "HOME": bench.path(name)]
        }

        private func invite(_ bench: Bench, _ arguments: [String]) async throws -> (line: String, told: String) {
            let made = try await bench.run(
                ["sweepd", "invite", "--directory", bench.path("coordinator")] + arguments,
                exits: 0
            )
            try #require(made.output.hasSuffix("\n") && made.output.dropLast().allSatisfy { $0 != "\n" }, "one line")
            return (String(made.output.dropLast()), made.errors)
        }

        @Test func `one pasted line makes a node train, and revoking its name cuts it off`() async throws {
            try await Bench.run { bench in
                // The first invitation makes the coordinator's keys.
                let admin = try await invite(
                    bench,
                    ["--name", "me", "--role", "admin", "--address", "tcp://127.0.0.1:1"]
                )
                let home = try node(bench, "node")
                let joined = try await bench.run(["sh", "-c", admin.line], environment: home)
                try #require(joined.status == 0, "\(joined.errors)")
                let file = bench.path("node/.sweepd/me.join")
                let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
                try #require(mode == 0o600)

                let coordinator = try await bench.coordinator()
                let asked = coordinator.asked(with: ["--join", file])
                let sweep = try bench.sweep("digits-long")
                try await bench.run(["sweepd", "submit", sweep] + asked.access, exits: 0)

                // The running coordinator knows where it is; the invited worker trains.
                let worker = try await invite(bench, ["--name", "red"])
                try #require(worker.told.contains("loopback"), "\(worker.told)")
                let red = try bench.start(
                    "red",
                    ["sh", "-c", worker.line + " -- --slots 2 --name red --patience 30"],
                    environment: home,
                    mayEnd: true
                )
                try await asked.wait("digits-long", "the invited worker trains") { status in
                    status.workers.contains { $0.id == "red" && $0.busy > 0 } && status.epochs > 0
                }

                // Revoked, it learns so and ends; its trials wait for others.
                try await bench.run(
                    ["sweepd", "keys", "revoke", "red", "--directory", coordinator.directory],
                    exits: 0
                )
                try await bench.ended(red, within: 30)
                try #require(red.status == 4, "\(red.errors)")
                try await asked.wait("digits-long", "nobody trains", within: 30) { $0.trials.running == 0 }
                // Pasting again does not help.
                let again = try await bench.run(
                    ["sh", "-c", worker.line + " -- --patience 5"],
                    environment: home,
                    within: 60
                )
                try #require(again.status == 4, "\(again.errors)")
            }
        }

        @Test func `no secret of a join is on a command line, and the text itself is refused there`() async throws {
            try await Bench.run { bench in
                let made = try await invite(bench, ["--address", "tcp://127.0.0.1:9"])
                let text = try #require(made.line.split(separator: " ").first { $0.hasPrefix("sweepd1:") })
                let refused = try await bench.run(["sweepd", "worker", "--join", String(text)], exits: 2)
                try #require(refused.errors.contains("sweepd join") && !refused.errors.contains(text))
            }
        }

        @Test func `an invitation that cannot be is refused, and nothing is made`() async throws {
            try await Bench.run { bench in
                let directory = ["--directory", bench.path("none")]
                for wrong in [
                    [], ["--address", "tcp://*:7700"], ["--address", "7700"],
                    ["--address", "tcp://host:7700", "--role", "king"],
                    ["--address", "tcp://host:7700", "--name", "a b"], ["--address", "ipc:///tmp/x"],
                ] {
                    let child = try await bench.run(["sweepd", "invite"] + directory + wrong, exits: 2)
                    try #require(child.output.isEmpty && !child.errors.isEmpty)
                }
                try #require(!FileManager.default.fileExists(atPath: bench.path("none")))

                _ = try await invite(bench, ["--name", "a", "--address", "tcp://host:7700"])
                let twice = ["--directory", bench.path("coordinator"), "--name", "a", "--address", "tcp://host:7700"]
                let taken = try await bench.run(["sweepd", "invite"] + twice, exits: 2)
                try #require(taken.errors.contains("allowed already"))

                // A coordinator without keys cannot let anyone in.
                let open = try await bench.coordinator(directory: "open")
                let keyless = try await bench.run(["sweepd", "invite", "--directory", open.directory], exits: 2)
                try #require(keyless.errors.contains("sweepd keys new"))
                try #require(!FileManager.default.fileExists(atPath: open.directory + "/coordinator.key"))

                for text in ["", "hello", "sweepd1:AAAA", "sweepd2:AAAA"] {
                    let child = try await bench.run(["sh", "-c", "echo \(text) | \(Program.sweepd.path) join"])
                    try #require(child.status == 2 && child.errors.contains("standard input"), "\(child.errors)")
                }
            }
        }
    }
}
