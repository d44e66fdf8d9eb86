import KernelAPI
import SweepCore
import SweepKernels

/// One parameter's numbers without padding: values, their gradient, or whatever else has their shape.
package struct ParameterValues: Hashable, Sendable {
    /// `layer.role`, layers counted from 1: `3.weights`; in a residual block its inner layer follows, or the shortcut:
    /// `3.2.weights`, `3.shortcut.weights`. No two of a network are equal.
    package let name: String
    /// Of weights (kernel height, kernel width,) inputs, outputs; of everything else its length.
    package let shape: [Int]
    /// Row-major.
    package let values: [Float]

    /// A parameter that was read; as many values as the shape has places.
    package init(name: String, shape: [Int], values: [Float]) {
        self.name = name
        self.shape = shape
        self.values = values
    }
}

extension TrainingRun {
    /// The current values of all parameters, first layer first.
    package func parameters() -> [ParameterValues] {
        named { $0.values }
    }

    /// The averages that are measured, where the specification asks for them, else the current values.
    package func measuredParameters() -> [ParameterValues] {
        copies.swapAverages()
        defer { copies.swapAverages() }
        return parameters()
    }

    /// Puts other values in place, as many and in the order of `parameters`; the optimizer's memory stays.
    ///
    /// Answers false, and changes nothing, when a shape differs.
    package func setParameters(_ values: [ParameterValues]) -> Bool {
        guard network.setParameters(values) else { return false }
        copies.begin()
        return true
    }

    /// The gradient of the mean training loss of rows of the data by the trained parameters, without the penalty.
    ///
    /// At most a batch of rows, each a row of a part; units are dropped as on step `dropoutStep`. Neither the weights nor
    /// the place in the epoch change; the running moments of batch norm do.
    package func gradient(rows: [Int32], dropoutStep: UInt64 = 0) -> [ParameterValues] {
        backpropagate(rows, scale: 1 / Float(min(rows.count, network.capacity)), dropoutStep: dropoutStep) { _ in }
        return named { $0.gradient }
    }

    /// Computes the gradient of `scale` times the sum of rows' training losses, without the penalty, and leaves it in the parameters.
    ///
    /// At most a batch of rows. `use` is called as `Layer.backward` says.
    func backpropagate(
        _ rows: [Int32],
        scale: Float,
        dropoutStep: UInt64 = 0,
        use: (Parameter) -> Void
    ) {
        let count = min(rows.count, network.capacity)
        let pass = Pass(
            rows: count,
            isTraining: true,
            key: DropoutKey(seed: dropoutSeed, step: dropoutStep),
            kernels: kernels
        )
        rows.withUnsafeBufferPointer { rows in
            guard let base = rows.baseAddress else { return }
            network.load(data, rows: count, indices: base)
        }
        network.forward(pass)
        _ = network.head.train(rows: count, gradientScale: scale)
        network.backward(pass, use: use)
    }

    /// The mean training loss of rows as a step would compute it, units dropped as on step `dropoutStep`.
    package func trainingLoss(rows: [Int32], dropoutStep: UInt64 = 0) -> Double {
        let count = min(rows.count, network.capacity)
        let pass = Pass(
            rows: count,
            isTraining: true,
            key: DropoutKey(seed: dropoutSeed, step: dropoutStep),
            kernels: kernels
        )
        rows.withUnsafeBufferPointer { rows in
            guard let base = rows.baseAddress else { return }
            network.load(data, rows: count, indices: base)
        }
        network.forward(pass)
        return network.head.train(rows: count, gradientScale: 1 / Float(count)) / Double(count)
    }

    /// The order in which an epoch visits the training rows; epochs count from 0.
    package func rowOrder(epoch: Int) -> [Int32] {
        let order = data.epochOrder(spec.sampling)
        defer { order.deallocate() }
        order.arrange(seed: seed, epoch: epoch)
        return Array(UnsafeBufferPointer(start: order.indices, count: order.count))
    }

    /// What each unit of dropout layer number `layer` (from 0) is multiplied by on a step, counted from 0: row-major
    /// rows × columns, a pixel being a row of its channels.
    package func dropoutFactors(layer: Int, rate: Double, columns: Int, rows: Int, step: UInt64) -> [Float] {
        let stride = paddedCount(columns)
        var ones = [Float](repeating: 1, count: max(rows * stride, 1))
        ones.withUnsafeMutableBufferPointer { ones in
            guard let base = ones.baseAddress, rate > 0 else { return }
            kernels.dropOut(
                Dropout(
                    rate: Float(rate),
                    seed: dropoutSeed,
                    step: step,
                    layer: UInt64(layer),
                    rows: rows,
                    columns: columns,
                    source: base,
                    sourceStride: stride,
                    destination: base,
                    destinationStride: stride
                )
            )
        }
        return (0..<rows).flatMap { row in ones[(row * stride)..<(row * stride + columns)] }
    }

    private func named(_ place: (Parameter) -> MutableFloats?) -> [ParameterValues] { network.named(place) }
}

extension Network {
    /// The numbers that `place` gives of each parameter, first layer first.
    func named(_ place: (Parameter) -> MutableFloats?) -> [ParameterValues] {
        var result: [ParameterValues] = []
        for (index, layer) in layers.enumerated() {
            for (name, parameter) in layer.namedParameters {
                guard let stored = place(parameter) else { continue }
                let count = parameter.layout.count
                result.append(
                    ParameterValues(
                        name: "\(index + 1).\(name)",
                        shape: parameter.layout.shape,
                        values: [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
                            if let base = buffer.baseAddress { parameter.layout.unpack(stored, into: base) }
                            initialized = count
                        }
                    )
                )
            }
        }
        return result
    }

    /// Puts other values in place, as many and in the order of `parameters`.
    ///
    /// Answers false, and changes nothing, when a shape differs.
    func setParameters(_ values: [ParameterValues]) -> Bool {
        guard values.count == parameters.count,
            zip(values, parameters).allSatisfy({
                $0.shape == $1.layout.shape && $0.values.count == $1.layout.count
            })
        else { return false }
        for (new, parameter) in zip(values, parameters) {
            new.values.withUnsafeBufferPointer { buffer in
                if let base = buffer.baseAddress { parameter.layout.pack(base, into: parameter.values) }
            }
        }
        refresh()
        return true
    }
}

extension Parameter.Role {
    var name: String {
        switch self {
        case .weights: "weights"
        case .bias: "bias"
        case .gain: "gain"
        case .shift: "shift"
        case .runningMean: "running_mean"
        case .runningVariance: "running_variance"
        }
    }
}

extension ParameterLayout {
    var shape: [Int] {
        switch self {
        case .vector(let count): [count]
        case .features(let pixels, let channels): [pixels, channels]
        case .panels(1, let rows, _, let columns): [rows, columns]
        case .panels(let groups, let rows, _, let columns): [groups, rows, columns]
        }
    }
}
