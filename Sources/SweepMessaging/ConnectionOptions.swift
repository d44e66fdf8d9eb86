/// How both ends of a connection behave.
///
/// Every value has its reason; the two ends need not agree.
package struct ConnectionOptions: Sendable, Equatable {
    /// What a peer may make this process hold.
    package var limits = MessageLimits()
    /// Messages that wait for one peer before sending says `wouldBlock`.
    ///
    /// Reports and assignments are well under 1 KiB, so a slow peer holds less than 1 MiB of them; a sender of
    /// checkpoints or data waits for acknowledgements, not for this.
    package var sendHighWaterMark = 1_000
    /// Messages of one peer that wait to be read before its TCP window closes and the pressure reaches the peer.
    package var receiveHighWaterMark = 1_000
    /// Client: a silent connection is pinged this often. The server answers, and pings nobody: libzmq looks through the timers
    /// of all connections whenever one of them answers, so that at 10,000 its thread would do nothing else (decision 0015).
    package var heartbeatInterval = Duration.seconds(1)
    /// Client: a connection is given up when nothing came for this long: a cut cable shows 3.1 s later.
    package var heartbeatTimeout = Duration.seconds(3)
    /// Server: the kernel asks a connection that was silent for so long whether it is still there, …
    package var probeAfter = Duration.seconds(5)
    /// … this often, …
    package var probeInterval = Duration.seconds(2)
    /// … and so many times where the system has no timeout of acknowledgements, which rules over it on Linux.
    package var probes = 3
    /// Server: a connection is given up when nothing that was sent, probes included, is acknowledged by the other end's kernel
    /// for so long: what three unanswered probes take.
    package var acknowledgementTimeout = Duration.seconds(11)
    /// The longest handshake, authentication included.
    ///
    /// A storm of 10,000 CURVE handshakes takes 10 s of a core; who connects and then says nothing holds a descriptor
    /// this long.
    package var handshakeTimeout = Duration.seconds(15)
    /// Server: connections that the kernel holds while a storm is worked off (libzmq's own default is 100).
    package var backlog = 4_096
    /// Client: the first pause before connecting again.
    package var reconnectInterval = Duration.milliseconds(100)
    /// Client: the longest pause; they double from the first to this (0.1, 0.2, 0.4, … 3.2, 5, 5 s), with some jitter.
    package var reconnectIntervalMaximum = Duration.seconds(5)

    package init() {}

    /// Which end of connections a socket is.
    enum End { case client, server }

    func apply(to socket: Socket, as end: End, for endpoint: Endpoint) throws(ZMQError) {
        try socket.set(.sendHighWaterMark, sendHighWaterMark)
        try socket.set(.receiveHighWaterMark, receiveHighWaterMark)
        try socket.set(.maximumFrameSize, limits.maximumFrameBytes)
        switch end {
        case .client:
            try socket.set(.heartbeatInterval, heartbeatInterval)
            try socket.set(.heartbeatTimeout, heartbeatTimeout)
        case .server:
            try socket.set(.keepAlive, true)
            try socket.set(.keepAliveIdle, Int(probeAfter.components.seconds))
            try socket.set(.keepAliveInterval, Int(probeInterval.components.seconds))
            try socket.set(.keepAliveCount, probes)
            try socket.set(.acknowledgementTimeout, acknowledgementTimeout)
        }
        try socket.set(.handshakeInterval, handshakeTimeout)
        try socket.set(.backlog, backlog)
        try socket.set(.reconnectInterval, reconnectInterval)
        try socket.set(.reconnectIntervalMaximum, reconnectIntervalMaximum)
        if endpoint.isIPv6 { try socket.set(.ipv6, true) }
    }
}

/// How a handshake failed.
package enum HandshakeFailure: Sendable, Equatable, CustomStringConvertible {
    /// The server does not allow this key: trying again is useless until it does.
    case notAllowed
    /// The other end speaks another protocol, or one end uses keys and the other does not, or the server's key is not the
    /// one expected. libzmq's `ZMQ_PROTOCOL_ERROR_…`.
    case incompatible(code: UInt32)
    /// The connection broke meanwhile, which is also all that one end sees when the other finds it incompatible. An errno.
    case broken(code: UInt32)

    init?(_ event: ConnectionEvent) {
        switch event.kind {
        case .authenticationFailed: self = .notAllowed
        case .protocolFailed: self = .incompatible(code: event.value)
        case .handshakeFailed: self = .broken(code: event.value)
        case .connected, .connectionRetried, .accepted, .handshakeSucceeded, .disconnected: return nil
        }
    }

    package var description: String {
        switch self {
        case .notAllowed: "the key is not allowed there"
        case .incompatible(let code): "the other end has another key or protocol (0x\(String(code, radix: 16)))"
        case .broken(let code): "the connection broke during the handshake (\(code))"
        }
    }
}
