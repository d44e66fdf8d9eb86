import SweepNumerics

/// The order in which an epoch visits the training rows: a function of the seed and the epoch, nothing else.
struct EpochOrder {
    private let rows: [Int32]
    private let storage: UnsafeMutablePointer<Int32>

    /// Allocates room for a permutation of `rows`; the owner calls `deallocate`.
    init(rows: [Int32]) {
        self.rows = rows
        storage = .allocate(capacity: max(rows.count, 1))
        storage.initialize(repeating: 0, count: max(rows.count, 1))
    }

    /// Rows of an epoch.
    var count: Int { rows.count }

    /// The permutation of the epoch that was arranged last.
    var indices: UnsafePointer<Int32> { UnsafePointer(storage) }

    /// Shuffles the rows for an epoch, counted from 0 (Fisher–Yates from the end, beginning with the rows as given).
    func arrange(seed: UInt64, epoch: Int) {
        guard rows.count > 1 else {
            if let only = rows.first { storage[0] = only }
            return
        }
        for (index, row) in rows.enumerated() { storage[index] = row }
        var stream = RandomStream(key: StreamPurpose.order.key(seed: seed, index: epoch))
        for last in stride(from: rows.count - 1, to: 0, by: -1) {
            let other = stream.below(last + 1)
            let row = storage[last]
            storage[last] = storage[other]
            storage[other] = row
        }
    }

    func deallocate() { storage.deallocate() }
}
