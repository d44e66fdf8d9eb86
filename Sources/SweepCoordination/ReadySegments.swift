/// Decided segments that no worker holds, handed out in the order of their virtual end.
package struct ReadySegments: Sendable {
    /// A trial with a segment to hand out.
    package struct Item: TimedSegment {
        package let trial: Int
        package let end: Double
        package let order: Int

        package init(trial: Int, end: Double, order: Int) {
            self.trial = trial
            self.end = end
            self.order = order
        }
    }

    private var queue = SegmentQueue<Item>()

    package init() {}

    /// Segments that wait.
    package var count: Int { queue.count }
    package var isEmpty: Bool { queue.isEmpty }
    /// The segment to hand out next; nil when there is none.
    package var first: Item? { queue.first }
    /// All items, in no particular order.
    package var all: [Item] { queue.all }

    /// Whether the trial's segment waits here.
    package func contains(trial: Int) -> Bool { queue[trial] != nil }

    /// Offers a segment.
    package mutating func insert(_ item: Item) { queue.insert(item) }

    /// Takes the item with the earliest virtual end.
    package mutating func popFirst() -> Item? { queue.popFirst() }

    /// Takes out the item of `trial`, wherever it stands.
    package mutating func remove(trial: Int) { queue.remove(trial: trial) }
}
