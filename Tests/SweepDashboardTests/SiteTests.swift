import SweepCore
import SweepDashboard
import SweepReports
import Testing

@Suite struct SiteTests {
    /// Knows one sweep; changes nothing.
    private struct Desk: SweepControl {
        private func check(_ sweep: String) throws(ControlError) {
            guard sweep == "digits" else { throw ControlError(.notFound, "no sweep is called \(sweep)") }
        }
        private func refuse() -> ControlError { ControlError(.internal, "HTTP changes nothing") }
        func submit(_ submission: Submission) async throws(ControlError) -> ListDocument.Entry { throw refuse() }
        func list() async throws(ControlError) -> ListDocument { ListDocument(sweeps: []) }
        func status(sweep: String) async throws(ControlError) -> StatusDocument {
            try check(sweep)
            return StatusDocument(sweep: sweep, state: "running", trials: TrialCounts(), epochs: 3, workers: [])
        }
        func rank(sweep: String, top: Int?) async throws(ControlError) -> RankDocument {
            try check(sweep)
            throw ControlError(.conflict, "top \(top ?? 0)")
        }
        func curves(sweep: String, trial: Int?) async throws(ControlError) -> CurvesDocument {
            throw ControlError(.notFound, "no trial \(trial ?? 0)")
        }
        func diagnose(sweep: String, trial: Int?) async throws(ControlError) -> DiagnosisDocument {
            throw ControlError(.notFound, "no trial \(trial ?? 0)")
        }
        func pause(sweep: String) async throws(ControlError) -> StatusDocument { throw refuse() }
        func resume(sweep: String) async throws(ControlError) -> StatusDocument { throw refuse() }
        func cancel(sweep: String) async throws(ControlError) -> StatusDocument { throw refuse() }
    }

    private func ask(
        _ target: String,
        method: String = "GET",
        host: String? = "127.0.0.1:7780",
        access: HTTPAccess = HTTPAccess(token: nil),
        authorization: String? = nil
    ) async throws -> (status: Int, json: JSONValue?, answer: HTTPAnswer) {
        let site = StatusSite(
            access: access,
            control: Desk(),
            health: { "{\"status\":\"ok\"}" },
            metrics: { "sweepd_up 1\n" }
        )
        let answer = await site.answer(method: method, target: target, authority: host, authorization: authorization)
        return (answer.status, try? JSONValue(parsing: answer.body), answer)
    }

    @Test func `documents are those of the commands`() async throws {
        let status = try await ask("/api/sweeps/digits/status")
        #expect(status.status == 200 && status.json?["epochs"] == .integer(3))
        #expect(status.answer.headers["content-type"] == "application/json")
        #expect(status.answer.headers["cache-control"] == "no-store")
        #expect(try await ask("/api/sweeps").json == .object([JSONMember("sweeps", .array([]))]))
        #expect(try await ask("/health").json?["status"] == .text("ok"))
        let metrics = try await ask("/metrics").answer
        #expect(metrics.body == Array("sweepd_up 1\n".utf8))
        #expect(metrics.headers["content-type"]?.hasPrefix("text/plain; version=0.0.4") == true)
        #expect(try await ask("/").json?["paths"] != nil)
    }

    @Test func `whatever goes wrong comes as one kind of document`() async throws {
        for (target, method, status, code) in [
            ("/api/sweeps/other/status", "GET", 404, "not_found"),
            ("/api/sweeps/digits/rank?top=2", "GET", 409, "conflict"),
            ("/api/sweeps/digits/curves?trial=9", "GET", 404, "not_found"), ("/x", "GET", 404, "not_found"),
            ("/health", "POST", 405, "method_not_allowed"), ("/api/sweeps/digits/rank?top=a", "GET", 400, "bad_input"),
        ] {
            let answer = try await ask(target, method: method)
            #expect(answer.status == status, "\(target)")
            let error = try #require(answer.json?["error"])
            #expect(error["code"] == .text(code))
            guard case .text(let message) = error["message"] else {
                Issue.record("\(target) has no message")
                continue
            }
            #expect(!message.isEmpty)
        }
        #expect(try await ask("/health", method: "POST").answer.headers["allow"] == "GET, HEAD")
    }

    @Test(arguments: ["127.0.0.1", "127.0.0.1:7780", "localhost:9000", "LOCALHOST", "[::1]:7780", "127.1.2.3:1"])
    func `this machine is answered by any of its own names`(host: String) async throws {
        #expect(try await ask("/health", host: host).status == 200)
    }

    @Test(arguments: [
        "evil.example", "evil.example:7780", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.1:7780", "",
        "[::2]",
        "127.0.0.1@evil.example", nil,
    ])
    func `a page from elsewhere whose name was made to mean loopback is refused`(host: String?) async throws {
        for target in ["/health", "/metrics", "/api/sweeps", "/nothing"] {
            let answer = try await ask(target, host: host)
            #expect(answer.status == 421 && answer.json?["error"]?["code"] == .text("wrong_host"))
        }
    }

    @Test func `with a token, it must be shown, to this machine's own name all the same`() async throws {
        let access = HTTPAccess(token: "correct-horse")
        for shown in [nil, "", "Bearer", "Bearer ", "Bearer wrong", "Bearer correct-horse2", "Basic correct-horse"] {
            for target in ["/health", "/metrics", "/api/sweeps", "/nothing"] {
                let answer = try await ask(target, access: access, authorization: shown)
                #expect(answer.status == 401 && answer.answer.headers["www-authenticate"] == "Bearer")
                #expect(answer.json?["error"]?["code"] == .text("unauthorized"))
                #expect(!String(decoding: answer.answer.body, as: UTF8.self).contains("correct-horse"))
            }
        }
        for shown in ["Bearer correct-horse", "bearer correct-horse"] {
            #expect(try await ask("/health", access: access, authorization: shown).status == 200)
            #expect(try await ask("/health", host: "evil.example", access: access, authorization: shown).status == 421)
        }
        // An empty token lets nobody in.
        #expect(try await ask("/health", access: HTTPAccess(token: ""), authorization: "Bearer ").status == 401)
    }
}
