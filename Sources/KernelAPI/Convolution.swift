/// The shape of a two-dimensional convolution (a correlation, as every framework has it) and of its three products.
///
/// Output pixel (oy, ox) sees the input pixels (oy · strideY + ky − paddingTop, ox · strideX + kx − paddingLeft).
///
/// **Weights.** A matrix of `weightRows` rows, (ky, kx, c) in this order with c over `inputChannels`, and
/// `outputChannels` columns, in panels of 16 columns (`PanelLayout`): element (row, column) is
/// `weights[column / 16 · panelStride + row · 16 + column mod 16]`. Rows of padded channels are zero and stay zero.
package struct ConvolutionShape: Sendable, Equatable {
    /// Samples; may be 0.
    package var batch: Int
    /// Input pixels, without a border.
    package var inputHeight: Int
    package var inputWidth: Int
    /// Elements of an input pixel: a multiple of 16 with padding, or the channels of a dense first input.
    ///
    /// Also the input's pixel stride.
    package var inputChannels: Int
    /// Elements of an output pixel, a multiple of 16.
    package var outputChannels: Int
    package var kernelHeight: Int
    package var kernelWidth: Int
    /// At least 1.
    package var strideY: Int
    package var strideX: Int
    /// Rows of zeros above and below the image, columns of zeros at its left and right.
    package var paddingTop: Int
    package var paddingLeft: Int
    package var paddingBottom: Int
    package var paddingRight: Int

    /// Describes a shape whose padding is the same on opposite sides; see the fields.
    ///
    /// The padded image is at least as large as the kernel.
    package init(
        batch: Int,
        inputHeight: Int,
        inputWidth: Int,
        inputChannels: Int,
        outputChannels: Int,
        kernelHeight: Int,
        kernelWidth: Int,
        strideY: Int = 1,
        strideX: Int = 1,
        paddingY: Int = 0,
        paddingX: Int = 0
    ) {
        self.batch = batch
        self.inputHeight = inputHeight
        self.inputWidth = inputWidth
        self.inputChannels = inputChannels
        self.outputChannels = outputChannels
        self.kernelHeight = kernelHeight
        self.kernelWidth = kernelWidth
        self.strideY = strideY
        self.strideX = strideX
        paddingTop = paddingY
        paddingLeft = paddingX
        paddingBottom = paddingY
        paddingRight = paddingX
    }

    /// ⌊(height + padding − kernel) / stride⌋ + 1.
    package var outputHeight: Int {
        (inputHeight + paddingTop + paddingBottom - kernelHeight) / strideY + 1
    }
    /// ⌊(width + padding − kernel) / stride⌋ + 1.
    package var outputWidth: Int {
        (inputWidth + paddingLeft + paddingRight - kernelWidth) / strideX + 1
    }
    /// Rows of the weight matrix: kernelHeight · kernelWidth · inputChannels.
    package var weightRows: Int { kernelHeight * kernelWidth * inputChannels }
    /// Rows of the flipped weight matrix: kernelHeight · kernelWidth · outputChannels, a multiple of 16.
    package var flippedRows: Int { kernelHeight * kernelWidth * outputChannels }

    /// The zeros that the forward product and the weight gradient read around the input.
    package var inputBorder: ImageBorder {
        ImageBorder(
            top: paddingTop,
            left: paddingLeft,
            bottom: max(0, (outputHeight - 1) * strideY + kernelHeight - paddingTop - inputHeight),
            right: max(0, (outputWidth - 1) * strideX + kernelWidth - paddingLeft - inputWidth)
        )
    }
    /// The zeros that the input gradient reads around the output's gradient.
    package var gradientBorder: ImageBorder {
        ImageBorder(
            top: max(0, (kernelHeight - 1 - paddingTop) / strideY),
            left: max(0, (kernelWidth - 1 - paddingLeft) / strideX),
            bottom: max(0, (inputHeight - 1 + paddingTop) / strideY - (outputHeight - 1)),
            right: max(0, (inputWidth - 1 + paddingLeft) / strideX - (outputWidth - 1))
        )
    }
}

/// The forward product Y = epilogue(b + X ∗ W) over a whole batch.
///
/// **Determinism.** Each element of Y is one chain of fused multiply-adds x · w over (ky, kx, c) in this order that
/// begins at the bias; zeros of the border take part. No tile or instruction set changes it.
package struct Convolution {
    /// What happens to a finished chain before it is stored.
    package enum Epilogue {
        /// Nothing.
        case none
        /// max(x, 0); a NaN stays NaN.
        case relu
    }

    package var shape: ConvolutionShape
    /// X: the first pixel inside a border of zeros of at least `shape.inputBorder`.
    package var input: Floats
    package var inputLayout: ImageLayout
    /// W in panels.
    package var weights: Floats
    /// Elements from one panel of W to the next.
    package var panelStride: Int
    /// b: `outputChannels` elements, padding zero; nil for zeros.
    package var bias: Floats?
    /// Y: the first pixel, overwritten; overlaps nothing that is read.
    package var output: MutableFloats
    package var outputLayout: ImageLayout
    package var epilogue: Epilogue

    /// Describes a product; see the fields.
    package init(
        shape: ConvolutionShape,
        input: Floats,
        inputLayout: ImageLayout,
        weights: Floats,
        panelStride: Int,
        bias: Floats?,
        output: MutableFloats,
        outputLayout: ImageLayout,
        epilogue: Epilogue = .none
    ) {
        self.shape = shape
        self.input = input
        self.inputLayout = inputLayout
        self.weights = weights
        self.panelStride = panelStride
        self.bias = bias
        self.output = output
        self.outputLayout = outputLayout
        self.epilogue = epilogue
    }
}

/// Rewrites convolution weights for the input gradient: flipped in both directions and transposed.
///
/// The destination is a matrix of `flippedRows` rows (ky, kx, co) and `inputChannels` columns in panels:
/// row (ky, kx, co), column c holds W at row (kernelHeight − 1 − ky, kernelWidth − 1 − kx, c), column co.
/// `shape.inputChannels` is a multiple of 16.
package struct ConvolutionFlip {
    package var shape: ConvolutionShape
    /// W in panels.
    package var weights: Floats
    /// Elements from one panel of W to the next.
    package var panelStride: Int
    /// `flippedRows · inputChannels` elements, panels `flippedRows · 16` apart; does not overlap W.
    package var flipped: MutableFloats

    /// Describes a rearrangement; see the fields.
    package init(shape: ConvolutionShape, weights: Floats, panelStride: Int, flipped: MutableFloats) {
        self.shape = shape
        self.weights = weights
        self.panelStride = panelStride
        self.flipped = flipped
    }
}

/// The input gradient dX of a convolution from dY, any kernel, stride and padding.
///
/// `shape.inputChannels` is a multiple of 16: a network's first input needs no gradient.
///
/// **Determinism.** Each element of dX is one chain of fused multiply-adds dy · w, beginning at zero, over the output
/// pixels (oy, ox) that see the input pixel, in scan order and each with all its channels in order. Zeros of dY's border
/// take part. An input pixel that no output pixel sees gets zero.
package struct ConvolutionInputGradient {
    package var shape: ConvolutionShape
    /// dY: the first pixel inside a border of zeros of at least `shape.gradientBorder`.
    package var outputGradient: Floats
    package var outputGradientLayout: ImageLayout
    /// W as `ConvolutionFlip` leaves it.
    package var flippedWeights: Floats
    /// dX: the first pixel, overwritten; overlaps nothing that is read.
    package var inputGradient: MutableFloats
    package var inputGradientLayout: ImageLayout
    /// The producer's activation: where it is ≤ 0, dX becomes zero (the derivative of a ReLU); nil to leave dX as it is.
    package var reluMask: Floats?
    package var reluMaskLayout: ImageLayout

    /// Describes a product; see the fields.
    package init(
        shape: ConvolutionShape,
        outputGradient: Floats,
        outputGradientLayout: ImageLayout,
        flippedWeights: Floats,
        inputGradient: MutableFloats,
        inputGradientLayout: ImageLayout,
        reluMask: Floats? = nil,
        reluMaskLayout: ImageLayout = ImageLayout(pixelStride: 0, rowStride: 0, sampleStride: 0)
    ) {
        self.shape = shape
        self.outputGradient = outputGradient
        self.outputGradientLayout = outputGradientLayout
        self.flippedWeights = flippedWeights
        self.inputGradient = inputGradient
        self.inputGradientLayout = inputGradientLayout
        self.reluMask = reluMask
        self.reluMaskLayout = reluMaskLayout
    }
}

/// The weight gradient dW and bias gradient db of a convolution from X and dY.
///
/// **Determinism.** Each element of dW is one chain of fused multiply-adds x · dy over (sample, oy, ox) in this order
/// that begins at zero. Each element of db is one chain of additions from zero over the rows (sample, oy) in order; a
/// row's sum is four chains from zero, the pixels of ox mod 4 = 0, 1, 2 and 3, added as (0 + 1) + (2 + 3). A batch in
/// parts, all but the first with `continues`, has the bits of the whole.
package struct ConvolutionWeightGradient {
    package var shape: ConvolutionShape
    /// X: the first pixel inside a border of zeros of at least `shape.inputBorder`.
    package var input: Floats
    package var inputLayout: ImageLayout
    /// dY: the first pixel; its border, if any, is not read.
    package var outputGradient: Floats
    package var outputGradientLayout: ImageLayout
    /// dW in panels; the `weightRows` rows of each panel are overwritten, padding rows after them are left alone.
    package var weightGradient: MutableFloats
    /// Elements from one panel of dW to the next.
    package var panelStride: Int
    /// db: `outputChannels` elements, overwritten; nil without a bias.
    package var biasGradient: MutableFloats?
    /// Whether dW and db are those of the samples before these, whose chains go on; else they begin at zero.
    package var continues: Bool

    /// Describes a product; see the fields.
    package init(
        shape: ConvolutionShape,
        input: Floats,
        inputLayout: ImageLayout,
        outputGradient: Floats,
        outputGradientLayout: ImageLayout,
        weightGradient: MutableFloats,
        panelStride: Int,
        biasGradient: MutableFloats?,
        continues: Bool = false
    ) {
        self.shape = shape
        self.input = input
        self.inputLayout = inputLayout
        self.outputGradient = outputGradient
        self.outputGradientLayout = outputGradientLayout
        self.weightGradient = weightGradient
        self.panelStride = panelStride
        self.biasGradient = biasGradient
        self.continues = continues
    }
}
