import KernelAPI
import SweepKernels

#if canImport(Glibc)
    import Glibc
#endif

/// The three products of dense layers, as a share of the peak measured beside each.
func measureProducts(_ table: KernelTable) {
    let layers = [
        (32, 32), (64, 64), (784, 256), (256, 128), (256, 256), (512, 512), (1024, 1024), (128, 16),
    ]
    var logs = [0.0, 0.0, 0.0]
    var count = 0.0
    for rows in [16, 64, 128, 512] {
        for (inputs, outputs) in layers {
            let layer = Layer(rows: rows, inputs: inputs, outputs: outputs)
            let operations = 2 * Double(rows * inputs * outputs) / 1e9
            var line = "\(rows) x (\(inputs) -> \(outputs)):"
            for (place, (name, product)) in [("NN", layer.forward), ("NT", layer.backward), ("TN", layer.weights)]
                .enumerated()
            {
                let share = operations / median { table.gemm(product) } / peak(table)
                logs[place] += log(share)
                line += "  \(name) \(rounded(share * 100)) %"
            }
            count += 1
            print(line)
        }
    }
    print("geometric means: \(logs.map { rounded(exp($0 / count) * 100) }) % of peak (NN, NT, TN; prepacked)")
}

/// One dense layer's buffers and its products.
struct Layer {
    let forward: Gemm
    /// Forward with the weights row-major instead of in panels.
    let forwardByRows: Gemm
    let backward: Gemm
    /// What makes the transposed panels that `backward` reads.
    let transpose: PanelTranspose
    /// The same from the panels as they are.
    let backwardFromPanels: DenseInputGradient
    let weights: Gemm
    private let arena: Arena

    init(rows: Int, inputs: Int, outputs: Int) {
        let arena = Arena()
        self.arena = arena
        let (inputStride, outputStride) = (RowLayout.stride(columns: inputs), RowLayout.stride(columns: outputs))
        func filled(_ count: Int) -> MutableFloats {
            let buffer = arena.floats(count)
            for i in buffer.indices { buffer[i] = Float(i % 17) / 17 - 0.5 }
            return buffer.baseAddress!
        }
        let (x, y, dx, dy) = (
            filled(rows * inputStride), filled(rows * outputStride), filled(rows * inputStride),
            filled(rows * outputStride)
        )
        let (panels, transposed, gradient) = (
            filled(inputs * outputs), filled(inputs * outputs), filled(inputs * outputs)
        )
        let bias = filled(outputs)
        let byRows = filled(inputs * outputStride)
        forward = Gemm(
            rows: rows,
            columns: outputs,
            depth: inputs,
            left: x,
            leftRowStride: inputStride,
            leftDepthStride: 1,
            right: panels,
            rightDepthStride: 16,
            rightVectorStride: 16 * inputs,
            output: y,
            outputRowStride: outputStride,
            outputVectorStride: 16,
            start: .bias(bias),
            epilogue: .relu
        )
        forwardByRows = Gemm(
            rows: rows,
            columns: outputs,
            depth: inputs,
            left: x,
            leftRowStride: inputStride,
            leftDepthStride: 1,
            right: byRows,
            rightDepthStride: outputStride,
            rightVectorStride: 16,
            output: y,
            outputRowStride: outputStride,
            outputVectorStride: 16,
            start: .bias(bias),
            epilogue: .relu
        )
        transpose = PanelTranspose(rows: inputs, columns: outputs, source: panels, destination: transposed)
        backward = Gemm(
            rows: rows,
            columns: inputs,
            depth: outputs,
            left: dy,
            leftRowStride: outputStride,
            leftDepthStride: 1,
            right: transposed,
            rightDepthStride: 16,
            rightVectorStride: 16 * outputs,
            output: dx,
            outputRowStride: inputStride,
            outputVectorStride: 16,
            epilogue: .reluMask(x)
        )
        backwardFromPanels = DenseInputGradient(
            rows: rows,
            inputs: inputs,
            outputs: outputs,
            outputGradient: dy,
            outputGradientStride: outputStride,
            weights: panels,
            inputGradient: dx,
            inputGradientStride: inputStride,
            reluMask: x,
            scratch: filled(DenseInputGradient.scratchCount(rows: rows, outputs: outputs))
        )
        weights = Gemm(
            rows: inputs,
            columns: outputs,
            depth: rows,
            left: x,
            leftRowStride: 1,
            leftDepthStride: inputStride,
            right: dy,
            rightDepthStride: outputStride,
            rightVectorStride: 16,
            output: gradient,
            outputRowStride: 16,
            outputVectorStride: 16 * inputs,
            scratch: filled(Gemm.scratchCount)
        )
    }
}
