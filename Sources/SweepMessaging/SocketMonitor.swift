import CZeroMQ

/// Something that happened to a connection of a monitored socket.
package struct ConnectionEvent: Sendable, Equatable {
    /// The kinds of event that the program acts on or shows.
    package enum Kind: Sendable, Equatable, CaseIterable {
        /// The transport is there; the handshake follows.
        case connected
        /// Client: nothing listens there; it is tried again after a pause.
        case connectionRetried
        /// Server: the transport is there; the handshake follows.
        case accepted
        /// The peer proved its key, where keys are used; messages may flow.
        case handshakeSucceeded
        /// The peer's key is not allowed.
        case authenticationFailed
        /// The peer speaks another protocol, or security mechanism, or holds another key than was expected.
        case protocolFailed
        /// The connection broke during the handshake.
        case handshakeFailed
        /// An established connection ended.
        case disconnected

        var mask: Int32 {
            switch self {
            case .connected: ZMQ_EVENT_CONNECTED
            case .connectionRetried: ZMQ_EVENT_CONNECT_RETRIED
            case .accepted: ZMQ_EVENT_ACCEPTED
            case .handshakeSucceeded: ZMQ_EVENT_HANDSHAKE_SUCCEEDED
            case .authenticationFailed: ZMQ_EVENT_HANDSHAKE_FAILED_AUTH
            case .protocolFailed: ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL
            case .handshakeFailed: ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL
            case .disconnected: ZMQ_EVENT_DISCONNECTED
            }
        }
    }

    package let kind: Kind
    /// The detail libzmq gives: a ZAP status (400: refused), a `ZMQ_PROTOCOL_ERROR_…`, an errno, a pause, a descriptor.
    package let value: UInt32
    /// The endpoint of this side: what was bound or connected to.
    ///
    /// A server's events do not name the peer.
    package let endpoint: String

    package init(kind: Kind, value: UInt32, endpoint: String) {
        self.kind = kind
        self.value = value
        self.endpoint = endpoint
    }
}

/// The reading end of a socket's events.
///
/// Belongs to whoever owns the socket, and is closed with it.
package final class SocketMonitor {
    let socket: Socket

    init(reading endpoint: String, in context: ZMQContext) throws(ZMQError) {
        socket = try Socket(.pair, in: context)
        // No limit: libzmq's I/O thread waits for room, and with it every connection. Each handshake is a few events, and
        // whoever owns the socket reads them.
        try socket.set(.receiveHighWaterMark, 0)
        try socket.connect(endpoint)
    }

    func close() { socket.close() }

    /// The next event, if one is there.
    ///
    /// Events of no interest are passed over.
    package func next() throws(ZMQError) -> ConnectionEvent? {
        while let frames = try socket.receive() {
            if let event = ConnectionEvent(frames: frames) { return event }
        }
        return nil
    }

    /// The next event, waiting for it up to the timeout.
    package func next(timeout: Duration) throws(ZMQError) -> ConnectionEvent? {
        let deadline = ContinuousClock.now + timeout
        repeat {
            if let event = try next() { return event }
        } while try socket.wait(for: .receive, timeout: deadline - ContinuousClock.now)
        return nil
    }
}

extension ConnectionEvent {
    /// Reads libzmq's form: a frame of event (16 bits) and value (32 bits) in machine order, and a frame of endpoint.
    init?(frames: [[UInt8]]) {
        guard frames.count == 2, frames[0].count == 6 else { return nil }
        let (code, value) = frames[0].withUnsafeBytes { bytes in
            (bytes.loadUnaligned(as: UInt16.self), bytes.loadUnaligned(fromByteOffset: 2, as: UInt32.self))
        }
        guard let kind = Kind.allCases.first(where: { $0.mask == Int32(code) }) else { return nil }
        self.init(kind: kind, value: value, endpoint: String(decoding: frames[1], as: UTF8.self))
    }
}
