import KernelAPI
import SweepKernels
import Testing

struct `Layer normalisation` {
    static let shapes = [
        NormalizationShape(batch: 3, height: 1, width: 1, channels: 1),
        NormalizationShape(batch: 5, height: 1, width: 1, channels: 40),
        NormalizationShape(batch: 2, height: 1, width: 1, channels: 256),
        NormalizationShape(batch: 3, height: 5, width: 7, channels: 17),
        NormalizationShape(batch: 2, height: 4, width: 3, channels: 32),
        NormalizationShape(batch: 1, height: 28, width: 28, channels: 3),
    ]
    static let epsilon: Float = 1e-5

    /// One shape's parameters and the passes over them.
    struct Problem {
        let shape: NormalizationShape
        let input, gradient: Images
        let gain, shift: Fenced<Float>

        init(_ shape: NormalizationShape) {
            self.shape = shape
            input = shape.images(scale: 2, offset: 3, seed: 5, border: ImageBorder(left: 1, right: 1))
            gradient = shape.images(scale: 1, offset: 0.25, seed: 6)
            gain = shape.values(offset: 1.5, seed: 7)
            shift = shape.values(offset: 0, seed: 8)
        }

        func forward(_ table: KernelTable, inPlace: Bool = false) -> (
            output: Images, means: Fenced<Float>, inverses: Fenced<Float>
        ) {
            let input = input.copy()
            let output = inPlace ? input : gradient.copy()
            let means = Fenced<Float>(shape.batch, repeating: canary)
            let inverses = Fenced<Float>(shape.batch, repeating: canary)
            table.normalizeLayer(
                LayerNormalization(
                    batch: shape.batch,
                    height: shape.height,
                    width: shape.width,
                    channels: shape.channels,
                    input: input.base,
                    inputLayout: input.layout,
                    gain: gain.base,
                    shift: shift.base,
                    epsilon: epsilon,
                    means: means.base,
                    inverseDeviations: inverses.base,
                    output: output.base,
                    outputLayout: output.layout
                )
            )
            return (output, means, inverses)
        }

        func backward(_ table: KernelTable, _ means: Fenced<Float>, _ inverses: Fenced<Float>) -> (
            dx: Images, gain: Fenced<Float>, shift: Fenced<Float>
        ) {
            let dx = input.copy()
            let (dGain, dShift) = (Fenced<Float>(shape.padded, repeating: 9), Fenced<Float>(shape.padded, repeating: 9))
            table.normalizeLayerGradient(
                LayerNormalizationGradient(
                    batch: shape.batch,
                    height: shape.height,
                    width: shape.width,
                    channels: shape.channels,
                    input: input.base,
                    inputLayout: input.layout,
                    outputGradient: gradient.base,
                    outputGradientLayout: gradient.layout,
                    gain: gain.base,
                    means: means.base,
                    inverseDeviations: inverses.base,
                    gainGradient: dGain.base,
                    shiftGradient: dShift.base,
                    inputGradient: dx.base,
                    inputGradientLayout: dx.layout
                )
            )
            return (dx, dGain, dShift)
        }
    }

    @Test(arguments: shapes)
    func `has the reference's bits`(shape: NormalizationShape) {
        let problem = Problem(shape)
        let (_, means, inverses) = problem.forward(.reference)
        let back = problem.backward(.reference, means, inverses)
        for table in KernelTable.available {
            for inPlace in [false, true] {
                let (found, reference) = (
                    problem.forward(table, inPlace: inPlace), problem.forward(.reference, inPlace: inPlace)
                )
                #expect(difference(found.output.buffer, reference.output.buffer) == nil, "\(table.name)")
                #expect(difference(found.means, means) == nil, "\(table.name)")
                #expect(difference(found.inverses, inverses) == nil, "\(table.name)")
            }
            let found = problem.backward(table, means, inverses)
            #expect(difference(found.dx.buffer, back.dx.buffer) == nil, "\(table.name)")
            #expect(difference(found.gain, back.gain) == nil, "\(table.name)")
            #expect(difference(found.shift, back.shift) == nil, "\(table.name)")
        }
    }

    /// Values are between 1 and 5; a chain has at most a 64th of the vectors' elements and six levels of the tree.
    @Test(arguments: shapes)
    func `agrees with the formulas in float64`(shape: NormalizationShape) {
        let problem = Problem(shape)
        let (output, means, inverses) = problem.forward(.reference)
        let back = problem.backward(.reference, means, inverses)
        let n = Double(shape.features)
        let unit = Double(shape.padded / 64 + shape.height + 8) * 0x1p-24
        let padded = paddedCount(shape.channels)
        var dGain = [Double](repeating: 0, count: shape.padded)
        var dShift = dGain
        var size = dGain
        func feature(_ y: Int, _ x: Int, _ c: Int) -> Int { (y * shape.width + x) * padded + c }
        for sample in 0..<shape.batch {
            var (sum, squares) = (0.0, 0.0)
            for (other, y, x, c) in problem.input.places {
                if other == sample { sum += problem.input[sample, y, x, c] }
            }
            let mean = sum / n
            for (other, y, x, c) in problem.input.places {
                let deviation = problem.input[sample, y, x, c] - mean
                if other == sample && c < shape.channels { squares += deviation * deviation }
            }
            let inverse = 1 / (squares / n + Double(Self.epsilon)).squareRoot()
            let slack = (unit + 0x1p-20) * 8 * max(1, inverse)
            #expect(abs(Double(means.base[sample]) - mean) <= 5 * (unit + 0x1p-22))
            let error = inverse * (unit + 0x1p-21) + inverse * inverse * inverse * 25 * unit * unit
            #expect(abs(Double(inverses.base[sample]) - inverse) <= error)
            var (sumG, sumProducts) = (0.0, 0.0)
            for (other, y, x, c) in problem.input.places {
                guard other == sample else { continue }
                let i = feature(y, x, c)
                let normalized = (problem.input[sample, y, x, c] - mean) * inverse
                let dy = problem.gradient[sample, y, x, c]
                sumG += dy * Double(problem.gain.base[i])
                sumProducts += dy * Double(problem.gain.base[i]) * normalized
                dGain[i] += dy * normalized
                dShift[i] += dy
                size[i] += slack
            }
            for (other, y, x, c) in problem.input.places {
                guard other == sample else { continue }
                let i = feature(y, x, c)
                guard c < shape.channels else {
                    #expect(output[sample, y, x, c] == 0 && back.dx[sample, y, x, c] == 0)
                    continue
                }
                let normalized = (problem.input[sample, y, x, c] - mean) * inverse
                let value = normalized * Double(problem.gain.base[i]) + Double(problem.shift.base[i])
                #expect(abs(output[sample, y, x, c] - value) <= 3 * slack)
                let g = problem.gradient[sample, y, x, c] * Double(problem.gain.base[i])
                let dx = inverse * (g - sumG / n - normalized * sumProducts / n)
                #expect(abs(back.dx[sample, y, x, c] - dx) <= inverse * 16 * slack)
            }
        }
        for i in 0..<shape.padded {
            #expect(abs(Double(back.gain.base[i]) - dGain[i]) <= 2 * size[i])
            #expect(abs(Double(back.shift.base[i]) - dShift[i]) <= 2 * Double(shape.batch * shape.batch) * 0x1p-24)
        }
    }

    /// A central difference of L = Σ dy · y in float64; see the test of batch normalisation.
    @Test func `has the gradient of its outputs`() {
        let shape = NormalizationShape(batch: 1, height: 2, width: 1, channels: 5)
        let problem = Problem(shape)
        let (_, means, inverses) = problem.forward(.reference)
        let back = problem.backward(.reference, means, inverses)
        var (values, weights, found) = ([Double](), [Double](), [Double]())
        for (sample, y, x, c) in problem.input.places {
            guard c < 5 else { continue }
            values.append(problem.input[sample, y, x, c])
            weights.append(problem.gradient[sample, y, x, c] * Double(problem.gain.base[y * 16 + c]))
            found.append(back.dx[sample, y, x, c])
        }
        func loss(_ values: [Double]) -> Double {
            let mean = values.reduce(0, +) / 10
            let variance = values.reduce(0.0) { $0 + ($1 - mean) * ($1 - mean) } / 10
            let inverse = 1 / (variance + Double(Self.epsilon)).squareRoot()
            return zip(values, weights).reduce(0.0) { $0 + ($1.0 - mean) * inverse * $1.1 }
        }
        let h = 0x1p-10
        for i in values.indices {
            var (above, below) = (values, values)
            above[i] += h
            below[i] -= h
            #expect(abs(found[i] - (loss(above) - loss(below)) / (2 * h)) < 100 * h * h)
        }
    }
}
