import SweepCoordination
import SweepCore
import SweepTestKit
import SweepWire
import Testing

/// Workers of other versions of the protocol: one apart works, further apart is told what to do.
@Suite struct TurnedAwayTests {
    private static let far = ProtocolVersions(only: 9)

    private static func problem(_ harness: CoreHarness, _ worker: CoreHarness.Worker) -> Problem? {
        for case .problem(let problem) in harness.sent(to: worker) { return problem }
        return nil
    }

    private static func lines(_ harness: CoreHarness) -> [LogLine] {
        harness.effects.compactMap { if case .log(let line) = $0 { line } else { nil } }
    }

    @Test(arguments: [(2, 2, 2), (2, 3, 3), (3, 4, 3)] as [(UInt8, UInt8, UInt8)])
    func `a worker one apart is welcomed in the version that both speak, and is given work`(
        oldest: UInt8,
        newest: UInt8,
        agreed: UInt8
    ) throws {
        var options = CoordinatorOptions()
        options.softwareVersion = "0.3.0"
        var harness = CoreHarness(options: options)
        let worker = harness.join("a", versions: try #require(ProtocolVersions(oldest: oldest, newest: newest)))
        guard case .welcome(let welcome)? = harness.sent(to: worker).first else {
            Issue.record("no welcome: \(harness.effects)")
            return
        }
        #expect(welcome.version == agreed && welcome.softwareVersion == "0.3.0")
        #expect(harness.core.version(on: worker.peer) == agreed)
        _ = harness.submit(RegistrationTests.plain())
        #expect(harness.assigned(to: worker).count == 1)
        #expect(harness.core.turnedAway.recent(at: harness.now).isEmpty)
        harness.give(.unreachable(worker.peer))
        #expect(harness.core.version(on: worker.peer) == handshakeVersion)
        #expect(harness.broken == [])
    }

    @Test(arguments: [1, 4, 9] as [UInt8])
    func `a worker far apart is told what to do, is not known, and is given nothing`(version: UInt8) throws {
        var harness = CoreHarness()
        _ = harness.submit(RegistrationTests.plain())
        let worker = harness.join("a", slots: 4, versions: ProtocolVersions(only: version))
        let problem = try #require(Self.problem(harness, worker))
        #expect(problem.code == .badVersion && problem.kind == MessageKind.register.rawValue)
        #expect(problem.sentence.contains("the worker is sweepd 0 with protocol version \(version)"))
        #expect(problem.sentence.contains("protocol versions 2 to 3"))
        #expect(problem.sentence.contains(version == 1 ? "upgrade the worker" : "upgrade the coordinator"))
        #expect(harness.sent(to: worker).count == 1)
        #expect(harness.core.workers.isEmpty && !harness.core.hasWorker(on: worker.peer))
        #expect(harness.core.version(on: worker.peer) == handshakeVersion)
        harness.tick(after: .seconds(2))
        #expect(harness.assigned(to: worker) == [])
        // What it says all the same is answered like anything from nobody.
        harness.say(.heartbeat(Heartbeat(running: [], busySlots: 0)), by: worker)
        #expect(harness.sent(to: worker) == [.unknownSession])
        #expect(harness.broken == [])
    }

    @Test func `the log tells of it once, and people see it until it is let in or gives up`() throws {
        var harness = CoreHarness()
        let worker = harness.join("a", versions: Self.far)
        #expect(Self.lines(harness).map(\.message) == ["worker turned away"])
        #expect(Self.lines(harness).map(\.level) == [.warning])
        harness.wait(.seconds(60))
        harness.register(worker, versions: Self.far)
        #expect(Self.lines(harness).map(\.level) == [.debug])
        let seen = try #require(harness.core.reading.turnedAway.recent(at: harness.now).first)
        #expect(seen.name == "a" && seen.host == "here" && seen.softwareVersion == "0" && seen.versions == Self.far)
        #expect(seen.lastSeen == harness.now)
        harness.wait(TurnedAwayWorkers.shown + .seconds(1))
        #expect(harness.core.turnedAway.recent(at: harness.now).isEmpty)
        // One that comes back upgraded is none of them any more.
        harness.register(worker, versions: Self.far)
        #expect(harness.core.turnedAway.recent(at: harness.now).count == 1)
        _ = harness.join("a")
        #expect(harness.core.turnedAway.recent(at: harness.now).isEmpty)
    }

    @Test func `names without end fill nothing, neither memory nor the log`() {
        var harness = CoreHarness()
        var warnings = 0
        for number in 0..<3000 {
            _ = harness.join("worker \(number)", versions: Self.far)
            warnings += Self.lines(harness).count { $0.level == .warning }
        }
        #expect(harness.core.turnedAway.recent(at: harness.now).count == TurnedAwayWorkers.limit)
        #expect(warnings == 1024)
        #expect(harness.core.workers.isEmpty)
    }

    @Test func `a registration of another version in a worker's name changes nothing of that worker`() throws {
        var harness = CoreHarness()
        let worker = harness.join("a")
        _ = harness.submit(RegistrationTests.plain(1))
        let lease = try #require(harness.assigned(to: worker).first).lease
        let other = harness.reconnected(worker)
        harness.register(other, versions: Self.far)
        #expect(Self.problem(harness, other)?.code == .badVersion)
        #expect(harness.core.workers[worker.id]?.connection == worker.peer)
        #expect(harness.trial(1)?.lease?.attempt == lease.attempt)
        // Nor on the worker's own connection.
        harness.register(worker, versions: Self.far)
        #expect(harness.core.version(on: worker.peer) == protocolVersion)
        #expect(harness.trial(1)?.lease?.attempt == lease.attempt)
        #expect(harness.broken == [])
    }
}
