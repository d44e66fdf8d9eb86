package import SweepReports

/// A request that is not answered with what it asked for.
package struct HTTPFailure: Error, Hashable, Sendable {
    /// The status code.
    package let status: Int
    /// A word for programs; it never changes.
    package let code: String
    /// A sentence for people.
    package let message: String
    /// The methods that are allowed, of 405.
    package let allow: String?
    /// The mistakes of a sweep file, each with its line; nil for all other refusals.
    package let mistakes: [String]?

    package init(_ status: Int, _ code: String, _ message: String, allow: String? = nil, mistakes: [String]? = nil) {
        self.status = status
        self.code = code
        self.message = message
        self.allow = allow
        self.mistakes = mistakes
    }

    /// What a coordinator's refusal is over HTTP.
    package init(_ error: ControlError) {
        let status =
            switch error.code {
            case .badInput: 400
            case .notFound: 404
            case .notAllowed: 403
            case .conflict, .leaseLost: 409
            case .busy: 503
            case .internal: 500
            }
        self.init(status, error.code.rawValue, error.message)
    }

    /// `{"error": {"code", "message"}}`, with `"mistakes"` of a sweep file.
    package var json: JSONValue {
        var members = [JSONMember("code", .text(code)), JSONMember("message", .text(message))]
        if let mistakes { members.append(JSONMember("mistakes", .array(mistakes.map { .text($0) }))) }
        return .object([JSONMember("error", .object(members))])
    }
}
