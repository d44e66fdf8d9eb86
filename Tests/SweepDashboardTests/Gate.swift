import Synchronization

/// Where those who come wait while it is closed.
final class Gate: Sendable {
    private struct State {
        var isOpen = true
        var arrived = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// How many came, and how many of them wait.
    var arrived: Int { state.withLock { $0.arrived } }
    var waiting: Int { state.withLock { $0.waiting.count } }

    func close() { state.withLock { $0.isOpen = false } }

    func open() {
        let waiting = state.withLock { state in
            defer { state.waiting = [] }
            state.isOpen = true
            return state.waiting
        }
        for one in waiting { one.resume() }
    }

    /// Returns when it is open.
    func pass() async {
        await withCheckedContinuation { one in
            let passes = state.withLock { state in
                state.arrived += 1
                if !state.isOpen { state.waiting.append(one) }
                return state.isOpen
            }
            if passes { one.resume() }
        }
    }
}
