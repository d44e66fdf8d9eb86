package import SweepCore

/// One side's knowledge of the other: when it was heard last, and when we must be heard.
///
/// Any message is a sign of life. Three missed beats are a loss: one may be lost with a connection, and a second may cross a
/// pause of the scheduler; ZeroMQ's own beats do not see a process that hangs.
package struct Liveness: Hashable, Sendable {
    /// How often we beat.
    package let interval: Duration
    /// How long the other side may be silent.
    package let limit: Duration
    package private(set) var lastHeard: Instant
    /// When our next beat is due.
    package private(set) var nextBeat: Instant

    /// Starts as if the other side was heard at `now`; `limit` nil: three beats.
    package init(interval: Duration, limit: Duration? = nil, at now: Instant) {
        self.interval = interval
        self.limit = limit ?? interval * 3
        lastHeard = now
        nextBeat = now.advanced(by: interval)
    }

    /// When the other side counts as lost if nothing is heard before.
    package var lostAt: Instant { lastHeard.advanced(by: limit) }

    /// Notes a sign of life; time never runs backwards here.
    package mutating func heard(at now: Instant) { lastHeard = max(lastHeard, now) }

    /// Whether the other side was silent for too long.
    package func isLost(at now: Instant) -> Bool { now >= lostAt }

    /// Whether a beat is due; the next one is an interval from now, so that a late process sends one, not many.
    package mutating func beats(at now: Instant) -> Bool {
        guard now >= nextBeat else { return false }
        nextBeat = now.advanced(by: interval)
        return true
    }
}
