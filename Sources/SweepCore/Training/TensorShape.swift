/// The shape of one row's values between two layers.
package enum TensorShape: Hashable, Sendable, CustomStringConvertible {
    case vector(Int)
    /// Pixels row by row, the channels of a pixel together.
    case image(height: Int, width: Int, channels: Int)

    /// Numbers in it.
    package var count: Int {
        switch self {
        case .vector(let count): count
        case .image(let height, let width, let channels): height * width * channels
        }
    }

    package var description: String {
        switch self {
        case .vector(let count): "\(count) values"
        case .image(let height, let width, let channels): "\(height)×\(width)×\(channels) values"
        }
    }
}

/// Why a layer cannot follow another.
package struct ShapeError: Error, Hashable, Sendable {
    /// Of the outermost list, from 0.
    package let layer: Int
    package let message: String
}

extension ModelSpec {
    /// The most numbers a row may have between two layers: beyond it no batch would fit a machine.
    static let greatestCount = 1 << 28

    /// The shape after each layer for rows of shape `input`; as many as there are layers.
    package func shapes(input: TensorShape) throws(ShapeError) -> [TensorShape] {
        var shape = input
        var shapes: [TensorShape] = []
        for (index, layer) in layers.enumerated() {
            do throws(LayerShapeError) {
                shape = try layer.output(of: shape)
            } catch {
                throw ShapeError(layer: index, message: error.message)
            }
            shapes.append(shape)
        }
        return shapes
    }
}

/// Why a layer cannot take a shape.
package struct LayerShapeError: Error, Hashable, Sendable {
    package let message: String

    package init(message: String) { self.message = message }
}

extension LayerSpec {
    /// The shape after this layer.
    package func output(of input: TensorShape) throws(LayerShapeError) -> TensorShape {
        let output: TensorShape
        switch self {
        case .dense(let dense):
            guard case .vector = input else {
                throw LayerShapeError(message: "a dense layer needs a vector, but gets \(input); put flatten before it")
            }
            output = .vector(dense.units)
        case .flatten: output = .vector(input.count)
        case .batchNorm, .layerNorm, .dropout, .activation: output = input
        case .globalAveragePool:
            let (_, _, channels) = try Self.image(input, "global average pooling")
            output = .vector(channels)
        case .convolution(let convolution):
            let (height, width, _) = try Self.image(input, "a convolution")
            let (kernel, stride, padding) = (convolution.kernel, convolution.stride, convolution.padding)
            output = .image(
                height: try Self.pixels(height, kernel.height, stride.height, padding, input),
                width: try Self.pixels(width, kernel.width, stride.width, padding, input),
                channels: convolution.channels
            )
        case .maxPool(let pool), .averagePool(let pool):
            let (height, width, channels) = try Self.image(input, "pooling")
            output = .image(
                height: try Self.pixels(height, pool.size.height, pool.stride.height, .valid, input),
                width: try Self.pixels(width, pool.size.width, pool.stride.width, .valid, input),
                channels: channels
            )
        case .residual(let inner): output = try Self.residual(inner, input)
        }
        guard output.count <= ModelSpec.greatestCount else {
            throw LayerShapeError(message: "the layer's output would have \(output)")
        }
        return output
    }

    private static func image(
        _ input: TensorShape,
        _ what: String
    ) throws(LayerShapeError) -> (height: Int, width: Int, channels: Int) {
        guard case .image(let height, let width, let channels) = input else {
            throw LayerShapeError(message: "\(what) needs an image, but the layer before gives \(input)")
        }
        return (height, width, channels)
    }

    private static func pixels(
        _ size: Int,
        _ kernel: Int,
        _ stride: Int,
        _ padding: Padding,
        _ input: TensorShape
    ) throws(LayerShapeError) -> Int {
        let border = padding.border(size: size, kernel: kernel, stride: stride)
        let padded = size + border.before + border.after
        guard padded >= kernel else {
            throw LayerShapeError(message: "a window of \(kernel) pixels does not fit into \(input)")
        }
        return (padded - kernel) / stride + 1
    }

    private static func residual(_ inner: [LayerSpec], _ input: TensorShape) throws(LayerShapeError) -> TensorShape {
        var shape = input
        for layer in inner { shape = try layer.output(of: shape) }
        switch (input, shape) {
        case (.vector, .vector): return shape
        case (.image(let h, let w, _), .image(let height, let width, _)):
            // A 1×1 convolution with a stride makes the shortcut's image as large as the block's.
            guard Self.shortcutStride(from: (h, w), to: (height, width)) != nil else {
                throw LayerShapeError(
                    message: "a residual block turns \(input) into \(shape), which no stride of its shortcut gives"
                )
            }
            return shape
        default:
            throw LayerShapeError(message: "a residual block turns \(input) into \(shape), so they cannot be added")
        }
    }

    /// The stride of a 1×1 convolution between images of these sizes; nil when there is none.
    package static func shortcutStride(from input: (Int, Int), to output: (Int, Int)) -> WindowSize? {
        func stride(_ from: Int, _ to: Int) -> Int? {
            guard to >= 1, to <= from else { return nil }
            return (1...from).first { (from - 1) / $0 + 1 == to }
        }
        guard let height = stride(input.0, output.0), let width = stride(input.1, output.1) else { return nil }
        return WindowSize(height: height, width: width)
    }
}

extension Padding {
    /// Zeros before and after a side of `size` pixels.
    package func border(size: Int, kernel: Int, stride: Int) -> (before: Int, after: Int) {
        switch self {
        case .valid: return (0, 0)
        case .pixels(let count): return (count, count)
        case .same:
            let total = max(((size - 1) / stride) * stride + kernel - size, 0)
            return (total / 2, total - total / 2)
        }
    }
}
