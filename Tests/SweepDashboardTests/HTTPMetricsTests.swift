import SweepDashboard
import SweepReports
import Testing

/// What is counted of HTTP requests.
@Suite struct HTTPMetricsTests {
    private let counted = CountedMetrics()

    private func site(_ access: HTTPAccess = HTTPAccess(token: nil)) -> Site {
        Site(
            access: access,
            observatory: Desk(),
            health: { "{}" },
            metrics: { "sweepd_up 1\n" },
            data: Desk.data,
            file: Desk.file,
            submit: Desk.submit,
            counts: HTTPMetrics(factory: counted)
        )
    }

    private func ask(_ site: Site, _ target: String, method: String = "GET", host: String = "localhost") async
        -> HTTPAnswer
    {
        await site.answer(HTTPRequest(method: method, target: target, authority: host, marker: "1"))
    }

    private func requests(_ route: String, _ status: String) -> Double? {
        counted["sweepd_http_requests_total{route=\(route),status=\(status)}"]
    }

    @Test func `requests are counted by the pattern of their route and the class of their status`() async throws {
        let site = site()
        #expect(counted["sweepd_http_event_streams"] == 0 && counted["sweepd_http_sent_bytes_total"] == 0)
        var bytes = 0
        for target in ["/health", "/api/v1/sweeps/digits/status", "/api/v1/sweeps/digits/status"] {
            bytes += await ask(site, target).body.count
        }
        bytes += await ask(site, "/api/v1/sweeps/other/status").body.count
        bytes += await ask(site, "/api/v1/sweeps/digits/trials/7").body.count
        bytes += await ask(site, "/api/v1/sweeps/digits/pause", method: "POST").body.count
        bytes += await ask(site, "/").body.count
        #expect(requests("/health", "2xx") == 1)
        #expect(requests("/api/v1/sweeps/NAME/status", "2xx") == 2)
        #expect(requests("/api/v1/sweeps/NAME/status", "4xx") == 1)
        #expect(requests("/api/v1/sweeps/NAME/trials/N", "4xx") == 1)
        #expect(requests("/api/v1/sweeps/NAME/pause", "2xx") == 1)
        #expect(requests("page", "2xx") == 1)
        #expect(counted["sweepd_http_request_seconds{route=/api/v1/sweeps/NAME/status}"] == 3)
        #expect(bytes > 0 && counted["sweepd_http_sent_bytes_total"] == Double(bytes))
        // The body of an answer to HEAD is not sent.
        _ = await ask(site, "/health", method: "HEAD")
        #expect(requests("/health", "2xx") == 2 && counted["sweepd_http_sent_bytes_total"] == Double(bytes))
        // An answer that the asker has is another class, and has no body.
        let tag = try #require(await ask(site, "/api/v1/sweeps").headers["etag"])
        let known = await site.answer(
            HTTPRequest(target: "/api/v1/sweeps", authority: "localhost", ifNoneMatch: tag)
        )
        #expect(known.status == 304 && requests("/api/v1/sweeps", "3xx") == 1)
    }

    @Test func `whoever makes up addresses, names and methods makes no new lines`() async throws {
        let site = site()
        for number in 1...50 {
            _ = await ask(site, "/api/v1/sweeps/name\(number)")
            _ = await ask(site, "/nothing/\(number)")
            _ = await ask(site, "/api/v1/sweeps/digits/word\(number)")
            _ = await ask(site, "/api/v1/sweeps/digits/trials/word\(number)")
            _ = await ask(site, "/health", method: "BREW\(number)")
            _ = await ask(site, "/health?a=\(number)")
            _ = await ask(site, "/health", host: "host\(number)")
        }
        let lines = counted.names.filter { $0.hasPrefix("sweepd_http_requests_total") }
        #expect(
            lines == [
                "sweepd_http_requests_total{route=/api/v1/sweeps/NAME,status=4xx}",
                "sweepd_http_requests_total{route=other,status=4xx}",
                "sweepd_http_requests_total{route=/health,status=4xx}",
            ]
        )
        #expect(requests("other", "4xx") == 250)
    }

    @Test func `every path that is told to people has its pattern, and there are no others`() throws {
        func pattern(_ target: String, _ method: String) -> String? {
            (try? HTTPRoute(method: method, target: target))?.pattern
        }
        // The page's own files are no routes.
        let files: Set<String> = ["/", "/api/v1/openapi.json"]
        for path in HTTPRoute.paths where !files.contains(path) {
            let told = String(path.prefix { $0 != "?" })
            let target = told.replacing("/N/", with: "/3/").replacing("NAME", with: "digits")
            let asked = target.hasSuffix("/N") ? String(target.dropLast()) + "3" : target
            #expect((pattern(asked, "GET") ?? pattern(asked, "POST")) == told, "\(path)")
        }
        #expect(pattern("/api/v1/sweeps/digits", "DELETE") == "/api/v1/sweeps/NAME")
        #expect(pattern("/api/v1/sweeps", "POST") == "/api/v1/sweeps")
    }

    private func readOne(_ site: Site) async throws {
        let answer = await ask(site, "/api/v1/sweeps/digits/events")
        var messages = try #require(answer.events).makeAsyncIterator()
        let before = try #require(counted["sweepd_http_sent_bytes_total"])
        let message = try #require(await messages.next())
        #expect(counted["sweepd_http_event_streams"] == 1)
        #expect(counted["sweepd_http_sent_bytes_total"] == before + Double(message.count))
        withExtendedLifetime(messages) {}
    }

    @Test func `a stream is open for as long as it is read, and its messages are bytes that were sent`() async throws {
        let site = site()
        _ = await ask(site, "/api/v1/sweeps/digits/events", method: "HEAD")
        #expect(counted["sweepd_http_event_streams"] == 0)
        try await readOne(site)
        #expect(counted["sweepd_http_event_streams"] == 0)
        #expect(requests("/api/v1/sweeps/NAME/events", "2xx") == 2)
    }

    @Test func `what is counted has a help text`() async {
        let site = site()
        _ = await ask(site, "/health")
        #expect(Set(counted.names.map { String($0.prefix { $0 != "{" }) }) == Set(HTTPMetrics.help.keys))
    }
}
