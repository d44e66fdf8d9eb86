/// Names a timer, to cancel it by.
package struct TimerID: Hashable, Sendable {
    let number: UInt64
}

/// The timers of a loop: a binary heap by deadline, then by age.
///
/// Cancelling leaves a timer's place in the heap until it comes up, or until such places are the larger half of it; so a
/// deadline that is moved on with every message costs memory for at most twice the live timers.
package struct TimerQueue {
    private struct Entry {
        let deadline: ContinuousClock.Instant
        let id: TimerID

        func isBefore(_ other: Entry) -> Bool {
            deadline == other.deadline ? id.number < other.id.number : deadline < other.deadline
        }
    }

    private var heap: [Entry] = []
    private var bodies: [TimerID: () -> Void] = [:]
    private var issued: UInt64 = 0

    /// Timers that can still fire.
    package var count: Int { bodies.count }

    /// Places taken, those of cancelled timers included.
    package var places: Int { heap.count }

    /// The deadline of the next timer to fire.
    package var nearestDeadline: ContinuousClock.Instant? {
        mutating get {
            dropCancelled()
            return heap.first?.deadline
        }
    }

    package init() {}

    /// Adds a timer that runs `body` at the deadline; its name.
    package mutating func insert(deadline: ContinuousClock.Instant, _ body: @escaping () -> Void) -> TimerID {
        issued += 1
        let id = TimerID(number: issued)
        bodies[id] = body
        heap.append(Entry(deadline: deadline, id: id))
        siftUp(from: heap.count - 1)
        return id
    }

    /// False when the timer has fired or was removed before.
    package mutating func remove(_ id: TimerID) -> Bool {
        guard bodies.removeValue(forKey: id) != nil else { return false }
        // The constant spares small heaps the rebuilding.
        if heap.count > 2 * bodies.count + 16 { rebuild() }
        return true
    }

    /// Takes the timers whose time has come, first things first, off the heap; `take(_:)` then yields what each does.
    package mutating func takeDue(at now: ContinuousClock.Instant) -> [TimerID] {
        var due: [TimerID] = []
        while let first = heap.first, first.deadline <= now {
            popFirst()
            if bodies[first.id] != nil { due.append(first.id) }
        }
        return due
    }

    /// What a due timer does; nil when it was removed meanwhile.
    package mutating func take(_ id: TimerID) -> (() -> Void)? {
        bodies.removeValue(forKey: id)
    }

    private mutating func dropCancelled() {
        while let first = heap.first, bodies[first.id] == nil { popFirst() }
    }

    private mutating func rebuild() {
        heap = heap.filter { bodies[$0.id] != nil }.sorted { $0.isBefore($1) }
    }

    private mutating func popFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        siftDown()
    }

    private mutating func siftUp(from start: Int) {
        var child = start
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].isBefore(heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func siftDown() {
        var parent = 0
        while true {
            var smallest = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].isBefore(heap[smallest]) { smallest = child }
            }
            guard smallest != parent else { return }
            heap.swapAt(parent, smallest)
            parent = smallest
        }
    }
}
