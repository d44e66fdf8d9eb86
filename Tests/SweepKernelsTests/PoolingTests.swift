import KernelAPI
import SweepKernels
import Testing

struct Pooling {
    static func shape(
        _ batch: Int,
        _ height: Int,
        _ width: Int,
        _ channels: Int,
        _ kernel: (Int, Int),
        _ stride: (Int, Int),
        _ padding: (Int, Int) = (0, 0)
    ) -> PoolShape {
        PoolShape(
            batch: batch,
            inputHeight: height,
            inputWidth: width,
            channels: paddedCount(channels),
            kernelHeight: kernel.0,
            kernelWidth: kernel.1,
            strideY: stride.0,
            strideX: stride.1,
            paddingY: padding.0,
            paddingX: padding.1
        )
    }

    static let shapes: [PoolShape] = [
        shape(3, 28, 28, 16, (2, 2), (2, 2)), shape(2, 7, 5, 17, (2, 2), (2, 2)), shape(1, 2, 2, 32, (2, 2), (2, 2)),
        shape(2, 7, 7, 32, (3, 3), (2, 2), (1, 1)), shape(1, 6, 9, 16, (3, 2), (1, 3)),
        shape(1, 1, 1, 16, (1, 1), (1, 1)), shape(3, 8, 8, 16, (2, 2), (3, 3)),
        shape(1, 5, 6, 16, (3, 5), (1, 2), (2, 4)),
        shape(2, 6, 6, 16, (2, 2), (2, 2), (1, 1)), PoolShape(globalOver: 3, height: 7, width: 5, channels: 48),
        shape(1, 3, 3, 16, (2, 2), (1, 1)),
    ]

    /// Values of few kinds, so that ties are frequent, both zeros among them.
    static func input(_ shape: PoolShape) -> Images {
        var random = TestRandom(UInt64(shape.inputHeight * 64 + shape.kernelWidth))
        let values: [Float] = [-1, -0.0, 0, 0.5, 1, 3]
        let images = Images(
            shape.batch,
            shape.inputHeight,
            shape.inputWidth,
            shape.channels,
            border: ImageBorder(left: 1, bottom: 1),
            random: &random
        )
        for (sample, y, x, c) in images.places {
            images.base[images.place(sample, y, x) + c] = values[random.below(values.count)]
        }
        return images
    }

    /// A batch in which every element inside is a NaN and everything else a canary.
    static func blank(_ batch: Int, _ height: Int, _ width: Int, _ channels: Int) -> Images {
        var random = TestRandom(1)
        let border = ImageBorder(top: 1, right: 1)
        let images = Images(batch, height, width, channels, border: border, gap: 16, value: .nan, random: &random)
        for i in 0..<images.buffer.count where images.buffer.base[i] == 0 { images.buffer.base[i] = canary }
        return images
    }

    static func max(_ table: KernelTable, _ shape: PoolShape, _ input: Images) -> (output: Images, codes: Fenced<Float>)
    {
        let output = blank(shape.batch, shape.outputHeight, shape.outputWidth, shape.channels)
        let codes = Fenced<Float>(shape.codeCount, repeating: canary)
        table.poolMax(
            MaxPool(
                shape: shape,
                input: input.base,
                inputLayout: input.layout,
                output: output.base,
                outputLayout: output.layout,
                codes: codes.base
            )
        )
        return (output, codes)
    }

    static func maxGradient(
        _ table: KernelTable,
        _ shape: PoolShape,
        _ gradient: Images,
        _ codes: Fenced<Float>,
        mask: Images? = nil
    ) -> Images {
        let result = blank(shape.batch, shape.inputHeight, shape.inputWidth, shape.channels)
        table.poolMaxGradient(
            MaxPoolGradient(
                shape: shape,
                outputGradient: gradient.base,
                outputGradientLayout: gradient.layout,
                codes: codes.base,
                inputGradient: result.base,
                inputGradientLayout: result.layout,
                reluMask: mask.map { UnsafePointer($0.base) },
                reluMaskLayout: mask?.layout ?? ImageLayout(rowsOf: 0)
            )
        )
        return result
    }

    static func average(_ table: KernelTable, _ shape: PoolShape, _ input: Images, countsPadding: Bool) -> Images {
        let output = blank(shape.batch, shape.outputHeight, shape.outputWidth, shape.channels)
        table.poolAverage(
            AveragePool(
                shape: shape,
                countsPadding: countsPadding,
                input: input.base,
                inputLayout: input.layout,
                output: output.base,
                outputLayout: output.layout
            )
        )
        return output
    }

    static func averageGradient(
        _ table: KernelTable,
        _ shape: PoolShape,
        _ gradient: Images,
        countsPadding: Bool,
        mask: Images? = nil
    ) -> Images {
        let result = blank(shape.batch, shape.inputHeight, shape.inputWidth, shape.channels)
        table.poolAverageGradient(
            AveragePoolGradient(
                shape: shape,
                countsPadding: countsPadding,
                outputGradient: gradient.base,
                outputGradientLayout: gradient.layout,
                inputGradient: result.base,
                inputGradientLayout: result.layout,
                reluMask: mask.map { UnsafePointer($0.base) },
                reluMaskLayout: mask?.layout ?? ImageLayout(rowsOf: 0)
            )
        )
        return result
    }

    @Test(arguments: KernelTable.available + [.reference])
    func `of maxima gives a winner its gradient where the ReLU passed it, a NaN too`(table: KernelTable) {
        for (kernel, stride) in [(2, 2), (3, 1)] {
            let shape = Self.shape(1, 4, 4, 16, (kernel, kernel), (stride, stride))
            let input = Self.input(shape)
            for (sample, y, x, c) in input.places where c < 3 {
                input.base[input.place(sample, y, x) + c] = [-0.0, 0.25, .nan][c]
            }
            let gradient = Self.gradient(shape)
            for (sample, y, x, c) in gradient.places where c < 3 {
                gradient.base[gradient.place(sample, y, x) + c] = 1
            }
            let (output, codes) = Self.max(table, shape, input)
            let masked = Self.maxGradient(table, shape, gradient, codes, mask: output)
            var sums = [0.0, 0, 0]
            for (sample, y, x, c) in masked.places where c < 3 { sums[c] += masked[sample, y, x, c] }
            let windows = Double(shape.outputHeight * shape.outputWidth)
            #expect(sums == [0, windows, windows])
        }
    }

    static func gradient(_ shape: PoolShape) -> Images {
        var random = TestRandom(UInt64(shape.inputWidth))
        let gradient = Images(shape.batch, shape.outputHeight, shape.outputWidth, shape.channels, random: &random)
        gradient.base[1] = -0.0
        return gradient
    }

    @Test(arguments: shapes)
    func `has the reference's bits`(shape: PoolShape) {
        let (input, gradient) = (Self.input(shape), Self.gradient(shape))
        let expected = Self.max(.reference, shape, input)
        for table in KernelTable.available {
            let found = Self.max(table, shape, input)
            #expect(difference(found.output.buffer, expected.output.buffer) == nil, "\(table.name)")
            #expect(difference(found.codes, expected.codes) == nil, "\(table.name)")
            for mask in [nil, expected.output] {
                let back = Self.maxGradient(table, shape, gradient, expected.codes, mask: mask)
                let reference = Self.maxGradient(.reference, shape, gradient, expected.codes, mask: mask)
                #expect(difference(back.buffer, reference.buffer) == nil, "\(table.name)")
            }
            for counts in [false, true] {
                let average = Self.average(table, shape, input, countsPadding: counts)
                let plain = Self.average(.reference, shape, input, countsPadding: counts)
                #expect(difference(average.buffer, plain.buffer) == nil, "\(table.name)")
                let back = Self.averageGradient(table, shape, gradient, countsPadding: counts, mask: input)
                let reference = Self.averageGradient(.reference, shape, gradient, countsPadding: counts, mask: input)
                #expect(difference(back.buffer, reference.buffer) == nil, "\(table.name)")
            }
        }
    }

    /// The taps of a window inside the image, written as its definition says.
    static func window(_ shape: PoolShape, _ oy: Int, _ ox: Int) -> [(code: Int, y: Int, x: Int)] {
        (0..<(shape.kernelHeight * shape.kernelWidth)).compactMap { code in
            let y = oy * shape.strideY + code / shape.kernelWidth - shape.paddingY
            let x = ox * shape.strideX + code % shape.kernelWidth - shape.paddingX
            let inside = (0..<shape.inputHeight).contains(y) && (0..<shape.inputWidth).contains(x)
            return inside ? (code, y, x) : nil
        }
    }

    @Test(arguments: shapes)
    func `of maxima takes the first largest pixel and gives it the gradient`(shape: PoolShape) {
        let (input, gradient) = (Self.input(shape), Self.gradient(shape))
        let (output, codes) = Self.max(.reference, shape, input)
        var expected: [Int: Double] = [:]
        var number = 0
        for (sample, oy, ox, c) in output.places {
            let taps = Self.window(shape, oy, ox)
            let largest = taps.map { input[sample, $0.y, $0.x, c] }.max()!
            let winner = taps.first { input[sample, $0.y, $0.x, c] == largest }!
            #expect(output[sample, oy, ox, c] == largest)
            #expect(codes.base[number] == Float(winner.code))
            expected[input.place(sample, winner.y, winner.x) + c, default: 0] += gradient[sample, oy, ox, c]
            number += 1
        }
        let found = Self.maxGradient(.reference, shape, gradient, codes)
        // A mask of the winners is a mask of the pixels.
        let masked = Self.maxGradient(.reference, shape, gradient, codes, mask: output)
        // At most one addition for each window that holds a pixel, of values below 1.
        let windows = Double(shape.kernelHeight * shape.kernelWidth)
        for (sample, y, x, c) in found.places {
            let exact = expected[input.place(sample, y, x) + c] ?? 0
            #expect(abs(found[sample, y, x, c] - exact) <= windows * windows * 0x1p-24)
            #expect(masked[sample, y, x, c] == (input[sample, y, x, c] > 0 ? found[sample, y, x, c] : 0))
        }
    }

    /// The gradient is the adjoint: ⟨dY, pool(X)⟩ = ⟨dX, X⟩, each side within the rounding of a chain of a window and
    /// one product.
    @Test(arguments: shapes, [false, true])
    func `of averages is the mean of the window and its gradient the adjoint`(shape: PoolShape, countsPadding: Bool) {
        let (input, gradient) = (Self.input(shape), Self.gradient(shape))
        let output = Self.average(.reference, shape, input, countsPadding: countsPadding)
        let taps = Double(shape.kernelHeight * shape.kernelWidth)
        for (sample, oy, ox, c) in output.places {
            let window = Self.window(shape, oy, ox)
            let sum = window.reduce(0.0) { $0 + input[sample, $1.y, $1.x, c] }
            let count = countsPadding ? taps : Double(window.count)
            #expect(abs(output[sample, oy, ox, c] - sum / count) <= 3 * (taps + 2) * 0x1p-24)
        }
        let back = Self.averageGradient(.reference, shape, gradient, countsPadding: countsPadding)
        let (forward, backward) = (gradient.dot(output), back.dot(input))
        // Values are at most 3, gradients below 1 and a pixel is in at most so many windows.
        let size = 3 * taps * Double(output.batch * output.height * output.width * output.channels)
        #expect(abs(forward.sum - backward.sum) <= size * (taps + 2) * 0x1p-24)
        #expect(forward.size > 0)
    }

    @Test(arguments: KernelTable.available + [.reference])
    func `of maxima keeps a NaN and gives it the gradient`(table: KernelTable) {
        for (kernel, stride) in [(2, 2), (3, 1)] {
            let shape = Self.shape(1, 4, 4, 16, (kernel, kernel), (stride, stride))
            for place in 0..<2 {
                let input = Self.input(shape)
                input.base[input.place(0, place, 1) + 2] = .nan
                let (output, codes) = Self.max(table, shape, input)
                #expect(output.base[2].isNaN)
                #expect(codes.base[2] == Float(place * kernel + 1))
                #expect(!output.base[3].isNaN)
            }
        }
    }

    @Test(arguments: KernelTable.available + [.reference])
    func `does without codes in an evaluation and leaves borders and gaps alone`(table: KernelTable) {
        let shape = Self.shape(2, 5, 5, 16, (2, 2), (2, 2))
        let input = Self.input(shape)
        let (output, codes) = Self.max(table, shape, input)
        let other = Self.blank(2, 2, 2, 16)
        table.poolMax(
            MaxPool(
                shape: shape,
                input: input.base,
                inputLayout: input.layout,
                output: other.base,
                outputLayout: other.layout,
                codes: nil
            )
        )
        #expect(difference(other.buffer, output.buffer) == nil)
        let gradient = Self.maxGradient(table, shape, Self.gradient(shape), codes)
        for images in [output, gradient] {
            var inside = Set<Int>()
            let origin = images.layout.origin(images.border)
            for (sample, y, x, c) in images.places {
                inside.insert(origin + images.place(sample, y, x) + c)
                #expect(images[sample, y, x, c].isFinite)
            }
            for i in 0..<images.buffer.count where !inside.contains(i) { #expect(images.buffer.base[i] == canary) }
        }
    }
}
