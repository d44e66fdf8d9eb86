import SweepDashboard
import SweepNumerics
import Testing

@Suite struct RouteTests {
    private func refusal(_ method: String, _ target: String) -> HTTPFailure? {
        do throws(HTTPFailure) {
            _ = try HTTPRoute(method: method, target: target)
            return nil
        } catch { return error }
    }

    @Test(
        arguments: [
            ("/", HTTPRoute.index), ("/health", .health), ("/metrics", .metrics), ("/api/sweeps", .sweeps),
            ("/api/sweeps/", .sweeps), ("/api/sweeps/digits/status", .status(sweep: "digits")),
            ("/api/sweeps/digits/rank", .rank(sweep: "digits", top: nil)),
            ("/api/sweeps/digits/rank?top=3", .rank(sweep: "digits", top: 3)),
            ("/api/sweeps/a%2Fb%20c/curves?trial=7", .curves(sweep: "a/b c", trial: 7)),
            ("/api/sweeps/Gr%C3%BC%c3%9fe/status", .status(sweep: "Grüße")),
        ]
    )
    func `what there is, is found`(target: String, route: HTTPRoute) throws {
        #expect(try HTTPRoute(method: "GET", target: target) == route)
        #expect(try HTTPRoute(method: "HEAD", target: target) == route)
    }

    @Test(arguments: [
        "/nothing", "/api", "/api/sweeps/digits", "/api/sweeps/digits/weights", "/health/x", "/../etc/passwd",
    ])
    func `what there is not, is said with what there is`(target: String) throws {
        let failure = try #require(refusal("GET", target))
        #expect(failure.status == 404 && failure.code == "not_found" && failure.message.contains("/api/sweeps"))
        // Not 405: a method is wrong only where another would be right.
        #expect(refusal("POST", target)?.status == 404)
    }

    @Test(arguments: ["POST", "PUT", "DELETE", "OPTIONS", "get", ""])
    func `nothing is changed over HTTP`(method: String) throws {
        let failure = try #require(refusal(method, "/api/sweeps"))
        #expect(failure.status == 405 && failure.code == "method_not_allowed" && failure.allow == "GET, HEAD")
    }

    @Test(
        arguments: [
            "/api/sweeps/d/rank?top=0", "/api/sweeps/d/rank?top=-1", "/api/sweeps/d/rank?top=x",
            "/api/sweeps/d/rank?top=99999999999999999999", "/api/sweeps/d/rank?top=", "/api/sweeps/d/rank?top=1&top=2",
            "/api/sweeps/d/rank?trial=1", "/api/sweeps/%ff/status", "/api/sweeps/%4/status", "/api/sweeps/%+1/status",
            "/health?x=1",
        ]
    )
    func `a wrong parameter gets a sentence`(target: String) throws {
        let failure = try #require(refusal("GET", target))
        #expect(failure.status == 400 && failure.code == "bad_input" && !failure.message.isEmpty)
    }

    @Test func `a very long address is refused unread`() {
        #expect(refusal("GET", "/" + String(repeating: "a", count: 5000))?.status == 414)
    }

    @Test func `random targets never trap`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = RandomStream(key: seed)
        let pieces = [
            "/", "api", "sweeps", "%", "%2", "%zz", "?", "&", "=", "top", "1", "\u{0}", "é", "+", "#", "status",
        ]
        for _ in 0..<5_000 {
            let target = (0..<random.below(12)).map { _ in pieces[random.below(pieces.count)] }.joined()
            let failure = refusal("GET", target)
            #expect(failure == nil || [400, 404].contains(failure?.status), "seed \(seed): \(target.debugDescription)")
        }
    }
}
