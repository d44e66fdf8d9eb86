/// What the site looks at of a request.
package struct HTTPRequest: Sendable {
    package var method: String
    /// Path and query.
    package var target: String
    /// The `Host` header.
    package var authority: String?
    package var authorization: String?
    package var cookie: String?
    /// The page that a browser says the request comes from.
    package var origin: String?
    /// What a browser says of that page: `same-origin`, `cross-site`, …
    package var fetchSite: String?
    /// The header that no form and no picture of another page can send.
    package var marker: String?
    package var ifNoneMatch: String?
    package var acceptEncoding: String?
    /// Reads the body; nil when it has more bytes than the limit. Called only for who may send one.
    package var body: @Sendable (_ limit: Int) async -> [UInt8]?

    /// The name of the header `marker`.
    package static let markerName = "sweepd-request"

    package init(
        method: String = "GET",
        target: String,
        authority: String?,
        authorization: String? = nil,
        cookie: String? = nil,
        origin: String? = nil,
        fetchSite: String? = nil,
        marker: String? = nil,
        ifNoneMatch: String? = nil,
        acceptEncoding: String? = nil,
        body: @escaping @Sendable (_ limit: Int) async -> [UInt8]? = { _ in [] }
    ) {
        self.method = method
        self.target = target
        self.authority = authority
        self.authorization = authorization
        self.cookie = cookie
        self.origin = origin
        self.fetchSite = fetchSite
        self.marker = marker
        self.ifNoneMatch = ifNoneMatch
        self.acceptEncoding = acceptEncoding
        self.body = body
    }

    /// The token of `Authorization: Bearer TOKEN`.
    var bearer: Substring? {
        let scheme = "bearer "
        guard let authorization, authorization.prefix(scheme.count).lowercased() == scheme else { return nil }
        return authorization.dropFirst(scheme.count)
    }

    /// The name of the cookie that holds a token: with the port, as browsers keep one jar for all ports of a host.
    var cookieName: String { "sweepd-" + (authority.flatMap(Self.port) ?? "80") }

    /// The cookie's token.
    var cookieToken: Substring? {
        for pair in (cookie ?? "").split(separator: ";") {
            let sides = pair.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
            if sides.count == 2, sides[0] == cookieName { return sides[1] }
        }
        return nil
    }

    /// Whether the answer's tag is among those that the asker has.
    func has(_ tag: String) -> Bool {
        guard let ifNoneMatch else { return false }
        return ifNoneMatch.split(separator: ",").contains { word in
            let word = word.drop { $0 == " " }
            return word == tag || word == "W/" + tag
        }
    }

    /// Whether the asker reads gzip.
    var takesGzip: Bool {
        (acceptEncoding ?? "").lowercased().split(separator: ",").contains { word in
            let parts = word.split(separator: ";").map { $0.filter { $0 != " " } }
            let isRefused = parts.dropFirst().contains { $0.hasPrefix("q=") && Double($0.dropFirst(2)) == 0 }
            return parts.first == "gzip" && !isRefused
        }
    }

    private static func port(of authority: String) -> String? {
        guard let colon = authority.lastIndex(of: ":") else { return nil }
        let digits = authority[authority.index(after: colon)...]
        return digits.isEmpty || !digits.utf8.allSatisfy { (0x30...0x39).contains($0) } ? nil : String(digits)
    }
}
