import SweepCoordination
import SweepCore
import SweepWire
import Testing

@Suite struct CommitQueueTests {
    static let fact = Fact.sweepChanged(SweepID(rawValue: 1), .paused)
    static let other = Fact.sweepChanged(SweepID(rawValue: 1), .resumed)
    static let send = Effect.send(.heartbeatAnswer, to: PeerID(number: 1))
    static let late = Effect.send(.drain, to: PeerID(number: 1))

    @Test func `what comes with a fact is carried out after its commit, in order`() {
        var queue = CommitQueue()
        queue.add([Self.send, .record(Self.fact), Self.late])
        #expect(queue.next() == .commit([Self.fact]))
        #expect(queue.isCommitting)
        #expect(queue.next() == nil)
        #expect(queue.committed() == [Self.send, .record(Self.fact), Self.late])
        #expect(queue.isEmpty)
        #expect(queue.next() == nil)
    }

    @Test func `what comes without a fact waits for nothing`() {
        var queue = CommitQueue()
        queue.add([Self.send])
        #expect(queue.next() == .perform([Self.send]))
        #expect(queue.isEmpty)
    }

    @Test func `what gathers during a commit waits for it, and its facts go into one`() {
        var queue = CommitQueue()
        queue.add([.record(Self.fact)])
        #expect(queue.next() == .commit([Self.fact]))
        queue.add([Self.send])
        queue.add([.record(Self.other), Self.late])
        queue.add([.record(Self.fact)])
        #expect(queue.next() == nil)
        #expect(queue.committed() == [.record(Self.fact)])
        #expect(queue.next() == .commit([Self.other, Self.fact]))
        #expect(!queue.isEmpty)
        #expect(queue.committed() == [Self.send, .record(Self.other), Self.late, .record(Self.fact)])
        #expect(queue.isEmpty)
    }

    @Test func `without a commit nothing is through`() {
        var queue = CommitQueue()
        #expect(queue.committed() == [])
        #expect(queue.next() == nil)
    }
}
