import Glibc
import SweepMessaging
import SweepNodes
import SweepReports
import SweepWire

/// Finds out how far the way to a coordinator leads, without registering there.
struct CoordinatorProbe {
    let endpoint: SweepMessaging.Endpoint
    private let security: ClientSecurity
    private let patience: Duration

    /// Prepares to look; throws a `CommandFailure` for an endpoint that cannot be.
    init(_ endpoint: String, security: ClientSecurity, patience: Duration) throws {
        do { self.endpoint = try SweepMessaging.Endpoint(endpoint) } catch {
            throw CommandFailure(.badInput, "--connect: \(error)")
        }
        self.security = security
        self.patience = patience
    }

    /// Looks; blocks the thread for at most a few times the patience.
    func look() -> (NodeFacts.Connection, NodeFacts.Coordinator?) {
        let hasKeys = if case .curve = security { true } else { false }
        let socket: ClientSocket
        do { socket = try ClientSocket(connectingTo: endpoint.description, security: security) } catch {
            // Without keys nothing is said to another machine; whether its port is open is seen all the same.
            return (error is UnprotectedEndpointError ? withoutHandshake(hasKeys) : .impossible("\(error)"), nil)
        }
        defer { socket.close() }
        switch socket.waitUntilConnected(timeout: patience) {
        case .connected: return ask(socket, hasKeys: hasKeys)
        case .handshakeFailed(.notAllowed):
            guard case .curve(let own, _) = security else { return (.strange(hasKeys: false), nil) }
            return (.unknownKey(publicKey: own.publicKey.z85), nil)
        default: return (withoutHandshake(hasKeys), nil)
        }
    }

    /// Why no handshake came about: asked of the port alone, and only now, as a coordinator takes a connection that says nothing for
    /// a broken one, and logs it.
    private func withoutHandshake(_ hasKeys: Bool) -> NodeFacts.Connection {
        guard endpoint.transport == .tcp, let port = endpoint.port else { return .strange(hasKeys: hasKeys) }
        return switch PortProbe.look(host: endpoint.host, port: port, patience: patience) {
        case .open: .strange(hasKeys: hasKeys)
        case .unresolved(let reason): .unresolved(reason)
        case .refused: .refused
        case .silent: .silent(seconds: patience / .seconds(1))
        case .impossible(let reason): .impossible(reason)
        }
    }

    private func ask(_ socket: ClientSocket, hasKeys: Bool) -> (NodeFacts.Connection, NodeFacts.Coordinator?) {
        let request = Message.request(ClientRequest(id: 1, verb: AboutDocument.verb, body: []))
        let begun = ContinuousClock.now
        guard let frames = try? request.encode(), socket.send(frames) == .sent,
            let answer = socket.receive(timeout: patience)
        else { return (.strange(hasKeys: hasKeys), nil) }
        let roundTrip = begun.duration(to: .now) / .seconds(1)
        var received = timespec()
        clock_gettime(CLOCK_REALTIME, &received)
        let wallClock = Double(received.tv_sec) + Double(received.tv_nsec) * 1e-9
        let established = NodeFacts.Connection.established(hasKeys: hasKeys, roundTrip: roundTrip)
        let message: Message
        do { message = try Message.decode(answer) } catch {
            return (.otherProtocol(hasKeys: hasKeys, sentence: "\(error)"), nil)
        }
        switch message {
        case .problem(let problem) where problem.code == .badVersion:
            return (.otherProtocol(hasKeys: hasKeys, sentence: problem.sentence), nil)
        case .response(let response) where response.status == .done:
            guard let about = try? AboutDocument(json: JSONValue(parsing: response.body)) else { break }
            let coordinator = NodeFacts.Coordinator(
                software: NodeFacts.Software(
                    version: about.software,
                    protocolVersion: about.newestProtocol,
                    oldestProtocol: about.oldestProtocol,
                    core: about.core
                ),
                role: about.role,
                // It read its clock about half a round trip before the answer came.
                clockDifference: Double(about.milliseconds) / 1000 - (wallClock - roundTrip / 2),
                expectations: about.expectations
            )
            return (established, coordinator)
        default: break
        }
        return (established, nil)
    }
}

/// Whether a TCP port can be connected to, told apart by what stands in the way.
package enum PortProbe {
    /// How it went.
    package enum Outcome: Equatable {
        case open, refused, silent
        case unresolved(String)
        case impossible(String)
    }

    /// Tries each address of the host until one answers.
    package static func look(host: String, port: UInt16, patience: Duration) -> Outcome {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &list)
        guard code == 0, let first = list else { return .unresolved(String(cString: gai_strerror(code))) }
        defer { freeaddrinfo(first) }
        var outcome = Outcome.silent
        var next: UnsafeMutablePointer<addrinfo>? = first
        while let entry = next?.pointee {
            outcome = connect(entry, patience: patience)
            if outcome == .open { return .open }
            next = entry.ai_next
        }
        return outcome
    }

    private static func connect(_ entry: addrinfo, patience: Duration) -> Outcome {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let socket = Glibc.socket(entry.ai_family, type, 0)
        guard socket >= 0 else { return outcome(errno) }
        defer { close(socket) }
        if Glibc.connect(socket, entry.ai_addr, entry.ai_addrlen) == 0 { return .open }
        guard errno == EINPROGRESS else { return outcome(errno) }
        var wait = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
        guard poll(&wait, 1, Int32(clamping: Int(patience / .milliseconds(1)))) > 0 else { return .silent }
        var error: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size)
        return error == 0 ? .open : outcome(error)
    }

    private static func outcome(_ number: Int32) -> Outcome {
        switch number {
        case ECONNREFUSED: .refused
        case ETIMEDOUT: .silent
        default: .impossible(String(cString: strerror(number)))
        }
    }
}
