import Synchronization

/// A clock that goes on when a test says so.
final class HandClock: Clock, Sendable {
    struct Instant: InstantProtocol {
        var time: Duration

        func advanced(by duration: Duration) -> Instant { Instant(time: time + duration) }
        func duration(to other: Instant) -> Duration { other.time - time }
        static func < (one: Instant, other: Instant) -> Bool { one.time < other.time }
    }

    private struct Sleeper {
        let until: Duration
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var time = Duration.zero
        var next = 0
        var sleepers: [Int: Sleeper] = [:]
    }

    private let state = Mutex(State())

    var now: Instant { Instant(time: state.withLock { $0.time }) }
    var minimumResolution: Duration { .zero }

    /// How many sleep.
    var sleepers: Int { state.withLock { $0.sleepers.count } }

    /// Wakes those whose time has come by then.
    func advance(by duration: Duration) {
        let woken = state.withLock { state in
            state.time += duration
            let due = state.sleepers.filter { $0.value.until <= state.time }
            for id in due.keys { state.sleepers[id] = nil }
            return due.values.map(\.continuation)
        }
        for one in woken { one.resume() }
    }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let id = state.withLock { state in
            state.next += 1
            return state.next
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (one: CheckedContinuation<Void, any Error>) in
                let isDue = state.withLock { state in
                    guard deadline.time > state.time, !Task.isCancelled else { return true }
                    state.sleepers[id] = Sleeper(until: deadline.time, continuation: one)
                    return false
                }
                if isDue { one.resume() }
            }
            try Task.checkCancellation()
        } onCancel: {
            state.withLock { $0.sleepers.removeValue(forKey: id) }?.continuation.resume()
        }
    }
}
