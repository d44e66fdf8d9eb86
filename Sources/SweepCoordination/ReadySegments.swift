/// Decided segments that no worker holds, handed out in the order of their virtual end where workers are equal.
///
/// Of unequal workers the fast are given long ones and the slow short ones, so that the last to end is not a long segment on a
/// slow node. Nobody waits for it: who is free is given something. A segment is passed over only by those that have begun in
/// virtual time when it ends, which are finitely many, so that none waits for ever.
package struct ReadySegments: Sendable {
    /// A trial with a segment to hand out.
    package struct Item: TimedSegment {
        package let trial: Int
        package let end: Double
        package let order: Int
        /// Epochs that are left of it.
        package let epochs: Int

        package init(trial: Int, end: Double, order: Int, epochs: Int) {
            self.trial = trial
            self.end = end
            self.order = order
            self.epochs = epochs
        }
    }

    /// What suits the worker that asks.
    package enum Preference: Hashable, Sendable {
        case inOrder, longest, shortest
    }

    /// Lengths that are looked at for a worker: there are as many as levels, and a few more where attempts were lost.
    private static let lengthsSeen = 16

    private var queue = SegmentQueue<Item>()
    /// The same ones by their length, and the lengths that there are, ascending.
    private var byLength: [Int: SegmentQueue<Item>] = [:]
    private var lengths: [Int] = []

    package init() {}

    /// Segments that wait.
    package var count: Int { queue.count }
    package var isEmpty: Bool { queue.isEmpty }
    /// The segment with the earliest virtual end; nil when there is none.
    package var first: Item? { queue.first }
    /// All items, in no particular order.
    package var all: [Item] { queue.all }

    /// The segment to hand out next to a worker of this preference; nil when there is none. Of equally long ones it is that with
    /// the earliest virtual end.
    package func next(for preference: Preference) -> Item? {
        guard let first = queue.first else { return nil }
        let suited: [Int]
        switch preference {
        case .inOrder: return first
        case .longest: suited = lengths.suffix(Self.lengthsSeen).reversed()
        case .shortest: suited = Array(lengths.prefix(Self.lengthsSeen))
        }
        for length in suited {
            if let item = byLength[length]?.first, item.end - Double(item.epochs) <= first.end { return item }
        }
        return first
    }

    /// Whether the trial's segment waits here.
    package func contains(trial: Int) -> Bool { queue[trial] != nil }

    /// Offers a segment, in place of the one that its trial may have here.
    package mutating func insert(_ item: Item) {
        remove(trial: item.trial)
        queue.insert(item)
        if byLength[item.epochs] == nil {
            lengths.insert(item.epochs, at: lengths.firstIndex { $0 > item.epochs } ?? lengths.count)
        }
        byLength[item.epochs, default: SegmentQueue()].insert(item)
    }

    /// Takes the item with the earliest virtual end.
    package mutating func popFirst() -> Item? {
        guard let first = queue.first else { return nil }
        remove(trial: first.trial)
        return first
    }

    /// Takes out the item of `trial`, wherever it stands.
    package mutating func remove(trial: Int) {
        guard let item = queue.remove(trial: trial) else { return }
        byLength[item.epochs]?.remove(trial: trial)
        guard byLength[item.epochs]?.isEmpty == true else { return }
        byLength[item.epochs] = nil
        lengths.removeAll { $0 == item.epochs }
    }
}
