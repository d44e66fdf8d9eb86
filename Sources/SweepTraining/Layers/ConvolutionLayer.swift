import KernelAPI
import SweepCore
import SweepKernels

/// A convolution Y = f(X ∗ W + b) over a batch of images, by implicit matrix products.
///
/// W has kernel height · kernel width · input channels rows, in this order, and a column an output channel.
final class ConvolutionLayer: PartwiseLayer {
    let input: Slot
    let output: Slot
    let weights: Parameter
    let bias: Parameter?
    let parameters: [Parameter]
    private let shape: ConvolutionShape
    let activation: FusedActivation?
    /// Whether a max pooling that follows may be computed with it: between the two no activation of its own has a place.
    var mayBePooled: Bool { activation == nil || (activation?.isRelu == true && output.masksGradient) }
    /// A copy of the input inside a border of zeros; nil where the input has that border itself.
    private let bordered: Tensor?
    /// The same for the gradient by a part of the output; nil where it has its border or the input needs no gradient.
    private let borderedGradient: Tensor?
    /// W flipped and transposed, for the gradient by the input; nil where that is not needed.
    private let flipped: MutableFloats?

    init(
        input: Slot,
        output: Slot,
        spec: ConvolutionSpec,
        activation: FusedActivation?,
        capacity: Int,
        partRows: Int,
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
        let bias = spec.bias ? Parameter(.bias, .vector(spec.channels), arena: arena) : nil
        self.bias = bias
        parameters = [weights] + (bias.map { [$0] } ?? [])
        let needed = shape.inputBorder
        bordered =
            input.values.border.covers(needed)
            ? nil : Tensor(bordering: input.values, by: needed, rows: capacity, arena: arena)
        let reached = shape.gradientBorder
        if input.gradient != nil, let gradient = output.gradient {
            flipped = arena.pointer(shape.flippedRows * shape.inputChannels)
            borderedGradient =
                gradient.border.covers(reached)
                ? nil : Tensor(bordering: gradient, by: reached, rows: partRows, arena: arena)
        } else {
            flipped = nil
            borderedGradient = nil
        }
    }

    func forward(_ pass: Pass, samples: Range<Int>) {
        pass.kernels.convolve(product(pass, samples))
        activation?.forward(samples: samples, output: output.values, kernels: pass.kernels)
    }

    /// What the convolution of some samples computes; their copy in a border is made.
    private func product(_ pass: Pass, _ samples: Range<Int>) -> Convolution {
        let first = samples.lowerBound
        let source = copy(input.values.from(first), into: bordered?.from(first), samples, pass)
        let target = (activation?.before ?? output.values).from(first)
        return Convolution(
            shape: shape(samples),
            input: source.floats,
            inputLayout: source.layout,
            weights: weights.values,
            panelStride: weights.layout.panelStride,
            bias: bias.map { Floats($0.values) },
            output: target.start,
            outputLayout: target.layout,
            epilogue: activation?.isRelu == true ? .relu : .none
        )
    }

    func backward(_ pass: Pass, samples: Range<Int>) {
        let first = samples.lowerBound
        guard let gradient = output.gradient(from: first), let weightGradient = weights.gradient else { return }
        activation?.backward(samples: samples, output: output, kernels: pass.kernels)
        if let result = input.gradient(from: first), let flipped {
            let source = copy(gradient, into: borderedGradient, samples, pass)
            let values = input.values.from(first)
            pass.kernels.convolveInputGradient(
                ConvolutionInputGradient(
                    shape: shape(samples),
                    outputGradient: source.floats,
                    outputGradientLayout: source.layout,
                    flippedWeights: flipped,
                    inputGradient: result.start,
                    inputGradientLayout: result.layout,
                    reluMask: input.masksGradient ? values.floats : nil,
                    reluMaskLayout: values.layout
                )
            )
        }
        pass.kernels.convolveWeightGradient(weightProduct(samples, from: gradient, to: weightGradient))
    }

    /// What the gradients by the parameters of some samples are computed from.
    private func weightProduct(
        _ samples: Range<Int>,
        from gradient: Tensor,
        to weightGradient: MutableFloats
    ) -> ConvolutionWeightGradient {
        let source = (bordered ?? input.values).from(samples.lowerBound)
        return ConvolutionWeightGradient(
            shape: shape(samples),
            input: source.floats,
            inputLayout: source.layout,
            outputGradient: gradient.floats,
            outputGradientLayout: gradient.layout,
            weightGradient: weightGradient,
            panelStride: weights.layout.panelStride,
            biasGradient: bias?.gradient,
            continues: samples.lowerBound > 0
        )
    }

    /// Computes a training pass of some samples with the pooling behind it; the output's values need not be written.
    func forward(_ pass: Pass, samples: Range<Int>, with pool: MaxPoolLayer) {
        pass.kernels.convolveAndPool(
            PooledConvolution(convolution: product(pass, samples), pool: pool.windows(samples, isTraining: true))
        )
    }

    /// Computes the gradients of some samples with the pooling behind it; the output's need not be written where the input
    /// needs none.
    func backward(_ pass: Pass, samples: Range<Int>, with pool: MaxPoolLayer) {
        guard input.gradient == nil, let gradient = output.gradient(from: samples.lowerBound),
            let weightGradient = weights.gradient, let windows = pool.windowGradient(samples)
        else {
            pool.backward(pass, samples: samples)
            backward(pass, samples: samples)
            return
        }
        pass.kernels.convolveAndPoolGradient(
            PooledConvolutionGradient(
                pool: windows,
                weights: weightProduct(samples, from: gradient, to: weightGradient)
            )
        )
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

    private func shape(_ samples: Range<Int>) -> ConvolutionShape {
        var shape = shape
        shape.batch = samples.count
        return shape
    }

    /// The first rows of a tensor, or their copy in a border.
    private func copy(_ tensor: Tensor, into bordered: Tensor?, _ samples: Range<Int>, _ pass: Pass) -> Tensor {
        guard let bordered else { return tensor }
        let (height, width, _) = tensor.image
        pass.kernels.copyImages(
            ImageCopy(
                batch: samples.count,
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
        self.init(spec, height: height, width: width, channels: input.pixelStride, batch: batch)
    }

    /// The same from an input's height, width and elements of a pixel.
    init(_ spec: ConvolutionSpec, height: Int, width: Int, channels: Int, batch: Int) {
        let vertical = spec.padding.border(size: height, kernel: spec.kernel.height, stride: spec.stride.height)
        let horizontal = spec.padding.border(size: width, kernel: spec.kernel.width, stride: spec.stride.width)
        self.init(
            batch: batch,
            inputHeight: height,
            inputWidth: width,
            inputChannels: channels,
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
