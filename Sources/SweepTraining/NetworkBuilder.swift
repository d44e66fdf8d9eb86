import KernelAPI
import SweepCore
import SweepKernels

/// Turns the layers of a specification into layers with room for a batch, and chains them by slots.
struct NetworkBuilder {
    let capacity: Int
    let threads: Int
    let initializer: Initializer
    let arena: Arena
    /// Initial weights to draw, in the order in which the specification names their layers.
    private(set) var drawings: [WeightDrawing] = []
    private var dropouts = 0
    /// The run of layers by parts that is being built.
    private var run: PartPlan?
    /// The layer behind the one that is being built and its activation, if there is one.
    private var following: LayerSpec?
    /// What the dense layers copy to, one after another.
    private var scratch: MutableFloats?

    init(capacity: Int, threads: Int, initializer: Initializer, arena: Arena) {
        self.capacity = capacity
        self.threads = threads
        self.initializer = initializer
        self.arena = arena
    }

    /// The layers of `specs` from `slot` on, each with the plan of parts by which it was built, if there was one, and the
    /// last one's output (`slot` if there is none).
    ///
    /// - Parameter byParts: Whether layers that can are to compute by parts of a batch.
    mutating func build(
        _ specs: [LayerSpec],
        from slot: Slot,
        byParts: Bool = false
    ) throws(LayerShapeError) -> (layers: [any Layer], plans: [PartPlan?], end: Slot) {
        var layers: [any Layer] = []
        var plans: [PartPlan?] = []
        var slot = slot
        var index = 0
        var isBehindNorm = false
        func append(_ layer: any Layer, _ plan: PartPlan?) {
            layers.append(layer)
            plans.append(plan)
            slot = layer.output
        }
        if let first = specs.first, let repacked = unpadded(slot, before: first) { append(repacked, nil) }
        while index < specs.count {
            let spec = specs[index]
            if byParts, run == nil {
                run = PartPlan(
                    specs[index...],
                    from: slot.values.shape,
                    capacity: capacity,
                    behindNorm: isBehindNorm
                )
            }
            index += 1
            var activation = SweepCore.Activation.linear
            if index < specs.count, case .activation(let next) = specs[index], spec.takesIn(next) {
                activation = next
                index += 1
            }
            following = index < specs.count ? specs[index] : nil
            let layer = try layer(spec, activation: activation, from: slot)
            following = nil
            if layer.masks { slot.maskByNextLayer() }
            append(layer, run)
            run = run?.next
            isBehindNorm = (layer as? BatchNormLayer)?.normalizesImages == true
            if activation != .linear, !spec.hasWeights { append(PassingLayer(input: slot), nil) }
        }
        return (layers, plans, slot)
    }

    /// The linear layer that ends a network.
    mutating func head(units: Int, from slot: Slot) throws(LayerShapeError) -> any Layer {
        let layer = try layer(.dense(DenseSpec(units: units)), activation: .linear, from: slot)
        if layer.masks { slot.maskByNextLayer() }
        return layer
    }

    /// A copy of a network's input with padded pixels; nil where the first layer reads dense ones.
    private func unpadded(_ slot: Slot, before first: LayerSpec) -> (any Layer)? {
        guard case .image(_, _, let channels) = slot.values.shape, slot.values.pixelStride != paddedCount(channels)
        else { return nil }
        if case .convolution = first { return nil }
        let values = Tensor(slot.values.shape, rows: capacity, arena: arena)
        return RepackLayer(input: slot, output: Slot(values: values, gradient: nil))
    }

    /// Room for the copies of a dense layer's weight gradient, the same for all layers; nil where it makes none.
    private mutating func scratch(from input: Slot, to output: Slot) -> MutableFloats? {
        let copies = Gemm.copiesPay(
            rows: paddedCount(input.values.shape.count),
            columns: paddedCount(output.values.shape.count),
            depth: capacity,
            leftDepthStride: input.values.rowStride,
            rightDepthStride: output.values.rowStride
        )
        guard copies else { return nil }
        if scratch == nil { scratch = arena.pointer(threads * Gemm.scratchCount) }
        return scratch
    }

    /// Room in which a dense layer's gradient by its input is computed without transposed panels; nil where these are
    /// faster, and with threads, which share the work of large products only.
    private func turning(from input: Slot, to output: Slot) -> MutableFloats? {
        let outputs = output.values.shape.count
        guard input.gradient != nil, threads == 1,
            DenseInputGradient.pays(
                rows: capacity,
                inputs: paddedCount(input.values.shape.count),
                outputs: outputs
            )
        else { return nil }
        return arena.pointer(DenseInputGradient.scratchCount(rows: capacity, outputs: outputs))
    }

    private mutating func layer(
        _ spec: LayerSpec,
        activation: SweepCore.Activation,
        from slot: Slot
    ) throws(LayerShapeError) -> any Layer {
        let shape = try spec.output(of: slot.values.shape)
        switch spec {
        case .dense(let dense):
            let input = try flat(slot)
            let output = outputSlot(shape, trains: true)
            output.isRectified = activation == .relu
            let layer = DenseLayer(
                input: input,
                output: output,
                hasBias: dense.bias,
                activation: fused(activation, shape),
                scratch: scratch(from: input, to: output),
                turning: turning(from: input, to: output),
                arena: arena
            )
            setUp(layer.weights, dense.initializer, l1: dense.l1, l2: dense.l2, bias: layer.bias)
            return layer
        case .convolution(let convolution):
            let output = outputSlot(
                shape,
                trains: true,
                gradientBorder: gradientBorder(of: convolution, activation: activation, from: slot)
            )
            output.isRectified = activation == .relu
            let layer = ConvolutionLayer(
                input: slot,
                output: output,
                spec: convolution,
                activation: fused(activation, shape),
                capacity: capacity,
                partRows: run?.rows ?? capacity,
                arena: arena
            )
            let kernel = convolution.kernel.height * convolution.kernel.width
            setUp(
                layer.weights,
                convolution.initializer,
                l1: convolution.l1,
                l2: convolution.l2,
                bias: layer.bias,
                fanOut: kernel * convolution.channels
            )
            return layer
        case .maxPool(let pool):
            return MaxPoolLayer(
                input: slot,
                output: pooledSlot(shape, after: slot),
                spec: pool,
                capacity: capacity,
                arena: arena
            )
        case .averagePool(let pool):
            return AveragePoolLayer(input: slot, output: pooledSlot(shape, after: slot), spec: pool, capacity: capacity)
        case .globalAveragePool:
            return AveragePoolLayer(input: slot, output: outputSlot(shape, after: slot), spec: nil, capacity: capacity)
        case .flatten: return flattening(slot)
        case .batchNorm(let momentum, let epsilon):
            // Its gradient is written over the one behind it: fewer bytes pass through the caches.
            let gradient = slot.gradient ?? Tensor(shape, rows: capacity, arena: arena)
            let output = Slot(values: Tensor(shape, rows: capacity, arena: arena), gradient: gradient)
            output.isRectified = activation == .relu
            let layer = BatchNormLayer(
                input: slot,
                output: output,
                momentum: momentum,
                epsilon: epsilon,
                rectifies: activation == .relu,
                arena: arena
            )
            drawings.append(WeightDrawing(layer.gain, .ones))
            drawings.append(WeightDrawing(layer.runningVariance, .ones))
            return layer
        case .layerNorm(let epsilon):
            let layer = LayerNormLayer(
                input: slot,
                output: outputSlot(shape, trains: true),
                epsilon: epsilon,
                capacity: capacity,
                arena: arena
            )
            drawings.append(WeightDrawing(layer.gain, .ones))
            return layer
        case .dropout(let rate):
            let output = Slot(values: Tensor(shape, rows: capacity, arena: arena), gradient: slot.gradient)
            defer { dropouts += 1 }
            return DropoutLayer(input: slot, output: output, rate: rate, index: dropouts)
        case .activation(let activation):
            guard let function = activation.function else {
                return PassingLayer(input: slot)
            }
            let output = Slot(values: Tensor(shape, rows: capacity, arena: arena), gradient: slot.gradient)
            output.isRectified = activation == .relu
            return ActivationLayer(input: slot, output: output, function: function)
        case .residual(let inner):
            return try residual(inner, shape: shape, rectifies: activation == .relu, from: slot)
        }
    }

    private mutating func residual(
        _ inner: [LayerSpec],
        shape: TensorShape,
        rectifies: Bool,
        from slot: Slot
    ) throws(LayerShapeError) -> any Layer {
        following = nil
        func branch() -> Slot {
            Slot(
                values: slot.values,
                gradient: slot.gradient.map { _ in Tensor(slot.values.shape, rows: capacity, arena: arena) }
            )
        }
        let entrance = branch()
        let layers = try build(inner, from: entrance).layers
        var shortcut: (any Layer)?
        if slot.values.shape != shape {
            let spec: LayerSpec
            switch (slot.values.shape, shape) {
            case (.image(let height, let width, _), .image(let h, let w, let channels)):
                spec = .convolution(
                    ConvolutionSpec(
                        channels: channels,
                        kernel: WindowSize(1),
                        stride: LayerSpec.shortcutStride(from: (height, width), to: (h, w)) ?? WindowSize(1),
                        padding: .valid,
                        bias: false
                    )
                )
            default: spec = .dense(DenseSpec(units: shape.count, bias: false))
            }
            shortcut = try layer(spec, activation: .linear, from: branch())
        }
        let output = outputSlot(shape, trains: true)
        output.isRectified = rectifies
        return ResidualLayer(
            input: slot,
            output: output,
            entrance: entrance,
            layers: layers,
            shortcut: shortcut,
            rectifies: rectifies
        )
    }

    /// A slot for a layer without parameters: it has a gradient if its input has one.
    private func outputSlot(_ shape: TensorShape, after slot: Slot) -> Slot {
        outputSlot(shape, trains: slot.gradient != nil)
    }

    /// A slot that a pooling writes: inside the border that a convolution behind it reads, which then needs no copy.
    private func pooledSlot(_ shape: TensorShape, after slot: Slot) -> Slot {
        var border = ImageBorder()
        if case .convolution(let spec) = following, case .image(let height, let width, let channels) = shape {
            border =
                ConvolutionShape(spec, height: height, width: width, channels: paddedCount(channels), batch: capacity)
                .inputBorder
        }
        return outputSlot(shape, trains: slot.gradient != nil, border: border)
    }

    /// The border inside which a pooling writes a convolution's output gradient: the one that its gradient by the input
    /// reads, which then needs no copy. None where something else reads or writes that gradient.
    private func gradientBorder(
        of spec: ConvolutionSpec,
        activation: SweepCore.Activation,
        from slot: Slot
    ) -> ImageBorder {
        guard slot.gradient != nil, activation == .relu || activation == .linear else { return ImageBorder() }
        switch following {
        case .maxPool, .averagePool: return ConvolutionShape(spec, input: slot.values, batch: capacity).gradientBorder
        default: return ImageBorder()
        }
    }

    private func outputSlot(
        _ shape: TensorShape,
        trains: Bool,
        border: ImageBorder = ImageBorder(),
        gradientBorder: ImageBorder = ImageBorder()
    ) -> Slot {
        let partRows = run?.next == nil ? nil : run?.rows
        return Slot(
            values: Tensor(shape, rows: capacity, border: border, arena: arena),
            gradient: trains
                ? Tensor(shape, rows: partRows ?? capacity, border: gradientBorder, arena: arena) : nil,
            partRows: partRows
        )
    }

    /// What a dense layer reads: an image's pixels in a row.
    private func flat(_ slot: Slot) throws(LayerShapeError) -> Slot {
        guard case .image = slot.values.shape else { return slot }
        throw LayerShapeError(message: "a dense layer needs flatten after an image")
    }

    /// A layer that reads an image as a vector, sharing its memory where no padding lies between.
    private func flattening(_ slot: Slot) -> any Layer {
        guard case .image(_, _, let channels) = slot.values.shape else {
            return PassingLayer(input: slot)
        }
        let shape = TensorShape.vector(slot.values.shape.count)
        guard channels == slot.values.pixelStride, slot.values.isMatrix else {
            return FlattenLayer(input: slot, output: outputSlot(shape, after: slot), sharesMemory: false)
        }
        let output = Slot(
            values: Tensor(shape, sharing: slot.values),
            gradient: slot.gradient.map { Tensor(shape, sharing: $0) },
            sharing: slot
        )
        return FlattenLayer(input: slot, output: output, sharesMemory: true)
    }

    private func fused(_ activation: SweepCore.Activation, _ shape: TensorShape) -> FusedActivation? {
        activation.function.map { function in
            FusedActivation(
                function: function,
                before: function.needsInput ? Tensor(shape, rows: capacity, arena: arena) : nil
            )
        }
    }

    private mutating func setUp(
        _ weights: Parameter,
        _ initializer: Initializer?,
        l1: Double?,
        l2: Double?,
        bias: Parameter?,
        fanOut: Int? = nil
    ) {
        weights.l1 = l1
        weights.l2 = l2
        bias?.l1 = l1
        bias?.l2 = l2
        drawings.append(WeightDrawing(weights, .drawn(initializer ?? self.initializer, fanOut: fanOut)))
    }
}

extension LayerSpec {
    /// Whether an activation that follows becomes part of the layer.
    fileprivate func takesIn(_ activation: SweepCore.Activation) -> Bool {
        switch self {
        case .dense, .convolution: true
        case .batchNorm, .residual: activation == .relu
        default: false
        }
    }

    /// Whether it is one layer with its activation; with others that keeps its number, by a layer that does nothing.
    fileprivate var hasWeights: Bool {
        switch self {
        case .dense, .convolution: true
        default: false
        }
    }
}

extension Layer {
    /// Whether the layer applies the derivative of a ReLU before it while it writes the gradient.
    fileprivate var masks: Bool {
        self is DenseLayer || self is ConvolutionLayer || self is MaxPoolLayer || self is AveragePoolLayer
    }
}
