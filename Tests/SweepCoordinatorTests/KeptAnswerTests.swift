import SweepCoordinator
import SweepCore
import Testing

@Suite struct KeptAnswerTests {
    @Test func `an answer is made once in its time, and anew after it`() {
        var answer = KeptAnswer<Int>(for: .seconds(1))
        var made = 0
        func ask(_ milliseconds: Int) -> Int {
            answer.value(at: Instant.zero.advanced(by: .milliseconds(milliseconds))) {
                made += 1
                return made
            }
        }
        #expect(ask(0) == 1 && ask(1) == 1 && ask(999) == 1)
        #expect(ask(1_000) == 2, "as old as it may not be")
        #expect(ask(1_999) == 2 && ask(7_000) == 3 && made == 3)
    }
}
