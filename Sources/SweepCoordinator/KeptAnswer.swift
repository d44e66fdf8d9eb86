package import SweepCore

/// An answer that is made anew only when the last one is old: however often it is asked for, it is made once in a time.
package struct KeptAnswer<Value: Sendable>: Sendable {
    private let lifetime: Duration
    private var kept: (value: Value, made: Instant)?

    /// One that is given for `lifetime` after it was made.
    package init(for lifetime: Duration) { self.lifetime = lifetime }

    /// The answer at `now`, made of what is then or kept from before.
    package mutating func value(at now: Instant, _ make: () -> Value) -> Value {
        if let kept, kept.made.duration(to: now) < lifetime { return kept.value }
        let value = make()
        kept = (value, now)
        return value
    }
}
