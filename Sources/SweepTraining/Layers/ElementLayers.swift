import KernelAPI
import SweepCore
import SweepKernels

/// An activation that no layer with weights stands directly before, and that no batch norm applies.
final class ActivationLayer: Layer {
    let input: Slot
    let output: Slot
    let function: ActivationFunction

    /// The output's gradient may be the input's: it is changed in place.
    init(input: Slot, output: Slot, function: ActivationFunction) {
        self.input = input
        self.output = output
        self.function = function
    }

    func forward(_ pass: Pass) {
        let (source, target) = (input.values, output.values)
        let matrix = target.matrix(rows: pass.rows)
        pass.kernels.activate(
            KernelAPI.Activation(
                function: function,
                rows: matrix.rows,
                columns: matrix.columns,
                source: source.floats,
                sourceStride: source.matrix(rows: pass.rows).stride,
                destination: target.start,
                destinationStride: matrix.stride
            )
        )
    }

    func backward(_ pass: Pass, use: (Parameter) -> Void) {
        guard !output.masksGradient, let gradient = output.gradient else { return }
        let stored = function.needsInput ? input.values : output.values
        let matrix = gradient.matrix(rows: pass.rows)
        pass.kernels.differentiate(
            ActivationGradient(
                function: function,
                rows: matrix.rows,
                columns: matrix.columns,
                gradient: gradient.start,
                gradientStride: matrix.stride,
                output: stored.floats,
                outputStride: stored.matrix(rows: pass.rows).stride
            )
        )
    }
}

/// Inverted dropout; measured, the output is the input itself.
final class DropoutLayer: Layer {
    let input: Slot
    let output: Slot
    private let rate: Float
    /// Which of the network's dropout layers it is, from 0: masks of two never agree.
    private let index: Int
    private let dropped: Tensor

    /// The output's gradient is the input's: it is changed in place.
    init(input: Slot, output: Slot, rate: Double, index: Int) {
        self.input = input
        self.output = output
        self.rate = Float(rate)
        self.index = index
        dropped = output.values
    }

    func forward(_ pass: Pass) {
        guard pass.isTraining else {
            output.values = input.values
            return
        }
        output.values = dropped
        drop(from: input.values, into: dropped, pass)
    }

    func backward(_ pass: Pass, use: (Parameter) -> Void) {
        guard pass.isTraining, let gradient = output.gradient else { return }
        drop(from: gradient, into: gradient, pass)
    }

    private func drop(from source: Tensor, into destination: Tensor, _ pass: Pass) {
        let matrix = source.matrix(rows: pass.rows)
        pass.kernels.dropOut(
            Dropout(
                rate: rate,
                seed: pass.key.seed,
                step: pass.key.step,
                layer: UInt64(index),
                rows: matrix.rows,
                columns: matrix.columns,
                source: source.floats,
                sourceStride: matrix.stride,
                destination: destination.start,
                destinationStride: destination.matrix(rows: pass.rows).stride
            )
        )
    }
}

/// An image as a vector without the padding of its channels; where there is none, the two share their memory.
final class FlattenLayer: Layer {
    let input: Slot
    let output: Slot

    private let sharesMemory: Bool

    init(input: Slot, output: Slot, sharesMemory: Bool) {
        self.input = input
        self.output = output
        self.sharesMemory = sharesMemory
    }

    func forward(_ pass: Pass) {
        if sharesMemory {
            // Dropout before it may have pointed the input elsewhere.
            output.values = Tensor(output.values.shape, sharing: input.values)
            return
        }
        copy(input.values, input.values.layout, into: output.values, packed(output.values), pass)
    }

    func backward(_ pass: Pass, use: (Parameter) -> Void) {
        guard !sharesMemory, let gradient = output.gradient, let result = input.gradient else { return }
        copy(gradient, packed(gradient), into: result, result.layout, pass)
    }

    /// The vectors' memory as images of dense pixels.
    private func packed(_ vectors: Tensor) -> ImageLayout {
        let (_, width, channels) = input.values.image
        return ImageLayout(pixelStride: channels, rowStride: width * channels, sampleStride: vectors.rowStride)
    }

    private func copy(
        _ source: Tensor,
        _ from: ImageLayout,
        into destination: Tensor,
        _ to: ImageLayout,
        _ pass: Pass
    ) {
        let (height, width, channels) = input.values.image
        pass.kernels.copyImages(
            ImageCopy(
                batch: pass.rows,
                height: height,
                width: width,
                channels: channels,
                source: source.floats,
                sourceLayout: from,
                destination: destination.start,
                destinationLayout: to
            )
        )
    }
}

/// Nothing: the output is the input.
final class PassingLayer: PartwiseLayer {
    let input: Slot
    let output: Slot

    init(input: Slot) {
        self.input = input
        output = Slot(values: input.values, gradient: input.gradient, sharing: input)
    }

    func forward(_ pass: Pass, samples: Range<Int>) { output.values = input.values }
    func backward(_ pass: Pass, samples: Range<Int>) {}
}

/// A network's input with the channels of each pixel padded to whole vectors.
final class RepackLayer: Layer {
    let input: Slot
    let output: Slot

    init(input: Slot, output: Slot) {
        self.input = input
        self.output = output
    }

    func forward(_ pass: Pass) {
        let (height, width, channels) = input.values.image
        pass.kernels.copyImages(
            ImageCopy(
                batch: pass.rows,
                height: height,
                width: width,
                channels: channels,
                source: input.values.floats,
                sourceLayout: input.values.layout,
                destination: output.values.start,
                destinationLayout: output.values.layout
            )
        )
    }

    func backward(_ pass: Pass, use: (Parameter) -> Void) {}
}
