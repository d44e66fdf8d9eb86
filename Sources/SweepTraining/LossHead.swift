import KernelAPI
import SweepCore
import SweepKernels

/// The end of a network: the batch's targets, the loss of its predictions, and the gradient by them.
///
/// What is measured is the plain loss of its kind: no row weighs more, no target is smoothed and no exponent focuses,
/// so that configurations that differ in these can be compared.
final class LossHead {
    let loss: LossSpec
    /// Units of the predictions.
    let outputs: Int
    let predictions: Slot
    private let isClassification: Bool
    private let labels: UnsafeMutablePointer<Int32>
    /// The batch's targets as rows; for softmax with index labels they are made when rows are mixed only.
    private let targets: Tensor
    /// A factor for each class; nil for ones.
    private let classWeights: UnsafeMutablePointer<Float>?
    private let rowWeights: MutableFloats
    private let rowLosses: MutableFloats
    /// Whether the batch's targets are shares of several classes, so that its labels are not all.
    private var isMixed = false
    /// Nil where rows are never mixed.
    private let partners: PartnerLoss?
    private let kernels: KernelTable

    /// `mixes` says whether `mix` will be called.
    init(
        _ loss: LossSpec,
        predictions: Slot,
        schema: DataSchema,
        capacity: Int,
        mixes: Bool,
        kernels: KernelTable,
        arena: Arena
    ) {
        self.loss = loss
        self.predictions = predictions
        self.kernels = kernels
        outputs = predictions.values.shape.count
        isClassification = schema.task.kind == .classification
        labels = .allocate(capacity: capacity)
        labels.initialize(repeating: 0, count: capacity)
        targets = Tensor(.vector(outputs), rows: capacity, arena: arena)
        rowWeights = arena.pointer(capacity)
        rowLosses = arena.pointer(capacity)
        partners = mixes ? PartnerLoss(gradient: predictions.gradient, capacity: capacity, arena: arena) : nil
        classWeights = Self.weights(loss.classWeights, schema.task)
    }

    deinit {
        labels.deallocate()
        classWeights?.deallocate()
    }

    /// One factor a class; nil where all are 1.
    private static func weights(_ rule: ClassWeightRule, _ task: DataTask) -> UnsafeMutablePointer<Float>? {
        guard case .classification(_, let counts) = task else { return nil }
        let weights: [Double]
        switch rule {
        case .none: return nil
        case .listed(let listed): weights = listed
        case .balanced:
            weights = ClassWeights.balanced(counts)
        }
        let memory = UnsafeMutablePointer<Float>.allocate(capacity: counts.count)
        for index in counts.indices {
            memory.advanced(by: index).initialize(to: index < weights.count ? Float(weights[index]) : 1)
        }
        return memory
    }

    /// Collects the targets of so many rows.
    func load(_ source: TrainingData.Targets, rows: Int, indices: UnsafePointer<Int32>) {
        isMixed = false
        switch source {
        case .numbers(let numbers):
            for row in 0..<rows { targets.start[row * targets.rowStride] = numbers[Int(indices[row])] }
        case .classes(let classes):
            for row in 0..<rows { labels[row] = classes[Int(indices[row])] }
            if loss.kind != .softmaxCrossEntropy { writeLabelRows(rows) }
        }
    }

    /// The labels as target rows: one-hot, or the single logit's 0 and 1.
    private func writeLabelRows(_ rows: Int) {
        guard outputs > 1 else {
            for row in 0..<rows { targets.start[row * targets.rowStride] = Float(labels[row]) }
            return
        }
        targets.start.update(repeating: 0, count: rows * targets.rowStride)
        for row in 0..<rows { targets.start[row * targets.rowStride + Int(labels[row])] = 1 }
    }

    /// Makes each row's target λ (`shares`) of its own and 1 − λ of its partner's.
    ///
    /// With classes' weights w the target's shares are λ · w(own) and (1 − λ) · w(partner's) over their sum, and the row
    /// weighs that sum: the cross-entropy is λ · w · l of the own class and (1 − λ) · w · l of the partner's.
    /// `scratch` has room for the targets of all rows.
    func mix(rows: Int, partners: UnsafePointer<Int32>, shares: Floats, scratch: MutableFloats) {
        guard let room = self.partners else { preconditionFailure("a loss without room for mixed rows") }
        if isClassification, loss.kind == .softmaxCrossEntropy { writeLabelRows(rows) }
        isMixed = true
        for row in 0..<rows {
            let (label, other) = (labels[row], labels[Int(partners[row])])
            let own = shares[row] * (classWeights?[Int(label)] ?? 1)
            let rest = (1 - shares[row]) * (classWeights?[Int(other)] ?? 1)
            room.labels[row] = other
            room.ownWeights[row] = own
            room.otherWeights[row] = rest
            rowWeights[row] = own + rest
            room.shares[row] = classWeights == nil || own + rest == 0 ? shares[row] : own / (own + rest)
        }
        Mixup.mix(
            targets.start,
            rows: rows,
            columns: outputs,
            stride: targets.rowStride,
            partners: partners,
            shares: room.shares,
            scratch: scratch
        )
    }

    /// Floats from one row of targets to the next; `mix` needs as many a row.
    var targetStride: Int { targets.rowStride }

    /// The sum of the batch rows' training losses, and the gradient by the predictions of `gradientScale` times it.
    func train(rows: Int, gradientScale: Float) -> Double {
        if isMixed, let partners, loss.kind == .softmaxCrossEntropy, loss.focus > 0 {
            return train(partners, rows: rows, gradientScale: gradientScale)
        }
        let weights = rowWeights(rows)
        if loss.labelSmoothing > 0, loss.kind == .binaryCrossEntropy || isMixed { smoothTargets(rows) }
        return measure(
            rows: rows,
            gradient: predictions.gradient?.start,
            scale: gradientScale,
            weights: weights,
            smoothing: Float(loss.labelSmoothing),
            focus: Float(loss.focus)
        )
    }

    /// The same of mixed rows under a focused loss: the loss of the rows' own classes, then that of their partners', each
    /// weighed by its share.
    private func train(_ partners: PartnerLoss, rows: Int, gradientScale: Float) -> Double {
        func part(_ labels: UnsafePointer<Int32>, _ weights: Floats, _ gradient: Tensor?, _ losses: MutableFloats)
            -> Double
        {
            kernels.softmaxCrossEntropy(
                SoftmaxCrossEntropy(
                    rows: rows,
                    classes: outputs,
                    logits: predictions.values.floats,
                    logitStride: predictions.values.rowStride,
                    labels: labels,
                    gradient: gradient?.start,
                    gradientStride: gradient?.rowStride ?? 0,
                    gradientScale: gradientScale,
                    losses: losses,
                    rowWeights: weights,
                    labelSmoothing: Float(loss.labelSmoothing),
                    focalExponent: Float(loss.focus)
                )
            )
        }
        let own = part(labels, partners.ownWeights, predictions.gradient, rowLosses)
        let other = part(partners.labels, partners.otherWeights, partners.gradient, partners.losses)
        for row in 0..<rows { rowLosses[row] += partners.losses[row] }
        if let sum = predictions.gradient, let summand = partners.gradient {
            kernels.accumulate(
                Accumulation(count: rows * sum.rowStride, source: summand.start, destination: sum.start)
            )
        }
        return own + other
    }

    /// The sum of the batch rows' plain losses.
    func measure(rows: Int) -> Double {
        measure(rows: rows, gradient: nil, scale: 1, weights: nil, smoothing: 0, focus: 0)
    }

    /// The batch rows' losses, as the last call left them.
    func losses(rows: Int) -> UnsafeBufferPointer<Float> { UnsafeBufferPointer(start: rowLosses, count: rows) }

    /// The batch rows' labels.
    var batchLabels: UnsafePointer<Int32> { UnsafePointer(labels) }

    /// The number that a row of the batch is to be predicted as.
    func target(_ row: Int) -> Float { targets.start[row * targets.rowStride] }

    private func rowWeights(_ rows: Int) -> Floats? {
        guard let classWeights else { return nil }
        // `mix` has written those of mixed rows.
        if isMixed { return Floats(rowWeights) }
        for row in 0..<rows { rowWeights[row] = classWeights[Int(labels[row])] }
        return Floats(rowWeights)
    }

    /// (1 − ε) y + ε / n over n outputs, or over two for a single logit.
    private func smoothTargets(_ rows: Int) {
        let smoothing = Float(loss.labelSmoothing)
        let share = smoothing / Float(loss.kind == .binaryCrossEntropy ? 2 : outputs)
        for row in 0..<rows {
            let values = targets.start + row * targets.rowStride
            for column in 0..<outputs { values[column] = share.addingProduct(1 - smoothing, values[column]) }
        }
    }

    private func measure(
        rows: Int,
        gradient: MutableFloats?,
        scale: Float,
        weights: Floats?,
        smoothing: Float,
        focus: Float
    ) -> Double {
        let values = predictions.values
        let stride = predictions.gradient?.rowStride ?? 0
        switch loss.kind {
        case .softmaxCrossEntropy where isMixed:
            return kernels.softTargetCrossEntropy(
                SoftTargetCrossEntropy(
                    rows: rows,
                    classes: outputs,
                    logits: values.floats,
                    logitStride: values.rowStride,
                    targets: targets.floats,
                    targetStride: targets.rowStride,
                    gradient: gradient,
                    gradientStride: stride,
                    gradientScale: scale,
                    losses: rowLosses,
                    rowWeights: weights
                )
            )
        case .softmaxCrossEntropy:
            return kernels.softmaxCrossEntropy(
                SoftmaxCrossEntropy(
                    rows: rows,
                    classes: outputs,
                    logits: values.floats,
                    logitStride: values.rowStride,
                    labels: labels,
                    gradient: gradient,
                    gradientStride: stride,
                    gradientScale: scale,
                    losses: rowLosses,
                    rowWeights: weights,
                    labelSmoothing: smoothing,
                    focalExponent: focus
                )
            )
        case .binaryCrossEntropy:
            return kernels.binaryCrossEntropy(
                BinaryCrossEntropy(
                    rows: rows,
                    outputs: outputs,
                    logits: values.floats,
                    logitStride: values.rowStride,
                    targets: targets.floats,
                    targetStride: targets.rowStride,
                    gradient: gradient,
                    gradientStride: stride,
                    gradientScale: scale,
                    losses: rowLosses,
                    rowWeights: weights,
                    focalExponent: focus
                )
            )
        case .meanSquaredError:
            return kernels.squaredError(
                SquaredError(
                    rows: rows,
                    outputs: outputs,
                    values: values.floats,
                    valueStride: values.rowStride,
                    targets: targets.floats,
                    targetStride: targets.rowStride,
                    gradient: gradient,
                    gradientStride: stride,
                    gradientScale: scale,
                    losses: rowLosses,
                    rowWeights: weights
                )
            )
        case .meanAbsoluteError, .huber:
            return kernels.robustError(
                RobustError(
                    form: loss.kind == .huber ? .huber(delta: Float(loss.delta)) : .absolute,
                    rows: rows,
                    outputs: outputs,
                    values: values.floats,
                    valueStride: values.rowStride,
                    targets: targets.floats,
                    targetStride: targets.rowStride,
                    gradient: gradient,
                    gradientStride: stride,
                    gradientScale: scale,
                    losses: rowLosses,
                    rowWeights: weights
                )
            )
        }
    }
}

/// What the loss of mixed rows needs of each row's partner.
private final class PartnerLoss {
    let labels: UnsafeMutablePointer<Int32>
    /// The share of a row in its target, by the weights of classes.
    let shares: MutableFloats
    /// λ times the weight of the row's class, and 1 − λ times that of its partner's.
    let ownWeights: MutableFloats
    let otherWeights: MutableFloats
    /// Those of the partners' classes alone.
    let losses: MutableFloats
    let gradient: Tensor?

    init(gradient: Tensor?, capacity: Int, arena: Arena) {
        labels = .allocate(capacity: capacity)
        labels.initialize(repeating: 0, count: capacity)
        shares = arena.pointer(capacity)
        ownWeights = arena.pointer(capacity)
        otherWeights = arena.pointer(capacity)
        losses = arena.pointer(capacity)
        self.gradient = gradient.map { Tensor($0.shape, rows: capacity, arena: arena) }
    }

    deinit { labels.deallocate() }
}

extension LossHead {
    /// How many rows of the batch have their class among the `top` predicted; `predicted` takes each row's first.
    func countCorrect(rows: Int, top: Int = 1, predicted: UnsafeMutablePointer<Int32>? = nil) -> Int {
        let values = predictions.values
        if outputs == 1, isClassification {
            // A single logit speaks for the second class.
            var correct = 0
            for row in 0..<rows {
                let logit = values.start[row * values.rowStride]
                let prediction: Int32 = logit > 0 ? 1 : logit <= 0 ? 0 : -1
                predicted?[row] = prediction
                if prediction == labels[row] { correct += 1 }
            }
            return correct
        }
        return kernels.countCorrect(
            CorrectCount(
                rows: rows,
                classes: outputs,
                logits: values.floats,
                logitStride: values.rowStride,
                labels: labels,
                predictions: predicted,
                top: top
            )
        )
    }
}
