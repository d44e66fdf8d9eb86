/// The windows of a pooling layer.
///
/// Output pixel (oy, ox) sees the input pixels (oy · strideY + ky − paddingY, ox · strideX + kx − paddingX) that are in
/// the image; padding is less than the kernel on every side, so each window holds at least one pixel.
package struct PoolShape: Sendable, Equatable {
    /// Samples; may be 0.
    package var batch: Int
    package var inputHeight: Int
    package var inputWidth: Int
    /// Elements of a pixel, padding included: a multiple of 16.
    package var channels: Int
    package var kernelHeight: Int
    package var kernelWidth: Int
    /// At least 1.
    package var strideY: Int
    package var strideX: Int
    package var paddingY: Int
    package var paddingX: Int

    /// Describes windows; see the fields. The padded image is at least as large as the kernel.
    package init(
        batch: Int,
        inputHeight: Int,
        inputWidth: Int,
        channels: Int,
        kernelHeight: Int,
        kernelWidth: Int,
        strideY: Int,
        strideX: Int,
        paddingY: Int = 0,
        paddingX: Int = 0
    ) {
        self.batch = batch
        self.inputHeight = inputHeight
        self.inputWidth = inputWidth
        self.channels = channels
        self.kernelHeight = kernelHeight
        self.kernelWidth = kernelWidth
        self.strideY = strideY
        self.strideX = strideX
        self.paddingY = paddingY
        self.paddingX = paddingX
    }

    /// One window over the whole image: global pooling.
    package init(globalOver batch: Int, height: Int, width: Int, channels: Int) {
        self.init(
            batch: batch,
            inputHeight: height,
            inputWidth: width,
            channels: channels,
            kernelHeight: height,
            kernelWidth: width,
            strideY: 1,
            strideX: 1
        )
    }

    /// ⌊(height + 2 · padding − kernel) / stride⌋ + 1.
    package var outputHeight: Int { (inputHeight + 2 * paddingY - kernelHeight) / strideY + 1 }
    /// ⌊(width + 2 · padding − kernel) / stride⌋ + 1.
    package var outputWidth: Int { (inputWidth + 2 * paddingX - kernelWidth) / strideX + 1 }
    /// Elements of a batch of outputs without gaps: the codes of a `MaxPool`.
    package var codeCount: Int { batch * outputHeight * outputWidth * channels }
}

/// Max pooling: the largest pixel of each window, channel by channel.
///
/// Among equal values (0 and −0 are equal) the first in scan order wins. A window with a NaN is NaN, and its code is
/// the last NaN's. Padding never wins, as if it were −∞.
package struct MaxPool {
    package var shape: PoolShape
    package var input: Floats
    package var inputLayout: ImageLayout
    /// The first pixel, overwritten; does not overlap the input.
    package var output: MutableFloats
    package var outputLayout: ImageLayout
    /// `shape.codeCount` elements: ky · kernelWidth + kx of the winner of each output element; nil for an evaluation.
    package var codes: MutableFloats?

    /// Describes a pass; see the fields.
    package init(
        shape: PoolShape,
        input: Floats,
        inputLayout: ImageLayout,
        output: MutableFloats,
        outputLayout: ImageLayout,
        codes: MutableFloats?
    ) {
        self.shape = shape
        self.input = input
        self.inputLayout = inputLayout
        self.output = output
        self.outputLayout = outputLayout
        self.codes = codes
    }
}

/// The input gradient of a max pooling: every output's gradient goes to its winner.
///
/// An element of dX is one chain of additions over the windows that hold it and that it won, in scan order, beginning at
/// zero.
package struct MaxPoolGradient {
    package var shape: PoolShape
    /// dY; its border, if any, is not read.
    package var outputGradient: Floats
    package var outputGradientLayout: ImageLayout
    /// What the forward pass left.
    package var codes: Floats
    /// dX: the first pixel, overwritten.
    package var inputGradient: MutableFloats
    package var inputGradientLayout: ImageLayout
    /// Y, where the input is a ReLU's: a winner that is ≤ 0 gets no gradient (the derivative of the ReLU); nil to leave dX
    /// as it is.
    ///
    /// Y holds the winners' values, and what has not won has no gradient: the same as a mask of X, which is several times
    /// as large.
    package var reluMask: Floats?
    package var reluMaskLayout: ImageLayout

    /// Describes a pass; see the fields.
    package init(
        shape: PoolShape,
        outputGradient: Floats,
        outputGradientLayout: ImageLayout,
        codes: Floats,
        inputGradient: MutableFloats,
        inputGradientLayout: ImageLayout,
        reluMask: Floats? = nil,
        reluMaskLayout: ImageLayout = ImageLayout(pixelStride: 0, rowStride: 0, sampleStride: 0)
    ) {
        self.shape = shape
        self.outputGradient = outputGradient
        self.outputGradientLayout = outputGradientLayout
        self.codes = codes
        self.inputGradient = inputGradient
        self.inputGradientLayout = inputGradientLayout
        self.reluMask = reluMask
        self.reluMaskLayout = reluMaskLayout
    }
}

/// Average pooling: the sum of each window, one chain of additions in scan order from zero, times 1 / n as a float32.
///
/// n counts the window's pixels that are in the image, or all of the kernel with `countsPadding`. A window over the
/// whole image is global average pooling.
package struct AveragePool {
    package var shape: PoolShape
    package var countsPadding: Bool
    package var input: Floats
    package var inputLayout: ImageLayout
    /// The first pixel, overwritten; does not overlap the input.
    package var output: MutableFloats
    package var outputLayout: ImageLayout

    /// Describes a pass; see the fields.
    package init(
        shape: PoolShape,
        countsPadding: Bool = false,
        input: Floats,
        inputLayout: ImageLayout,
        output: MutableFloats,
        outputLayout: ImageLayout
    ) {
        self.shape = shape
        self.countsPadding = countsPadding
        self.input = input
        self.inputLayout = inputLayout
        self.output = output
        self.outputLayout = outputLayout
    }
}

/// The input gradient of an average pooling.
///
/// An element of dX is one chain of fused multiply-adds dy · (1 / n) over the windows that hold it in scan order,
/// beginning at zero.
package struct AveragePoolGradient {
    package var shape: PoolShape
    package var countsPadding: Bool
    /// dY; its border, if any, is not read.
    package var outputGradient: Floats
    package var outputGradientLayout: ImageLayout
    /// dX: the first pixel, overwritten.
    package var inputGradient: MutableFloats
    package var inputGradientLayout: ImageLayout
    /// The producer's activation: where it is ≤ 0, dX becomes zero (the derivative of a ReLU); nil to leave dX as it is.
    package var reluMask: Floats?
    package var reluMaskLayout: ImageLayout

    /// Describes a pass; see the fields.
    package init(
        shape: PoolShape,
        countsPadding: Bool = false,
        outputGradient: Floats,
        outputGradientLayout: ImageLayout,
        inputGradient: MutableFloats,
        inputGradientLayout: ImageLayout,
        reluMask: Floats? = nil,
        reluMaskLayout: ImageLayout = ImageLayout(pixelStride: 0, rowStride: 0, sampleStride: 0)
    ) {
        self.shape = shape
        self.countsPadding = countsPadding
        self.outputGradient = outputGradient
        self.outputGradientLayout = outputGradientLayout
        self.inputGradient = inputGradient
        self.inputGradientLayout = inputGradientLayout
        self.reluMask = reluMask
        self.reluMaskLayout = reluMaskLayout
    }
}
