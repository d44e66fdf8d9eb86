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

    @Test func `after the end an answer is made all the same`() async {
        let threads = ReadingThreads(count: 1)
        threads.stop()
        #expect(await threads.run { 3 } == 3)
    }
}
