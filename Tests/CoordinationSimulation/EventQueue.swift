package import SweepCore

/// What is to happen, in the order of its time; equal times in the order in which they were added.
package struct EventQueue<Event> {
    private struct Entry {
        let time: Instant
        let order: Int
        let event: Event
        func isBefore(_ other: Entry) -> Bool { (time, order) < (other.time, other.order) }
    }

    /// The time of the last event that was taken: the clock of whoever runs the queue.
    package private(set) var now = Instant.zero
    private var heap: [Entry] = []
    private var added = 0

    package init() {}

    /// Adds an event; a time that is past counts as now.
    package mutating func add(_ event: Event, at time: Instant) {
        heap.append(Entry(time: max(time, now), order: added, event: event))
        added += 1
        var child = heap.count - 1
        while child > 0, heap[child].isBefore(heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// Adds an event some time from now.
    package mutating func add(_ event: Event, after duration: Duration) { add(event, at: now.advanced(by: duration)) }

    /// Takes the next event and moves the clock to its time; nil when there is none.
    package mutating func next() -> Event? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            var parent = 0
            while true {
                var least = parent
                for child in [2 * parent + 1, 2 * parent + 2]
                where child < heap.count && heap[child].isBefore(heap[least]) {
                    least = child
                }
                if least == parent { break }
                heap.swapAt(parent, least)
                parent = least
            }
        }
        now = first.time
        return first.event
    }
}
