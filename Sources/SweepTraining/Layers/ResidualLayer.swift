import KernelAPI
import SweepCore
import SweepKernels

/// y = s(x) + f(x), perhaps with a ReLU: the layers f beside a shortcut s, the identity or one layer that changes the shape.
final class ResidualLayer: Layer {
    let input: Slot
    let output: Slot
    /// x as f reads it: the values are the input's, the gradient is its own.
    private let entrance: Slot
    private let layers: [any Layer]
    /// Nil for the identity.
    private let shortcut: (any Layer)?
    /// A ReLU, which the sum applies, or nil.
    let activation: FusedActivation?

    /// - Parameters:
    ///   - entrance: The first inner layer's input.
    ///   - layers: f; the last one's output slot has the shape of `output`, and a gradient of its own.
    ///   - shortcut: Reads a slot with the input's values and gradient.
    ///   - rectifies: Whether the output is a ReLU's.
    init(
        input: Slot,
        output: Slot,
        entrance: Slot,
        layers: [any Layer],
        shortcut: (any Layer)?,
        rectifies: Bool
    ) {
        self.input = input
        self.output = output
        self.entrance = entrance
        self.layers = layers
        self.shortcut = shortcut
        activation = rectifies ? FusedActivation(function: .relu, before: nil) : nil
    }

    /// The layers inside, the shortcut last.
    var inner: [any Layer] { layers + (shortcut.map { [$0] } ?? []) }

    var parameters: [Parameter] { layers.flatMap(\.parameters) + (shortcut?.parameters ?? []) }

    /// `2.weights` is of the second inner layer, `shortcut.weights` of the shortcut.
    var namedParameters: [(name: String, parameter: Parameter)] {
        let inner = layers.enumerated().flatMap { index, layer in
            layer.namedParameters.map { (name: "\(index + 1).\($0.name)", parameter: $0.parameter) }
        }
        return inner + (shortcut?.namedParameters ?? []).map { (name: "shortcut.\($0.name)", parameter: $0.parameter) }
    }

    func forward(_ pass: Pass) {
        entrance.values = input.values
        for layer in layers { layer.forward(pass) }
        shortcut?.input.values = input.values
        shortcut?.forward(pass)
        let direct = shortcut?.output.values ?? input.values
        let inner = layers.last?.output.values ?? input.values
        add(direct, inner, into: output.values, relu: activation != nil, pass)
    }

    func backward(_ pass: Pass, use: (Parameter) -> Void) {
        guard let gradient = output.gradient else { return }
        activation?.backward(samples: 0..<pass.rows, output: output, kernels: pass.kernels)
        if let inner = layers.last?.output.gradient { copy(gradient, into: inner, pass) }
        for layer in layers.reversed() { layer.backward(pass, use: use) }
        if let shortcut {
            if let own = shortcut.output.gradient { copy(gradient, into: own, pass) }
            shortcut.backward(pass, use: use)
            if let result = input.gradient, let passed = shortcut.input.gradient, let inner = entrance.gradient {
                add(passed, inner, into: result, pass)
            }
        } else if let result = input.gradient, let inner = entrance.gradient {
            add(gradient, inner, into: result, pass)
        }
    }

    func refresh(kernels: KernelTable) {
        for layer in layers { layer.refresh(kernels: kernels) }
        shortcut?.refresh(kernels: kernels)
    }

    private func add(_ left: Tensor, _ right: Tensor, into sum: Tensor, relu: Bool = false, _ pass: Pass) {
        let (height, width, _) = sum.image
        pass.kernels.addImages(
            ImageSum(
                batch: pass.rows,
                height: height,
                width: width,
                channels: paddedCount(sum.image.channels),
                left: left.floats,
                leftLayout: left.layout,
                right: right.floats,
                rightLayout: right.layout,
                output: sum.start,
                outputLayout: sum.layout,
                relu: relu
            )
        )
    }

    private func copy(_ source: Tensor, into destination: Tensor, _ pass: Pass) {
        let (height, width, channels) = source.image
        pass.kernels.copyImages(
            ImageCopy(
                batch: pass.rows,
                height: height,
                width: width,
                channels: paddedCount(channels),
                source: source.floats,
                sourceLayout: source.layout,
                destination: destination.start,
                destinationLayout: destination.layout
            )
        )
    }
}
