import Glibc
import KernelAPI
import SweepKernels
import Testing

struct Activations {
    /// Values over the whole range of each branch, with the ones that are special.
    static func values(rows: Int, columns: Int, stride: Int, seed: UInt64) -> Fenced<Float> {
        var random = TestRandom(seed)
        let values = Fenced(rows: rows, columns: columns, stride: stride, gap: canary, random: &random)
        let special: [Float] = [
            0, -0.0, .nan, .infinity, -.infinity, 0x1p-133, -0x1p-133, 0.625, -0.625, 87, -88, 3e38,
        ]
        for row in 0..<rows {
            for column in 0..<columns {
                let place = row * stride + column
                if random.below(4) == 0 { values.base[place] *= 100 }
                if random.below(8) == 0 { values.base[place] = special[random.below(special.count)] }
            }
            // What stands in the padding must not matter.
            for column in columns..<paddedCount(columns) { values.base[row * stride + column] = .nan }
        }
        return values
    }

    @Test(arguments: ActivationFunction.allCases, [1, 13, 16, 17, 40])
    func `have the reference's bits forward and backward`(function: ActivationFunction, columns: Int) {
        let (rows, stride) = (5, paddedCount(columns) + 16)
        let inputs = Self.values(rows: rows, columns: columns, stride: stride, seed: UInt64(columns))
        let gradients = Self.values(rows: rows, columns: columns, stride: stride, seed: UInt64(columns) + 100)
        func results(_ table: KernelTable) -> (Fenced<Float>, Fenced<Float>) {
            let output = function.needsInput ? Fenced<Float>(inputs.count, repeating: canary) : inputs.copy()
            let gradient = gradients.copy()
            table.activate(
                Activation(
                    function: function,
                    rows: rows,
                    columns: columns,
                    source: function.needsInput ? inputs.base : output.base,
                    sourceStride: stride,
                    destination: output.base,
                    destinationStride: stride
                )
            )
            table.differentiate(
                ActivationGradient(
                    function: function,
                    rows: rows,
                    columns: columns,
                    gradient: gradient.base,
                    gradientStride: stride,
                    output: function.needsInput ? inputs.base : output.base,
                    outputStride: stride
                )
            )
            return (output, gradient)
        }
        let expected = results(.reference)
        for row in 0..<rows {
            for column in columns..<paddedCount(columns) {
                #expect(expected.0.base[row * stride + column] == 0)
                #expect(expected.1.base[row * stride + column] == 0)
            }
            // The gap between the rows is nobody's.
            if row < rows - 1 { #expect(expected.0.base[row * stride + paddedCount(columns)] == canary) }
        }
        for table in KernelTable.available {
            let found = results(table)
            #expect(difference(found.0, expected.0) == nil, "\(table.name)")
            #expect(difference(found.1, expected.1) == nil, "\(table.name)")
        }
    }

    @Test(arguments: KernelTable.available + [.reference])
    func `keep a NaN`(table: KernelTable) {
        for function in ActivationFunction.allCases {
            let values = Fenced<Float>(16, repeating: .nan)
            table.activate(Activation(function: function, rows: 1, columns: 16, values: values.base, stride: 16))
            #expect(values.elements.allSatisfy { $0.isNaN })
        }
    }

    /// The function in float64 with its derivative.
    static func exact(_ function: ActivationFunction, _ x: Double) -> (value: Double, slope: Double) {
        let (scale, alpha) = (1.0507009873554804934193349852946, 1.6732632423543772848170429916717)
        let s = 1 / (1 + exp(-x))
        switch function {
        case .relu: return (max(x, 0), x > 0 ? 1 : 0)
        case .leakyRelu(let slope): return x > 0 ? (x, 1) : (x * Double(slope), Double(slope))
        case .elu(let a): return x > 0 ? (x, 1) : (Double(a) * expm1(x), Double(a) * exp(x))
        case .selu: return x > 0 ? (scale * x, scale) : (scale * alpha * expm1(x), scale * alpha * exp(x))
        case .gelu:
            let share = 0.5 * erfc(-x * 0.5.squareRoot())
            return (x * share, share + x * exp(-x * x / 2) / (2 * Double.pi).squareRoot())
        case .silu: return (x * s, s + x * s * (1 - s))
        case .tanh: return (Glibc.tanh(x), 1 - Glibc.tanh(x) * Glibc.tanh(x))
        case .sigmoid: return (s, s * (1 - s))
        case .softplus: return (max(x, 0) + log1p(exp(-abs(x))), s)
        }
    }

    /// Units in the last place that the interface allows, and the input above which they hold.
    static func stated(_ function: ActivationFunction) -> (units: Double, above: Float) {
        switch function {
        case .relu: (0, -100)
        case .leakyRelu: (0.5, -100)
        case .elu, .selu: (3, -100)
        case .gelu: (8, -13)
        case .silu, .softplus: (4, -87)
        case .tanh: (2, -100)
        case .sigmoid: (3, -87)
        }
    }

    /// Inputs close together around zero, where the functions bend, and sparse beyond.
    static let inputs: [Float] =
        (1...160_000).flatMap { i -> [Float] in
            let x = Float(i) * 0.0001
            return [x, -x]
        } + (0...20_000).map { -100 + Float($0) * 0.01 }
        + (-40...0).flatMap { i -> [Float] in
            let x = Float(sign: .plus, exponent: i, significand: 1.37)
            return [x, -x]
        }

    static func applied(_ function: ActivationFunction, _ inputs: [Float]) -> [Float] {
        let padded = inputs + [Float](repeating: 0, count: paddedCount(inputs.count) - inputs.count)
        let (source, destination) = (Fenced(padded), Fenced<Float>(padded.count, repeating: 0))
        KernelTable.reference.activate(
            Activation(
                function: function,
                rows: 1,
                columns: inputs.count,
                source: source.base,
                sourceStride: 0,
                destination: destination.base,
                destinationStride: 0
            )
        )
        return Array(destination.elements.prefix(inputs.count))
    }

    static func slopes(_ function: ActivationFunction, _ stored: [Float]) -> [Float] {
        let padded = stored + [Float](repeating: 0, count: paddedCount(stored.count) - stored.count)
        let (output, gradient) = (Fenced(padded), Fenced<Float>(padded.count, repeating: 1))
        KernelTable.reference.differentiate(
            ActivationGradient(
                function: function,
                rows: 1,
                columns: stored.count,
                gradient: gradient.base,
                gradientStride: 0,
                output: output.base,
                outputStride: 0
            )
        )
        return Array(gradient.elements.prefix(stored.count))
    }

    @Test(arguments: ActivationFunction.allCases + [.leakyRelu(slope: 0.3), .elu(alpha: 0.7), .elu(alpha: 2.5)])
    func `have the stated errors`(function: ActivationFunction) {
        let (units, above) = Self.stated(function)
        let inputs = Self.inputs.filter { $0 > above }
        var worst = (units: 0.0, at: Float(0))
        for (x, value) in zip(inputs, Self.applied(function, inputs)) {
            let exact = Self.exact(function, Double(x)).value
            let error = exact == 0 && value == 0 ? 0 : `Elementary functions`.units(value, exact)
            if !(error <= worst.units) { worst = (error, x) }
        }
        #expect(worst.units <= units, "worst error \(worst.units) units at \(worst.at)")
    }

    /// From the stored output a derivative is as exact as the output: a unit of the output's error, times the slope of
    /// the derivative by the output (at most 2), and two roundings.
    @Test(arguments: ActivationFunction.allCases + [.leakyRelu(slope: 0.3), .elu(alpha: 0.7), .elu(alpha: 2.5)])
    func `have the derivative of their function`(function: ActivationFunction) {
        let inputs = Self.inputs.filter { $0 > -87 }
        let slopes = Self.slopes(function, function.needsInput ? inputs : Self.applied(function, inputs))
        let tolerance: Double
        switch function {
        case .relu, .leakyRelu: tolerance = 0
        case .elu(let alpha): tolerance = 3 * Double(alpha.ulp)
        case .selu: tolerance = 3 * Double(Float(1.758).ulp)
        case .gelu, .silu: tolerance = 0x1p-21
        case .tanh, .sigmoid, .softplus: tolerance = (2 * 3 + 2) * 0x1p-24
        }
        var worst = (error: 0.0, at: Float(0))
        for (x, slope) in zip(inputs, slopes) {
            let error = abs(Double(slope) - Self.exact(function, Double(x)).slope)
            if !(error <= worst.error) { worst = (error, x) }
        }
        #expect(worst.error <= tolerance, "worst error \(worst.error) at \(worst.at)")
    }

    @Test func `saturate and reach infinity as stated`() {
        let infinity = Float.infinity
        func at(_ function: ActivationFunction, _ x: Float) -> Float { Self.applied(function, [x])[0] }
        for function: ActivationFunction in [
            .relu, .leakyRelu(slope: 0.1), .elu(alpha: 2), .selu, .gelu, .silu, .softplus,
        ] {
            #expect(at(function, infinity) == infinity)
        }
        #expect(at(.leakyRelu(slope: 0.1), -infinity) == -infinity)
        #expect(at(.elu(alpha: 2), -infinity) == -2)
        #expect(at(.selu, -infinity) == -1.758_099_3)
        #expect(at(.softplus, -infinity) == 0)
        #expect(at(.softplus, -87.5) == 0)
        #expect(at(.gelu, -13.2) == 0)
        #expect(at(.silu, -87.5) == 0)
        #expect(at(.gelu, -infinity).isNaN)
        #expect(at(.silu, -infinity).isNaN)
        #expect(Self.slopes(.gelu, [-20, 20]) == [0, 1])
        #expect(Self.slopes(.silu, [-200, 200]) == [0, 1])
        #expect(Self.slopes(.gelu, [infinity, -infinity]).allSatisfy { $0.isNaN })
        #expect(Self.slopes(.silu, [infinity, -infinity]).allSatisfy { $0.isNaN })
        #expect(Self.slopes(.softplus, [0, infinity]) == [0, 1])
    }

    @Test func `need their input where two inputs share an output`() {
        #expect(ActivationFunction.allCases.filter(\.needsInput) == [.gelu, .silu])
    }
}

struct `Dropout mask` {
    static func dropped(
        _ table: KernelTable,
        rate: Float,
        seed: UInt64 = 1,
        step: UInt64 = 2,
        layer: UInt64 = 3,
        rows: Int = 7,
        columns: Int = 40
    ) -> Fenced<Float> {
        var random = TestRandom(9)
        let stride = paddedCount(columns) + 16
        let source = Fenced(rows: rows, columns: columns, stride: stride, gap: .nan, random: &random)
        let destination = Fenced<Float>(source.count, repeating: canary)
        table.dropOut(
            Dropout(
                rate: rate,
                seed: seed,
                step: step,
                layer: layer,
                rows: rows,
                columns: columns,
                source: source.base,
                sourceStride: stride,
                destination: destination.base,
                destinationStride: stride
            )
        )
        return destination
    }

    @Test(arguments: [0, 0.1, 0.5, 0.999, 1, -1, .nan] as [Float])
    func `has the reference's bits`(rate: Float) {
        for columns in [1, 16, 29, 40] {
            let expected = Self.dropped(.reference, rate: rate, columns: columns)
            for table in KernelTable.available {
                #expect(difference(Self.dropped(table, rate: rate, columns: columns), expected) == nil, "\(table.name)")
            }
        }
    }

    @Test(arguments: KernelTable.available + [.reference])
    func `some rows of a batch drop what they drop in the whole`(table: KernelTable) {
        for columns in [16, 29] {
            let expected = Self.dropped(table, rate: 0.5, columns: columns)
            let stride = paddedCount(columns) + 16
            var random = TestRandom(9)
            let source = Fenced(rows: 7, columns: columns, stride: stride, gap: .nan, random: &random)
            let destination = Fenced<Float>(source.count, repeating: canary)
            for rows in [0..<3, 3..<4, 4..<7] {
                table.dropOut(
                    Dropout(
                        rate: 0.5,
                        seed: 1,
                        step: 2,
                        layer: 3,
                        firstRow: rows.lowerBound,
                        rows: rows.count,
                        columns: columns,
                        source: source.base + rows.lowerBound * stride,
                        sourceStride: stride,
                        destination: destination.base + rows.lowerBound * stride,
                        destinationStride: stride
                    )
                )
            }
            #expect(difference(destination, expected) == nil, "\(columns)")
        }
    }

    @Test func `keeps everything at rate zero and scales what it keeps`() {
        let whole = Self.dropped(.reference, rate: 0)
        let half = Self.dropped(.reference, rate: 0.5)
        for row in 0..<7 {
            for column in 0..<40 {
                let place = row * 64 + column
                #expect(half.base[place] == 0 || half.base[place] == 2 * whole.base[place])
            }
        }
    }

    /// 2¹⁸ independent draws: six standard deviations of the kept share are 6 · √(p(1 − p) / 2¹⁸).
    @Test(arguments: [0.1, 0.5, 0.8] as [Float])
    func `drops the given share`(rate: Float) {
        let ones = Fenced<Float>(1 << 18, repeating: 1)
        let destination = Fenced<Float>(1 << 18, repeating: 0)
        KernelTable.available.last!.dropOut(
            Dropout(
                rate: rate,
                seed: 7,
                step: 0,
                layer: 0,
                rows: 512,
                columns: 512,
                source: ones.base,
                sourceStride: 512,
                destination: destination.base,
                destinationStride: 512
            )
        )
        let share = Float(destination.elements.count { $0 == 0 }) / Float(1 << 18)
        #expect(abs(share - rate) < 6 * (rate * (1 - rate) / Float(1 << 18)).squareRoot())
    }

    @Test func `differs by seed, step and layer and repeats otherwise`() {
        let first = Self.dropped(.reference, rate: 0.5).elements
        #expect(difference(Self.dropped(.reference, rate: 0.5).elements, first) == nil)
        #expect(difference(Self.dropped(.reference, rate: 0.5, seed: 2).elements, first) != nil)
        #expect(difference(Self.dropped(.reference, rate: 0.5, step: 3).elements, first) != nil)
        #expect(difference(Self.dropped(.reference, rate: 0.5, layer: 4).elements, first) != nil)
    }
}
