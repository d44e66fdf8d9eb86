package import SweepReports

/// What is served over HTTP: the coordinator's documents, to be read.
///
/// Nothing here changes anything. The documents are those of the commands with `--format json`.
package struct StatusSite: Sendable {
    private let access: HTTPAccess
    private let control: any SweepControl
    private let health: @Sendable () async -> String
    private let metrics: @Sendable () async -> String

    /// - Parameters:
    ///   - health: the JSON document of `/health`.
    ///   - metrics: the text of `/metrics`, in Prometheus' format.
    package init(
        access: HTTPAccess,
        control: any SweepControl,
        health: @escaping @Sendable () async -> String,
        metrics: @escaping @Sendable () async -> String
    ) {
        self.access = access
        self.control = control
        self.health = health
        self.metrics = metrics
    }

    /// Answers one request; `target` is path and query, `authority` the `Host` header.
    package func answer(
        method: String,
        target: String,
        authority: String?,
        authorization: String?
    ) async -> HTTPAnswer {
        do throws(HTTPFailure) {
            try access.check(authority: authority, authorization: authorization)
            return try await answer(HTTPRoute(method: method, target: target))
        } catch {
            return HTTPAnswer(error)
        }
    }

    private func answer(_ route: HTTPRoute) async throws(HTTPFailure) -> HTTPAnswer {
        let request: ControlRequest
        switch route {
        case .health: return HTTPAnswer(json: Array(await health().utf8))
        case .metrics: return HTTPAnswer(text: await metrics())
        case .index:
            let paths = JSONValue.array(HTTPRoute.paths.map { .text($0) })
            return HTTPAnswer(json: JSONValue.object([JSONMember("paths", paths)]).bytes)
        case .sweeps: request = .list
        case .status(let sweep): request = .status(sweep: sweep)
        case .rank(let sweep, let top): request = .rank(sweep: sweep, top: top)
        case .curves(let sweep, let trial): request = .curves(sweep: sweep, trial: trial)
        }
        do throws(ControlError) { return HTTPAnswer(json: try await control.answer(request).json.bytes) } catch {
            throw HTTPFailure(error)
        }
    }
}

/// An answer, before it is put into HTTP's form.
package struct HTTPAnswer: Hashable, Sendable {
    package let status: Int
    package let body: [UInt8]
    /// Header fields beside the length.
    package let headers: [String: String]

    private init(_ status: Int, _ type: String, _ body: [UInt8], _ more: [String: String] = [:]) {
        self.status = status
        self.body = body
        // What is true now is not kept, and not guessed at.
        let fixed = ["content-type": type, "cache-control": "no-store", "x-content-type-options": "nosniff"]
        headers = fixed.merging(more) { $1 }
    }

    init(json: [UInt8]) { self.init(200, "application/json", json) }

    /// Text as Prometheus reads it.
    init(text: String) { self.init(200, "text/plain; version=0.0.4; charset=utf-8", Array(text.utf8)) }

    /// The document of a refusal.
    package init(_ failure: HTTPFailure) {
        var more: [String: String] = [:]
        if let allow = failure.allow { more["allow"] = allow }
        if failure.status == 401 { more["www-authenticate"] = "Bearer" }
        self.init(failure.status, "application/json", failure.json.bytes, more)
    }
}
