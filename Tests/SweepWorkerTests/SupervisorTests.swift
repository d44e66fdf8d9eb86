import SweepCore
import SweepProgram
import SweepWire
import SweepWorker
import Testing

/// What a worker's parent knows and passes on; the processes themselves are in ProcessTests.
@Suite struct SupervisorTests {
    private static func lease(_ trial: Int, _ attempt: UInt32 = 1) -> LeaseID {
        LeaseID(trial: TrialID(sweep: SweepID(rawValue: 4), number: trial), attempt: Attempt(rawValue: attempt))
    }

    @Test func `a status of the system is a signal or an exit code`() {
        #expect(ChildEnd(status: 11) == .signalled(11))
        #expect(ChildEnd(status: 11 | 0x80) == .signalled(11), "with a core dump")
        #expect(ChildEnd(status: 3 << 8) == .exited(3))
        #expect(ChildEnd.signalled(11).description == "signal 11 (SIGSEGV)")
        #expect(ChildEnd.signalled(60).description == "signal 60")
        #expect(ChildEnd.exited(1).description == "exit code 1")
    }

    @Test func `what would come out the same again is not tried again, and all else is`() {
        for code: Int32 in [0, 2, 3, 4] { #expect(ChildEnd.exited(code).finalCode == code) }
        for code: Int32 in [1, 5, 64, 70, 130, 255] { #expect(ChildEnd.exited(code).finalCode == nil) }
        for number: Int32 in [4, 6, 9, 11, 15] { #expect(ChildEnd.signalled(number).finalCode == nil) }
    }

    @Test func `pauses grow while lives are short, up to a limit, and begin anew after a good life`() {
        var pauses = RestartPauses()
        let short = Duration.seconds(1)
        let most = (0..<7).map { _ in pauses.pause(afterLifeOf: short, random: .max) }
        #expect(most[0] == .zero)
        for (pause, milliseconds) in zip(most.dropFirst(), [250, 500, 1000, 2000, 4000, 4000]) {
            #expect(pause <= .milliseconds(milliseconds) && pause > .milliseconds(milliseconds - 1))
        }
        #expect(pauses.pause(afterLifeOf: short, random: 0) == .seconds(2), "half of it at least")
        #expect(pauses.pause(afterLifeOf: RestartPauses.goodLife, random: .max) == .zero)
        #expect(pauses.pause(afterLifeOf: short, random: 0) == .milliseconds(125))
    }

    @Test func `the tail of a stream is its last bytes, however they came`() {
        var tail = LogTail(limit: 10)
        #expect(tail.text(10) == "")
        for byte in 0..<100 { tail.append(CollectionOfOne(UInt8(byte % 10) + 48)) }
        #expect(tail.text(10) == "0123456789" && tail.text(3) == "789" && tail.text(100) == "0123456789")
        tail.append(Array("a long line that is more than it holds".utf8))
        #expect(tail.text(10) == "n it holds")
        tail.append([0xff, 0x41])
        #expect(tail.text(2) == "\u{fffd}A")
        tail.clear()
        #expect(tail.text(10) == "")
    }

    @Test func `a board shows what each slot trains, to whoever inherits it`() throws {
        let board = try #require(SlotBoard(slots: 3, incarnation: 77))
        #expect(board.entries == [] && board.isDelivered && board.incarnation == 77)
        board.begin(0, Self.lease(5), epoch: 2)
        board.begin(2, Self.lease(6, 3), epoch: 0)
        board.advance(0, epoch: 4)
        board.begin(9, Self.lease(7), epoch: 0)
        let expected = [
            SlotBoard.Entry(lease: Self.lease(5), epoch: 4), SlotBoard.Entry(lease: Self.lease(6, 3), epoch: 0),
        ]
        #expect(board.entries == expected)
        board.end(0)
        #expect(board.entries == [expected[1]])
        board.clear()
        #expect(board.entries == [])
    }

    @Test func `what is inherited comes back from its bytes, and broken bytes end the list`() throws {
        let board = try #require(SlotBoard(slots: 2, incarnation: 1))
        board.begin(0, Self.lease(5), epoch: 2)
        board.begin(1, Self.lease(6), epoch: 0)
        var log = LogTail(limit: WireLimits.log)
        log.append(Array("first\nlast\n".utf8))
        let ends = Inheritance.ends("signal 11 (SIGSEGV)", board.entries, log: log)
        #expect(ends.map(\.lease) == [Self.lease(5), Self.lease(6)] && ends.map(\.epoch) == [2, 0])
        #expect(ends[0].outcome == .died(reason: "signal 11 (SIGSEGV) after epoch 2", log: "first\nlast\n"))
        let bytes = Inheritance.encode(ends)
        #expect(Inheritance.decode(bytes) == ends)
        #expect(Inheritance.decode([]) == [])
        for count in 0..<bytes.count { #expect(Inheritance.decode(Array(bytes.prefix(count))).count < 2) }
        #expect(Inheritance.decode([0xff, 0xff, 0xff, 0x7f] + bytes) == [])
        #expect(Inheritance.ends("exit code 1", [], log: log) == [])
    }

    @Test func `many trials share the room for logs`() throws {
        let board = try #require(SlotBoard(slots: 64, incarnation: 1))
        for slot in 0..<64 { board.begin(slot, Self.lease(slot + 1), epoch: 0) }
        var log = LogTail(limit: WireLimits.log)
        log.append([UInt8](repeating: 0x61, count: WireLimits.log))
        let bytes = Inheritance.encode(Inheritance.ends("signal 6 (SIGABRT)", board.entries, log: log))
        #expect(bytes.count < Inheritance.logBytes + 64 * 256)
        #expect(Inheritance.decode(bytes).count == 64)
    }

    @Test func `the kernel's count of processes ended for memory is read`() {
        #expect(WorkerSupervisor.memoryKills(in: "nr_free_pages 5\noom_kill 3\nnuma_hit 9\n") == 3)
        #expect(WorkerSupervisor.memoryKills(in: "nr_free_pages 5\n") == 0)
        #expect(WorkerSupervisor.memoryKills(in: "") == 0)
    }
}

/// Slots that are told to drain.
@Suite(.timeLimit(.minutes(5))) struct DrainingSlotsTests {
    @Test func `a drain ends a job at its next epoch, and the checkpoint goes on bit for bit`() async throws {
        let digits = try Digits()
        let (whole, drained, heir) = (try SlotsBench(), try SlotsBench(), try SlotsBench())
        defer { for bench in [whole, drained, heir] { bench.slots.close() } }
        // More epochs than a drain lets pass.
        drained.slots.begin(digits.job(to: 1_000_000))
        var events = await drained.events { !$0.isEmpty }
        drained.slots.drain()
        events += await drained.events(untilEnded: 1)
        let end = try #require(events.ends.first)
        #expect(end.outcome == .cancelled && end.epoch >= 1)
        let checkpoint = try #require(end.checkpoint)
        #expect(events.observations(of: Digits.lease(1)).last?.epoch == end.epoch, "it ended with an epoch")
        whole.slots.begin(digits.job(to: end.epoch + 2))
        heir.slots.begin(digits.job(from: end.epoch, to: end.epoch + 2, checkpoint: checkpoint))
        let expected = await whole.events(untilEnded: 1)
        let rest = await heir.events(untilEnded: 1)
        #expect(rest.ends.first?.checkpoint == expected.ends.first?.checkpoint)
    }

    @Test func `a job that begins after the drain hands back nothing but itself`() async throws {
        let digits = try Digits()
        let bench = try SlotsBench()
        defer { bench.slots.close() }
        bench.slots.drain()
        bench.slots.begin(digits.job(to: 3))
        let end = try #require(await bench.events(untilEnded: 1).ends.first)
        #expect(end.outcome == .cancelled && end.epoch == 0 && end.checkpoint == nil)
    }
}
