import KernelAPI
import SweepCore
import SweepKernels

/// A multilayer perceptron with room for one batch: parameters, activations and gradients in one arena.
///
/// All buffers are made at the start; nothing here allocates afterwards. Not for two threads at once.
final class Network {
    let layers: [DenseLayer]
    let loss: LossKind
    let outputs: Int
    /// Rows that fit the buffers.
    let capacity: Int
    private let activation: SweepCore.Activation
    private let dropout: Float
    private let kernels: KernelTable

    /// X of the batch, its padding zero.
    private let features: Matrix
    private let labels: UnsafeMutablePointer<Int32>
    /// The batch's targets for squared error: numbers, or one-hot classes.
    private let targets: Matrix
    /// Each layer's output after its activation; the last one's are the predictions.
    private let activated: [Matrix]
    /// What the next layer reads while training: the output after dropout, or the output itself without dropout.
    private let dropped: [Matrix]
    /// The loss's gradient by each layer's output before its activation.
    private let gradients: [Matrix]
    private let weightGradient: MutableFloats
    private let biasGradient: MutableFloats
    private let rowLosses: MutableFloats

    init(spec: TrainingSpec, schema: DataSchema, capacity: Int, kernels: KernelTable, arena: Arena) {
        let widths = [schema.features.count] + spec.model.widths + [schema.outputs]
        layers = (1..<widths.count).map {
            DenseLayer(inputs: widths[$0 - 1], outputs: widths[$0], isFirst: $0 == 1, arena: arena)
        }
        loss = spec.loss(on: schema)
        outputs = schema.outputs
        self.capacity = capacity
        activation = spec.model.activation
        dropout = Float(spec.model.dropout)
        self.kernels = kernels
        features = Matrix(rows: capacity, columns: widths[0], arena: arena)
        labels = .allocate(capacity: capacity)
        labels.initialize(repeating: 0, count: capacity)
        targets = Matrix(rows: loss == .meanSquaredError ? capacity : 0, columns: schema.outputs, arena: arena)
        let activated = widths.dropFirst().map { Matrix(rows: capacity, columns: $0, arena: arena) }
        self.activated = activated
        dropped =
            dropout > 0
            ? widths.dropFirst().dropLast().map { Matrix(rows: capacity, columns: $0, arena: arena) } : activated
        gradients = widths.dropFirst().map { Matrix(rows: capacity, columns: $0, arena: arena) }
        weightGradient = arena.pointer(layers.map(\.layout.count).max() ?? 0)
        biasGradient = arena.pointer(layers.map(\.layout.paddedColumns).max() ?? 0)
        rowLosses = arena.pointer(capacity)
    }

    deinit { labels.deallocate() }

    /// Bytes of a network's buffers with its optimizer's memory, before they are allocated.
    static func bytes(spec: TrainingSpec, schema: DataSchema, capacity: Int) -> Int {
        let widths = [schema.features.count] + spec.model.widths + [schema.outputs]
        var floats = capacity * RowLayout.stride(columns: widths[0])
        var largest = 0
        for index in 1..<widths.count {
            let weights = paddedCount(widths[index - 1]) * paddedCount(widths[index])
            largest = max(largest, weights)
            // Weights, their transpose, two moments; activation, its dropped copy, its gradient.
            floats += 4 * weights + 3 * capacity * RowLayout.stride(columns: widths[index])
        }
        return 4 * (floats + largest)
    }
}

/// Which mask a training step draws.
struct DropoutKey {
    let seed: UInt64
    let step: UInt64
}

extension Network {
    /// Collects so many rows of `data` as the batch.
    func load(_ data: TrainingData, rows: Int, indices: UnsafePointer<Int32>) {
        kernels.gatherRows(
            RowGather(
                rows: rows,
                columns: layers[0].inputs,
                source: data.features,
                sourceStride: data.rowStride,
                indices: indices,
                destination: features.start,
                destinationStride: features.stride
            )
        )
        switch data.targets {
        case .classes(let classes):
            for row in 0..<rows { labels[row] = classes[Int(indices[row])] }
            guard loss == .meanSquaredError else { return }
            targets.start.update(repeating: 0, count: rows * targets.stride)
            for row in 0..<rows { targets.start[row * targets.stride + Int(labels[row])] = 1 }
        case .numbers(let numbers):
            for row in 0..<rows { targets.start[row * targets.stride] = numbers[Int(indices[row])] }
        }
    }

    /// Computes the predictions of the batch; with a key, hidden units are dropped and kept for the backward pass.
    func forward(rows: Int, dropout key: DropoutKey?) {
        var input = features
        for (index, layer) in layers.enumerated() {
            let output = activated[index]
            let isHead = index == layers.count - 1
            layer.forward(
                rows: rows,
                input: input,
                output: output,
                epilogue: !isHead && activation == .relu ? .relu : .none,
                kernels: kernels
            )
            input = output
            if isHead { return }
            if let function = activation.separateKernel {
                kernels.activate(
                    KernelAPI.Activation(
                        function: function,
                        rows: rows,
                        columns: layer.outputs,
                        values: output.start,
                        stride: output.stride
                    )
                )
            }
            if let key, dropout > 0 {
                input = dropped[index]
                drop(index, rows: rows, from: output, into: input, key: key)
            }
        }
    }

    /// The sum of the batch rows' losses; with `gradient`, also the mean loss's gradient by the predictions.
    func measureLoss(rows: Int, gradient: Bool) -> Double {
        let predictions = activated[layers.count - 1]
        let result = gradients[layers.count - 1]
        switch loss {
        case .softmaxCrossEntropy:
            return kernels.softmaxCrossEntropy(
                SoftmaxCrossEntropy(
                    rows: rows,
                    classes: outputs,
                    logits: predictions.floats,
                    logitStride: predictions.stride,
                    labels: labels,
                    gradient: gradient ? result.start : nil,
                    gradientStride: result.stride,
                    gradientScale: 1 / Float(rows),
                    losses: rowLosses
                )
            )
        case .meanSquaredError:
            return kernels.squaredError(
                SquaredError(
                    rows: rows,
                    outputs: outputs,
                    values: predictions.floats,
                    valueStride: predictions.stride,
                    targets: targets.floats,
                    targetStride: targets.stride,
                    gradient: gradient ? result.start : nil,
                    gradientStride: result.stride,
                    gradientScale: 1 / Float(rows),
                    losses: rowLosses
                )
            )
        }
    }

    /// The batch rows' losses, as `measureLoss` left them.
    func losses(rows: Int) -> UnsafeBufferPointer<Float> { UnsafeBufferPointer(start: rowLosses, count: rows) }

    /// How many rows of the batch have their class's prediction largest.
    func countCorrect(rows: Int) -> Int {
        let predictions = activated[layers.count - 1]
        return kernels.countCorrect(
            CorrectCount(
                rows: rows,
                classes: outputs,
                logits: predictions.floats,
                logitStride: predictions.stride,
                labels: labels
            )
        )
    }

    /// Carries the gradient from the predictions back to every layer, last layer first.
    ///
    /// `use` is called once a layer, as soon as its gradients stand in the two buffers (weights in panels; the next
    /// call overwrites them) and nothing reads the layer's weights any more in this step: it may change them.
    func backward(
        rows: Int,
        dropout key: DropoutKey?,
        use: (_ index: Int, _ weights: MutableFloats, _ bias: MutableFloats) -> Void
    ) {
        for index in layers.indices.reversed() {
            let layer = layers[index]
            if index > 0 { propagate(through: layer, index, rows: rows, key: key) }
            let input = index == 0 ? features : (dropout > 0 && key != nil ? dropped : activated)[index - 1]
            layer.parameterGradients(
                rows: rows,
                input: input,
                gradient: gradients[index],
                weights: weightGradient,
                bias: biasGradient,
                kernels: kernels
            )
            use(index, weightGradient, biasGradient)
        }
    }

    /// The gradient by the layer's input, then by what the activation and the dropout before it were given.
    private func propagate(through layer: DenseLayer, _ index: Int, rows: Int, key: DropoutKey?) {
        let result = gradients[index - 1]
        let output = activated[index - 1]
        let drops = dropout > 0 && key != nil
        let fusesMask = activation == .relu && !drops
        layer.inputGradient(
            rows: rows,
            gradient: gradients[index],
            into: result,
            epilogue: fusesMask ? .reluMask(output.floats) : .none,
            kernels: kernels
        )
        if fusesMask { return }
        if let key, drops { drop(index - 1, rows: rows, from: result, into: result, key: key) }
        kernels.differentiate(
            ActivationGradient(
                function: activation.kernel,
                rows: rows,
                columns: layer.inputs,
                gradient: result.start,
                gradientStride: result.stride,
                output: output.floats,
                outputStride: output.stride
            )
        )
    }

    private func drop(_ index: Int, rows: Int, from source: Matrix, into destination: Matrix, key: DropoutKey) {
        kernels.dropOut(
            Dropout(
                rate: dropout,
                seed: key.seed,
                step: key.step,
                layer: UInt64(index),
                rows: rows,
                columns: layers[index].outputs,
                source: source.floats,
                sourceStride: source.stride,
                destination: destination.start,
                destinationStride: destination.stride
            )
        )
    }
}

extension SweepCore.Activation {
    fileprivate var kernel: ActivationFunction {
        switch self {
        case .relu: .relu
        case .tanh: .tanh
        case .sigmoid: .sigmoid
        }
    }

    /// The kernel that follows the product; nil for ReLU, which the product's epilogue applies.
    fileprivate var separateKernel: ActivationFunction? { self == .relu ? nil : kernel }
}
