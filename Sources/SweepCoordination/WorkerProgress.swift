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
    /// Slots that these take.
    package internal(set) var load = 0
    /// The trials it says it trains now.
    package internal(set) var running: [TrialID: Heartbeat.Progress] = [:]
    /// Since when each of them stands at its step.
    package internal(set) var progressed: [TrialID: Instant] = [:]
    package internal(set) var draining = false
    /// The trial that makes its last attempt here, so that nothing else is given to this worker.
    package internal(set) var alone: TrialID?
    /// Leases that it trains and that are not current, as its last beat said.
    var stale: Set<LeaseID> = []
    /// Slots that trainers hold which do not stop.
    package internal(set) var occupied = 0
    /// Whether it missed a beat when work was handed out last: it gets none until it is heard.
    var isQuiet = false
    /// Beats in a row in which it trained less than it holds.
    var idleBeats = 0
    /// How fast it trains beside the others.
    package internal(set) var pace = WorkerPace()
    /// The numbers of the pools it belongs to: `WorkerTable` keeps them.
    var pools: [Int] = []

    init(id: WorkerID, lastSeen: Instant) {
        self.id = id
        self.lastSeen = lastSeen
    }

    /// Trials of one thread that it trains at once.
    var slots: Int { max(1, introduction?.slots ?? 1) }
}
