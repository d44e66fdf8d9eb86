import KernelAPI
import SweepKernels

/// A fully connected layer Y = X·W + b: its parameters, and the three products of a step.
///
/// X is rows × inputs, Y rows × outputs, both row-major with rows of whole vectors; W is inputs × outputs in panels.
struct DenseLayer {
    let inputs: Int
    let outputs: Int
    let layout: PanelLayout
    /// W, `layout.count` elements.
    let weights: MutableFloats
    /// The panels of Wᵀ, for the gradient by the input; nil for the first layer, whose input needs none.
    let transposed: MutableFloats?
    /// b, padded to whole vectors.
    let bias: MutableFloats

    init(inputs: Int, outputs: Int, isFirst: Bool, arena: Arena) {
        self.inputs = inputs
        self.outputs = outputs
        layout = PanelLayout(rows: inputs, columns: outputs)
        weights = arena.pointer(layout.count)
        transposed = isFirst ? nil : arena.pointer(layout.count)
        bias = arena.pointer(paddedCount(outputs))
    }

    /// Y = epilogue(X·W + b).
    func forward(rows: Int, input: Matrix, output: Matrix, epilogue: Gemm.Epilogue, kernels: KernelTable) {
        kernels.gemm(
            Gemm(
                rows: rows,
                columns: layout.paddedColumns,
                depth: inputs,
                left: input.floats,
                leftRowStride: input.stride,
                leftDepthStride: 1,
                right: weights,
                rightDepthStride: laneCount,
                rightVectorStride: layout.panelStride,
                output: output.start,
                outputRowStride: output.stride,
                outputVectorStride: laneCount,
                start: .bias(bias),
                epilogue: epilogue
            )
        )
    }

    /// dX = epilogue(dY·Wᵀ); only for a layer that is not the first.
    func inputGradient(rows: Int, gradient: Matrix, into result: Matrix, epilogue: Gemm.Epilogue, kernels: KernelTable)
    {
        guard let transposed else { return }
        kernels.gemm(
            Gemm(
                rows: rows,
                columns: layout.paddedRows,
                depth: outputs,
                left: gradient.floats,
                leftRowStride: gradient.stride,
                leftDepthStride: 1,
                right: transposed,
                rightDepthStride: laneCount,
                rightVectorStride: layout.paddedColumns * laneCount,
                output: result.start,
                outputRowStride: result.stride,
                outputVectorStride: laneCount,
                epilogue: epilogue
            )
        )
    }

    /// dW = Xᵀ·dY into panels, and db, the column sums of dY.
    ///
    /// The padded rows of dW are computed too: the padding of X is zero, so they overwrite another layer's with zeros.
    func parameterGradients(
        rows: Int,
        input: Matrix,
        gradient: Matrix,
        weights: MutableFloats,
        bias: MutableFloats,
        kernels: KernelTable
    ) {
        kernels.gemm(
            Gemm(
                rows: layout.paddedRows,
                columns: layout.paddedColumns,
                depth: rows,
                left: input.floats,
                leftRowStride: 1,
                leftDepthStride: input.stride,
                right: gradient.floats,
                rightDepthStride: gradient.stride,
                rightVectorStride: laneCount,
                output: weights,
                outputRowStride: laneCount,
                outputVectorStride: layout.panelStride
            )
        )
        kernels.sumColumns(
            ColumnSums(
                rows: rows,
                columns: layout.paddedColumns,
                values: gradient.floats,
                stride: gradient.stride,
                sums: bias
            )
        )
    }

    /// Brings the transposed panels up to date after the weights changed.
    func refreshTransposed(kernels: KernelTable) {
        guard let transposed else { return }
        kernels.transposePanels(
            PanelTranspose(
                rows: layout.paddedRows,
                columns: layout.paddedColumns,
                source: weights,
                destination: transposed
            )
        )
    }
}

/// A row-major matrix in an arena: where it starts and how far its rows are apart.
struct Matrix {
    let start: MutableFloats
    let stride: Int

    init(rows: Int, columns: Int, arena: Arena) {
        stride = RowLayout.stride(columns: columns)
        start = arena.pointer(rows * stride)
    }

    var floats: Floats { Floats(start) }
}

extension Arena {
    /// So many zeros (at least one vector of them) that live as long as the arena.
    func pointer(_ count: Int) -> MutableFloats {
        // Never nil: the buffer holds at least one vector.
        floats(max(count, laneCount)).baseAddress!
    }
}
