/// Who may ask over HTTP, and for what: whoever uses this machine, and shows a token where there is one.
///
/// A page from elsewhere whose name was made to mean 127.0.0.1 (DNS rebinding) names itself in `Host`, and is refused. A page
/// from elsewhere that sends requests here by its visitor's browser (cross-site request forgery) cannot send the header that
/// a change needs, and browsers tell where a request comes from.
package struct HTTPAccess: Sendable {
    /// What an asker may do.
    package enum Role: String, Sendable {
        case read, steer
    }

    private let steering: String?
    private let reading: String?

    /// - Parameters:
    ///   - token: what must be shown to steer; nil when everybody on this machine may read and steer.
    ///   - readToken: what must be shown to read; nil when it takes the other one.
    package init(token: String?, readToken: String? = nil) {
        steering = token
        reading = readToken
    }

    /// Whether a token is asked for at all.
    package var needsToken: Bool { steering != nil }

    /// Throws unless the request names this machine.
    package func checkHost(_ request: HTTPRequest) throws(HTTPFailure) {
        guard let authority = request.authority, HTTPAddress.isLoopback(host: Self.host(of: authority)) else {
            throw HTTPFailure(
                421,
                "wrong_host",
                "this address answers to 127.0.0.1, [::1] and localhost alone; the request named another host"
            )
        }
    }

    /// What the asker may do; throws when that is nothing.
    package func role(of request: HTTPRequest) throws(HTTPFailure) -> Role {
        guard steering != nil else { return .steer }
        if let shown = request.bearer ?? request.cookieToken, let role = role(ofToken: shown) { return role }
        throw HTTPFailure(
            401,
            "unauthorized",
            "a token is needed, as the header `Authorization: Bearer TOKEN`; the coordinator's directory has one that steers in "
                + "the file http-token, and one that only reads in http-token-read"
        )
    }

    /// Throws unless the request may change something.
    package func checkSteering(_ request: HTTPRequest, _ role: Role) throws(HTTPFailure) {
        guard role == .steer else {
            throw HTTPFailure(403, "not_allowed", "this token only reads; the one in the file http-token steers")
        }
        try checkOrigin(request)
    }

    /// Throws when the request may come from another page by its visitor's browser.
    package func checkOrigin(_ request: HTTPRequest) throws(HTTPFailure) {
        if let site = request.fetchSite, site != "same-origin", site != "none" { throw Self.foreign }
        if let origin = request.origin, let authority = request.authority,
            origin.lowercased() != "http://" + authority.lowercased()
        {
            throw Self.foreign
        }
        // Who shows a token in a header does so on purpose; a cookie, and being on this machine, come by themselves.
        guard request.bearer != nil || request.marker?.isEmpty == false else {
            throw HTTPFailure(
                403,
                "not_allowed",
                "a change needs the header `Sweepd-Request: 1`, which pages of other sites cannot send"
            )
        }
    }

    private static let foreign = HTTPFailure(403, "not_allowed", "the request comes from a page of another site")

    private func role(ofToken shown: Substring) -> Role? {
        // Both are compared, whichever is right.
        let steers = Self.isEqual(shown, steering ?? "")
        let reads = Self.isEqual(shown, reading ?? "")
        return steers ? .steer : reads ? .read : nil
    }

    /// The host of `HOST:PORT`, without an IPv6 address's brackets.
    private static func host(of authority: String) -> String {
        let text = authority.lowercased()
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            return String(text[text.index(after: text.startIndex)..<end])
        }
        return text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).first.map(String.init) ?? ""
    }

    /// Compares in a time that does not tell how much of the text is right.
    private static func isEqual(_ shown: Substring, _ token: String) -> Bool {
        let shown = Array(shown.utf8)
        let token = Array(token.utf8)
        guard shown.count == token.count, !token.isEmpty else { return false }
        return zip(shown, token).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
