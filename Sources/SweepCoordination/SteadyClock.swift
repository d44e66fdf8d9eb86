import SweepCore

/// Time that never goes back, read from a clock that may.
///
/// A clock that is set back stands still for that one look and goes on from there. To hold it until the other clock has caught up
/// would stretch every lapse by as much as it was set back; to follow it would put what was heard into the future, where the
/// silence since then counts for nothing.
struct SteadyClock: Sendable {
    /// The newest reading; nil before the first.
    private(set) var newest: Instant?
    /// How far the other clock has been set back, all times together.
    private var lost: Duration = .zero

    /// What the time is when the other clock shows `moment`.
    mutating func read(_ moment: Instant) -> Instant {
        var time = moment.advanced(by: lost)
        if let newest, time < newest {
            lost += time.duration(to: newest)
            time = newest
        }
        newest = time
        return time
    }
}
