import SweepMessaging

/// The threads on which long answers to readers are made: rankings, curves, diagnoses.
///
/// Made where tasks run they would take all of those threads, of which there are as many as processors: `/health` and the sign of life for
/// systemd would then wait for them. What is asked for while all of these are busy waits for the one with the least before it.
package final class ReadingThreads: Sendable {
    private let loops: [MessagingLoop]
    /// How many answers each of them has to make.
    private let waiting: Locked<[Int]>

    /// As many threads as are given, at least one.
    package init(count: Int = 2) {
        loops = (0..<max(1, count)).map { MessagingLoop(name: "reading \($0 + 1)") }
        waiting = Locked(loops.map { _ in 0 })
    }

    /// Makes an answer on one of the threads.
    package func run<Value: Sendable>(_ make: @escaping @Sendable () -> Value) async -> Value {
        let place = waiting.withLock { waiting in
            let place = waiting.indices.min { waiting[$0] < waiting[$1] } ?? 0
            waiting[place] += 1
            return place
        }
        return await withCheckedContinuation { continuation in
            loops[place].perform { [waiting] in
                let value = make()
                waiting.withLock { $0[place] -= 1 }
                continuation.resume(returning: value)
            }
        }
    }

    /// Ends the threads; what is asked for after that is made all the same.
    package func stop() { for loop in loops { loop.stop() } }
}
