package import SweepCore
import SweepNumerics

/// The training rows that an epoch sees, before they are shuffled: a function of labels, seed and epoch, nothing else.
///
/// Every epoch has as many rows as the first, so the number of steps is known beforehand.
package struct EpochSampling: Sendable {
    private let sampling: Sampling
    /// Row numbers by class, each in the order given.
    private let classes: [[Int32]]
    private let counts: [Int]
    private let rows: [Int32]

    /// Samples `rows`, where the i-th has the class `labels[i]` of `classCount`.
    package init(_ sampling: Sampling, rows: [Int32], labels: [Int32], classCount: Int) {
        precondition(rows.count == labels.count, "a label a row")
        self.sampling = sampling
        self.rows = rows
        var classes = [[Int32]](repeating: [], count: classCount)
        if sampling != .none { for (row, label) in zip(rows, labels) { classes[Int(label)].append(row) } }
        self.classes = classes
        counts = sampling.epochCounts(classes.map(\.count))
    }

    /// Rows of each epoch.
    package var count: Int { sampling == .none ? rows.count : counts.reduce(0, +) }

    /// Places that `write` draws in: as many as the largest class has rows.
    var scratchCount: Int { classes.map(\.count).max() ?? 0 }

    /// The rows of `epoch`, counted from 0: see `write`.
    package func rows(seed: UInt64, epoch: Int) -> [Int32] {
        [Int32](unsafeUninitializedCapacity: max(count, 1)) { result, initialized in
            withUnsafeTemporaryAllocation(of: Int32.self, capacity: max(scratchCount, 1)) { scratch in
                guard let start = result.baseAddress, let room = scratch.baseAddress else { return }
                write(seed: seed, epoch: epoch, to: start, scratch: room)
                initialized = count
            }
        }
    }

    /// Writes the rows of `epoch`, counted from 0, to `count` places; a class's rows stand together.
    ///
    /// A class that is seen more often has each row once for every whole time, and for the rest rows drawn without
    /// replacement; of a class that is seen less often the rows are drawn without replacement.
    /// `scratch` has `scratchCount` places. Allocates nothing.
    func write(
        seed: UInt64,
        epoch: Int,
        to result: UnsafeMutablePointer<Int32>,
        scratch drawn: UnsafeMutablePointer<Int32>
    ) {
        guard sampling != .none else {
            for index in rows.indices { result[index] = rows[index] }
            return
        }
        var stream = RandomStream(key: StreamPurpose.sampling.key(seed: seed, index: epoch))
        var next = result
        for index in classes.indices where !classes[index].isEmpty {
            let size = classes[index].count
            for place in 0..<size { drawn[place] = classes[index][place] }
            for _ in 0..<(counts[index] / size) {
                next.update(from: drawn, count: size)
                next += size
            }
            // The first `rest` places of a Fisher–Yates shuffle from the front.
            let rest = counts[index] % size
            for place in 0..<rest {
                let other = place + stream.below(size - place)
                let row = drawn[place]
                drawn[place] = drawn[other]
                drawn[other] = row
            }
            next.update(from: drawn, count: rest)
            next += rest
        }
    }
}
