package import SweepMessaging

/// Peers that send what cannot be acted upon: told of once, and not listened to any more when they go on.
///
/// Bounded: whoever makes new connections or addresses without end fills nothing.
package struct BadPeers: Sendable {
    /// Why something of a peer's was refused; the raw values are labels of a metric.
    package enum Reason: String, CaseIterable, Sendable {
        /// The key is not on the list, or there was none.
        case denied
        /// The handshake failed otherwise.
        case handshake
        /// A message beyond the limits of frames and bytes.
        case violation
        /// The peer chose its own routing id.
        case selfChosenRoutingID = "routing_id"
        /// The key was taken off the list.
        case revoked
        /// The message's bytes cannot be read.
        case undecodable
        /// A message of a connection that is not listened to any more.
        case cutOff = "cut_off"
        /// The key's role may not do this.
        case forbidden
        /// A worker that speaks no protocol version that is spoken here.
        case otherVersion = "other_version"
        /// A registered worker said something of a kind that its version of the protocol does not have.
        case unknownKind = "unknown_kind"
    }

    /// Whether the log has a line about it.
    package enum Telling: Sendable { case first, again, tooMany }

    /// A connection with so many unreadable messages is no worker of ours; a worker of another version sends one and stops.
    package static let patience = 16
    /// Twice as many connections as a process has descriptors for would be 40,000; those who offend are few.
    package static let remembered = 8_192
    private static let toldAtMost = 1_024

    private var offences: [ConnectionID: Int] = [:]
    private var told: Set<String> = []

    package init() {}

    /// Connections that are remembered for what they sent, and lines that are remembered as told.
    package var size: (connections: Int, lines: Int) { (offences.count, told.count) }

    /// Whether this is the first time.
    package mutating func tells(_ reason: Reason, who: String) -> Telling {
        guard told.count <= Self.toldAtMost else { return .again }
        guard told.insert("\(reason.rawValue) \(who)").inserted else { return .again }
        return told.count > Self.toldAtMost ? .tooMany : .first
    }

    /// What was told may be told again.
    package mutating func forgetTold() { told = [] }

    /// Notes an unreadable message; true when the connection has used up our patience by it.
    package mutating func offended(by connection: ConnectionID) -> Bool {
        if offences.count >= Self.remembered, offences[connection] == nil {
            // The oldest are not known; all begin anew, those that are cut off too: they are cut off again soon.
            offences = [:]
        }
        offences[connection, default: 0] += 1
        return offences[connection] == Self.patience
    }

    /// Whether this connection is not listened to any more.
    package func isCutOff(_ connection: ConnectionID) -> Bool { (offences[connection] ?? 0) >= Self.patience }
}
