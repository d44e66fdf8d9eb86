import SweepCore
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
            ("/api/v1", HTTPRoute.index), ("/health", .health), ("/metrics", .metrics), ("/api/v1/sweeps", .sweeps),
            ("/api/v1/sweeps/", .sweeps), ("/api/v1/workers", .workers), ("/api/v1/events", .events),
            ("/api/v1/session", .session), ("/api/v1/sweeps/digits", .sweep("digits")),
            ("/api/v1/sweeps/digits/status", .status(sweep: "digits")),
            ("/api/v1/sweeps/digits/events", .sweepEvents(sweep: "digits")),
            ("/api/v1/sweeps/digits/report", .file(sweep: "digits", .html)),
            ("/api/v1/sweeps/digits/report?format=markdown", .file(sweep: "digits", .markdown)),
            ("/api/v1/sweeps/digits/export", .file(sweep: "digits", .csv)),
            ("/api/v1/sweeps/digits/export?format=jsonl", .file(sweep: "digits", .jsonl)),
            ("/api/v1/sweeps/digits/export?format=optuna", .file(sweep: "digits", .optuna)),
            ("/api/v1/sweeps/digits/export?format=tensorboard", .file(sweep: "digits", .tensorboard)),
            ("/api/v1/sweeps/digits/timeline", .timeline(sweep: "digits")),
            ("/api/v1/sweeps/digits/data", .data(sweep: "digits")),
            ("/api/v1/sweeps/digits/importance", .importance(sweep: "digits", metric: nil)),
            (
                "/api/v1/sweeps/digits/importance?metric=validation.accuracy",
                .importance(sweep: "digits", metric: .validationAccuracy)
            ), ("/api/v1/sweeps/digits/trials/7/explanation", .explanation(sweep: "digits", trial: 7)),
            ("/api/v1/sweeps/digits/trials/7/diagnosis", .diagnosis(sweep: "digits", trial: 7)),
            ("/api/v1/sweeps/digits/findings", .findings(sweep: "digits")),
            ("/api/v1/sweeps/digits.why-7/comparison", .comparison(sweep: "digits.why-7")),
            (
                "/api/v1/sweeps/digits.why-7/comparison?with=digits.why-7-branches,b%20c",
                .comparison(sweep: "digits.why-7", with: ["digits.why-7-branches", "b c"])
            ),
            ("/api/v1/sweeps/digits/rank", .rank(sweep: "digits", top: nil)),
            ("/api/v1/sweeps/digits/rank?top=3", .rank(sweep: "digits", top: 3)),
            (
                "/api/v1/sweeps/digits/rank?metric=training.loss&top=2",
                .rank(sweep: "digits", top: 2, metric: .trainingLoss)
            ),
            ("/api/v1/sweeps/a%2Fb%20c/curves?trial=7", .curves(sweep: "a/b c", trial: 7)),
            ("/api/v1/sweeps/Gr%C3%BC%c3%9fe/status", .status(sweep: "Grüße")),
            ("/api/v1/sweeps/d/trials", .trials(sweep: "d", HTTPRoute.TrialsQuery())),
            (
                "/api/v1/sweeps/d/trials?metrics=validation.loss,training.loss&since=a-3&after=5&limit=10",
                .trials(
                    sweep: "d",
                    HTTPRoute.TrialsQuery(metrics: [.validationLoss, .trainingLoss], since: "a-3", after: 5, limit: 10)
                )
            ), ("/api/v1/sweeps/d/trials/12", .trial(sweep: "d", number: 12)),
        ]
    )
    func `what there is, is found`(target: String, route: HTTPRoute) throws {
        #expect(try HTTPRoute(method: "GET", target: target) == route)
        #expect(try HTTPRoute(method: "HEAD", target: target) == route)
    }

    @Test(arguments: [
        "/nothing", "/api", "/api/v2/sweeps", "/api/sweeps", "/api/v1/sweeps/digits/weights", "/health/x",
        "/../etc/passwd", "/api/v1/sweeps/d/trials/1/2",
    ])
    func `what there is not, is said with what there is`(target: String) throws {
        let failure = try #require(refusal("GET", target))
        #expect(failure.status == 404 && failure.code == "not_found" && failure.message.contains("/api/v1/sweeps"))
        // Not 405: a method is wrong only where another would be right.
        #expect(refusal("POST", target)?.status == 404)
    }

    @Test(arguments: ["POST", "PUT", "DELETE", "OPTIONS", "get", ""])
    func `what reads answers GET and HEAD alone`(method: String) throws {
        let failure = try #require(refusal(method, "/api/v1/workers"))
        #expect(failure.status == 405 && failure.code == "method_not_allowed" && failure.allow == "GET, HEAD")
    }

    @Test(arguments: [
        "/api/v1/sweeps/d/rank?metric=", "/api/v1/sweeps/d/curves?trial=x", "/api/v1/sweeps/d/rank?x=1",
        "/api/v1/sweeps/d/trials/x", "/api/v1/sweeps/d/trials/0/explanation",
    ])
    func `a wrong method is told before a wrong question`(target: String) throws {
        let failure = try #require(refusal("TRACE", target))
        #expect(failure.status == 405 && failure.allow == "GET, HEAD")
        #expect(refusal("GET", target)?.status == 400)
    }

    @Test(arguments: HTTPRoute.Steering.allCases)
    func `what changes answers POST alone`(steering: HTTPRoute.Steering) throws {
        let target = "/api/v1/sweeps/a%2Fb/\(steering.rawValue)"
        let route = try HTTPRoute(method: "POST", target: target)
        #expect(route == .steer(sweep: "a/b", steering) && route.isSteering)
        for method in ["GET", "HEAD", "PUT", "DELETE", "post"] {
            let failure = try #require(refusal(method, target))
            #expect(failure.status == 405 && failure.allow == "POST")
        }
        #expect(try !HTTPRoute(method: "POST", target: "/api/v1/login").isSteering)
    }

    @Test func `configurations are enqueued by POST, which is steering`() throws {
        let route = try HTTPRoute(method: "POST", target: "/api/v1/sweeps/a%2Fb/enqueue")
        #expect(route == .enqueue(sweep: "a/b") && route.isSteering)
        #expect(refusal("GET", "/api/v1/sweeps/a/enqueue")?.allow == "POST")
        #expect(HTTPRoute.paths.contains("/api/v1/sweeps/NAME/enqueue"))
    }

    @Test func `a report is read by GET, and an epoch is reported by POST to the same address`() throws {
        let route = try HTTPRoute(method: "POST", target: "/api/v1/sweeps/a%2Fb/report")
        #expect(route == .report(sweep: "a/b") && route.isSteering)
        let file = try HTTPRoute(method: "HEAD", target: "/api/v1/sweeps/a%2Fb/report")
        #expect(file == .file(sweep: "a/b", .html) && !file.isSteering)
        #expect(refusal("POST", "/api/v1/sweeps/a/report?format=html")?.status == 400)
        for method in ["PUT", "DELETE", "post"] {
            let failure = try #require(refusal(method, "/api/v1/sweeps/a/report"))
            #expect(failure.status == 405 && failure.allow == "GET, HEAD, POST")
        }
        #expect(refusal("POST", "/api/v1/sweeps/a/export")?.allow == "GET, HEAD")
    }

    @Test func `a sweep is removed by DELETE of its address, which is steering`() throws {
        let route = try HTTPRoute(method: "DELETE", target: "/api/v1/sweeps/a%2Fb")
        #expect(route == .delete(sweep: "a/b") && route.isSteering)
        #expect(try HTTPRoute(method: "GET", target: "/api/v1/sweeps/a%2Fb") == .sweep("a/b"))
        for method in ["POST", "PUT", "delete"] {
            let failure = try #require(refusal(method, "/api/v1/sweeps/a"))
            #expect(failure.status == 405 && failure.allow == "GET, HEAD, DELETE")
        }
        #expect(refusal("DELETE", "/api/v1/sweeps")?.allow == "GET, HEAD, POST")
        #expect(refusal("DELETE", "/api/v1/sweeps/a?x=1")?.status == 400)
    }

    @Test(
        arguments: [
            "/api/v1/sweeps/d/rank?top=0", "/api/v1/sweeps/d/rank?top=-1", "/api/v1/sweeps/d/rank?top=x",
            "/api/v1/sweeps/d/rank?top=99999999999999999999", "/api/v1/sweeps/d/rank?top=",
            "/api/v1/sweeps/d/rank?top=1&top=2",
            "/api/v1/sweeps/d/importance?metric=7loss", "/api/v1/sweeps/d/importance?metric=",
            "/api/v1/sweeps/d/importance?metric=training.loss,validation.loss",
            "/api/v1/sweeps/d/trials/x/explanation", "/api/v1/sweeps/d/trials/x/diagnosis",
            "/api/v1/sweeps/d/findings?trial=1", "/api/v1/sweeps/d/comparison?with=",
            "/api/v1/sweeps/d/comparison?with=a,", "/api/v1/sweeps/d/comparison?top=1",
            "/api/v1/sweeps/d/rank?metric=7loss", "/api/v1/sweeps/d/rank?trial=1", "/api/v1/sweeps/%ff/status",
            "/api/v1/sweeps/%4/status",
            "/api/v1/sweeps/%+1/status",
            "/api/v1/sweeps/d/report?format=csv", "/api/v1/sweeps/d/report?format=", "/api/v1/sweeps/d/report?top=1",
            "/api/v1/sweeps/d/export?format=html", "/api/v1/sweeps/d/export?format=csv&trial=1", "/health?x=1",
            "/api/v1/sweeps/d/trials/0", "/api/v1/sweeps/d/trials/x", "/api/v1/sweeps/d/trials?limit=0",
            "/api/v1/sweeps/d/trials?metrics=7loss", "/api/v1/sweeps/d/status?since=1",
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
            "/", "api", "v1", "sweeps", "trials", "pause", "%", "%2", "%zz", "?", "&", "=", "top", "1", "\u{0}", "é",
            "+", "#", "status",
        ]
        for _ in 0..<5_000 {
            let target = (0..<random.below(12)).map { _ in pieces[random.below(pieces.count)] }.joined()
            let failure = refusal("GET", target)
            #expect(
                failure == nil || [400, 404, 405].contains(failure?.status),
                "seed \(seed): \(target.debugDescription)"
            )
        }
    }
}
