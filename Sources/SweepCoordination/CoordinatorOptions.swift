/// How patient a coordinator is.
package struct CoordinatorOptions: Hashable, Sendable {
    /// How often workers beat.
    package var heartbeat: Duration
    /// Beats that may be missed before a worker's leases are given to others: three, so that a beat that is lost with a
    /// connection and one that a busy machine sends late do not cost a trial its place.
    package var missedBeats: Int
    /// How often a configuration may take its worker down, with no epoch in between, before it counts as failed.
    package var attempts: Int
    /// How long a trial may stand at one step before it is moved to another worker; nil: `CoordinatorCore.stuckTime`.
    package var stuckAfter: Duration?
    /// Below this time an epoch counts as short, and workers hold leases ahead so that they never wait for the network.
    package var shortEpochSeconds: Double
    /// This build, for workers of others.
    package var softwareVersion = "unknown"

    package init(
        heartbeat: Duration = .seconds(2),
        missedBeats: Int = 3,
        attempts: Int = 3,
        stuckAfter: Duration? = nil,
        shortEpochSeconds: Double = 0.05
    ) {
        self.heartbeat = heartbeat
        self.missedBeats = missedBeats
        self.attempts = attempts
        self.stuckAfter = stuckAfter
        self.shortEpochSeconds = shortEpochSeconds
    }

    /// How long a worker may be silent: with the defaults 6 s.
    package var lapse: Duration { heartbeat * missedBeats }
}
