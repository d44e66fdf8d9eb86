import KernelAPI
import SweepCore
import SweepKernels

/// Batch normalisation: by the batch's moments while training, by running ones when measured.
final class BatchNormLayer: Layer {
    let input: Slot
    let output: Slot
    let gain: Parameter
    let shift: Parameter
    let runningMean: Parameter
    let runningVariance: Parameter
    private let momentum: Float
    private let epsilon: Float
    /// Of the batch, for the backward pass.
    private let mean: MutableFloats
    private let inverseDeviation: MutableFloats

    init(input: Slot, output: Slot, momentum: Double, epsilon: Double, arena: Arena) {
        self.input = input
        self.output = output
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

    func forward(_ pass: Pass) {
        let (source, target) = (input.values, output.values)
        let size = source.pixels(rows: pass.rows)
        guard pass.isTraining else {
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
                    outputLayout: target.pixelLayout
                )
            )
            return
        }
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
                outputLayout: target.pixelLayout
            )
        )
    }

    func backward(_ pass: Pass, use: (Parameter) -> Void) {
        guard let gradient = output.gradient, let gainGradient = gain.gradient, let shiftGradient = shift.gradient
        else { return }
        let source = input.values
        let size = source.pixels(rows: pass.rows)
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
                inputGradient: input.gradient?.start,
                inputGradientLayout: (input.gradient ?? gradient).pixelLayout
            )
        )
        use(gain)
        use(shift)
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
