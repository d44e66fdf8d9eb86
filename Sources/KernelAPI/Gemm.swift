/// One matrix product C = epilogue(start + A·B) of float32 matrices with free strides.
///
/// The three products of a dense layer with weights W in panels (see `PanelTranspose`) are all of this shape:
/// * forward Y = X·W: A = X, B = the panels of W (`depthStride` 16, `vectorStride` 16·K);
/// * input gradient dX = dY·Wᵀ: A = dY, B = the transposed panels;
/// * weight gradient dW = Xᵀ·dY: A = X with its two strides exchanged, B = dY's rows (`vectorStride` 16), C in panels.
///
/// **Determinism.** Each element of C is one chain of fused multiply-adds over k = 0, 1, … `depth` − 1 that begins at
/// the start value. No instruction set, blocking or tile shape changes that chain, hence not one bit of the result.
///
/// C may not overlap A or B. `Start.output` reads C, the other starts never do: what was there cannot leak.
package struct Gemm {
    /// What the chains begin with.
    package enum Start {
        /// Zero.
        case zero
        /// The element of a padded row vector that belongs to the column, the same for every row.
        case bias(Floats)
        /// What C holds: the product is added to it.
        case output
    }

    /// What happens to a finished chain before it is stored.
    package enum Epilogue {
        /// Nothing.
        case none
        /// max(x, 0); a NaN stays NaN.
        case relu
        /// The derivative of a ReLU: zero where the activation (laid out exactly like C) is ≤ 0, else unchanged.
        case reluMask(Floats)
    }

    /// Rows of A and C; may be 0.
    package var rows: Int
    /// Columns of B and C: a multiple of 16.
    package var columns: Int
    /// Columns of A and rows of B; 0 stores the start value through the epilogue.
    package var depth: Int

    /// A(i, k) = `left[i · leftRowStride + k · leftDepthStride]`.
    package var left: Floats
    package var leftRowStride: Int
    package var leftDepthStride: Int

    /// Vector j of B's row k begins at `right[k · rightDepthStride + j · rightVectorStride]`.
    package var right: Floats
    package var rightDepthStride: Int
    package var rightVectorStride: Int

    /// Vector j of C's row i begins at `output[i · outputRowStride + j · outputVectorStride]`.
    package var output: MutableFloats
    package var outputRowStride: Int
    package var outputVectorStride: Int

    package var start: Start
    package var epilogue: Epilogue

    /// Room for copies of parts of A and B, `scratchCount` elements for each thread that takes part, or nil.
    ///
    /// With it a weight gradient for which `copiesPay` is computed from copies; the results are the same.
    package var scratch: MutableFloats?

    /// The elements that one thread copies to: ten tiles of at most 16 rows, and two vectors, by 128 of the depth.
    package static var scratchCount: Int { (10 * 16 + 2 * 16) * copiedDepth }

    /// The depth of a copied part.
    package static var copiedDepth: Int { 128 }

    /// Whether a weight gradient is faster from copies of parts of A and B that lie together.
    ///
    /// The rows that a part reads lie on more pages of 4 KiB than a processor has the addresses of at hand (64 to 96 in
    /// its first buffer), and every copy is used several times. `kernel-bench best gemm` shows both ways.
    package static func copiesPay(rows: Int, columns: Int, depth: Int, leftDepthStride: Int, rightDepthStride: Int)
        -> Bool
    {
        let steps = depth < copiedDepth ? depth : copiedDepth
        let pages = steps * (leftDepthStride + rightDepthStride) / 1024
        return pages >= 80 && rows >= 64 && columns >= 128
    }

    /// Describes a product; see the fields.
    package init(
        rows: Int,
        columns: Int,
        depth: Int,
        left: Floats,
        leftRowStride: Int,
        leftDepthStride: Int,
        right: Floats,
        rightDepthStride: Int,
        rightVectorStride: Int,
        output: MutableFloats,
        outputRowStride: Int,
        outputVectorStride: Int,
        start: Start = .zero,
        epilogue: Epilogue = .none,
        scratch: MutableFloats? = nil
    ) {
        self.rows = rows
        self.columns = columns
        self.depth = depth
        self.left = left
        self.leftRowStride = leftRowStride
        self.leftDepthStride = leftDepthStride
        self.right = right
        self.rightDepthStride = rightDepthStride
        self.rightVectorStride = rightVectorStride
        self.output = output
        self.outputRowStride = outputRowStride
        self.outputVectorStride = outputVectorStride
        self.start = start
        self.epilogue = epilogue
        self.scratch = scratch
    }
}

/// Rewrites weight panels as the panels of the transposed matrix.
///
/// The panels of a K × N matrix (both multiples of 16) hold element (k, n) at `(n / 16) · 16K + 16k + n mod 16`: N / 16
/// panels of K rows of one vector. The destination holds the N × K transpose the same way.
package struct PanelTranspose {
    /// K, a multiple of 16.
    package var rows: Int
    /// N, a multiple of 16.
    package var columns: Int
    /// `rows · columns` elements.
    package var source: Floats
    /// `rows · columns` elements that do not overlap the source.
    package var destination: MutableFloats
    /// Elements from one panel of the destination to the next, at least 16N: more where this is some columns of a matrix.
    package var destinationPanelStride: Int

    /// Describes a transposition; see the fields. The destination's panels lie one behind another unless told.
    package init(
        rows: Int,
        columns: Int,
        source: Floats,
        destination: MutableFloats,
        destinationPanelStride: Int? = nil
    ) {
        self.rows = rows
        self.columns = columns
        self.source = source
        self.destination = destination
        self.destinationPanelStride = destinationPanelStride ?? columns * laneCount
    }
}

/// Adds up the rows of a matrix: the gradient of a bias.
///
/// Column by column one chain of additions over the rows in order, beginning at zero.
package struct ColumnSums {
    package var rows: Int
    /// A multiple of 16.
    package var columns: Int
    /// Row i begins at `values[i · stride]`.
    package var values: Floats
    package var stride: Int
    /// `columns` elements, overwritten.
    package var sums: MutableFloats

    /// Describes a sum; see the fields.
    package init(rows: Int, columns: Int, values: Floats, stride: Int, sums: MutableFloats) {
        self.rows = rows
        self.columns = columns
        self.values = values
        self.stride = stride
        self.sums = sums
    }
}
