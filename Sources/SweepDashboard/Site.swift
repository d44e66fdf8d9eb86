import SweepCore
package import SweepReports

/// What is served over HTTP: the page, the coordinator's documents, what changes in them, and steering.
///
/// Documents that commands have too are those of the commands with `--format json`.
package struct Site: Sendable {
    private let access: HTTPAccess
    private let observatory: any SweepObservatory
    private let feeds: Feeds
    private let health: @Sendable () async -> String
    private let metrics: @Sendable () async -> String
    private let data: DataOf
    private let file: FileOf
    private let submit: Submit
    private let counts: HTTPMetrics

    /// The JSON document on what a sweep's rows look like.
    package typealias DataOf = @Sendable (_ sweep: String) async throws(ControlError) -> [UInt8]

    /// A file about a sweep.
    package typealias FileOf = @Sendable (_ file: SweepDownload, _ sweep: String) async throws(ControlError) -> HeldFile

    /// Takes in the text of a sweep file, or tells its mistakes, each with its line.
    package typealias Submit = @Sendable (_ text: [UInt8]) async -> Submitted

    /// What became of a sweep file.
    package enum Submitted: Sendable {
        case taken(ListDocument.Entry)
        case mistakes([String])
        case refused(ControlError)
    }

    /// A sweep file's text is at most as long as its tree may be.
    private static let fileLimit = 1 << 20

    /// - Parameters:
    ///   - health: the JSON document of `/health`.
    ///   - metrics: the text of `/metrics`, in Prometheus' format.
    ///   - data: looks through a sweep's rows, which takes a while, and remembers what it saw.
    ///   - file: makes a report or an export, which takes a while of a large sweep.
    ///   - submit: reads and takes in a sweep file.
    ///   - counts: where requests are counted.
    package init(
        access: HTTPAccess,
        observatory: any SweepObservatory,
        health: @escaping @Sendable () async -> String,
        metrics: @escaping @Sendable () async -> String,
        data: @escaping DataOf,
        file: @escaping FileOf,
        submit: @escaping Submit,
        counts: HTTPMetrics = HTTPMetrics()
    ) {
        self.access = access
        self.observatory = observatory
        feeds = Feeds(source: observatory)
        self.health = health
        self.metrics = metrics
        self.data = data
        self.file = file
        self.submit = submit
        self.counts = counts
    }

    /// Bytes of the page's files as they go over the wire, all together, and as they are written.
    package static var pageBytes: (packed: Int, plain: Int) {
        let page = PageAsset.all.filter { !$0.path.hasPrefix("/api/") }
        return (page.reduce(0) { $0 + $1.packed.count }, page.reduce(0) { $0 + $1.size })
    }

    /// The addresses of the page's files.
    package static var pagePaths: [String] { PageAsset.all.map(\.path) }

    /// Answers one request, and counts it.
    package func answer(_ request: HTTPRequest) async -> HTTPAnswer {
        let began = ContinuousClock.now
        let answer = await made(request)
        counts.answered(request, status: answer.status, in: began.duration(to: .now))
        return request.method == "HEAD" ? answer : answer.counted(by: counts)
    }

    private func made(_ request: HTTPRequest) async -> HTTPAnswer {
        do throws(HTTPFailure) {
            try access.checkHost(request)
            // The page holds nothing of anybody, and must come before it can ask for a token.
            if let asset = PageAsset.at(request.target) {
                guard request.method == "GET" || request.method == "HEAD" else {
                    throw HTTPFailure(405, "method_not_allowed", "only GET is answered here", allow: "GET, HEAD")
                }
                return HTTPAnswer(asset, for: request)
            }
            let role = try access.role(of: request)
            let route = try HTTPRoute(method: request.method, target: request.target)
            if route.isSteering { try access.checkSteering(request, role) }
            if case .submit = route { return try await submitted(try await body(request, Self.fileLimit)) }
            let body = try await route.isSteering ? body(request, Self.bodyLimit(of: route)) : []
            do throws(ControlError) { return try await answer(route, request, role, body) } catch {
                throw HTTPFailure(error)
            }
        } catch {
            return HTTPAnswer(error)
        }
    }

    private func answer(
        _ route: HTTPRoute,
        _ request: HTTPRequest,
        _ role: HTTPAccess.Role,
        _ body: [UInt8]
    ) async throws(ControlError) -> HTTPAnswer {
        switch route {
        case .health: return HTTPAnswer(json: Array(await health().utf8))
        case .metrics: return HTTPAnswer(text: await metrics())
        case .index:
            let paths = JSONValue.array(HTTPRoute.paths.map { .text($0) })
            return HTTPAnswer(json: JSONValue.object([JSONMember("paths", paths)]).bytes)
        case .session: return HTTPAnswer(json: session(role))
        case .login:
            guard let token = request.bearer else { return HTTPAnswer(json: session(role)) }
            return HTTPAnswer(json: session(role), ["set-cookie": cookie(request, "\(token)")])
        case .logout: return HTTPAnswer(json: session(role), ["set-cookie": cookie(request, "; Max-Age=0")])
        case .sweeps: return HTTPAnswer(json: try await observatory.list().json.bytes, for: request)
        case .workers: return HTTPAnswer(json: await observatory.workers().json.bytes)
        case .events:
            return HTTPAnswer(events: request.method == "HEAD" ? .init { $0.finish() } : try await feeds.watch())
        case .sweep(let sweep): return HTTPAnswer(json: try await observatory.sweep(sweep).json.bytes, for: request)
        case .status(let sweep): return HTTPAnswer(json: try await observatory.status(sweep: sweep).json.bytes)
        case .rank(let sweep, nil, nil):
            let (bytes, tag) = try await feeds.feed(sweep).ranked()
            return HTTPAnswer(json: bytes, tag: tag, for: request)
        case .rank(let sweep, let top, let metric):
            let document = try await observatory.rank(sweep: sweep, top: top, metric: metric)
            return HTTPAnswer(json: document.json.bytes, for: request)
        case .curves(let sweep, let trial):
            return HTTPAnswer(json: try await observatory.curves(sweep: sweep, trial: trial).json.bytes, for: request)
        case .trials(let sweep, let query):
            let text = try await feeds.feed(sweep).trials(query)
            return HTTPAnswer(json: text.bytes, tag: text.tag, for: request)
        case .trial(let sweep, let number):
            return HTTPAnswer(json: try await observatory.trial(sweep: sweep, number: number).json.bytes, for: request)
        case .importance(let sweep, let metric):
            return HTTPAnswer(
                json: try await observatory.importance(sweep: sweep, metric: metric).json.bytes,
                for: request
            )
        case .explanation(let sweep, let trial):
            return HTTPAnswer(json: try await observatory.explain(sweep: sweep, trial: trial).json.bytes, for: request)
        case .diagnosis(let sweep, let trial):
            return HTTPAnswer(json: try await observatory.diagnose(sweep: sweep, trial: trial).json.bytes, for: request)
        case .comparison(let sweep, let others):
            return HTTPAnswer(
                json: try await observatory.comparison(sweep: sweep, with: others).json.bytes,
                for: request
            )
        case .findings(let sweep):
            let findings = FindingsDocument(try await observatory.diagnose(sweep: sweep, trial: nil))
            return HTTPAnswer(json: findings.json.bytes, for: request)
        case .timeline(let sweep): return HTTPAnswer(json: try await observatory.timeline(sweep: sweep).json.bytes)
        case .data(let sweep): return HTTPAnswer(json: try await data(sweep), for: request)
        case .file(let sweep, let kind):
            let made = try await file(kind, sweep)
            return HTTPAnswer(file: made, type: kind.type, name: kind.name(of: sweep), for: request)
        case .sweepEvents(let sweep):
            let feed = try await feeds.feed(sweep)
            return HTTPAnswer(events: request.method == "HEAD" ? .init { $0.finish() } : try await feed.watch())
        case .steer(let sweep, let steering):
            let status =
                switch steering {
                case .pause: try await observatory.pause(sweep: sweep)
                case .resume: try await observatory.resume(sweep: sweep)
                case .cancel: try await observatory.cancel(sweep: sweep)
                }
            return HTTPAnswer(json: status.json.bytes)
        case .delete(let sweep):
            let entry = try await observatory.delete(sweep: sweep)
            await feeds.forget(sweep)
            return HTTPAnswer(json: entry.json.bytes)
        case .set(let sweep):
            let adjustment = try AskRequest.adjustment(body)
            return HTTPAnswer(json: try await observatory.set(sweep: sweep, adjustment).json.bytes)
        case .enqueue(let sweep):
            let request = try AskRequest.enqueue(body)
            return HTTPAnswer(json: try await observatory.enqueue(sweep: sweep, request).json.bytes)
        case .ask(let sweep):
            let asker = try AskRequest.asker(body)
            return HTTPAnswer(json: try await observatory.ask(sweep: sweep, asker: asker).json.bytes)
        case .report(let sweep):
            return HTTPAnswer(json: try await observatory.told(sweep: sweep, try AskRequest.report(body)).json.bytes)
        case .tell(let sweep):
            return HTTPAnswer(json: try await observatory.told(sweep: sweep, try AskRequest.tell(body)).json.bytes)
        case .submit: throw ControlError(.internal, "a sweep file is not taken here")
        }
    }

    /// A list of configurations may be longer than what one trial is told of.
    private static func bodyLimit(of route: HTTPRoute) -> Int {
        if case .enqueue = route { EnqueueRequest.bodyLimit } else { AskRequest.bodyLimit }
    }

    private func body(_ request: HTTPRequest, _ limit: Int) async throws(HTTPFailure) -> [UInt8] {
        guard let body = await request.body(limit) else {
            throw HTTPFailure(413, "too_large", "the body is cut off or longer than \(limit) bytes")
        }
        return body
    }

    private func submitted(_ text: [UInt8]) async throws(HTTPFailure) -> HTTPAnswer {
        switch await submit(text) {
        case .taken(let entry): return HTTPAnswer(json: ControlAnswer.submitted(entry).json.bytes)
        case .refused(let error): throw HTTPFailure(error)
        case .mistakes(let lines):
            let count = lines.count == 1 ? "a mistake" : "\(lines.count) mistakes"
            throw HTTPFailure(422, "bad_input", "the sweep file has \(count): \(lines.first ?? "")", mistakes: lines)
        }
    }

    /// `{"role", "needs_token"}`.
    private func session(_ role: HTTPAccess.Role) -> [UInt8] {
        JSONValue.object([
            JSONMember("role", .text(role.rawValue)), JSONMember("needs_token", .boolean(access.needsToken)),
        ]).bytes
    }

    /// A cookie that no script reads and no other site's page makes a browser send; gone when the browser ends.
    private func cookie(_ request: HTTPRequest, _ value: String) -> String {
        "\(request.cookieName)=\(value); Path=/; HttpOnly; SameSite=Strict"
    }
}
