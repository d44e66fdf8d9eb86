package import SweepMessaging
package import SweepWire

/// How much of what peers say about objects waits for the disk.
///
/// Bounded, whoever sends without waiting for answers and however long the disk takes. What is beyond is passed over: a sender whose window
/// is not answered offers it again, and a receiver asks again. One window of everybody may always wait, so that a few who send without end
/// starve nobody.
package struct TransfersUnderWay: Sendable {
    /// What may wait of one connection: a window of each of a hundred objects.
    package static let ofConnection = 100 * WireLimits.window
    /// What may wait of all of them.
    package static let ofAll = 512 * WireLimits.window
    /// What a message counts beside its bytes.
    package static let ofMessage = 4096
    /// What may always wait of one connection, however much waits of the others: the chunks of one window, and what offers it again.
    package static let ofEach = WireLimits.window + (WireLimits.window / WireLimits.chunk + 4) * ofMessage

    private var waiting: [ConnectionID: Int] = [:]
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

    /// Whether so much more of a connection may wait; then it does.
    package mutating func begin(_ cost: Int, of connection: ConnectionID) -> Bool {
        let own = waiting[connection, default: 0] + cost
        guard own <= Self.ofConnection, total + cost <= Self.ofAll || own <= Self.ofEach else { return false }
        waiting[connection] = own
        total += cost
        return true
    }

    /// So much of the connection is done.
    package mutating func end(_ cost: Int, of connection: ConnectionID) {
        let rest = waiting[connection, default: 0] - cost
        waiting[connection] = rest > 0 ? rest : nil
        total -= cost
    }
}
