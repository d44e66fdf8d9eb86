import SweepCore
import Testing

@testable import SweepWire

@Suite struct CoordinatorSessionTests {
    private func at(_ milliseconds: Int) -> Instant { Instant.zero.advanced(by: .milliseconds(milliseconds)) }

    private func register(_ name: String = "a", incarnation: UInt64 = 1, oldest: UInt64 = 1) -> Register {
        Register(
            worker: WorkerID(name: name, incarnation: incarnation),
            host: "h",
            pid: 1,
            slots: 2,
            prefetch: 4,
            kernels: "v3",
            coreVersion: "1",
            softwareVersion: "1",
            oldestSequence: oldest
        )
    }

    /// Sessions in which worker "a" is bound to connection 1.
    private func bound(committed: UInt64 = 0) -> CoordinatorSessions<Int> {
        var sessions = CoordinatorSessions<Int>()
        _ = sessions.receive(.register(register()), from: 1, at: .zero)
        bind(&sessions, register(), on: 1, committed: committed)
        return sessions
    }

    @discardableResult
    private func bind(
        _ sessions: inout CoordinatorSessions<Int>,
        _ register: Register,
        on connection: Int,
        committed: UInt64 = 0,
        at now: Instant = .zero
    ) -> Int? {
        sessions.bind(
            register,
            on: connection,
            key: "",
            applied: committed,
            committed: committed,
            interval: .seconds(1),
            lapse: .seconds(3),
            at: now
        )
    }

    private func reports(_ sequence: UInt64) -> Message { .reports(Reports(sequence: sequence, items: [])) }

    @Test func `a worker's messages before it registered are answered with unknown session`() {
        var sessions = CoordinatorSessions<Int>()
        let early: [Message] = [
            .heartbeat(Heartbeat(running: [], busySlots: 0)), reports(1), .draining(Draining(handedBack: [])),
            .segmentEnded(SegmentEnded(sequence: 1, lease: GoldenSamples.lease, epoch: 1, outcome: .reached)),
        ]
        for message in early {
            #expect(sessions.receive(message, from: 1, at: .zero) == [.answer(.unknownSession)])
        }
        #expect(sessions.receive(.register(register()), from: 1, at: .zero) == [.apply(.register(register()))])
    }

    @Test func `numbered messages are applied once, in order, and acknowledged after the commit`() {
        var sessions = bound(committed: 4)
        #expect(sessions.receive(reports(5), from: 1, at: .zero) == [.apply(reports(5))])
        let committed = Message.acknowledged(Acknowledged(sequence: 4))
        #expect(sessions.receive(reports(5), from: 1, at: .zero) == [.answer(committed)])
        #expect(sessions.receive(reports(7), from: 1, at: .zero) == [.answer(committed)])
        #expect(sessions.receive(reports(6), from: 1, at: .zero) == [.apply(reports(6))])
        let acknowledged = sessions.commit(register().worker, through: 6)
        #expect(acknowledged?.0 == 1 && acknowledged?.1 == .acknowledged(Acknowledged(sequence: 6)))
        let again = sessions.commit(register().worker, through: 6)
        #expect(again == nil)
    }

    @Test func `heartbeats are answered and handed on`() {
        var sessions = bound()
        let beat = Message.heartbeat(Heartbeat(running: [], busySlots: 1))
        #expect(sessions.receive(beat, from: 1, at: .zero) == [.answer(.heartbeatAnswer), .apply(beat)])
    }

    @Test func `what only a coordinator sends, and requests of workers, are answered with a problem`() {
        var sessions = bound()
        for message in GoldenSamples.messages {
            let actions = sessions.receive(message, from: 2, at: .zero)
            switch message {
            case .welcome, .heartbeatAnswer, .assignments, .acknowledged, .verdicts, .drain, .unknownSession,
                .response:
                guard case .answer(.problem(let problem))? = actions.first else {
                    Issue.record("\(message.kind) was not refused: \(actions)")
                    continue
                }
                #expect(problem.code == .notAllowed && problem.kind == message.kind.rawValue)
            case .problem: #expect(actions == [.apply(message)], "a problem is never answered")
            default: break
            }
        }
        let request = Message.request(ClientRequest(id: 1, verb: "cancel", body: []))
        #expect(sessions.receive(request, from: 3, at: .zero) == [.apply(request)])
        guard case .answer(.problem)? = sessions.receive(request, from: 1, at: .zero).first else {
            Issue.record("a worker's request was not refused")
            return
        }
    }

    @Test func `a silent worker is lost once, and told to register when it speaks again`() {
        var sessions = bound()
        #expect(sessions.deadline == at(3000))
        #expect(sessions.tick(at: at(2999)).lost.isEmpty)
        #expect(sessions.tick(at: at(3000)).lost == [register().worker])
        #expect(sessions.tick(at: at(3001)).lost.isEmpty)
        #expect(sessions.workers.isEmpty && sessions.connection(of: register().worker) == nil)
        let beat = Message.heartbeat(Heartbeat(running: [], busySlots: 1))
        #expect(sessions.receive(beat, from: 1, at: at(4000)) == [.answer(.unknownSession)])
    }

    @Test func `a worker that comes on another connection leaves the first`() {
        var sessions = bound()
        #expect(bind(&sessions, register(), on: 2) == 1)
        #expect(sessions.connection(of: register().worker) == 2)
        #expect(sessions.receive(reports(1), from: 1, at: .zero) == [.answer(.unknownSession)])
        #expect(sessions.receive(reports(1), from: 2, at: .zero) == [.apply(reports(1))])
        #expect(bind(&sessions, register(), on: 2) == nil, "the same connection is not an older one")
    }

    @Test func `another process of the same name is another worker`() {
        var sessions = bound()
        #expect(bind(&sessions, register(incarnation: 2), on: 2) == nil)
        #expect(sessions.workers.count == 2)
    }

    @Test func `goodbye ends the session`() {
        var sessions = bound()
        #expect(
            sessions.receive(.goodbye(Goodbye(reason: "drained")), from: 1, at: .zero) == [.left(reason: "drained")]
        )
        #expect(sessions.workers.isEmpty && sessions.count == 0)
    }

    @Test func `another key cannot take a worker's name over, also after it was lost`() {
        var sessions = CoordinatorSessions<Int>()
        _ = sessions.bind(
            register(),
            on: 1,
            key: "K1",
            applied: 0,
            committed: 0,
            interval: .seconds(1),
            lapse: .seconds(3),
            at: .zero
        )
        _ = sessions.tick(at: at(9000))
        #expect(sessions.mayRegister(register().worker, key: "K1"))
        #expect(!sessions.mayRegister(register().worker, key: "K2"))
        #expect(sessions.mayRegister(register("b").worker, key: "K2"))
    }

    @Test func `idle clients are forgotten`() {
        var sessions = CoordinatorSessions<Int>()
        for client in 0..<100 {
            let request = Message.request(ClientRequest(id: 1, verb: "list", body: []))
            _ = sessions.receive(request, from: client, at: .zero)
        }
        #expect(sessions.count == 100)
        #expect(sessions.tick(at: at(60_000)).lost.isEmpty)
        #expect(sessions.count == 0)
    }

    @Test func `an offered object is fetched and handed on whole`() throws {
        var sessions = bound()
        let bytes = (0..<700_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let offer = ObjectOffer(hash: GoldenSamples.hash(1), bytes: bytes)
        #expect(sessions.receive(.objectOffer(offer), from: 1, at: .zero) == [.apply(.objectOffer(offer))])
        var actions = sessions.accept(offer, from: 1, at: .zero)
        var arrived: [UInt8]?
        while let action = actions.first {
            guard case .answer(.objectRequest(let request)) = action else {
                if case .arrived(GoldenSamples.hash(1), let whole) = action { arrived = whole }
                break
            }
            actions = request.chunks(of: bytes).flatMap { sessions.receive(.objectChunk($0), from: 1, at: .zero) }
        }
        #expect(arrived == bytes)
        let small = ObjectOffer(hash: GoldenSamples.hash(2), bytes: [1, 2, 3])
        #expect(sessions.accept(small, from: 1, at: .zero) == [.arrived(GoldenSamples.hash(2), [1, 2, 3])])
    }

    @Test func `one peer cannot begin objects without end`() {
        var session = CoordinatorSession(at: .zero)
        var refused = 0
        for number in 0..<200 {
            let offer = ObjectOffer(hash: GoldenSamples.hash(UInt8(number)), size: 1 << 30, head: [1])
            if case .answer(.problem)? = session.accept(offer, at: .zero).first { refused += 1 }
        }
        #expect(refused == 200 - CoordinatorSession.downloadLimit)
    }
}
