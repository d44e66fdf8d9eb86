package import SweepCore

/// What a request asks for; reading one looks at nothing but its method and target.
package enum HTTPRoute: Hashable, Sendable {
    /// Whether the coordinator answers.
    case health
    /// Its counters, for Prometheus.
    case metrics
    /// What can be asked for.
    case index
    /// What the asker may do.
    case session
    /// A token is to be kept as a cookie, or the cookie to be forgotten.
    case login, logout
    case sweeps
    case workers
    /// Sweeps and workers as they change.
    case events
    case sweep(String)
    case status(sweep: String)
    case rank(sweep: String, top: Int?, metric: Metric? = nil)
    case curves(sweep: String, trial: Int?)
    case trials(sweep: String, TrialsQuery)
    case trial(sweep: String, number: Int)
    case timeline(sweep: String)
    /// What its rows look like.
    case data(sweep: String)
    case importance(sweep: String, metric: Metric?)
    case explanation(sweep: String, trial: Int)
    /// What trials suffer from: those of one verdict together, or all that there is to say of one.
    case findings(sweep: String)
    case diagnosis(sweep: String, trial: Int)
    /// What the arms of a sweep come to, corrected for those of other sweeps too.
    case comparison(sweep: String, with: [String] = [])
    /// A report on it, or its history for other tools.
    case file(sweep: String, SweepDownload)
    /// A sweep as it changes.
    case sweepEvents(sweep: String)
    case steer(sweep: String, Steering)
    /// A sweep file is handed in.
    case submit
    /// A sweep that is over is removed.
    case delete(sweep: String)
    /// Priority, limit or number of trials are changed.
    case set(sweep: String)
    /// Configurations are to be tried next.
    case enqueue(sweep: String)
    /// A program outside asks for a trial, reports an epoch of one, or tells its end.
    case ask(sweep: String), report(sweep: String), tell(sweep: String)

    /// How a sweep may be steered.
    package enum Steering: String, CaseIterable, Sendable {
        case pause, resume, cancel
    }

    /// Which trials are asked for, and what of them.
    package struct TrialsQuery: Hashable, Sendable {
        /// The metrics whose values are wanted; nil for all.
        package var metrics: [Metric]?
        /// Only what changed since this version.
        package var since: String?
        /// Only trials above this number, and at most so many.
        package var after: Int?
        package var limit: Int?

        package init(metrics: [Metric]? = nil, since: String? = nil, after: Int? = nil, limit: Int? = nil) {
            self.metrics = metrics
            self.since = since
            self.after = after
            self.limit = limit
        }
    }

    /// The paths there are, as they are told to people.
    package static let paths =
        ["/", "/health", "/metrics"]
        + [
            "", "/openapi.json", "/session", "/login", "/logout", "/sweeps", "/workers", "/events", "/sweeps/NAME",
            "/sweeps/NAME/status", "/sweeps/NAME/rank?top=K&metric=M", "/sweeps/NAME/curves?trial=N",
            "/sweeps/NAME/trials?metrics=M,M&since=VERSION&after=N&limit=K", "/sweeps/NAME/trials/N",
            "/sweeps/NAME/trials/N/explanation", "/sweeps/NAME/trials/N/diagnosis", "/sweeps/NAME/findings",
            "/sweeps/NAME/comparison?with=NAME,NAME", "/sweeps/NAME/importance?metric=M",
            "/sweeps/NAME/timeline", "/sweeps/NAME/data", "/sweeps/NAME/events", "/sweeps/NAME/pause",
            "/sweeps/NAME/resume",
            "/sweeps/NAME/cancel", "/sweeps/NAME/set", "/sweeps/NAME/enqueue", "/sweeps/NAME/ask",
            "/sweeps/NAME/report?format=F", "/sweeps/NAME/export?format=F", "/sweeps/NAME/tell",
        ].map { "/api/v1" + $0 }

    /// Whether it changes something beside what the asker's browser keeps.
    package var isSteering: Bool {
        switch self {
        case .steer, .submit, .delete, .set, .enqueue, .ask, .report, .tell: true
        default: false
        }
    }

    private var isPost: Bool {
        switch self {
        case .login, .logout: true
        default: isSteering
        }
    }

    /// No target of ours comes near; what is longer is not read.
    private static let maximumTargetBytes = 4_096
    /// The port's own requests allow as much; no sweep has more trials.
    private static let numbers = 1...1_000_000_000

    /// Reads a request line: what reads answers GET and HEAD, what changes POST or, where a sweep is removed, DELETE.
    package init(method: String, target: String) throws(HTTPFailure) {
        guard target.utf8.count <= Self.maximumTargetBytes else {
            throw HTTPFailure(414, "bad_input", "the address is longer than \(Self.maximumTargetBytes) bytes")
        }
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var path: [String] = []
        for word in parts[0].split(separator: "/") {
            guard let decoded = Self.decoded(word) else {
                throw HTTPFailure(400, "bad_input", "the address has an escape that is no UTF-8 text")
            }
            path.append(decoded)
        }
        // Whether the address takes the method comes before what is asked of it, and of which trial.
        var shape = path
        if shape.count > 5, shape[4] == "trials" { shape[5] = "1" }
        try Self.address(shape, Query()).allow(method)
        let query = try Query(parts.count > 1 ? parts[1] : "")
        let route = try Self.address(path, query)
        // The three addresses where reading and changing meet.
        switch route {
        case .sweeps where method == "POST": self = .submit
        case .sweep(let sweep) where method == "DELETE": self = .delete(sweep: sweep)
        case .file(let sweep, let file) where method == "POST" && file.isReport: self = .report(sweep: sweep)
        default: self = route
        }
        try query.allow(keys)
    }

    /// The route of a path; throws where there is none.
    private static func address(_ path: [String], _ query: Query) throws(HTTPFailure) -> HTTPRoute {
        switch path {
        case ["health"]: return .health
        case ["metrics"]: return .metrics
        case let path where path.starts(with: ["api", "v1"]):
            guard let route = try api(path.dropFirst(2), query) else { throw notFound }
            return route
        default: throw notFound
        }
    }

    /// Throws where the address is not asked by this method.
    private func allow(_ method: String) throws(HTTPFailure) {
        guard !methods.contains(method) else { return }
        var others = methods.filter { $0 != "HEAD" }
        let last = others.removeLast()
        let named = others.isEmpty ? "\(last) is" : "\(others.joined(separator: ", ")) and \(last) are"
        throw HTTPFailure(
            405,
            "method_not_allowed",
            "only \(named) answered here",
            allow: methods.joined(separator: ", ")
        )
    }

    /// What may be asked of the address, the same whatever was asked.
    private var methods: [String] {
        switch self {
        case .sweeps, .submit: ["GET", "HEAD", "POST"]
        case .sweep, .delete: ["GET", "HEAD", "DELETE"]
        case .file(_, let file) where file.isReport: ["GET", "HEAD", "POST"]
        default: isPost ? ["POST"] : ["GET", "HEAD"]
        }
    }

    private static let notFound = HTTPFailure(
        404,
        "not_found",
        "nothing is here; there are \(Self.paths.joined(separator: ", "))"
    )

    /// The route of a path below `/api/v1`; nil when there is none.
    private static func api(_ path: ArraySlice<String>, _ query: Query) throws(HTTPFailure) -> HTTPRoute? {
        let path = Array(path)
        switch path {
        case []: return .index
        case ["session"]: return .session
        case ["login"]: return .login
        case ["logout"]: return .logout
        case ["sweeps"]: return .sweeps
        case ["workers"]: return .workers
        case ["events"]: return .events
        default: break
        }
        guard path.count >= 2, path[0] == "sweeps" else { return nil }
        let sweep = path[1]
        switch (path.count, path.count > 2 ? path[2] : "") {
        case (2, _): return .sweep(sweep)
        case (3, "status"): return .status(sweep: sweep)
        case (3, "rank"):
            return .rank(sweep: sweep, top: try query.number("top"), metric: try query.metric("metric"))
        case (3, "curves"): return .curves(sweep: sweep, trial: try query.number("trial"))
        case (3, "importance"):
            return .importance(sweep: sweep, metric: try query.metric("metric"))
        case (3, "comparison"): return .comparison(sweep: sweep, with: try query.names("with"))
        case (3, "findings"): return .findings(sweep: sweep)
        case (3, "timeline"): return .timeline(sweep: sweep)
        case (3, "data"): return .data(sweep: sweep)
        case (3, "events"): return .sweepEvents(sweep: sweep)
        case (3, "set"): return .set(sweep: sweep)
        case (3, "enqueue"): return .enqueue(sweep: sweep)
        case (3, "ask"): return .ask(sweep: sweep)
        case (3, "report"): return .file(sweep: sweep, try query.file("format", of: SweepDownload.reports))
        case (3, "export"): return .file(sweep: sweep, try query.file("format", of: SweepDownload.exports))
        case (3, "tell"): return .tell(sweep: sweep)
        case (3, "trials"):
            return .trials(
                sweep: sweep,
                TrialsQuery(
                    metrics: try query.metrics("metrics"),
                    since: query["since"],
                    after: try query.number("after"),
                    limit: try query.number("limit")
                )
            )
        case (5, "trials") where path[4] == "explanation":
            return .explanation(sweep: sweep, trial: try Query.number(path[3], "trial"))
        case (5, "trials") where path[4] == "diagnosis":
            return .diagnosis(sweep: sweep, trial: try Query.number(path[3], "trial"))
        case (4, "trials"): return .trial(sweep: sweep, number: try Query.number(path[3], "trial"))
        case (3, let word): return Steering(rawValue: word).map { .steer(sweep: sweep, $0) }
        default: return nil
        }
    }

    /// The parameters that it knows.
    private var keys: Set<String> {
        switch self {
        case .rank: ["top", "metric"]
        case .curves: ["trial"]
        case .importance: ["metric"]
        case .comparison: ["with"]
        case .file: ["format"]
        case .trials: ["metrics", "since", "after", "limit"]
        default: []
        }
    }

    /// The parameters of an address.
    private struct Query {
        private var values: [String: String] = [:]

        /// One without a parameter.
        init() {}

        init(_ text: Substring) throws(HTTPFailure) {
            for pair in text.split(separator: "&") {
                let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard let key = decoded(sides[0]), let value = decoded(sides.count > 1 ? sides[1] : ""),
                    values.updateValue(value, forKey: key) == nil
                else { throw HTTPFailure(400, "bad_input", "the parameters are no UTF-8 text, or one is given twice") }
            }
        }

        subscript(key: String) -> String? { values[key] }

        func allow(_ keys: Set<String>) throws(HTTPFailure) {
            if let unknown = values.keys.sorted().first(where: { !keys.contains($0) }) {
                throw HTTPFailure(400, "bad_input", "\(unknown.debugDescription): not a parameter of this address")
            }
        }

        func number(_ key: String) throws(HTTPFailure) -> Int? {
            guard let text = values[key] else { return nil }
            return try Self.number(text, key)
        }

        func metric(_ key: String) throws(HTTPFailure) -> Metric? {
            guard let metrics = try metrics(key) else { return nil }
            guard metrics.count == 1 else { throw HTTPFailure(400, "bad_input", "\(key): allowed is one metric") }
            return metrics[0]
        }

        func metrics(_ key: String) throws(HTTPFailure) -> [Metric]? {
            guard let text = values[key] else { return nil }
            var metrics: [Metric] = []
            for word in text.split(separator: ",") {
                guard let metric = Metric(rawValue: String(word)) else {
                    throw HTTPFailure(
                        400,
                        "bad_input",
                        "\(key): found \(word.debugDescription), allowed \(Metric.words.joined(separator: ", "))"
                    )
                }
                if !metrics.contains(metric) { metrics.append(metric) }
            }
            return metrics
        }

        /// One of these files, the first unless told.
        func file(_ key: String, of files: [SweepDownload]) throws(HTTPFailure) -> SweepDownload {
            let text = values[key] ?? files[0].rawValue
            guard let file = files.first(where: { $0.rawValue == text }) else {
                let words = files.map(\.rawValue).joined(separator: ", ")
                throw HTTPFailure(400, "bad_input", "\(key): found \(text.debugDescription), allowed \(words)")
            }
            return file
        }

        /// The names of a list, none where the parameter is not given.
        func names(_ key: String) throws(HTTPFailure) -> [String] {
            guard let text = values[key] else { return [] }
            let names = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            guard !names.contains("") else {
                throw HTTPFailure(400, "bad_input", "\(key): found \(text.debugDescription), allowed names of sweeps")
            }
            return names
        }

        static func number(_ text: String, _ key: String) throws(HTTPFailure) -> Int {
            guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text),
                HTTPRoute.numbers.contains(number)
            else {
                throw HTTPFailure(400, "bad_input", "\(key): found \(text.debugDescription), allowed a number from 1")
            }
            return number
        }
    }

    /// The text with its `%XX` replaced; nil when that is no UTF-8 text.
    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, digits.allSatisfy({ $0 != UInt8(ascii: "+") }),
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
