import KernelAPI
import SweepCore
import SweepKernels

/// What `data.augment` does to the rows of a training batch, with the memory it needs, made once a run.
final class BatchChanges {
    private let augmenter: Augmenter
    private let mixup: Mixup?
    private let columns: Int
    private let scratch: MutableFloats
    private let partners: UnsafeMutablePointer<Int32>
    private let shares: MutableFloats
    private let unmixed: MutableFloats

    /// Room for so many rows in an arena; nil when there is nothing to change.
    init?(_ steps: [AugmentStep], schema: DataSchema, network: Network, rows: Int, arena: Arena) {
        columns = schema.features.count
        augmenter = Augmenter(steps, shape: schema.image.map { .image($0) } ?? .vector(columns))
        mixup = Mixup(steps)
        guard !augmenter.isEmpty || mixup != nil else { return nil }
        scratch = arena.pointer(augmenter.scratchCount)
        let mixes = mixup != nil
        partners = .allocate(capacity: max(rows, 1))
        partners.initialize(repeating: 0, count: max(rows, 1))
        shares = arena.pointer(rows)
        unmixed = arena.pointer(mixes ? rows * max(network.features.stride, network.head.targetStride) : 0)
    }

    deinit { partners.deallocate() }

    /// Changes the batch that the network holds.
    ///
    /// - Parameters:
    ///   - keys: What each row's changes are drawn by, beside seed and epoch: the row's number in the data set.
    ///   - batch: The batch's number in the epoch, from 0.
    func apply(
        to network: Network,
        rows: Int,
        keys: (Int) -> Int,
        seed: UInt64,
        epoch: Int,
        batch: Int
    ) {
        let (start, stride) = network.features
        if !augmenter.isEmpty {
            for row in 0..<rows {
                augmenter.apply(
                    to: start + row * stride,
                    key: Augmenter.Key(seed: seed, epoch: epoch, row: keys(row)),
                    scratch: scratch
                )
            }
        }
        guard let mixup else { return }
        mixup.draw(rows: rows, seed: seed, epoch: epoch, batch: batch, partners: partners, shares: shares)
        Mixup.mix(
            start,
            rows: rows,
            columns: columns,
            stride: stride,
            partners: partners,
            shares: shares,
            scratch: unmixed
        )
        network.head.mix(rows: rows, partners: partners, shares: shares, scratch: unmixed)
    }
}
