package import SweepCore
package import SweepWire

/// What the coordinator knows about a worker process; nothing of it is committed but its leases and sequence number.
package struct WorkerProgress: Sendable {
    package let id: WorkerID
    /// How it introduced itself; nil for one that held leases before a restart and has not come back yet.
    package internal(set) var introduction: Register?
    package internal(set) var connection: PeerID?
    package internal(set) var lastSeen: Instant
    /// The trials it holds, in the order they were handed out.
    package internal(set) var held: [TrialID] = []
    /// The trials it says it trains now.
    package internal(set) var running: [TrialID: Heartbeat.Progress] = [:]
    package internal(set) var draining = false

    /// Leases it may hold on a sweep whose epochs are short or not.
    func capacity(shortEpochs: Bool) -> Int {
        guard let introduction, connection != nil, !draining else { return 0 }
        return introduction.slots + (shortEpochs ? introduction.prefetch : 0)
    }
}
