package import SweepMessaging

/// How many requests of each connection, and of each key, are being answered.
///
/// Bounded: whoever sends requests without waiting for answers would otherwise fill memory with them, and have everybody else wait behind
/// them.
package struct RequestsUnderWay: Sendable {
    /// Programs that ask by hand have one; a few may be asked for at once.
    package static let ofConnection = 16
    /// A key may be shared by as many programs that each ask for one thing at a time.
    package static let ofKey = 1024

    /// What keeps a request from being answered.
    package enum Limit: Hashable, Sendable { case ofConnection, ofKey }

    private var counts: [ConnectionID: Int] = [:]
    private var ofKeys: [CurvePublicKey: Int] = [:]

    package init() {}

    /// Connections of which any is under way.
    package var connections: Int { counts.count }
    /// Keys of which any is under way.
    package var keys: Int { ofKeys.count }

    /// Begins one more of this connection, whose peer proved to hold `key`; the limit that it would be beyond, and nothing is begun.
    package mutating func begin(of connection: ConnectionID, key: CurvePublicKey? = nil) -> Limit? {
        guard counts[connection, default: 0] < Self.ofConnection else { return .ofConnection }
        if let key {
            guard ofKeys[key, default: 0] < Self.ofKey else { return .ofKey }
            ofKeys[key, default: 0] += 1
        }
        counts[connection, default: 0] += 1
        return nil
    }

    /// One of the connection is answered.
    package mutating func end(of connection: ConnectionID, key: CurvePublicKey? = nil) {
        guard let count = counts[connection] else { return }
        counts[connection] = count > 1 ? count - 1 : nil
        guard let key, let count = ofKeys[key] else { return }
        ofKeys[key] = count > 1 ? count - 1 : nil
    }
}
