import SweepCoordination
import SweepCore
import SweepTestKit
import SweepWire
import Testing

/// Failures that are not the configuration's: the sweep rests instead of burning through its trials.
@Suite struct BrakeTests {
    private static let memory = SegmentOutcome.died(reason: "signal 9 (SIGKILL), out of memory after epoch 0", log: "")
    private static let disk = SegmentOutcome.died(reason: "exit code 1", log: "cache: No space left on device\n")

    private static func isHalted(_ sweep: SweepProgress?) -> Bool {
        if case .halted? = sweep?.state { true } else { false }
    }

    /// Lets whatever the only worker is given die so; the numbers of the trials, in order.
    private static func die(
        _ harness: inout CoreHarness,
        _ worker: inout CoreHarness.Worker,
        _ outcome: SegmentOutcome,
        atMost: Int = 100
    ) throws -> [Int] {
        var died: [Int] = []
        while let trial = harness.core.workers[worker.id]?.held.first, died.count < atMost, !isHalted(harness.sweep) {
            died.append(trial.number)
            harness.end(try #require(harness.lease(of: trial.number)), outcome, epoch: 0, by: &worker)
        }
        return died
    }

    @Test func `a full disk halts the sweep and fails no trial`() throws {
        var harness = CoreHarness()
        var worker = harness.join("a")
        _ = harness.submit(RegistrationTests.plain(10))
        #expect(try Self.die(&harness, &worker, Self.disk) == [1, 1, 1])
        guard case .halted(let reason)? = harness.sweep?.state else {
            Issue.record("the sweep is \(harness.sweep?.state.name ?? "not there")")
            return
        }
        #expect(reason.contains("the disk is full") && reason.contains("No space left on device"))
        #expect(harness.sweep?.open.count == harness.sweep?.trials.count, "no trial has ended")
        #expect(harness.assigned(to: worker) == [])
        #expect(harness.broken == [])
    }

    @Test func `memory that is out for three configurations in a row halts it`() throws {
        var harness = CoreHarness()
        var worker = harness.join("a")
        _ = harness.submit(RegistrationTests.plain(10))
        #expect(try Self.die(&harness, &worker, Self.memory) == [1, 1, 1, 2, 2, 2, 3, 3, 3])
        #expect(Self.isHalted(harness.sweep))
        #expect((1...4).map { harness.trial($0)?.ended?.name } == ["failed", "failed", nil, nil])
        #expect(harness.broken == [])
    }

    @Test func `an epoch in between starts the row anew, so that some large models fail and the sweep ends`() throws {
        var harness = CoreHarness()
        var worker = harness.join("a")
        _ = harness.submit(RegistrationTests.plain(9))
        while let trial = harness.core.workers[worker.id]?.held.first {
            let assignment = try #require(harness.lease(of: trial.number))
            if trial.number.isMultiple(of: 3) {
                harness.report(assignment, 1...assignment.to, by: &worker)
                harness.end(assignment, by: &worker)
            } else {
                harness.end(assignment, Self.memory, epoch: 0, by: &worker)
            }
        }
        #expect(harness.sweep?.state == .finished)
        #expect((1...9).map { harness.trial($0)?.ended?.name == "failed" } == (1...9).map { !$0.isMultiple(of: 3) })
        #expect(harness.broken == [])
    }

    @Test func `crashes of its own never halt it`() throws {
        var harness = CoreHarness()
        var worker = harness.join("a")
        _ = harness.submit(RegistrationTests.plain(6))
        let died = try Self.die(&harness, &worker, .died(reason: "signal 11 (SIGSEGV) after epoch 0", log: "out"))
        #expect(died.count == 18)
        #expect(harness.sweep?.state == .finished)
        #expect(harness.broken == [])
    }

    @Test func `two causes by turns are no row`() throws {
        var harness = CoreHarness()
        var worker = harness.join("a")
        _ = harness.submit(RegistrationTests.plain(4))
        for _ in 1...2 {
            #expect(try Self.die(&harness, &worker, Self.memory, atMost: 3).count == 3)
            #expect(try Self.die(&harness, &worker, .died(reason: "signal 11", log: ""), atMost: 3).count == 3)
        }
        #expect(harness.sweep?.state == .finished)
    }

    @Test func `resumed it goes on with every trial that has not failed, after a restart too`() throws {
        var harness = CoreHarness()
        var worker = harness.join("a")
        _ = harness.submit(RegistrationTests.plain(4))
        _ = try Self.die(&harness, &worker, Self.disk)
        // What a restart reads is the same halted sweep.
        var restarted = CoordinatorCore(session: 43)
        for fact in harness.facts { restarted.restore(fact) }
        #expect(restarted.sweep(named: "sample")?.state == harness.sweep?.state)
        #expect(restarted.sweep(named: "sample")?.brake == harness.sweep?.brake)

        #expect(harness.steer("sample", .resume) == .done(SweepID(rawValue: 1)))
        #expect(harness.sweep?.state == .running)
        let next = harness.assigned(to: worker)
        #expect(next.map(\.lease.trial.number) == [1])
        harness.trainAll(&worker, next)
        #expect(harness.sweep?.state == .finished)
        #expect(harness.sweep?.trials.allSatisfy { $0.ended == .completed } == true)
        #expect(harness.broken == [])
    }

    @Test func `a halted sweep can be cancelled, and pausing it changes nothing`() throws {
        var harness = CoreHarness()
        var worker = harness.join("a")
        _ = harness.submit(RegistrationTests.plain(4))
        _ = try Self.die(&harness, &worker, Self.disk)
        _ = harness.steer("sample", .pause)
        #expect(Self.isHalted(harness.sweep))
        _ = harness.steer("sample", .cancel)
        #expect(harness.sweep?.state == .cancelled && harness.sweep?.open == [])
        #expect(harness.broken == [])
    }

    @Test func `one worker with a full disk does not halt a sweep that others can train`() throws {
        var harness = CoreHarness()
        var broken = harness.join("a")
        var sound = harness.join("b")
        _ = harness.submit(RegistrationTests.plain(6))
        for _ in 0..<60 where harness.sweep?.state == .running {
            if let trial = harness.core.workers[broken.id]?.held.first {
                harness.end(try #require(harness.lease(of: trial.number)), Self.disk, epoch: 0, by: &broken)
            }
            if let trial = harness.core.workers[sound.id]?.held.first {
                let assignment = try #require(harness.lease(of: trial.number))
                harness.report(assignment, 1...assignment.to, by: &sound)
                harness.end(assignment, by: &sound)
            }
        }
        #expect(harness.sweep?.state == .finished)
        #expect(harness.sweep?.trials.allSatisfy { $0.ended == .completed } == true)
        #expect(harness.broken == [])
    }

    @Test func `the brake counts each configuration once and forgets when it is released`() {
        let ids = (0..<3).map { Configuration([.init(path: "x", value: .integer($0))]).id }
        var brake = FailureBrake()
        for _ in 0..<5 { brake.note(ids[0], .outOfMemory) }
        #expect(!brake.stops(ids[1], .outOfMemory))
        brake.note(ids[1], .outOfMemory)
        #expect(brake.stops(ids[2], .outOfMemory) && !brake.stops(ids[1], .outOfMemory))
        #expect(brake.stops(ids[2], .diskFull))
        brake.note(ids[0], nil)
        #expect(brake == FailureBrake())
        brake.note(ids[0], .outOfMemory)
        brake.release()
        #expect(brake == FailureBrake())
    }
}
