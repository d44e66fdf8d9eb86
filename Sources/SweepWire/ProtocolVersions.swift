/// The versions of the protocol that a build speaks: all from the oldest to the newest.
///
/// A worker and a coordinator talk in the newest version that both speak; the coordinator finds it when the worker registers.
/// Until then, and with whoever never registers, everything is said in the handshake's version. `docs/protocol.md` §11 says what
/// came with which version.
package struct ProtocolVersions: Hashable, Sendable, CustomStringConvertible {
    package let oldest: UInt8
    package let newest: UInt8

    /// All from `oldest` to `newest`; nil when there is none, or with version 0, which never was.
    package init?(oldest: UInt8, newest: UInt8) {
        guard oldest >= 1, oldest <= newest else { return nil }
        self.oldest = oldest
        self.newest = newest
    }

    /// One version and no other.
    package init(only version: UInt8) {
        oldest = version
        newest = version
    }

    private init(from oldest: UInt8, to newest: UInt8) {
        self.oldest = oldest
        self.newest = newest
    }

    /// What this build speaks: the version of the build before it too, so that the two work together.
    package static let spoken = ProtocolVersions(from: protocolVersion - 1, to: protocolVersion)

    /// Whether the version is spoken.
    package func contains(_ version: UInt8) -> Bool { oldest <= version && version <= newest }

    /// The newest version that both speak; nil when there is none.
    package func agreement(with other: ProtocolVersions) -> UInt8? {
        let version = min(newest, other.newest)
        return contains(version) && other.contains(version) ? version : nil
    }

    package var description: String {
        oldest == newest ? "protocol version \(oldest)" : "protocol versions \(oldest) to \(newest)"
    }

    /// What a worker of these versions is told by a coordinator that has none in common with it: both sides' builds and versions,
    /// and which of the two is to be upgraded.
    package func refusal(worker build: String, coordinator: ProtocolVersions, _ coordinatorBuild: String) -> String {
        let older = newest < coordinator.oldest
        return "no protocol version in common: the worker is sweepd \(build.isEmpty ? "unknown" : build) with \(self), "
            + "the coordinator sweepd \(coordinatorBuild) with \(coordinator); upgrade the "
            + (older ? "worker" : "coordinator, or run the worker with the coordinator's build")
    }
}

/// The newest version, in the headers between peers that both speak it; the golden bytes belong to it.
///
/// Version 2 added metrics, early stopping and notes: a coordinator of version 1 would ask for a stopped trial for ever. Version 3
/// added the versions themselves: a registration says which the worker speaks, a welcome which of them is spoken.
package let protocolVersion: UInt8 = 3
/// The version in the headers of a handshake and of clients, in every build: peers of other versions can read it, and add no more to
/// it than fields.
package let handshakeVersion: UInt8 = 2
/// The version in a problem's header, in every version: peers of different versions can tell each other so.
package let problemVersion: UInt8 = 1

extension MessageKind {
    /// The first version that has this kind; it is sent to nobody with whom an older one was settled.
    package var since: UInt8 {
        switch self {
        case .problem, .goodbye, .objectOffer, .objectRequest, .objectChunk, .objectStored, .objectMissing: 1
        case .register, .heartbeat, .reports, .segmentEnded, .draining: 1
        case .welcome, .heartbeatAnswer, .assignments, .acknowledged, .verdicts, .drain, .unknownSession: 1
        case .request, .response: 1
        }
    }

    /// The version that a header of this kind names between peers that have settled on `version`.
    package func headerVersion(settled version: UInt8) -> UInt8 {
        switch self {
        case .problem: problemVersion
        case .register, .welcome, .unknownSession, .request, .response: handshakeVersion
        case .goodbye, .objectOffer, .objectRequest, .objectChunk, .objectStored, .objectMissing, .heartbeat, .reports,
            .segmentEnded, .draining, .heartbeatAnswer, .assignments, .acknowledged, .verdicts, .drain:
            version
        }
    }
}
