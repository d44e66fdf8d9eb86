import SweepDashboard
import SweepReports
import Testing

/// What was made once is made once.
@Suite struct RememberedTests {
    private let start = ContinuousClock.now

    @Test func `each is made once, and the one that was asked for longest ago is forgotten first`() throws {
        var remembered = Remembered<Int, Int>(limit: 2)
        var made: [Int] = []
        func ask(_ key: Int) throws {
            let value = try remembered.value(of: key, at: start) { () throws(ControlError) in
                made.append(key)
                return key * 10
            }
            #expect(value == key * 10)
        }
        try ask(1)
        try ask(2)
        try ask(1)
        #expect(made == [1, 2])
        try ask(3)
        try ask(1)
        #expect(made == [1, 2, 3])
        try ask(2)
        #expect(made == [1, 2, 3, 2])
    }

    @Test func `a failure is told again without trying, until a while has passed`() throws {
        var remembered = Remembered<Int, Int>(limit: 2, patience: .seconds(60))
        var tries = 0
        func ask(after seconds: Int, fails: Bool) -> Result<Int, ControlError> {
            do throws(ControlError) {
                return .success(
                    try remembered.value(of: 1, at: start.advanced(by: .seconds(seconds))) { () throws(ControlError) in
                        tries += 1
                        if fails { throw ControlError(.conflict, "try \(tries)") }
                        return 7
                    }
                )
            } catch { return .failure(error) }
        }
        #expect(ask(after: 0, fails: true) == .failure(ControlError(.conflict, "try 1")))
        #expect(ask(after: 59, fails: false) == .failure(ControlError(.conflict, "try 1")))
        #expect(ask(after: 60, fails: false) == .success(7))
        #expect(tries == 2)
    }
}
