import SweepNumerics

/// The order in which an epoch visits the training rows: a function of the seed and the epoch, nothing else.
struct EpochOrder {
    private let rows: [Int32]
    private let sampling: EpochSampling?
    /// Rows of an epoch.
    let count: Int
    private let storage: UnsafeMutablePointer<Int32>
    /// What a sampling draws in.
    private let scratch: UnsafeMutablePointer<Int32>

    /// Allocates room for a permutation of `rows`, or of what a sampling makes of them; the owner calls `deallocate`.
    init(rows: [Int32], sampling: EpochSampling? = nil) {
        self.rows = rows
        self.sampling = sampling
        count = sampling?.count ?? rows.count
        func room(_ count: Int) -> UnsafeMutablePointer<Int32> {
            let memory = UnsafeMutablePointer<Int32>.allocate(capacity: max(count, 1))
            memory.initialize(repeating: 0, count: max(count, 1))
            return memory
        }
        storage = room(count)
        scratch = room(sampling?.scratchCount ?? 0)
    }

    /// The permutation of the epoch that was arranged last.
    var indices: UnsafePointer<Int32> { UnsafePointer(storage) }

    /// Shuffles the rows for an epoch, counted from 0 (Fisher–Yates from the end, beginning with the rows as given).
    ///
    /// Allocates nothing: it is part of an epoch's first step.
    func arrange(seed: UInt64, epoch: Int) {
        if let sampling {
            sampling.write(seed: seed, epoch: epoch, to: storage, scratch: scratch)
        } else {
            for index in 0..<count { storage[index] = rows[index] }
        }
        guard count > 1 else { return }
        var stream = RandomStream(key: StreamPurpose.order.key(seed: seed, index: epoch))
        for last in stride(from: count - 1, to: 0, by: -1) {
            let other = stream.below(last + 1)
            let row = storage[last]
            storage[last] = storage[other]
            storage[other] = row
        }
    }

    func deallocate() {
        storage.deallocate()
        scratch.deallocate()
    }
}
