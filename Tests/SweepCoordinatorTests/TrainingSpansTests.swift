import SweepCoordinator
import SweepCore
import SweepReports
import Testing

@Suite struct TrainingSpansTests {
    private let red = WorkerID(name: "red", incarnation: 1)
    private func at(_ seconds: Double) -> Instant { Instant.zero.advanced(by: .milliseconds(Int64(seconds * 1000))) }
    private func lease(_ trial: Int, _ attempt: UInt32 = 1) -> LeaseID {
        LeaseID(trial: TrialID(sweep: SweepID(rawValue: 1), number: trial), attempt: Attempt(rawValue: attempt))
    }
    private func epochs(_ numbers: ClosedRange<Int>, _ seconds: Double) -> [Observation] {
        numbers.map { Observation(epoch: $0, values: [1], seconds: seconds) }
    }

    @Test func `an attempt begins when its first epochs did, not when its lease was given`() throws {
        var spans = TrainingSpans()
        spans.note(.leased(lease(1), worker: red, from: 0, to: 3), at: at(1))
        spans.note(.observed(lease(1), epochs(1...2, 0.5)), at: at(10))
        var span = try #require(spans.spans(of: SweepID(rawValue: 1), at: at(11)).first)
        #expect(span.worker == "red" && span.trial == 1 && span.attempt == 1)
        #expect(span.begin == 9 && span.end == 11 && span.kind == .running && span.toEpoch == 2)
        spans.note(.observed(lease(1), epochs(3...3, 0.5)), at: at(10.5))
        span = try #require(spans.spans(of: SweepID(rawValue: 1), at: at(20)).first)
        #expect(span.end == 10.5 && span.kind == .done && span.toEpoch == 3)
        // Core seconds of several threads may be more than passed.
        spans.note(.leased(lease(2), worker: red, from: 0, to: 3), at: at(20))
        spans.note(.observed(lease(2), epochs(1...1, 9)), at: at(21))
        #expect(spans.spans(of: SweepID(rawValue: 1), at: at(22)).last?.begin == 20)
    }

    @Test func `what was lost with its worker is told as lost, with epochs or without`() {
        var spans = TrainingSpans()
        spans.note(.leased(lease(1), worker: red, from: 0, to: 9), at: at(1))
        spans.note(.observed(lease(1), epochs(1...1, 0.5)), at: at(2))
        spans.note(.leaseEnded(lease(1), .lapsed), at: at(8))
        spans.note(.leased(lease(2), worker: red, from: 0, to: 9), at: at(9))
        spans.note(.leaseEnded(lease(2), .died("signal 9")), at: at(10))
        // One that came back untouched was never trained.
        spans.note(.leased(lease(3), worker: red, from: 0, to: 9), at: at(11))
        spans.note(.leaseEnded(lease(3), .handedBack), at: at(12))
        let told = spans.spans(of: SweepID(rawValue: 1), at: at(20))
        #expect(told.map(\.trial) == [1, 2])
        #expect(told.map(\.kind) == [.lost, .lost])
        #expect(told.map(\.end) == [8, 10])
    }

    @Test func `the number of spans is bounded, and the newest stay`() {
        var spans = TrainingSpans()
        for trial in 1...TrainingSpans.limit + 5 {
            spans.note(.leased(lease(trial), worker: red, from: 0, to: 1), at: at(0))
            spans.note(.observed(lease(trial), epochs(1...1, 0)), at: at(1))
        }
        let told = spans.spans(of: SweepID(rawValue: 1), at: at(2))
        #expect(told.count <= TrainingSpans.limit && told.last?.trial == TrainingSpans.limit + 5)
        #expect(told.allSatisfy { $0.kind == .done })
    }
}
