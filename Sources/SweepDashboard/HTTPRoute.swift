/// What a request asks for; reading one looks at nothing but its method and target.
package enum HTTPRoute: Hashable, Sendable {
    /// Whether the coordinator answers.
    case health
    /// Its counters, for Prometheus.
    case metrics
    /// What can be asked for.
    case index
    case sweeps
    case status(sweep: String)
    case rank(sweep: String, top: Int?)
    case curves(sweep: String, trial: Int?)

    /// The paths there are, as they are told to people.
    package static let paths = [
        "/health", "/metrics", "/api/sweeps", "/api/sweeps/NAME/status", "/api/sweeps/NAME/rank?top=K",
        "/api/sweeps/NAME/curves?trial=N",
    ]

    /// No target of ours comes near; what is longer is not read.
    private static let maximumTargetBytes = 4_096
    /// The port's own requests allow as much; no sweep has more trials.
    private static let numbers = 1...1_000_000_000

    /// Reads a request line: all routes answer GET and HEAD alone.
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
        let query = try Self.query(parts.count > 1 ? parts[1] : "")
        func number(_ key: String) throws(HTTPFailure) -> Int? {
            guard let text = query[key] else { return nil }
            guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text),
                Self.numbers.contains(number)
            else {
                throw HTTPFailure(400, "bad_input", "\(key): found \(text.debugDescription), allowed a number from 1")
            }
            return number
        }
        var known: Set<String> = []
        switch path {
        case []: self = .index
        case ["health"]: self = .health
        case ["metrics"]: self = .metrics
        case ["api", "sweeps"]: self = .sweeps
        case let path where path.count == 4 && path.starts(with: ["api", "sweeps"]) && path[3] == "status":
            self = .status(sweep: path[2])
        case let path where path.count == 4 && path.starts(with: ["api", "sweeps"]) && path[3] == "rank":
            known = ["top"]
            self = .rank(sweep: path[2], top: try number("top"))
        case let path where path.count == 4 && path.starts(with: ["api", "sweeps"]) && path[3] == "curves":
            known = ["trial"]
            self = .curves(sweep: path[2], trial: try number("trial"))
        default:
            throw HTTPFailure(404, "not_found", "nothing is here; there are \(Self.paths.joined(separator: ", "))")
        }
        if let unknown = query.keys.sorted().first(where: { !known.contains($0) }) {
            throw HTTPFailure(400, "bad_input", "\(unknown.debugDescription): not a parameter of this address")
        }
        guard method == "GET" || method == "HEAD" else {
            throw HTTPFailure(405, "method_not_allowed", "only GET is answered here", allow: "GET, HEAD")
        }
    }

    private static func query(_ text: Substring) throws(HTTPFailure) -> [String: String] {
        var values: [String: String] = [:]
        for pair in text.split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let key = decoded(sides[0]), let value = decoded(sides.count > 1 ? sides[1] : ""),
                values.updateValue(value, forKey: key) == nil
            else { throw HTTPFailure(400, "bad_input", "the parameters are no UTF-8 text, or one is given twice") }
        }
        return values
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
