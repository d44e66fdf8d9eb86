package import SweepMessaging
package import SweepWire

/// How much of what peers say about objects waits for the disk.
///
/// Bounded, whoever sends without waiting for answers and however long the disk takes. What is beyond is passed over: a sender whose window
/// is not answered offers it again, and a receiver asks again. One window of everybody may always wait, so that a few who send without end
/// starve nobody; nor can all connections of a key together, however many there are, take what others need.
package struct TransfersUnderWay: Sendable {
    /// What may wait of one connection: a window of each of a hundred objects.
    package static let ofConnection = 100 * WireLimits.window
    /// What may wait of all of them.
    package static let ofAll = 512 * WireLimits.window
    /// What may wait of all connections of a key: who has no key has the port's machine for one, and shares with nobody.
    package static let ofKey = 384 * WireLimits.window
    /// What may wait of a key with the windows that each of its connections may have beside the others: those of some hundred workers at
    /// once. Beyond it they are passed over in turn, as any that waits for the disk.
    package static let ofKeyAtMost = 1024 * WireLimits.window
    /// What a message counts beside its bytes.
    package static let ofMessage = 4096
    /// What may always wait of one connection, however much waits of the others: the chunks of one window, and what offers it again.
    package static let ofEach = WireLimits.window + (WireLimits.window / WireLimits.chunk + 4) * ofMessage

    private var waiting: [ConnectionID: Int] = [:]
    private var ofKeys: [CurvePublicKey?: Int] = [:]
    private var total = 0

    package init() {}

    /// Bytes that wait.
    package var bytes: Int { total }

    /// What a message holds of memory until it is answered, a request with its answer.
    package static func cost(of message: Message) -> Int {
        switch message {
        case .objectOffer(let offer): ofMessage + offer.head.count
        case .objectChunk(let chunk): ofMessage + chunk.bytes.count
        case .objectRequest(let request): ofMessage + min(max(0, request.length), WireLimits.window)
        default: ofMessage
        }
    }

    /// Whether so much more of a connection may wait; then it does. `key` is what its peer proved to hold.
    package mutating func begin(_ cost: Int, of connection: ConnectionID, key: CurvePublicKey? = nil) -> Bool {
        let own = waiting[connection, default: 0] + cost
        let all = ofKeys[key, default: 0] + cost
        let hasRoom = total + cost <= Self.ofAll && (key == nil || all <= Self.ofKey)
        guard own <= Self.ofConnection, all <= Self.ofKeyAtMost, hasRoom || own <= Self.ofEach else { return false }
        waiting[connection] = own
        ofKeys[key] = all
        total += cost
        return true
    }

    /// Whether so much more is beyond what may wait of the key, whoever else waits.
    package func isBeyondShare(_ cost: Int, of key: CurvePublicKey?) -> Bool {
        ofKeys[key, default: 0] + cost > (key == nil ? Self.ofKeyAtMost : Self.ofKey)
    }

    /// So much of the connection is done.
    package mutating func end(_ cost: Int, of connection: ConnectionID, key: CurvePublicKey? = nil) {
        let rest = waiting[connection, default: 0] - cost
        waiting[connection] = rest > 0 ? rest : nil
        let all = ofKeys[key, default: 0] - cost
        ofKeys[key] = all > 0 ? all : nil
        total -= cost
    }
}
