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

        @Test func `while a pasted line is worked off no process shows its secret`() async throws {
            try await Bench.run { bench in
                let made = try await invite(bench, ["--name", "red", "--address", "tcp://127.0.0.1:9"])
                let text = try #require(made.line.split(separator: " ").first { $0.hasPrefix("sweepd1:") })
                // The body of the text, and the secret by itself as the file keeps it.
                let home = try node(bench, "node")
                try bench.write("line.sh", made.line + " -- --patience 600\n")
                let shell = try bench.start("shell", ["sh", bench.path("line.sh")], environment: home)
                var looks = 0
                var seen: [String] = []
                try await bench.value("the worker's process is there", every: .microseconds(100)) { () -> Bool? in
                    looks += 1
                    let shown = Self.processes()
                    seen += shown.filter { $0.contains(text.dropFirst("sweepd1:".count).prefix(40)) }
                    return shown.contains { $0.contains("--join") && $0.contains("--supervised-by") } ? true : nil
                }
                try #require(looks > 1, "the processes were looked at while they came")
                try #require(seen.isEmpty, "\(seen)")
                let file = try String(contentsOfFile: bench.path("node/.sweepd/red.join"), encoding: .utf8)
                let words = Set(file.split(whereSeparator: \.isWhitespace).filter { $0.count >= 40 }.map(String.init))
                try #require(!words.isEmpty, "the file holds the secret")
                for shown in Self.processes() {
                    try #require(!words.contains { shown.contains($0) }, "\(shown)")
                }
                try #require(shell.isRunning)
            }
        }

        /// What the list of processes shows to everybody: their command lines.
        private static func processes() -> [String] {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
            return names.filter { $0.allSatisfy(\.isNumber) }.compactMap { name in
                (try? Data(contentsOf: URL(filePath: "/proc/\(name)/cmdline")))
                    .map { String(decoding: $0.map { $0 == 0 ? 0x20 : $0 }, as: UTF8.self) }
            }
        }

        @Test func `invitations at the same time get a name each, and one key of the coordinator`() async throws {
            try await Bench.run { bench in
                let words = ["sweepd", "invite", "--directory", bench.path("coordinator")]
                let invitations = try (1...12).map { _ in
                    try bench.start("invite", words + ["--address", "tcp://host:7700"], mayEnd: true)
                }
                for invitation in invitations {
                    try await bench.ended(invitation)
                    try #require(invitation.status == 0, "\(invitation.errors)")
                }
                let list = try await bench.run(
                    ["sweepd", "keys", "list", "--directory", bench.path("coordinator")],
                    exits: 0
                )
                let names = list.output.split(separator: "\n").compactMap {
                    $0.split(separator: " ").last.map(String.init)
                }
                try #require(names.sorted() == (1...12).map { "node-\($0)" }.sorted(), "\(names)")
            }
        }

        @Test(arguments: ["interrupt", "terminate", "stop"])
        func `a question for a secret that a signal ends leaves the terminal as it was`(_ what: String) async throws {
            try await Bench.run { bench in
                let script = Program.root.appending(path: "Tests/Peers/terminal.py").path
                let child = try await bench.run(
                    ["python3", script, what, Program.sweepd.path, "join", "--file", bench.path("x.join")],
                    within: 30
                )
                try #require(child.status == 0, "\(child.output)\(child.errors)")
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
