package import SweepCore
package import SweepNumerics

/// What goes wrong between a coordinator and its workers.
package struct LinkFaults: Hashable, Sendable {
    /// Of each message, how likely it is lost.
    package var drop = 0.0
    /// Of each message, how likely it comes twice.
    package var duplicate = 0.0
    /// The shortest and the longest way, in milliseconds.
    package var delay: ClosedRange<Double> = 1...2
    /// Whether a message may overtake another one of the same link; a real connection never lets it.
    package var reorder = false

    package init(
        drop: Double = 0,
        duplicate: Double = 0,
        delay: ClosedRange<Double> = 1...2,
        reorder: Bool = false
    ) {
        self.drop = drop
        self.duplicate = duplicate
        self.delay = delay
        self.reorder = reorder
    }
}

/// One direction of one connection: says when each message arrives.
package struct SimulatedLink: Sendable {
    private var last = Instant.zero

    package init() {}

    /// The moments at which a message that is sent now arrives: none when it is lost, two when it is doubled.
    package mutating func arrivals(
        at now: Instant,
        _ faults: LinkFaults,
        _ random: inout RandomStream
    ) -> [Instant] {
        guard random.uniform() >= faults.drop else { return [] }
        let copies = random.uniform() < faults.duplicate ? 2 : 1
        return (0..<copies).map { _ in
            let span = faults.delay.upperBound - faults.delay.lowerBound
            let way = Duration.nanoseconds(Int64((faults.delay.lowerBound + span * random.uniform()) * 1e6))
            var arrival = now.advanced(by: way)
            if !faults.reorder { arrival = max(arrival, last.advanced(by: .nanoseconds(1))) }
            last = max(last, arrival)
            return arrival
        }
    }
}
