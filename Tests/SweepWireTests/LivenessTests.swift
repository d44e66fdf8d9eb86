import SweepCore
import SweepWire
import Testing

@Suite struct LivenessTests {
    private func at(_ milliseconds: Int) -> Instant { Instant.zero.advanced(by: .milliseconds(milliseconds)) }

    @Test func `three silent beats are a loss, and anything heard in between is not`() {
        var liveness = Liveness(interval: .seconds(1), at: .zero)
        #expect(!liveness.isLost(at: at(2999)))
        #expect(liveness.isLost(at: at(3000)))
        liveness.heard(at: at(2999))
        #expect(!liveness.isLost(at: at(5998)))
        #expect(liveness.isLost(at: at(5999)))
        #expect(liveness.lostAt == at(5999))
    }

    @Test func `a word that arrives late does not turn time back`() {
        var liveness = Liveness(interval: .seconds(1), at: at(100))
        liveness.heard(at: at(50))
        #expect(liveness.lastHeard == at(100))
    }

    @Test func `beats come once an interval, and a late process sends one, not many`() {
        var liveness = Liveness(interval: .seconds(1), at: .zero)
        #expect(liveness.beats(at: at(999)) == false)
        #expect(liveness.beats(at: at(1000)) == true)
        #expect(liveness.beats(at: at(1000)) == false)
        #expect(liveness.beats(at: at(9000)) == true)
        #expect(liveness.beats(at: at(9999)) == false)
        #expect(liveness.nextBeat == at(10_000))
    }

    @Test func `a limit of its own replaces the three beats`() {
        let liveness = Liveness(interval: .seconds(1), limit: .seconds(10), at: .zero)
        #expect(!liveness.isLost(at: at(9999)) && liveness.isLost(at: at(10_000)))
    }
}
