import Glibc

extension WorkerSupervisor {
    /// Supervises on a thread of its own, as the training process dies with the thread that started it; returns the exit code.
    package static func runApart(
        arguments: [String],
        slots: Int,
        drainTime: Duration,
        say: @escaping @Sendable (String) -> Void
    ) async -> Int32 {
        await withCheckedContinuation { continuation in
            let course = Course {
                let supervisor = WorkerSupervisor(arguments: arguments, slots: slots, drainTime: drainTime, say: say)
                continuation.resume(returning: supervisor.run())
            }
            var thread = pthread_t()
            let status = pthread_create(
                &thread,
                nil,
                { argument in
                    guard let argument else { return nil }
                    Unmanaged<Course>.fromOpaque(argument).takeRetainedValue().run()
                    return nil
                },
                Unmanaged.passRetained(course).toOpaque()
            )
            precondition(status == 0, "pthread_create failed: \(status)")
            pthread_detach(thread)
        }
    }

    /// What the thread does.
    private final class Course: Sendable {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
}
