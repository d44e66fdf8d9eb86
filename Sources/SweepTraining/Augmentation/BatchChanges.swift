import KernelAPI
import SweepCore

/// What `data.augment` does to the rows of a training batch, with the memory it needs, made once a run.
final class BatchChanges {
    private let augmenter: Augmenter
    private let mixup: Mixup?
    private let columns: Int
    private let scratch: MutableFloats
    private let partners: UnsafeMutablePointer<Int32>
    private let shares: MutableFloats
    private let unmixed: MutableFloats

    /// Nil when there is nothing to change.
    init?(_ steps: [AugmentStep], schema: DataSchema, network: Network, rows: Int) {
        columns = schema.features.count
        augmenter = Augmenter(steps, shape: schema.image.map { .image($0) } ?? .vector(columns))
        mixup = Mixup(steps)
        guard !augmenter.isEmpty || mixup != nil else { return nil }
        func floats(_ count: Int) -> MutableFloats {
            let memory = MutableFloats.allocate(capacity: max(count, 1))
            memory.initialize(repeating: 0, count: max(count, 1))
            return memory
        }
        scratch = floats(augmenter.scratchCount)
        let mixes = mixup != nil
        partners = .allocate(capacity: max(rows, 1))
        partners.initialize(repeating: 0, count: max(rows, 1))
        shares = floats(rows)
        unmixed = floats(mixes ? rows * max(network.features.stride, network.head.targetStride) : 0)
    }

    deinit {
        scratch.deallocate()
        partners.deallocate()
        shares.deallocate()
        unmixed.deallocate()
    }

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
        unmixed.update(from: start, count: rows * stride)
        for row in 0..<rows {
            let share = shares[row]
            let (own, other) = (unmixed + row * stride, unmixed + Int(partners[row]) * stride)
            let mixed = start + row * stride
            for column in 0..<columns { mixed[column] = (share * own[column]).addingProduct(1 - share, other[column]) }
        }
        network.head.mix(rows: rows, partners: partners, shares: shares, scratch: unmixed)
    }
}
