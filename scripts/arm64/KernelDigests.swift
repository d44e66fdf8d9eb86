import KernelAPI
import KernelsV2

// Digests of what the kernels compute of made-up numbers, some for each line. scripts/check-arm64 compiles this for the
// machine it runs on, once for each table (the import is replaced), and as Embedded Swift for arm64. Nothing here needs a
// C library. One file, as every part of it takes the kernels from that one import.

/// Writes to standard output.
@_silgen_name("put_byte") func putByte(_ byte: UInt8)

func put(_ text: StaticString) {
    for place in 0..<text.utf8CodeUnitCount { putByte(text.utf8Start[place]) }
}

/// FNV-1a over the bits of floats.
struct Digest {
    private var value: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func add(_ bits: UInt64) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            value = (value ^ (bits >> shift & 0xff)) &* 0x100_0000_01b3
        }
    }
    mutating func add(_ number: Double) { add(number.isNaN ? 1 : number.bitPattern) }
    mutating func add(_ numbers: MutableFloats, _ count: Int) {
        // The payload of a NaN may differ.
        for place in 0..<count { add(numbers[place].isNaN ? 1 : UInt64(numbers[place].bitPattern)) }
    }
    mutating func add(_ norms: UpdateNorms) {
        for norm in [norms.gradient, norms.weights, norms.change] { add(norm) }
    }
    func tell(_ name: StaticString) {
        put(name)
        putByte(UInt8(ascii: " "))
        for place in 0..<16 {
            let digit = UInt8(truncatingIfNeeded: value >> UInt64(60 - 4 * place) & 15)
            putByte(digit < 10 ? 48 + digit : 87 + digit)
        }
        putByte(10)
    }
}

/// Buffers of pseudo-random numbers, each from the place its number says.
struct Numbers {
    static let size = 1 << 15
    private var state: UInt64 = 0x9e37_79b9_7f4a_7c15

    /// So many numbers in −2 ..< 2 (or 0 ..< 2), some of them zero, tiny or large.
    mutating func floats(_ count: Int = size, positive: Bool = false, wild: Bool = false) -> MutableFloats {
        let buffer = MutableFloats.allocate(capacity: count)
        for place in 0..<count {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            var number = Float(state >> 40) * 0x1p-22
            if !positive { number -= 2 }
            if wild, state >> 8 & 7 == 0 {
                let factors: (Float, Float, Float, Float) = (0, 1e-19, 0x1p-130, 1e4)
                switch state >> 16 & 3 {
                case 0: number *= factors.0
                case 1: number *= factors.1
                case 2: number *= factors.2
                default: number *= factors.3
                }
            }
            buffer[place] = number
        }
        return buffer
    }
}

@main struct KernelDigests {
    static func main() {
        products()
        rows()
        losses()
        updates()
        images()
    }

    static let (columns, padded, count) = (37, 48, 25)

    static func products() {
        var numbers = Numbers()
        let (left, right, bias, mask) = (numbers.floats(), numbers.floats(), numbers.floats(), numbers.floats())
        var digest = Digest()
        for (rows, columns, depth) in [(1, 16, 1), (5, 48, 7), (13, 32, 33), (30, 80, 64), (48, 112, 290)] {
            for variant in 0..<9 {
                let output = numbers.floats()
                kernels.gemm(
                    Gemm(
                        rows: rows,
                        columns: columns,
                        depth: depth,
                        left: left,
                        leftRowStride: depth,
                        leftDepthStride: 1,
                        right: right,
                        rightDepthStride: 16,
                        rightVectorStride: 16 * depth,
                        output: output,
                        outputRowStride: columns,
                        outputVectorStride: 16,
                        start: variant % 3 == 0 ? .zero : variant % 3 == 1 ? .bias(bias) : .output,
                        epilogue: variant / 3 == 0 ? .none : variant / 3 == 1 ? .relu : .reluMask(mask)
                    )
                )
                digest.add(output, rows * columns)
            }
        }
        digest.tell("products")
        // A weight gradient from copies: 4 rows of storage, far apart.
        digest = Digest()
        let (rows, width, depth, stride) = (65, 144, 4, 10_240)
        let (far, product) = (numbers.floats(depth * stride), numbers.floats())
        kernels.gemm(
            Gemm(
                rows: rows,
                columns: width,
                depth: depth,
                left: far,
                leftRowStride: 1,
                leftDepthStride: stride,
                right: far + 128,
                rightDepthStride: stride,
                rightVectorStride: 16,
                output: product,
                outputRowStride: 16,
                outputVectorStride: 16 * rows,
                scratch: numbers.floats()
            )
        )
        digest.add(product, rows * width)
        digest.tell("weight gradient from copies")
        digest = Digest()
        let output = numbers.floats()
        kernels.transposePanels(PanelTranspose(rows: 64, columns: 80, source: left, destination: output))
        digest.add(output, 64 * 80)
        kernels.sumColumns(ColumnSums(rows: 29, columns: 80, values: left, stride: 80, sums: output))
        digest.add(output, 80)
        digest.tell("transpose and column sums")
        digest = Digest()
        kernels.denseInputGradient(
            DenseInputGradient(
                rows: 21,
                inputs: 128,
                outputs: 37,
                outputGradient: left,
                outputGradientStride: 48,
                weights: numbers.floats(128 * 48),
                inputGradient: output,
                inputGradientStride: 128,
                reluMask: numbers.floats(21 * 128),
                scratch: numbers.floats(DenseInputGradient.scratchCount(rows: 21, outputs: 37))
            )
        )
        digest.add(output, 21 * 128)
        digest.tell("dense input gradient from panels")
    }

    static func rows() {
        var numbers = Numbers()
        let source = numbers.floats(wild: true)
        for function in ActivationFunction.allCases {
            var digest = Digest()
            let (output, gradient) = (numbers.floats(), numbers.floats())
            kernels.activate(
                Activation(
                    function: function,
                    rows: count,
                    columns: padded,
                    source: source,
                    sourceStride: padded,
                    destination: output,
                    destinationStride: padded
                )
            )
            digest.add(output, count * padded)
            kernels.differentiate(
                ActivationGradient(
                    function: function,
                    rows: count,
                    columns: padded,
                    gradient: gradient,
                    gradientStride: padded,
                    output: output,
                    outputStride: padded
                )
            )
            digest.add(gradient, count * padded)
            digest.tell("activation and gradient")
        }
        var digest = Digest()
        let output = numbers.floats()
        kernels.dropOut(
            Dropout(
                rate: 0.3,
                seed: 7,
                step: 11,
                layer: 3,
                rows: count,
                columns: padded,
                source: source,
                sourceStride: padded,
                destination: output,
                destinationStride: padded
            )
        )
        digest.add(output, count * padded)
        digest.tell("dropout")
        digest = Digest()
        let whole = 4096 + 176
        kernels.limitColumnNorms(ColumnNormLimit(rows: count, columns: padded, weights: output, limit: 1.5))
        kernels.averageWeights(WeightAverage(count: whole, average: output, weights: source, decay: 0.9))
        kernels.accumulate(Accumulation(count: whole, factor: 0.3, source: source, destination: output))
        digest.add(output, whole)
        digest.add(kernels.sumOfSquares(output, whole))
        let penalties = kernels.sumPenalties(output, whole)
        digest.add(penalties.magnitudes)
        digest.add(penalties.squares)
        digest.add(UInt64(kernels.allFinite(output, whole) ? 1 : 0))
        output[1000] = .nan
        digest.add(UInt64(kernels.allFinite(output, whole) ? 1 : 0))
        digest.tell("weights and sums")
    }

    static func losses() {
        var numbers = Numbers()
        let (logits, targets, weights) = (
            numbers.floats(), numbers.floats(positive: true), numbers.floats(positive: true)
        )
        for place in 0..<Numbers.size { targets[place] *= 0.5 }
        let labels = UnsafeMutablePointer<Int32>.allocate(capacity: count)
        for row in 0..<count { labels[row] = Int32(row * 7 % columns) }
        let (gradient, losses) = (numbers.floats(), numbers.floats())
        var digest = Digest()
        func add(_ loss: Double) {
            digest.add(loss)
            digest.add(gradient, count * padded)
            digest.add(losses, count)
        }
        for (smoothing, focus) in [(Float(0), Float(0)), (0.1, 2)] {
            add(
                kernels.softmaxCrossEntropy(
                    SoftmaxCrossEntropy(
                        rows: count,
                        classes: columns,
                        logits: logits,
                        logitStride: padded,
                        labels: labels,
                        gradient: gradient,
                        gradientStride: padded,
                        gradientScale: 0.04,
                        losses: losses,
                        rowWeights: weights,
                        labelSmoothing: smoothing,
                        focalExponent: focus
                    )
                )
            )
            add(
                kernels.binaryCrossEntropy(
                    BinaryCrossEntropy(
                        rows: count,
                        outputs: columns,
                        logits: logits,
                        logitStride: padded,
                        targets: targets,
                        targetStride: padded,
                        gradient: gradient,
                        gradientStride: padded,
                        losses: losses,
                        rowWeights: weights,
                        focalExponent: focus
                    )
                )
            )
        }
        digest.tell("cross-entropies")
        digest = Digest()
        add(
            kernels.softTargetCrossEntropy(
                SoftTargetCrossEntropy(
                    rows: count,
                    classes: columns,
                    logits: logits,
                    logitStride: padded,
                    targets: targets,
                    targetStride: padded,
                    gradient: gradient,
                    gradientStride: padded,
                    losses: losses
                )
            )
        )
        add(
            kernels.squaredError(
                SquaredError(
                    rows: count,
                    outputs: columns,
                    values: logits,
                    valueStride: padded,
                    targets: targets,
                    targetStride: padded,
                    gradient: gradient,
                    gradientStride: padded,
                    losses: losses
                )
            )
        )
        add(
            kernels.robustError(
                RobustError(
                    form: .huber(delta: 0.5),
                    rows: count,
                    outputs: columns,
                    values: logits,
                    valueStride: padded,
                    targets: targets,
                    targetStride: padded,
                    gradient: gradient,
                    gradientStride: padded,
                    losses: losses
                )
            )
        )
        digest.add(
            UInt64(
                kernels.countCorrect(
                    CorrectCount(
                        rows: count,
                        classes: columns,
                        logits: logits,
                        logitStride: padded,
                        labels: labels,
                        top: 5
                    )
                )
            )
        )
        kernels.softmax(Softmax(rows: count, classes: columns, values: logits, stride: padded))
        digest.add(logits, count * padded)
        kernels.gatherRows(
            RowGather(
                rows: count,
                columns: columns,
                source: targets,
                sourceStride: padded,
                indices: labels,
                destination: gradient,
                destinationStride: padded
            )
        )
        digest.add(gradient, count * padded)
        digest.tell("other losses, softmax and gathering")
    }

    static func updates() {
        let count = 1024 + 160
        let names: [StaticString] = [
            "momentum", "Nesterov", "Adam", "AMSGrad", "RMSprop", "Adagrad", "Lion", "NAdam",
        ]
        for terms in [
            UpdateTerms(), UpdateTerms(measures: true),
            UpdateTerms(gradientScale: 0.7, clip: 0.5, l1: 0.003, l2: 0.01, decay: 0.1, measures: true),
        ] {
            for rule in names.indices {
                var numbers = Numbers()
                let weights = numbers.floats()
                let memory = [numbers.floats(), numbers.floats(), numbers.floats()]
                for buffer in memory { buffer.update(repeating: 0, count: Numbers.size) }
                var digest = Digest()
                for step in 1...6 {
                    let gradient = numbers.floats(wild: true)
                    let rate = 0.01 / Double(step)
                    switch rule {
                    case 0, 1:
                        digest.add(
                            kernels.updateWithMomentum(
                                MomentumUpdate(
                                    count: count,
                                    gradient: gradient,
                                    weights: weights,
                                    velocity: memory[0],
                                    learningRate: rate,
                                    momentum: 0.9,
                                    nesterov: rule == 1,
                                    terms: terms
                                )
                            )
                        )
                    case 2, 3:
                        digest.add(
                            kernels.updateWithAdam(
                                AdamUpdate(
                                    count: count,
                                    gradient: gradient,
                                    weights: weights,
                                    firstMoment: memory[0],
                                    secondMoment: memory[1],
                                    learningRate: rate,
                                    beta1: 0.9,
                                    beta2: 0.99,
                                    epsilon: 1e-8,
                                    correction1: 3,
                                    correction2: 10,
                                    largestSecondMoment: rule == 3 ? memory[2] : nil,
                                    terms: terms
                                )
                            )
                        )
                    case 4:
                        digest.add(
                            kernels.updateWithRMSprop(
                                RMSpropUpdate(
                                    count: count,
                                    gradient: gradient,
                                    weights: weights,
                                    secondMoment: memory[0],
                                    meanGradient: memory[1],
                                    velocity: memory[2],
                                    learningRate: rate,
                                    alpha: 0.95,
                                    momentum: 0.8,
                                    terms: terms
                                )
                            )
                        )
                    case 5:
                        digest.add(
                            kernels.updateWithAdagrad(
                                AdagradUpdate(
                                    count: count,
                                    gradient: gradient,
                                    weights: weights,
                                    squareSum: memory[0],
                                    learningRate: rate,
                                    terms: terms
                                )
                            )
                        )
                    case 6:
                        digest.add(
                            kernels.updateWithLion(
                                LionUpdate(
                                    count: count,
                                    gradient: gradient,
                                    weights: weights,
                                    moment: memory[0],
                                    learningRate: rate,
                                    terms: terms
                                )
                            )
                        )
                    default:
                        digest.add(
                            kernels.updateWithNAdam(
                                NAdamUpdate(
                                    count: count,
                                    gradient: gradient,
                                    weights: weights,
                                    firstMoment: memory[0],
                                    secondMoment: memory[1],
                                    learningRate: rate,
                                    beta1: 0.9,
                                    beta2: 0.99,
                                    epsilon: 1e-8,
                                    gradientFactor: 0.6,
                                    momentFactor: 0.7,
                                    correction2: 10,
                                    terms: terms
                                )
                            )
                        )
                    }
                    gradient.deallocate()
                }
                digest.add(weights, count)
                for buffer in memory { digest.add(buffer, count) }
                digest.tell(names[rule])
                weights.deallocate()
                for buffer in memory { buffer.deallocate() }
            }
        }
    }

    static func images() {
        for (kernel, stride) in [(3, 1), (3, 2), (2, 2), (1, 1)] {
            convolve(kernel, stride)
            pool(kernel, stride)
        }
        normalize()
    }

    private static func convolve(_ kernel: Int, _ stride: Int) {
        let (size, inputs, outputs) = (9, 16, 32)
        let shape = ConvolutionShape(
            batch: 2,
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
        var numbers = Numbers()
        func images(_ side: Int, _ channels: Int, _ border: ImageBorder) -> (MutableFloats, ImageLayout) {
            let layout = ImageLayout(height: side, width: side, pixelStride: channels, border: border)
            return (numbers.floats() + layout.origin(border), layout)
        }
        let side = shape.outputHeight
        let (x, xLayout) = images(size, inputs, shape.inputBorder)
        let (y, yLayout) = images(side, outputs, ImageBorder())
        let (dy, dyLayout) = images(side, outputs, shape.gradientBorder)
        let (dx, dxLayout) = images(size, inputs, ImageBorder())
        let (weights, gradient, bias, flipped) = (
            numbers.floats(), numbers.floats(), numbers.floats(), numbers.floats()
        )
        let panelStride = 16 * shape.weightRows
        var digest = Digest()
        kernels.convolve(
            Convolution(
                shape: shape,
                input: x,
                inputLayout: xLayout,
                weights: weights,
                panelStride: panelStride,
                bias: bias,
                output: y,
                outputLayout: yLayout,
                epilogue: .relu
            )
        )
        digest.add(y, 2 * yLayout.sampleStride)
        kernels.flipConvolutionWeights(
            ConvolutionFlip(shape: shape, weights: weights, panelStride: panelStride, flipped: flipped)
        )
        digest.add(flipped, shape.flippedRows * inputs)
        kernels.convolveInputGradient(
            ConvolutionInputGradient(
                shape: shape,
                outputGradient: dy,
                outputGradientLayout: dyLayout,
                flippedWeights: flipped,
                inputGradient: dx,
                inputGradientLayout: dxLayout,
                reluMask: x,
                reluMaskLayout: xLayout
            )
        )
        digest.add(dx, 2 * dxLayout.sampleStride)
        // A batch, and the same once more as the samples after it.
        for continues in [false, true] {
            kernels.convolveWeightGradient(
                ConvolutionWeightGradient(
                    shape: shape,
                    input: x,
                    inputLayout: xLayout,
                    outputGradient: dy,
                    outputGradientLayout: dyLayout,
                    weightGradient: gradient,
                    panelStride: panelStride,
                    biasGradient: bias,
                    continues: continues
                )
            )
        }
        digest.add(gradient, 2 * panelStride)
        digest.add(bias, outputs)
        digest.tell("convolution and gradients")
    }

    private static func pool(_ kernel: Int, _ stride: Int) {
        let (size, channels) = (8, 16)
        let shape = PoolShape(
            batch: 2,
            inputHeight: size,
            inputWidth: size,
            channels: channels,
            kernelHeight: kernel,
            kernelWidth: kernel,
            strideY: stride,
            strideX: stride
        )
        let side = (size - kernel) / stride + 1
        let layout = ImageLayout(height: size, width: size, pixelStride: channels)
        let small = ImageLayout(height: side, width: side, pixelStride: channels)
        var numbers = Numbers()
        let (x, y, codes, dx) = (numbers.floats(), numbers.floats(), numbers.floats(), numbers.floats())
        var digest = Digest()
        kernels.poolMax(
            MaxPool(shape: shape, input: x, inputLayout: layout, output: y, outputLayout: small, codes: codes)
        )
        digest.add(y, 2 * small.sampleStride)
        kernels.poolMaxGradient(
            MaxPoolGradient(
                shape: shape,
                outputGradient: y,
                outputGradientLayout: small,
                codes: codes,
                inputGradient: dx,
                inputGradientLayout: layout,
                reluMask: y,
                reluMaskLayout: small
            )
        )
        digest.add(dx, 2 * layout.sampleStride)
        kernels.poolAverage(AveragePool(shape: shape, input: x, inputLayout: layout, output: y, outputLayout: small))
        digest.add(y, 2 * small.sampleStride)
        kernels.poolAverageGradient(
            AveragePoolGradient(
                shape: shape,
                outputGradient: y,
                outputGradientLayout: small,
                inputGradient: dx,
                inputGradientLayout: layout
            )
        )
        digest.add(dx, 2 * layout.sampleStride)
        kernels.addImages(
            ImageSum(
                batch: 2,
                height: size,
                width: size,
                channels: channels,
                left: x,
                leftLayout: layout,
                right: dx,
                rightLayout: layout,
                output: y,
                outputLayout: layout,
                relu: true
            )
        )
        digest.add(y, 2 * layout.sampleStride)
        digest.tell("pooling and a sum of images")
    }

    private static func normalize() {
        let (size, channels) = (7, 32)
        let layout = ImageLayout(height: size, width: size, pixelStride: channels)
        var numbers = Numbers()
        func floats() -> MutableFloats { numbers.floats() }
        let (x, y, dx, gain, shift) = (floats(), floats(), floats(), floats(), floats())
        let (mean, inverse, first, second) = (floats(), floats(), floats(), numbers.floats(positive: true))
        var digest = Digest()
        kernels.normalizeBatch(
            BatchNormalization(
                batch: 3,
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
        digest.add(y, 3 * layout.sampleStride)
        kernels.normalizeBatchEvaluation(
            BatchNormalizationEvaluation(
                batch: 3,
                height: size,
                width: size,
                channels: channels,
                input: x,
                inputLayout: layout,
                gain: gain,
                shift: shift,
                runningMean: first,
                runningVariance: second,
                epsilon: 1e-5,
                output: dx,
                outputLayout: layout,
                relu: true
            )
        )
        digest.add(dx, 3 * layout.sampleStride)
        for masks in [false, true] {
            kernels.normalizeBatchGradient(
                BatchNormalizationGradient(
                    batch: 3,
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
                    inputGradient: dx,
                    inputGradientLayout: layout,
                    reluMask: masks ? Floats(x) : nil,
                    reluMaskLayout: layout
                )
            )
            digest.add(dx, 3 * layout.sampleStride)
            digest.add(first, channels)
            digest.add(second, channels)
        }
        digest.tell("batch norm")
        digest = Digest()
        kernels.normalizeLayer(
            LayerNormalization(
                batch: 3,
                height: size,
                width: size,
                channels: channels,
                input: x,
                inputLayout: layout,
                gain: gain,
                shift: shift,
                epsilon: 1e-5,
                means: mean,
                inverseDeviations: inverse,
                output: y,
                outputLayout: layout
            )
        )
        digest.add(y, 3 * layout.sampleStride)
        kernels.normalizeLayerGradient(
            LayerNormalizationGradient(
                batch: 3,
                height: size,
                width: size,
                channels: channels,
                input: x,
                inputLayout: layout,
                outputGradient: y,
                outputGradientLayout: layout,
                gain: gain,
                means: mean,
                inverseDeviations: inverse,
                gainGradient: first,
                shiftGradient: second,
                inputGradient: dx,
                inputGradientLayout: layout
            )
        )
        digest.add(dx, 3 * layout.sampleStride)
        digest.add(first, size * size * channels)
        digest.add(second, size * size * channels)
        digest.tell("layer norm")
    }
}
