import SweepCoordination
import SweepCore
import SweepTestKit
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

    /// A worker that hears nothing for some seconds comes back by another connection, again and again.
    @Test func `a commit that takes long gathers no more for workers that come back than there are workers`() throws {
        var queue = CommitQueue()
        queue.add([.record(Self.fact)])
        #expect(queue.next() == .commit([Self.fact]))
        let lease = LeaseID(trial: TrialID(sweep: SweepID(rawValue: 1), number: 1), attempt: Attempt(rawValue: 1))
        let stale = Message.verdicts(Verdicts(items: [.init(lease: lease, stop: .superseded)]))
        let (workers, rounds) = (10, 10_000)
        func peer(_ worker: Int, _ round: Int) -> PeerID { PeerID(number: UInt32(round * workers + worker)) }
        func welcome(_ round: Int) -> Message {
            .welcome(
                Welcome(
                    session: 1,
                    heartbeatMilliseconds: 2_000,
                    lapseMilliseconds: 6_000,
                    coordinator: "sweepd",
                    lastSequence: UInt64(round),
                    refused: [lease]
                )
            )
        }
        for round in 1...rounds {
            for worker in 0..<workers {
                let (old, new) = (peer(worker, round - 1), peer(worker, round))
                queue.add([
                    .replaced(old), .send(welcome(round), to: new),
                    .log(LogLine(.info, "worker registered", ["worker.id": "w\(worker)"])),
                    .send(.heartbeatAnswer, to: new), .send(stale, to: new), .send(stale, to: new),
                ])
            }
        }
        #expect(queue.count < 2 * CommitQueue.many)
        _ = queue.committed()
        guard case .perform(let effects)? = queue.next() else {
            Issue.record("nothing is left")
            return
        }
        for worker in 0..<workers {
            let newest = peer(worker, rounds)
            #expect(effects.contains(.send(welcome(rounds), to: newest)) && effects.contains(.send(stale, to: newest)))
        }
        #expect(effects.count { if case .send(.welcome, _) = $0 { true } else { false } } < CommitQueue.many)
        #expect(effects.count { if case .log = $0 { true } else { false } } < CommitQueue.many)
    }

    @Test func `what is dropped of what waits is said by what comes later, and a warning stays`() {
        let (one, two) = (PeerID(number: 1), PeerID(number: 2))
        let leases = (1...2).map {
            LeaseID(trial: TrialID(sweep: SweepID(rawValue: 1), number: $0), attempt: Attempt(rawValue: 1))
        }
        func verdict(_ lease: Int) -> Message {
            .verdicts(Verdicts(items: [.init(lease: leases[lease], stop: .superseded)]))
        }
        let warning = Effect.log(LogLine(.warning, "trial failed"))
        let info = Effect.log(LogLine(.info, "worker registered"))
        let effects: [Effect] = [
            .send(.drain, to: one), info, warning, .send(verdict(0), to: two), .record(Self.fact), .replaced(one), info,
            warning, .send(.unknownSession, to: one), .send(verdict(1), to: two), .send(.drain, to: two),
        ]
        #expect(
            Effect.withoutRepetitions(effects, orBeats: true) == [
                warning, .record(Self.fact), info, warning, .send(.unknownSession, to: one), .send(verdict(1), to: two),
                .send(.drain, to: two),
            ]
        )
        // One commit drops nothing of it.
        #expect(Effect.withoutRepetitions(effects) == effects)
    }

    @Test func `a worker that comes by another connection leaves the first`() {
        var harness = CoreHarness()
        let worker = harness.join("a")
        #expect(!harness.effects.contains(.replaced(worker.peer)))
        harness.register(worker)
        #expect(!harness.effects.contains(.replaced(worker.peer)))
        let again = harness.reconnected(worker)
        harness.register(again)
        #expect(harness.effects.contains(.replaced(worker.peer)))
    }

    @Test func `without a commit nothing is through`() {
        var queue = CommitQueue()
        #expect(queue.committed() == [])
        #expect(queue.next() == nil)
    }
}
