import SweepCore
import SweepDashboard
import SweepReports
import Testing

@Suite struct SiteTests {
    private func ask(
        _ target: String,
        method: String = "GET",
        host: String? = "127.0.0.1:7780",
        access: HTTPAccess = HTTPAccess(token: nil),
        authorization: String? = nil,
        _ change: (inout HTTPRequest) -> Void = { _ in }
    ) async throws -> (status: Int, json: JSONValue?, answer: HTTPAnswer) {
        let site = Site(
            access: access,
            observatory: Desk(),
            health: { "{\"status\":\"ok\"}" },
            metrics: { "sweepd_up 1\n" },
            data: Desk.data,
            file: Desk.file,
            submit: Desk.submit
        )
        var request = HTTPRequest(method: method, target: target, authority: host, authorization: authorization)
        change(&request)
        let answer = await site.answer(request)
        return (answer.status, try? JSONValue(parsing: answer.body), answer)
    }

    @Test func `who asks while too many wait is told to come again later`() throws {
        let busy = HTTPAnswer(HTTPFailure(ControlError(.busy, "later")))
        #expect(busy.status == 503 && busy.headers["retry-after"] == "5")
        #expect(try JSONValue(parsing: busy.body)["error"]?["code"] == .text("busy"))
        let other = HTTPAnswer(HTTPFailure(ControlError(.conflict, "not now")))
        #expect(other.status == 409 && other.headers["retry-after"] == nil)
    }

    @Test func `documents are those of the commands`() async throws {
        let status = try await ask("/api/v1/sweeps/digits/status")
        #expect(status.status == 200 && status.json?["epochs"] == .integer(3))
        #expect(status.answer.headers["content-type"] == "application/json")
        #expect(status.answer.headers["cache-control"] == "no-store")
        #expect(try await ask("/api/v1/sweeps").json == .object([JSONMember("sweeps", .array([]))]))
        #expect(try await ask("/health").json?["status"] == .text("ok"))
        let metrics = try await ask("/metrics").answer
        #expect(metrics.body == Array("sweepd_up 1\n".utf8))
        #expect(metrics.headers["content-type"]?.hasPrefix("text/plain; version=0.0.4") == true)
        #expect(try await ask("/api/v1").json?["paths"] != nil)
        let findings = try await ask("/api/v1/sweeps/digits/findings")
        #expect(findings.status == 200 && findings.answer.headers["etag"] != nil)
        let none = #"{"sweep":"digits", "trials":0, "sound":0, "groups":[], "regions":[]}"#
        #expect(findings.json?.text() == none)
    }

    @Test func `the document of the API tells of trials that cannot recover`() async throws {
        let schemas = try #require(try await ask("/api/v1/openapi.json").json?["components"]?["schemas"])
        let properties = try #require(schemas["Explanation"]?["properties"])
        guard case .array(let verdicts)? = properties["levels"]?["items"]?["properties"]?["verdict"]?["enum"] else {
            Issue.record("no verdicts")
            return
        }
        #expect(verdicts.contains(.text("hopeless")) && verdicts.count == 6)
        let kinds = properties["hopeless"]?["properties"]?["kind"]?["enum"]
        #expect(kinds == .array([.text("exploded"), .text("dead")]))
    }

    private func post(_ target: String, _ body: String, _ access: HTTPAccess = HTTPAccess(token: nil)) async throws
        -> (status: Int, json: JSONValue?, answer: HTTPAnswer)
    {
        try await ask(target, method: "POST", access: access) { request in
            request.marker = "1"
            request.body = { limit in body.utf8.count <= limit ? Array(body.utf8) : nil }
        }
    }

    @Test func `programs ask, report and tell, and what they send is judged`() async throws {
        let digits = "/api/v1/sweeps/digits"
        let asked = try await post(digits + "/ask", "{\"asker\": \"node3\"}")
        #expect(asked.status == 200 && asked.json?["trial"] == .null && asked.json?["state"] == .text("node3"))
        #expect(asked.json?["retry_seconds"] == .integer(1))
        #expect(try await post(digits + "/ask", "").json?["state"] == .text("asker"))
        let report = "{\"trial\": 3, \"attempt\": 1, \"epoch\": 2, \"values\": {\"loss\": null}}"
        let reported = try await post(digits + "/report", report)
        #expect(reported.status == 200 && reported.json?["verdict"] == .text("continue"))
        let told = try await post(digits + "/tell", "{\"trial\": 3, \"attempt\": 1}")
        #expect(told.json?["verdict"] == .text("stop") && told.json?["state"] == .text("completed"))
        #expect(try await post(digits + "/tell", "{\"trial\": 3, \"attempt\": 2}").status == 409)
        #expect(try await post("/api/v1/sweeps/other/ask", "").status == 404)
        for (word, body) in [
            ("ask", "{\"name\": 1}"), ("ask", "{\"asker\": \"\"}"), ("ask", "[1"), ("report", "{}"),
            ("report", "{\"trial\": 0, \"attempt\": 1}"), ("report", "{\"trial\": 1, \"attempt\": 1, \"values\": {}}"),
            ("report", "{\"trial\": 1, \"attempt\": 1, \"values\": {\"loss\": \"low\"}}"),
            ("report", "{\"trial\": 1, \"attempt\": 1, \"failed\": \"why\"}"),
            ("tell", "{\"trial\": 1, \"attempt\": 1, \"failed\": \"why\", \"hand_back\": true}"),
            ("tell", "{\"trial\": 1, \"attempt\": 1, \"seconds\": -1}"), ("set", "{}"), ("set", "{\"trials\": \"9\"}"),
        ] {
            let refused = try await post(digits + "/" + word, body)
            #expect(refused.status == 400 && refused.json?["error"]?["code"] == .text("bad_input"), "\(word) \(body)")
        }
        let long = String(repeating: " ", count: 70_000)
        #expect(try await post(digits + "/report", long).status == 413)
        #expect(try await ask(digits + "/ask").status == 405)
        #expect(try await ask(digits + "/ask", method: "POST").status == 403)
    }

    @Test func `configurations are enqueued, and what is wrong of them is refused`() async throws {
        let enqueue = "/api/v1/sweeps/digits/enqueue"
        let good = "{\"configurations\": [{\"rate\": 0.5}, {}], \"more\": true, \"key\": \"4f\"}"
        let taken = try await post(enqueue, good)
        #expect(taken.status == 200 && taken.json?["enqueued"] == .integer(2))
        for body in [
            "", "{}", "[1", "{\"configurations\": []}", "{\"configurations\": [3]}",
            "{\"configurations\": {\"rate\": 1}}",
            "{\"configurations\": [{\"rate\": 2}]}", "{\"configurations\": [{}], \"trials\": 1}",
            "{\"configurations\": [{}], \"key\": \"\"}", "{\"configurations\": [{}], \"more\": 1}",
        ] {
            let refused = try await post(enqueue, body)
            #expect(refused.status == 400 && refused.json?["error"]?["code"] == .text("bad_input"), "\(body)")
        }
        // A list may be longer than what one trial is told of, and not without end.
        #expect(try await post(enqueue, good + String(repeating: " ", count: 70_000)).status == 200)
        #expect(try await post(enqueue, good + String(repeating: " ", count: 1 << 20)).status == 413)
        #expect(try await post("/api/v1/sweeps/other/enqueue", good).status == 404)
        #expect(try await ask(enqueue).status == 405)
        #expect(try await ask(enqueue, method: "POST").status == 403)
    }

    @Test func `a sweep file's mistakes come with 422, each as it stands`() async throws {
        let refused = try await post("/api/v1/sweeps", "name: 1")
        #expect(refused.status == 422)
        #expect(refused.json?["error"]?["mistakes"] == .array([.text("sweep.yaml:1:1: 7 bytes")]))
        #expect(try await post("/api/v1/sweeps", "").status == 409)
        #expect(try await ask("/api/v1/sweeps", method: "POST").status == 403)
        #expect(try await ask("/api/v1/sweeps", method: "PUT").answer.headers["allow"] == "GET, HEAD, POST")
        let reader = HTTPAccess(token: "steer", readToken: "read")
        let read = try await ask("/api/v1/sweeps", method: "POST", access: reader, authorization: "Bearer read")
        #expect(read.status == 403)
    }

    @Test func `whatever goes wrong comes as one kind of document`() async throws {
        for (target, method, status, code) in [
            ("/api/v1/sweeps/other/status", "GET", 404, "not_found"),
            ("/api/v1/sweeps/other/trials", "GET", 404, "not_found"),
            ("/api/v1/sweeps/other/events", "GET", 404, "not_found"),
            ("/api/v1/sweeps/digits/rank?top=2", "GET", 409, "conflict"),
            ("/api/v1/sweeps/digits/importance", "GET", 409, "conflict"),
            ("/api/v1/sweeps/other/data", "GET", 404, "not_found"),
            ("/api/v1/sweeps/digits/data", "POST", 405, "method_not_allowed"),
            ("/api/v1/sweeps/digits/data?trial=1", "GET", 400, "bad_input"),
            ("/api/v1/sweeps/digits/trials/3/explanation", "GET", 404, "not_found"),
            ("/api/v1/sweeps/digits/trials/3/diagnosis", "GET", 404, "not_found"),
            ("/api/v1/sweeps/other/findings", "GET", 404, "not_found"),
            ("/api/v1/sweeps/digits/comparison", "GET", 409, "conflict"),
            ("/api/v1/sweeps/digits/comparison?with=other", "GET", 404, "not_found"),
            ("/api/v1/sweeps/digits/findings", "POST", 405, "method_not_allowed"),
            ("/api/v1/sweeps/digits/curves?trial=9", "GET", 404, "not_found"), ("/x", "GET", 404, "not_found"),
            ("/health", "POST", 405, "method_not_allowed"), ("/", "POST", 405, "method_not_allowed"),
            ("/api/v1/sweeps/digits/rank?top=a", "GET", 400, "bad_input"),
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
        for target in ["/", "/health", "/metrics", "/api/v1/sweeps", "/nothing"] {
            let answer = try await ask(target, host: host)
            #expect(answer.status == 421 && answer.json?["error"]?["code"] == .text("wrong_host"))
        }
    }

    @Test func `with a token, it must be shown, to this machine's own name all the same`() async throws {
        let access = HTTPAccess(token: "correct-horse")
        for shown in [nil, "", "Bearer", "Bearer ", "Bearer wrong", "Bearer correct-horse2", "Basic correct-horse"] {
            for target in ["/health", "/metrics", "/api/v1/sweeps", "/nothing"] {
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
        // The page itself holds nothing, and asks for the token.
        #expect(try await ask("/", access: access).status == 200)
    }

    // MARK: Steering

    private static let pause = "/api/v1/sweeps/digits/pause"

    @Test func `whoever uses this machine steers, with a header that other sites' pages cannot send`() async throws {
        let answer = try await ask(Self.pause, method: "POST") { $0.marker = "1" }
        #expect(answer.status == 200 && answer.json?["state"] == .text("pause"))
        let forged = try await ask(Self.pause, method: "POST")
        #expect(forged.status == 403 && forged.json?["error"]?["code"] == .text("not_allowed"))
    }

    @Test func `a request from another site's page changes nothing, whatever it carries`() async throws {
        for (origin, site) in [
            ("http://evil.example", nil), ("null", nil), ("http://127.0.0.1:9999", nil),
            ("https://127.0.0.1:7780", nil),
            (nil, "cross-site"), (nil, "same-site"), ("http://127.0.0.1:7780", "cross-site"),
        ] {
            let answer = try await ask(Self.pause, method: "POST") {
                $0.marker = "1"
                $0.origin = origin
                $0.fetchSite = site
            }
            #expect(answer.status == 403, "\(origin ?? "–") \(site ?? "–")")
        }
        let own = try await ask(Self.pause, method: "POST") {
            $0.marker = "1"
            $0.origin = "http://127.0.0.1:7780"
            $0.fetchSite = "same-origin"
        }
        #expect(own.status == 200)
    }

    @Test func `one token steers, the other reads`() async throws {
        let access = HTTPAccess(token: "steering-token", readToken: "reading-token")
        for (token, role) in [("steering-token", "steer"), ("reading-token", "read")] {
            let session = try await ask("/api/v1/session", access: access, authorization: "Bearer \(token)")
            #expect(session.json?["role"] == .text(role) && session.json?["needs_token"] == .boolean(true))
            #expect(
                try await ask("/api/v1/sweeps/digits/status", access: access, authorization: "Bearer \(token)").status
                    == 200
            )
            let steered = try await ask(Self.pause, method: "POST", access: access, authorization: "Bearer \(token)")
            #expect(steered.status == (role == "steer" ? 200 : 403))
        }
        #expect(try await ask(Self.pause, method: "POST", access: access).status == 401)
    }

    @Test func `a login keeps the token in a cookie of its port that no script reads, and it works like the token`()
        async throws
    {
        let access = HTTPAccess(token: "steering-token", readToken: "reading-token")
        let login = try await ask(
            "/api/v1/login",
            method: "POST",
            access: access,
            authorization: "Bearer reading-token"
        )
        let cookie = try #require(login.answer.headers["set-cookie"])
        #expect(cookie == "sweepd-7780=reading-token; Path=/; HttpOnly; SameSite=Strict")
        let kept = "other=1; sweepd-7780=reading-token"
        #expect(try await ask("/api/v1/session", access: access) { $0.cookie = kept }.json?["role"] == .text("read"))
        #expect(
            try await ask("/api/v1/session", access: access) { $0.cookie = "sweepd-9999=reading-token" }.status == 401
        )
        let steering = "sweepd-7780=steering-token"
        // A browser sends a cookie by itself, so that it needs the header too.
        #expect(try await ask(Self.pause, method: "POST", access: access) { $0.cookie = steering }.status == 403)
        #expect(
            try await ask(Self.pause, method: "POST", access: access) {
                $0.cookie = steering
                $0.marker = "1"
            }.status == 200
        )
        let logout = try await ask("/api/v1/logout", method: "POST", access: access) { $0.cookie = steering }
        #expect(logout.answer.headers["set-cookie"]?.contains("Max-Age=0") == true)
    }

    // MARK: Files

    @Test func `a file comes with its type, under the sweep's name, to be kept and not shown`() async throws {
        for (target, type, name) in [
            ("report", "text/html; charset=utf-8", "digits.html"),
            ("report?format=markdown", "text/markdown; charset=utf-8", "digits.md"),
            ("export", "text/csv; charset=utf-8", "digits.csv"),
            ("export?format=jsonl", "application/x-ndjson", "digits.jsonl"),
            ("export?format=optuna", "application/x-ndjson", "digits.optuna.log"),
            ("export?format=tensorboard", "application/x-tar", "digits.tensorboard.tar"),
        ] {
            let answer = try await ask("/api/v1/sweeps/digits/" + target).answer
            #expect(answer.status == 200 && answer.body.count > 10, "\(target)")
            #expect(answer.headers["content-type"] == type)
            #expect(answer.headers["content-disposition"] == "attachment; filename=\"\(name)\"")
            #expect(answer.headers["x-content-type-options"] == "nosniff")
            let tag = try #require(answer.headers["etag"])
            let again = try await ask("/api/v1/sweeps/digits/" + target) { $0.ifNoneMatch = tag }
            #expect(again.status == 304 && again.answer.body.isEmpty)
        }
        let markdown = try await ask("/api/v1/sweeps/digits/report?format=markdown").answer
        #expect(String(decoding: markdown.body, as: UTF8.self) == "markdown of digits\n")
    }

    @Test func `a file that is not made is refused as a document`() async throws {
        let none = try await ask("/api/v1/sweeps/none/report")
        #expect(none.status == 404 && none.json?["error"]?["code"] == .text("not_found"))
        let busy = try await ask("/api/v1/sweeps/busy/export")
        #expect(busy.status == 409 && busy.answer.headers["content-type"] == "application/json")
        #expect(busy.answer.headers["content-disposition"] == nil)
        let wrong = try await ask("/api/v1/sweeps/digits/export?format=xlsx")
        #expect(
            wrong.status == 400
                && wrong.json?["error"]?["message"]
                    == .text(#"format: found "xlsx", allowed csv, jsonl, optuna, tensorboard"#)
        )
    }

    // MARK: What is kept

    @Test func `what has not changed is not sent again`() async throws {
        for target in [
            "/", "/api/v1/openapi.json", "/api/v1/sweeps", "/api/v1/sweeps/digits/trials",
            "/api/v1/sweeps/digits/data", "/page/app.js",
        ] {
            let first = try await ask(target)
            let tag = try #require(first.answer.headers["etag"])
            #expect(first.status == 200 && !first.answer.body.isEmpty, "\(target)")
            let site = Site(
                access: HTTPAccess(token: nil),
                observatory: Desk(),
                health: { "" },
                metrics: { "" },
                data: Desk.data,
                file: Desk.file,
                submit: Desk.submit
            )
            guard !target.hasSuffix("/trials") else { continue }
            let again = await site.answer(
                HTTPRequest(target: target, authority: "localhost", ifNoneMatch: "\"other\", \(tag)")
            )
            #expect(again.status == 304 && again.body.isEmpty, "\(target)")
        }
    }

    @Test func `a file's place is held until it is sent, and not where nothing is`() async throws {
        let places = BoundedPlaces(1)
        let site = Site(
            access: HTTPAccess(token: nil),
            observatory: Desk(),
            health: { "" },
            metrics: { "" },
            data: Desk.data,
            file: { _, _ async throws(ControlError) in
                guard let place = places.take() else { throw ControlError(.conflict, "busy") }
                return HeldFile([1, 2, 3], place)
            },
            submit: Desk.submit
        )
        var request = HTTPRequest(target: "/api/v1/sweeps/digits/export", authority: "localhost")
        let sent = await site.answer(request)
        #expect(sent.status == 200 && sent.body == [1, 2, 3])
        // Nobody has read it yet.
        #expect(await site.answer(request).status == 409)
        try #require(sent.place).giveBack()
        sent.place?.giveBack()
        // What has not changed is not sent, and holds nothing; nor does an answer that nobody wants any more.
        request.ifNoneMatch = sent.headers["etag"]
        for _ in 0..<3 { #expect(await site.answer(request).status == 304) }
        request.ifNoneMatch = nil
        for _ in 0..<3 { #expect(await site.answer(request).status == 200) }
        let held = places.take()
        #expect(held != nil && places.take() == nil)
        withExtendedLifetime(held) {}
    }

    @Test func `files of the page come packed to who reads gzip, and plain to others`() async throws {
        for path in Site.pagePaths {
            let plain = try await ask(path).answer
            let packed = try await ask(path) { $0.acceptEncoding = "br;q=1, gzip;q=0.8" }.answer
            #expect(plain.headers["content-encoding"] == nil && !plain.body.isEmpty)
            #expect(packed.headers["content-encoding"] == "gzip" && packed.body.starts(with: [0x1F, 0x8B]))
            let refused = try await ask(path) { $0.acceptEncoding = "gzip;q=0" }.answer
            #expect(refused.body == plain.body)
        }
    }

    @Test func `the page may load nothing from elsewhere, and stands in no frame`() async throws {
        let answer = try await ask("/").answer
        let policy = try #require(answer.headers["content-security-policy"])
        for part in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "connect-src 'self'"] {
            #expect(policy.contains(part))
        }
        #expect(!policy.contains("unsafe"))
        let html = String(decoding: answer.body, as: UTF8.self)
        #expect(!html.contains("http://") && !html.contains("https://"))
        for path in Site.pagePaths where path.hasSuffix(".js") {
            let script = String(decoding: try await ask(path).answer.body, as: UTF8.self)
            for word in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "https://"] {
                #expect(!script.contains(word), "\(path): \(word)")
            }
        }
    }

    @Test func `the page weighs at most 150 kB over the wire`() { #expect(Site.pageBytes.packed <= 150_000) }
}
