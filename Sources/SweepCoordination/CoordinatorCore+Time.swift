import SweepCore

extension CoordinatorCore {
    /// Counts the time of sweeps that end after one, for as long as a worker holds a trial of theirs.
    ///
    /// Real time is no function of a sweep, so what it came to is told by facts, and a replay decides by these. A fact is written
    /// when the time is up, and every ten seconds before, so that a coordinator that is killed forgets no more than that.
    mutating func countTimes(at now: Instant) {
        let since = clocked ?? now
        clocked = now
        // A process that was held up for longer did not coordinate meanwhile. Ticks are due every half heartbeat.
        let elapsed = min(since.duration(to: now), options.heartbeat)
        for id in active {
            guard
                case let (limit, ran)?? = at(
                    id,
                    { sweep -> (limit: Int, ran: Int)? in
                        guard let limit = sweep.sweep.stop?.milliseconds, sweep.state == .running,
                            sweep.share.leases > 0, !sweep.isStopped, !sweep.hasFinalRuns
                        else { return nil }
                        return (limit, sweep.ranMilliseconds)
                    }
                )
            else { continue }
            let more = (unwritten[id] ?? .zero) + elapsed
            let milliseconds = Int(more.wholeNanoseconds / 1_000_000)
            guard ran + milliseconds >= limit || more >= Self.longestUnwritten else {
                unwritten[id] = more
                continue
            }
            unwritten[id] = more - .milliseconds(milliseconds)
            record(.sweepChanged(id, .ran(milliseconds: ran + milliseconds)), at: now)
            if ran + milliseconds >= limit {
                log(.info, "the time of a sweep's search is up", ["sweep.name": sweeps[id]?.sweep.name ?? ""])
            }
        }
    }

    /// What a kill may make a coordinator forget of a time, and how rarely it is written.
    private static let longestUnwritten = Duration.seconds(10)
}
