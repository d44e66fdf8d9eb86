import KernelAPI
import SweepCore
import SweepKernels

/// Max pooling: the largest value of each window, channel by channel.
final class MaxPoolLayer: Layer {
    let input: Slot
    let output: Slot
    private let shape: PoolShape
    /// Which pixel of its window each output is.
    private let codes: MutableFloats

    init(input: Slot, output: Slot, spec: PoolSpec, capacity: Int, arena: Arena) {
        self.input = input
        self.output = output
        shape = PoolShape(spec, input: input.values, batch: capacity)
        codes = arena.pointer(shape.codeCount)
    }

    func forward(_ pass: Pass) {
        pass.kernels.poolMax(
            MaxPool(
                shape: shape.with(batch: pass.rows),
                input: input.values.floats,
                inputLayout: input.values.layout,
                output: output.values.start,
                outputLayout: output.values.layout,
                codes: pass.isTraining ? codes : nil
            )
        )
    }

    func backward(_ pass: Pass, use: (Parameter) -> Void) {
        guard let gradient = output.gradient, let result = input.gradient else { return }
        pass.kernels.poolMaxGradient(
            MaxPoolGradient(
                shape: shape.with(batch: pass.rows),
                outputGradient: gradient.floats,
                outputGradientLayout: gradient.layout,
                codes: codes,
                inputGradient: result.start,
                inputGradientLayout: result.layout,
                reluMask: input.mask,
                reluMaskLayout: input.values.layout
            )
        )
    }
}

/// Average pooling, over windows or the whole image.
final class AveragePoolLayer: Layer {
    let input: Slot
    let output: Slot
    private let shape: PoolShape

    /// With no specification the window is the image.
    init(input: Slot, output: Slot, spec: PoolSpec?, capacity: Int) {
        self.input = input
        self.output = output
        let (height, width, _) = input.values.image
        shape =
            spec.map { PoolShape($0, input: input.values, batch: capacity) }
            ?? PoolShape(globalOver: capacity, height: height, width: width, channels: input.values.pixelStride)
    }

    func forward(_ pass: Pass) {
        pass.kernels.poolAverage(
            AveragePool(
                shape: shape.with(batch: pass.rows),
                input: input.values.floats,
                inputLayout: input.values.layout,
                output: output.values.start,
                outputLayout: output.values.layout
            )
        )
    }

    func backward(_ pass: Pass, use: (Parameter) -> Void) {
        guard let gradient = output.gradient, let result = input.gradient else { return }
        pass.kernels.poolAverageGradient(
            AveragePoolGradient(
                shape: shape.with(batch: pass.rows),
                outputGradient: gradient.floats,
                outputGradientLayout: gradient.layout,
                inputGradient: result.start,
                inputGradientLayout: result.layout,
                reluMask: input.mask,
                reluMaskLayout: input.values.layout
            )
        )
    }
}

extension PoolShape {
    init(_ spec: PoolSpec, input: Tensor, batch: Int) {
        let (height, width, _) = input.image
        self.init(
            batch: batch,
            inputHeight: height,
            inputWidth: width,
            channels: input.pixelStride,
            kernelHeight: spec.size.height,
            kernelWidth: spec.size.width,
            strideY: spec.stride.height,
            strideX: spec.stride.width
        )
    }

    /// The same windows over so many images.
    fileprivate func with(batch: Int) -> PoolShape {
        var shape = self
        shape.batch = batch
        return shape
    }
}
