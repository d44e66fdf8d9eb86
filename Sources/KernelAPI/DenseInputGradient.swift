/// The gradient by a dense layer's input, dX = mask(dY·Wᵀ), from the weights' own panels.
///
/// What `Gemm` computes from transposed panels, without these: the kernel computes dXᵀ = W·dYᵀ, whose left side is W row by
/// row, and turns dY and parts of the result instead of W. Each element of dX is the same chain of fused multiply-adds over
/// the outputs in order, so the bits are the same.
package struct DenseInputGradient {
    /// Rows of dY and dX, M; may be 0.
    package var rows: Int
    /// Columns of dX, K: a multiple of 16.
    package var inputs: Int
    /// Real columns of dY, N; may be 0.
    package var outputs: Int

    /// dY(i, n) = `outputGradient[i · outputGradientStride + n]`; `paddedCount(outputs)` elements a row are read, the padding
    /// may be anything.
    package var outputGradient: Floats
    package var outputGradientStride: Int

    /// W in panels (see `PanelTranspose`) of K rows.
    package var weights: Floats

    /// Row i of dX begins at `inputGradient[i · inputGradientStride]`.
    package var inputGradient: MutableFloats
    package var inputGradientStride: Int

    /// The ReLU's output whose derivative is applied, laid out like dX, or nil; see `Gemm.Epilogue`.
    package var reluMask: Floats?

    /// `scratchCount` elements, overwritten.
    package var scratch: MutableFloats

    /// The elements of scratch that so many rows and outputs need: dYᵀ, a part of dXᵀ (112 inputs by 32 rows) and its transpose.
    package static func scratchCount(rows: Int, outputs: Int) -> Int {
        paddedCount(rows) * paddedCount(outputs) + 2 * 112 * 32
    }

    /// Whether this is faster than to transpose the panels for one `Gemm`.
    ///
    /// Here M·(N + K) elements are turned, there N·K are, and small parts are slower. `NT-pack` of `kernel-bench v4 serve`
    /// takes the faster way, `NT-turn` and `NT-panels` take one each.
    package static func pays(rows: Int, inputs: Int, outputs: Int) -> Bool {
        2 * rows * (inputs + outputs) <= inputs * outputs && inputs * outputs >= 1 << 12
    }

    /// Describes a gradient; see the fields.
    package init(
        rows: Int,
        inputs: Int,
        outputs: Int,
        outputGradient: Floats,
        outputGradientStride: Int,
        weights: Floats,
        inputGradient: MutableFloats,
        inputGradientStride: Int,
        reluMask: Floats? = nil,
        scratch: MutableFloats
    ) {
        self.rows = rows
        self.inputs = inputs
        self.outputs = outputs
        self.outputGradient = outputGradient
        self.outputGradientStride = outputGradientStride
        self.weights = weights
        self.inputGradient = inputGradient
        self.inputGradientStride = inputGradientStride
        self.reluMask = reluMask
        self.scratch = scratch
    }
}
