import SweepCore
import SweepTraining

/// Writes the layers of a model as operators of a graph, taking parameters in the order in which a run lists them.
///
/// Images are rows × channels × height × width here, as ONNX has them, and rows × height × width × channels in training:
/// they are transposed where they come in and where they become vectors, and so are the weights between.
struct LayerGraph {
    var graph: GraphBuilder
    private var parameters: ArraySlice<ParameterValues>

    /// A value on its way through the layers.
    struct Value {
        let name: String
        let shape: TensorShape
    }

    init(_ graph: GraphBuilder, parameters: [ParameterValues]) {
        self.graph = graph
        self.parameters = parameters[...]
    }

    /// The rows as the first layer reads them: vectors, or images out of them.
    mutating func enter(_ name: String, shape: TensorShape) -> Value {
        guard case .image(let height, let width, let channels) = shape else { return Value(name: name, shape: shape) }
        let sizes = graph.constant("image_shape", integers: [-1, height, width, channels])
        let image = graph.add("Reshape", [name, sizes])
        return Value(name: graph.add("Transpose", [image], [.integers("perm", [0, 3, 1, 2])]), shape: shape)
    }

    /// Adds the layers and the linear head; what it returns are the outputs.
    mutating func add(
        _ layers: [LayerSpec],
        outputs: Int,
        to value: Value,
        named name: String
    ) throws(ModelError) -> Value {
        let last = flat(try add(layers, to: value))
        let result = try dense(DenseSpec(units: outputs), last, output: name)
        if let left = parameters.first { throw .parameters(left.name) }
        return result
    }

    private mutating func add(_ layers: [LayerSpec], to value: Value) throws(ModelError) -> Value {
        var value = value
        for layer in layers { value = try add(layer, to: value) }
        return value
    }

    private mutating func add(_ layer: LayerSpec, to value: Value) throws(ModelError) -> Value {
        let shape: TensorShape
        do throws(LayerShapeError) { shape = try layer.output(of: value.shape) } catch {
            throw .specification([error.message])
        }
        switch layer {
        case .dense(let dense): return try self.dense(dense, value)
        case .convolution(let spec): return try convolution(spec, value, shape)
        case .maxPool(let pool): return pooled("MaxPool", pool, value, shape)
        case .averagePool(let pool): return pooled("AveragePool", pool, value, shape)
        case .globalAveragePool:
            let mean = graph.add("GlobalAveragePool", [value.name])
            return Value(name: graph.add("Flatten", [mean], [.integer("axis", 1)]), shape: shape)
        case .flatten: return flat(value)
        case .batchNorm(_, let epsilon): return try batchNorm(epsilon, value)
        case .layerNorm(let epsilon): return try layerNorm(epsilon, value)
        case .dropout: return value
        case .activation(let activation): return Value(name: apply(activation, value.name), shape: shape)
        case .residual(let inner): return try residual(inner, value, shape)
        }
    }

    /// The next parameter, which must have this shape.
    private mutating func next(_ shape: [Int]) throws(ModelError) -> ParameterValues {
        guard let parameter = parameters.popFirst() else { throw .parameters("after the last") }
        guard parameter.values.count == shape.reduce(1, *) else { throw .parameters(parameter.name) }
        return parameter
    }

    private mutating func vector(_ count: Int) throws(ModelError) -> String {
        let parameter = try next([count])
        return graph.constant(parameter.name, shape: [count], floats: parameter.values)
    }

    private mutating func dense(
        _ spec: DenseSpec,
        _ value: Value,
        output: String? = nil
    ) throws(ModelError) -> Value {
        let inputs = value.shape.count
        let weights = try next([inputs, spec.units])
        var operands = [
            value.name, graph.constant(weights.name, shape: [inputs, spec.units], floats: weights.values),
        ]
        if spec.bias { operands.append(try vector(spec.units)) }
        return Value(name: graph.add("Gemm", operands, output: output), shape: .vector(spec.units))
    }

    private mutating func convolution(
        _ spec: ConvolutionSpec,
        _ value: Value,
        _ shape: TensorShape
    ) throws(ModelError) -> Value {
        guard case .image(let height, let width, let channels) = value.shape else { return value }
        let (kernel, stride) = (spec.kernel, spec.stride)
        let pixels = kernel.height * kernel.width
        let weights = try next([pixels, channels, spec.channels])
        // Ours: pixel of the kernel, input, output; theirs: output, input, pixel.
        var transposed: [Float] = []
        transposed.reserveCapacity(weights.values.count)
        for output in 0..<spec.channels {
            for input in 0..<channels {
                for pixel in 0..<pixels {
                    transposed.append(weights.values[(pixel * channels + input) * spec.channels + output])
                }
            }
        }
        let constant = graph.constant(
            weights.name,
            shape: [spec.channels, channels, kernel.height, kernel.width],
            floats: transposed
        )
        let vertical = spec.padding.border(size: height, kernel: kernel.height, stride: stride.height)
        let horizontal = spec.padding.border(size: width, kernel: kernel.width, stride: stride.width)
        let name = graph.add(
            "Conv",
            [value.name, constant] + (spec.bias ? [try vector(spec.channels)] : []),
            [
                .integers("kernel_shape", [kernel.height, kernel.width]),
                .integers("strides", [stride.height, stride.width]),
                .integers("pads", [vertical.before, horizontal.before, vertical.after, horizontal.after]),
            ]
        )
        return Value(name: name, shape: shape)
    }

    private mutating func pooled(_ operation: String, _ pool: PoolSpec, _ value: Value, _ shape: TensorShape) -> Value {
        let name = graph.add(
            operation,
            [value.name],
            [
                .integers("kernel_shape", [pool.size.height, pool.size.width]),
                .integers("strides", [pool.stride.height, pool.stride.width]),
            ]
        )
        return Value(name: name, shape: shape)
    }

    /// An image as a vector, channels innermost as in training.
    private mutating func flat(_ value: Value) -> Value {
        guard case .image = value.shape else { return value }
        let count = value.shape.count
        let image = graph.add("Transpose", [value.name], [.integers("perm", [0, 2, 3, 1])])
        let sizes = graph.constant("vector_shape", integers: [-1, count])
        return Value(name: graph.add("Reshape", [image, sizes]), shape: .vector(count))
    }

    private mutating func batchNorm(_ epsilon: Double, _ value: Value) throws(ModelError) -> Value {
        let channels = value.shape.channels
        var operands = [value.name]
        // Gain, shift, running mean and running variance, in both orders the same.
        for _ in 0..<4 { operands.append(try vector(channels)) }
        return Value(
            name: graph.add("BatchNormalization", operands, [.float("epsilon", epsilon)]),
            shape: value.shape
        )
    }

    private mutating func layerNorm(_ epsilon: Double, _ value: Value) throws(ModelError) -> Value {
        let (sizes, order) = value.shape.channelsFirst
        var operands = [value.name]
        for _ in 0..<2 {
            let parameter = try next([value.shape.count])
            operands.append(
                graph.constant(parameter.name, shape: sizes, floats: order.map { parameter.values[$0] })
            )
        }
        let attributes: [Onnx_AttributeProto] = [.integer("axis", 1), .float("epsilon", epsilon)]
        return Value(name: graph.add("LayerNormalization", operands, attributes), shape: value.shape)
    }

    private mutating func residual(
        _ inner: [LayerSpec],
        _ value: Value,
        _ shape: TensorShape
    ) throws(ModelError) -> Value {
        let block = try add(inner, to: value)
        var shortcut = value
        if value.shape != shape {
            switch (value.shape, shape) {
            case (.image(let height, let width, _), .image(let h, let w, let channels)):
                let spec = ConvolutionSpec(
                    channels: channels,
                    kernel: WindowSize(1),
                    stride: LayerSpec.shortcutStride(from: (height, width), to: (h, w)) ?? WindowSize(1),
                    padding: .valid,
                    bias: false
                )
                shortcut = try convolution(spec, value, shape)
            default: shortcut = try dense(DenseSpec(units: shape.count, bias: false), value)
            }
        }
        return Value(name: graph.add("Add", [shortcut.name, block.name]), shape: shape)
    }

    private mutating func apply(_ activation: Activation, _ name: String) -> String {
        switch activation {
        case .relu: return graph.add("Relu", [name])
        case .leakyRelu(let slope): return graph.add("LeakyRelu", [name], [.float("alpha", slope)])
        case .elu(let alpha): return graph.add("Elu", [name], [.float("alpha", alpha)])
        case .selu: return graph.add("Selu", [name])
        case .gelu:
            // x · ½(1 + erf(x / √2)).
            let scaled = graph.add("Mul", [name, scalar("inverse_root_2", 0.5.squareRoot())])
            let error = graph.add("Erf", [scaled])
            let sum = graph.add("Add", [error, scalar("one", 1)])
            let share = graph.add("Mul", [sum, scalar("half", 0.5)])
            return graph.add("Mul", [name, share])
        case .silu: return graph.add("Mul", [name, graph.add("Sigmoid", [name])])
        case .tanh: return graph.add("Tanh", [name])
        case .sigmoid: return graph.add("Sigmoid", [name])
        case .softplus: return graph.add("Softplus", [name])
        case .linear: return name
        }
    }

    private mutating func scalar(_ name: String, _ value: Double) -> String {
        graph.constant(name, shape: [], floats: [Float(value)])
    }
}

extension TensorShape {
    /// Of an image its channels, of a vector its numbers.
    fileprivate var channels: Int {
        switch self {
        case .vector(let count): count
        case .image(_, _, let channels): channels
        }
    }

    /// The sides with the channels first, and for each place in that order its place with the channels last.
    fileprivate var channelsFirst: (sizes: [Int], order: [Int]) {
        switch self {
        case .vector(let count): ([count], Array(0..<count))
        case .image(let height, let width, let channels):
            (
                [channels, height, width],
                (0..<channels).flatMap { channel in (0..<(height * width)).map { $0 * channels + channel } }
            )
        }
    }
}
