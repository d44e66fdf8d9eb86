/// Where HTTP is served: `HOST:PORT`, port 0 for one of the system's choice.
package struct HTTPAddress: Hashable, Sendable, CustomStringConvertible {
    package let host: String
    package let port: Int

    /// Reads `127.0.0.1:7780`, `[::1]:7780` or `localhost:0`; nil for anything else, and for addresses off loopback.
    ///
    /// Plain HTTP carries no proof of who asks, so it stays on the machine.
    package init?(loopback text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65_535).contains(port)
        else { return nil }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        let isFour = parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
        guard isFour || host == "::1" || host == "localhost" else { return nil }
        self.host = host == "localhost" ? "127.0.0.1" : host
        self.port = port
    }

    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
