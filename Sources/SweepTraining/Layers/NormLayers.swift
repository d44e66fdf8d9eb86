import KernelAPI
import SweepCore
import SweepKernels

/// Batch normalisation, perhaps with a ReLU: by the batch's moments while training, by running ones when measured.
///
/// Images can be taken through it by parts, in two runs of layers with the moments between: see `BatchNormEntrance`.
final class BatchNormLayer: Layer {
    let input: Slot
    let output: Slot
    let gain: Parameter
    let shift: Parameter
    let runningMean: Parameter
    let runningVariance: Parameter
    /// Whether the outputs are those of a ReLU.
    let rectifies: Bool
    private let momentum: Float
    private let epsilon: Float
    /// Of the batch, for the backward pass.
    private let mean: MutableFloats
    private let inverseDeviation: MutableFloats

    /// The output's gradient may be the input's: it is changed in place.
    init(input: Slot, output: Slot, momentum: Double, epsilon: Double, rectifies: Bool, arena: Arena) {
        self.input = input
        self.output = output
        self.rectifies = rectifies
        self.momentum = Float(momentum)
        self.epsilon = Float(epsilon)
        let channels = ParameterLayout.vector(input.values.image.channels)
        gain = Parameter(.gain, channels, arena: arena)
        shift = Parameter(.shift, channels, arena: arena)
        runningMean = Parameter(.runningMean, channels, arena: arena)
        runningVariance = Parameter(.runningVariance, channels, arena: arena)
        mean = arena.pointer(channels.storedCount)
        inverseDeviation = arena.pointer(channels.storedCount)
    }

    var parameters: [Parameter] { [gain, shift, runningMean, runningVariance] }

    /// Whether its samples are images, which can come by parts; the rows of a matrix are one image.
    var normalizesImages: Bool {
        if case .image = input.values.shape { return true }
        return false
    }

    func forward(_ pass: Pass) {
        if pass.isTraining {
            normalize(pass, 0..<pass.rows, .whole)
        } else {
            evaluate(pass, 0..<pass.rows)
        }
    }

    func backward(_ pass: Pass, use: (Parameter) -> Void) {
        differentiate(pass, 0..<pass.rows, .whole)
        use(gain)
        use(shift)
    }

    /// Does a part of the work of training; only images come in less than all samples.
    fileprivate func normalize(_ pass: Pass, _ samples: Range<Int>, _ part: BatchNormalization.Pass) {
        let (source, target) = (input.values.from(samples.lowerBound), output.values.from(samples.lowerBound))
        let size = source.pixels(rows: samples.count)
        pass.kernels.normalizeBatch(
            BatchNormalization(
                batch: size.batch,
                height: size.height,
                width: size.width,
                channels: gain.storedCount,
                input: source.floats,
                inputLayout: source.pixelLayout,
                gain: gain.values,
                shift: shift.values,
                epsilon: epsilon,
                momentum: momentum,
                mean: mean,
                inverseDeviation: inverseDeviation,
                runningMean: runningMean.values,
                runningVariance: runningVariance.values,
                output: target.start,
                outputLayout: target.pixelLayout,
                relu: rectifies,
                pass: part
            )
        )
    }

    fileprivate func evaluate(_ pass: Pass, _ samples: Range<Int>) {
        let (source, target) = (input.values.from(samples.lowerBound), output.values.from(samples.lowerBound))
        let size = source.pixels(rows: samples.count)
        pass.kernels.normalizeBatchEvaluation(
            BatchNormalizationEvaluation(
                batch: size.batch,
                height: size.height,
                width: size.width,
                channels: gain.storedCount,
                input: source.floats,
                inputLayout: source.pixelLayout,
                gain: gain.values,
                shift: shift.values,
                runningMean: runningMean.values,
                runningVariance: runningVariance.values,
                epsilon: epsilon,
                output: target.start,
                outputLayout: target.pixelLayout,
                relu: rectifies
            )
        )
    }

    /// Does a part of the work of the backward pass.
    fileprivate func differentiate(_ pass: Pass, _ samples: Range<Int>, _ part: BatchNormalizationGradient.Pass) {
        let first = samples.lowerBound
        guard let gradient = output.gradient(from: first), let gainGradient = gain.gradient,
            let shiftGradient = shift.gradient
        else { return }
        let (source, values) = (input.values.from(first), output.values.from(first))
        let result = input.gradient(from: first)
        let size = source.pixels(rows: samples.count)
        pass.kernels.normalizeBatchGradient(
            BatchNormalizationGradient(
                batch: size.batch,
                height: size.height,
                width: size.width,
                channels: gain.storedCount,
                input: source.floats,
                inputLayout: source.pixelLayout,
                outputGradient: gradient.floats,
                outputGradientLayout: gradient.pixelLayout,
                gain: gain.values,
                mean: mean,
                inverseDeviation: inverseDeviation,
                gainGradient: gainGradient,
                shiftGradient: shiftGradient,
                inputGradient: result?.start,
                inputGradientLayout: (result ?? gradient).pixelLayout,
                reluMask: rectifies && !output.masksGradient ? values.floats : nil,
                reluMaskLayout: values.pixelLayout,
                pass: part
            )
        )
    }
}

/// The first half of a batch normalisation of images, at the end of a run of layers that compute by parts.
///
/// Forward it adds up what the layer before it has just written, backward it gives that layer its gradient. Between the
/// halves stands what needs the whole batch: forward the moments, backward the sums of the gradients.
final class BatchNormEntrance: PartwiseLayer {
    private let norm: BatchNormLayer
    /// Their last use of a step is here. Kept, as a step asks for them and allocates nothing.
    let parameters: [Parameter]

    init(_ norm: BatchNormLayer) {
        self.norm = norm
        parameters = [norm.gain, norm.shift]
    }

    var input: Slot { norm.input }
    var output: Slot { norm.output }

    func forward(_ pass: Pass, samples: Range<Int>) {
        guard pass.isTraining else { return }
        norm.normalize(pass, samples, .sums(continues: samples.lowerBound > 0))
    }

    func backward(_ pass: Pass, samples: Range<Int>) {
        let (height, width, _) = input.values.image
        norm.differentiate(pass, samples, .inputGradient(pixels: pass.rows * height * width))
    }
}

/// The second half, at the beginning of the next run: forward the outputs, which the next layer reads at once, backward the
/// sums of the gradients that it has just written.
final class BatchNormExit: PartwiseLayer {
    private let norm: BatchNormLayer

    init(_ norm: BatchNormLayer) { self.norm = norm }

    var input: Slot { norm.input }
    var output: Slot { norm.output }

    func prepare(_ pass: Pass) {
        if pass.isTraining { norm.normalize(pass, 0..<pass.rows, .moments) }
    }

    func forward(_ pass: Pass, samples: Range<Int>) {
        if pass.isTraining {
            norm.normalize(pass, samples, .outputs)
        } else {
            norm.evaluate(pass, samples)
        }
    }

    func backward(_ pass: Pass, samples: Range<Int>) {
        norm.differentiate(pass, samples, .sums(continues: samples.lowerBound > 0))
    }
}

/// Layer normalisation: each row by its own moments over all its features.
final class LayerNormLayer: Layer {
    let input: Slot
    let output: Slot
    let gain: Parameter
    let shift: Parameter
    private let epsilon: Float
    /// Of each row, for the backward pass.
    private let means: MutableFloats
    private let inverseDeviations: MutableFloats
    /// Where the gradient by the input goes when nobody needs it.
    private let unused: Tensor?

    init(input: Slot, output: Slot, epsilon: Double, capacity: Int, arena: Arena) {
        self.input = input
        self.output = output
        self.epsilon = Float(epsilon)
        let (height, width, channels) = input.values.image
        let layout = ParameterLayout.features(pixels: height * width, channels: channels)
        gain = Parameter(.gain, layout, arena: arena)
        shift = Parameter(.shift, layout, arena: arena)
        means = arena.pointer(capacity)
        inverseDeviations = arena.pointer(capacity)
        unused = input.gradient == nil ? Tensor(input.values.shape, rows: capacity, arena: arena) : nil
    }

    var parameters: [Parameter] { [gain, shift] }

    func forward(_ pass: Pass) {
        let (height, width, channels) = input.values.image
        pass.kernels.normalizeLayer(
            LayerNormalization(
                batch: pass.rows,
                height: height,
                width: width,
                channels: channels,
                input: input.values.floats,
                inputLayout: input.values.layout,
                gain: gain.values,
                shift: shift.values,
                epsilon: epsilon,
                means: means,
                inverseDeviations: inverseDeviations,
                output: output.values.start,
                outputLayout: output.values.layout
            )
        )
    }

    func backward(_ pass: Pass, use: (Parameter) -> Void) {
        guard let gradient = output.gradient, let gainGradient = gain.gradient, let shiftGradient = shift.gradient,
            let result = input.gradient ?? unused
        else { return }
        let (height, width, channels) = input.values.image
        pass.kernels.normalizeLayerGradient(
            LayerNormalizationGradient(
                batch: pass.rows,
                height: height,
                width: width,
                channels: channels,
                input: input.values.floats,
                inputLayout: input.values.layout,
                outputGradient: gradient.floats,
                outputGradientLayout: gradient.layout,
                gain: gain.values,
                means: means,
                inverseDeviations: inverseDeviations,
                gainGradient: gainGradient,
                shiftGradient: shiftGradient,
                inputGradient: result.start,
                inputGradientLayout: result.layout
            )
        )
        use(gain)
        use(shift)
    }
}

extension Tensor {
    /// The pixels over which a channel's moments are taken: those of all images, or the rows of a matrix as one image.
    fileprivate func pixels(rows: Int) -> (batch: Int, height: Int, width: Int) {
        switch shape {
        case .vector: (1, 1, rows)
        case .image(let height, let width, _): (rows, height, width)
        }
    }

    /// Where those pixels are.
    fileprivate var pixelLayout: ImageLayout {
        if case .vector = shape { return ImageLayout(rowsOf: rowStride) }
        return layout
    }
}
