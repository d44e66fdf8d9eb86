import KernelAPI
import SweepCore
import SweepKernels

/// A convolution Y = f(X ∗ W + b) over a batch of images, by implicit matrix products.
///
/// W has kernel height · kernel width · input channels rows, in this order, and a column an output channel.
final class ConvolutionLayer: Layer {
    let input: Slot
    let output: Slot
    let weights: Parameter
    let bias: Parameter?
    private let shape: ConvolutionShape
    let activation: FusedActivation?
    /// A copy of the input inside a border of zeros; nil where the input has that border itself.
    private let bordered: Tensor?
    /// The same for the gradient by the output; nil where it has its border or the input needs no gradient.
    private let borderedGradient: Tensor?
    /// W flipped and transposed, for the gradient by the input; nil where that is not needed.
    private let flipped: MutableFloats?

    init(
        input: Slot,
        output: Slot,
        spec: ConvolutionSpec,
        activation: FusedActivation?,
        capacity: Int,
        arena: Arena
    ) {
        self.input = input
        self.output = output
        self.activation = activation
        shape = ConvolutionShape(spec, input: input.values, batch: capacity)
        let channels = input.values.image.channels
        weights = Parameter(
            .weights,
            .panels(
                groups: shape.kernelHeight * shape.kernelWidth,
                rows: channels,
                paddedRows: shape.inputChannels,
                columns: spec.channels
            ),
            arena: arena
        )
        bias = spec.bias ? Parameter(.bias, .vector(spec.channels), arena: arena) : nil
        let needed = shape.inputBorder
        bordered =
            input.values.border.covers(needed)
            ? nil : Tensor(bordering: input.values, by: needed, rows: capacity, arena: arena)
        let reached = shape.gradientBorder
        if input.gradient != nil, let gradient = output.gradient {
            flipped = arena.pointer(shape.flippedRows * shape.inputChannels)
            borderedGradient =
                gradient.border.covers(reached)
                ? nil : Tensor(bordering: gradient, by: reached, rows: capacity, arena: arena)
        } else {
            flipped = nil
            borderedGradient = nil
        }
    }

    var parameters: [Parameter] { bias.map { [weights, $0] } ?? [weights] }

    func forward(_ pass: Pass) {
        let source = copy(input.values, into: bordered, pass)
        let values = output.values
        let target = activation?.before ?? values
        pass.kernels.convolve(
            Convolution(
                shape: shape(pass),
                input: source.floats,
                inputLayout: source.layout,
                weights: weights.values,
                panelStride: weights.layout.panelStride,
                bias: bias.map { Floats($0.values) },
                output: target.start,
                outputLayout: target.layout,
                epilogue: activation?.isRelu == true ? .relu : .none
            )
        )
        activation?.forward(rows: pass.rows, output: values, kernels: pass.kernels)
    }

    func backward(_ pass: Pass, use: (Parameter) -> Void) {
        guard let gradient = output.gradient, let weightGradient = weights.gradient else { return }
        activation?.backward(rows: pass.rows, output: output, kernels: pass.kernels)
        if let result = input.gradient, let flipped {
            let source = copy(gradient, into: borderedGradient, pass)
            pass.kernels.convolveInputGradient(
                ConvolutionInputGradient(
                    shape: shape(pass),
                    outputGradient: source.floats,
                    outputGradientLayout: source.layout,
                    flippedWeights: flipped,
                    inputGradient: result.start,
                    inputGradientLayout: result.layout,
                    reluMask: input.mask,
                    reluMaskLayout: input.values.layout
                )
            )
        }
        let source = bordered ?? input.values
        pass.kernels.convolveWeightGradient(
            ConvolutionWeightGradient(
                shape: shape(pass),
                input: source.floats,
                inputLayout: source.layout,
                outputGradient: gradient.floats,
                outputGradientLayout: gradient.layout,
                weightGradient: weightGradient,
                panelStride: weights.layout.panelStride,
                biasGradient: bias?.gradient
            )
        )
        use(weights)
        if let bias { use(bias) }
    }

    func refresh(kernels: KernelTable) {
        guard let flipped else { return }
        kernels.flipConvolutionWeights(
            ConvolutionFlip(
                shape: shape,
                weights: weights.values,
                panelStride: weights.layout.panelStride,
                flipped: flipped
            )
        )
    }

    private func shape(_ pass: Pass) -> ConvolutionShape {
        var shape = shape
        shape.batch = pass.rows
        return shape
    }

    /// The tensor, or its copy in a border.
    private func copy(_ tensor: Tensor, into bordered: Tensor?, _ pass: Pass) -> Tensor {
        guard let bordered else { return tensor }
        let (height, width, _) = tensor.image
        pass.kernels.copyImages(
            ImageCopy(
                batch: pass.rows,
                height: height,
                width: width,
                channels: tensor.pixelStride,
                source: tensor.floats,
                sourceLayout: tensor.layout,
                destination: bordered.start,
                destinationLayout: bordered.layout
            )
        )
        return bordered
    }
}

extension ConvolutionShape {
    /// The shape of a layer over so many images; pixels have the stride they have in `input`.
    init(_ spec: ConvolutionSpec, input: Tensor, batch: Int) {
        let (height, width, _) = input.image
        let vertical = spec.padding.border(size: height, kernel: spec.kernel.height, stride: spec.stride.height)
        let horizontal = spec.padding.border(size: width, kernel: spec.kernel.width, stride: spec.stride.width)
        self.init(
            batch: batch,
            inputHeight: height,
            inputWidth: width,
            inputChannels: input.pixelStride,
            outputChannels: paddedCount(spec.channels),
            kernelHeight: spec.kernel.height,
            kernelWidth: spec.kernel.width,
            strideY: spec.stride.height,
            strideX: spec.stride.width
        )
        paddingTop = vertical.before
        paddingBottom = vertical.after
        paddingLeft = horizontal.before
        paddingRight = horizontal.after
    }
}

extension ImageBorder {
    /// Whether it has at least as many zeros on each side.
    func covers(_ other: ImageBorder) -> Bool { union(other) == self }
}

extension Tensor {
    /// Room for a copy of an image tensor inside a border; pixels are as far apart as in the original.
    init(bordering tensor: Tensor, by border: ImageBorder, rows: Int, arena: Arena) {
        let (height, width, _) = tensor.image
        let layout = ImageLayout(
            height: height,
            width: width,
            pixelStride: tensor.pixelStride,
            border: border
        )
        self.init(
            shape: tensor.shape,
            start: arena.pointer(rows * layout.sampleStride + laneCount) + layout.origin(border),
            rowStride: layout.sampleStride,
            pixelStride: tensor.pixelStride,
            border: border
        )
    }
}
