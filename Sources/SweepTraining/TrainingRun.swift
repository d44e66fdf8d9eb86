package import KernelAPI
package import SweepCore
import SweepKernels

/// One training run: a network, its optimizer and its place in the data, epoch by epoch.
///
/// The curve and the weights are a function of (specification, data, seed, `TrainingCore.version`): the same bits with
/// every kernel table, on every thread, cancelled and continued or not, restored from a checkpoint or not.
/// All memory is allocated at the start and freed with the object. Not Sendable: a run belongs to one thread.
package final class TrainingRun {
    package let spec: TrainingSpec
    package let data: TrainingData
    package let seed: UInt64
    /// Epochs finished.
    package internal(set) var epoch = 0
    /// Whether a loss was not finite: the run is over, its last observation shows it.
    package internal(set) var diverged = false
    /// Whether the run's own rule of early stopping ended it with the last epoch.
    package internal(set) var stoppedEarly = false
    /// What happened since `takeNotes` was last called.
    var notes: [TrialNote] = []

    let kernels: KernelTable
    let network: Network
    let order: EpochOrder
    /// Keeps the network's and the optimizer's buffers alive.
    private let arena: Arena
    var optimizer: Optimizer
    /// Steps of the unfinished epoch.
    var stepOfEpoch = 0
    /// The sum of the unfinished epoch's row losses.
    var lossSum = 0.0
    /// Core seconds of the unfinished epoch.
    var seconds = 0.0
    /// The sum of the squares of the last step's gradient, measured on the last step of an epoch only.
    var squaredGradientNorm = 0.0
    let dropoutSeed: UInt64

    /// Rows measured at once: enough for the matrix products to run at full speed.
    private static let evaluationRows = 64

    /// The default of the memory limit: 8 GiB, far beyond what trains in reasonable time on one core.
    package static let defaultMemoryLimit = 8 << 30

    /// Allocates the run's memory and draws its initial weights.
    ///
    /// Throws `unsuitable` if the specification does not fit the data, `tooLarge` beyond the memory limit (bytes).
    package convenience init(
        spec: TrainingSpec,
        data: TrainingData,
        seed: UInt64,
        kernels: KernelTable,
        memoryLimit: Int = defaultMemoryLimit
    ) throws(TrainingError) {
        try self.init(blank: spec, data: data, seed: seed, kernels: kernels, memoryLimit: memoryLimit)
        let largest = network.layers.map { $0.inputs * $0.outputs }.max() ?? 0
        let scratch = UnsafeMutablePointer<Float>.allocate(capacity: max(largest, 1))
        defer { scratch.deallocate() }
        for (index, layer) in network.layers.enumerated() {
            spec.initializer.draw(into: layer, index: index, seed: seed, rowMajor: scratch)
            layer.refreshTransposed(kernels: kernels)
        }
    }

    /// Allocates the memory of a run whose weights are all zero.
    init(
        blank spec: TrainingSpec,
        data: TrainingData,
        seed: UInt64,
        kernels: KernelTable,
        memoryLimit: Int
    ) throws(TrainingError) {
        let problems = spec.problems(on: data.schema)
        guard problems.isEmpty else { throw .unsuitable(problems) }
        let capacity = max(spec.batchSize, Self.evaluationRows)
        let bytes = Network.bytes(spec: spec, schema: data.schema, capacity: capacity)
        guard bytes <= memoryLimit else { throw .tooLarge(bytes: bytes, limit: memoryLimit) }
        self.spec = spec
        self.data = data
        self.seed = seed
        self.kernels = kernels
        arena = Arena()
        network = Network(spec: spec, schema: data.schema, capacity: capacity, kernels: kernels, arena: arena)
        optimizer = Optimizer(rule: spec.optimizer, l2: spec.l2, network: network.layers, arena: arena)
        order = EpochOrder(rows: data.rows(.training))
        dropoutSeed = StreamPurpose.dropout.key(seed: seed, index: 0)
    }

    deinit { order.deallocate() }

    /// Steps an epoch takes; the last may have fewer rows.
    package var stepsPerEpoch: Int {
        (data.schema.trainingRows + spec.batchSize - 1) / spec.batchSize
    }

    /// The metrics of an observation's values, in order.
    package var metrics: [Metric] { Metric.reported(for: data.schema) }

    /// What happened since the last call, in order.
    package func takeNotes() -> [TrialNote] {
        defer { notes.removeAll() }
        return notes
    }

    /// Rows that the next step trains on.
    var rowsOfNextStep: Int {
        let step = stepOfEpoch == stepsPerEpoch ? 0 : stepOfEpoch
        return min(spec.batchSize, data.schema.trainingRows - step * spec.batchSize)
    }

    /// Trains on the next batch and returns the mean loss of its rows before the update, without the penalty.
    ///
    /// A loss that is not finite changes nothing but `diverged`. Call it through `trainEpoch`; alone it is for
    /// measuring, and wraps around to the next epoch's order without measuring the epoch.
    @discardableResult
    package func step() -> Double {
        if stepOfEpoch == stepsPerEpoch { wrap() }
        if stepOfEpoch == 0 { order.arrange(seed: seed, epoch: epoch) }
        let first = stepOfEpoch * spec.batchSize
        let rows = rowsOfNextStep
        let isLast = stepOfEpoch == stepsPerEpoch - 1
        let number = UInt64(epoch) * UInt64(stepsPerEpoch) + UInt64(stepOfEpoch)
        let key = spec.model.dropout > 0 ? DropoutKey(seed: dropoutSeed, step: number) : nil
        network.load(data, rows: rows, indices: order.indices + first)
        network.forward(rows: rows, dropout: key)
        let sum = network.measureLoss(rows: rows, gradient: true)
        lossSum += sum
        guard sum.isFinite else {
            diverged = true
            return sum / Double(rows)
        }
        optimizer.beginStep()
        if isLast { squaredGradientNorm = 0 }
        network.backward(rows: rows, dropout: key) { index, weights, bias in
            let layer = network.layers[index]
            if isLast { squaredGradientNorm += squaredNorm(layer, weights: weights, bias: bias) }
            optimizer.update(layer, index, weightGradient: weights, biasGradient: bias, kernels: kernels)
            layer.refreshTransposed(kernels: kernels)
        }
        stepOfEpoch += 1
        return sum / Double(rows)
    }

    /// Goes on to the next epoch without measuring this one.
    private func wrap() {
        epoch += 1
        beginEpoch()
    }

    func beginEpoch() {
        stepOfEpoch = 0
        lossSum = 0
        seconds = 0
        squaredGradientNorm = 0
    }

    /// The squares of one layer's gradient, penalty included, summed.
    private func squaredNorm(_ layer: DenseLayer, weights: MutableFloats, bias: MutableFloats) -> Double {
        let count = layer.layout.count
        var sum = kernels.sumOfSquares(bias, layer.layout.paddedColumns)
        if spec.l2 == 0 {
            sum += kernels.sumOfSquares(weights, count)
            if sum.isFinite { return sum }
            // float32 overflows beyond 1.8e19; a finite gradient has a finite norm.
            sum = 0
            for index in 0..<layer.layout.paddedColumns { sum += Double(bias[index]) * Double(bias[index]) }
        }
        for index in 0..<count {
            let gradient = Double(weights[index]) + spec.l2 * Double(layer.weights[index])
            sum += gradient * gradient
        }
        return sum
    }
}
