/// The first of many elements in their order, without ordering them all.
///
/// Twice as many as are wanted are kept before the later half is dropped, and what is not before the last of those wanted is not kept at
/// all: O(n log k) for k of n in the worst order, in which each element comes before all that were seen; a comparison an element where the
/// order is an accident. Of distinct elements the answer is that of a whole sort.
struct FirstInOrder<Element: Comparable> {
    private let count: Int
    private var kept: [Element] = []
    /// The last of the first `count` of all that were seen when elements were last dropped; nil while none was.
    private var last: Element?

    /// The first `count` elements; none for less than one.
    init(_ count: Int) { self.count = max(0, count) }

    /// Takes notice of an element.
    mutating func add(_ element: Element) {
        guard count > 0 else { return }
        if let last, last < element { return }
        kept.append(element)
        // Not at once for a few: a sort of them costs more than to keep them.
        if kept.count >= 2 * max(count, 128) { drop() }
    }

    private mutating func drop() {
        kept.sort()
        kept.removeSubrange(count...)
        last = kept[count - 1]
    }

    /// The first elements of all that were added, in order.
    func sorted() -> [Element] { Array(kept.sorted().prefix(count)) }
}
