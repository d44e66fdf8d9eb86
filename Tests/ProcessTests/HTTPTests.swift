import Foundation
import Glibc
import ProcessTestKit
import Testing

extension RealProcesses {
    @Suite struct HTTPTests {
        @Test func `HTTP has the documents of the commands, and one kind of refusal`() async throws {
            try await Bench.run { bench in
                let coordinator = try await bench.coordinator()
                let port = coordinator.httpPort
                let file = try bench.sweep("quick")
                try await bench.run(["sweepd", "submit", file] + coordinator.access, exits: 0)
                _ = try bench.worker("red", of: coordinator, slots: 2)
                try await coordinator.finished("quick")

                let health = try HTTPReply.ask(port: port, "/health")
                try #require(health.status == 200 && health.body.contains("\"ok\""))
                let list = try HTTPReply.ask(port: port, "/api/v1/sweeps")
                try #require(list.status == 200 && list.body.contains("\"quick\""))
                let status = try Status.read(HTTPReply.ask(port: port, "/api/v1/sweeps/quick/status").body)
                try #require(status.trials.ended == 12 && status.workers.map(\.id) == ["red"])
                let rank = try Rank.read(HTTPReply.ask(port: port, "/api/v1/sweeps/quick/rank?top=2").body)
                try #require(rank.rows.count == 2 && rank.configurations == 12)
                let curves = try Curves.read(HTTPReply.ask(port: port, "/api/v1/sweeps/quick/curves?trial=1").body)
                try #require(curves.trials.map(\.trial) == [1])
                let whole = try await coordinator.curves("quick").trials
                try #require(curves.trials == whole.filter { $0.trial == 1 })

                // Files are those that the commands write.
                let csv = bench.path("quick.csv")
                let lines = bench.path("quick.jsonl")
                try await bench.run(
                    ["sweepd", "export", "quick", "--csv", csv, "--jsonl", lines] + coordinator.access,
                    exits: 0
                )
                for (target, path, type) in [
                    ("export", csv, "text/csv; charset=utf-8"),
                    ("export?format=jsonl", lines, "application/x-ndjson"),
                ] {
                    let reply = try HTTPReply.ask(port: port, "/api/v1/sweeps/quick/" + target)
                    try #require(reply.status == 200 && reply.headers["content-type"] == type)
                    let written = try String(contentsOfFile: path, encoding: .utf8)
                    try #require(reply.body == written)
                }
                let report = try HTTPReply.ask(port: port, "/api/v1/sweeps/quick/report")
                try #require(report.headers["content-disposition"] == "attachment; filename=\"quick.html\"")
                try #require(report.body.hasPrefix("<!DOCTYPE html>") && report.body.contains("<h2>Ranking</h2>"))
                let board = try HTTPReply.ask(port: port, "/api/v1/sweeps/quick/export?format=tensorboard")
                try #require(board.status == 200 && board.headers["content-type"] == "application/x-tar")
                try #require(board.body.hasPrefix("quick/events.out.tfevents."))
                try #require(board.headers["content-length"].flatMap { Int($0) }.map { $0 % 512 == 0 } == true)
                let markdown = try HTTPReply.ask(port: port, "/api/v1/sweeps/quick/report?format=markdown")
                try #require(markdown.body.contains("\n## Ranking\n"))

                let head = try HTTPReply.ask(port: port, "/health", method: "HEAD")
                try #require(
                    head.status == 200 && head.body.isEmpty
                        && head.headers["content-length"] == "\(health.body.utf8.count)"
                )
                for (target, method, status) in [
                    ("/none", "GET", 404), ("/api/v1/sweeps/other/status", "GET", 404),
                    ("/api/v1/sweeps/quick/curves?trial=99", "GET", 404),
                    ("/health", "POST", 405), ("/api/v1/sweeps/quick/rank?top=x", "GET", 400),
                ] {
                    let reply = try HTTPReply.ask(port: port, target, method: method)
                    try #require(reply.status == status, "\(target): \(reply.body)")
                    try #require(
                        reply.body.hasPrefix("{\"error\":{\"code\":") || reply.body.hasPrefix("{\"error\": {\"code\":")
                    )
                    try #require((reply.headers["allow"] == "GET, HEAD") == (status == 405))
                }
                // What has not changed is not sent again.
                let rankPath = "/api/v1/sweeps/quick/rank"
                let tag = try #require(try HTTPReply.ask(port: port, rankPath).headers["etag"])
                let again = try HTTPReply.ask(port: port, rankPath, headers: ["If-None-Match": tag])
                try #require(again.status == 304 && again.body.isEmpty)
                // A page whose name was made to mean this machine.
                let rebound = try HTTPReply.ask(port: port, "/api/v1/sweeps", headers: ["Host": "evil.example"])
                try #require(rebound.status == 421 && !rebound.body.contains("quick"))
                try #require(try HTTPReply.ask(port: port, "/health", headers: ["Host": "localhost:9"]).status == 200)
            }
        }

        @Test func `with keys, HTTP asks for the token that only the directory's owner can read`() async throws {
            try await Bench.run { bench in
                _ = try await bench.coordinatorKey()
                let coordinator = try await bench.coordinator()
                for target in ["/health", "/metrics", "/api/v1/sweeps"] {
                    let refused = try HTTPReply.ask(port: coordinator.httpPort, target)
                    try #require(refused.status == 401 && refused.headers["www-authenticate"] == "Bearer")
                    try #require(try coordinator.ask(target).status == 200)
                }
                let file = coordinator.directory + "/http-token"
                let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
                try #require(mode == 0o600)
                // One that others may read is no secret: the coordinator does not start on it.
                coordinator.child.signal(SIGTERM)
                try await bench.ended(coordinator.child)
                try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
                let child = try await bench.run(
                    ["sweepd", "coordinator", "--listen", "tcp://127.0.0.1:*", "--directory", coordinator.directory],
                    exits: 2,
                    within: 20
                )
                try #require(child.errors.contains("chmod 600"))
            }
        }

        @Test func `HTTP steers for who shows the token that steers, and for no page of another site`() async throws {
            try await Bench.run { bench in
                _ = try await bench.coordinatorKey()
                let coordinator = try await bench.coordinator()
                let port = coordinator.httpPort
                let file = try bench.sweep("quick")
                try await bench.run(
                    ["sweepd", "submit", file, "--directory", coordinator.directory],
                    exits: 0
                )
                func token(_ name: String) throws -> String {
                    let text = try String(contentsOfFile: coordinator.directory + "/" + name, encoding: .utf8)
                    return "Bearer " + text.trimmingCharacters(in: .whitespacesAndNewlines)
                }
                let (steering, reading) = (try token("http-token"), try token("http-token-read"))
                try #require(steering != reading)
                func pause(_ headers: [String: String]) throws -> HTTPReply {
                    try HTTPReply.ask(port: port, "/api/v1/sweeps/quick/pause", method: "POST", headers: headers)
                }
                try #require(try pause([:]).status == 401)
                try #require(try pause(["Authorization": reading]).status == 403)
                try #require(try pause(["Authorization": steering, "Origin": "http://evil.example"]).status == 403)
                try #require(try pause(["Authorization": steering, "Sec-Fetch-Site": "cross-site"]).status == 403)
                let status = { try Status.read(coordinator.ask("/api/v1/sweeps/quick/status").body) }
                try #require(try status().state == "running")
                let paused = try pause(["Authorization": steering])
                try #require(paused.status == 200)
                try #require(try Status.read(paused.body).state == "paused")
                // With a cookie, as the page does it.
                let login = try HTTPReply.ask(
                    port: port,
                    "/api/v1/login",
                    method: "POST",
                    headers: ["Authorization": steering]
                )
                let cookie = try #require(login.headers["set-cookie"]?.split(separator: ";").first)
                let resume = { (marker: String) in
                    try HTTPReply.ask(
                        port: port,
                        "/api/v1/sweeps/quick/resume",
                        method: "POST",
                        headers: ["Cookie": String(cookie), "Sweepd-Request": marker]
                    )
                }
                try #require(try resume("").status == 403)
                try #require(try resume("1").status == 200)
                try #require(try status().state == "running")
            }
        }

        @Test func `a file that is its owner's alone is no data, and nothing of it is told`() async throws {
            try await Bench.run { bench in
                _ = try await bench.coordinatorKey()
                let coordinator = try await bench.coordinator()
                func lines(_ name: String) throws -> [String] {
                    try String(contentsOfFile: coordinator.directory + "/" + name, encoding: .utf8)
                        .split(separator: "\n").map(String.init)
                }
                let secret = try #require(try lines("coordinator.key").first { $0.hasPrefix("secret ") }).dropFirst(7)
                let token = try #require(try lines("http-token").first)
                func handIn(_ file: String) throws -> HTTPReply {
                    try HTTPReply.ask(
                        port: coordinator.httpPort,
                        "/api/v1/sweeps",
                        method: "POST",
                        headers: ["Authorization": "Bearer \(token)"],
                        body: """
                            name: told
                            data: {source: {libsvm: \(file)}, target: last}
                            train: {model: {mlp: {layers: 1, width: 4}}, optimizer: {sgd: {learning_rate: 0.1}}, batch_size: 4, epochs: 1}
                            objective: {minimize: validation.loss}
                            search: {method: random, trials: 1}
                            """
                    )
                }
                for name in ["coordinator.key", "http-token", "http-token-read"] {
                    let reply = try handIn("coordinator/" + name)
                    try #require(reply.status == 422 && reply.body.contains("only its owner may read"), "\(reply.body)")
                    try #require(!reply.body.contains(secret) && !reply.body.contains(token.prefix(20)))
                }
                // What others may read is read, and its mistakes are told.
                try bench.write("rows.txt", "one 1:0.5\n")
                let told = try handIn("rows.txt")
                try #require(told.status == 422 && told.body.contains("found 'one'"), "\(told.body)")
            }
        }

        @Test func `metrics count what happened`() async throws {
            try await Bench.run { bench in
                // Beats so rare that no lease lapses because the machine is busy.
                let coordinator = try await bench.coordinator(heartbeat: 2)
                let file = try bench.sweep("quick")
                try await bench.run(["sweepd", "submit", file] + coordinator.access, exits: 0)
                let red = try bench.worker("red", of: coordinator, slots: 2)
                try await coordinator.finished("quick")
                try #require(try coordinator.metric("sweepd_workers{connected=\"yes\"}") == 1)
                let attempts = try coordinator.metric("sweepd_attempts_total")
                try #require(attempts >= 12)
                let ended = try ["completed", "pruned", "failed"].map {
                    try coordinator.metric("sweepd_trial_ends_total{state=\"\($0)\"}")
                }
                try #require(ended.reduce(0, +) == 12)
                let epochs = try await coordinator.status("quick").epochs
                try #require(try coordinator.metric("sweepd_epochs_total") == Double(epochs))
                try #require(try coordinator.metric("sweepd_commit_seconds_count") > 0)
                try #require(try coordinator.metric("sweepd_report_latency_seconds_count") > 0)
                for name in ["sweepd_received_bytes_total", "sweepd_sent_bytes_total"] {
                    try #require(try coordinator.metric(name) > 1_000, "\(name)")
                }
                try #require(try coordinator.metric("sweepd_lease_ends_total{end=\"lapsed\"}") == 0)
                try #require(try coordinator.metric("sweepd_sweeps{state=\"finished\"}") == 1)
                // What was just read was counted before this reading.
                let readings = "sweepd_http_requests_total{route=\"/metrics\",status=\"2xx\"}"
                try #require(try coordinator.metric(readings) >= 1)
                try #require(try coordinator.metric("sweepd_http_event_streams") == 0)
                try await bench.lose(red)
                try await bench.wait("the lost worker is noticed") {
                    try coordinator.metric("sweepd_workers{connected=\"yes\"}") == 0
                }
            }
        }

        @Test func `an address that is taken or open to others is refused, and nothing is written`() async throws {
            try await Bench.run { bench in
                let first = try await bench.coordinator()
                for (address, words) in [
                    ("127.0.0.1:\(first.httpPort)", ["taken"]), ("0.0.0.0:7780", ["loopback", "ssh -L"]),
                    ("*:7780", ["loopback", "ssh -L"]), ("7780", ["HOST:PORT"]), ("127.0.0.1:99999", ["HOST:PORT"]),
                ] {
                    let directory = bench.path("refused")
                    let child = try await bench.run(
                        [
                            "sweepd", "coordinator", "--listen", "tcp://127.0.0.1:*", "--directory", directory,
                            "--http", address,
                        ],
                        exits: 2,
                        within: 20
                    )
                    try #require(words.allSatisfy(child.errors.contains), "\(child.errors)")
                    try #require(!FileManager.default.fileExists(atPath: directory))
                }
            }
        }

        @Test func `the usual port moves on when it is taken, and none is none`() async throws {
            try await Bench.run { bench in
                func start(_ name: String, _ more: [String] = []) async throws -> EndpointFile {
                    let directory = bench.path(name)
                    _ = try bench.start(
                        name,
                        ["sweepd", "coordinator", "--listen", "tcp://127.0.0.1:*", "--directory", directory] + more
                    )
                    return try await bench.value("\(name) can be reached", within: 20) {
                        guard let data = try? Data(contentsOf: URL(filePath: directory + "/endpoint.json")) else {
                            return nil
                        }
                        return try EndpointFile.read(String(decoding: data, as: UTF8.self))
                    }
                }
                let first = try #require(try await start("first").http)
                let second = try #require(try await start("second").http)
                try #require(first != second)
                for url in [first, second] {
                    let port = try #require(url.split(separator: ":").last.flatMap { Int($0) })
                    try #require((7780...7812).contains(port))
                    try #require(try HTTPReply.ask(port: port, "/health").status == 200)
                }
                try #require(try await start("third", ["--http", "none"]).http == nil)
            }
        }
    }
}
