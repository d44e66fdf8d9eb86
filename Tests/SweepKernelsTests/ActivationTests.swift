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
            let (output, gradient) = (inputs.copy(), gradients.copy())
            table.activate(
                Activation(function: function, rows: rows, columns: columns, values: output.base, stride: stride)
            )
            table.differentiate(
                ActivationGradient(
                    function: function,
                    rows: rows,
                    columns: columns,
                    gradient: gradient.base,
                    gradientStride: stride,
                    output: output.base,
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

    /// A central difference of a smooth function with h = 2⁻⁶ errs by less than h² times a sixth of the third
    /// derivative, at most 2 for both functions, and by the rounding of the values over 2h.
    @Test(arguments: [ActivationFunction.tanh, .sigmoid])
    func `have the derivative of their function`(function: ActivationFunction) {
        func value(_ x: Float) -> Float { function == .tanh ? ReferenceMath.tanh(x) : ReferenceMath.sigmoid(x) }
        let h: Float = 0x1p-6
        for i in -40...40 {
            let x = Float(i) / 8
            let output = Fenced<Float>(16, repeating: value(x))
            let gradient = Fenced<Float>(16, repeating: 1)
            KernelTable.reference.differentiate(
                ActivationGradient(
                    function: function,
                    rows: 1,
                    columns: 16,
                    gradient: gradient.base,
                    gradientStride: 16,
                    output: output.base,
                    outputStride: 16
                )
            )
            let numeric = (value(x + h) - value(x - h)) / (2 * h)
            #expect(abs(gradient.base[0] - numeric) < h * h / 3 + 4 * 0x1p-23 / (2 * h))
        }
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
