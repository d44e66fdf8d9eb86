import Dispatch
import Foundation
import SweepCoordinator
import Testing

@Suite struct ReadingThreadsTests {
    @Test(.timeLimit(.minutes(1))) func `long answers hold up no task, and what is asked for after them is made`() async
    {
        // As many as tasks have threads.
        let count = max(2, ProcessInfo.processInfo.activeProcessorCount)
        let threads = ReadingThreads(count: count)
        defer { threads.stop() }
        let gate = DispatchSemaphore(value: 0)
        let (begun, hasBegun) = AsyncStream.makeStream(of: Int.self)
        await withTaskGroup(of: Int.self) { group in
            for number in 0..<count {
                group.addTask {
                    await threads.run {
                        hasBegun.yield(number)
                        gate.wait()
                        return number
                    }
                }
            }
            // Each has a thread of its own.
            var seen: Set<Int> = []
            for await number in begun {
                seen.insert(number)
                if seen.count == count { break }
            }
            #expect(seen == Set(0..<count))
            #expect(await Task.detached { 7 }.value == 7)
            for _ in 0..<count { gate.signal() }
            var answers: Set<Int> = []
            for await answer in group { answers.insert(answer) }
            #expect(answers == Set(0..<count))
        }
        #expect(await threads.run { 9 } == 9)
    }

    @Test(.timeLimit(.minutes(1))) func `what waits is made by whichever thread is done first`() async {
        let threads = ReadingThreads(count: 2)
        defer { threads.stop() }
        let gates = [DispatchSemaphore(value: 0), DispatchSemaphore(value: 0)]
        let (begun, hasBegun) = AsyncStream.makeStream(of: Void.self)
        await withTaskGroup(of: Void.self) { group in
            for gate in gates {
                group.addTask {
                    await threads.run {
                        hasBegun.yield()
                        gate.wait()
                    }
                }
            }
            var count = 0
            for await _ in begun {
                count += 1
                if count == 2 { break }
            }
            // One of the threads stays busy until four others are made.
            gates[0].signal()
            await withTaskGroup(of: Int.self) { others in
                for number in 0..<4 { others.addTask { await threads.run { number } } }
                var made: Set<Int> = []
                for await number in others { made.insert(number) }
                #expect(made == [0, 1, 2, 3])
            }
            gates[1].signal()
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `where as many wait as may a reader is refused at once, and what the coordinator asks is not`()
        async
    {
        let threads = ReadingThreads(count: 1, mostWaiting: 0)
        defer { threads.stop() }
        let gate = DispatchSemaphore(value: 0)
        let (begun, hasBegun) = AsyncStream.makeStream(of: Void.self)
        async let first = threads.runUnlessFull {
            hasBegun.yield()
            gate.wait()
            return 1
        }
        for await _ in begun { break }
        #expect(await threads.runUnlessFull { 2 } == nil)
        async let own = threads.run { 3 }
        gate.signal()
        #expect(await first == 1)
        #expect(await own == 3)
    }

    @Test func `after the end an answer is made all the same`() async {
        let threads = ReadingThreads(count: 1)
        threads.stop()
        #expect(await threads.run { 3 } == 3)
    }
}
