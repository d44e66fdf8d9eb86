import KernelAPI
import SweepKernels

/// Whole Adam steps of multilayer perceptrons with a shuffled batch, and the share each kernel has of one.
func measureSteps(_ table: KernelTable) {
    for (widths, batch) in [
        ([784, 256, 128, 10], 64), ([784, 256, 128, 10], 128), ([32, 64, 64, 1], 64), ([32, 64, 64, 1], 16),
        ([1024, 1024, 1024, 10], 128),
    ] {
        let network = Network(widths: widths, batch: batch, table: table)
        let seconds = median { network.step() }
        var operations = 0.0
        for layer in 1..<widths.count {
            operations += Double(2 * batch * widths[layer - 1] * widths[layer] * (layer == 1 ? 2 : 3))
        }
        let name = widths.map(String.init).joined(separator: "-")
        print(
            "\(name) batch \(batch): \(rounded(seconds * 1e6)) us a step, \(Int(Double(batch) / seconds)) samples/s, "
                + "\(rounded(operations / seconds / 1e9 / peak(table) * 100)) % of peak"
        )
        let parts = network.parts().map { ($0, median($1)) }
        print("   " + parts.map { "\($0) \(rounded($1 * 1e6))" }.joined(separator: ", ") + " us")
    }
}

/// A multilayer perceptron reduced to its kernel calls.
final class Network {
    private let widths: [Int]
    private let batch: Int
    private let table: KernelTable
    private let arena = Arena()
    private let scratch: MutableFloats
    private var activations: [MutableFloats] = []
    private var gradients: [MutableFloats] = []
    private var strides: [Int] = []
    private var layers: [Weights] = []
    private let data: MutableFloats
    private let samples: Int
    private var indices: [Int32]
    private var labels: [Int32]
    private var position = 0
    private var losses = 0.0

    struct Weights {
        let layout: PanelLayout
        let panels, transposed, gradient, first, second: MutableFloats
        let bias, biasGradient, biasFirst, biasSecond: MutableFloats
    }

    init(widths: [Int], batch: Int, table: KernelTable, samples: Int = 8192) {
        self.samples = samples
        self.widths = widths
        self.batch = batch
        self.table = table
        var state: UInt64 = 1
        func random() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33
        }
        scratch = arena.floats(Gemm.scratchCount).baseAddress!
        let data = arena.floats(samples * widths[0])
        for i in data.indices { data[i] = Float(random() % 2048) / 1024 - 1 }
        self.data = data.baseAddress!
        indices = (0..<samples).map { _ in 0 }
        for i in indices.indices { indices[i] = Int32(random() % UInt64(samples)) }
        labels = indices.map { $0 % Int32(max(2, widths.last!)) }
        for (level, width) in widths.enumerated() {
            let stride = RowLayout.stride(columns: width)
            strides.append(stride)
            activations.append(arena.floats(batch * stride).baseAddress!)
            gradients.append(arena.floats(batch * stride).baseAddress!)
            guard level > 0 else { continue }
            let layout = PanelLayout(rows: widths[level - 1], columns: width)
            let arena = arena
            func weights() -> MutableFloats { arena.floats(layout.count).baseAddress! }
            func biases() -> MutableFloats { arena.floats(layout.paddedColumns).baseAddress! }
            let panels = weights()
            for row in 0..<layout.rows {
                for column in 0..<layout.columns {
                    panels[layout.offset(row: row, column: column)] =
                        (Float(random() % 2048) / 1024 - 1) / Float(layout.rows).squareRoot()
                }
            }
            layers.append(
                Weights(
                    layout: layout,
                    panels: panels,
                    transposed: weights(),
                    gradient: weights(),
                    first: weights(),
                    second: weights(),
                    bias: biases(),
                    biasGradient: biases(),
                    biasFirst: biases(),
                    biasSecond: biases()
                )
            )
        }
        for level in 1..<layers.count { transpose(level) }
    }

    /// A hash of the bits of every weight and bias (Fowler, Noll, Vo: FNV-1a over 32-bit words).
    var fingerprint: UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for layer in layers {
            for i in 0..<layer.layout.count {
                hash = (hash ^ UInt64(layer.panels[i].bitPattern)) &* 0x100_0000_01b3
            }
            for i in 0..<layer.layout.paddedColumns {
                hash = (hash ^ UInt64(layer.bias[i].bitPattern)) &* 0x100_0000_01b3
            }
        }
        return hash
    }

    func step() {
        load()
        for level in layers.indices { forward(level) }
        loss()
        for level in layers.indices.reversed() {
            if level > 0 { backward(level) }
            weightGradient(level)
            update(level)
            if level > 0 { transpose(level) }
        }
    }

    func parts() -> [(String, () -> Void)] {
        [
            ("load", load), ("forward", { for level in self.layers.indices { self.forward(level) } }),
            ("loss", loss), ("backward", { for level in 1..<self.layers.count { self.backward(level) } }),
            ("gradients", { for level in self.layers.indices { self.weightGradient(level) } }),
            ("adam", { for level in self.layers.indices { self.update(level) } }),
            ("transpose", { for level in 1..<self.layers.count { self.transpose(level) } }),
        ]
    }

    private func load() {
        if position + batch > samples { position = 0 }
        indices.withUnsafeBufferPointer { indices in
            table.gatherRows(
                RowGather(
                    rows: batch,
                    columns: widths[0],
                    source: data,
                    sourceStride: widths[0],
                    indices: indices.baseAddress! + position,
                    destination: activations[0],
                    destinationStride: strides[0]
                )
            )
        }
        position += batch
    }

    private func forward(_ level: Int) {
        let layer = layers[level]
        table.gemm(
            Gemm(
                rows: batch,
                columns: layer.layout.paddedColumns,
                depth: layer.layout.rows,
                left: activations[level],
                leftRowStride: strides[level],
                leftDepthStride: 1,
                right: layer.panels,
                rightDepthStride: 16,
                rightVectorStride: layer.layout.panelStride,
                output: activations[level + 1],
                outputRowStride: strides[level + 1],
                outputVectorStride: 16,
                start: .bias(layer.bias),
                epilogue: level + 1 < layers.count ? .relu : .none
            )
        )
    }

    private func loss() {
        let last = widths.count - 1
        if widths[last] == 1 {
            losses += table.squaredError(
                SquaredError(
                    rows: batch,
                    outputs: 1,
                    values: activations[last],
                    valueStride: strides[last],
                    targets: activations[0],
                    targetStride: strides[0],
                    gradient: gradients[last],
                    gradientStride: strides[last],
                    gradientScale: 1 / Float(batch)
                )
            )
            return
        }
        labels.withUnsafeBufferPointer { labels in
            losses += table.softmaxCrossEntropy(
                SoftmaxCrossEntropy(
                    rows: batch,
                    classes: widths[last],
                    logits: activations[last],
                    logitStride: strides[last],
                    labels: labels.baseAddress! + (position - batch),
                    gradient: gradients[last],
                    gradientStride: strides[last],
                    gradientScale: 1 / Float(batch)
                )
            )
        }
    }

    private func backward(_ level: Int) {
        let layer = layers[level]
        table.gemm(
            Gemm(
                rows: batch,
                columns: layer.layout.paddedRows,
                depth: layer.layout.columns,
                left: gradients[level + 1],
                leftRowStride: strides[level + 1],
                leftDepthStride: 1,
                right: layer.transposed,
                rightDepthStride: 16,
                rightVectorStride: 16 * layer.layout.paddedColumns,
                output: gradients[level],
                outputRowStride: strides[level],
                outputVectorStride: 16,
                epilogue: .reluMask(activations[level])
            )
        )
    }

    private func weightGradient(_ level: Int) {
        let layer = layers[level]
        table.gemm(
            Gemm(
                rows: layer.layout.paddedRows,
                columns: layer.layout.paddedColumns,
                depth: batch,
                left: activations[level],
                leftRowStride: 1,
                leftDepthStride: strides[level],
                right: gradients[level + 1],
                rightDepthStride: strides[level + 1],
                rightVectorStride: 16,
                output: layer.gradient,
                outputRowStride: 16,
                outputVectorStride: layer.layout.panelStride,
                scratch: scratch
            )
        )
        table.sumColumns(
            ColumnSums(
                rows: batch,
                columns: layer.layout.paddedColumns,
                values: gradients[level + 1],
                stride: strides[level + 1],
                sums: layer.biasGradient
            )
        )
    }

    private func update(_ level: Int) {
        let layer = layers[level]
        func adam(_ count: Int, _ gradient: Floats, _ w: MutableFloats, _ m: MutableFloats, _ v: MutableFloats) {
            _ = table.updateWithAdam(
                AdamUpdate(
                    count: count,
                    gradient: gradient,
                    weights: w,
                    firstMoment: m,
                    secondMoment: v,
                    learningRate: 1e-3,
                    beta1: 0.9,
                    beta2: 0.999,
                    epsilon: 1e-8,
                    correction1: 1,
                    correction2: 1
                )
            )
        }
        adam(layer.layout.count, layer.gradient, layer.panels, layer.first, layer.second)
        adam(layer.layout.paddedColumns, layer.biasGradient, layer.bias, layer.biasFirst, layer.biasSecond)
    }

    private func transpose(_ level: Int) {
        let layer = layers[level]
        table.transposePanels(
            PanelTranspose(
                rows: layer.layout.paddedRows,
                columns: layer.layout.paddedColumns,
                source: layer.panels,
                destination: layer.transposed
            )
        )
    }
}
