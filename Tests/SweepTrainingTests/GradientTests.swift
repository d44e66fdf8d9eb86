import SweepCore
import SweepKernels
import SweepTraining
import Testing

/// One network whose gradients are checked.
struct GradientCase: Sendable, CustomTestStringConvertible {
    var widths: [Int]
    var activation: Activation
    /// 0: regression.
    var classes: Int
    var loss: LossKind
    var dropout = 0.0

    var testDescription: String { "\(widths) \(activation) \(loss) \(classes) classes dropout \(dropout)" }

    static let all: [GradientCase] = {
        var cases: [GradientCase] = []
        for widths in [[], [7], [7, 6], [20, 17, 9]] {
            for activation in widths.isEmpty ? [.relu] : Activation.allCases {
                for (classes, loss) in [
                    (3, LossKind.softmaxCrossEntropy), (17, .softmaxCrossEntropy), (2, .meanSquaredError),
                    (0, .meanSquaredError),
                ] {
                    for dropout in widths.isEmpty ? [0] : [0, 0.4] {
                        cases.append(
                            GradientCase(
                                widths: widths,
                                activation: activation,
                                classes: classes,
                                loss: loss,
                                dropout: dropout
                            )
                        )
                    }
                }
            }
        }
        return cases
    }()

    func make() throws -> (run: TrainingRun, task: SyntheticData) {
        let task = try SyntheticTask(rows: 23, validationRows: 4, columns: 5, classes: classes, seed: 3).make()
        let spec = TrainingSpec(
            model: ModelSpec(widths: widths, activation: activation, dropout: dropout),
            initializer: .glorot,
            loss: loss,
            optimizer: .sgd(learningRate: 0.1, momentum: 0),
            batchSize: 23,
            epochs: 1
        )
        let run = try TrainingRun(spec: spec, data: task.data, seed: 11, kernels: .selected())
        // Biases begin at zero, where a unit whose inputs are all dropped would sit on ReLU's kink.
        for _ in 0..<3 { run.step() }
        return (run, task)
    }

    func reference(_ run: TrainingRun) -> ReferenceNetwork {
        ReferenceNetwork(run.parameters(), activation: activation, loss: loss)
    }

    func factors(_ run: TrainingRun, rows: Int, step: UInt64) -> [[[Double]]]? {
        dropoutFactors(of: run, rows: rows, step: step)
    }
}

/// Dropout's factors as the reference takes them: `[layer][row][unit]`; nil without dropout.
func dropoutFactors(of run: TrainingRun, rows: Int, step: UInt64) -> [[[Double]]]? {
    guard run.spec.model.dropout > 0 else { return nil }
    return run.spec.model.widths.enumerated().map { layer, width in
        let flat = run.dropoutFactors(layer: layer, rows: rows, step: step)
        return (0..<rows).map { row in flat[(row * width)..<((row + 1) * width)].map(Double.init) }
    }
}

@Suite struct GradientTests {
    /// Central differences with h = 1e-5 err by h²/6 · f''' + ε|f|/h ≈ 1e-10 · O(1) + 2e-11; 1e-7 leaves room for the
    /// curvature of steep losses.
    @Test(arguments: GradientCase.all.filter { $0.widths.count < 3 })
    func `the reference gradient agrees with finite differences`(_ gradientCase: GradientCase) throws {
        let (run, task) = try gradientCase.make()
        let network = gradientCase.reference(run)
        let rows = Array(task.data.rows(.training).prefix(6))
        let (x, y) = task.batch(rows)
        let factors = gradientCase.factors(run, rows: rows.count, step: 5)
        let gradient = network.gradient(x, y, factors: factors)
        let h = 1e-5
        for l in network.layers.indices {
            for i in network.layers[l].weights.indices {
                for j in network.layers[l].weights[i].indices where (i + j) % 3 == 0 {
                    var (up, down) = (network, network)
                    up.layers[l].weights[i][j] += h
                    down.layers[l].weights[i][j] -= h
                    let slope =
                        (up.meanLoss(x, y, factors: factors) - down.meanLoss(x, y, factors: factors)) / (2 * h)
                    #expect(abs(slope - gradient[l].weights[i][j]) < 1e-7 * max(1, abs(slope)))
                }
            }
            for j in network.layers[l].biases.indices {
                var (up, down) = (network, network)
                up.layers[l].biases[j] += h
                down.layers[l].biases[j] -= h
                let slope = (up.meanLoss(x, y, factors: factors) - down.meanLoss(x, y, factors: factors)) / (2 * h)
                #expect(abs(slope - gradient[l].biases[j]) < 1e-7 * max(1, abs(slope)))
            }
        }
    }

    /// A chain of n float32 operations errs by at most n units of 2⁻²⁴; a gradient passes the forward chains of all
    /// layers, the backward chains, and the sum over rows. The functions in between add a few units each.
    @Test(arguments: GradientCase.all)
    func `gradients agree with the float64 reference`(_ gradientCase: GradientCase) throws {
        let (run, task) = try gradientCase.make()
        let network = gradientCase.reference(run)
        for count in [1, 2, 15, 23] {
            let rows = Array(task.data.rows(.training).prefix(count))
            let (x, y) = task.batch(rows)
            let expected = network.gradient(x, y, factors: gradientCase.factors(run, rows: count, step: 9))
            let found = run.gradient(rows: rows, dropoutStep: 9)
            let chain = network.layers.reduce(Double(count) + 30) {
                $0 + Double($1.weights.count + $1.biases.count + 8)
            }
            let scale = expected.map { $0.flat.map(abs).max() ?? 0 }.max() ?? 0
            for (a, b) in zip(found, expected) {
                #expect(a.flat.count == b.flat.count)
                let error = zip(a.flat, b.flat).map { abs($0 - $1) }.max() ?? 0
                #expect(error <= chain * 0x1p-24 * scale, "\(count) rows: error \(error), scale \(scale)")
            }
        }
    }
}
