import KernelAPI
import SweepKernels
import Testing

struct `Input gradient from the weights' panels` {
    /// One gradient's buffers, each of exactly the size that is needed.
    struct Problem {
        let rows, inputs, outputs: Int
        let outputGradient, weights, mask: Fenced<Float>
        let gradientStride, inputStride: Int
        let isMasked: Bool

        init(rows: Int, inputs: Int, outputs: Int, isMasked: Bool) {
            (self.rows, self.inputs, self.outputs, self.isMasked) = (rows, inputs, outputs, isMasked)
            (gradientStride, inputStride) = (paddedCount(outputs) + 16, inputs + 16)
            var random = TestRandom(UInt64(rows * 1_000_003 + inputs * 1009 + outputs))
            outputGradient = Fenced((rows - 1) * gradientStride + paddedCount(outputs), repeating: .nan)
            for row in 0..<rows {
                for column in 0..<outputs { outputGradient.base[row * gradientStride + column] = random.signed() }
            }
            // The padded columns of weights are zero; here they are not: nothing may be made of them.
            weights = Fenced(inputs * paddedCount(outputs), random: &random)
            mask = Fenced((rows - 1) * inputStride + inputs, random: &random)
        }

        /// dX in a buffer with canaries between the rows.
        func result(_ table: KernelTable) -> Fenced<Float> {
            let result = Fenced<Float>((rows - 1) * inputStride + inputs, repeating: canary)
            let room = DenseInputGradient.scratchCount(rows: rows, outputs: outputs)
            let scratch = Fenced<Float>(room, repeating: .nan)
            table.denseInputGradient(
                DenseInputGradient(
                    rows: rows,
                    inputs: inputs,
                    outputs: outputs,
                    outputGradient: outputGradient.base,
                    outputGradientStride: gradientStride,
                    weights: weights.base,
                    inputGradient: result.base,
                    inputGradientStride: inputStride,
                    reluMask: isMasked ? Floats(mask.base) : nil,
                    scratch: scratch.base
                )
            )
            return result
        }

        /// The same by a product with transposed panels.
        func product(_ table: KernelTable) -> Fenced<Float> {
            let result = Fenced<Float>((rows - 1) * inputStride + inputs, repeating: canary)
            let transposed = Fenced<Float>(weights.count, repeating: 0)
            table.transposePanels(
                PanelTranspose(
                    rows: inputs,
                    columns: paddedCount(outputs),
                    source: weights.base,
                    destination: transposed.base
                )
            )
            table.gemm(
                Gemm(
                    rows: rows,
                    columns: inputs,
                    depth: outputs,
                    left: outputGradient.base,
                    leftRowStride: gradientStride,
                    leftDepthStride: 1,
                    right: transposed.base,
                    rightDepthStride: 16,
                    rightVectorStride: 16 * paddedCount(outputs),
                    output: result.base,
                    outputRowStride: inputStride,
                    outputVectorStride: 16,
                    epilogue: isMasked ? .reluMask(mask.base) : .none
                )
            )
            return result
        }
    }

    static func check(_ problem: Problem) {
        let expected = problem.result(.reference)
        let size = "\(problem.rows) x (\(problem.inputs) -> \(problem.outputs))"
        #expect(difference(problem.product(.reference), expected) == nil, "a product, \(size)")
        for table in KernelTable.available
        where !table.isSlow || problem.rows * problem.inputs * problem.outputs < 50_000 {
            #expect(difference(problem.result(table), expected) == nil, "\(table.name), \(size)")
        }
    }

    @Test(arguments: 1...49)
    func `has the bits of a product with transposed panels for every number of rows`(rows: Int) {
        Self.check(Problem(rows: rows, inputs: 48, outputs: 20, isMasked: rows % 2 == 0))
    }

    @Test(arguments: [1, 2, 15, 16, 17, 31, 32, 33, 100])
    func `has them for every depth`(outputs: Int) {
        for rows in [5, 16, 40] {
            Self.check(Problem(rows: rows, inputs: 32, outputs: outputs, isMasked: outputs % 2 == 0))
        }
    }

    /// Parts are of at most 112 inputs: one, two of the same size, and two that differ.
    @Test(arguments: [16, 96, 112, 128, 144, 240, 784])
    func `has them for every number of inputs`(inputs: Int) {
        for rows in [7, 32, 35] {
            Self.check(Problem(rows: rows, inputs: inputs, outputs: 24, isMasked: rows != 32))
        }
    }

    @Test func `has them where parts are smaller, as dYᵀ is large`() {
        Self.check(Problem(rows: 40, inputs: 208, outputs: 520, isMasked: true))
    }

    @Test(arguments: KernelTable.available + [.reference])
    func `without outputs it is zero, and without rows nothing is written`(table: KernelTable) {
        let (weights, scratch) = (Fenced<Float>(16, repeating: .nan), Fenced<Float>(8192, repeating: .nan))
        let result = Fenced<Float>(32, repeating: canary)
        var gradient = DenseInputGradient(
            rows: 0,
            inputs: 16,
            outputs: 0,
            outputGradient: weights.base,
            outputGradientStride: 16,
            weights: weights.base,
            inputGradient: result.base,
            inputGradientStride: 16,
            scratch: scratch.base
        )
        table.denseInputGradient(gradient)
        #expect(result.elements.allSatisfy { $0 == canary })
        gradient.rows = 1
        table.denseInputGradient(gradient)
        #expect(result.elements[..<16].allSatisfy { $0 == 0 })
        #expect(result.elements[16...].allSatisfy { $0 == canary })
    }

    @Test func `pays where the batch is small against the layer, and the layer is not small`() {
        #expect(DenseInputGradient.pays(rows: 128, inputs: 512, outputs: 512))
        #expect(!DenseInputGradient.pays(rows: 129, inputs: 512, outputs: 512))
        #expect(DenseInputGradient.pays(rows: 64, inputs: 784, outputs: 256))
        #expect(!DenseInputGradient.pays(rows: 64, inputs: 256, outputs: 128))
        #expect(DenseInputGradient.pays(rows: 16, inputs: 64, outputs: 64))
        #expect(!DenseInputGradient.pays(rows: 17, inputs: 64, outputs: 64))
        #expect(!DenseInputGradient.pays(rows: 8, inputs: 32, outputs: 32))
        #expect(!DenseInputGradient.pays(rows: 16, inputs: 128, outputs: 16))
    }
}
