import KernelAPI
import SweepKernels

/// The three products of convolutions as a share of the peak measured beside each, and the bytes that the kernels
/// without products move.
///
/// Only useful operations count: those of border pixels do too, as every framework counts them.
func measureConvolutions(_ table: KernelTable) {
    let shapes = [
        (28, 1, 32, 3, 1, 4), (28, 1, 32, 3, 1, 64), (28, 3, 32, 3, 1, 64), (14, 16, 32, 3, 1, 64),
        (14, 32, 64, 3, 1, 64), (7, 64, 64, 3, 1, 64), (28, 16, 32, 5, 1, 16), (28, 16, 32, 3, 2, 64),
        (14, 64, 16, 1, 1, 64), (14, 16, 32, 3, 1, 1),
    ]
    for (size, inputs, outputs, kernel, stride, batch) in shapes {
        let layer = ConvolutionLayer(
            size: size,
            inputs: inputs,
            outputs: outputs,
            kernel: kernel,
            stride: stride,
            batch: batch
        )
        let shape = layer.shape
        let pixels = Double(batch * shape.outputHeight * shape.outputWidth)
        let operations = 2 * pixels * Double(kernel * kernel * inputs * outputs) / 1e9
        func share(_ body: () -> Void) -> String { "\(rounded(operations / median(body) / peak(table) * 100)) %" }
        var line = "\(batch) x \(size)x\(size)x\(inputs) -> \(outputs), \(kernel)x\(kernel) / \(stride):"
        line += "  forward \(share { table.convolve(layer.forward) })"
        let patches = PatchProduct(layer)
        line += " (by copied patches \(share { patches.run(table) }))"
        if let backward = layer.backward {
            line += "  input gradient \(share { table.convolveInputGradient(backward) })"
        }
        line += "  weight gradient \(share { table.convolveWeightGradient(layer.weights) })"
        if let flip = layer.flip { line += "  flip \(rounded(median { table.flipConvolutionWeights(flip) } * 1e6)) us" }
        print(line)
    }
    measurePooled(table)
    measureImages(table)
}

/// Convolutions and the max poolings of 2 × 2 behind them, one after the other and at once, a part of a batch at a time.
private func measurePooled(_ table: KernelTable) {
    for (size, inputs, outputs, batch) in [(28, 1, 16, 5), (28, 1, 32, 2), (14, 16, 32, 5)] {
        let layer = ConvolutionLayer(size: size, inputs: inputs, outputs: outputs, kernel: 3, stride: 1, batch: batch)
        let arena = Arena()
        let shape = PoolShape(
            batch: batch,
            inputHeight: size,
            inputWidth: size,
            channels: outputs,
            kernelHeight: 2,
            kernelWidth: 2,
            strideY: 2,
            strideX: 2
        )
        let half = ImageLayout(height: size / 2, width: size / 2, pixelStride: outputs)
        let values = arena.floats(shape.codeCount).baseAddress!
        let codes = arena.floats(shape.codeCount).baseAddress!
        let pool = MaxPool(
            shape: shape,
            input: Floats(layer.forward.output),
            inputLayout: layer.forward.outputLayout,
            output: values,
            outputLayout: half,
            codes: codes
        )
        let gradient = MaxPoolGradient(
            shape: shape,
            outputGradient: Floats(values),
            outputGradientLayout: half,
            codes: Floats(codes),
            inputGradient: MutableFloats(mutating: layer.weights.outputGradient),
            inputGradientLayout: layer.weights.outputGradientLayout,
            reluMask: Floats(values),
            reluMaskLayout: half
        )
        func time(_ body: () -> Void) -> String { "\(rounded(median(body) * 64 / Double(batch) * 1e6)) us" }
        var line = "\(size)x\(size)x\(inputs) -> \(outputs) and pooling, of 64:"
        line += "  forward \(time { table.convolve(layer.forward) })"
        line += " + \(time { table.poolMax(pool) })"
        line += ", at once \(time { table.convolveAndPool(PooledConvolution(convolution: layer.forward, pool: pool)) })"
        line += "  weight gradient \(time { table.poolMaxGradient(gradient) })"
        line += " + \(time { table.convolveWeightGradient(layer.weights) }), at once "
        line += time {
            table.convolveAndPoolGradient(PooledConvolutionGradient(pool: gradient, weights: layer.weights))
        }
        print(line)
    }
}

/// The kernels over images that move bytes, in gigabytes read and written a second.
private func measureImages(_ table: KernelTable) {
    let (batch, size, channels) = (64, 28, 32)
    let arena = Arena()
    func filled(_ count: Int) -> MutableFloats {
        let buffer = arena.floats(count)
        for i in buffer.indices { buffer[i] = Float(i % 17) / 17 - 0.5 }
        return buffer.baseAddress!
    }
    let layout = ImageLayout(height: size, width: size, pixelStride: channels)
    let half = ImageLayout(height: size / 2, width: size / 2, pixelStride: channels)
    let count = batch * size * size * channels
    let (x, y, small, codes) = (filled(count), filled(count), filled(count / 4), filled(count / 4))
    let (gain, shift, mean, inverse) = (filled(channels), filled(channels), filled(channels), filled(channels))
    let (first, second) = (filled(channels), filled(channels))
    let border = ImageBorder(top: 1, left: 1, bottom: 1, right: 1)
    let bordered = ImageLayout(height: size, width: size, pixelStride: channels, border: border)
    let wide = filled(batch * bordered.sampleStride)
    let features = size * size * channels
    let (layerGain, layerShift) = (filled(features), filled(features))
    let (layerFirst, layerSecond) = (filled(features), filled(features))
    let (means, inverses) = (filled(batch), filled(batch))
    for i in 0..<(count / 4) { codes[i] = Float(i % 4) }
    func report(_ name: String, _ elements: Int, _ body: () -> Void) {
        let seconds = median(body)
        print("\(name): \(rounded(seconds * 1e6)) us, \(rounded(Double(4 * elements) / seconds / 1e9)) GB/s")
    }
    for (kernel, stride) in [(2, 2), (3, 2)] {
        let shape = PoolShape(
            batch: batch,
            inputHeight: size,
            inputWidth: size,
            channels: channels,
            kernelHeight: kernel,
            kernelWidth: kernel,
            strideY: stride,
            strideX: stride,
            paddingY: kernel - 2,
            paddingX: kernel - 2
        )
        let windows = "\(kernel)x\(kernel) / \(stride)"
        report("max pool \(windows)", count + count / 2) {
            table.poolMax(
                MaxPool(
                    shape: shape,
                    input: x,
                    inputLayout: layout,
                    output: small,
                    outputLayout: half,
                    codes: codes
                )
            )
        }
        report("max pool gradient \(windows)", count + 3 * count / 4) {
            table.poolMaxGradient(
                MaxPoolGradient(
                    shape: shape,
                    outputGradient: small,
                    outputGradientLayout: half,
                    codes: codes,
                    inputGradient: y,
                    inputGradientLayout: layout,
                    reluMask: small,
                    reluMaskLayout: half
                )
            )
        }
        report("average pool \(windows)", count + count / 4) {
            table.poolAverage(
                AveragePool(shape: shape, input: x, inputLayout: layout, output: small, outputLayout: half)
            )
        }
        report("average pool gradient \(windows)", count + count / 4) {
            table.poolAverageGradient(
                AveragePoolGradient(
                    shape: shape,
                    outputGradient: small,
                    outputGradientLayout: half,
                    inputGradient: y,
                    inputGradientLayout: layout
                )
            )
        }
    }
    report("copy into a border", 2 * count) {
        table.copyImages(
            ImageCopy(
                batch: batch,
                height: size,
                width: size,
                channels: channels,
                source: x,
                sourceLayout: layout,
                destination: wide + bordered.origin(border),
                destinationLayout: bordered
            )
        )
    }
    report("sum", 3 * count) {
        table.addImages(
            ImageSum(
                batch: batch,
                height: size,
                width: size,
                channels: channels,
                left: x,
                leftLayout: layout,
                right: x,
                rightLayout: layout,
                output: y,
                outputLayout: layout,
                relu: true
            )
        )
    }
    report("batch normalisation", 4 * count) {
        table.normalizeBatch(
            BatchNormalization(
                batch: batch,
                height: size,
                width: size,
                channels: channels,
                input: x,
                inputLayout: layout,
                gain: gain,
                shift: shift,
                epsilon: 1e-5,
                momentum: 0.1,
                mean: mean,
                inverseDeviation: inverse,
                runningMean: first,
                runningVariance: second,
                output: y,
                outputLayout: layout
            )
        )
    }
    report("batch normalisation gradient", 5 * count) {
        table.normalizeBatchGradient(
            BatchNormalizationGradient(
                batch: batch,
                height: size,
                width: size,
                channels: channels,
                input: x,
                inputLayout: layout,
                outputGradient: y,
                outputGradientLayout: layout,
                gain: gain,
                mean: mean,
                inverseDeviation: inverse,
                gainGradient: first,
                shiftGradient: second,
                inputGradient: wide,
                inputGradientLayout: layout
            )
        )
    }
    report("layer normalisation", 2 * count) {
        table.normalizeLayer(
            LayerNormalization(
                batch: batch,
                height: size,
                width: size,
                channels: channels,
                input: x,
                inputLayout: layout,
                gain: layerGain,
                shift: layerShift,
                epsilon: 1e-5,
                means: means,
                inverseDeviations: inverses,
                output: y,
                outputLayout: layout
            )
        )
    }
    report("layer normalisation gradient", 3 * count) {
        table.normalizeLayerGradient(
            LayerNormalizationGradient(
                batch: batch,
                height: size,
                width: size,
                channels: channels,
                input: x,
                inputLayout: layout,
                outputGradient: y,
                outputGradientLayout: layout,
                gain: layerGain,
                means: means,
                inverseDeviations: inverses,
                gainGradient: layerFirst,
                shiftGradient: layerSecond,
                inputGradient: wide,
                inputGradientLayout: layout
            )
        )
    }
}

/// One convolution's buffers and its products.
struct ConvolutionLayer {
    let shape: ConvolutionShape
    let forward: Convolution
    /// None for a dense first input.
    let backward: ConvolutionInputGradient?
    let flip: ConvolutionFlip?
    let weights: ConvolutionWeightGradient
    private let arena: Arena

    init(size: Int, inputs: Int, outputs: Int, kernel: Int, stride: Int, batch: Int) {
        let arena = Arena()
        self.arena = arena
        let shape = ConvolutionShape(
            batch: batch,
            inputHeight: size,
            inputWidth: size,
            inputChannels: inputs,
            outputChannels: outputs,
            kernelHeight: kernel,
            kernelWidth: kernel,
            strideY: stride,
            strideX: stride,
            paddingY: kernel / 2,
            paddingX: kernel / 2
        )
        self.shape = shape
        func filled(_ count: Int) -> MutableFloats {
            let buffer = arena.floats(count)
            for i in buffer.indices { buffer[i] = Float(i % 17) / 17 - 0.5 }
            return buffer.baseAddress!
        }
        func images(_ height: Int, _ width: Int, _ channels: Int, _ border: ImageBorder) -> (MutableFloats, ImageLayout)
        {
            let layout = ImageLayout(height: height, width: width, pixelStride: channels, border: border)
            let base = arena.floats(batch * layout.sampleStride).baseAddress! + layout.origin(border)
            for sample in 0..<batch {
                for y in 0..<height {
                    let row = base + (sample * layout.sampleStride + y * layout.rowStride)
                    for i in 0..<(width * channels) { row[i] = Float(i % 17) / 17 - 0.5 }
                }
            }
            return (base, layout)
        }
        let (height, width) = (shape.outputHeight, shape.outputWidth)
        let (x, xLayout) = images(size, size, inputs, shape.inputBorder)
        let (y, yLayout) = images(height, width, outputs, ImageBorder())
        let (dy, dyLayout) = images(height, width, outputs, shape.gradientBorder)
        let layout = PanelLayout(rows: shape.weightRows, columns: outputs)
        let (panels, gradient) = (filled(layout.count), filled(layout.count))
        forward = Convolution(
            shape: shape,
            input: x,
            inputLayout: xLayout,
            weights: panels,
            panelStride: layout.panelStride,
            bias: filled(outputs),
            output: y,
            outputLayout: yLayout,
            epilogue: .relu
        )
        weights = ConvolutionWeightGradient(
            shape: shape,
            input: x,
            inputLayout: xLayout,
            outputGradient: dy,
            outputGradientLayout: dyLayout,
            weightGradient: gradient,
            panelStride: layout.panelStride,
            biasGradient: filled(outputs)
        )
        guard inputs % laneCount == 0 else {
            backward = nil
            flip = nil
            return
        }
        let (dx, dxLayout) = images(size, size, inputs, ImageBorder())
        let flipped = filled(shape.flippedRows * inputs)
        flip = ConvolutionFlip(
            shape: shape,
            weights: panels,
            panelStride: layout.panelStride,
            flipped: flipped
        )
        backward = ConvolutionInputGradient(
            shape: shape,
            outputGradient: dy,
            outputGradientLayout: dyLayout,
            flippedWeights: flipped,
            inputGradient: dx,
            inputGradientLayout: dxLayout,
            reluMask: x,
            reluMaskLayout: xLayout
        )
    }
}
