import SweepNumerics

/// The order in which an epoch visits the training rows: a function of the seed and the epoch, nothing else.
struct EpochOrder {
    private let rows: [Int32]
    private let sampling: EpochSampling?
    /// Rows of an epoch.
    let count: Int
    private let storage: UnsafeMutablePointer<Int32>

    /// Allocates room for a permutation of `rows`, or of what a sampling makes of them; the owner calls `deallocate`.
    init(rows: [Int32], sampling: EpochSampling? = nil) {
        self.rows = rows
        self.sampling = sampling
        count = sampling?.count ?? rows.count
        storage = .allocate(capacity: max(count, 1))
        storage.initialize(repeating: 0, count: max(count, 1))
    }

    /// The permutation of the epoch that was arranged last.
    var indices: UnsafePointer<Int32> { UnsafePointer(storage) }

    /// Shuffles the rows for an epoch, counted from 0 (Fisher–Yates from the end, beginning with the rows as given).
    func arrange(seed: UInt64, epoch: Int) {
        for (index, row) in (sampling?.rows(seed: seed, epoch: epoch) ?? rows).enumerated() { storage[index] = row }
        guard count > 1 else { return }
        var stream = RandomStream(key: StreamPurpose.order.key(seed: seed, index: epoch))
        for last in stride(from: count - 1, to: 0, by: -1) {
            let other = stream.below(last + 1)
            let row = storage[last]
            storage[last] = storage[other]
            storage[other] = row
        }
    }

    func deallocate() { storage.deallocate() }
}
