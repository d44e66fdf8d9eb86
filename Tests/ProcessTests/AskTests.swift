import Foundation
import Glibc
import ProcessTestKit
import Testing

extension RealProcesses {
    /// Programs that ask a coordinator for trials, over HTTP and by the client for Python.
    @Suite struct AskTests {
        private static var python: String { Program.python?.path ?? "python3" }

        private static func hasPython() throws {
            try #require(
                Program.python != nil || Program.has("python3"),
                "python3 is not installed, and SWEEPD_PYTHON names none"
            )
        }

        private static func example(_ bench: Bench, _ replaced: [String: String] = [:]) throws -> String {
            let script = Program.root.appending(path: "sweeps/ask/branin.py")
            try bench.write("branin.py", String(contentsOf: script, encoding: .utf8))
            return try bench.sweep("ask/branin", replaced)
        }

        private func post(_ coordinator: Coordinator, _ target: String, _ body: String) throws -> HTTPReply {
            let headers = [
                "Sweepd-Request": "1", "Content-Length": "\(body.utf8.count)", "Content-Type": "application/json",
            ]
            return try HTTPReply.ask(
                port: coordinator.httpPort,
                "/api/v1/sweeps/" + target,
                method: "POST",
                headers: headers,
                body: body
            )
        }

        @Test(
            .enabled(
                if: Program.python != nil,
                "SKIPPED: the Python peer needs SWEEPD_PYTHON with Tests/requirements.txt installed"
            )
        )
        func `a program asks at the coordinator's port as it does over HTTP`() async throws {
            try await Bench.run { bench in
                let coordinator = try await bench.coordinator()
                let file = try Self.example(bench, ["trials: 40": "trials: 12"])
                try await bench.run(["sweepd", "submit", file] + coordinator.access, exits: 0)
                let script = Program.root.appending(path: "Tests/Peers/asking_peer.py").path
                let peer = try await bench.run(
                    [Self.python, script, "--connect", coordinator.endpoint.worker, "branin"],
                    exits: 0
                )
                let lines = peer.output.split(separator: "\n").map(String.init)
                try #require(
                    lines == [
                        #"{"told": 12}"#, #"{"status": 2, "code": "lease_lost"}"#,
                        #"{"status": 2, "code": "bad_input"}"#, #"{"status": 2, "code": "bad_input"}"#,
                    ],
                    "\(peer.output)"
                )
                let status = try await coordinator.status("branin")
                try #require(status.state == "finished")
                let rank = try await coordinator.rank("branin")
                try #require(rank.rows.count == 12 && rank.rows.allSatisfy { $0.state == "completed" })
                let trial = try HTTPReply.ask(port: coordinator.httpPort, "/api/v1/sweeps/branin/trials/1").body
                try #require(trial.contains("portside"))
            }
        }

        @Test func `thirty lines of Python find the minimum, and a killed asker's trial goes to another`() async throws
        {
            try Self.hasPython()
            try await Bench.run { bench in
                let coordinator = try await bench.coordinator()
                let file = try Self.example(bench, ["lease: 30s": "lease: 1s"])
                try await bench.run(["sweepd", "submit", file] + coordinator.access, exits: 0)
                // An asker that takes a trial and is killed with it.
                let url = "http://127.0.0.1:\(coordinator.httpPort)"
                let vanishing = try bench.write(
                    "vanishing.py",
                    """
                    import json, sys, time, urllib.request
                    request = urllib.request.Request(sys.argv[1], b'{"asker": "gone"}', {"Sweepd-Request": "1"})
                    print(json.load(urllib.request.urlopen(request))["trial"], flush=True)
                    time.sleep(600)
                    """
                )
                let gone = try bench.start(
                    "gone",
                    [Self.python, vanishing, url + "/api/v1/sweeps/branin/ask"],
                    mayEnd: true
                )
                try await bench.wait("a trial is asked for") { gone.output.contains("1\n") }
                gone.signal(SIGKILL)
                try await bench.ended(gone)
                let askers = try (1...2).map { number in
                    try bench.start("asker\(number)", [Self.python, bench.path("branin.py"), url], mayEnd: true)
                }
                for asker in askers {
                    try await bench.ended(asker)
                    try #require(asker.status == 0, "\(asker.errors)")
                }
                let rank = try Rank.read(HTTPReply.ask(port: coordinator.httpPort, "/api/v1/sweeps/branin/rank").body)
                try #require(rank.rows.count == 40 && rank.rows.allSatisfy { $0.state == "completed" })
                guard case .number(let best)? = rank.rows[0].objective else { throw ProcessFailure("no best") }
                try #require(best < 3)
                let trial = try HTTPReply.ask(port: coordinator.httpPort, "/api/v1/sweeps/branin/trials/1").body
                try #require(trial.contains("gone") && trial.contains("branin.py"))
                let late = "{\"trial\": 1, \"attempt\": 1, \"values\": {\"loss\": 0}}"
                let refused = try post(coordinator, "branin/tell", late)
                try #require(refused.status == 409 && refused.body.contains("attempt 1 of trial 1 is over"))
            }
        }

        @Test func `a coordinator killed between ask and tell takes what is told after its restart`() async throws {
            try await Bench.run { bench in
                let file = try Self.example(bench)
                let first = try await bench.coordinator()
                try await bench.run(["sweepd", "submit", file] + first.access, exits: 0)
                let asked = try post(first, "branin/ask", "")
                try #require(asked.status == 200 && asked.body.contains("\"attempt\":1"), "\(asked.body)")
                first.child.signal(SIGKILL)
                try await bench.ended(first.child)
                let second = try await bench.coordinator()
                let told = try post(second, "branin/tell", "{\"trial\": 1, \"attempt\": 1, \"values\": {\"loss\": 7}}")
                try #require(told.status == 200 && told.body.contains("\"state\":\"completed\""), "\(told.body)")
                let rank = try Rank.read(HTTPReply.ask(port: second.httpPort, "/api/v1/sweeps/branin/rank").body)
                try #require(rank.rows[0].objective == .number(7))
                // A tell whose answer was lost is told again.
                let again = try post(second, "branin/tell", "{\"trial\": 1, \"attempt\": 1, \"values\": {\"loss\": 7}}")
                try #require(again.status == 200)
                let long = try post(second, "branin/tell", String(repeating: " ", count: 70_000))
                try #require(long.status == 413)
            }
        }

        @Test func `the client for Python is installed without a network and does all that it says`() async throws {
            try Self.hasPython()
            try await Bench.run { bench in
                let package = bench.path("package")
                let source = bench.path("source")
                try FileManager.default.copyItem(atPath: Program.root.appending(path: "python").path, toPath: source)
                try await bench.run(
                    [Self.python, "-m", "pip", "install", "--no-index", "--quiet", "--target", package, source],
                    exits: 0,
                    within: 120
                )
                _ = try await bench.coordinatorKey()
                let coordinator = try await bench.coordinator()
                let script = Program.root.appending(path: "Tests/ProcessTests/Python/check_client.py").path
                let child = try bench.start(
                    "client",
                    [Self.python, script, coordinator.directory],
                    environment: ["PYTHONPATH": package],
                    mayEnd: true
                )
                try await bench.ended(child, within: 120)
                try #require(child.status == 0, "\(child.output)\n\(child.errors)")
            }
        }
    }
}
