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

    /// A disk that stands still is waited for, and workers beat and send again meanwhile.
    @Test func `a commit that takes long gathers no more answers than there are peers to hear them`() {
        var queue = CommitQueue()
        queue.add([.record(Self.fact)])
        #expect(queue.next() == .commit([Self.fact]))
        let peers = (1...10).map { PeerID(number: UInt32($0)) }
        for round in 1...30_000 {
            let acknowledged = Message.acknowledged(Acknowledged(sequence: UInt64(round)))
            for peer in peers { queue.add([.send(.heartbeatAnswer, to: peer), .send(acknowledged, to: peer)]) }
            if round.isMultiple(of: 10_000) { queue.add([.record(Self.other), Self.late]) }
        }
        #expect(queue.count < 2 * CommitQueue.many)
        _ = queue.committed()
        #expect(queue.next() == .commit([Self.other, Self.other, Self.other]))
        let effects = queue.committed()
        // Of each peer the last acknowledgement, and an answer to its beats; all else as it was, in order.
        let newest = Message.acknowledged(Acknowledged(sequence: 30_000))
        for peer in peers {
            #expect(effects.contains(.send(newest, to: peer)) && effects.contains(.send(.heartbeatAnswer, to: peer)))
        }
        let rest = effects.filter { effect in
            switch effect {
            case .send(.acknowledged, _), .send(.heartbeatAnswer, _): false
            default: true
            }
        }
        let turn = [Effect.record(Self.other), Self.late]
        #expect(rest == turn + turn + turn)
        #expect(effects.count { if case .send(.acknowledged, _) = $0 { true } else { false } } == peers.count)
    }

    @Test func `without a commit nothing is through`() {
        var queue = CommitQueue()
        #expect(queue.committed() == [])
        #expect(queue.next() == nil)
    }
}
