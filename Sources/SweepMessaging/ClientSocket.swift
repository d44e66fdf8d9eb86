/// How a client proves who it is, and knows the server.
package enum ClientSecurity: Sendable {
    /// Not at all; connecting off loopback is refused.
    case none
    /// By a key pair of its own and the server's public key.
    case curve(CurveKeyPair, server: CurvePublicKey)

    var hasKeys: Bool {
        guard case .curve = self else { return false }
        return true
    }
}

/// What a client reports beside messages.
package enum ClientEvent: Sendable, Equatable {
    /// The handshake is done: messages flow. The server knows nothing of an earlier connection: introduce yourself.
    case connected
    /// The connection ended; another is attempted by itself.
    case disconnected
    /// The handshake failed; another is attempted by itself, in vain as long as it says `notAllowed` or `incompatible`.
    case handshakeFailed(HandshakeFailure)
    /// Nothing answered there; tried again by itself.
    case unanswered
    /// A message of the server's broke the limits and was dropped.
    case rejected(MessageViolation)
}

/// The connecting end: one server, reconnected to by itself.
///
/// Used in one of two ways. A worker attaches it to its `MessagingLoop` and is called when there is something to read. A
/// command that asks one question uses it on its own thread, with `waitUntilConnected`, `receive(timeout:)` and `close()`.
///
/// Messages are taken only while a connection is up (`wouldBlock` otherwise) and die with it, so that the first message a
/// server sees of a connection is the first that was sent on it, not the leftovers of an earlier one.
package final class ClientSocket {
    package let endpoint: Endpoint

    private let security: ClientSecurity
    private let options: ConnectionOptions
    private let context: ZMQContext
    private var socket: Socket
    private var loop: MessagingLoop?
    private weak var handlers: Handlers?
    /// Pending while the connection is down and libzmq has not said that it tries again.
    private var revival: TimerID?

    private static let eventsPerRound = 64

    /// What the loop holds for an attached client.
    ///
    /// The client itself knows it weakly: whoever made the client holds it, and would otherwise hold himself.
    private final class Handlers {
        let onEvent: (ClientEvent) -> Void
        let onReadable: (ClientSocket) -> Void

        init(onEvent: @escaping (ClientEvent) -> Void, onReadable: @escaping (ClientSocket) -> Void) {
            self.onEvent = onEvent
            self.onReadable = onReadable
        }
    }

    /// Begins to connect; that nothing listens there is no error.
    ///
    /// Throws `EndpointError`, `UnprotectedEndpointError` or `ZMQError`.
    package init(
        connectingTo text: String,
        security: ClientSecurity,
        options: ConnectionOptions = ConnectionOptions(),
        in context: ZMQContext? = nil
    ) throws {
        endpoint = try Endpoint(text)
        try ListenPolicy.check(connectingTo: endpoint, hasKeys: security.hasKeys)
        self.security = security
        self.options = options
        self.context = try context ?? ZMQContext()
        socket = try Self.makeSocket(endpoint, security, options, self.context)
    }

    private static func makeSocket(
        _ endpoint: Endpoint,
        _ security: ClientSecurity,
        _ options: ConnectionOptions,
        _ context: ZMQContext
    ) throws(ZMQError) -> Socket {
        let socket = try Socket(.dealer, in: context)
        try options.apply(to: socket, as: .client, for: endpoint)
        try socket.set(.immediate, true)
        if case .curve(let keys, let server) = security { try socket.proveKeys(keys, server: server) }
        try socket.startMonitor([
            .handshakeSucceeded, .authenticationFailed, .protocolFailed, .handshakeFailed, .disconnected,
            .connectionRetried,
        ])
        try socket.connect(endpoint.description)
        return socket
    }

    /// Has the loop watch the socket.
    ///
    /// On the loop's thread; the loop keeps the client until `close()`.
    ///
    /// - Parameters:
    ///   - onEvent: called on the loop's thread.
    ///   - onReadable: called on the loop's thread while there are messages; it takes some by `receiveBatch`.
    package func attach(
        to loop: MessagingLoop,
        onEvent: @escaping (ClientEvent) -> Void,
        onReadable: @escaping (ClientSocket) -> Void
    ) {
        loop.checkIsolated()
        precondition(self.loop == nil, "the client is attached already")
        self.loop = loop
        register(Handlers(onEvent: onEvent, onReadable: onReadable), on: loop)
    }

    private func register(_ handlers: Handlers, on loop: MessagingLoop) {
        self.handlers = handlers
        if let monitor = socket.monitor {
            loop.register(monitor.socket) { [self] in reportEvents(of: monitor, to: handlers) }
        }
        loop.register(socket) { [self] in handlers.onReadable(self) }
    }

    private func unregister() {
        guard let loop else { return }
        loop.checkIsolated()
        if let revival { loop.cancel(revival) }
        revival = nil
        if let monitor = socket.monitor { loop.unregister(monitor.socket) }
        loop.unregister(socket)
    }

    /// Gives the connection up and connects anew, on a fresh socket: what to do when the server has been silent for too
    /// long, whatever libzmq believes.
    ///
    /// Messages not yet sent or read are gone, and so is the growth of the pauses.
    package func reconnect() throws(ZMQError) {
        let fresh = try Self.makeSocket(endpoint, security, options, context)
        let handlers = handlers
        unregister()
        socket.close()
        socket = fresh
        if let loop, let handlers { register(handlers, on: loop) }
    }

    /// Ends the connection for good.
    ///
    /// Messages just sent may still be under way: `linger` is how long to let them.
    package func close(linger: Duration = .zero) {
        unregister()
        loop = nil
        guard socket.isOpen else { return }
        expectingNoError { () throws(ZMQError) in try socket.set(.linger, linger) }
        socket.close()
    }

    private func reportEvents(of monitor: SocketMonitor, to handlers: Handlers) {
        for _ in 0..<Self.eventsPerRound where monitor.socket.isOpen {
            guard let event = expectingNoError({ () throws(ZMQError) in try monitor.next() }) else { return }
            guard let event = ClientEvent(event) else { continue }
            watch(event)
            handlers.onEvent(event)
        }
    }

    /// Sees to it that a connection which is down is tried again.
    ///
    /// libzmq does so by itself after most ends, and says so; but after one that it calls a protocol error (a key that is not
    /// allowed, a frame beyond the limit) its socket stays dead, for good and in silence. So if nothing is heard of a new
    /// attempt in the time of the longest pause, a fresh socket makes one.
    private func watch(_ event: ClientEvent) {
        guard let loop else { return }
        switch event {
        case .disconnected, .handshakeFailed:
            guard revival == nil else { return }
            revival = loop.schedule(after: options.reconnectIntervalMaximum) { [weak self] in self?.revive() }
        case .connected, .unanswered:
            if let revival { loop.cancel(revival) }
            revival = nil
        case .rejected:
            break
        }
    }

    private func revive() {
        revival = nil
        guard socket.isOpen else { return }
        do throws(ZMQError) {
            try reconnect()
        } catch {
            // Out of descriptors, most likely: that may pass.
            revival = loop?.schedule(after: options.reconnectIntervalMaximum) { [weak self] in self?.revive() }
        }
    }
}

extension ClientEvent {
    init?(_ event: ConnectionEvent) {
        switch event.kind {
        case .handshakeSucceeded: self = .connected
        case .disconnected: self = .disconnected
        case .connectionRetried: self = .unanswered
        case .authenticationFailed, .protocolFailed, .handshakeFailed:
            guard let failure = HandshakeFailure(event) else { return nil }
            self = .handshakeFailed(failure)
        case .connected, .accepted: return nil
        }
    }
}

// MARK: - Messages

extension ClientSocket {
    /// Sends one message.
    ///
    /// `wouldBlock`: no connection is up, or its queue is full.
    package func send(_ frames: [[UInt8]]) -> SendOutcome {
        guard socket.isOpen else { return .unreachable }
        return expectingNoError { () throws(ZMQError) in try socket.send(frames) }
    }

    /// Takes messages off the socket: at most `max`, and no further one once they come to `maxBytes`.
    package func receiveBatch(max: Int = 256, maxBytes: Int = 64 << 20) -> [[[UInt8]]] {
        var messages: [[[UInt8]]] = []
        var bytes = 0
        for _ in 0..<max where socket.isOpen && bytes < maxBytes {
            var collector = FrameCollector(options.limits)
            let received = expectingNoError { () throws(ZMQError) in
                try socket.receiveFrames { _, frame in collector.append(frame) }
            }
            guard received else { break }
            bytes += collector.byteCount
            switch collector.message {
            case .complete(let frames): messages.append(frames)
            case .rejected(let violation): handlers?.onEvent(.rejected(violation))
            }
        }
        return messages
    }

    // MARK: Without a loop

    /// Waits for the handshake, and returns what settled it: `connected`, or a failure that trying again cannot mend;
    /// nil when neither came in time.
    ///
    /// After a failure only `reconnect()` tries again. Blocks the thread; not for an attached client.
    package func waitUntilConnected(timeout: Duration) -> ClientEvent? {
        precondition(loop == nil, "the loop reads the events of an attached client")
        guard let monitor = socket.monitor else { return nil }
        let deadline = ContinuousClock.now + timeout
        while true {
            let next = expectingNoError { () throws(ZMQError) in
                try monitor.next(timeout: deadline - ContinuousClock.now)
            }
            guard let next else { return nil }
            switch ClientEvent(next) {
            case .connected: return .connected
            case .handshakeFailed(.notAllowed): return .handshakeFailed(.notAllowed)
            case .handshakeFailed(.incompatible(let code)): return .handshakeFailed(.incompatible(code: code))
            case .handshakeFailed(.broken), .disconnected, .unanswered, .rejected, nil: continue
            }
        }
    }

    /// The next message, waiting for it up to the timeout; nil when none came.
    ///
    /// Blocks the thread.
    package func receive(timeout: Duration) -> [[UInt8]]? {
        let deadline = ContinuousClock.now + timeout
        while socket.isOpen {
            if let message = receiveBatch(max: 1).first { return message }
            let left = deadline - ContinuousClock.now
            guard expectingNoError({ () throws(ZMQError) in try socket.wait(for: .receive, timeout: left) }) else {
                return nil
            }
        }
        return nil
    }
}
