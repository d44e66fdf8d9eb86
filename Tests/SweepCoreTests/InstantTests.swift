import SweepCore
import Testing

@Suite struct InstantTests {
    @Test func `moments add and subtract durations`() {
        let start = Instant(nanoseconds: 1_500_000_000)
        #expect(start.advanced(by: .milliseconds(250)) == Instant(nanoseconds: 1_750_000_000))
        #expect(start.advanced(by: .seconds(-2)) == Instant(nanoseconds: -500_000_000))
        #expect(start.duration(to: .zero) == .milliseconds(-1500))
        #expect(Instant.zero < start)
        #expect(start.description == "1.5 s")
    }

    @Test func `the ends of the range hold instead of trapping`() {
        let end = Instant(nanoseconds: .max)
        let beginning = Instant(nanoseconds: .min)
        #expect(end.advanced(by: .seconds(1)) == end)
        #expect(beginning.advanced(by: .seconds(-1)) == beginning)
        #expect(Instant.zero.advanced(by: .seconds(Int64.max)) == end)
        #expect(beginning.duration(to: end) == .nanoseconds(Int64.max))
        #expect(end.duration(to: beginning) == .nanoseconds(Int64.min))
    }

    @Test func `a duration's nanoseconds are rounded towards zero`() {
        #expect(Duration.nanoseconds(7).wholeNanoseconds == 7)
        #expect((Duration.nanoseconds(3) / 2).wholeNanoseconds == 1)
        #expect((Duration.nanoseconds(-3) / 2).wholeNanoseconds == -1)
        #expect(Duration.milliseconds(-1500).wholeNanoseconds == -1_500_000_000)
    }

    @Test func `leases are ordered by trial, then attempt`() {
        func lease(_ sweep: UInt32, _ trial: Int, _ attempt: UInt32) -> LeaseID {
            LeaseID(
                trial: TrialID(sweep: SweepID(rawValue: sweep), number: trial),
                attempt: Attempt(rawValue: attempt)
            )
        }
        let ordered = [lease(1, 1, 1), lease(1, 1, 2), lease(1, 2, 1), lease(2, 1, 1)]
        #expect(ordered.reversed().sorted() == ordered)
        #expect(lease(3, 14, 2).description == "3/14#2")
    }
}
