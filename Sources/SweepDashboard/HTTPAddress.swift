import Glibc

/// Where HTTP is served: `HOST:PORT`, port 0 for one of the system's choice.
package struct HTTPAddress: Hashable, Sendable, CustomStringConvertible {
    /// A name or an address, without the brackets of an IPv6 one; `*` is every interface.
    package let host: String
    package let port: Int

    /// Where a coordinator serves it unless told.
    package static let usual = HTTPAddress(host: "127.0.0.1", port: 7_780)
    /// How many ports above a busy one are tried.
    private static let portsTried = 32

    private init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `127.0.0.1:7780`, `[::1]:7780`, `localhost:0` or `*:7780`; nil for anything else.
    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[text.index(after: colon)...]
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = Int(digits),
            (0...65_535).contains(port)
        else { return nil }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
        } else if host.contains(":") {
            return nil
        }
        let letters = host.unicodeScalars
        guard !letters.isEmpty, letters.allSatisfy({ $0.isASCII && $0.value > 0x20 && $0 != "/" && $0 != "@" }) else {
            return nil
        }
        // So that no name service has a say in what was taken for loopback.
        self.init(host: host == "localhost" ? "127.0.0.1" : host, port: port)
    }

    /// Whether only this machine reaches it; a name is not taken for loopback, whatever it may mean.
    package var isLoopback: Bool { Self.isLoopback(host: host) }

    /// 127.0.0.0/8, ::1 and `localhost`.
    static func isLoopback(host: String) -> Bool {
        if host == "localhost" || host == "::1" { return true }
        var four = in_addr()
        return inet_pton(AF_INET, host, &four) == 1 && UInt32(bigEndian: four.s_addr) >> 24 == 127
    }

    /// The host to bind: `*` is every interface.
    var boundHost: String { host == "*" ? "0.0.0.0" : host }

    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// This address and some ports above it, to be tried in order.
    package var andAbove: [HTTPAddress] {
        (port...min(port + Self.portsTried, 65_535)).map { HTTPAddress(host: host, port: $0) }
    }

    /// Whether nobody listens there now; the binding that follows has the last word.
    ///
    /// True also where it cannot be told, as of a host name.
    package var isFree: Bool {
        guard port > 0 else { return true }
        if host.contains(":") {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = in_port_t(port).bigEndian
            guard inet_pton(AF_INET6, host, &address.sin6_addr) == 1 else { return true }
            return Self.binds(AF_INET6, address)
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        guard inet_pton(AF_INET, boundHost, &address.sin_addr) == 1 else { return true }
        return Self.binds(AF_INET, address)
    }

    private static func binds<Address>(_ family: Int32, _ address: Address) -> Bool {
        let probe = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard probe >= 0 else { return true }
        defer { close(probe) }
        var yes: Int32 = 1
        setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        return withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(probe, $0, socklen_t(MemoryLayout<Address>.size)) == 0 || errno != EADDRINUSE
            }
        }
    }
}
