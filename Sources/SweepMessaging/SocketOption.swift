import CZeroMQ

/// An option of a socket together with the type of its value.
package struct SocketOption<Value>: Sendable {
    let code: Int32
    let name: String
    let encoding: @Sendable (Value) -> EncodedOption
}

/// The three shapes in which libzmq takes option values.
enum EncodedOption {
    case int32(Int32)
    case int64(Int64)
    case text(String)
}

extension SocketOption where Value == Duration {
    private static func milliseconds(_ code: Int32, _ name: String) -> Self {
        Self(code: code, name: name) { .int32($0.clampedMilliseconds) }
    }

    /// How long unsent messages outlive `close`; 0 drops them.
    package static var linger: Self { milliseconds(ZMQ_LINGER, "LINGER") }
    /// How often a silent connection is pinged (ZMTP PING).
    package static var heartbeatInterval: Self { milliseconds(ZMQ_HEARTBEAT_IVL, "HEARTBEAT_IVL") }
    /// How long after a ping a silent connection is held for dead.
    package static var heartbeatTimeout: Self { milliseconds(ZMQ_HEARTBEAT_TIMEOUT, "HEARTBEAT_TIMEOUT") }
    /// How long the other end's kernel may leave what was sent unacknowledged before the connection is given up.
    package static var acknowledgementTimeout: Self { milliseconds(ZMQ_TCP_MAXRT, "TCP_MAXRT") }
    /// How long a peer may take over the handshake, authentication included.
    package static var handshakeInterval: Self { milliseconds(ZMQ_HANDSHAKE_IVL, "HANDSHAKE_IVL") }
    /// The first pause before connecting again.
    package static var reconnectInterval: Self { milliseconds(ZMQ_RECONNECT_IVL, "RECONNECT_IVL") }
    /// The longest pause before connecting again; pauses double from the first one to this.
    package static var reconnectIntervalMaximum: Self { milliseconds(ZMQ_RECONNECT_IVL_MAX, "RECONNECT_IVL_MAX") }
}

extension SocketOption where Value == Int {
    private static func int32(_ code: Int32, _ name: String) -> Self {
        Self(code: code, name: name) { .int32(Int32(clamping: $0)) }
    }

    /// Messages that may wait to be sent, per peer.
    package static var sendHighWaterMark: Self { int32(ZMQ_SNDHWM, "SNDHWM") }
    /// Messages that may wait to be received, per peer; beyond it the peer's TCP window closes.
    package static var receiveHighWaterMark: Self { int32(ZMQ_RCVHWM, "RCVHWM") }
    /// Connections that the kernel holds until they are accepted.
    package static var backlog: Self { int32(ZMQ_BACKLOG, "BACKLOG") }
    /// Seconds of silence after which the kernel probes a connection.
    package static var keepAliveIdle: Self { int32(ZMQ_TCP_KEEPALIVE_IDLE, "TCP_KEEPALIVE_IDLE") }
    /// Seconds between such probes.
    package static var keepAliveInterval: Self { int32(ZMQ_TCP_KEEPALIVE_INTVL, "TCP_KEEPALIVE_INTVL") }
    /// Probes without an answer after which the connection is given up.
    package static var keepAliveCount: Self { int32(ZMQ_TCP_KEEPALIVE_CNT, "TCP_KEEPALIVE_CNT") }
    /// The largest frame accepted from a peer, in bytes; one that announces more is disconnected before it is read.
    package static var maximumFrameSize: Self {
        Self(code: ZMQ_MAXMSGSIZE, name: "MAXMSGSIZE") { .int64(Int64($0)) }
    }
}

extension SocketOption where Value == Bool {
    private static func flag(_ code: Int32, _ name: String) -> Self {
        Self(code: code, name: name) { .int32($0 ? 1 : 0) }
    }

    /// ROUTER: sending to a peer that is gone fails instead of vanishing.
    package static var routerMandatory: Self { flag(ZMQ_ROUTER_MANDATORY, "ROUTER_MANDATORY") }
    /// The kernel probes silent connections.
    package static var keepAlive: Self { flag(ZMQ_TCP_KEEPALIVE, "TCP_KEEPALIVE") }
    /// Messages are taken only for finished connections, not in advance of them.
    package static var immediate: Self { flag(ZMQ_IMMEDIATE, "IMMEDIATE") }
    /// IPv6 addresses are understood.
    package static var ipv6: Self { flag(ZMQ_IPV6, "IPV6") }
    /// This end is the server of a CURVE handshake.
    package static var curveServer: Self { flag(ZMQ_CURVE_SERVER, "CURVE_SERVER") }
    /// No handshake succeeds unless a ZAP handler answered for its domain.
    package static var enforceZAPDomain: Self { flag(ZMQ_ZAP_ENFORCE_DOMAIN, "ZAP_ENFORCE_DOMAIN") }
}

extension SocketOption where Value == String {
    private static func text(_ code: Int32, _ name: String) -> Self {
        Self(code: code, name: name) { .text($0) }
    }

    /// The domain under which handshakes are put to the ZAP handler.
    package static var zapDomain: Self { text(ZMQ_ZAP_DOMAIN, "ZAP_DOMAIN") }
    /// This end's public key, Z85.
    package static var curvePublicKey: Self { text(ZMQ_CURVE_PUBLICKEY, "CURVE_PUBLICKEY") }
    /// This end's secret key, Z85.
    package static var curveSecretKey: Self { text(ZMQ_CURVE_SECRETKEY, "CURVE_SECRETKEY") }
    /// Client: the public key that the server must prove to have, Z85.
    package static var curveServerKey: Self { text(ZMQ_CURVE_SERVERKEY, "CURVE_SERVERKEY") }
    /// The name under which a ROUTER knows this peer.
    ///
    /// Ours are left to the ROUTER; tests play the stranger who is not.
    package static var routingID: Self { text(ZMQ_ROUTING_ID, "ROUTING_ID") }
}

extension Duration {
    /// Whole milliseconds, rounded up so that a wait never ends before its time, within what libzmq can hold.
    package var clampedMilliseconds: Int32 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        guard seconds < Int64(Int32.max) / 1_000 else { return Int32.max }
        return Int32(clamping: seconds * 1_000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
