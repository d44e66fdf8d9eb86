import KernelAPI
import SweepKernels

/// Nanoseconds per element of the kernels that are not products, on matrices of so many rows and columns.
///
/// The smallest of a step's, 64 × 256, fit the second cache; a model's weights need not.
func measureElements(_ table: KernelTable, rows: Int = 64, columns: Int = 256) {
    let count = rows * columns
    let arena = Arena()
    func filled() -> MutableFloats {
        // Panels hold whole vectors of rows.
        let buffer = arena.floats(paddedCount(rows) * columns)
        for i in buffer.indices { buffer[i] = Float(i % 37) / 37 - 0.4 }
        return buffer.baseAddress!
    }
    let (a, b, c, d, e) = (filled(), filled(), filled(), filled(), filled())
    let places = UnsafeMutablePointer<Int32>.allocate(capacity: rows)
    places.initialize(repeating: 5, count: rows)
    defer { places.deallocate() }
    var sink = 0.0

    let norms = Norms(rows: rows, columns: columns, input: a, gradient: e, output: b, arena: arena)
    var parts: [(String, () -> Void)] = [
        ("batch norm", { table.normalizeBatch(norms.batch) }),
        ("batch norm and relu", { table.normalizeBatch(norms.batchAndRelu) }),
        ("batch norm gradient", { table.normalizeBatchGradient(norms.batchGradient) }),
        ("layer norm", { table.normalizeLayer(norms.layer) }),
        ("layer norm gradient", { table.normalizeLayerGradient(norms.layerGradient) }),
        (
            "copy",
            {
                b.update(from: a, count: count)
                sink += Double(b[count / 2])
            }
        ),
        (
            "SGD",
            {
                _ = table.updateWithMomentum(
                    MomentumUpdate(
                        count: count,
                        gradient: a,
                        weights: c,
                        velocity: d,
                        learningRate: 1e-9,
                        momentum: 0
                    )
                )
            }
        ),
        (
            "dropout",
            {
                table.dropOut(
                    Dropout(
                        rate: 0.3,
                        seed: 1,
                        step: 2,
                        layer: 3,
                        rows: rows,
                        columns: columns,
                        source: a,
                        sourceStride: columns,
                        destination: b,
                        destinationStride: columns
                    )
                )
            }
        ),
        (
            "softmax of 256 classes",
            {
                sink += table.softmaxCrossEntropy(
                    SoftmaxCrossEntropy(
                        rows: rows,
                        classes: columns,
                        logits: a,
                        logitStride: columns,
                        labels: places,
                        gradient: b,
                        gradientStride: columns
                    )
                )
            }
        ),
        (
            "squared error",
            {
                sink += table.squaredError(
                    SquaredError(
                        rows: rows,
                        outputs: columns,
                        values: a,
                        valueStride: columns,
                        targets: b,
                        targetStride: columns,
                        gradient: c,
                        gradientStride: columns
                    )
                )
            }
        ),
        (
            "momentum",
            {
                _ = table.updateWithMomentum(
                    MomentumUpdate(
                        count: count,
                        gradient: a,
                        weights: c,
                        velocity: d,
                        learningRate: 1e-9,
                        momentum: 0.5
                    )
                )
            }
        ),
        (
            "Adam",
            {
                _ = table.updateWithAdam(
                    AdamUpdate(
                        count: count,
                        gradient: a,
                        weights: b,
                        firstMoment: c,
                        secondMoment: d,
                        learningRate: 1e-9,
                        beta1: 0.9,
                        beta2: 0.999,
                        epsilon: 1e-8,
                        correction1: 1,
                        correction2: 1
                    )
                )
            }
        ),
        (
            "momentum, measured",
            {
                _ = table.updateWithMomentum(
                    MomentumUpdate(
                        count: count,
                        gradient: a,
                        weights: c,
                        velocity: d,
                        learningRate: 1e-9,
                        momentum: 0.5,
                        terms: UpdateTerms(measures: true)
                    )
                )
            }
        ),
        (
            "Adam, measured",
            {
                _ = table.updateWithAdam(
                    AdamUpdate(
                        count: count,
                        gradient: a,
                        weights: b,
                        firstMoment: c,
                        secondMoment: d,
                        learningRate: 1e-9,
                        beta1: 0.9,
                        beta2: 0.999,
                        epsilon: 1e-8,
                        correction1: 1,
                        correction2: 1,
                        terms: UpdateTerms(measures: true)
                    )
                )
            }
        ),
        (
            "Adam with every term, measured",
            {
                _ = table.updateWithAdam(
                    AdamUpdate(
                        count: count,
                        gradient: a,
                        weights: b,
                        firstMoment: c,
                        secondMoment: d,
                        learningRate: 1e-9,
                        beta1: 0.9,
                        beta2: 0.999,
                        epsilon: 1e-8,
                        correction1: 1,
                        correction2: 1,
                        terms: UpdateTerms(clip: 1, l1: 1e-9, l2: 1e-9, decay: 1e-9, measures: true)
                    )
                )
            }
        ),
        (
            "RMSprop",
            {
                _ = table.updateWithRMSprop(
                    RMSpropUpdate(count: count, gradient: a, weights: b, secondMoment: c, learningRate: 1e-9)
                )
            }
        ),
        (
            "Adagrad",
            {
                _ = table.updateWithAdagrad(
                    AdagradUpdate(count: count, gradient: a, weights: b, squareSum: c, learningRate: 1e-9)
                )
            }
        ),
        (
            "Lion",
            {
                _ = table.updateWithLion(
                    LionUpdate(count: count, gradient: a, weights: b, moment: c, learningRate: 1e-9)
                )
            }
        ),
        (
            "NAdam",
            {
                _ = table.updateWithNAdam(
                    NAdamUpdate(
                        count: count,
                        gradient: a,
                        weights: b,
                        firstMoment: c,
                        secondMoment: d,
                        learningRate: 1e-9,
                        beta1: 0.9,
                        beta2: 0.999,
                        epsilon: 1e-8,
                        gradientFactor: 1,
                        momentFactor: 1,
                        correction2: 1
                    )
                )
            }
        ),
        (
            "softmax of 256 classes, smoothed and focal",
            {
                sink += table.softmaxCrossEntropy(
                    SoftmaxCrossEntropy(
                        rows: rows,
                        classes: columns,
                        logits: a,
                        logitStride: columns,
                        labels: places,
                        gradient: b,
                        gradientStride: columns,
                        labelSmoothing: 0.1,
                        focalExponent: 2
                    )
                )
            }
        ),
        (
            "binary cross-entropy",
            {
                sink += table.binaryCrossEntropy(
                    BinaryCrossEntropy(
                        rows: rows,
                        outputs: columns,
                        logits: a,
                        logitStride: columns,
                        targets: e,
                        targetStride: columns,
                        gradient: c,
                        gradientStride: columns,
                        focalExponent: 0
                    )
                )
            }
        ),
        (
            "binary cross-entropy, focal",
            {
                sink += table.binaryCrossEntropy(
                    BinaryCrossEntropy(
                        rows: rows,
                        outputs: columns,
                        logits: a,
                        logitStride: columns,
                        targets: e,
                        targetStride: columns,
                        gradient: c,
                        gradientStride: columns,
                        focalExponent: 2
                    )
                )
            }
        ),
        (
            "Huber error",
            {
                sink += table.robustError(
                    RobustError(
                        form: .huber(delta: 0.5),
                        rows: rows,
                        outputs: columns,
                        values: a,
                        valueStride: columns,
                        targets: e,
                        targetStride: columns,
                        gradient: c,
                        gradientStride: columns
                    )
                )
            }
        ),
        ("penalties", { sink += table.sumPenalties(a, count).magnitudes }),
        ("sum of squares", { sink += table.sumOfSquares(a, count) }),
        ("finiteness", { sink += table.allFinite(a, count) ? 1 : 0 }),
        (
            "column sums",
            { table.sumColumns(ColumnSums(rows: rows, columns: columns, values: a, stride: columns, sums: b)) }
        ),
        (
            "transpose",
            { table.transposePanels(PanelTranspose(rows: rows, columns: columns, source: a, destination: b)) }
        ),
        (
            "gather",
            {
                table.gatherRows(
                    RowGather(
                        rows: rows,
                        columns: columns - 3,
                        source: a,
                        sourceStride: columns,
                        indices: places,
                        destination: b,
                        destinationStride: columns
                    )
                )
            }
        ),
        (
            "count correct",
            {
                sink += Double(
                    table.countCorrect(
                        CorrectCount(
                            rows: rows,
                            classes: columns,
                            logits: a,
                            logitStride: columns,
                            labels: places
                        )
                    )
                )
            }
        ),
    ]
    for function in ActivationFunction.allCases {
        parts.append(
            (
                "\(function)",
                {
                    table.activate(
                        Activation(
                            function: function,
                            rows: rows,
                            columns: columns,
                            source: a,
                            sourceStride: columns,
                            destination: b,
                            destinationStride: columns
                        )
                    )
                }
            )
        )
        parts.append(
            (
                "\(function) gradient",
                {
                    table.differentiate(
                        ActivationGradient(
                            function: function,
                            rows: rows,
                            columns: columns,
                            gradient: c,
                            gradientStride: columns,
                            output: a,
                            outputStride: columns
                        )
                    )
                }
            )
        )
    }
    for (name, body) in parts {
        print("\(name): \((median(body) * 1e9 / Double(count) * 1000).rounded() / 1000) ns an element")
    }
    precondition(!sink.isNaN)
}

/// Normalisations of a matrix, forward and backward.
private struct Norms {
    let batch: BatchNormalization
    let batchAndRelu: BatchNormalization
    let batchGradient: BatchNormalizationGradient
    let layer: LayerNormalization
    let layerGradient: LayerNormalizationGradient

    init(rows: Int, columns: Int, input: MutableFloats, gradient: MutableFloats, output: MutableFloats, arena: Arena) {
        func floats(_ count: Int) -> MutableFloats { arena.floats(count).baseAddress! }
        let ones = floats(columns)
        ones.update(repeating: 1, count: columns)
        let (mean, inverse, zeros) = (floats(max(rows, columns)), floats(max(rows, columns)), floats(columns))
        let (gains, shifts) = (floats(columns), floats(columns))
        let pixels = ImageLayout(rowsOf: columns)
        let samples = ImageLayout(pixelStride: columns, rowStride: columns, sampleStride: columns)
        var normalization = BatchNormalization(
            batch: 1,
            height: 1,
            width: rows,
            channels: columns,
            input: input,
            inputLayout: pixels,
            gain: ones,
            shift: zeros,
            epsilon: 1e-5,
            momentum: 0.1,
            mean: mean,
            inverseDeviation: inverse,
            runningMean: floats(columns),
            runningVariance: floats(columns),
            output: output,
            outputLayout: pixels
        )
        batch = normalization
        normalization.relu = true
        batchAndRelu = normalization
        batchGradient = BatchNormalizationGradient(
            batch: 1,
            height: 1,
            width: rows,
            channels: columns,
            input: input,
            inputLayout: pixels,
            outputGradient: gradient,
            outputGradientLayout: pixels,
            gain: ones,
            mean: mean,
            inverseDeviation: inverse,
            gainGradient: gains,
            shiftGradient: shifts,
            inputGradient: output,
            inputGradientLayout: pixels
        )
        layer = LayerNormalization(
            batch: rows,
            height: 1,
            width: 1,
            channels: columns,
            input: input,
            inputLayout: samples,
            gain: ones,
            shift: zeros,
            epsilon: 1e-5,
            means: mean,
            inverseDeviations: inverse,
            output: output,
            outputLayout: samples
        )
        layerGradient = LayerNormalizationGradient(
            batch: rows,
            height: 1,
            width: 1,
            channels: columns,
            input: input,
            inputLayout: samples,
            outputGradient: gradient,
            outputGradientLayout: samples,
            gain: ones,
            means: mean,
            inverseDeviations: inverse,
            gainGradient: gains,
            shiftGradient: shifts,
            inputGradient: output,
            inputGradientLayout: samples
        )
    }
}
