/// Whom a server lets in.
package enum ServerSecurity: Sendable {
    /// Anyone on this machine; listening off loopback is refused.
    case none
    /// Those who prove to hold an allowed key. The pair is the server's own.
    case curve(CurveKeyPair, allowed: AllowedKeys)

    /// Where the allowed keys stand.
    package enum AllowedKeys: Sendable {
        /// In a file, which may change while the server runs.
        case file(AuthorizedKeysFile)
        /// Here.
        case list(AuthorizedKeys)
    }

    var hasKeys: Bool {
        guard case .curve = self else { return false }
        return true
    }
}

/// What a server reports beside messages.
///
/// For the log and the counters; nothing needs to be done about it.
package enum ServerEvent: Sendable, Equatable {
    /// A peer is through its handshake.
    case connected
    /// A connection ended. Which one, libzmq does not tell: the next message to it comes back `unreachable`.
    case disconnected
    /// A handshake failed.
    case handshakeFailed(HandshakeFailure)
    /// A peer was turned away; tells its key, so that it can be allowed.
    case denied(Denial)
    /// A message was not handed on.
    case rejected(RejectedMessage)
    /// The list of allowed keys has changed.
    case allowListChanged(AllowList.Change)
}

/// The listening end: many peers on one port, told apart by `ConnectionID`.
///
/// Lives on a `MessagingLoop`'s thread: it is made, used and closed there, by the actor whose executor the loop is. The loop
/// keeps it (and what its handlers hold) until `close()`.
///
/// Order: messages of one connection come in the order in which they were sent, and go out in the order of the sends.
/// Loss: what is under way when a connection breaks is lost, in both directions and without notice, heartbeats or not. So
/// the protocol above numbers, acknowledges and sends again.
package final class ServerSocket {
    /// The endpoint, with the system's choice of port filled in.
    package let endpoint: String

    private let loop: MessagingLoop
    private let options: ConnectionOptions
    private let router: Socket
    private let allowList: AllowList?
    private let authenticator: Authenticator?
    /// Held by the loop, for as long as the server is registered there: whoever made the server holds it, and would
    /// otherwise hold himself.
    private weak var handlers: Handlers?
    /// Peers by connection: who a connection belongs to never changes, while the list of allowed keys is the same.
    private var peers: [ConnectionID: Peer] = [:]
    private var peersGeneration = 0

    /// Twice the peers that a process has descriptors for; connections that ended are forgotten with the rest.
    private static let knownPeersLimit = 40_000
    /// Handshakes answered in one round of the loop: 64 are 30 ms of a core at 0.44 ms each.
    private static let handshakesPerRound = 64
    private static let eventsPerRound = 256

    /// Listens.
    ///
    /// From here on, handshakes are answered on the loop.
    ///
    /// Throws `EndpointError`, `UnprotectedEndpointError`, `KeyError` or `ZMQError`, and leaves nothing behind if it does.
    ///
    /// - Parameters:
    ///   - security: a context can serve one server with keys, as libzmq knows one authenticator for each.
    ///   - context: pass one to be reached by `inproc://`.
    ///   - onEvent: called on the loop's thread.
    ///   - onReadable: called on the loop's thread while there are messages; it takes some by `receiveBatch`.
    package init(
        listeningOn text: String,
        security: ServerSecurity,
        options: ConnectionOptions = ConnectionOptions(),
        in context: ZMQContext? = nil,
        on loop: MessagingLoop,
        onEvent: @escaping (ServerEvent) -> Void = { _ in },
        onReadable: @escaping (ServerSocket) -> Void
    ) throws {
        loop.checkIsolated()
        let requested = try Endpoint(text)
        try ListenPolicy.check(listeningOn: requested, hasKeys: security.hasKeys)
        let context = try context ?? ZMQContext()
        let router = try Socket(.router, in: context)
        try options.apply(to: router, as: .server, for: requested)
        try router.set(.routerMandatory, true)
        // Bound before the server is: libzmq takes the absence of an authenticator for consent.
        switch security {
        case .none:
            allowList = nil
            authenticator = nil
        case .curve(let keys, let allowed):
            let list =
                switch allowed {
                case .file(let file): try AllowList(file)
                case .list(let keys): AllowList(keys)
                }
            allowList = list
            authenticator = try Authenticator(in: context, allowList: list)
            try router.requireKeys(server: keys)
        }
        try router.startMonitor([
            .handshakeSucceeded, .authenticationFailed, .protocolFailed, .handshakeFailed, .disconnected,
        ])
        try router.bind(requested.description)

        endpoint = try router.lastEndpoint
        self.loop = loop
        self.options = options
        self.router = router
        let handlers = Handlers(onEvent: onEvent, onReadable: onReadable)
        self.handlers = handlers
        if let authenticator {
            loop.register(authenticator.socket) { [self] in answerHandshakes(authenticator) }
        }
        if let monitor = router.monitor {
            loop.register(monitor.socket) { [self] in reportEvents(of: monitor) }
        }
        loop.register(router) { [self] in handlers.onReadable(self) }
    }

    /// Stops listening and ends all connections.
    ///
    /// Idempotent.
    package func close() {
        loop.checkIsolated()
        for socket in [router, router.monitor?.socket, authenticator?.socket].compactMap(\.self) {
            loop.unregister(socket)
        }
        router.close()
        authenticator?.socket.close()
        peers = [:]
    }

    /// Looks at the file of allowed keys again, changed or not.
    ///
    /// Needless as a rule: each handshake looks, and so do messages, once a second.
    package func reloadAllowedKeys() {
        loop.checkIsolated()
        report(allowList?.reload())
    }

    private func onEvent(_ event: ServerEvent) { handlers?.onEvent(event) }

    private final class Handlers {
        let onEvent: (ServerEvent) -> Void
        let onReadable: (ServerSocket) -> Void

        init(onEvent: @escaping (ServerEvent) -> Void, onReadable: @escaping (ServerSocket) -> Void) {
            self.onEvent = onEvent
            self.onReadable = onReadable
        }
    }

    private func report(_ change: AllowList.Change?) {
        if let change { onEvent(.allowListChanged(change)) }
    }

    private func answerHandshakes(_ authenticator: Authenticator) {
        report(allowList?.refresh())
        for _ in 0..<Self.handshakesPerRound where router.isOpen {
            guard let answer = expectingNoError({ () throws(ZMQError) in try authenticator.answerNext() }) else {
                return
            }
            if case .denied(let denial) = answer { onEvent(.denied(denial)) }
        }
    }

    private func reportEvents(of monitor: SocketMonitor) {
        for _ in 0..<Self.eventsPerRound where router.isOpen {
            guard let event = expectingNoError({ () throws(ZMQError) in try monitor.next() }) else { return }
            if let failure = HandshakeFailure(event) {
                onEvent(.handshakeFailed(failure))
            } else if event.kind == .handshakeSucceeded {
                onEvent(.connected)
            } else if event.kind == .disconnected {
                onEvent(.disconnected)
            }
        }
    }
}

// MARK: - Messages

extension ServerSocket {
    /// Takes messages off the socket: at most `max`, and no further one once they come to `maxBytes`.
    ///
    /// A message that is not handed on (see `RejectedMessage.Reason`) is reported as an event and counts towards `max`. What is
    /// left is for the next round of the loop.
    package func receiveBatch(max: Int = 256, maxBytes: Int = 64 << 20) -> [ReceivedMessage] {
        loop.checkIsolated()
        report(allowList?.refreshNowAndThen())
        var messages: [ReceivedMessage] = []
        var bytes = 0
        for _ in 0..<max where router.isOpen && bytes < maxBytes {
            var connection: ConnectionID?
            var collector = FrameCollector(options.limits)
            let received = expectingNoError { () throws(ZMQError) in
                try router.receiveFrames { index, frame in
                    if index == 0 {
                        connection = ConnectionID(routingID: frame)
                    } else {
                        collector.append(frame)
                    }
                }
            }
            guard received else { break }
            bytes += collector.byteCount
            accept(collector.message, from: connection).map { messages.append($0) }
        }
        return messages
    }

    private func accept(_ message: IncomingMessage, from connection: ConnectionID?) -> ReceivedMessage? {
        guard let connection else {
            reject(.selfChosenRoutingID, nil)
            return nil
        }
        guard let peer = peer(of: connection) else {
            reject(.revoked, connection)
            return nil
        }
        switch message {
        case .complete(let frames):
            return ReceivedMessage(connection: connection, peer: peer, frames: frames)
        case .rejected(let violation):
            reject(.violation(violation), connection)
            return nil
        }
    }

    private func reject(_ reason: RejectedMessage.Reason, _ connection: ConnectionID?) {
        let key = router.metadata("User-Id").flatMap(CurvePublicKey.init(z85:))
        let address = router.metadata("Peer-Address") ?? ""
        onEvent(.rejected(RejectedMessage(reason: reason, connection: connection, key: key, address: address)))
    }

    /// Who sent the message received last; nil when its key is not allowed, or no longer.
    private func peer(of connection: ConnectionID) -> Peer? {
        let generation = allowList?.generation ?? 0
        if generation != peersGeneration || peers.count >= Self.knownPeersLimit {
            peers.removeAll(keepingCapacity: true)
            peersGeneration = generation
        }
        if let known = peers[connection] { return known }
        var identity = Peer.Identity.local
        if let allowList {
            guard let text = router.metadata("User-Id"), let key = CurvePublicKey(z85: text),
                let entry = allowList.keys[key]
            else { return nil }
            identity = .key(entry)
        }
        let peer = Peer(identity: identity, address: router.metadata("Peer-Address") ?? "")
        peers[connection] = peer
        return peer
    }

    /// Sends one message.
    ///
    /// `wouldBlock`: this peer's queue is full; others are not affected. `unreachable`: the connection has ended, or the
    /// server is closed.
    package func send(_ frames: [[UInt8]], to connection: ConnectionID) -> SendOutcome {
        loop.checkIsolated()
        return deliver(frames, to: connection)
    }

    /// Sends messages in order, and returns those that could not be sent, in their order.
    ///
    /// After a message that would block, later ones to that connection are not tried, or they would overtake it.
    package func send(_ messages: [OutgoingMessage]) -> [(message: OutgoingMessage, outcome: SendOutcome)] {
        loop.checkIsolated()
        var unsent: [(message: OutgoingMessage, outcome: SendOutcome)] = []
        var blocked: Set<ConnectionID> = []
        for message in messages {
            if blocked.contains(message.connection) {
                unsent.append((message, .wouldBlock))
                continue
            }
            let outcome = deliver(message.frames, to: message.connection)
            if outcome == .wouldBlock { blocked.insert(message.connection) }
            if outcome != .sent { unsent.append((message, outcome)) }
        }
        return unsent
    }

    private func deliver(_ frames: [[UInt8]], to connection: ConnectionID) -> SendOutcome {
        guard router.isOpen else { return .unreachable }
        precondition(!frames.isEmpty, "a message has at least one frame")
        let outcome = expectingNoError { () throws(ZMQError) in try router.send([connection.routingID] + frames) }
        if outcome == .unreachable { peers[connection] = nil }
        return outcome
    }
}

/// The result of a libzmq call that can only fail by a mistake of this module's, such as use on two threads.
///
/// Whatever a peer does comes as a value or an event; and a socket whose state is unknown must not be used on.
func expectingNoError<Result>(_ body: () throws(ZMQError) -> Result) -> Result {
    do throws(ZMQError) {
        return try body()
    } catch {
        preconditionFailure("\(error)")
    }
}
