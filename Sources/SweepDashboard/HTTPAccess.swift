/// Who may ask over HTTP: whoever uses this machine, and shows the token where there is one.
///
/// A page from elsewhere whose name was made to mean 127.0.0.1 (DNS rebinding) names itself in `Host`, and is refused.
package struct HTTPAccess: Sendable {
    private let token: String?

    /// - Parameter token: what must be shown; nil when everybody on this machine may read.
    package init(token: String?) { self.token = token }

    /// Throws unless the request may be answered.
    package func check(authority: String?, authorization: String?) throws(HTTPFailure) {
        guard let authority, HTTPAddress.isLoopback(host: Self.host(of: authority)) else {
            throw HTTPFailure(
                421,
                "wrong_host",
                "this address answers to 127.0.0.1, [::1] and localhost alone; the request named another host"
            )
        }
        guard let token else { return }
        let scheme = "bearer "
        guard let authorization, authorization.prefix(scheme.count).lowercased() == scheme,
            Self.isEqual(authorization.dropFirst(scheme.count), token)
        else {
            throw HTTPFailure(
                401,
                "unauthorized",
                "a token is needed, as the header `Authorization: Bearer TOKEN`; it is in the file http-token of the "
                    + "coordinator's directory"
            )
        }
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
