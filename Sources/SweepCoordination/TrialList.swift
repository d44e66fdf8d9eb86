/// A sweep's trials, by position from 0, in blocks.
///
/// A copy of the state that somebody reads makes the next change copy what it touches. In one array that would be all
/// trials: some 20 ms for 100,000, in which the port is not served. In blocks it is one block and the list of them.
package struct TrialList: RandomAccessCollection, MutableCollection, Sendable {
    /// Trials in a block: copying one costs about as much as copying the list of the blocks of 100,000 trials.
    private static let block = 256

    /// All full but the last.
    private var blocks: [[TrialProgress]] = []
    package private(set) var count = 0

    package init() {}

    package var startIndex: Int { 0 }
    package var endIndex: Int { count }

    /// The trial at a position; that of trial n is n - 1.
    package subscript(position: Int) -> TrialProgress {
        _read { yield blocks[position / Self.block][position % Self.block] }
        _modify { yield &blocks[position / Self.block][position % Self.block] }
    }

    /// Calls `body` with each trial in order, as it lies: a trial that is taken out by its position may be copied, and with it some twenty counts of
    /// references are changed.
    func forEachInPlace(_ body: (TrialProgress) -> Void) {
        for block in blocks {
            block.withUnsafeBufferPointer { trials in
                guard let first = trials.baseAddress else { return }
                for index in 0..<trials.count { body(first[index]) }
            }
        }
    }

    /// Adds a trial at the end.
    mutating func append(_ trial: TrialProgress) {
        if count.isMultiple(of: Self.block) {
            blocks.append([])
            blocks[blocks.count - 1].reserveCapacity(Self.block)
        }
        blocks[blocks.count - 1].append(trial)
        count += 1
    }
}
