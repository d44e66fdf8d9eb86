import SweepMessaging

/// The threads on which long answers to readers are made: rankings, curves, diagnoses, comparisons, explanations.
///
/// Made where tasks run they would take all of those threads, of which there are as many as processors: `/health` and the sign of life for
/// systemd would then wait for them. What is asked for while all of these are busy waits in one queue, and whichever is done first takes the
/// next of it: a long answer holds up none behind it as long as another thread is there.
///
/// The queue of what readers ask for is bounded: who asks and goes away does not take back what was asked for, so that one who does it
/// again and again would fill memory with what waits, and have everybody wait behind it.
package final class ReadingThreads: Sendable {
    private struct Work {
        /// Threads that have nothing to do.
        var idle: [Int]
        /// What is to be made, the first first.
        var queue: [@Sendable () -> Void] = []
    }

    /// How many answers may wait: twice what a key may have asked for at once, which its programs may each have one of.
    package static let mostWaiting = 2 * RequestsUnderWay.ofKey

    private let loops: [MessagingLoop]
    private let mostWaiting: Int
    private let work: Locked<Work>

    /// As many threads as are given, at least one, called `name` and their number; `mostWaiting` answers may wait for them.
    package init(count: Int = 2, name: String = "reading", mostWaiting: Int = ReadingThreads.mostWaiting) {
        self.mostWaiting = mostWaiting
        loops = (0..<max(1, count)).map { MessagingLoop(name: "\(name) \($0 + 1)") }
        work = Locked(Work(idle: Array(loops.indices)))
    }

    /// Makes an answer on one of the threads, however many wait: for what the coordinator itself asks.
    package func run<Value: Sendable>(_ make: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            _ = begin({ continuation.resume(returning: make()) }, unlessWaiting: .max)
        }
    }

    /// Makes an answer on one of the threads; nil at once where all are busy and as many wait as may.
    package func runUnlessFull<Value: Sendable>(_ make: @escaping @Sendable () -> Value) async -> Value? {
        await withCheckedContinuation { continuation in
            let isTaken = begin({ continuation.resume(returning: .some(make())) }, unlessWaiting: mostWaiting)
            if !isTaken { continuation.resume(returning: nil) }
        }
    }

    /// Ends the threads; what is asked for after that is made all the same.
    package func stop() { for loop in loops { loop.stop() } }

    /// Whether it is taken: not where no thread is idle and so many wait.
    private func begin(_ body: @escaping @Sendable () -> Void, unlessWaiting most: Int) -> Bool {
        let (isTaken, idle): (Bool, Int?) = work.withLock { work in
            guard !work.idle.isEmpty || work.queue.count < most else { return (false, nil) }
            work.queue.append(body)
            return (true, work.idle.popLast())
        }
        if let idle { loops[idle].perform { [self] in makeAll(on: idle) } }
        return isTaken
    }

    /// Makes what waits until nothing does; this thread has nothing to do then.
    private func makeAll(on place: Int) {
        let next = { [work] () -> (@Sendable () -> Void)? in
            work.withLock { work in
                guard work.queue.isEmpty else { return work.queue.removeFirst() }
                work.idle.append(place)
                return nil
            }
        }
        while let body = next() { body() }
    }
}
