import Glibc
import SweepCore
import SweepData
import SweepKernels
import SweepProgram
import SweepWire
import SweepWorker
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5))) struct TrainingSlotsTests {
    /// More epochs than any test waits for.
    private static let endless = 1_000_000

    private let digits: Digits

    init() throws { digits = try Digits() }

    @Test func `a job trains to its end and tells each epoch once, in order`() async throws {
        let bench = try SlotsBench()
        defer { bench.slots.close() }
        bench.slots.begin(digits.job(to: 5))
        let events = await bench.events(untilEnded: 1)
        #expect(events.observations(of: Digits.lease(1)).map(\.epoch) == [1, 2, 3, 4, 5])
        let end = try #require(events.ends.first)
        #expect(end.lease == Digits.lease(1) && end.epoch == 5 && end.outcome == .reached)
        let checkpoint = try #require(end.checkpoint)
        #expect(checkpoint.id.hash == ContentHash(bytes: SHA256.digest(checkpoint.bytes)))
        #expect(checkpoint.id.size == checkpoint.bytes.count)
        #expect(bench.slots.progress.isEmpty && bench.slots.takeEvents().isEmpty)
    }

    @Test func `an epoch is told in the order of the assignment's metrics, whatever the core measures beside them`()
        async throws
    {
        let bench = try SlotsBench()
        defer { bench.slots.close() }
        let asked: [Metric] = [
            .learningRate, .validationR2, .validationLoss, .validationRecall("no such class"), .clipShare,
        ]
        bench.slots.begin(digits.job(1, to: 1, metrics: asked))
        bench.slots.begin(digits.job(1, to: 1))
        let events = await bench.events(untilEnded: 2)
        let (all, loss) = (events.observations(of: Digits.lease(1))[0], events.observations(of: Digits.lease(1))[1])
        #expect(all.values.count == asked.count)
        #expect(all.values[0] == 0.05 && all.values[1].isNaN && all.values[3].isNaN && all.values[4] == 0)
        #expect(loss.values == [all.values[2]] && loss.values[0].isFinite)
    }

    @Test(arguments: [1, 2]) func `every job of a queue is trained, on one slot in the order of the queue`(
        slots: Int
    ) async throws {
        let bench = try SlotsBench(count: slots)
        defer { bench.slots.close() }
        for trial in 1...6 { bench.slots.begin(digits.job(trial, to: 2)) }
        let events = await bench.events(untilEnded: 6)
        for trial in 1...6 { #expect(events.observations(of: Digits.lease(trial)).map(\.epoch) == [1, 2]) }
        let leases = events.ends.map(\.lease)
        #expect((slots == 1 ? leases : leases.sorted()) == (1...6).map { Digits.lease($0) })
    }

    @Test func `a job that is stopped ends as cancelled, under way or still queued`() async throws {
        let bench = try SlotsBench()
        defer { bench.slots.close() }
        bench.slots.begin(digits.job(1, to: Self.endless))
        bench.slots.begin(digits.job(2, to: Self.endless))
        _ = await bench.events { !$0.isEmpty }
        #expect(bench.slots.progress.map(\.lease) == [Digits.lease(1)])
        bench.slots.stop(Digits.lease(2))
        let queued = try #require(await bench.events(untilEnded: 1).ends.first)
        #expect(queued.lease == Digits.lease(2) && queued.epoch == 0 && queued.outcome == .cancelled)
        bench.slots.stop(Digits.lease(1))
        let running = try #require(await bench.events(untilEnded: 1).ends.first)
        #expect(running.lease == Digits.lease(1) && running.epoch >= 1 && running.outcome == .cancelled)
        #expect(queued.checkpoint == nil && running.checkpoint == nil)
    }

    @Test func `a checkpoint made on one slot goes on bit for bit on another`() async throws {
        let (whole, first, second) = (try SlotsBench(), try SlotsBench(), try SlotsBench())
        defer { for bench in [whole, first, second] { bench.slots.close() } }
        whole.slots.begin(digits.job(to: 6))
        first.slots.begin(digits.job(to: 2))
        let expected = await whole.events(untilEnded: 1)
        let begun = await first.events(untilEnded: 1)
        let checkpoint = try #require(begun.ends.first?.checkpoint)
        second.slots.begin(digits.job(from: 2, to: 6, checkpoint: checkpoint))
        let continued = await second.events(untilEnded: 1)
        let lease = Digits.lease(1)
        let curve = begun.observations(of: lease) + continued.observations(of: lease)
        #expect(curve.map(\.epoch) == [1, 2, 3, 4, 5, 6])
        for (a, b) in zip(expected.observations(of: lease), curve) { #expect(a.matches(b), "epoch \(a.epoch)") }
        #expect(expected.ends.first?.checkpoint == continued.ends.first?.checkpoint)
    }

    @Test func `readings come with their epochs, the same after a segment went on elsewhere`() async throws {
        let (whole, first, second) = (try SlotsBench(), try SlotsBench(), try SlotsBench())
        defer { for bench in [whole, first, second] { bench.slots.close() } }
        let lease = Digits.lease(1)
        whole.slots.begin(digits.job(to: 6, instruments: .full))
        let expected = await whole.events(untilEnded: 1).readings(of: lease)
        #expect(expected.map(\.epoch) == [1, 2, 4, 6])
        let begin = try #require(expected.first?.reading)
        #expect(begin.layers.count == 2 && begin.noise != nil && !begin.stepLosses.isEmpty)
        first.slots.begin(digits.job(to: 2, instruments: .full))
        let begun = await first.events(untilEnded: 1)
        let checkpoint = try #require(begun.ends.first?.checkpoint)
        second.slots.begin(digits.job(from: 2, to: 6, checkpoint: checkpoint, instruments: .full))
        let continued = await second.events(untilEnded: 1)
        #expect(begun.readings(of: lease) + continued.readings(of: lease) == expected)
    }

    @Test func `with instruments of the curve alone nothing else is told`() async throws {
        let bench = try SlotsBench()
        defer { bench.slots.close() }
        bench.slots.begin(digits.job(1, to: 2, instruments: .curve))
        bench.slots.begin(digits.job(2, to: 2))
        let events = await bench.events(untilEnded: 2)
        #expect(events.readings(of: Digits.lease(1)).isEmpty)
        #expect(events.readings(of: Digits.lease(2)).map(\.epoch) == [1, 2])
    }

    @Test func `a checkpoint of another trial is refused, and the slot goes on`() async throws {
        let bench = try SlotsBench()
        defer { bench.slots.close() }
        bench.slots.begin(digits.job(1, to: 1))
        let checkpoint = try #require(await bench.events(untilEnded: 1).ends.first?.checkpoint)
        bench.slots.begin(digits.job(2, from: 1, to: 2, checkpoint: checkpoint, seed: 4))
        bench.slots.begin(digits.job(3, spec: .map([]), to: 1))
        bench.slots.begin(digits.job(4, to: 1))
        let ends = await bench.events(untilEnded: 3).ends
        for end in ends.prefix(2) {
            guard case .failed(let reason, _) = end.outcome else {
                Issue.record("\(end.lease) ended with \(end.outcome)")
                continue
            }
            #expect(!reason.isEmpty && end.checkpoint == nil)
        }
        #expect(ends.last?.lease == Digits.lease(4) && ends.last?.outcome == .reached)
    }

    @Test func `losses that stop being numbers end a job as not finite`() async throws {
        let bench = try SlotsBench()
        defer { bench.slots.close() }
        // Each step multiplies the weights by about 10¹²; single precision ends at 10³⁸.
        bench.slots.begin(digits.job(to: 50, learningRate: 1e6, l2: 1e6))
        let end = try #require(await bench.events(untilEnded: 1).ends.first)
        #expect(end.outcome == .notFinite && end.checkpoint == nil)
    }

    @Test func `without room for reports a job waits before its next epoch`() async throws {
        // The mailbox's own signal takes the room away, on the training thread, after the first epoch.
        let paused = Mutex<TrainingSlots?>(nil)
        let (signals, continuation) = AsyncStream<Void>.makeStream()
        let slots = try TrainingSlots(count: 2, trainer: .core(try .selected())) {
            paused.withLock { slots in
                slots?.setRoom(false)
                slots = nil
            }
            continuation.yield()
        }
        defer { slots.close() }
        paused.withLock { $0 = slots }
        slots.begin(digits.job(1, to: 3))
        // Another worker's slots are the clock: ten epochs pass there.
        let clock = try SlotsBench()
        defer { clock.slots.close() }
        clock.slots.begin(digits.job(2, to: 10))
        _ = await clock.events(untilEnded: 1)
        var events: [TrainingEvent] = []
        for await _ in signals {
            events += slots.takeEvents()
            if !events.isEmpty { break }
        }
        #expect(events.observations(of: Digits.lease(1)).map(\.epoch) == [1])
        // A job that comes now waits too, and can be stopped while it does; then there is room again.
        slots.begin(digits.job(3, to: 3))
        slots.stop(Digits.lease(3))
        slots.setRoom(true)
        for await _ in signals {
            events += slots.takeEvents()
            if events.ends.count == 2 { break }
        }
        #expect(events.observations(of: Digits.lease(1)).map(\.epoch) == [1, 2, 3])
        #expect(events.observations(of: Digits.lease(3)).isEmpty)
        #expect(Set(events.ends.map(\.outcome)) == [.reached, .cancelled])
    }

    @Test func `null slots report every epoch that is left, without training`() async throws {
        let (signals, continuation) = AsyncStream<Void>.makeStream()
        let slots = try TrainingSlots(count: 1, trainer: .null) { continuation.yield() }
        defer { slots.close() }
        slots.begin(digits.job(1, to: 4))
        var events: [TrainingEvent] = []
        for await _ in signals {
            events += slots.takeEvents()
            if events.ends.count == 1 { break }
        }
        let observations = events.observations(of: Digits.lease(1))
        #expect(observations.map(\.epoch) == [1, 2, 3, 4])
        #expect(observations.allSatisfy { $0.values.allSatisfy { $0.isFinite } && $0.seconds == 0 })
        #expect(events.ends.first?.outcome == .reached && events.ends.first?.epoch == 4)
    }

    @Test func `closing gives up on a thread that does not come back, and succeeds when it has`() async throws {
        // The mailbox's signal is called on the training thread: one that does not return is a step that does not end.
        let (step, went) = (Gate(), Gate())
        let slots = try TrainingSlots(count: 2, trainer: .core(try .selected())) {
            went.open()
            step.wait()
        }
        slots.begin(digits.job(1, to: Self.endless))
        went.wait()
        #expect(!slots.close(patience: .milliseconds(50)))
        #expect(!slots.close(patience: .zero))
        step.open()
        #expect(slots.close())
        #expect(slots.close(), "a second time too")
    }

    @Test func `a thread that the system does not give is an error with what to do, and the others end`() async throws {
        final class Token: Sendable {}
        weak var released: Token?
        let made = Mutex(0)
        do {
            let token = Token()
            released = token
            #expect(throws: WorkerError.noThreads(started: 2, slots: 3, number: EAGAIN)) {
                _ = try TrainingSlots(
                    count: 3,
                    trainer: .null,
                    makeThread: { thread, body, argument in
                        let isThere = made.withLock { made in
                            made += 1
                            return made <= 2
                        }
                        return isThere ? pthread_create(thread, nil, body, argument) : EAGAIN
                    },
                    signal: { _ = token }
                )
            }
        }
        #expect(released == nil, "neither of the two threads is left")
        #expect(made.withLock { $0 } == 3)
        let sentence = WorkerError.noThreads(started: 2, slots: 3, number: EAGAIN).description
        #expect(sentence.contains("2 of 3") && sentence.contains("pids.max"))
        #expect(ChildEnd.exited(2).finalCode == 2, "the code that it becomes: its parent does not start it again")
    }

    @Test func `closing stops what is under way, drops what is queued and ends the threads`() async throws {
        weak var released: TrainingSlots?
        do {
            let bench = try SlotsBench(count: 2)
            released = bench.slots
            for trial in 1...5 { bench.slots.begin(digits.job(trial, to: Self.endless)) }
            _ = await bench.events { Set($0.map(\.lease)).count == 2 }
            bench.slots.close()
            let ends = bench.slots.takeEvents().ends
            #expect(ends.count == 2 && ends.allSatisfy { $0.outcome == .cancelled })
            #expect(bench.slots.progress.isEmpty)
        }
        // Each thread held the slots until it ended.
        #expect(released == nil)
    }
}

/// Holds up threads until it is opened, for good.
private final class Gate: Sendable {
    private let isOpen = Atomic(false)

    func open() { isOpen.store(true, ordering: .releasing) }

    func wait() { while !isOpen.load(ordering: .acquiring) { usleep(1_000) } }
}

extension TrainingEvent {
    fileprivate var lease: LeaseID {
        switch self {
        case .observed(let item): item.lease
        case .ended(let lease, _, _, _), .noted(let lease, _): lease
        }
    }
}
