/// Elements in ascending order, kept in short runs.
///
/// Adding and removing one moves at most a run's elements and, rarely, the list of runs, instead of half of all: with 10,000
/// elements that is the difference between a microsecond and tens of them. No two elements may be equal in order.
struct SortedChunks<Element: Comparable & Sendable>: Sendable {
    /// Elements in the longest run; half as many after it is split. Moving these costs about as much as finding the place.
    private static var longest: Int { 128 }

    /// Runs in order, none of them empty.
    private var chunks: [[Element]] = []

    /// The first element for which `holds`, while `goesOn` holds of those before it; nil when there is none.
    func first(while goesOn: (Element) -> Bool, where holds: (Element) -> Bool) -> Element? {
        for chunk in chunks {
            for element in chunk {
                guard goesOn(element) else { return nil }
                if holds(element) { return element }
            }
        }
        return nil
    }

    /// Adds an element in its place.
    mutating func insert(_ element: Element) {
        guard !chunks.isEmpty else { return chunks.append([element]) }
        // One that is greater than all belongs to the last run.
        let index = min(run(of: element), chunks.count - 1)
        chunks[index].insert(element, at: Self.place(of: element, in: chunks[index]))
        guard chunks[index].count > Self.longest else { return }
        let half = chunks[index].count / 2
        chunks.insert(Array(chunks[index][half...]), at: index + 1)
        chunks[index].removeSubrange(half...)
    }

    /// Removes an element; false when it is not there.
    @discardableResult
    mutating func remove(_ element: Element) -> Bool {
        let index = run(of: element)
        guard index < chunks.count else { return false }
        let place = Self.place(of: element, in: chunks[index])
        guard place < chunks[index].count, chunks[index][place] == element else { return false }
        chunks[index].remove(at: place)
        if chunks[index].isEmpty { chunks.remove(at: index) }
        return true
    }

    /// The first run whose last element is not before `element`; their count when there is none.
    private func run(of element: Element) -> Int {
        var low = 0
        var high = chunks.count
        while low < high {
            let middle = (low + high) / 2
            if chunks[middle][chunks[middle].count - 1] < element { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private static func place(of element: Element, in chunk: [Element]) -> Int {
        var low = 0
        var high = chunk.count
        while low < high {
            let middle = (low + high) / 2
            if chunk[middle] < element { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
