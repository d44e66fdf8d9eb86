import Glibc

/// Where to listen or connect: the text that users write (`tcp://127.0.0.1:7700`), understood as far as safety needs.
package struct Endpoint: Sendable, Hashable, CustomStringConvertible {
    /// The transports that the program uses; libzmq's others are refused.
    package enum Transport: String, Sendable, CaseIterable {
        case tcp, ipc, inproc
    }

    package let transport: Transport
    /// Of tcp: the host, without the brackets of an IPv6 address; `*` is every interface.
    ///
    /// Else the path or name.
    package let host: String
    /// Of tcp: the port; nil for `*`, the system's choice.
    package let port: UInt16?

    /// Reads `tcp://HOST:PORT`, `ipc://PATH` or `inproc://NAME`.
    package init(_ text: String) throws(EndpointError) {
        guard let separator = Self.firstRange(of: "://", in: text) else {
            throw EndpointError(.noTransport, endpoint: text)
        }
        let scheme = String(text[..<separator.lowerBound])
        guard let transport = Transport(rawValue: scheme) else {
            throw EndpointError(.unknownTransport(scheme), endpoint: text)
        }
        let address = text[separator.upperBound...]
        // libzmq takes C strings: what stands after a NUL would be read here and not there.
        guard !address.isEmpty, !address.utf8.contains(0) else { throw EndpointError(.noAddress, endpoint: text) }
        self.transport = transport
        guard transport == .tcp else {
            host = String(address)
            port = nil
            return
        }
        guard let colon = address.lastIndex(of: ":") else { throw EndpointError(.noPort, endpoint: text) }
        let portText = address[address.index(after: colon)...]
        if portText == "*" {
            port = nil
        } else if portText.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let number = UInt16(portText), number > 0 {
            port = number
        } else {
            throw EndpointError(.badPort(String(portText)), endpoint: text)
        }
        var host = address[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        // A semicolon would be libzmq's `tcp://SOURCE;TARGET`, two addresses where one was checked.
        guard !host.isEmpty, !host.contains(where: { $0 == ";" || $0 == "[" || $0 == "]" || $0 == "/" }) else {
            throw EndpointError(.badHost(String(host)), endpoint: text)
        }
        self.host = String(host)
    }

    /// True when only this machine can reach the endpoint: ipc and inproc, 127.0.0.0/8, ::1, `localhost`.
    ///
    /// Every other text is off loopback, `*` and 0.0.0.0 first of all; and so is each that leaves room for doubt, like the
    /// name of an interface or 127.1: a mistake on this side costs keys, a mistake on the other an open door.
    package var isLoopback: Bool {
        guard transport == .tcp else { return true }
        if host == "localhost" { return true }
        var four = in_addr()
        if inet_pton(AF_INET, host, &four) == 1 { return UInt32(bigEndian: four.s_addr) >> 24 == 127 }
        var six = in6_addr()
        guard inet_pton(AF_INET6, host, &six) == 1 else { return false }
        return withUnsafeBytes(of: six) { bytes in bytes.last == 1 && bytes.dropLast().allSatisfy { $0 == 0 } }
    }

    /// The text of an endpoint as it is reached at `host`: that in the place of 0.0.0.0, which every interface is bound as.
    package static func reached(_ bound: String, at host: String) -> String {
        let everywhere = "tcp://0.0.0.0:"
        return bound.hasPrefix(everywhere) ? "tcp://\(host):" + bound.dropFirst(everywhere.count) : bound
    }

    /// True when libzmq needs its IPv6 option for the endpoint.
    var isIPv6: Bool { transport == .tcp && host.contains(":") }

    /// The endpoint as libzmq is to have it.
    ///
    /// `localhost` becomes 127.0.0.1, so that no name service has a say in what was taken for loopback.
    package var description: String {
        guard transport == .tcp else { return "\(transport.rawValue)://\(host)" }
        let address = host == "localhost" ? "127.0.0.1" : host
        let shown = isIPv6 ? "[\(address)]" : address
        return "tcp://\(shown):\(port.map { String($0) } ?? "*")"
    }

    private static func firstRange(of pattern: String, in text: String) -> Range<String.Index>? {
        var start = text.startIndex
        while start < text.endIndex {
            if text[start...].hasPrefix(pattern) {
                return start..<text.index(start, offsetBy: pattern.count)
            }
            start = text.index(after: start)
        }
        return nil
    }
}

/// Why a text is no endpoint.
package struct EndpointError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong with it.
    package enum Reason: Sendable, Equatable {
        case noTransport
        case unknownTransport(String)
        case noAddress
        case noPort
        case badPort(String)
        case badHost(String)
    }

    package let reason: Reason
    /// The text.
    package let endpoint: String

    init(_ reason: Reason, endpoint: String) {
        self.reason = reason
        self.endpoint = endpoint
    }

    package var description: String {
        let problem =
            switch reason {
            case .noTransport: "it starts with no transport"
            case .unknownTransport(let scheme): "`\(scheme)` is no transport of sweepd's"
            case .noAddress: "the address is missing"
            case .noPort: "the port is missing"
            case .badPort(let port): "`\(port)` is no port: a port is a number from 1 to 65535, or *"
            case .badHost(let host): "`\(host)` is no host"
            }
        return "`\(endpoint)`: \(problem); an endpoint is written tcp://HOST:PORT, ipc://PATH or inproc://NAME"
    }
}
