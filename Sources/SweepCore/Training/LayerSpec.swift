/// One layer of a model, without its numbers.
package indirect enum LayerSpec: Hashable, Sendable {
    /// Y = X·W + b.
    case dense(DenseSpec)
    /// A convolution over an image (rows × columns × channels, channels innermost).
    case convolution(ConvolutionSpec)
    case maxPool(PoolSpec)
    case averagePool(PoolSpec)
    /// The mean of each channel over the image.
    case globalAveragePool
    /// An image as a vector, channels innermost.
    case flatten
    /// Source: Ioffe & Szegedy, ICML 2015; running moments for evaluation as PyTorch keeps them.
    case batchNorm(momentum: Double, epsilon: Double)
    /// Over all features of a row. Source: Ba, Kiros & Hinton 2016.
    case layerNorm(epsilon: Double)
    /// Inverted dropout; nothing when a model is measured.
    case dropout(Double)
    case activation(Activation)
    /// x + f(x); where the shapes differ, x passes a 1×1 convolution or a dense layer without bias.
    ///
    /// Source: He et al., CVPR 2016.
    case residual([LayerSpec])
}

/// A fully connected layer.
package struct DenseSpec: Hashable, Sendable {
    package var units: Int
    package var bias: Bool
    /// Overrides of the run's initializer and penalties.
    package var initializer: Initializer?
    package var l1: Double?
    package var l2: Double?

    package init(
        units: Int,
        bias: Bool = true,
        initializer: Initializer? = nil,
        l1: Double? = nil,
        l2: Double? = nil
    ) {
        self.units = units
        self.bias = bias
        self.initializer = initializer
        self.l1 = l1
        self.l2 = l2
    }
}

/// A convolution.
package struct ConvolutionSpec: Hashable, Sendable {
    package var channels: Int
    /// Height and width.
    package var kernel: WindowSize
    package var stride: WindowSize
    package var padding: Padding
    package var bias: Bool
    package var initializer: Initializer?
    package var l1: Double?
    package var l2: Double?

    package init(
        channels: Int,
        kernel: WindowSize = WindowSize(3),
        stride: WindowSize = WindowSize(1),
        padding: Padding = .same,
        bias: Bool = true,
        initializer: Initializer? = nil,
        l1: Double? = nil,
        l2: Double? = nil
    ) {
        self.channels = channels
        self.kernel = kernel
        self.stride = stride
        self.padding = padding
        self.bias = bias
        self.initializer = initializer
        self.l1 = l1
        self.l2 = l2
    }
}

/// The window of a pooling layer.
package struct PoolSpec: Hashable, Sendable {
    package var size: WindowSize
    package var stride: WindowSize

    /// With no stride windows stand side by side.
    package init(size: WindowSize = WindowSize(2), stride: WindowSize? = nil) {
        self.size = size
        self.stride = stride ?? size
    }
}

/// A height and a width in pixels.
package struct WindowSize: Hashable, Sendable {
    package var height: Int
    package var width: Int

    /// As high as wide.
    package init(_ both: Int) {
        height = both
        width = both
    }

    /// A window of this size.
    package init(height: Int, width: Int) {
        self.height = height
        self.width = width
    }
}

/// Zeros around an image before a convolution.
package enum Padding: Hashable, Sendable {
    /// So many that the result has ⌈size / stride⌉ pixels; of an odd number the greater half comes after.
    case same
    /// None.
    case valid
    /// So many on each side.
    case pixels(Int)
}

extension LayerSpec {
    static let kinds =
        [
            "dense", "conv", "max_pool", "average_pool", "global_average_pool", "flatten", "batch_norm", "layer_norm",
            "dropout", "residual",
        ] + Activation.kinds
    /// Layers of a list, and of residual blocks within; a deeper nesting is a mistake.
    static let greatestDepth = 4

    /// Reads a list of layers.
    static func readList(_ reader: SpecReader, depth: Int = 0) -> [LayerSpec]? {
        reader.alternatives { reader in
            guard depth < greatestDepth else {
                reader.report("residual blocks nested too deeply", allowed: "at most \(greatestDepth - 1) levels")
                return nil
            }
            let layers = reader.items(count: 1...256)?.map { read($0, depth: depth) }
            return layers.flatMap { $0.contains { $0 == nil } ? nil : $0.compactMap(\.self) }
        }
    }

    private static func read(_ reader: SpecReader, depth: Int) -> LayerSpec? {
        reader.alternatives { reader in
            guard let (kind, settings) = reader.tagged(kinds) else { return nil }
            // The settings of a residual block are a list, and those of dropout a number: both may be choices themselves.
            if kind == "residual" { return residual(settings, depth: depth) }
            return settings.alternatives { named(kind, $0) }
        }
    }

    private static func residual(_ settings: SpecReader, depth: Int) -> LayerSpec? {
        guard settings.node != .map([]) else {
            settings.reportMissing("a list of layers")
            return nil
        }
        return readList(settings, depth: depth + 1).map { .residual($0) }
    }

    private static func named(_ kind: String, _ settings: SpecReader) -> LayerSpec? {
        switch kind {
        case "dense": return DenseSpec.read(settings).map { .dense($0) }
        case "conv": return ConvolutionSpec.read(settings).map { .convolution($0) }
        case "max_pool": return PoolSpec.read(settings).map { .maxPool($0) }
        case "average_pool": return PoolSpec.read(settings).map { .averagePool($0) }
        case "global_average_pool": return settings.fields([]).map { _ in .globalAveragePool }
        case "flatten": return settings.fields([]).map { _ in .flatten }
        case "batch_norm":
            guard let fields = settings.fields(["momentum", "epsilon"]) else { return nil }
            let momentum = fields.optional("momentum").map { $0.real(in: 0...1, above: true) } ?? 0.1
            let epsilon = fields.optional("epsilon").map { $0.real(in: 0...1, above: true) } ?? 1e-5
            guard let momentum, let epsilon else { return nil }
            return .batchNorm(momentum: momentum, epsilon: epsilon)
        case "layer_norm":
            guard let fields = settings.fields(["epsilon"]) else { return nil }
            let epsilon = fields.optional("epsilon").map { $0.real(in: 0...1, above: true) } ?? 1e-5
            return epsilon.map { .layerNorm(epsilon: $0) }
        case "dropout":
            guard settings.node != .map([]) else {
                settings.reportMissing("the share that is set to zero, as in {dropout: 0.25}")
                return nil
            }
            return settings.real(in: 0...1, below: true).map { .dropout($0) }
        default: return Activation.named(kind, settings).map { .activation($0) }
        }
    }
}

extension DenseSpec {
    fileprivate static func read(_ reader: SpecReader) -> DenseSpec? {
        if case .integer = reader.node { return reader.integer(in: 1...65_536).map { DenseSpec(units: $0) } }
        if case .domain = reader.node { return reader.integer(in: 1...65_536).map { DenseSpec(units: $0) } }
        guard let fields = reader.fields(["units", "bias", "initializer", "l1", "l2"]) else { return nil }
        let units = fields.required("units", "an integer from 1 to 65536")?.integer(in: 1...65_536)
        let common = WeightSettings.read(fields)
        guard let units, let common else { return nil }
        return DenseSpec(
            units: units,
            bias: common.bias,
            initializer: common.initializer,
            l1: common.l1,
            l2: common.l2
        )
    }
}

extension ConvolutionSpec {
    fileprivate static func read(_ reader: SpecReader) -> ConvolutionSpec? {
        let keys = ["channels", "kernel", "stride", "padding", "bias", "initializer", "l1", "l2"]
        guard let fields = reader.fields(keys) else { return nil }
        let channels = fields.required("channels", "an integer from 1 to 4096")?.integer(in: 1...4096)
        let kernel = fields.optional("kernel").map { WindowSize.read($0) } ?? WindowSize(3)
        let stride = fields.optional("stride").map { WindowSize.read($0) } ?? WindowSize(1)
        let padding = fields.optional("padding").map { Padding.read($0) } ?? .same
        let common = WeightSettings.read(fields)
        guard let channels, let kernel, let stride, let padding, let common else { return nil }
        return ConvolutionSpec(
            channels: channels,
            kernel: kernel,
            stride: stride,
            padding: padding,
            bias: common.bias,
            initializer: common.initializer,
            l1: common.l1,
            l2: common.l2
        )
    }
}

/// What dense and convolution layers have in common.
private struct WeightSettings {
    let bias: Bool
    let initializer: Initializer?
    let l1: Double?
    let l2: Double?

    static func read(_ fields: SpecFields) -> WeightSettings? {
        let bias = fields.optional("bias").map { $0.boolean() } ?? true
        let initializer: Initializer?? = fields.optional("initializer").map(Initializer.read)
        let l1: Double?? = fields.optional("l1").map { $0.real(in: 0...1e6) }
        let l2: Double?? = fields.optional("l2").map { $0.real(in: 0...1e6) }
        guard let bias else { return nil }
        if case .some(.none) = initializer { return nil }
        if case .some(.none) = l1 { return nil }
        if case .some(.none) = l2 { return nil }
        return WeightSettings(bias: bias, initializer: initializer ?? nil, l1: l1 ?? nil, l2: l2 ?? nil)
    }
}

extension PoolSpec {
    fileprivate static func read(_ reader: SpecReader) -> PoolSpec? {
        guard let fields = reader.fields(["size", "stride"]) else { return nil }
        let size = fields.optional("size").map { WindowSize.read($0) } ?? WindowSize(2)
        let stride: WindowSize?? = fields.optional("stride").map { WindowSize.read($0) }
        guard let size else { return nil }
        if case .some(.none) = stride { return nil }
        return PoolSpec(size: size, stride: stride ?? nil)
    }
}

extension WindowSize {
    /// One number for both, or `[height, width]`.
    static func read(_ reader: SpecReader) -> WindowSize? {
        reader.alternatives { reader in
            guard case .list = reader.node else { return reader.integer(in: 1...256).map { WindowSize($0) } }
            let sides = reader.items(count: 2...2)?.map { $0.integer(in: 1...256) }
            guard let sides, let height = sides[0], let width = sides[1] else { return nil }
            return WindowSize(height: height, width: width)
        }
    }
}

extension Padding {
    static func read(_ reader: SpecReader) -> Padding? {
        reader.alternatives { reader in
            switch reader.node {
            case .text("same"): return .same
            case .text("valid"): return .valid
            case .text, .list, .map:
                reader.report("not an allowed value", allowed: "same, valid or a number of pixels")
                return nil
            default: return reader.integer(in: 0...255).map { .pixels($0) }
            }
        }
    }
}
