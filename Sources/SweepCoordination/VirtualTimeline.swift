/// The virtual slots of a sweep: which segments are in flight in virtual time, in the order of their virtual end.
///
/// Decisions that are taken only here, one end after the other, do not depend on which real worker is fast, slow, added
/// or killed. A segment's virtual cost is its number of epochs; a segment whose trial ends early (a loss that is not a
/// number, a failure) still holds its slot to its nominal end, because only then is the order of ends known without
/// waiting for the others. The later segments of a trial that stopped early cost nothing. Source of the idea: conservative discrete-event simulation (Misra, Computing Surveys 1986).
package struct VirtualTimeline: Sendable {
    /// One segment in flight.
    package struct Slot: TimedSegment {
        package let trial: Int
        package let to: Int
        /// Virtual time of its end, in epochs.
        package let end: Double
        /// Position among all decided segments: parts equal ends.
        package let order: Int

        package init(trial: Int, to: Int, end: Double, order: Int) {
            self.trial = trial
            self.to = to
            self.end = end
            self.order = order
        }
    }

    /// Virtual now: the latest end that was resolved.
    package private(set) var now = 0.0
    private var queue = SegmentQueue<Slot>()

    package init() {}

    /// The timeline as it was written down.
    init(now: Double, slots: [Slot]) {
        self.now = now
        for slot in slots { queue.insert(slot) }
    }

    /// Segments in flight.
    package var count: Int { queue.count }

    /// The segment that ends next; nil when none is in flight.
    package var head: Slot? { queue.first }

    /// The segments in flight, in the order of their ends.
    package var slots: [Slot] { queue.all.sorted { $0.isBefore($1) } }

    /// The segment of `trial` that is in flight; nil when there is none.
    package func slot(of trial: Int) -> Slot? { queue[trial] }

    /// Puts a decided segment into flight.
    package mutating func start(_ slot: Slot) { queue.insert(slot) }

    /// Takes the segment of `trial` out of flight and moves the virtual clock to its end; nil when it is not in flight.
    @discardableResult
    package mutating func resolve(trial: Int) -> Slot? {
        guard let slot = queue.remove(trial: trial) else { return nil }
        now = max(now, slot.end)
        return slot
    }
}
