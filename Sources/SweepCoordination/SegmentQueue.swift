/// A segment with its place in virtual time.
protocol TimedSegment: Hashable, Sendable {
    var trial: Int { get }
    /// Virtual time of its end, in epochs.
    var end: Double { get }
    /// Position among all decided segments of the sweep: parts equal ends.
    var order: Int { get }
}

extension TimedSegment {
    func isBefore(_ other: Self) -> Bool { (end, order) < (other.end, other.order) }
}

/// Segments in the order of their virtual end, at most one a trial.
///
/// A binary heap beside a table by trial: adding, taking and withdrawing cost O(log n), amortised. What is withdrawn stays
/// in the heap until it comes to the top or until such leftovers are the greater part.
struct SegmentQueue<Segment: TimedSegment>: Sendable {
    private var heap: [Segment] = []
    private var current: [Int: Segment] = [:]

    var count: Int { current.count }
    var isEmpty: Bool { current.isEmpty }
    /// The segment with the earliest end; nil when there is none.
    var first: Segment? { heap.first }
    /// All segments, in no particular order.
    var all: [Segment] { Array(current.values) }

    /// The segment of `trial`; nil when there is none.
    subscript(trial: Int) -> Segment? { current[trial] }

    /// Adds a segment in place of the one that its trial may have.
    mutating func insert(_ segment: Segment) {
        current[segment.trial] = segment
        heap.append(segment)
        rise(heap.count - 1)
        prune()
    }

    /// Takes out the segment of `trial`, wherever it stands; nil when there is none.
    @discardableResult
    mutating func remove(trial: Int) -> Segment? {
        guard let segment = current.removeValue(forKey: trial) else { return nil }
        prune()
        return segment
    }

    /// Brings a valid segment to the top again and keeps the leftovers few.
    private mutating func prune() {
        while let top = heap.first, current[top.trial] != top { dropTop() }
        // 16 so that a short queue is not rebuilt at every withdrawal.
        guard heap.count > 2 * current.count + 16 else { return }
        heap.removeAll(keepingCapacity: true)
        for segment in current.values {
            heap.append(segment)
            rise(heap.count - 1)
        }
    }

    private mutating func rise(_ index: Int) {
        var child = index
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].isBefore(heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func dropTop() {
        let last = heap.removeLast()
        guard !heap.isEmpty else { return }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child].isBefore(heap[least]) {
                least = child
            }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
