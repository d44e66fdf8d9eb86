/// Decided segments that no worker holds, handed out in the order of their virtual end.
///
/// A binary heap; adding and taking cost O(log n).
package struct ReadySegments: Sendable {
    /// A trial with a segment to hand out.
    package struct Item: Hashable, Sendable {
        package let trial: Int
        package let end: Double
        package let order: Int

        func isBefore(_ other: Item) -> Bool { (end, order) < (other.end, other.order) }
    }

    private var heap: [Item] = []

    package init() {}

    package var count: Int { heap.count }
    package var isEmpty: Bool { heap.isEmpty }
    package var first: Item? { heap.first }
    /// All items, in no particular order.
    package var all: [Item] { heap }

    /// Adds an item; O(log n).
    package mutating func insert(_ item: Item) {
        heap.append(item)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].isBefore(heap[parent]) else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes the item with the earliest virtual end.
    package mutating func popFirst() -> Item? {
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
                guard least != parent else { break }
                heap.swapAt(parent, least)
                parent = least
            }
        }
        return first
    }

    /// Takes out the item of `trial`, wherever it stands: O(n), for the rare withdrawal.
    package mutating func remove(trial: Int) {
        let rest = heap.filter { $0.trial != trial }
        guard rest.count != heap.count else { return }
        heap.removeAll(keepingCapacity: true)
        for item in rest { insert(item) }
    }
}
