import Glibc
import SweepCore
import SweepTraining

/// What a row is to be mapped to.
enum ReferenceTarget {
    case label(Int)
    case numbers([Double])
}

/// What each unit of dropout layer number `layer` is multiplied by, row-major rows × columns.
typealias ReferenceDropout = (_ layer: Int, _ rate: Double, _ columns: Int, _ rows: Int) -> [Float]

/// Any stack of layers in float64, written as the formulas stand: the oracle of the fast one.
struct ReferenceModel {
    /// One tensor of the model, as the run names it.
    struct Parameter {
        let name: String
        let shape: [Int]
        var values: [Double]

        /// What follows the place of its layer: `weights`, `bias`, …
        var role: String { String(name.split(separator: ".").last ?? "") }
        var isTrained: Bool { !role.hasPrefix("running") }
    }

    let spec: TrainingSpec
    let schema: DataSchema
    /// In the order of `TrainingRun.parameters`.
    var parameters: [Parameter]

    /// The model with the weights that `run` has now.
    init(_ run: TrainingRun) {
        spec = run.spec
        schema = run.data.schema
        parameters = run.parameters().map {
            Parameter(name: $0.name, shape: $0.shape, values: $0.values.map(Double.init))
        }
    }

    /// The training loss of a batch (the mean over its rows), its gradient by each trained parameter, and the running
    /// moments after it, by the parameter's index.
    func train(
        _ rows: [[Double]],
        _ targets: [ReferenceTarget],
        dropout: @escaping ReferenceDropout = { _, _, _, _ in [] }
    ) -> (loss: Double, gradient: [[Double]], moments: [Int: [Double]]) {
        var pass = ReferencePass(parameters, isTraining: true, dropout: dropout)
        let outputs = pass.outputs(self, rows)
        let loss = pass.tape.mean(
            zip(outputs, targets).map { pass.trainingLoss(spec.loss(on: schema), schema, $0, $1) }
        )
        let adjoints = pass.tape.gradient(of: loss)
        return (pass.tape.values[loss], pass.places.map { $0.map { adjoints[$0] } }, pass.moments)
    }

    /// The training loss alone.
    func trainingLoss(
        _ rows: [[Double]],
        _ targets: [ReferenceTarget],
        dropout: @escaping ReferenceDropout = { _, _, _, _ in [] }
    ) -> Double {
        train(rows, targets, dropout: dropout).loss
    }

    /// Predictions in evaluation mode, and each row's plain loss.
    func evaluate(_ rows: [[Double]], _ targets: [ReferenceTarget]) -> (predictions: [[Double]], losses: [Double]) {
        var pass = ReferencePass(parameters, isTraining: false, dropout: { _, _, _, _ in [] })
        let outputs = pass.outputs(self, rows)
        let plain = LossSpec(spec.loss(on: schema).kind, delta: spec.loss(on: schema).delta)
        let losses = zip(outputs, targets).map { pass.trainingLoss(plain, schema, $0, $1) }
        return (outputs.map { $0.map { pass.tape.values[$0] } }, losses.map { pass.tape.values[$0] })
    }
}

/// One batch on its way through a reference model.
struct ReferencePass {
    typealias Place = ReferenceTape.Place

    let tape = ReferenceTape()
    /// Of each parameter, where its numbers are on the tape.
    let places: [[Place]]
    /// Running moments after the batch, by the parameter's index.
    private(set) var moments: [Int: [Double]] = [:]
    private let parameters: [ReferenceModel.Parameter]
    private let isTraining: Bool
    private let dropout: ReferenceDropout
    private var nextParameter = 0
    private var nextDropout = 0

    init(_ parameters: [ReferenceModel.Parameter], isTraining: Bool, dropout: @escaping ReferenceDropout) {
        self.parameters = parameters
        self.isTraining = isTraining
        self.dropout = dropout
        var places: [[Place]] = []
        for parameter in parameters { places.append(parameter.values.map { [tape] in tape.leaf($0) }) }
        self.places = places
    }

    /// The head's outputs of each row.
    mutating func outputs(_ model: ReferenceModel, _ rows: [[Double]]) -> [[Place]] {
        let input = rows.map { $0.map { tape.leaf($0) } }
        let (values, shape) = through(model.spec.model.layers, input, model.spec.inputShape(on: model.schema))
        return dense(DenseSpec(units: model.spec.outputs(on: model.schema)), values, shape.count)
    }

    private mutating func take() -> [Place] {
        defer { nextParameter += 1 }
        return places[nextParameter]
    }

    private mutating func through(
        _ layers: [LayerSpec],
        _ input: [[Place]],
        _ shape: TensorShape
    ) -> (values: [[Place]], shape: TensorShape) {
        var (values, shape) = (input, shape)
        for layer in layers {
            guard let output = try? layer.output(of: shape) else { return (values, shape) }
            values = through(layer, values, shape, output)
            shape = output
        }
        return (values, shape)
    }

    private mutating func through(
        _ layer: LayerSpec,
        _ input: [[Place]],
        _ shape: TensorShape,
        _ output: TensorShape
    ) -> [[Place]] {
        switch layer {
        case .dense(let spec): return dense(spec, input, shape.count)
        case .convolution(let spec): return convolution(spec, input, shape, output)
        case .maxPool(let spec):
            return windows(spec, input, shape, output) { [tape] window in
                // The first of equal values wins.
                window.dropFirst().reduce(window[0]) { tape.values[$1] > tape.values[$0] ? $1 : $0 }
            }
        case .averagePool(let spec): return windows(spec, input, shape, output) { [tape] in tape.mean($0) }
        case .globalAveragePool:
            let (height, width, channels) = shape.sides
            return input.map { row in
                (0..<channels).map { channel in
                    tape.mean((0..<(height * width)).map { row[$0 * channels + channel] })
                }
            }
        case .flatten: return input
        case .batchNorm(let momentum, let epsilon): return batchNorm(momentum, epsilon, input, shape)
        case .layerNorm(let epsilon):
            let (gain, shift) = (take(), take())
            return input.map { row in
                zip(normalized(row, epsilon), row.indices).map { x, index in
                    tape.product([(x, gain[index])], plus: shift[index])
                }
            }
        case .dropout(let rate): return dropOut(rate, input, shape)
        case .activation(let activation):
            return input.map { row in
                row.map { x in
                    let (value, derivative) = activation.reference(tape.values[x])
                    return tape.apply(x, value, derivative)
                }
            }
        case .residual(let inner):
            let (values, _) = through(inner, input, shape)
            let direct = shortcut(input, shape, output)
            return zip(values, direct).map { zip($0, $1).map { tape.combination([($0, 1), ($1, 1)]) } }
        }
    }

    private mutating func dense(_ spec: DenseSpec, _ input: [[Place]], _ inputs: Int) -> [[Place]] {
        let weights = take()
        let bias = spec.bias ? take() : nil
        return input.map { row in
            (0..<spec.units).map { unit in
                tape.product((0..<inputs).map { (row[$0], weights[$0 * spec.units + unit]) }, plus: bias?[unit])
            }
        }
    }

    private mutating func convolution(
        _ spec: ConvolutionSpec,
        _ input: [[Place]],
        _ shape: TensorShape,
        _ output: TensorShape
    ) -> [[Place]] {
        let weights = take()
        let bias = spec.bias ? take() : nil
        let (height, width, channels) = shape.sides
        let (outputHeight, outputWidth, outputs) = output.sides
        let top = spec.padding.border(size: height, kernel: spec.kernel.height, stride: spec.stride.height).before
        let left = spec.padding.border(size: width, kernel: spec.kernel.width, stride: spec.stride.width).before
        return input.map { row in
            var values: [Place] = []
            for y in 0..<outputHeight {
                for x in 0..<outputWidth {
                    for unit in 0..<outputs {
                        var pairs: [(Place, Place)] = []
                        for ky in 0..<spec.kernel.height {
                            for kx in 0..<spec.kernel.width {
                                let (line, column) = (
                                    y * spec.stride.height + ky - top, x * spec.stride.width + kx - left
                                )
                                guard 0..<height ~= line, 0..<width ~= column else { continue }
                                for channel in 0..<channels {
                                    let weight = ((ky * spec.kernel.width + kx) * channels + channel) * outputs + unit
                                    pairs.append(
                                        (row[(line * width + column) * channels + channel], weights[weight])
                                    )
                                }
                            }
                        }
                        values.append(tape.product(pairs, plus: bias?[unit]))
                    }
                }
            }
            return values
        }
    }

    private func windows(
        _ spec: PoolSpec,
        _ input: [[Place]],
        _ shape: TensorShape,
        _ output: TensorShape,
        _ pool: ([Place]) -> Place
    ) -> [[Place]] {
        let (_, width, channels) = shape.sides
        let (outputHeight, outputWidth, _) = output.sides
        return input.map { row in
            var values: [Place] = []
            for y in 0..<outputHeight {
                for x in 0..<outputWidth {
                    for channel in 0..<channels {
                        var window: [Place] = []
                        for ky in 0..<spec.size.height {
                            for kx in 0..<spec.size.width {
                                let (line, column) = (y * spec.stride.height + ky, x * spec.stride.width + kx)
                                window.append(row[(line * width + column) * channels + channel])
                            }
                        }
                        values.append(pool(window))
                    }
                }
            }
            return values
        }
    }

    /// (x − μ) / √(σ² + ε) over the numbers, σ² with their count as divisor.
    private func normalized(_ numbers: [Place], _ epsilon: Double) -> [Place] {
        let mean = tape.mean(numbers)
        let centred = numbers.map { tape.combination([($0, 1), (mean, -1)]) }
        let squares = centred.map { tape.product([($0, $0)], plus: nil) }
        let variance = tape.mean(squares)
        let value = tape.values[variance] + epsilon
        let factor = tape.apply(variance, 1 / value.squareRoot(), -0.5 / (value * value.squareRoot()))
        return centred.map { tape.product([($0, factor)], plus: nil) }
    }

    private mutating func batchNorm(
        _ momentum: Double,
        _ epsilon: Double,
        _ input: [[Place]],
        _ shape: TensorShape
    ) -> [[Place]] {
        let first = nextParameter
        let (gain, shift, mean, variance) = (take(), take(), take(), take())
        let channels = shape.sides.channels
        var output = input
        for channel in 0..<channels {
            let indices = stride(from: channel, to: shape.count, by: channels)
            let numbers = input.flatMap { row in indices.map { row[$0] } }
            var results: [Place]
            if isTraining {
                results = normalized(numbers, epsilon)
                let values = numbers.map { tape.values[$0] }
                let count = Double(values.count)
                let average = values.reduce(0, +) / count
                let spread = values.reduce(0) { $0 + ($1 - average) * ($1 - average) } / max(count - 1, 1)
                for (index, old, new) in [(first + 2, mean, average), (first + 3, variance, spread)] {
                    let old = tape.values[old[channel]]
                    moments[index, default: []].append(old + momentum * (new - old))
                }
            } else {
                let (mean, variance) = (tape.values[mean[channel]], tape.values[variance[channel]])
                let factor = 1 / (variance + epsilon).squareRoot()
                results = numbers.map { tape.apply($0, (tape.values[$0] - mean) * factor, factor) }
            }
            results = results.map { tape.product([($0, gain[channel])], plus: shift[channel]) }
            var next = results.makeIterator()
            for row in input.indices { for index in indices { output[row][index] = next.next() ?? 0 } }
        }
        return output
    }

    private mutating func dropOut(_ rate: Double, _ input: [[Place]], _ shape: TensorShape) -> [[Place]] {
        defer { nextDropout += 1 }
        guard isTraining else { return input }
        let columns = shape.sides.channels
        let factors = dropout(nextDropout, rate, columns, input.count * shape.count / columns)
        return input.enumerated().map { number, row in
            row.enumerated().map { tape.combination([($1, Double(factors[number * shape.count + $0]))]) }
        }
    }

    private mutating func shortcut(_ input: [[Place]], _ shape: TensorShape, _ output: TensorShape) -> [[Place]] {
        guard shape != output else { return input }
        guard case .image(let height, let width, _) = shape, case .image(let h, let w, let channels) = output else {
            return dense(DenseSpec(units: output.count, bias: false), input, shape.count)
        }
        let stride = LayerSpec.shortcutStride(from: (height, width), to: (h, w)) ?? WindowSize(1)
        let spec = ConvolutionSpec(
            channels: channels,
            kernel: WindowSize(1),
            stride: stride,
            padding: .valid,
            bias: false
        )
        return convolution(spec, input, shape, output)
    }
}

extension TensorShape {
    /// Height, width and channels; a vector is one pixel.
    var sides: (height: Int, width: Int, channels: Int) {
        switch self {
        case .vector(let count): (1, 1, count)
        case .image(let height, let width, let channels): (height, width, channels)
        }
    }
}

extension Activation {
    /// Its value and derivative, as the papers have them.
    func reference(_ x: Double) -> (value: Double, derivative: Double) {
        switch self {
        case .relu: return x > 0 ? (x, 1) : (0, 0)
        case .leakyRelu(let slope): return x > 0 ? (x, 1) : (slope * x, slope)
        case .elu(let alpha): return x > 0 ? (x, 1) : (alpha * expm1(x), alpha * exp(x))
        case .selu:
            let (alpha, lambda) = (1.6732632423543772848170429916717, 1.0507009873554804934193349852946)
            return x > 0 ? (lambda * x, lambda) : (lambda * alpha * expm1(x), lambda * alpha * exp(x))
        case .gelu:
            let share = 0.5 * erfc(-x / 2.0.squareRoot())
            return (x * share, share + x * exp(-x * x / 2) / (2 * Double.pi).squareRoot())
        case .silu:
            let share = 1 / (1 + exp(-x))
            return (x * share, share + x * share * (1 - share))
        case .tanh:
            let value = Glibc.tanh(x)
            return (value, 1 - value * value)
        case .sigmoid:
            let value = 1 / (1 + exp(-x))
            return (value, value * (1 - value))
        case .softplus: return (max(x, 0) + log1p(exp(-abs(x))), 1 / (1 + exp(-x)))
        case .linear: return (x, 1)
        }
    }
}
