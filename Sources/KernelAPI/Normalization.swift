/// Batch normalisation in training, channel by channel over all N = batch · height · width pixels.
///
/// Source: Ioffe and Szegedy 2015, algorithm 1. With μ = Σx / N and σ² = Σ(x − μ)² / N: y = (x − μ) · s + shift, where
/// s = gain · 1/√(σ² + ε); one subtraction and one fused multiply-add an element.
/// The running values, for evaluation: r ← r + momentum · (v − r), v being μ, or σ² · N / (N − 1) (N > 1; σ² at N = 1).
///
/// **Determinism.** A sum over the pixels is a tree that the shape alone decides. Each row of an image is cut into blocks
/// of 256 pixels; a block is summed in four chains (pixels 0, 4, 8, … of the block; 1, 5, 9, …; …) from zero that are added
/// as (0 + 1) + (2 + 3); the blocks of a sample are added in order from zero, and so are the samples. Where squares or
/// products are summed, the chains are fused multiply-adds. A division by N is a product with the float32 of 1 / N.
///
/// Padded channels have a gain and a shift of zero, so their outputs are zero. For the rows of a matrix see
/// `ImageLayout(rowsOf:)`.
///
/// **Parts.** A batch can be taken through sample by sample, with the same bits: `sums` of each part in order, then
/// `moments` of the whole batch, then `outputs` of each part, in any order.
package struct BatchNormalization {
    /// What of the work is to be done.
    package enum Pass: Sendable {
        /// All of it, of the whole batch.
        case whole
        /// Σx of a part, into `mean`; all but the first go on with the sums.
        case sums(continues: Bool)
        /// From the sums in `mean` and the whole batch's input μ, 1/√(σ² + ε) and the running values.
        case moments
        /// The outputs of a part.
        case outputs
    }

    /// Samples; batch · height · width is at least 1.
    package var batch: Int
    package var height: Int
    package var width: Int
    /// A multiple of 16, padding included.
    package var channels: Int
    package var input: Floats
    package var inputLayout: ImageLayout
    /// `channels` elements each.
    package var gain: Floats
    package var shift: Floats
    /// ε, greater than 0.
    package var epsilon: Float
    /// The share of the batch in the running values: PyTorch's convention, usually 0.1.
    package var momentum: Float
    /// μ, `channels` elements, overwritten: the backward pass needs it.
    package var mean: MutableFloats
    /// 1/√(σ² + ε), `channels` elements, overwritten: the backward pass needs it.
    package var inverseDeviation: MutableFloats
    /// `channels` elements each, updated.
    package var runningMean: MutableFloats
    package var runningVariance: MutableFloats
    /// y: the first pixel, overwritten; may be the input with the same layout.
    package var output: MutableFloats
    package var outputLayout: ImageLayout
    /// Whether negative outputs become zero; a NaN stays NaN.
    package var relu: Bool
    package var pass: Pass

    /// Describes a pass; see the fields.
    package init(
        batch: Int,
        height: Int,
        width: Int,
        channels: Int,
        input: Floats,
        inputLayout: ImageLayout,
        gain: Floats,
        shift: Floats,
        epsilon: Float,
        momentum: Float,
        mean: MutableFloats,
        inverseDeviation: MutableFloats,
        runningMean: MutableFloats,
        runningVariance: MutableFloats,
        output: MutableFloats,
        outputLayout: ImageLayout,
        relu: Bool = false,
        pass: Pass = .whole
    ) {
        self.batch = batch
        self.height = height
        self.width = width
        self.channels = channels
        self.input = input
        self.inputLayout = inputLayout
        self.gain = gain
        self.shift = shift
        self.epsilon = epsilon
        self.momentum = momentum
        self.mean = mean
        self.inverseDeviation = inverseDeviation
        self.runningMean = runningMean
        self.runningVariance = runningVariance
        self.output = output
        self.outputLayout = outputLayout
        self.relu = relu
        self.pass = pass
    }
}

/// Batch normalisation in evaluation: y = (x − running mean) · (gain · 1/√(running variance + ε)) + shift.
package struct BatchNormalizationEvaluation {
    package var batch: Int
    package var height: Int
    package var width: Int
    /// A multiple of 16, padding included.
    package var channels: Int
    package var input: Floats
    package var inputLayout: ImageLayout
    /// `channels` elements each.
    package var gain: Floats
    package var shift: Floats
    package var runningMean: Floats
    package var runningVariance: Floats
    /// ε, greater than 0.
    package var epsilon: Float
    /// y: the first pixel, overwritten; may be the input with the same layout.
    package var output: MutableFloats
    package var outputLayout: ImageLayout
    /// Whether negative outputs become zero; a NaN stays NaN.
    package var relu: Bool

    /// Describes a pass; see the fields.
    package init(
        batch: Int,
        height: Int,
        width: Int,
        channels: Int,
        input: Floats,
        inputLayout: ImageLayout,
        gain: Floats,
        shift: Floats,
        runningMean: Floats,
        runningVariance: Floats,
        epsilon: Float,
        output: MutableFloats,
        outputLayout: ImageLayout,
        relu: Bool = false
    ) {
        self.batch = batch
        self.height = height
        self.width = width
        self.channels = channels
        self.input = input
        self.inputLayout = inputLayout
        self.gain = gain
        self.shift = shift
        self.runningMean = runningMean
        self.runningVariance = runningVariance
        self.epsilon = epsilon
        self.output = output
        self.outputLayout = outputLayout
        self.relu = relu
    }
}

/// The gradients of a batch normalisation in training.
///
/// With x̂ = (x − μ) · r and r = 1/√(σ² + ε): dShift = Σ dy, dGain = Σ dy · x̂, and
/// dx = (gain · r) · (dy − dShift / N − x̂ · dGain / N), summed by `BatchNormalization`'s tree. The mean subtracts
/// first, x̂ · (dGain / N) last by a fused multiply-add. With a mask, dy is zero where a ReLU behind y was not above zero,
/// before anything else is done with it.
///
/// **Parts.** A batch can be taken through sample by sample, with the same bits: `sums` of each part in order, then
/// `inputGradient` of each part, in any order.
package struct BatchNormalizationGradient {
    /// What of the work is to be done.
    package enum Pass: Sendable {
        /// All of it, of the whole batch.
        case whole
        /// dGain and dShift of a part; all but the first go on with the sums.
        case sums(continues: Bool)
        /// dx of a part of a batch of N = `pixels`.
        case inputGradient(pixels: Int)
    }

    /// Samples; batch · height · width is at least 1.
    package var batch: Int
    package var height: Int
    package var width: Int
    /// A multiple of 16, padding included.
    package var channels: Int
    /// x, as it was forward.
    package var input: Floats
    package var inputLayout: ImageLayout
    /// dy; its border, if any, is not read.
    package var outputGradient: Floats
    package var outputGradientLayout: ImageLayout
    /// `channels` elements each; the last two as the forward pass left them.
    package var gain: Floats
    package var mean: Floats
    package var inverseDeviation: Floats
    /// `channels` elements each, overwritten.
    package var gainGradient: MutableFloats
    package var shiftGradient: MutableFloats
    /// dx: the first pixel, overwritten; may be dy or x with the same layout. Nil to leave it out.
    package var inputGradient: MutableFloats?
    package var inputGradientLayout: ImageLayout
    /// The activation behind the normalisation: where it is ≤ 0, dy counts as zero (the derivative of a ReLU); nil to take dy
    /// as it is.
    package var reluMask: Floats?
    package var reluMaskLayout: ImageLayout
    package var pass: Pass

    /// Describes a pass; see the fields.
    package init(
        batch: Int,
        height: Int,
        width: Int,
        channels: Int,
        input: Floats,
        inputLayout: ImageLayout,
        outputGradient: Floats,
        outputGradientLayout: ImageLayout,
        gain: Floats,
        mean: Floats,
        inverseDeviation: Floats,
        gainGradient: MutableFloats,
        shiftGradient: MutableFloats,
        inputGradient: MutableFloats?,
        inputGradientLayout: ImageLayout,
        reluMask: Floats? = nil,
        reluMaskLayout: ImageLayout = ImageLayout(pixelStride: 0, rowStride: 0, sampleStride: 0),
        pass: Pass = .whole
    ) {
        self.batch = batch
        self.height = height
        self.width = width
        self.channels = channels
        self.input = input
        self.inputLayout = inputLayout
        self.outputGradient = outputGradient
        self.outputGradientLayout = outputGradientLayout
        self.gain = gain
        self.mean = mean
        self.inverseDeviation = inverseDeviation
        self.gainGradient = gainGradient
        self.shiftGradient = shiftGradient
        self.inputGradient = inputGradient
        self.inputGradientLayout = inputGradientLayout
        self.reluMask = reluMask
        self.reluMaskLayout = reluMaskLayout
        self.pass = pass
    }
}

/// Layer normalisation: each sample over all its n = height · width · channels features.
///
/// Source: Ba, Kiros and Hinton 2016. With μ = Σx / n and σ² = Σ(x − μ)² / n of the sample:
/// y = x̂ · gain + shift, x̂ = (x − μ) · 1/√(σ² + ε). The rows of a matrix are samples of one pixel
/// (`height` and `width` 1, `sampleStride` the row's stride).
///
/// **Determinism.** An image row is a run of logical vectors; vectors 0, 4, 8, … of it go into chain 0, and so on. The
/// four chains go on from row to row; at the end they are added as (0 + 1) + (2 + 3), then the lanes halves onto halves.
/// Squares and products are summed by fused multiply-adds. A division by n is a product with the float32 of 1 / n.
package struct LayerNormalization {
    /// Samples; may be 0.
    package var batch: Int
    package var height: Int
    package var width: Int
    /// Real channels, at least 1; the pixel strides are `paddedCount(channels)` (any if `width` is 1).
    package var channels: Int
    /// Its padding is zero.
    package var input: Floats
    package var inputLayout: ImageLayout
    /// `height · width · paddedCount(channels)` elements each, padding zero.
    package var gain: Floats
    package var shift: Floats
    /// ε, greater than 0.
    package var epsilon: Float
    /// μ of each sample, `batch` elements, overwritten: the backward pass needs it.
    package var means: MutableFloats
    /// 1/√(σ² + ε) of each sample, `batch` elements, overwritten: the backward pass needs it.
    package var inverseDeviations: MutableFloats
    /// y: the first pixel, overwritten, padding zero; may be the input with the same layout.
    package var output: MutableFloats
    package var outputLayout: ImageLayout

    /// Describes a pass; see the fields.
    package init(
        batch: Int,
        height: Int,
        width: Int,
        channels: Int,
        input: Floats,
        inputLayout: ImageLayout,
        gain: Floats,
        shift: Floats,
        epsilon: Float,
        means: MutableFloats,
        inverseDeviations: MutableFloats,
        output: MutableFloats,
        outputLayout: ImageLayout
    ) {
        self.batch = batch
        self.height = height
        self.width = width
        self.channels = channels
        self.input = input
        self.inputLayout = inputLayout
        self.gain = gain
        self.shift = shift
        self.epsilon = epsilon
        self.means = means
        self.inverseDeviations = inverseDeviations
        self.output = output
        self.outputLayout = outputLayout
    }
}

/// The gradients of a layer normalisation.
///
/// With g = dy · gain: dx = r · (g − Σg / n − x̂ · (Σ g·x̂ / n)), the sums by `LayerNormalization`'s chains; dShift = Σ dy
/// and dGain = Σ dy · x̂ are one chain over the samples in order each, from zero, the latter of fused multiply-adds.
package struct LayerNormalizationGradient {
    /// Samples; may be 0.
    package var batch: Int
    package var height: Int
    package var width: Int
    /// Real channels, at least 1; the pixel strides are `paddedCount(channels)` (any if `width` is 1).
    package var channels: Int
    /// x, as it was forward.
    package var input: Floats
    package var inputLayout: ImageLayout
    /// dy, padding zero; its border, if any, is not read.
    package var outputGradient: Floats
    package var outputGradientLayout: ImageLayout
    /// `height · width · paddedCount(channels)` elements.
    package var gain: Floats
    /// `batch` elements each, as the forward pass left them.
    package var means: Floats
    package var inverseDeviations: Floats
    /// `height · width · paddedCount(channels)` elements each, overwritten, padding zero.
    package var gainGradient: MutableFloats
    package var shiftGradient: MutableFloats
    /// dx: the first pixel, overwritten, padding zero; may be dy or x with the same layout.
    package var inputGradient: MutableFloats
    package var inputGradientLayout: ImageLayout

    /// Describes a pass; see the fields.
    package init(
        batch: Int,
        height: Int,
        width: Int,
        channels: Int,
        input: Floats,
        inputLayout: ImageLayout,
        outputGradient: Floats,
        outputGradientLayout: ImageLayout,
        gain: Floats,
        means: Floats,
        inverseDeviations: Floats,
        gainGradient: MutableFloats,
        shiftGradient: MutableFloats,
        inputGradient: MutableFloats,
        inputGradientLayout: ImageLayout
    ) {
        self.batch = batch
        self.height = height
        self.width = width
        self.channels = channels
        self.input = input
        self.inputLayout = inputLayout
        self.outputGradient = outputGradient
        self.outputGradientLayout = outputGradientLayout
        self.gain = gain
        self.means = means
        self.inverseDeviations = inverseDeviations
        self.gainGradient = gainGradient
        self.shiftGradient = shiftGradient
        self.inputGradient = inputGradient
        self.inputGradientLayout = inputGradientLayout
    }
}
