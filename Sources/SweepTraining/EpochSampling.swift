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

    /// The rows of `epoch`, counted from 0; a class's rows stand together.
    ///
    /// A class that is seen more often has each row once for every whole time, and for the rest rows drawn without
    /// replacement; of a class that is seen less often the rows are drawn without replacement.
    package func rows(seed: UInt64, epoch: Int) -> [Int32] {
        guard sampling != .none else { return rows }
        var stream = RandomStream(key: StreamPurpose.sampling.key(seed: seed, index: epoch))
        var result: [Int32] = []
        result.reserveCapacity(count)
        for (members, wanted) in zip(classes, counts) where !members.isEmpty {
            for _ in 0..<(wanted / members.count) { result += members }
            let rest = wanted % members.count
            guard rest > 0 else { continue }
            // The first `rest` places of a Fisher–Yates shuffle from the front.
            var drawn = members
            for place in 0..<rest { drawn.swapAt(place, place + stream.below(drawn.count - place)) }
            result += drawn[..<rest]
        }
        return result
    }
}
