import SweepCore
import SweepKernels
import SweepNumerics
import SweepTraining
import Testing

@Suite struct LearningTests {
    private func value(_ metric: Metric, _ observation: Observation, _ run: TrainingRun) -> Double {
        zip(run.metrics, observation.values).first { $0.0 == metric }?.1 ?? .nan
    }

    // covers: P4
    @Test func `a linear model converges to the least squares solution`() throws {
        let columns = 4
        let task = SyntheticTask(rows: 64, validationRows: 16, columns: columns, classes: 0, seed: 9)
        let made = try task.make()
        let run = try TrainingRun(
            spec: makeSpec([], .sgd(learningRate: 0.1, momentum: 0.9), batchSize: 64),
            data: made.data,
            seed: 1,
            kernels: .selected()
        )
        for _ in 0..<400 { _ = run.trainEpoch() }
        let (x, y) = made.batch(made.data.rows(.training))
        let targets = y.map { target -> Double in
            if case .numbers(let values) = target { values[0] } else { 0 }
        }
        let solution = leastSquares(x.map { $0 + [1] }, targets)
        let found = run.parameters().flatMap(\.flat)
        // The iteration has converged; what remains is float32's rounding of the gradient near its zero.
        for (a, b) in zip(found, solution) { #expect(abs(a - b) < 1e-5 * max(1, abs(b))) }
        var residual = 0.0
        for (x, y) in zip(x, targets) {
            var error = -y
            for (value, weight) in zip(x + [1], solution) { error += value * weight }
            residual += error * error
        }
        let evaluation = run.evaluate(.training)
        #expect(abs(evaluation.loss - residual / 64) < 1e-6 * max(1, evaluation.loss))
        let variance = Moments(of: targets).populationVariance
        #expect(abs(evaluation.r2 - (1 - residual / 64 / variance)) < 1e-6)
        #expect(evaluation.accuracy.isNaN)
    }

    @Test func `exclusive or is learned by one hidden layer and not by none`() throws {
        let storage = SyntheticRows(count: 8, columns: 2)
        for row in 0..<8 {
            let (a, b) = (row & 1, row >> 1 & 1)
            storage.features[row * storage.rowStride] = Float(2 * a - 1)
            storage.features[row * storage.rowStride + 1] = Float(2 * b - 1)
            storage.classes[row] = Int32(a ^ b)
        }
        let data = try SyntheticTask(rows: 4, validationRows: 4, columns: 2, classes: 2).wrap(storage).data
        for (widths, accuracy) in [([8], 1.0), ([], 0.75)] {
            let run = try TrainingRun(
                spec: makeSpec(
                    widths,
                    .adam(learningRate: 0.05, beta1: 0.9, beta2: 0.999, epsilon: 1e-8),
                    activation: .tanh,
                    batchSize: 4
                ),
                data: data,
                seed: 3,
                kernels: .selected()
            )
            for _ in 0..<200 { _ = run.trainEpoch() }
            let found = run.evaluate(.validation).accuracy
            #expect(widths.isEmpty ? found <= accuracy : found == accuracy)
        }
    }

    // covers: C27
    @Test(arguments: [
        makeSpec([16], .sgd(learningRate: 0.05, momentum: 0.9), activation: .sigmoid, initializer: .glorot),
        makeSpec([16, 16], activation: .tanh, dropout: 0.2),
        makeSpec([16, 16], activation: .relu, dropout: 0.2, l2: 1e-4),
    ])
    func `separated blobs are told apart`(_ setting: TrainingSpec) throws {
        let storage = SyntheticRows(count: 240, columns: 3)
        var stream = RandomStream(key: 77)
        for row in 0..<240 {
            let label = row % 3
            storage.classes[row] = Int32(label)
            for column in 0..<3 {
                // Centres 6 apart with unit spread: an error has a probability below 3e-5.
                storage.features[row * storage.rowStride + column] = Float(
                    (column == label ? 4.3 : 0) + stream.normal()
                )
            }
        }
        let data = try SyntheticTask(rows: 180, validationRows: 60, columns: 3).wrap(storage).data
        let run = try TrainingRun(spec: setting, data: data, seed: 1, kernels: .selected())
        var curve = LearningCurve(metrics: run.metrics)
        for _ in 0..<20 { curve.append(try #require(run.trainEpoch())) }
        #expect(try #require(curve.value(.validationAccuracy, at: 20)) >= 0.95)
        #expect(curve.series(.probeLoss)[19] < 0.3 * curve.series(.probeLoss)[0])
        #expect(curve.series(.gradientNorm).allSatisfy { $0.isFinite && $0 > 0 })
    }

    @Test func `row losses are those of the evaluation and do not depend on the batch size`() throws {
        let data = try SyntheticTask(rows: 150, validationRows: 90).make().data
        var seen: [[Float]] = []
        for batch in [1, 7, 100, 150] {
            let run = try TrainingRun(spec: makeSpec(batchSize: batch), data: data, seed: 4, kernels: .selected())
            let losses = run.rowLosses(.validation)
            #expect(losses.count == 90)
            #expect(losses.reduce(0.0) { $0 + Double($1) } / 90 == run.evaluate(.validation).loss)
            seen.append(losses)
        }
        #expect(seen.allSatisfy { $0 == seen[0] })
    }

    /// Pictures of 8×8 pixels: a bright line from edge to edge, level, upright or falling, anywhere, in noise.
    private func lines(_ rows: Int, validation: Int) throws -> TrainingData {
        let task = SyntheticTask(
            rows: rows,
            validationRows: validation,
            image: ImageShape(height: 8, width: 8, channels: 1)
        )
        let storage = SyntheticRows(count: rows + validation, columns: 64)
        var stream = RandomStream(key: 5)
        for row in 0..<storage.count {
            let (label, place) = (row % 3, stream.below(8))
            storage.classes[row] = Int32(label)
            for pixel in 0..<64 {
                let (y, x) = (pixel / 8, pixel % 8)
                let isBright = label == 0 ? y == place : label == 1 ? x == place : (x - y + 8) % 8 == place
                storage.features[row * storage.rowStride + pixel] = Float((isBright ? 1 : 0) + 0.3 * stream.normal())
            }
        }
        return try task.wrap(storage).data
    }

    // covers: P1 C14 R17
    @Test func `a small convolutional network learns lines that a linear model does not`() throws {
        let data = try lines(300, validation: 150)
        func accuracy(_ layers: [LayerSpec]) throws -> Double {
            let run = try TrainingRun(
                spec: makeSpec().with { $0.model.layers = layers },
                data: data,
                seed: 1,
                kernels: .selected()
            )
            for _ in 0..<15 { _ = run.trainEpoch() }
            return run.evaluate(.validation).accuracy
        }
        let network: [LayerSpec] = [
            .convolution(ConvolutionSpec(channels: 8)), .batchNorm(momentum: 0.1, epsilon: 1e-5), .activation(.relu),
            .maxPool(PoolSpec()), .convolution(ConvolutionSpec(channels: 12)), .activation(.relu), .globalAveragePool,
        ]
        #expect(try accuracy(network) >= 0.95)
        // Each line lies anywhere: no single pixel says anything.
        #expect(try accuracy([]) < 0.7)
    }

    // covers: C18 R16
    /// Every rule with its defaults but the rate, on a task that has something to learn.
    @Test(arguments: [
        OptimizerSpec.sgd(learningRate: 0.2, momentum: 0), .sgd(learningRate: 0.02, momentum: 0.9),
        .sgd(learningRate: 0.02, momentum: 0.9, nesterov: true),
        OptimizerSpec(.adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8, amsgrad: false), learningRate: 3e-3),
        OptimizerSpec(.adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8, amsgrad: true), learningRate: 3e-3),
        OptimizerSpec(.adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8, amsgrad: false), learningRate: 3e-3, decay: 0.01),
        OptimizerSpec(.rmsprop(alpha: 0.99, epsilon: 1e-8, momentum: 0, centered: false), learningRate: 3e-3),
        OptimizerSpec(.rmsprop(alpha: 0.99, epsilon: 1e-8, momentum: 0.5, centered: true), learningRate: 1e-3),
        OptimizerSpec(.adagrad(epsilon: 1e-10), learningRate: 0.03),
        OptimizerSpec(.lion(beta1: 0.9, beta2: 0.99), learningRate: 1e-3),
        OptimizerSpec(.nadam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8), learningRate: 3e-3),
        // A velocity that is an average of gradients, sums and rates that begin elsewhere.
        .sgd(learningRate: 0.2, momentum: 0.9, dampening: 0.9),
        OptimizerSpec(
            .adagrad(epsilon: 1e-10, learningRateDecay: 1e-3, initialAccumulator: 1e-3),
            learningRate: 0.05
        ),
        OptimizerSpec(.nadam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8, momentumDecay: 0.1), learningRate: 3e-3),
    ])
    func `every optimizer lowers the loss`(_ optimizer: OptimizerSpec) throws {
        let run = try TrainingRun(
            spec: makeSpec([32], optimizer, activation: .tanh),
            data: try lines(300, validation: 60),
            seed: 1,
            kernels: .selected()
        )
        let start = run.evaluate(.training).loss
        for _ in 0..<20 { _ = run.trainEpoch() }
        #expect(run.evaluate(.training).loss < 0.5 * start)
    }

    /// Solves the normal equations by Gaussian elimination with pivoting.
    private func leastSquares(_ x: [[Double]], _ y: [Double]) -> [Double] {
        let n = x[0].count
        var a = Array(repeating: Array(repeating: 0.0, count: n + 1), count: n)
        for (x, y) in zip(x, y) {
            for i in 0..<n {
                for j in 0..<n { a[i][j] += x[i] * x[j] }
                a[i][n] += x[i] * y
            }
        }
        for k in 0..<n {
            let pivot = (k..<n).max { abs(a[$0][k]) < abs(a[$1][k]) } ?? k
            a.swapAt(k, pivot)
            for i in 0..<n where i != k {
                let factor = a[i][k] / a[k][k]
                for j in k...n { a[i][j] -= factor * a[k][j] }
            }
        }
        return (0..<n).map { a[$0][n] / a[$0][$0] }
    }
}
