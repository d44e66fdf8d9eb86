import SweepMessaging

/// The threads on which long answers to readers are made: rankings, curves, diagnoses, comparisons, explanations.
///
/// Made where tasks run they would take all of those threads, of which there are as many as processors: `/health` and the sign of life for
/// systemd would then wait for them. What is asked for while all of these are busy waits in one queue, and whichever is done first takes the
/// next of it: a long answer holds up none behind it as long as another thread is there.
package final class ReadingThreads: Sendable {
    private struct Work {
        /// Threads that have nothing to do.
        var idle: [Int]
        /// What is to be made, the first first.
        var queue: [@Sendable () -> Void] = []
    }

    private let loops: [MessagingLoop]
    private let work: Locked<Work>

    /// As many threads as are given, at least one, called `name` and their number.
    package init(count: Int = 2, name: String = "reading") {
        loops = (0..<max(1, count)).map { MessagingLoop(name: "\(name) \($0 + 1)") }
        work = Locked(Work(idle: Array(loops.indices)))
    }

    /// Makes an answer on one of the threads.
    package func run<Value: Sendable>(_ make: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            begin { continuation.resume(returning: make()) }
        }
    }

    /// Ends the threads; what is asked for after that is made all the same.
    package func stop() { for loop in loops { loop.stop() } }

    private func begin(_ body: @escaping @Sendable () -> Void) {
        let idle = work.withLock { work in
            work.queue.append(body)
            return work.idle.popLast()
        }
        if let idle { loops[idle].perform { [self] in makeAll(on: idle) } }
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
