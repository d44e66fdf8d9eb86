import Glibc
import KernelAPI
import SweepKernels
import Testing

/// A loss with its parameters; its rows in float64.
enum LossForm: Sendable, CustomTestStringConvertible {
    case labels(smoothing: Float, focal: Float)
    case shares
    case binary(focal: Float)
    case absolute
    case huber(delta: Float)

    static let all: [LossForm] = [
        .labels(smoothing: 0, focal: 0), .labels(smoothing: 0.1, focal: 0), .labels(smoothing: 1, focal: 0),
        .labels(smoothing: 0, focal: 2), .labels(smoothing: 0, focal: 0.5), .labels(smoothing: 0.2, focal: 1.5),
        .shares,
        .binary(focal: 0), .binary(focal: 2), .binary(focal: 0.5), .absolute, .huber(delta: 1), .huber(delta: 0.25),
    ]

    var testDescription: String { "\(self)" }

    var focal: Double {
        switch self {
        case .labels(_, let focal), .binary(let focal): Double(focal)
        case .shares, .absolute, .huber: 0
        }
    }

    /// A row's loss of outputs z against targets y; a label is a row of zeros with a one.
    func exact(_ z: [Double], _ y: [Double]) -> Double {
        let count = Double(z.count)
        let top = z.max()!
        let logSum = top + log(z.map { exp($0 - top) }.reduce(0, +))
        func mean(_ element: (Double, Double) -> Double) -> Double {
            zip(z, y).map { element($0, $1) }.reduce(0, +) / count
        }
        switch self {
        case .labels(let smoothing, let focal):
            let label = y.firstIndex(of: 1)!
            let rest = z.indices.filter { $0 != label }.map { exp(z[$0] - logSum) }.reduce(0, +)
            // −log p by the rest, so that nothing is lost where p is nearly one.
            let loss = rest < 0.5 ? -log1p(-rest) : logSum - z[label]
            let uniform = z.map { logSum - $0 }.reduce(0, +) / count
            return (1 - Double(smoothing)) * pow(rest, Double(focal)) * loss + Double(smoothing) * uniform
        case .shares: return zip(z, y).map { $1 * (logSum - $0) }.reduce(0, +)
        case .binary(let focal):
            return mean { z, y in
                let wrong = (1 - y) / (1 + exp(-z)) + y / (1 + exp(z))
                return pow(wrong, Double(focal)) * (max(z, 0) - z * y + log1p(exp(-abs(z))))
            }
        case .absolute: return mean { abs($0 - $1) }
        case .huber(let delta):
            let d = Double(delta)
            return mean { abs($0 - $1) <= d ? ($0 - $1) * ($0 - $1) / 2 : d * (abs($0 - $1) - d / 2) }
        }
    }
}

/// Outputs and targets of a batch, as every form of loss takes them.
struct LossProblem {
    let form: LossForm
    let rows: Int
    let columns: Int
    let stride: Int
    let outputs: Fenced<Float>
    let targets: Fenced<Float>
    let labels: Fenced<Int32>

    init(_ form: LossForm, rows: Int = 6, columns: Int, scale: Float, seed: UInt64) {
        var random = TestRandom(seed)
        self.form = form
        self.rows = rows
        self.columns = columns
        stride = paddedCount(columns) + 16
        outputs = Fenced(rows: rows, columns: columns, stride: stride, gap: .nan, random: &random)
        targets = Fenced(rows: rows, columns: columns, stride: stride, gap: .nan, random: &random)
        labels = Fenced((0..<rows).map { _ in Int32(random.below(columns)) })
        for row in 0..<rows {
            var sum: Float = 0
            for n in row * stride..<row * stride + columns {
                outputs.base[n] *= scale
                switch form {
                case .labels: targets.base[n] = n - row * stride == Int(labels.base[row]) ? 1 : 0
                case .shares: targets.base[n] = random.below(3) == 0 ? 0 : abs(targets.base[n])
                case .binary: targets.base[n] = [0, 1, 1, 0, abs(targets.base[n])][random.below(5)]
                case .absolute, .huber: targets.base[n] *= scale
                }
                sum += targets.base[n]
            }
            // Shares add up to one in the first row only: the formula holds for any sum.
            if case .shares = form, row == 0, sum > 0 { for n in 0..<columns { targets.base[n] /= sum } }
            // What stands in the padding must not matter.
            for n in columns..<paddedCount(columns) {
                outputs.base[row * stride + n] = .nan
                targets.base[row * stride + n] = .nan
            }
        }
    }

    func row(_ row: Int) -> (z: [Double], y: [Double]) {
        let places = row * stride..<row * stride + columns
        return (places.map { Double(outputs.base[$0]) }, places.map { Double(targets.base[$0]) })
    }

    struct Result {
        let total: Double
        let losses, gradient: Fenced<Float>
    }

    func result(
        _ table: KernelTable,
        rowWeights: Fenced<Float>? = nil,
        inPlace: Bool = false,
        scale: Float = 0.25
    ) -> Result {
        let gradient = inPlace ? outputs.copy() : Fenced<Float>(outputs.count, repeating: canary)
        let losses = Fenced<Float>(rows, repeating: canary)
        let values = inPlace ? gradient : outputs
        let total = evaluate(table, values, gradient.base, scale, losses.base, rowWeights.map { Floats($0.base) })
        return Result(total: total, losses: losses, gradient: gradient)
    }

    func evaluate(
        _ table: KernelTable,
        _ values: Fenced<Float>,
        _ gradient: MutableFloats?,
        _ scale: Float,
        _ losses: MutableFloats?,
        _ rowWeights: Floats?
    ) -> Double {
        switch form {
        case .labels(let smoothing, let focal):
            table.softmaxCrossEntropy(
                SoftmaxCrossEntropy(
                    rows: rows,
                    classes: columns,
                    logits: values.base,
                    logitStride: stride,
                    labels: labels.base,
                    gradient: gradient,
                    gradientStride: stride,
                    gradientScale: scale,
                    losses: losses,
                    rowWeights: rowWeights,
                    labelSmoothing: smoothing,
                    focalExponent: focal
                )
            )
        case .shares:
            table.softTargetCrossEntropy(
                SoftTargetCrossEntropy(
                    rows: rows,
                    classes: columns,
                    logits: values.base,
                    logitStride: stride,
                    targets: targets.base,
                    targetStride: stride,
                    gradient: gradient,
                    gradientStride: stride,
                    gradientScale: scale,
                    losses: losses,
                    rowWeights: rowWeights
                )
            )
        case .binary(let focal):
            table.binaryCrossEntropy(
                BinaryCrossEntropy(
                    rows: rows,
                    outputs: columns,
                    logits: values.base,
                    logitStride: stride,
                    targets: targets.base,
                    targetStride: stride,
                    gradient: gradient,
                    gradientStride: stride,
                    gradientScale: scale,
                    losses: losses,
                    rowWeights: rowWeights,
                    focalExponent: focal
                )
            )
        case .absolute: robust(table, .absolute, values, gradient, scale, losses, rowWeights)
        case .huber(let delta): robust(table, .huber(delta: delta), values, gradient, scale, losses, rowWeights)
        }
    }

    private func robust(
        _ table: KernelTable,
        _ form: RobustError.Form,
        _ values: Fenced<Float>,
        _ gradient: MutableFloats?,
        _ scale: Float,
        _ losses: MutableFloats?,
        _ rowWeights: Floats?
    ) -> Double {
        table.robustError(
            RobustError(
                form: form,
                rows: rows,
                outputs: columns,
                values: values.base,
                valueStride: stride,
                targets: targets.base,
                targetStride: stride,
                gradient: gradient,
                gradientStride: stride,
                gradientScale: scale,
                losses: losses,
                rowWeights: rowWeights
            )
        )
    }
}

struct `Every form of loss` {
    @Test(arguments: LossForm.all, [1, 2, 10, 17, 33])
    func `has the reference's bits`(form: LossForm, columns: Int) {
        for scale: Float in [1, 30, 1e4, 3e38] {
            let problem = LossProblem(form, columns: columns, scale: scale, seed: UInt64(columns))
            let weights = Fenced<Float>([1, 0.3, 0, 2, 17, 1e-3])
            for rowWeights in [nil, weights] {
                let expected = problem.result(.reference, rowWeights: rowWeights)
                for row in 0..<problem.rows {
                    let end = (row + 1) * problem.stride
                    for n in columns..<paddedCount(columns) {
                        #expect(expected.gradient.base[row * problem.stride + n] == 0)
                    }
                    if row < problem.rows - 1 { #expect(expected.gradient.base[end - 1] == canary) }
                }
                for table in KernelTable.available {
                    for inPlace in [false, true] {
                        let found = problem.result(table, rowWeights: rowWeights, inPlace: inPlace)
                        #expect(
                            same(found.total, expected.total),
                            "\(table.name): \(found.total), not \(expected.total)"
                        )
                        #expect(difference(found.losses, expected.losses) == nil, "\(table.name)")
                        for row in 0..<problem.rows {
                            let places = row * problem.stride..<row * problem.stride + paddedCount(columns)
                            let (a, b) = (found.gradient.elements[places], expected.gradient.elements[places])
                            #expect(difference(Array(a), Array(b)) == nil, "\(table.name), in place: \(inPlace)")
                        }
                    }
                    let total = problem.evaluate(
                        table,
                        problem.outputs,
                        nil,
                        1,
                        nil,
                        rowWeights.map { Floats($0.base) }
                    )
                    #expect(same(total, expected.total), "\(table.name) without a gradient")
                }
            }
        }
    }

    /// A loss errs by a few units of the larger of it and one, by as many as there are additions, and by a power's
    /// error, which is relative to the loss and bounded since x^γ · γ|ln x| ≤ 1 / e.
    @Test(arguments: LossForm.all, [1, 2, 10, 17, 33])
    func `agrees with float64`(form: LossForm, columns: Int) {
        for scale: Float in [1, 30, 1e4] {
            let problem = LossProblem(form, rows: 20, columns: columns, scale: scale, seed: 5)
            let found = problem.result(.reference)
            var total = 0.0
            for row in 0..<20 {
                let (z, y) = problem.row(row)
                let exact = form.exact(z, y)
                let share = max(1, y.reduce(0, +))
                let units = (max(exact, 1) * 8 + 8 + Double(columns)) * (1 + form.focal) * share
                let loss = Double(found.losses.base[row])
                #expect(abs(loss - exact) < units * 0x1p-23, "row \(row), scale \(scale): \(loss), not \(exact)")
                total += loss
            }
            #expect(found.total == total)
        }
    }

    /// A central difference of the float64 loss with h = 10⁻⁵ errs by h² and by 10⁻¹⁵ of the loss over h, and where the
    /// Huber loss bends by h; the gradient by what `agrees with float64` of the logits' losses says, and 1 + γ times it
    /// under a focal factor.
    @Test(arguments: LossForm.all, [1, 2, 10, 17, 33])
    func `has the gradient of its loss`(form: LossForm, columns: Int) {
        let h = 1e-5
        for scale: Float in [1, 8, 30] {
            let problem = LossProblem(form, columns: columns, scale: scale, seed: 21)
            let weights = Fenced<Float>([1, 0.5, 0, 2, 1.25, 1])
            let found = problem.result(.reference, rowWeights: weights, scale: 1)
            for row in 0..<problem.rows {
                let (z, y) = problem.row(row)
                let share = max(1, y.reduce(0, +))
                for n in 0..<columns {
                    var (up, down) = (z, z)
                    up[n] += h
                    down[n] -= h
                    let weight = Double(weights.base[row])
                    let numeric = weight * (form.exact(up, y) - form.exact(down, y)) / (2 * h)
                    let gradient = Double(found.gradient.base[row * problem.stride + n])
                    let tolerance = 2 * h + (100 + Double(columns)) * (1 + form.focal) * share * 2 * 0x1p-23
                    #expect(abs(gradient - numeric) < tolerance, "row \(row), column \(n), scale \(scale)")
                }
            }
        }
    }

    /// Factors that are powers of two scale exactly, and ones change nothing.
    @Test(arguments: LossForm.all)
    func `is multiplied by a row's weight`(form: LossForm) {
        let problem = LossProblem(form, columns: 10, scale: 3, seed: 2)
        let plain = problem.result(.reference)
        let ones = problem.result(.reference, rowWeights: Fenced<Float>(6, repeating: 1))
        #expect(difference(ones.losses, plain.losses) == nil)
        #expect(difference(ones.gradient, plain.gradient) == nil)
        let factors: [Float] = [2, 1, 0, 0.5, 4, 1]
        let weighted = problem.result(.reference, rowWeights: Fenced(factors))
        for row in 0..<6 {
            #expect(weighted.losses.base[row] == factors[row] * plain.losses.base[row])
            for n in row * problem.stride..<row * problem.stride + 10 {
                #expect(weighted.gradient.base[n] == factors[row] * plain.gradient.base[n])
            }
        }
    }

    @Test(arguments: LossForm.all, KernelTable.available + [.reference])
    func `is NaN for an output that is`(form: LossForm, table: KernelTable) {
        for place in [0, 16, 20] {
            let problem = LossProblem(form, rows: 3, columns: 21, scale: 1, seed: 3)
            problem.outputs.base[problem.stride + place] = .nan
            let found = problem.result(table)
            #expect(found.losses.base[1].isNaN)
            #expect(found.losses.base[0].isFinite && found.losses.base[2].isFinite)
            #expect(found.gradient.base[problem.stride + place].isNaN)
            #expect(found.total.isNaN)
        }
    }

    @Test(arguments: LossForm.all, KernelTable.available + [.reference])
    func `is not finite for an infinite output`(form: LossForm, table: KernelTable) {
        for value in [Float.infinity, -.infinity] {
            let problem = LossProblem(form, rows: 3, columns: 21, scale: 1, seed: 3)
            problem.outputs.base[problem.stride + 17] = value
            let found = problem.result(table)
            #expect(!found.losses.base[1].isFinite)
            #expect(found.losses.base[0].isFinite && found.losses.base[2].isFinite)
        }
    }

    @Test(arguments: KernelTable.available + [.reference])
    func `a label that is no class makes a shaped loss NaN`(table: KernelTable) {
        for label: Int32 in [-1, 10, .max, .min] {
            for form in LossForm.all {
                guard case .labels = form else { continue }
                let problem = LossProblem(form, rows: 2, columns: 10, scale: 1, seed: 3)
                problem.labels.base[1] = label
                let found = problem.result(table)
                #expect(found.losses.base[0].isFinite)
                #expect(found.losses.base[1].isNaN)
            }
        }
    }
}

struct `Focal loss` {
    /// 1 − p is e⁻³⁰ and the loss about e⁻⁹⁰ of which one minus a rounded p would leave nothing: relative error of the
    /// power (4 + 4 · 2 · 30) units, of 1 − p and its logarithm four each.
    @Test func `keeps the small loss and gradient of a confident row`() {
        let form = LossForm.labels(smoothing: 0, focal: 2)
        let problem = LossProblem(form, rows: 1, columns: 2, scale: 1, seed: 1)
        for gap: Float in [5, 15, 20] {
            problem.outputs.base[0] = -gap
            problem.outputs.base[1] = 0
            problem.labels.base[0] = 1
            let found = problem.result(.reference, scale: 1)
            let wrong = 1 / (1 + exp(Double(gap)))
            let loss = -log1p(-wrong)
            let factor = wrong * wrong + 2 * (1 - wrong) * wrong * loss
            let tolerance = (4 + 8 * Double(gap) + 8) * 0x1p-23
            #expect(abs(Double(found.losses.base[0]) / (wrong * wrong * loss) - 1) < tolerance)
            #expect(abs(Double(found.gradient.base[0]) / (factor * wrong) - 1) < tolerance)
            #expect(abs(Double(found.gradient.base[1]) / -(factor * wrong) - 1) < tolerance)
        }
    }

    @Test(arguments: KernelTable.available + [.reference])
    func `is zero where nothing is left of the wrong answer`(table: KernelTable) {
        for form: LossForm in [.labels(smoothing: 0, focal: 0.5), .binary(focal: 0.5)] {
            let problem = LossProblem(form, rows: 1, columns: 2, scale: 1, seed: 1)
            (problem.outputs.base[0], problem.outputs.base[1]) = (-200, 200)
            (problem.targets.base[0], problem.targets.base[1]) = (0, 1)
            problem.labels.base[0] = 1
            let found = problem.result(table)
            #expect(found.total == 0)
            #expect(found.gradient.base[0] == 0)
            #expect(found.gradient.base[1] == 0)
        }
        // A single class is always right.
        let single = LossProblem(.labels(smoothing: 0, focal: 2), rows: 1, columns: 1, scale: 1, seed: 1).result(table)
        #expect(single.total == 0)
        #expect(single.gradient.base[0] == 0)
    }
}

struct Probabilities {
    @Test(arguments: [1, 2, 10, 17, 33], [1, 30, 3e38] as [Float])
    func `have the reference's bits and add up to one`(classes: Int, scale: Float) {
        let problem = LossProblem(.shares, columns: classes, scale: scale, seed: UInt64(classes))
        func result(_ table: KernelTable) -> Fenced<Float> {
            let values = problem.outputs.copy()
            table.softmax(Softmax(rows: 6, classes: classes, values: values.base, stride: problem.stride))
            return values
        }
        let expected = result(.reference)
        for table in KernelTable.available { #expect(difference(result(table), expected) == nil, "\(table.name)") }
        for row in 0..<6 {
            let z = problem.row(row).z
            let top = z.max()!
            let sum = z.map { exp($0 - top) }.reduce(0, +)
            for n in 0..<classes {
                // A difference of logits near −88 carries half a unit of 88 into the power.
                let exact = exp(z[n] - top) / sum
                let found = Double(expected.base[row * problem.stride + n])
                #expect(abs(found - exact) < (80 + Double(classes)) * 0x1p-24)
            }
            for n in classes..<paddedCount(classes) { #expect(expected.base[row * problem.stride + n] == 0) }
        }
    }

    @Test(arguments: KernelTable.available + [.reference], [Float.nan, .infinity, -.infinity])
    func `are NaN in a row that is not finite`(table: KernelTable, value: Float) {
        let values = Fenced<Float>(32, repeating: 1)
        values.base[18] = value
        table.softmax(Softmax(rows: 2, classes: 3, values: values.base, stride: 16))
        #expect((0..<3).allSatisfy { values.base[$0] == 1 / 3 as Float })
        #expect((16..<19).allSatisfy { values.base[$0].isNaN })
        #expect((19..<32).allSatisfy { values.base[$0] == 0 })
    }
}

struct `Count of rows among the top` {
    static func count(_ table: KernelTable, _ logits: Fenced<Float>, _ labels: [Int32], classes: Int, top: Int) -> Int {
        let places = Fenced(labels)
        return table.countCorrect(
            CorrectCount(
                rows: labels.count,
                classes: classes,
                logits: logits.base,
                logitStride: paddedCount(classes) + 16,
                labels: places.base,
                top: top
            )
        )
    }

    @Test(arguments: [1, 2, 10, 17, 33], [1, 2, 5, 40])
    func `is the number of labels that a sorted row has in front`(classes: Int, top: Int) {
        var random = TestRandom(UInt64(classes))
        let (rows, stride) = (60, paddedCount(classes) + 16)
        let logits = Fenced(rows: rows, columns: classes, stride: stride, gap: .nan, random: &random)
        for row in 0..<rows {
            for n in 0..<classes {
                // Few distinct values, so that there are ties.
                logits.base[row * stride + n] = (logits.base[row * stride + n] * 4).rounded()
                if random.below(12) == 0 {
                    logits.base[row * stride + n] = [.nan, .infinity, -.infinity][random.below(3)]
                }
            }
            for n in classes..<paddedCount(classes) { logits.base[row * stride + n] = .infinity }
        }
        let labels = (0..<rows).map { _ in Int32(random.below(classes + 2)) - 1 }
        var expected = 0
        for row in 0..<rows {
            let z = (0..<classes).map { logits.base[row * stride + $0] }
            let order = z.indices.filter { z[$0] > -.infinity }.sorted { z[$0] != z[$1] ? z[$0] > z[$1] : $0 < $1 }
            if order.prefix(top).contains(Int(labels[row])) { expected += 1 }
        }
        for table in KernelTable.available + [.reference] {
            #expect(Self.count(table, logits, labels, classes: classes, top: top) == expected, "\(table.name)")
        }
    }
}
