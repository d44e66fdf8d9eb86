/// One connection of a server, from its handshake to its end.
///
/// A peer that connects again is another connection.
///
/// Numbers are given out in order by libzmq's ROUTER from a random start, and come around after 2³² connections.
package struct ConnectionID: Hashable, Sendable, CustomStringConvertible {
    package let number: UInt32

    package init(number: UInt32) {
        self.number = number
    }

    /// Reads a routing id that the ROUTER made: a zero byte and the number, big end first.
    ///
    /// Nil for any other, such as a peer chooses for itself.
    init?(routingID bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 5, bytes[0] == 0 else { return nil }
        number = bytes[1...4].reduce(0) { $0 << 8 | UInt32($1) }
    }

    var routingID: [UInt8] {
        [0] + stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    package var description: String { "c\(String(number, radix: 16))" }
}

/// Who is at the other end of a connection.
package struct Peer: Sendable, Hashable {
    /// How the peer is known.
    package enum Identity: Sendable, Hashable {
        /// The server has no keys and listens on loopback: whoever runs programs on this machine.
        case local
        /// The peer proved to hold this key.
        case key(AuthorizedKey)
    }

    package let identity: Identity
    /// The network address without the port; empty for inproc.
    package let address: String

    package init(identity: Identity, address: String) {
        self.identity = identity
        self.address = address
    }

    /// The public key; nil for a local peer.
    package var key: CurvePublicKey? {
        guard case .key(let entry) = identity else { return nil }
        return entry.key
    }

    /// The role; nil for a local peer, which has them all.
    package var role: Role? {
        guard case .key(let entry) = identity else { return nil }
        return entry.role
    }

    /// True when the peer may do such a thing.
    package func allows(_ permission: Permission) -> Bool {
        role?.allows(permission) ?? true
    }
}

/// A message that a server received.
package struct ReceivedMessage: Sendable {
    /// Where it came from, and where an answer goes.
    package let connection: ConnectionID
    /// Who sent it.
    package let peer: Peer
    /// What it says: at least one frame, within the limits.
    package let frames: [[UInt8]]

    package init(connection: ConnectionID, peer: Peer, frames: [[UInt8]]) {
        self.connection = connection
        self.peer = peer
        self.frames = frames
    }
}

/// A message to be sent by a server.
package struct OutgoingMessage: Sendable {
    package let connection: ConnectionID
    /// At least one frame.
    package let frames: [[UInt8]]

    package init(to connection: ConnectionID, frames: [[UInt8]]) {
        self.connection = connection
        self.frames = frames
    }
}

/// A message that was taken off the wire and not handed on.
package struct RejectedMessage: Sendable, Equatable {
    /// Why.
    package enum Reason: Sendable, Equatable {
        /// It breaks the limits.
        case violation(MessageViolation)
        /// The key was taken off the list while the connection was up.
        case revoked
        /// The peer named its connection itself instead of leaving that to the server.
        case selfChosenRoutingID
    }

    package let reason: Reason
    /// Nil where the peer's routing id is not one of ours.
    package let connection: ConnectionID?
    /// The key that the peer proved to hold, if any.
    package let key: CurvePublicKey?
    /// The peer's network address, without its port.
    package let address: String

    package init(reason: Reason, connection: ConnectionID?, key: CurvePublicKey?, address: String) {
        self.reason = reason
        self.connection = connection
        self.key = key
        self.address = address
    }
}
