import SweepCore

/// What a sweep has of the workers, and has had: what fair shares are reckoned from.
package struct SweepShare: Hashable, Sendable {
    /// Leases that workers hold.
    package internal(set) var leases = 0
    /// The place of its newest lease among all that were ever given; 0 before the first.
    package internal(set) var newestLease = 0
    /// Core seconds that it is taken to have had beside its own: a sweep that comes later, or comes back, begins level with the
    /// least served of those that were there, so that it neither waits for them nor keeps them waiting.
    package internal(set) var head = 0.0
}

extension SweepProgress {
    /// Slots that its leases take.
    package var heldSlots: Int { share.leases * placement.slots }

    /// Core seconds that count as its part so far.
    package var service: Double { epochSeconds + share.head }

    /// Leases that its limit leaves it.
    package var leasesLeft: Int { max(0, (placement.maxParallel ?? .max) - share.leases) }
}
