package import KernelAPI
package import SweepCore
import SweepNumerics

/// Changes training rows at random by the steps of `data.augment`, all but `mixup` (see `Mixup`).
///
/// The result is a function of the row's values and the key: not of the batch, the thread or the machine. Only sums,
/// products, divisions and square roots in single or double precision are used, and whole numbers for places. Nothing is
/// allocated in `apply`.
package struct Augmenter: Sendable {
    /// What a row is.
    package enum Shape: Hashable, Sendable {
        /// Features of a table.
        case vector(Int)
        /// Pixels row by row, in a pixel channel by channel, without gaps.
        case image(ImageShape)
    }

    /// Which row is changed for which epoch of which run.
    package struct Key: Hashable, Sendable {
        package let seed: UInt64
        /// From 0.
        package let epoch: Int
        /// The row's number in the data set.
        package let row: Int
        package init(seed: UInt64, epoch: Int, row: Int) {
            self.seed = seed
            self.epoch = epoch
            self.row = row
        }
    }

    private let steps: [AugmentStep]
    private let count: Int
    private let image: PixelGrid?

    /// An augmenter of rows of this shape; steps that need images do nothing to a vector (see `AugmentStep.problems`).
    package init(_ steps: [AugmentStep], shape: Shape) {
        switch shape {
        case .vector(let count):
            self.count = count
            image = nil
        case .image(let shape):
            count = shape.height * shape.width * shape.channels
            image = PixelGrid(height: shape.height, width: shape.width, channels: shape.channels)
        }
        let works = image != nil
        self.steps = steps.filter { step in
            if case .mixup = step { return false }
            return works || step.worksOnTables
        }
    }

    /// Whether rows stay as they are.
    package var isEmpty: Bool { steps.isEmpty }

    /// Floats of scratch that `apply` needs.
    package var scratchCount: Int { max(image?.borderedCount ?? 0, 1) }

    /// Changes the `count` values at `row` in place; `scratch` holds `scratchCount` floats, its content does not matter.
    package func apply(to row: MutableFloats, key: Key, scratch: MutableFloats) {
        let epoch = StreamPurpose.augmentation.key(seed: key.seed, index: key.epoch)
        let base = RandomStream.mix(epoch &+ UInt64(truncatingIfNeeded: key.row))
        var index = 0
        while index < steps.count {
            // Each step has a stream of its own, so that a step more does not change what the others draw.
            var stream = RandomStream(key: RandomStream.mix(base &+ UInt64(index &+ 1)))
            apply(steps[index], row, &stream, scratch)
            index &+= 1
        }
    }

    private func apply(
        _ step: AugmentStep,
        _ row: MutableFloats,
        _ stream: inout RandomStream,
        _ scratch: MutableFloats
    ) {
        if case .noise(let deviation) = step { return ValueNoise.add(Float(deviation), to: row, count, stream) }
        guard let image else { return }
        switch step {
        case .flipHorizontal(let probability):
            if stream.uniform() < probability { image.flipHorizontal(row) }
        case .flipVertical(let probability):
            if stream.uniform() < probability { image.flipVertical(row) }
        case .shift(let height, let width, let fill):
            let down = Self.pixels(height, of: image.height, &stream)
            let right = Self.pixels(width, of: image.width, &stream)
            image.shift(row, down: down, right: right, fill: fill, scratch)
        case .rotate(let degrees, let fill):
            image.rotate(row, turns: degrees / 360 * Self.side(&stream), fill: fill, scratch)
        case .padCrop(let pixels):
            let down = stream.below(2 * pixels + 1) - pixels
            let right = stream.below(2 * pixels + 1) - pixels
            image.shift(row, down: down, right: right, fill: .zero, scratch)
        case .crop(let height, let width):
            let top = stream.below(max(image.height - height, 0) + 1)
            let left = stream.below(max(image.width - width, 0) + 1)
            image.enlarge(
                row,
                top: top,
                left: left,
                height: min(height, image.height),
                width: min(width, image.width),
                scratch
            )
        case .brightness(let amount): image.add(Float(amount * Self.side(&stream)), to: row)
        case .contrast(let amount): image.scaleAboutMean(row, by: 1 + amount * Self.side(&stream))
        case .cutout(let size):
            let middleRow = stream.below(image.height)
            let middleColumn = stream.below(image.width)
            image.clear(row, top: middleRow - size / 2, left: middleColumn - size / 2, size: size)
        case .noise, .mixup: break
        }
    }

    /// A number in [−1, 1).
    private static func side(_ stream: inout RandomStream) -> Double { 2 * stream.uniform() - 1 }

    /// Whole pixels, each number from −`share` · `size` to `share` · `size` (rounded down) as likely as another.
    private static func pixels(_ share: Double, of size: Int, _ stream: inout RandomStream) -> Int {
        let greatest = Int(share * Double(size))
        return stream.below(2 * greatest + 1) - greatest
    }
}
