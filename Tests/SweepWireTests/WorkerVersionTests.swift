import SweepCore
import SweepWire
import Testing

/// Which version a worker's session speaks, and what it makes of a coordinator of another.
@Suite struct WorkerVersionTests {
    private static func welcome(_ version: UInt8) -> Message {
        .welcome(
            Welcome(
                session: 1,
                heartbeatMilliseconds: 1000,
                lapseMilliseconds: 3000,
                coordinator: "c",
                lastSequence: 0,
                version: version,
                softwareVersion: "0.2.0"
            )
        )
    }

    private static func badVersion(_ kind: MessageKind) -> Message {
        .problem(Problem(kind: kind.rawValue, code: .badVersion, sentence: "no"))
    }

    @Test func `it speaks what the welcome says, and the handshake's version before`() {
        var bench = WorkerBench()
        #expect(bench.session.version == handshakeVersion)
        _ = bench.handle(.tick)
        #expect(bench.session.version == handshakeVersion)
        #expect(bench.receive(Self.welcome(3)).exit == nil)
        #expect(bench.session.version == 3 && bench.session.isConnected)
        // A coordinator that was started again knows nothing of what was settled.
        _ = bench.receive(.unknownSession)
        #expect(bench.session.version == handshakeVersion)
        #expect(bench.receive(Self.welcome(2)).exit == nil)
        #expect(bench.session.version == 2 && bench.session.isConnected)
    }

    @Test(arguments: [UInt8(1), 4])
    func `a welcome in a version that it does not speak ends it with what to do`(version: UInt8) {
        var bench = WorkerBench()
        _ = bench.handle(.tick)
        let actions = bench.receive(Self.welcome(version))
        guard case .turnedAway(let sentence)? = actions.exit else {
            Issue.record("it does not end: \(actions)")
            return
        }
        #expect(sentence.contains("sweepd 1 with protocol versions 2 to 3"))
        #expect(sentence.contains("sweepd 0.2.0 with protocol version \(version)"))
        #expect(sentence.contains(version == 1 ? "upgrade the coordinator" : "upgrade the worker"))
        guard case .goodbye? = actions.messages.first else {
            Issue.record("it leaves without a word")
            return
        }
    }

    @Test func `told that its registration is of another version it ends, and does not try again`() {
        var bench = WorkerBench()
        _ = bench.handle(.tick)
        #expect(bench.receive(Self.badVersion(.register)).exit == .turnedAway(sentence: "no"))
        #expect(bench.handle(.tick).isEmpty && bench.session.deadline == nil)
    }

    @Test func `a coordinator of version 2 that does not read version 2 ends it too`() {
        var bench = WorkerBench()
        _ = bench.connect()
        #expect(bench.receive(Self.badVersion(.heartbeat)).exit == .turnedAway(sentence: "no"))
    }

    /// The new coordinator was stopped, and the one of before started in its place: it reads no header of version 3.
    @Test func `an older coordinator in the place of a newer one is registered with anew`() {
        var bench = WorkerBench(slots: 1)
        _ = bench.handle(.tick)
        _ = bench.receive(Self.welcome(3))
        _ = bench.receive(WorkerBench.assignments(1))
        #expect(bench.receive(Self.badVersion(.heartbeat)).exit == nil)
        #expect(!bench.session.isConnected)
        // What else was on its way is answered so as well, and is of the past.
        #expect(bench.receive(Self.badVersion(.reports)).isEmpty)
        let again = bench.pass(.milliseconds(250))
        #expect(again.opens && bench.session.version == handshakeVersion)
        guard case .register(let register)? = again.messages.first else {
            Issue.record("it does not register")
            return
        }
        #expect(register.leases.map(\.lease) == [WorkerBench.lease(1)], "it trains on")
        #expect(bench.receive(Self.badVersion(.heartbeat)).exit == nil, "about what it said before")
        #expect(bench.receive(Self.welcome(2)).exit == nil)
        #expect(bench.session.version == 2 && bench.session.isConnected)
    }
}
