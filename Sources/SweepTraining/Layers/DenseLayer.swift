import KernelAPI
import SweepCore
import SweepKernels

/// A fully connected layer Y = f(X·W + b): its parameters, and the three products of a step.
///
/// X is rows × inputs, Y rows × outputs, both row-major with rows of whole vectors; W is inputs × outputs in panels.
final class DenseLayer: Layer {
    let input: Slot
    let output: Slot
    let weights: Parameter
    let bias: Parameter?
    private let inputs: Int
    private let layout: PanelLayout
    let activation: FusedActivation?
    /// The panels of Wᵀ (of a single unit a row), for the gradient by the input; nil where the input needs none, or where
    /// it is computed without.
    private let transposed: MutableFloats?
    /// Where the gradient by the input is computed from the weights' own panels; see `DenseInputGradient`.
    private let turning: MutableFloats?
    /// Zeros in the place of a bias.
    private let noBias: MutableFloats?
    /// Where the weight gradient copies parts of its input to; see `Gemm.scratch`.
    private let scratch: MutableFloats?
    /// The weight gradient of a single unit as a row; nil for more units.
    private let unitGradient: MutableFloats?

    init(
        input: Slot,
        output: Slot,
        hasBias: Bool,
        activation: FusedActivation?,
        scratch: MutableFloats?,
        turning: MutableFloats?,
        arena: Arena
    ) {
        self.input = input
        self.output = output
        self.activation = activation
        self.scratch = scratch
        self.turning = turning
        inputs = input.values.shape.count
        layout = PanelLayout(rows: inputs, columns: output.values.shape.count)
        weights = Parameter(
            .weights,
            .panels(groups: 1, rows: inputs, paddedRows: paddedCount(inputs), columns: layout.columns),
            arena: arena
        )
        bias = hasBias ? Parameter(.bias, .vector(layout.columns), arena: arena) : nil
        transposed = input.gradient == nil || turning != nil ? nil : arena.pointer(layout.count)
        noBias = hasBias ? nil : arena.pointer(layout.paddedColumns)
        unitGradient = layout.columns == 1 ? arena.pointer(inputs) : nil
    }

    var parameters: [Parameter] { bias.map { [weights, $0] } ?? [weights] }

    func forward(_ pass: Pass) {
        let values = output.values
        let target = activation?.before ?? values
        pass.kernels.gemm(
            Gemm(
                rows: pass.rows,
                columns: layout.paddedColumns,
                depth: inputs,
                left: input.values.floats,
                leftRowStride: input.values.rowStride,
                leftDepthStride: 1,
                right: weights.values,
                rightDepthStride: laneCount,
                rightVectorStride: layout.panelStride,
                output: target.start,
                outputRowStride: target.rowStride,
                outputVectorStride: laneCount,
                start: .bias(bias?.values ?? noBias ?? weights.values),
                epilogue: activation?.isRelu == true ? .relu : .none
            )
        )
        activation?.forward(samples: 0..<pass.rows, output: values, kernels: pass.kernels)
    }

    func backward(_ pass: Pass, use: (Parameter) -> Void) {
        guard let gradient = output.gradient else { return }
        activation?.backward(samples: 0..<pass.rows, output: output, kernels: pass.kernels)
        if let result = input.gradient {
            if let turning { inputGradient(pass, gradient: gradient, turning: turning, into: result) }
            if let transposed { inputGradient(pass, gradient: gradient, transposed: transposed, into: result) }
        }
        parameterGradients(pass, gradient: gradient)
        use(weights)
        if let bias { use(bias) }
    }

    /// dX = mask(dY·Wᵀ).
    private func inputGradient(_ pass: Pass, gradient: Tensor, transposed: MutableFloats, into result: Tensor) {
        pass.kernels.gemm(
            Gemm(
                rows: pass.rows,
                columns: layout.paddedRows,
                depth: layout.columns,
                left: gradient.floats,
                leftRowStride: gradient.rowStride,
                leftDepthStride: 1,
                right: transposed,
                rightDepthStride: laneCount,
                rightVectorStride: layout.columns == 1 ? laneCount : layout.paddedColumns * laneCount,
                output: result.start,
                outputRowStride: result.rowStride,
                outputVectorStride: laneCount,
                epilogue: input.mask.map { .reluMask($0) } ?? .none
            )
        )
    }

    /// The same from the weights' own panels.
    private func inputGradient(_ pass: Pass, gradient: Tensor, turning: MutableFloats, into result: Tensor) {
        pass.kernels.denseInputGradient(
            DenseInputGradient(
                rows: pass.rows,
                inputs: layout.paddedRows,
                outputs: layout.columns,
                outputGradient: gradient.floats,
                outputGradientStride: gradient.rowStride,
                weights: weights.values,
                inputGradient: result.start,
                inputGradientStride: result.rowStride,
                reluMask: input.mask,
                scratch: turning
            )
        )
    }

    /// dW = Xᵀ·dY into panels, and db, the column sums of dY.
    ///
    /// The padded rows of dW are computed too: the padding of X is zero, so they are zeros.
    private func parameterGradients(_ pass: Pass, gradient: Tensor) {
        guard let weightGradient = weights.gradient else { return }
        if let unitGradient {
            computeUnitGradient(pass, gradient: gradient, row: unitGradient, into: weightGradient)
        } else {
            pass.kernels.gemm(
                Gemm(
                    rows: layout.paddedRows,
                    columns: layout.paddedColumns,
                    depth: pass.rows,
                    left: input.values.floats,
                    leftRowStride: 1,
                    leftDepthStride: input.values.rowStride,
                    right: gradient.floats,
                    rightDepthStride: gradient.rowStride,
                    rightVectorStride: laneCount,
                    output: weightGradient,
                    outputRowStride: laneCount,
                    outputVectorStride: layout.panelStride,
                    scratch: scratch
                )
            )
        }
        guard let biasGradient = bias?.gradient else { return }
        pass.kernels.sumColumns(
            ColumnSums(
                rows: pass.rows,
                columns: layout.paddedColumns,
                values: gradient.floats,
                stride: gradient.rowStride,
                sums: biasGradient
            )
        )
    }

    /// The weight gradient of a layer of one unit: dWᵀ = dYᵀ·X is a row, a sixteenth of the work of a padded column.
    ///
    /// The chains are the same. The rest of the panel stays zero.
    private func computeUnitGradient(
        _ pass: Pass,
        gradient: Tensor,
        row: MutableFloats,
        into weightGradient: MutableFloats
    ) {
        pass.kernels.gemm(
            Gemm(
                rows: 1,
                columns: layout.paddedRows,
                depth: pass.rows,
                left: gradient.floats,
                leftRowStride: gradient.rowStride,
                leftDepthStride: gradient.rowStride,
                right: input.values.floats,
                rightDepthStride: input.values.rowStride,
                rightVectorStride: laneCount,
                output: row,
                outputRowStride: layout.paddedRows,
                outputVectorStride: laneCount
            )
        )
        let next = laneCount
        for index in 0..<inputs { weightGradient[index * next] = row[index] }
    }

    /// Adds to each row's sum the squared length of that row's own gradient by the weights and the bias.
    ///
    /// The gradient of one row is the product of its inputs and of its outputs' gradient, so that its squared length is the product of
    /// theirs. To be called by `use` of `backward`, for the weights: later other layers write where these stand.
    /// Source: Goodfellow, Efficient per-example gradient computations, 2015 (arXiv 1510.01799).
    func addRowSquares(rows: Int, to sums: UnsafeMutablePointer<Double>, kernels: KernelTable) {
        guard let gradient = output.gradient else { return }
        func squares(_ values: Tensor, _ row: Int, _ count: Int) -> Double {
            let start = values.floats + row * values.rowStride
            // Whole vectors by the kernel, and the rest here: nothing is asked of the padding.
            let whole = count / laneCount * laneCount
            var sum = whole > 0 ? kernels.sumOfSquares(start, whole) : 0
            for index in whole..<count { sum += Double(start[index]) * Double(start[index]) }
            return sum
        }
        for row in 0..<rows {
            let given = squares(input.values, row, inputs) + (bias == nil ? 0 : 1)
            sums[row] += given * squares(gradient, row, layout.columns)
        }
    }

    func refresh(kernels: KernelTable) {
        guard let transposed else { return }
        if layout.columns == 1 {
            // One step of the depth: a row.
            let next = laneCount
            for index in 0..<inputs { transposed[index] = weights.values[index * next] }
            return
        }
        kernels.transposePanels(
            PanelTranspose(
                rows: layout.paddedRows,
                columns: layout.paddedColumns,
                source: weights.values,
                destination: transposed
            )
        )
    }
}

extension FusedActivation {
    /// Whether a product's epilogue applies it.
    var isRelu: Bool {
        if case .relu = function { return true }
        return false
    }
}
