import KernelAPI
package import SweepCore
import SweepKernels
import SweepNumerics

extension TrainingRun {
    /// What the layers look like now, in evaluation mode on `rows`; nil: on all of the probe.
    ///
    /// Allocates; call it between epochs. Weights, order and optimizer stay as they are. With `measuresNoise` the gradient's
    /// noise is estimated too, except in networks with batch norm, whose running moments a pass in training mode would move.
    package func reading(measuresNoise: Bool = false, rows: [Int32]? = nil) -> Instruments.Reading {
        let rows = rows ?? data.rows(.probe)
        let parts = measuredLayers
        var sums = parts.map { LayerSums(units: $0.output.values.image.channels) }
        var counts = [Int](repeating: 0, count: max(1, network.head.outputs == 1 ? 2 : network.head.outputs))
        var predictions = Moments()
        var targets = Moments()
        let isClassification = data.schema.task.kind == .classification
        forEachBatch(of: rows) { _, losses in
            for (index, part) in parts.enumerated() {
                sums[index].add(part.output.values, rows: losses.count, activation: part.activation)
            }
            if isClassification {
                _ = network.head.countCorrect(rows: losses.count, predicted: measured.predicted)
                for row in losses.indices where counts.indices.contains(Int(measured.predicted[row])) {
                    counts[Int(measured.predicted[row])] += 1
                }
            } else {
                let values = network.head.predictions.values
                for row in losses.indices {
                    predictions.add(Double(values.start[row * values.rowStride]))
                    targets.add(Double(network.head.target(row)))
                }
            }
        }
        let hasStepped = epoch > 0 || stepOfEpoch > 0
        let layers = zip(parts, sums).map { part, sums in
            layer(part, sums, hasStepped: hasStepped)
        }
        let variance = targets.populationVariance
        return Instruments.Reading(
            epoch: epoch,
            layers: layers,
            noise: measuresNoise ? gradientNoise() : nil,
            commonestPrediction: isClassification && !rows.isEmpty
                ? Double(counts.max() ?? 0) / Double(rows.count) : nil,
            predictionVariance: !isClassification && variance > 0
                ? predictions.populationVariance / variance : nil,
            // What the end of the epoch measured, which was of other weights where earlier ones are back.
            classes: hasStepped && !hasRestored ? measured.classReadings(unit: lossUnit) : []
        )
    }

    /// The standard error over rows of a part's mean loss, in the loss's own unit; nil below two rows.
    package func lossError(_ part: TrainingData.Part) -> Double? {
        let moments = Moments(of: rowLosses(part).lazy.map { Double($0) })
        return moments.sampleDeviation.map { $0 / Double(moments.count).squareRoot() * lossUnit }
    }

    private func layer(_ part: MeasuredLayer, _ sums: LayerSums, hasStepped: Bool) -> Instruments.Layer {
        let weights = part.weights
        let count = weights.reduce(0) { $0 + $1.layout.count }
        func root(_ squares: Double) -> Double { (squares / Double(max(1, count))).squareRoot() }
        let norms = weights.map { lastNorms[$0.index] }
        return Instruments.Layer(
            name: part.name,
            isHead: part.isHead,
            activation: part.activation,
            gradient: hasStepped ? root(norms.reduce(0) { $0 + $1.gradient }) : nil,
            weights: root(weights.reduce(0) { $0 + kernels.sumOfSquares($1.values, $1.storedCount) }),
            change: hasStepped ? root(norms.reduce(0) { $0 + $1.change }) : nil,
            weightCount: count,
            deviation: sums.deviation,
            units: sums.units,
            dead: part.activation == .relu && !part.isHead ? sums.deadShare : nil,
            saturated: part.activation == .tanh || part.activation == .sigmoid ? sums.saturatedShare : nil,
            equalUnits: weights.count == 1 ? Self.equalUnits(weights[0]) : 0
        )
    }

    /// How many of a matrix's columns stand in it more than once, bit for bit.
    private static func equalUnits(_ weights: Parameter) -> Int {
        let shape = weights.layout.shape
        guard let columns = shape.last, columns > 1 else { return 0 }
        let rows = weights.layout.count / columns
        // A matrix of one input has columns of one number: those may be equal by rounding, hence two rows at least.
        guard rows > 1 else { return 0 }
        func equal(rows: Int) -> Int {
            let values = [Float](unsafeUninitializedCapacity: rows * columns) { buffer, initialized in
                if let base = buffer.baseAddress {
                    weights.layout.unpack(Floats(weights.values), into: base, rows: rows)
                }
                initialized = rows * columns
            }
            // Row by row, as they lie: column by column each value would come from a line of its own.
            var hashes = [UInt64](repeating: 0, count: columns)
            for start in stride(from: 0, to: rows * columns, by: columns) {
                for column in 0..<columns {
                    hashes[column] = WordHash.mixed(hashes[column], UInt64(values[start + column].bitPattern))
                }
            }
            var found: [UInt64: Int] = [:]
            for hash in hashes { found[hash, default: 0] += 1 }
            return found.values.reduce(0) { $0 + ($1 > 1 ? $1 : 0) }
        }
        // Columns that differ in a few rows differ: in nearly every network those few tell all apart. In a convolution's matrix they
        // would be the first of each of its groups, and it is small.
        if case .panels(groups: 1, _, _, _) = weights.layout, rows > 4, equal(rows: 4) == 0 { return 0 }
        return equal(rows: rows)
    }
}

/// A layer with weights, and where its units' outputs stand.
private struct MeasuredLayer {
    let name: String
    let isHead: Bool
    let weights: [Parameter]
    let output: Slot
    let activation: SweepCore.Activation?
}

extension TrainingRun {
    /// The layers with weights, first to last, each with the output behind its activation; a residual block is one layer.
    private var measuredLayers: [MeasuredLayer] {
        var found: [MeasuredLayer] = []
        let layers = network.layers
        for (index, layer) in layers.enumerated() {
            let weights = layer.parameters.filter { $0.role == .weights }
            guard !weights.isEmpty else { continue }
            var output = layer.output
            var activation = layer.fusedFunction
            if activation == nil {
                // A norm may stand between a layer and its activation.
                for next in layers[(index + 1)...] {
                    if next.parameters.contains(where: { $0.role == .weights }) { break }
                    if let norm = next as? BatchNormLayer, norm.rectifies {
                        activation = .relu
                        output = norm.output
                        break
                    }
                    if let between = next as? ActivationLayer {
                        activation = between.function
                        output = between.output
                        break
                    }
                }
            }
            found.append(
                MeasuredLayer(
                    name: "\(index + 1)",
                    isHead: index == layers.count - 1,
                    weights: weights,
                    output: output,
                    activation: activation?.named
                )
            )
        }
        return found
    }
}

/// Sums over a layer's outputs.
private struct LayerSums {
    let units: Int
    private var rows = 0
    private var active: [Int]
    private var extreme: [Int]
    private var (sum, squares) = (0.0, 0.0)

    init(units: Int) {
        self.units = units
        active = [Int](repeating: 0, count: units)
        extreme = active
    }

    /// Adds a batch; a unit of an image is a channel, and each pixel counts as a row.
    mutating func add(_ values: Tensor, rows count: Int, activation: SweepCore.Activation?) {
        let (height, width, channels) = values.image
        let layout = values.layout
        // Where the slope is 5 % of its largest: |z| = 4.4 of a sigmoid, 2.2 of tanh.
        let ends: ClosedRange<Float> = activation == .sigmoid ? 0.0121...0.9879 : -0.9757...0.9757
        let saturates = activation == .sigmoid || activation == .tanh
        var (sum, squares) = (0.0, 0.0)
        active.withUnsafeMutableBufferPointer { active in
            extreme.withUnsafeMutableBufferPointer { extreme in
                for row in 0..<count {
                    for line in 0..<height {
                        for pixel in 0..<width {
                            let start =
                                values.start + row * layout.sampleStride + line * layout.rowStride
                                + pixel * layout.pixelStride
                            for unit in 0..<channels {
                                let value = start[unit]
                                if value > 0 { active[unit] &+= 1 }
                                if saturates, !ends.contains(value) { extreme[unit] &+= 1 }
                                sum += Double(value)
                                squares += Double(value) * Double(value)
                            }
                        }
                    }
                }
            }
        }
        self.sum += sum
        self.squares += squares
        rows += count * height * width
    }

    var deviation: Double {
        let count = Double(max(1, rows * units))
        return max(0, squares / count - sum / count * (sum / count)).squareRoot()
    }

    /// Units that are above zero on less than 1 % of the rows.
    var deadShare: Double { Double(active.count { Double($0) < 0.01 * Double(rows) }) / Double(max(1, units)) }

    /// Units that are near an end on 85 % of the rows.
    var saturatedShare: Double { Double(extreme.count { Double($0) >= 0.85 * Double(rows) }) / Double(max(1, units)) }
}

extension Layer {
    /// The activation at the end of a layer with weights; nil without one.
    fileprivate var fusedFunction: ActivationFunction? {
        (self as? DenseLayer)?.activation?.function ?? (self as? ConvolutionLayer)?.activation?.function
            ?? (self as? ResidualLayer)?.activation?.function
    }
}

extension ActivationFunction {
    /// The activation of a specification; nil for those whose units are not judged.
    fileprivate var named: SweepCore.Activation? {
        switch self {
        case .relu: .relu
        case .tanh: .tanh
        case .sigmoid: .sigmoid
        default: nil
        }
    }
}
