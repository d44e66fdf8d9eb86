import Glibc
import SweepMessaging
import Testing

/// An actor of a loop that writes down what happens to it.
private actor Diary {
    nonisolated let loop: MessagingLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    private(set) var entries: [String] = []

    init(on loop: MessagingLoop) {
        self.loop = loop
    }

    func write(_ entry: String) { entries.append(entry) }

    func isAtHome() -> Bool { loop.isOnLoop }

    /// Leaves the loop and comes back.
    func isAtHomeAfterAnAwait() async -> Bool {
        let before = loop.isOnLoop
        await Task.yield()
        let elsewhere = await Task { @concurrent in loop.isOnLoop }.value
        return before && !elsewhere && loop.isOnLoop
    }

    func countDown() async -> [String] {
        await withCheckedContinuation { continuation in
            let start = ContinuousClock.now
            loop.schedule(at: start + .milliseconds(3)) {
                self.entries.append("third")
                continuation.resume()
            }
            loop.schedule(at: start + .milliseconds(1)) { self.entries.append("first") }
            let cancelled = loop.schedule(at: start + .milliseconds(2)) { self.entries.append("never") }
            loop.schedule(at: start + .milliseconds(1)) { self.entries.append("second") }
            #expect(loop.cancel(cancelled))
            #expect(!loop.cancel(cancelled))
        }
        return entries
    }

    /// Two timers that are due together, the first of which takes the other back.
    func changeOfMind() async -> [String] {
        await withCheckedContinuation { continuation in
            let past = ContinuousClock.now - .seconds(1)
            var second: TimerID?
            loop.schedule(at: past) {
                self.entries.append("first")
                if let second { self.loop.cancel(second) }
            }
            second = loop.schedule(at: past + .milliseconds(1)) { self.entries.append("second") }
            loop.schedule(at: past + .milliseconds(2)) { continuation.resume() }
            self.entries.append("scheduled")
        }
        return entries
    }

    func waitFor(_ delay: Duration) async -> Duration {
        let start = ContinuousClock.now
        await withCheckedContinuation { continuation in
            _ = loop.schedule(after: delay) { continuation.resume() }
        }
        return ContinuousClock.now - start
    }
}

struct MessagingLoopTests {
    @Test func `an actor of the loop runs on its thread, before and after an await`() async {
        await withLoop { loop in
            let diary = Diary(on: loop)
            #expect(await diary.isAtHome())
            #expect(await diary.isAtHomeAfterAnAwait())
            #expect(!loop.isOnLoop)
        }
    }

    @Test func `closures run in the order in which they were queued, and before later jobs`() async {
        await withLoop { loop in
            let diary = Diary(on: loop)
            for number in 0..<100 {
                loop.perform { diary.assumeIsolated { $0.write("\(number)") } }
            }
            #expect(await diary.entries == (0..<100).map { "\($0)" })
        }
    }

    @Test func `timers fire by deadline, equal ones by age, cancelled ones never`() async {
        await withLoop { loop in
            #expect(await Diary(on: loop).countDown() == ["first", "second", "third"])
        }
    }

    @Test func `a timer cancels another that is due with it, and none fires inside schedule`() async {
        await withLoop { loop in
            #expect(await Diary(on: loop).changeOfMind() == ["scheduled", "first"])
        }
    }

    @Test func `a timer never fires early`() async {
        await withLoop { loop in
            // Not a whole number of poll's milliseconds.
            let delay = Duration.microseconds(2_345)
            #expect(await Diary(on: loop).waitFor(delay) >= delay)
        }
    }

    @Test func `many tasks reach the actor from everywhere`() async {
        await withLoop { loop in
            let diary = Diary(on: loop)
            await withTaskGroup(of: Void.self) { group in
                for task in 0..<8 {
                    group.addTask {
                        for number in 0..<200 { await diary.write("\(task).\(number)") }
                    }
                }
            }
            let entries = await diary.entries
            #expect(entries.count == 1_600)
            for task in 0..<8 {
                #expect(entries.filter { $0.hasPrefix("\(task).") } == (0..<200).map { "\(task).\($0)" })
            }
        }
    }

    @Test func `a signal raised many times calls once, and once more for what came meanwhile`() async {
        await withLoop { loop in
            let diary = Diary(on: loop)
            let gate = Gate()
            let signal = LoopSignal(on: loop) { diary.assumeIsolated { $0.write("called") } }
            // While the loop is held up, a hundred calls come to one.
            loop.perform { while !gate.isOpen { sched_yield() } }
            for _ in 0..<100 { signal.raise() }
            gate.open()
            #expect(await diary.entries == ["called"])
            signal.raise()
            #expect(await diary.entries == ["called", "called"])
        }
    }

    @Test func `who comes after the end is served all the same`() async {
        let loop = MessagingLoop()
        let diary = Diary(on: loop)
        await diary.write("before")
        loop.stop()
        loop.join()
        loop.join()
        await diary.write("after")
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<50 { group.addTask { await diary.write("late") } }
        }
        #expect(await diary.entries.count == 52)
        #expect(await diary.isAtHome())
    }

    @Test func `the loop and what its handlers hold are released at the end`() async throws {
        weak var released: Diary?
        weak var releasedLoop: MessagingLoop?
        do {
            let loop = MessagingLoop()
            let diary = Diary(on: loop)
            released = diary
            releasedLoop = loop
            loop.perform { _ = loop.schedule(after: .seconds(3_600)) { _ = diary } }
            await diary.write("here")
            loop.stop()
            loop.join()
        }
        #expect(released == nil)
        // The thread's own reference goes with its last instruction, which `join` has seen.
        #expect(releasedLoop == nil)
    }

    @Test func `sockets and timers are refused off the loop's thread`() async {
        await #expect(processExitsWith: .failure) {
            let loop = MessagingLoop()
            loop.schedule(after: .zero) {}
        }
    }
}
