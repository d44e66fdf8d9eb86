import KernelAPI
import SweepKernels
import Testing

/// A convolution with the max pooling behind it at once, against the reference that does one after the other.
struct PooledConvolutions {
    typealias Geometry = Convolutions.Geometry

    static let geometries: [Geometry] = [
        // Rows of one tile and of several, all sizes of tiles, all distances of pixels that have tiles.
        Convolutions.square(28, 1, 16, 3, 1, 1, batch: 3, dense: true),
        Convolutions.square(28, 1, 33, 3, 1, 0, batch: 2, dense: true),
        Convolutions.square(30, 1, 16, 3, 1, 1, batch: 2, dense: true),
        Convolutions.square(10, 1, 17, 3, 1, 1, batch: 3, dense: true),
        Convolutions.square(14, 1, 16, 5, 1, 2, batch: 2, dense: true),
        Convolutions.square(14, 16, 32, 3, 1, 1, batch: 2), Convolutions.square(18, 16, 17, 3, 1, 1, batch: 2),
        Convolutions.square(16, 17, 16, 3, 1, 1, batch: 2), Convolutions.square(9, 16, 16, 2, 1, 0, batch: 2),
        Convolutions.square(12, 64, 16, 1, 1, 0, batch: 2), Convolutions.square(8, 32, 48, 3, 1, 1),
        Geometry(batch: 2, height: 6, width: 12, inputs: 1, outputs: 16, kernelHeight: 3, kernelWidth: 3, dense: true),
        Geometry(batch: 2, height: 5, width: 11, inputs: 16, outputs: 16, kernelHeight: 2, kernelWidth: 4),
        // Rows too short for a tile, and the least image.
        Convolutions.square(6, 1, 16, 3, 1, 1, batch: 3, dense: true), Convolutions.square(4, 1, 17, 3, dense: true),
        // Pixels in no window, strides and distances of pixels without tiles.
        Convolutions.square(15, 1, 16, 3, 1, 1, batch: 2, dense: true), Convolutions.square(13, 16, 16, 3, 1, 1),
        Convolutions.square(20, 16, 16, 3, 2, 1), Convolutions.square(12, 3, 16, 3, 1, 1, batch: 2, dense: true),
        Convolutions.square(10, 33, 16, 3, 1, 1),
    ]

    /// One problem's windows, and what both passes read beside the convolution's.
    struct Problem {
        let convolution: Convolutions.Problem
        let pool: PoolShape
        let gradient: Images

        init(_ geometry: Geometry, window: Int) {
            convolution = Convolutions.Problem(geometry)
            let shape = convolution.shape
            pool = Pooling.shape(
                geometry.batch,
                shape.outputHeight,
                shape.outputWidth,
                geometry.outputs,
                (window, window),
                (2, 2)
            )
            var random = TestRandom(5)
            let values: [Float] = [-0.75, -0.0, 0, 0.5, 1]
            gradient = Images(
                geometry.batch,
                pool.outputHeight,
                pool.outputWidth,
                geometry.outputs,
                border: ImageBorder(left: 1, bottom: 1),
                random: &random
            )
            for (sample, y, x, c) in gradient.places where c < geometry.outputs {
                let place = gradient.place(sample, y, x) + c
                if random.below(2) == 0 { gradient.base[place] = values[random.below(values.count)] }
            }
        }

        /// Y and the codes; a NaN where none was written.
        func forward(_ table: KernelTable, relu: Bool, hasBias: Bool, hasCodes: Bool = true)
            -> (output: Images, codes: Fenced<Float>)
        {
            let shape = convolution.shape
            let between = Pooling.blank(shape.batch, shape.outputHeight, shape.outputWidth, shape.outputChannels)
            let output = Pooling.blank(shape.batch, pool.outputHeight, pool.outputWidth, shape.outputChannels)
            let codes = Fenced<Float>(pool.codeCount, repeating: canary)
            table.convolveAndPool(
                PooledConvolution(
                    convolution: Convolution(
                        shape: shape,
                        input: convolution.input.base,
                        inputLayout: convolution.input.layout,
                        weights: convolution.weights.base,
                        panelStride: convolution.panels.panelStride,
                        bias: hasBias ? UnsafePointer(convolution.bias.base) : nil,
                        output: between.base,
                        outputLayout: between.layout,
                        epilogue: relu ? .relu : .none
                    ),
                    pool: MaxPool(
                        shape: pool,
                        input: between.base,
                        inputLayout: between.layout,
                        output: output.base,
                        outputLayout: output.layout,
                        codes: hasCodes ? codes.base : nil
                    )
                )
            )
            return (output, codes)
        }

        /// The gradients by weights and bias, of parts of the batch one after another.
        func backward(
            _ table: KernelTable,
            _ windows: (output: Images, codes: Fenced<Float>),
            masked: Bool,
            parts: [Range<Int>]? = nil
        ) -> (weights: Fenced<Float>, bias: Fenced<Float>) {
            let shape = convolution.shape
            let weights = Fenced<Float>(convolution.panels.count, repeating: canary)
            let bias = Fenced<Float>(shape.outputChannels, repeating: canary)
            let between = Pooling.blank(shape.batch, shape.outputHeight, shape.outputWidth, shape.outputChannels)
            for (index, samples) in (parts ?? [0..<shape.batch]).enumerated() {
                var (shape, pool, before) = (shape, pool, pool)
                (shape.batch, pool.batch, before.batch) = (samples.count, samples.count, samples.lowerBound)
                let mask = windows.output.base + samples.lowerBound * windows.output.layout.sampleStride
                table.convolveAndPoolGradient(
                    PooledConvolutionGradient(
                        pool: MaxPoolGradient(
                            shape: pool,
                            outputGradient: gradient.base + samples.lowerBound * gradient.layout.sampleStride,
                            outputGradientLayout: gradient.layout,
                            codes: windows.codes.base + before.codeCount,
                            inputGradient: between.base,
                            inputGradientLayout: between.layout,
                            reluMask: masked ? UnsafePointer(mask) : nil,
                            reluMaskLayout: windows.output.layout
                        ),
                        weights: ConvolutionWeightGradient(
                            shape: shape,
                            input: convolution.input.base + samples.lowerBound * convolution.input.layout.sampleStride,
                            inputLayout: convolution.input.layout,
                            outputGradient: between.base,
                            outputGradientLayout: between.layout,
                            weightGradient: weights.base,
                            panelStride: convolution.panels.panelStride,
                            biasGradient: bias.base,
                            continues: index > 0
                        )
                    )
                )
            }
            return (weights, bias)
        }
    }

    @Test(arguments: geometries, [2, 3])
    func `have the reference's bits`(geometry: Geometry, window: Int) {
        let problem = Problem(geometry, window: window)
        for relu in [false, true] {
            let expected = problem.forward(.reference, relu: relu, hasBias: relu)
            let gradients = problem.backward(.reference, expected, masked: relu)
            for table in problem.convolution.tables() {
                let found = problem.forward(table, relu: relu, hasBias: relu)
                #expect(difference(found.output.buffer, expected.output.buffer) == nil, "\(table.name) relu \(relu)")
                #expect(difference(found.codes, expected.codes) == nil, "\(table.name) relu \(relu)")
                let alone = problem.forward(table, relu: relu, hasBias: relu, hasCodes: false)
                #expect(difference(alone.output.buffer, expected.output.buffer) == nil, "\(table.name) relu \(relu)")
                let back = problem.backward(table, expected, masked: relu)
                #expect(difference(back.weights, gradients.weights) == nil, "\(table.name) masked \(relu)")
                #expect(difference(back.bias, gradients.bias) == nil, "\(table.name) masked \(relu)")
            }
        }
    }

    @Test(arguments: geometries.filter { $0.batch > 1 })
    func `have the bits of a batch in the gradients of its parts, each going on`(geometry: Geometry) {
        let problem = Problem(geometry, window: 2)
        let windows = problem.forward(.reference, relu: true, hasBias: true)
        let whole = problem.backward(.reference, windows, masked: true)
        for table in problem.convolution.tables() {
            // Nothing is added by no samples.
            let parts = problem.backward(
                table,
                windows,
                masked: true,
                parts: [0..<1, 1..<geometry.batch, geometry.batch..<geometry.batch]
            )
            #expect(difference(parts.weights, whole.weights) == nil, "\(table.name)")
            #expect(difference(parts.bias, whole.bias) == nil, "\(table.name)")
        }
    }

    /// Products of zero gradients with what is not finite are not left out.
    @Test(arguments: [Float.nan, .infinity, -.infinity], [geometries[0], geometries[5]])
    func `carry what is not finite as the reference does`(value: Float, geometry: Geometry) {
        let problem = Problem(geometry, window: 2)
        problem.convolution.input.base[problem.convolution.input.place(1, 5, 5)] = value
        for relu in [false, true] {
            let expected = problem.forward(.reference, relu: relu, hasBias: true)
            let gradients = problem.backward(.reference, expected, masked: relu)
            for table in problem.convolution.tables() {
                let found = problem.forward(table, relu: relu, hasBias: true)
                #expect(difference(found.output.buffer, expected.output.buffer) == nil, "\(table.name) relu \(relu)")
                #expect(difference(found.codes, expected.codes) == nil, "\(table.name) relu \(relu)")
                let back = problem.backward(table, expected, masked: relu)
                #expect(difference(back.weights, gradients.weights) == nil, "\(table.name) masked \(relu)")
                #expect(difference(back.bias, gradients.bias) == nil, "\(table.name) masked \(relu)")
            }
        }
    }
}
