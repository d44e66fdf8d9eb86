import KernelAPI
import SweepKernels
import Testing

/// A batch of images, or the rows of a matrix, to be normalised.
struct NormalizationShape: CustomTestStringConvertible, Sendable {
    var batch, height, width, channels: Int

    var testDescription: String { "\(batch) x \(height)x\(width)x\(channels)" }
    var pixels: Int { batch * height * width }
    var features: Int { height * width * channels }
    /// Elements of a gain over features, padding included.
    var padded: Int { height * width * paddedCount(channels) }

    func images(scale: Float, offset: Float, seed: UInt64, border: ImageBorder = ImageBorder()) -> Images {
        var random = TestRandom(seed)
        let images = Images(batch, height, width, channels, border: border, gap: 16, random: &random)
        for (sample, y, x, c) in images.places {
            if c < channels { images.base[images.place(sample, y, x) + c] *= scale }
            if c < channels { images.base[images.place(sample, y, x) + c] += offset }
        }
        return images
    }

    /// Values for every feature, zero in the padding of each pixel.
    func values(offset: Float, seed: UInt64) -> Fenced<Float> {
        var random = TestRandom(seed)
        let values = Fenced<Float>(padded, repeating: 0)
        for i in 0..<padded where i % paddedCount(channels) < channels { values.base[i] = random.signed() + offset }
        return values
    }
}

struct `Batch normalisation` {
    static let shapes = [
        NormalizationShape(batch: 1, height: 1, width: 1, channels: 16),
        NormalizationShape(batch: 1, height: 1, width: 600, channels: 17),
        NormalizationShape(batch: 3, height: 5, width: 7, channels: 32),
        NormalizationShape(batch: 2, height: 2, width: 258, channels: 1),
        NormalizationShape(batch: 4, height: 1, width: 2, channels: 48),
    ]
    static let epsilon: Float = 1e-5

    /// One pass's results.
    struct Pass {
        let output: Images
        let mean, inverse, runningMean, runningVariance: Fenced<Float>
    }

    /// One shape's parameters, the same for every table.
    struct Problem {
        let shape: NormalizationShape
        let input, gradient: Images
        let gain, shift: Fenced<Float>
        let columns: Int

        init(_ shape: NormalizationShape) {
            self.shape = shape
            columns = paddedCount(shape.channels)
            var random = TestRandom(3)
            let border = ImageBorder(top: 1, left: 1)
            input = shape.images(scale: 2, offset: 3, seed: UInt64(shape.pixels), border: border)
            gradient = shape.images(scale: 1, offset: 0.25, seed: 77)
            gain = Fenced(padded: shape.channels, offset: 1.5, random: &random)
            shift = Fenced(padded: shape.channels, random: &random)
        }

        func forward(_ table: KernelTable, relu: Bool = false, inPlace: Bool = false) -> Pass {
            forward(relu: relu, inPlace: inPlace) { table.normalizeBatch($0) }
        }

        /// What `compute` makes of the arguments for the whole batch.
        func forward(relu: Bool, inPlace: Bool = false, _ compute: (BatchNormalization) -> Void) -> Pass {
            let input = input.copy()
            let output = inPlace ? input : gradient.copy()
            let pass = Pass(
                output: output,
                mean: Fenced(columns, repeating: canary),
                inverse: Fenced(columns, repeating: canary),
                runningMean: Fenced(columns, repeating: 0.5),
                runningVariance: Fenced(columns, repeating: 2)
            )
            withExtendedLifetime(input) {
                compute(
                    BatchNormalization(
                        batch: shape.batch,
                        height: shape.height,
                        width: shape.width,
                        channels: columns,
                        input: input.base,
                        inputLayout: input.layout,
                        gain: gain.base,
                        shift: shift.base,
                        epsilon: epsilon,
                        momentum: 0.1,
                        mean: pass.mean.base,
                        inverseDeviation: pass.inverse.base,
                        runningMean: pass.runningMean.base,
                        runningVariance: pass.runningVariance.base,
                        output: output.base,
                        outputLayout: output.layout,
                        relu: relu
                    )
                )
            }
            return pass
        }

        func evaluated(_ table: KernelTable, _ pass: Pass, relu: Bool = false) -> Images {
            let output = gradient.copy()
            table.normalizeBatchEvaluation(
                BatchNormalizationEvaluation(
                    batch: shape.batch,
                    height: shape.height,
                    width: shape.width,
                    channels: columns,
                    input: input.base,
                    inputLayout: input.layout,
                    gain: gain.base,
                    shift: shift.base,
                    runningMean: pass.runningMean.base,
                    runningVariance: pass.runningVariance.base,
                    epsilon: epsilon,
                    output: output.base,
                    outputLayout: output.layout,
                    relu: relu
                )
            )
            return output
        }

        typealias Gradients = (dx: Images, gain: Fenced<Float>, shift: Fenced<Float>)

        func backward(
            _ table: KernelTable,
            _ pass: Pass,
            of gradient: Images? = nil,
            mask: Images? = nil,
            inPlace: Bool = false
        ) -> Gradients {
            backward(pass, of: gradient, mask: mask, inPlace: inPlace) { table.normalizeBatchGradient($0) }
        }

        /// What `compute` makes of the arguments for the whole batch; in place dx takes dy's.
        func backward(
            _ pass: Pass,
            of other: Images? = nil,
            mask: Images?,
            inPlace: Bool = false,
            _ compute: (BatchNormalizationGradient) -> Void
        ) -> Gradients {
            let dy = (other ?? gradient).copy()
            let dx = inPlace ? dy : input.copy()
            let (dGain, dShift) = (Fenced<Float>(columns, repeating: 9), Fenced<Float>(columns, repeating: 9))
            withExtendedLifetime((dy, mask)) {
                compute(
                    BatchNormalizationGradient(
                        batch: shape.batch,
                        height: shape.height,
                        width: shape.width,
                        channels: columns,
                        input: input.base,
                        inputLayout: input.layout,
                        outputGradient: dy.base,
                        outputGradientLayout: dy.layout,
                        gain: gain.base,
                        mean: pass.mean.base,
                        inverseDeviation: pass.inverse.base,
                        gainGradient: dGain.base,
                        shiftGradient: dShift.base,
                        inputGradient: dx.base,
                        inputGradientLayout: dx.layout,
                        reluMask: mask.map { Floats($0.base) },
                        reluMaskLayout: (mask ?? dy).layout
                    )
                )
            }
            return (dx, dGain, dShift)
        }
    }

    @Test(arguments: shapes)
    func `has the reference's bits`(shape: NormalizationShape) {
        let problem = Problem(shape)
        let expected = problem.forward(.reference)
        let back = problem.backward(.reference, expected)
        for table in KernelTable.available {
            for inPlace in [false, true] {
                let found = problem.forward(table, inPlace: inPlace)
                let reference = problem.forward(.reference, inPlace: inPlace)
                #expect(difference(found.output.buffer, reference.output.buffer) == nil, "\(table.name)")
                #expect(difference(found.mean, expected.mean) == nil, "\(table.name)")
                #expect(difference(found.inverse, expected.inverse) == nil, "\(table.name)")
                #expect(difference(found.runningMean, expected.runningMean) == nil, "\(table.name)")
                #expect(difference(found.runningVariance, expected.runningVariance) == nil, "\(table.name)")
            }
            for relu in [false, true] {
                let rectified = problem.forward(table, relu: relu).output.buffer
                #expect(difference(rectified, problem.forward(.reference, relu: relu).output.buffer) == nil)
                let evaluated = problem.evaluated(table, expected, relu: relu)
                let reference = problem.evaluated(.reference, expected, relu: relu)
                #expect(difference(evaluated.buffer, reference.buffer) == nil, "\(table.name)")
            }
            let found = problem.backward(table, expected)
            #expect(difference(found.dx.buffer, back.dx.buffer) == nil, "\(table.name)")
            #expect(difference(found.gain, back.gain) == nil, "\(table.name)")
            #expect(difference(found.shift, back.shift) == nil, "\(table.name)")
        }
    }

    /// Two passes over the images, as a ReLU of its own makes them, against one.
    @Test(arguments: shapes)
    func `with a ReLU has the bits of a normalisation and a ReLU after it`(shape: NormalizationShape) {
        let problem = Problem(shape)
        for table in KernelTable.available + [.reference] {
            let (plain, rectified) = (problem.forward(table), problem.forward(table, relu: true))
            let (after, masked) = (plain.output.copy(), problem.gradient.copy())
            for (sample, y, x, c) in after.places {
                let place = after.place(sample, y, x) + c
                if after.base[place] <= 0 { (after.base[place], masked.base[place]) = (0, 0) }
            }
            #expect(difference(rectified.output.buffer, after.buffer) == nil, "\(table.name)")
            #expect(difference(rectified.mean, plain.mean) == nil, "\(table.name)")
            #expect(difference(rectified.inverse, plain.inverse) == nil, "\(table.name)")
            for inPlace in [false, true] {
                let expected = problem.backward(table, plain, of: masked, inPlace: inPlace)
                let found = problem.backward(table, plain, mask: rectified.output, inPlace: inPlace)
                #expect(difference(found.dx.buffer, expected.dx.buffer) == nil, "\(table.name), \(inPlace)")
                #expect(difference(found.gain, expected.gain) == nil, "\(table.name)")
                #expect(difference(found.shift, expected.shift) == nil, "\(table.name)")
                guard shape.pixels > 30 else { continue }
                // A mask of so many pixels leaves something out.
                let all = problem.backward(table, plain, inPlace: inPlace)
                #expect(difference(all.gain, expected.gain) != nil && difference(all.shift, expected.shift) != nil)
            }
        }
    }

    /// The sums of parts in order, what needs the whole batch, then each part, from the last to the first.
    @Test(arguments: shapes.filter { $0.batch > 1 }, [1, 2])
    func `parts have the bits of the whole batch`(shape: NormalizationShape, samples: Int) {
        let problem = Problem(shape)
        let parts = stride(from: 0, to: shape.batch, by: samples).map { $0..<min($0 + samples, shape.batch) }
        for table in KernelTable.available + [.reference] {
            let expected = problem.forward(table, relu: true)
            let found = problem.forward(relu: true) { whole in
                func part(_ range: Range<Int>, _ pass: BatchNormalization.Pass) {
                    var part = whole
                    part.batch = range.count
                    part.input += range.lowerBound * whole.inputLayout.sampleStride
                    part.output += range.lowerBound * whole.outputLayout.sampleStride
                    part.pass = pass
                    table.normalizeBatch(part)
                }
                for range in parts { part(range, .sums(continues: range.lowerBound > 0)) }
                part(0..<shape.batch, .moments)
                for range in parts.reversed() { part(range, .outputs) }
            }
            #expect(difference(found.output.buffer, expected.output.buffer) == nil, "\(table.name)")
            #expect(difference(found.mean, expected.mean) == nil, "\(table.name)")
            #expect(difference(found.inverse, expected.inverse) == nil, "\(table.name)")
            #expect(difference(found.runningMean, expected.runningMean) == nil, "\(table.name)")
            #expect(difference(found.runningVariance, expected.runningVariance) == nil, "\(table.name)")
            for mask in [expected.output, nil] {
                let expectedBack = problem.backward(table, expected, mask: mask, inPlace: true)
                let back = problem.backward(expected, mask: mask, inPlace: true) { whole in
                    func part(_ range: Range<Int>, _ pass: BatchNormalizationGradient.Pass) {
                        var part = whole
                        part.batch = range.count
                        part.input += range.lowerBound * whole.inputLayout.sampleStride
                        part.outputGradient += range.lowerBound * whole.outputGradientLayout.sampleStride
                        part.inputGradient = whole.inputGradient.map {
                            $0 + range.lowerBound * whole.inputGradientLayout.sampleStride
                        }
                        part.reluMask = whole.reluMask.map {
                            $0 + range.lowerBound * whole.reluMaskLayout.sampleStride
                        }
                        part.pass = pass
                        table.normalizeBatchGradient(part)
                    }
                    for range in parts { part(range, .sums(continues: range.lowerBound > 0)) }
                    for range in parts.reversed() { part(range, .inputGradient(pixels: shape.pixels)) }
                }
                #expect(difference(back.dx.buffer, expectedBack.dx.buffer) == nil, "\(table.name)")
                #expect(difference(back.gain, expectedBack.gain) == nil, "\(table.name)")
                #expect(difference(back.shift, expectedBack.shift) == nil, "\(table.name)")
            }
        }
    }

    /// Values are between 1 and 5, so a sum over N of them errs by less than 5N · d · 2⁻²⁴ where d, the depth of the tree, is
    /// below N + 6; deviations are below 4, and 1/√ halves the relative error of what is under it.
    @Test(arguments: shapes)
    func `agrees with the formulas in float64`(shape: NormalizationShape) {
        let problem = Problem(shape)
        let pass = problem.forward(.reference)
        let back = problem.backward(.reference, pass)
        let evaluated = problem.evaluated(.reference, pass)
        let n = Double(shape.pixels)
        // The deepest chain: a quarter of a run, the runs of an image, the images.
        let runs = shape.height * ((shape.width + 255) / 256)
        let depth = Double(min(shape.width, 256) / 4 + 4 + runs + shape.batch)
        let unit = depth * 0x1p-24
        for c in 0..<problem.columns {
            var values: [Double] = []
            var gradients: [Double] = []
            for (sample, y, x, channel) in problem.input.places {
                guard channel == c else { continue }
                values.append(problem.input[sample, y, x, c])
                gradients.append(problem.gradient[sample, y, x, c])
            }
            let mean = values.reduce(0, +) / n
            let squares = values.reduce(0.0) { $0 + ($1 - mean) * ($1 - mean) }
            let inverse = 1 / (squares / n + Double(Self.epsilon)).squareRoot()
            #expect(abs(Double(pass.mean.base[c]) - mean) <= 5 * (unit + 0x1p-22))
            // The mean's error e adds e² to the variance; relative errors of a square root are half as large.
            let error = inverse * (unit + 0x1p-21) + inverse * inverse * inverse * 25 * unit * unit
            #expect(abs(Double(pass.inverse.base[c]) - inverse) <= error)
            let (momentum, unbiased) = (Double(Float(0.1)), squares / max(1, n - 1))
            #expect(abs(Double(pass.runningMean.base[c]) - (0.5 + momentum * (mean - 0.5))) <= unit + 0x1p-20)
            #expect(
                abs(Double(pass.runningVariance.base[c]) - (2 + momentum * (unbiased - 2)))
                    <= (1 + unbiased) * (unit + 0x1p-20)
            )
            let (gain, shift) = (Double(problem.gain.base[c]), Double(problem.shift.base[c]))
            let normalized = values.map { ($0 - mean) * inverse }
            let dGain = zip(gradients, normalized).reduce(0.0) { $0 + $1.0 * $1.1 }
            let dShift = gradients.reduce(0, +)
            // One pixel has no deviation: its inverse is 1/√ε, and errors of the mean count that much.
            let slack = (unit + 0x1p-20) * 8 * max(1, inverse)
            #expect(abs(Double(back.gain.base[c]) - dGain) <= n * 2 * slack)
            #expect(abs(Double(back.shift.base[c]) - dShift) <= n * 2 * unit)
            var i = 0
            for (sample, y, x, channel) in problem.input.places {
                guard channel == c else { continue }
                let y0 = normalized[i] * gain + shift
                #expect(abs(pass.output[sample, y, x, c] - y0) <= 3 * slack)
                let running = Double(pass.runningVariance.base[c]) + Double(Self.epsilon)
                let e = (values[i] - Double(pass.runningMean.base[c])) / running.squareRoot() * gain + shift
                #expect(abs(evaluated[sample, y, x, c] - e) <= 16 * 0x1p-22)
                let dx = gain * inverse * (gradients[i] - dShift / n - normalized[i] * dGain / n)
                #expect(abs(back.dx[sample, y, x, c] - dx) <= abs(gain * inverse) * 12 * slack)
                i += 1
            }
        }
        for c in shape.channels..<problem.columns {
            #expect(pass.output[0, 0, 0, c] == 0 && back.dx[0, 0, 0, c] == 0 && evaluated[0, 0, 0, c] == 0)
        }
    }

    /// A central difference of L = Σ dy · y in float64, with h = 2⁻¹⁰; its error is below h² times the third derivative,
    /// which deviations near 1 keep below 100 times the largest term.
    @Test func `has the gradient of its outputs`() {
        let shape = NormalizationShape(batch: 2, height: 3, width: 2, channels: 3)
        let problem = Problem(shape)
        let pass = problem.forward(.reference)
        let back = problem.backward(.reference, pass)
        let n = Double(shape.pixels)
        func loss(_ c: Int, _ values: [Double], _ gradients: [Double]) -> Double {
            let mean = values.reduce(0, +) / n
            let variance = values.reduce(0.0) { $0 + ($1 - mean) * ($1 - mean) } / n
            let scale = Double(problem.gain.base[c]) / (variance + Double(Self.epsilon)).squareRoot()
            return zip(values, gradients).reduce(0.0) { $0 + ($1.0 - mean) * scale * $1.1 }
        }
        for c in 0..<3 {
            var (values, gradients, found) = ([Double](), [Double](), [Double]())
            for (sample, y, x, channel) in problem.input.places {
                guard channel == c else { continue }
                values.append(problem.input[sample, y, x, c])
                gradients.append(problem.gradient[sample, y, x, c])
                found.append(back.dx[sample, y, x, c])
            }
            let h = 0x1p-10
            for i in values.indices {
                var (above, below) = (values, values)
                above[i] += h
                below[i] -= h
                let numeric = (loss(c, above, gradients) - loss(c, below, gradients)) / (2 * h)
                #expect(abs(found[i] - numeric) < 100 * h * h)
            }
        }
    }

    /// The same of L = Σ dy · max(y, 0); where the halves of a difference disagree, a kink lies between, and those are left out.
    @Test func `has the gradient of its outputs with a ReLU`() {
        let shape = NormalizationShape(batch: 2, height: 3, width: 2, channels: 3)
        let problem = Problem(shape)
        let pass = problem.forward(.reference, relu: true)
        let back = problem.backward(.reference, pass, mask: pass.output)
        let n = Double(shape.pixels)
        func loss(_ c: Int, _ values: [Double], _ gradients: [Double]) -> Double {
            let mean = values.reduce(0, +) / n
            let variance = values.reduce(0.0) { $0 + ($1 - mean) * ($1 - mean) } / n
            let scale = Double(problem.gain.base[c]) / (variance + Double(Self.epsilon)).squareRoot()
            let shift = Double(problem.shift.base[c])
            return zip(values, gradients).reduce(0.0) { $0 + max(0, ($1.0 - mean) * scale + shift) * $1.1 }
        }
        var (compared, masked) = (0, 0)
        for c in 0..<3 {
            var (values, gradients, found) = ([Double](), [Double](), [Double]())
            for (sample, y, x, channel) in problem.input.places {
                guard channel == c else { continue }
                values.append(problem.input[sample, y, x, c])
                gradients.append(problem.gradient[sample, y, x, c])
                found.append(back.dx[sample, y, x, c])
                if pass.output[sample, y, x, c] == 0 { masked += 1 }
            }
            let h = 0x1p-10
            for i in values.indices {
                func moved(_ distance: Double) -> Double {
                    var moved = values
                    moved[i] += distance
                    return loss(c, moved, gradients)
                }
                let (up, middle, down) = (moved(h), moved(0), moved(-h))
                // Twice the mean curvature times h: beyond 100 · h it is no curvature.
                guard abs(up - 2 * middle + down) / h < 100 * h else { continue }
                compared += 1
                #expect(abs(found[i] - (up - down) / (2 * h)) < 100 * h * h)
            }
        }
        #expect(compared >= 24 && masked > 0, "\(compared) of 36, \(masked) masked")
    }

    @Test(arguments: KernelTable.available + [.reference])
    func `may leave out the gradient of its inputs`(table: KernelTable) {
        let problem = Problem(Self.shapes[2])
        let pass = problem.forward(table)
        let (gain, shift) = (Fenced<Float>(32, repeating: 9), Fenced<Float>(32, repeating: 9))
        table.normalizeBatchGradient(
            BatchNormalizationGradient(
                batch: 3,
                height: 5,
                width: 7,
                channels: 32,
                input: problem.input.base,
                inputLayout: problem.input.layout,
                outputGradient: problem.gradient.base,
                outputGradientLayout: problem.gradient.layout,
                gain: problem.gain.base,
                mean: pass.mean.base,
                inverseDeviation: pass.inverse.base,
                gainGradient: gain.base,
                shiftGradient: shift.base,
                inputGradient: nil,
                inputGradientLayout: problem.input.layout
            )
        )
        let expected = problem.backward(table, pass)
        #expect(difference(gain, expected.gain) == nil)
        #expect(difference(shift, expected.shift) == nil)
    }
}
