import Glibc
import KernelAPI
import SweepKernels
import Testing

struct `Softmax cross-entropy` {
    struct Result {
        let total: Double
        let losses, gradient: Fenced<Float>
    }

    static func result(_ table: KernelTable, _ logits: Fenced<Float>, _ labels: [Int32], classes: Int) -> Result {
        let stride = paddedCount(classes) + 16
        let gradient = Fenced<Float>(logits.count, repeating: canary)
        let losses = Fenced<Float>(labels.count, repeating: canary)
        let places = Fenced(labels)
        let total = table.softmaxCrossEntropy(
            SoftmaxCrossEntropy(
                rows: labels.count,
                classes: classes,
                logits: logits.base,
                logitStride: stride,
                labels: places.base,
                gradient: gradient.base,
                gradientStride: stride,
                gradientScale: 0.25,
                losses: losses.base
            )
        )
        return Result(total: total, losses: losses, gradient: gradient)
    }

    static func problem(classes: Int, rows: Int, scale: Float, seed: UInt64) -> (Fenced<Float>, [Int32]) {
        var random = TestRandom(seed)
        let stride = paddedCount(classes) + 16
        let logits = Fenced(rows: rows, columns: classes, stride: stride, gap: .nan, random: &random)
        for row in 0..<rows { for n in 0..<classes { logits.base[row * stride + n] *= scale } }
        return (logits, (0..<rows).map { _ in Int32(random.below(classes)) })
    }

    @Test(arguments: [1, 2, 10, 16, 17, 33, 100, 1000], [1, 30, 1e4] as [Float])
    func `has the reference's bits`(classes: Int, scale: Float) {
        let (logits, labels) = Self.problem(classes: classes, rows: 6, scale: scale, seed: UInt64(classes))
        let expected = Self.result(.reference, logits, labels, classes: classes)
        for table in KernelTable.available {
            let found = Self.result(table, logits, labels, classes: classes)
            #expect(same(found.total, expected.total), "\(table.name): \(found.total), not \(expected.total)")
            #expect(difference(found.losses, expected.losses) == nil, "\(table.name)")
            #expect(difference(found.gradient, expected.gradient) == nil, "\(table.name)")
        }
    }

    /// The largest logit's difference is exact to half a unit, the powers to 2 units, their sum to as many as there are
    /// additions, the logarithm to 2 units of max(|log|, 1).
    @Test(arguments: [2, 10, 100], [1, 30, 1e4] as [Float])
    func `agrees with float64`(classes: Int, scale: Float) {
        let (logits, labels) = Self.problem(classes: classes, rows: 20, scale: scale, seed: 77)
        let found = Self.result(.reference, logits, labels, classes: classes)
        let stride = paddedCount(classes) + 16
        for (row, label) in labels.enumerated() {
            let z = (0..<classes).map { Double(logits.base[row * stride + $0]) }
            let top = z.max()!
            let powers = z.map { exp($0 - top) }
            let sum = powers.reduce(0, +)
            let loss = top - z[Int(label)] + log(sum)
            #expect(abs(Double(found.losses.base[row]) - loss) < (max(loss, 1) * 4 + 4 + Double(classes)) * 0x1p-23)
            for n in 0..<classes {
                let exact = (powers[n] / sum - (n == Int(label) ? 1 : 0)) / 4
                // A difference of logits near −88 carries half a unit of 88 into the power.
                #expect(abs(Double(found.gradient.base[row * stride + n]) - exact) < (80 + Double(classes)) * 0x1p-24)
            }
        }
    }

    @Test(arguments: KernelTable.available + [.reference], [0, 5, 16, 20])
    func `a logit that is not finite makes loss and gradient NaN`(table: KernelTable, place: Int) {
        for value in [Float.nan, .infinity, -.infinity] {
            let (logits, labels) = Self.problem(classes: 21, rows: 3, scale: 1, seed: 3)
            logits.base[48 + place] = value
            let found = Self.result(table, logits, labels, classes: 21)
            #expect(found.total.isNaN)
            #expect(found.losses.base[1].isNaN)
            #expect(found.losses.base[0].isFinite)
            #expect(found.losses.base[2].isFinite)
            #expect((0..<21).allSatisfy { found.gradient.base[48 + $0].isNaN })
        }
    }

    @Test(arguments: KernelTable.available + [.reference], [-1, 10, .max, .min] as [Int32])
    func `a label that is no class makes the loss NaN`(table: KernelTable, label: Int32) {
        let (logits, _) = Self.problem(classes: 10, rows: 1, scale: 1, seed: 3)
        #expect(Self.result(table, logits, [label], classes: 10).total.isNaN)
    }

    @Test(arguments: KernelTable.available + [.reference])
    func `works in place and without a gradient`(table: KernelTable) {
        let (logits, labels) = Self.problem(classes: 20, rows: 4, scale: 5, seed: 8)
        let apart = Self.result(table, logits, labels, classes: 20)
        let place = Fenced(labels)
        var loss = SoftmaxCrossEntropy(
            rows: 4,
            classes: 20,
            logits: logits.base,
            logitStride: 48,
            labels: place.base
        )
        #expect(table.softmaxCrossEntropy(loss) == apart.total)
        loss.gradient = logits.base
        loss.gradientStride = 48
        loss.gradientScale = 0.25
        #expect(table.softmaxCrossEntropy(loss) == apart.total)
        for row in 0..<4 {
            for n in 0..<32 { #expect(logits.base[row * 48 + n] == apart.gradient.base[row * 48 + n]) }
        }
    }
}

struct `Squared error` {
    @Test(arguments: [1, 2, 16, 19])
    func `has the reference's bits and the mean over the outputs`(outputs: Int) {
        var random = TestRandom(UInt64(outputs))
        let (rows, stride) = (5, paddedCount(outputs) + 16)
        let values = Fenced(rows: rows, columns: outputs, stride: stride, gap: .nan, random: &random)
        let targets = Fenced(rows: rows, columns: outputs, stride: stride, gap: .nan, random: &random)
        func result(_ table: KernelTable) -> (Double, Fenced<Float>, Fenced<Float>) {
            let (gradient, losses) = (Fenced<Float>(values.count, repeating: canary), Fenced<Float>(rows, repeating: 0))
            let total = table.squaredError(
                SquaredError(
                    rows: rows,
                    outputs: outputs,
                    values: values.base,
                    valueStride: stride,
                    targets: targets.base,
                    targetStride: stride,
                    gradient: gradient.base,
                    gradientStride: stride,
                    gradientScale: 0.2,
                    losses: losses.base
                )
            )
            return (total, gradient, losses)
        }
        let expected = result(.reference)
        for table in KernelTable.available {
            let found = result(table)
            #expect(same(found.0, expected.0), "\(table.name)")
            #expect(difference(found.1, expected.1) == nil, "\(table.name)")
            #expect(difference(found.2, expected.2) == nil, "\(table.name)")
        }
        var exact = 0.0
        for row in 0..<rows {
            for n in 0..<paddedCount(outputs) {
                let place = row * stride + n
                let error = n < outputs ? Double(values.base[place]) - Double(targets.base[place]) : 0
                exact += error * error / Double(outputs)
                // Three roundings: the difference, the factor, the product.
                let slope = 2 * error / Double(outputs) * 0.2
                #expect(abs(Double(expected.1.base[place]) - slope) <= abs(slope) * 4 * 0x1p-23)
            }
        }
        #expect(abs(expected.0 - exact) <= exact * Double(outputs + 4) * 0x1p-23)
    }

    @Test(arguments: KernelTable.available + [.reference])
    func `an output that is not finite makes the loss so`(table: KernelTable) {
        for value in [Float.nan, .infinity] {
            let (values, targets) = (Fenced<Float>(16, repeating: 0), Fenced<Float>(16, repeating: 0))
            values.base[0] = value
            let total = table.squaredError(
                SquaredError(
                    rows: 1,
                    outputs: 1,
                    values: values.base,
                    valueStride: 16,
                    targets: targets.base,
                    targetStride: 16
                )
            )
            #expect(!total.isFinite)
        }
    }
}

struct `Count of correct rows` {
    @Test(arguments: [1, 3, 16, 37, 200])
    func `is the reference's`(classes: Int) {
        var random = TestRandom(UInt64(classes))
        let (rows, stride) = (40, paddedCount(classes) + 16)
        let logits = Fenced(rows: rows, columns: classes, stride: stride, gap: .nan, random: &random)
        for i in 0..<logits.count where random.below(3) == 0 {
            logits.base[i] = [0.5, .nan, .infinity, -.infinity, 1][random.below(5)]
        }
        let labels = Fenced((0..<rows).map { _ in Int32(random.below(classes)) })
        func result(_ table: KernelTable) -> (Int, [Int32]) {
            let predictions = Fenced<Int32>(rows, repeating: -7)
            let count = table.countCorrect(
                CorrectCount(
                    rows: rows,
                    classes: classes,
                    logits: logits.base,
                    logitStride: stride,
                    labels: labels.base,
                    predictions: predictions.base
                )
            )
            return (count, predictions.elements)
        }
        let expected = result(.reference)
        #expect(expected.0 == zip(expected.1, labels.elements).count { $0 == $1 })
        for table in KernelTable.available {
            let found = result(table)
            #expect(found.0 == expected.0, "\(table.name)")
            #expect(found.1 == expected.1, "\(table.name)")
        }
    }

    @Test(arguments: KernelTable.available + [.reference])
    func `the first of equal logits wins and a NaN never does`(table: KernelTable) {
        let rows: [[Float]] = [[1, 2, 2], [.nan, -5, -6], [.nan, .nan, .nan], [-.infinity, -.infinity, -.infinity]]
        let logits = Fenced<Float>(64, repeating: 0)
        for (i, row) in rows.enumerated() { for (n, z) in row.enumerated() { logits.base[i * 16 + n] = z } }
        let labels = Fenced<Int32>([1, 1, -1, 0])
        let predictions = Fenced<Int32>(4, repeating: 9)
        let count = table.countCorrect(
            CorrectCount(
                rows: 4,
                classes: 3,
                logits: logits.base,
                logitStride: 16,
                labels: labels.base,
                predictions: predictions.base
            )
        )
        #expect(predictions.elements == [1, 1, -1, -1])
        #expect(count == 2)
    }
}
