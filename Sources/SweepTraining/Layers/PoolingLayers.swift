import KernelAPI
import SweepCore
import SweepKernels

/// Max pooling: the largest value of each window, channel by channel.
final class MaxPoolLayer: PartwiseLayer {
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

    func forward(_ pass: Pass, samples: Range<Int>) {
        pass.kernels.poolMax(windows(samples, isTraining: pass.isTraining))
    }

    /// What the pooling of some samples computes; training keeps who won.
    func windows(_ samples: Range<Int>, isTraining: Bool) -> MaxPool {
        let (source, target) = (input.values.from(samples.lowerBound), output.values.from(samples.lowerBound))
        return MaxPool(
            shape: shape.with(batch: samples.count),
            input: source.floats,
            inputLayout: source.layout,
            output: target.start,
            outputLayout: target.layout,
            codes: isTraining ? codes(from: samples.lowerBound) : nil
        )
    }

    func backward(_ pass: Pass, samples: Range<Int>) {
        if let gradient = windowGradient(samples) { pass.kernels.poolMaxGradient(gradient) }
    }

    /// What the gradient of some samples is computed from; nil where the input needs none.
    func windowGradient(_ samples: Range<Int>) -> MaxPoolGradient? {
        let first = samples.lowerBound
        guard let gradient = output.gradient(from: first), let result = input.gradient(from: first) else { return nil }
        let values = output.values.from(first)
        return MaxPoolGradient(
            shape: shape.with(batch: samples.count),
            outputGradient: gradient.floats,
            outputGradientLayout: gradient.layout,
            codes: codes(from: first),
            inputGradient: result.start,
            inputGradientLayout: result.layout,
            reluMask: input.masksGradient ? values.floats : nil,
            reluMaskLayout: values.layout
        )
    }

    private func codes(from sample: Int) -> MutableFloats {
        codes + shape.with(batch: sample).codeCount
    }
}

/// Average pooling, over windows or the whole image.
final class AveragePoolLayer: PartwiseLayer {
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

    func forward(_ pass: Pass, samples: Range<Int>) {
        let (source, target) = (input.values.from(samples.lowerBound), output.values.from(samples.lowerBound))
        pass.kernels.poolAverage(
            AveragePool(
                shape: shape.with(batch: samples.count),
                input: source.floats,
                inputLayout: source.layout,
                output: target.start,
                outputLayout: target.layout
            )
        )
    }

    func backward(_ pass: Pass, samples: Range<Int>) {
        let first = samples.lowerBound
        guard let gradient = output.gradient(from: first), let result = input.gradient(from: first) else { return }
        let values = input.values.from(first)
        pass.kernels.poolAverageGradient(
            AveragePoolGradient(
                shape: shape.with(batch: samples.count),
                outputGradient: gradient.floats,
                outputGradientLayout: gradient.layout,
                inputGradient: result.start,
                inputGradientLayout: result.layout,
                reluMask: input.masksGradient ? values.floats : nil,
                reluMaskLayout: values.layout
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
