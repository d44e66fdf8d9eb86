package import SweepMessaging

/// How many requests of each connection are being answered.
///
/// Bounded: whoever sends requests without waiting for answers would otherwise fill memory with them, and have everybody else wait behind
/// them.
package struct RequestsUnderWay: Sendable {
    /// Programs that ask by hand have one; a few may be asked for at once.
    package static let ofConnection = 16

    private var counts: [ConnectionID: Int] = [:]

    package init() {}

    /// Connections of which any is under way.
    package var connections: Int { counts.count }

    /// Whether one more of this connection may be answered; then it is under way.
    package mutating func begin(of connection: ConnectionID) -> Bool {
        guard counts[connection, default: 0] < Self.ofConnection else { return false }
        counts[connection, default: 0] += 1
        return true
    }

    /// One of the connection is answered.
    package mutating func end(of connection: ConnectionID) {
        guard let count = counts[connection] else { return }
        counts[connection] = count > 1 ? count - 1 : nil
    }
}
