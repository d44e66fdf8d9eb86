import SweepDashboard
import SweepReports
import Testing

/// What is being made is made once.
@Suite(.timeLimit(.minutes(1))) struct UnderWayTests {
    @Test func `who asks meanwhile waits for the same, and later it is made anew`() async throws {
        let making = UnderWay<String, Int>()
        let gate = Gate()
        gate.close()
        let values = try await withThrowingTaskGroup(of: Int.self, returning: [Int].self) { group in
            for asker in 0..<50 {
                group.addTask {
                    try await making.value(of: asker < 40 ? "one" : "other") { () async throws(ControlError) in
                        await gate.pass()
                        return gate.arrived
                    }
                }
            }
            while making.waiting < 50 || gate.waiting < 2 { await Task.yield() }
            gate.open()
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(values == Array(repeating: 2, count: 50) && making.waiting == 0)
        let later = try await making.value(of: "one") { () async throws(ControlError) in
            await gate.pass()
            return gate.arrived
        }
        #expect(later == 3 && making.waiting == 0)
    }

    @Test func `an asker that goes takes the answer from nobody, also the first`() async throws {
        let making = UnderWay<Int, Int>()
        let gate = Gate()
        gate.close()
        func ask() -> Task<Int, any Error> {
            Task {
                try await making.value(of: 1) { () async throws(ControlError) in
                    await gate.pass()
                    return Task.isCancelled ? 0 : 7
                }
            }
        }
        let first = ask()
        while gate.waiting < 1 { await Task.yield() }
        let others = (0..<5).map { _ in ask() }
        while making.waiting < 6 { await Task.yield() }
        first.cancel()
        gate.open()
        for other in others { #expect(try await other.value == 7) }
        #expect(gate.arrived == 1 && making.waiting == 0)
    }

    @Test func `what goes wrong goes wrong for all who wait, and is tried again by the next`() async throws {
        let making = UnderWay<Int, Int>()
        let gate = Gate()
        gate.close()
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    do throws(ControlError) {
                        _ = try await making.value(of: 1) { () async throws(ControlError) in
                            await gate.pass()
                            throw ControlError(.conflict, "not now")
                        }
                        return false
                    } catch { return error == ControlError(.conflict, "not now") }
                }
            }
            while making.waiting < 8 { await Task.yield() }
            gate.open()
            for await isRefused in group { #expect(isRefused) }
        }
        #expect(gate.arrived == 1)
        let later = try await making.value(of: 1) { () async throws(ControlError) in 7 }
        #expect(later == 7)
    }
}
