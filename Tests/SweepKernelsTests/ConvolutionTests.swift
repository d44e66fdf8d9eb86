import KernelAPI
import SweepKernels
import Testing

struct Convolutions {
    /// The geometry of a problem: channels are real ones.
    struct Geometry: CustomTestStringConvertible, Sendable {
        var batch = 1
        var height, width, inputs, outputs: Int
        var kernelHeight, kernelWidth: Int
        var strideY = 1
        var strideX = 1
        var paddingY = 0
        var paddingX = 0
        var dense = false

        var testDescription: String {
            "\(batch) x \(height)x\(width)x\(inputs)\(dense ? " dense" : "") -> \(outputs), "
                + "\(kernelHeight)x\(kernelWidth) / \(strideY),\(strideX) padding \(paddingY),\(paddingX)"
        }

        var shape: ConvolutionShape {
            ConvolutionShape(
                batch: batch,
                inputHeight: height,
                inputWidth: width,
                inputChannels: dense ? inputs : paddedCount(inputs),
                outputChannels: paddedCount(outputs),
                kernelHeight: kernelHeight,
                kernelWidth: kernelWidth,
                strideY: strideY,
                strideX: strideX,
                paddingY: paddingY,
                paddingX: paddingX
            )
        }
    }

    static func square(
        _ size: Int,
        _ inputs: Int,
        _ outputs: Int,
        _ kernel: Int,
        _ stride: Int = 1,
        _ padding: Int = 0,
        batch: Int = 1,
        dense: Bool = false
    ) -> Geometry {
        Geometry(
            batch: batch,
            height: size,
            width: size,
            inputs: inputs,
            outputs: outputs,
            kernelHeight: kernel,
            kernelWidth: kernel,
            strideY: stride,
            strideX: stride,
            paddingY: padding,
            paddingX: padding,
            dense: dense
        )
    }

    /// A kernel over images of one channel.
    static func kernel(_ height: Int, _ width: Int) -> Geometry {
        Geometry(
            batch: 2,
            height: 9,
            width: 11,
            inputs: 1,
            outputs: 33,
            kernelHeight: height,
            kernelWidth: width,
            paddingY: 1,
            dense: true
        )
    }

    static let geometries: [Geometry] = [
        square(28, 1, 17, 3, 1, 1, batch: 3, dense: true), square(28, 1, 32, 5, 1, 0, dense: true),
        square(9, 3, 48, 3, 2, 1, batch: 3, dense: true), square(7, 3, 16, 2, 1, 0, dense: true),
        square(1, 1, 16, 1, 1, 0, dense: true), square(1, 16, 16, 3, 1, 1, batch: 3),
        square(14, 16, 32, 3, 1, 1), square(7, 17, 17, 3, 1, 1, batch: 3), square(5, 32, 16, 1, 1, 0, batch: 3),
        square(6, 16, 48, 2, 2, 0), square(7, 16, 16, 3, 2, 1, batch: 3), square(8, 17, 32, 3, 3, 2),
        square(8, 16, 17, 5, 2, 2), square(9, 16, 16, 5, 3, 1, batch: 3), square(8, 16, 16, 1, 2, 0),
        square(9, 16, 16, 2, 3, 0, batch: 3), square(5, 16, 16, 5, 1, 0, batch: 3), square(4, 16, 16, 2, 1, 1),
        Geometry(
            batch: 3,
            height: 5,
            width: 9,
            inputs: 16,
            outputs: 17,
            kernelHeight: 3,
            kernelWidth: 2,
            strideY: 1,
            strideX: 2,
            paddingY: 2,
            paddingX: 0
        ),
        Geometry(
            batch: 2,
            height: 11,
            width: 4,
            inputs: 3,
            outputs: 16,
            kernelHeight: 1,
            kernelWidth: 4,
            strideY: 3,
            strideX: 1,
            paddingY: 0,
            paddingX: 1,
            dense: true
        ),
        // Rows of one run of pixels, of two as long and of two that differ, and rows too short for one.
        square(13, 16, 32, 3, 1, 1, batch: 2), square(15, 16, 48, 3, 1, 1), square(27, 3, 17, 3, 1, 1, dense: true),
        square(29, 1, 16, 3, 1, 0, batch: 2, dense: true), square(12, 17, 16, 3, 2, 1, batch: 3),
        square(6, 16, 64, 3, 1, 1, batch: 2), square(19, 16, 16, 1, 1, 0), square(9, 16, 64, 3, 1, 1, batch: 2),
        // Kernels 3 wide over one channel: a tile of all weights, and one too many for it.
        kernel(2, 3), kernel(4, 3), kernel(5, 3), kernel(1, 3),
        // More pixels, and more columns, than a block of either loop.
        square(33, 1, 64, 3, 1, 1, dense: true), square(1, 64, 16, 5, 1, 2), square(40, 3, 16, 1, 1, 0, dense: true),
    ]

    /// One problem's buffers.
    struct Problem {
        let geometry: Geometry
        let shape: ConvolutionShape
        let panels: PanelLayout
        let input, outputGradient, mask: Images
        let weights, bias, flipped: Fenced<Float>

        init(_ geometry: Geometry) {
            self.geometry = geometry
            let shape = geometry.shape
            self.shape = shape
            var random = TestRandom(UInt64(geometry.height * 31 + geometry.inputs * 7 + geometry.kernelHeight))
            input = Images(
                geometry.batch,
                geometry.height,
                geometry.width,
                geometry.inputs,
                dense: geometry.dense,
                border: shape.inputBorder,
                gap: 16,
                random: &random
            )
            outputGradient = Images(
                geometry.batch,
                shape.outputHeight,
                shape.outputWidth,
                geometry.outputs,
                border: shape.gradientBorder,
                random: &random
            )
            mask = Images(
                geometry.batch,
                geometry.height,
                geometry.width,
                geometry.inputs,
                border: ImageBorder(left: 1),
                random: &random
            )
            panels = PanelLayout(rows: shape.weightRows, columns: shape.outputChannels)
            weights = Fenced(panels.count, repeating: 0)
            for tap in 0..<(shape.kernelHeight * shape.kernelWidth) {
                for c in 0..<geometry.inputs {
                    for column in 0..<geometry.outputs {
                        weights.base[panels.offset(row: tap * shape.inputChannels + c, column: column)] =
                            random.signed()
                    }
                }
            }
            bias = Fenced(padded: geometry.outputs, random: &random)
            guard shape.inputChannels % laneCount == 0 else {
                flipped = Fenced(16, repeating: 0)
                return
            }
            flipped = Fenced(shape.flippedRows * shape.inputChannels, repeating: canary)
            KernelTable.reference.flipConvolutionWeights(
                ConvolutionFlip(
                    shape: shape,
                    weights: weights.base,
                    panelStride: panels.panelStride,
                    flipped: flipped.base
                )
            )
        }

        /// Y in a buffer whose border and gaps are canaries.
        func output(_ table: KernelTable, relu: Bool = false, hasBias: Bool = true) -> Images {
            var random = TestRandom(1)
            let border = ImageBorder(top: 1, left: 2, bottom: 0, right: 1)
            let output = Images(
                geometry.batch,
                shape.outputHeight,
                shape.outputWidth,
                geometry.outputs,
                border: border,
                gap: 16,
                value: .nan,
                random: &random
            )
            for i in 0..<output.buffer.count where output.buffer.base[i] == 0 { output.buffer.base[i] = canary }
            table.convolve(
                Convolution(
                    shape: shape,
                    input: input.base,
                    inputLayout: input.layout,
                    weights: weights.base,
                    panelStride: panels.panelStride,
                    bias: hasBias ? UnsafePointer(bias.base) : nil,
                    output: output.base,
                    outputLayout: output.layout,
                    epilogue: relu ? .relu : .none
                )
            )
            return output
        }

        func inputGradient(_ table: KernelTable, masked: Bool) -> Images {
            var random = TestRandom(1)
            let gradient = Images(
                geometry.batch,
                geometry.height,
                geometry.width,
                geometry.inputs,
                border: ImageBorder(top: 1, right: 1),
                gap: 16,
                value: .nan,
                random: &random
            )
            for i in 0..<gradient.buffer.count where gradient.buffer.base[i] == 0 { gradient.buffer.base[i] = canary }
            table.convolveInputGradient(
                ConvolutionInputGradient(
                    shape: shape,
                    outputGradient: outputGradient.base,
                    outputGradientLayout: outputGradient.layout,
                    flippedWeights: flipped.base,
                    inputGradient: gradient.base,
                    inputGradientLayout: gradient.layout,
                    reluMask: masked ? UnsafePointer(mask.base) : nil,
                    reluMaskLayout: mask.layout
                )
            )
            return gradient
        }

        func weightGradient(
            _ table: KernelTable,
            parts: [Range<Int>]? = nil
        ) -> (weights: Fenced<Float>, bias: Fenced<Float>) {
            let weights = Fenced<Float>(panels.count, repeating: canary)
            let bias = Fenced<Float>(shape.outputChannels, repeating: canary)
            for (index, samples) in (parts ?? [0..<geometry.batch]).enumerated() {
                var shape = shape
                shape.batch = samples.count
                table.convolveWeightGradient(
                    ConvolutionWeightGradient(
                        shape: shape,
                        input: input.base + samples.lowerBound * input.layout.sampleStride,
                        inputLayout: input.layout,
                        outputGradient: outputGradient.base
                            + samples.lowerBound * outputGradient.layout.sampleStride,
                        outputGradientLayout: outputGradient.layout,
                        weightGradient: weights.base,
                        panelStride: panels.panelStride,
                        biasGradient: bias.base,
                        continues: index > 0
                    )
                )
            }
            return (weights, bias)
        }

        func tables() -> [KernelTable] {
            let steps = shape.weightRows * shape.outputChannels * shape.outputHeight * shape.outputWidth * shape.batch
            return KernelTable.available.filter { !$0.isSlow || steps < 1_000_000 }
        }
    }

    @Test(arguments: geometries)
    func `have the reference's bits forward, in both gradients and flipped`(geometry: Geometry) {
        let problem = Problem(geometry)
        let plain = problem.output(.reference)
        let rectified = problem.output(.reference, relu: true, hasBias: false)
        let gradients = problem.weightGradient(.reference)
        for table in problem.tables() {
            #expect(difference(problem.output(table).buffer, plain.buffer) == nil, "\(table.name)")
            let relu = problem.output(table, relu: true, hasBias: false)
            #expect(difference(relu.buffer, rectified.buffer) == nil, "\(table.name)")
            let found = problem.weightGradient(table)
            #expect(difference(found.weights, gradients.weights) == nil, "\(table.name)")
            #expect(difference(found.bias, gradients.bias) == nil, "\(table.name)")
        }
        guard !geometry.dense else { return }
        for masked in [false, true] {
            let expected = problem.inputGradient(.reference, masked: masked)
            for table in problem.tables() {
                let found = problem.inputGradient(table, masked: masked)
                #expect(difference(found.buffer, expected.buffer) == nil, "\(table.name) masked \(masked)")
            }
        }
        for table in KernelTable.available {
            let flipped = Fenced<Float>(problem.flipped.count, repeating: canary)
            table.flipConvolutionWeights(
                ConvolutionFlip(
                    shape: problem.shape,
                    weights: problem.weights.base,
                    panelStride: problem.panels.panelStride,
                    flipped: flipped.base
                )
            )
            #expect(difference(flipped, problem.flipped) == nil, "\(table.name)")
        }
    }

    @Test(arguments: geometries.filter { $0.batch > 1 })
    func `have the bits of a batch in the weight gradients of its parts, each going on`(geometry: Geometry) {
        let problem = Problem(geometry)
        let whole = problem.weightGradient(.reference)
        for table in problem.tables() + [.reference] {
            for first in 1..<geometry.batch {
                let parts = problem.weightGradient(table, parts: [0..<first, first..<geometry.batch])
                #expect(difference(parts.weights, whole.weights) == nil, "\(table.name) from \(first)")
                #expect(difference(parts.bias, whole.bias) == nil, "\(table.name) from \(first)")
            }
            // Nothing is added by no samples.
            let more = problem.weightGradient(table, parts: [0..<geometry.batch, 0..<0])
            #expect(difference(more.weights, whole.weights) == nil, "\(table.name)")
            #expect(difference(more.bias, whole.bias) == nil, "\(table.name)")
        }
    }

    /// Each step of a chain rounds once, by at most half a unit of a value no larger than the sum of the magnitudes;
    /// the bound holds for a chain of n steps from a start value with (n + 1) · 2⁻²⁴ of that sum.
    @Test(arguments: geometries)
    func `agree with a direct float64 loop within the rounding of a chain`(geometry: Geometry) {
        let problem = Problem(geometry)
        let (shape, input) = (problem.shape, problem.input)
        let output = problem.output(.reference)
        let gradients = problem.weightGradient(.reference)
        let inputGradient = geometry.dense ? nil : problem.inputGradient(.reference, masked: false)
        func weight(_ ky: Int, _ kx: Int, _ c: Int, _ column: Int) -> Int {
            problem.panels.offset(row: (ky * shape.kernelWidth + kx) * shape.inputChannels + c, column: column)
        }
        var (dw, dwSize) = ([Double](repeating: 0, count: problem.panels.count), [Double]())
        dwSize = dw
        var dx = [Double](repeating: 0, count: input.buffer.count)
        var dxSize = dx
        var (db, dbSize) = ([Double](repeating: 0, count: shape.outputChannels), [Double]())
        dbSize = db
        for (sample, oy, ox, column) in output.places {
            var sum = Double(problem.bias.base[column])
            var size = abs(sum)
            let dy = problem.outputGradient[sample, oy, ox, column]
            db[column] += dy
            dbSize[column] += abs(dy)
            for ky in 0..<shape.kernelHeight {
                for kx in 0..<shape.kernelWidth {
                    let (y, x) = (
                        oy * geometry.strideY + ky - geometry.paddingY, ox * geometry.strideX + kx - geometry.paddingX
                    )
                    guard (0..<geometry.height).contains(y), (0..<geometry.width).contains(x) else { continue }
                    for c in 0..<shape.inputChannels {
                        let place = weight(ky, kx, c, column)
                        let (value, w) = (input[sample, y, x, c], Double(problem.weights.base[place]))
                        sum += value * w
                        size += abs(value * w)
                        dw[place] += value * dy
                        dwSize[place] += abs(value * dy)
                        dx[input.place(sample, y, x) + c] += w * dy
                        dxSize[input.place(sample, y, x) + c] += abs(w * dy)
                    }
                }
            }
            let steps = Double(shape.weightRows + 1)
            #expect(abs(output[sample, oy, ox, column] - sum) <= size * steps * 0x1p-24)
        }
        let pixels = Double(shape.batch * shape.outputHeight * shape.outputWidth)
        for row in 0..<shape.weightRows {
            for column in 0..<shape.outputChannels {
                let place = problem.panels.offset(row: row, column: column)
                let error = abs(Double(gradients.weights.base[place]) - dw[place])
                #expect(error <= dwSize[place] * pixels * 0x1p-24)
            }
        }
        // The rows after those of the weights are left alone.
        for row in shape.weightRows..<problem.panels.paddedRows {
            #expect(gradients.weights.base[problem.panels.offset(row: row, column: 0)] == canary)
        }
        for column in 0..<shape.outputChannels {
            #expect(abs(Double(gradients.bias.base[column]) - db[column]) <= dbSize[column] * pixels * 0x1p-24)
        }
        guard let inputGradient else { return }
        for (sample, y, x, c) in inputGradient.places {
            let place = input.place(sample, y, x) + c
            let steps = Double(shape.flippedRows)
            #expect(abs(inputGradient[sample, y, x, c] - dx[place]) <= dxSize[place] * steps * 0x1p-24)
        }
    }

    @Test(arguments: KernelTable.available + [.reference])
    func `leave borders, gaps and padding as they are`(table: KernelTable) {
        let problem = Problem(Self.square(5, 17, 17, 3, 2, 1, batch: 2))
        for images in [problem.output(table), problem.inputGradient(table, masked: true)] {
            var inside = Set<Int>()
            let origin = images.layout.origin(images.border)
            for (sample, y, x, c) in images.places {
                let place = images.place(sample, y, x) + c
                inside.insert(origin + place)
                #expect(images.base[place].isFinite)
                if c >= 17 { #expect(images.base[place] == 0) }
            }
            for i in 0..<images.buffer.count where !inside.contains(i) {
                #expect(images.buffer.base[i] == canary)
            }
        }
    }

    @Test(arguments: KernelTable.available + [.reference])
    func `of an empty batch write zero gradients of the weights and nothing else`(table: KernelTable) {
        var geometry = Self.square(4, 16, 16, 3, 1, 1)
        let problem = Problem(geometry)
        geometry.batch = 0
        let (weights, bias) = (Fenced<Float>(problem.panels.count, repeating: canary), Fenced<Float>(16, repeating: 1))
        let output = Fenced<Float>(16, repeating: canary)
        table.convolveWeightGradient(
            ConvolutionWeightGradient(
                shape: geometry.shape,
                input: problem.input.base,
                inputLayout: problem.input.layout,
                outputGradient: problem.outputGradient.base,
                outputGradientLayout: problem.outputGradient.layout,
                weightGradient: weights.base,
                panelStride: problem.panels.panelStride,
                biasGradient: bias.base
            )
        )
        table.convolve(
            Convolution(
                shape: geometry.shape,
                input: problem.input.base,
                inputLayout: problem.input.layout,
                weights: problem.weights.base,
                panelStride: problem.panels.panelStride,
                bias: nil,
                output: output.base,
                outputLayout: problem.input.layout
            )
        )
        #expect(weights.elements.allSatisfy { $0 == 0 })
        #expect(bias.elements.allSatisfy { $0 == 0 })
        #expect(output.elements.allSatisfy { $0 == canary })
    }

    @Test(arguments: KernelTable.available + [.reference])
    func `keep a NaN through a ReLU and its mask`(table: KernelTable) {
        let problem = Problem(Self.square(3, 16, 16, 1))
        problem.input.base[5] = .nan
        let output = problem.output(table, relu: true)
        #expect(output.base[0].isNaN)
        #expect(!output.base[output.place(0, 0, 1)].isNaN)
        problem.outputGradient.base[5] = .nan
        for i in 0..<problem.mask.buffer.count { problem.mask.buffer.base[i] = 1 }
        let gradient = problem.inputGradient(table, masked: true)
        #expect(gradient.base[0].isNaN)
        #expect(!gradient.base[gradient.place(0, 0, 1)].isNaN)
    }

    @Test func `sizes follow from kernel, stride and padding`() {
        let shape = Self.square(7, 16, 16, 3, 2, 1).shape
        #expect((shape.outputHeight, shape.outputWidth) == (4, 4))
        #expect(shape.inputBorder == ImageBorder(top: 1, left: 1, bottom: 1, right: 1))
        #expect(shape.gradientBorder == ImageBorder(top: 0, left: 0, bottom: 0, right: 0))
        let same = Self.square(28, 1, 16, 5, 1, 2, dense: true).shape
        #expect(same.outputHeight == 28)
        #expect(same.gradientBorder == ImageBorder(top: 2, left: 2, bottom: 2, right: 2))
        #expect(same.inputBorder.union(ImageBorder(top: 3)) == ImageBorder(top: 3, left: 2, bottom: 2, right: 2))
        let layout = ImageLayout(height: 28, width: 28, pixelStride: 16, border: same.inputBorder)
        #expect(layout == ImageLayout(pixelStride: 16, rowStride: 32 * 16, sampleStride: 32 * 32 * 16))
        #expect(layout.origin(same.inputBorder) == 2 * 32 * 16 + 2 * 16)
    }
}

struct `Image copies and sums` {
    @Test(arguments: KernelTable.available + [.reference])
    func `copy into the inside of a border and out of it`(table: KernelTable) {
        for (channels, dense) in [(1, true), (3, true), (17, false), (16, false)] {
            var random = TestRandom(UInt64(channels))
            let border = ImageBorder(top: 2, left: 1, bottom: 0, right: 3)
            let source = Images(3, 5, 7, channels, dense: dense, random: &random)
            let bordered = Images(3, 5, 7, channels, dense: dense, border: border, value: canary, random: &random)
            let result = Images(3, 5, 7, channels, dense: dense, gap: 4, value: canary, random: &random)
            let expected = bordered.copy()
            for (sample, y, x, c) in source.places {
                expected.base[expected.place(sample, y, x) + c] = source.base[source.place(sample, y, x) + c]
            }
            for (from, to) in [(source, bordered), (bordered, result)] {
                table.copyImages(
                    ImageCopy(
                        batch: 3,
                        height: 5,
                        width: 7,
                        channels: source.channels,
                        source: from.base,
                        sourceLayout: from.layout,
                        destination: to.base,
                        destinationLayout: to.layout
                    )
                )
            }
            #expect(difference(bordered.buffer, expected.buffer) == nil)
            for (sample, y, x, c) in source.places {
                #expect(result[sample, y, x, c] == source[sample, y, x, c])
            }
        }
    }

    @Test(arguments: KernelTable.available + [.reference])
    func `copy some channels between pixel strides`(table: KernelTable) {
        var random = TestRandom(4)
        let source = Images(2, 3, 4, 48, random: &random)
        let destination = Images(2, 3, 4, 32, value: canary, random: &random)
        table.copyImages(
            ImageCopy(
                batch: 2,
                height: 3,
                width: 4,
                channels: 17,
                source: source.base,
                sourceLayout: source.layout,
                destination: destination.base,
                destinationLayout: destination.layout
            )
        )
        for (sample, y, x, c) in destination.places {
            #expect(destination[sample, y, x, c] == (c < 17 ? source[sample, y, x, c] : Double(canary)))
        }
    }

    @Test(arguments: [false, true], [ImageBorder(), ImageBorder(top: 1, left: 2)])
    func `add element by element with the reference's bits, in place too`(relu: Bool, border: ImageBorder) {
        var random = TestRandom(8)
        let left = Images(2, 3, 5, 17, random: &random)
        let right = Images(2, 3, 5, 17, border: border, random: &random)
        left.base[3] = .nan
        left.base[20] = -0.0
        right.base[right.place(0, 0, 1) + 4] = -0.0
        func result(_ table: KernelTable, _ output: Images, _ a: Images) -> Images {
            table.addImages(
                ImageSum(
                    batch: 2,
                    height: 3,
                    width: 5,
                    channels: 32,
                    left: a.base,
                    leftLayout: a.layout,
                    right: right.base,
                    rightLayout: right.layout,
                    output: output.base,
                    outputLayout: output.layout,
                    relu: relu
                )
            )
            return output
        }
        let expected = result(.reference, left.copy(), left)
        for (sample, y, x, c) in expected.places {
            let sum = Float(left[sample, y, x, c]) + Float(right[sample, y, x, c])
            let value = Float(expected[sample, y, x, c])
            #expect(sum.isNaN ? value.isNaN : value == (relu ? max(sum, 0) : sum))
        }
        for table in KernelTable.available {
            let apart = result(table, left.copy(), left)
            #expect(difference(apart.buffer, expected.buffer) == nil, "\(table.name)")
            let own = left.copy()
            #expect(difference(result(table, own, own).buffer, expected.buffer) == nil, "\(table.name)")
        }
    }
}
