/// A moment on the clock of one process, in nanoseconds from an origin of that process's choice.
///
/// Pure code never reads a clock: whoever drives it passes the moment. Moments of two processes, or of two runs of one,
/// have nothing to do with each other; times that people read are wall-clock milliseconds and stand in facts.
package struct Instant: InstantProtocol, Hashable, Sendable, CustomStringConvertible {
    /// Nanoseconds since the origin; 2⁶³ of them last 292 years.
    package let nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// The origin: where a virtual clock starts.
    package static let zero = Instant(nanoseconds: 0)

    package static func < (a: Self, b: Self) -> Bool { a.nanoseconds < b.nanoseconds }

    /// The moment `duration` later; held at the ends of the range instead of trapping.
    package func advanced(by duration: Duration) -> Instant {
        let (sum, overflow) = nanoseconds.addingReportingOverflow(duration.wholeNanoseconds)
        return Instant(nanoseconds: overflow ? (duration < .zero ? .min : .max) : sum)
    }

    /// How long it is from here to `other`; negative when `other` is earlier.
    package func duration(to other: Instant) -> Duration {
        let (difference, overflow) = other.nanoseconds.subtractingReportingOverflow(nanoseconds)
        return .nanoseconds(overflow ? (other < self ? .min : .max) : difference)
    }

    /// Seconds since the origin, for messages.
    package var description: String { "\(Double(nanoseconds) / 1e9) s" }
}

extension Duration {
    /// The duration in nanoseconds, rounded towards zero and held within 64 bits.
    package var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, more) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflow || more ? (seconds < 0 ? .min : .max) : sum
    }
}
