import KernelAPI
import SweepCore
import SweepKernels

/// A model with room for one batch: its layers, their parameters and the loss at its end, all in one arena.
///
/// All buffers are made at the start; nothing here allocates afterwards. Not for two threads at once.
final class Network {
    /// The model's layers and its linear head.
    let layers: [any Layer]
    /// Of all layers, first layer first.
    let parameters: [Parameter]
    /// Those that are trained, in the same order.
    let trained: [Parameter]
    let head: LossHead
    /// Rows that fit the buffers.
    let capacity: Int
    let kernels: KernelTable
    /// The layers as they compute: each with the whole batch, or several by parts.
    private let stages: [Stage]
    private let entrance: Slot
    private let columns: Int
    private let drawings: [WeightDrawing]

    /// Throws when the layers cannot follow each other on rows of this schema.
    init(
        spec: TrainingSpec,
        schema: DataSchema,
        capacity: Int,
        kernels: KernelTable,
        arena: Arena
    ) throws(LayerShapeError) {
        columns = schema.features.count
        let input = Tensor(input: spec.inputShape(on: schema), rows: capacity, arena: arena)
        entrance = Slot(values: input, gradient: nil)
        var builder = NetworkBuilder(
            capacity: capacity,
            threads: spec.threads,
            initializer: spec.initializer,
            arena: arena
        )
        var (layers, plans, end) = try builder.build(spec.model.layers, from: entrance, byParts: spec.threads == 1)
        if case .image = end.values.shape {
            let flat = try builder.build([.flatten], from: end)
            layers += flat.layers
            plans += flat.plans
            end = flat.end
        }
        let last = try builder.head(units: spec.outputs(on: schema), from: end)
        layers.append(last)
        self.layers = layers
        stages = Stage.stages(of: layers, plans: plans, capacity: capacity)
        parameters = layers.flatMap(\.parameters)
        trained = parameters.filter(\.role.isTrained)
        for (index, parameter) in trained.enumerated() { parameter.index = index }
        drawings = builder.drawings
        head = LossHead(
            spec.loss(on: schema),
            predictions: last.output,
            schema: schema,
            capacity: capacity,
            mixes: Mixup(spec.augment) != nil,
            kernels: kernels,
            arena: arena
        )
        self.capacity = capacity
        self.kernels = kernels
    }

    /// Draws the initial weights; every other parameter starts at zero or one.
    func drawWeights(seed: UInt64) {
        var index = 0
        for drawing in drawings {
            drawing.draw(index: index, seed: seed)
            if case .drawn = drawing.start { index += 1 }
        }
        refresh()
    }

    /// Brings what is derived from the weights up to date.
    func refresh() {
        for layer in layers { layer.refresh(kernels: kernels) }
    }

    /// The batch's features: row-major, so many elements from one row to the next.
    var features: (start: MutableFloats, stride: Int) { (entrance.values.start, entrance.values.rowStride) }

    /// Collects so many rows of `data` as the batch.
    func load(_ data: TrainingData, rows: Int, indices: UnsafePointer<Int32>) {
        kernels.gatherRows(
            RowGather(
                rows: rows,
                columns: columns,
                source: data.features,
                sourceStride: data.rowStride,
                indices: indices,
                destination: entrance.values.start,
                destinationStride: entrance.values.rowStride
            )
        )
        head.load(data.targets, rows: rows, indices: indices)
    }

    /// Computes the predictions of the batch as they are measured: no unit is dropped.
    func predict(rows: Int) {
        forward(Pass(rows: rows, isTraining: false, key: DropoutKey(seed: 0, step: 0), kernels: kernels))
    }

    /// Computes the predictions of a training step.
    func forward(_ pass: Pass) {
        for stage in stages { stage.forward(pass) }
    }

    /// Carries the loss's gradient from the predictions back to every parameter, last layer first.
    ///
    /// `use` is called once a parameter, as `Layer.backward` says.
    func backward(_ pass: Pass, use: (Parameter) -> Void) {
        for index in stages.indices.reversed() { stages[index].backward(pass, use: use) }
    }

    /// The number of the first layer whose output of a training pass is not finite, from 1, the head last; nil if all are.
    ///
    /// Writes the outputs that the pass has left out.
    func firstNonFiniteLayer(_ pass: Pass) -> Int? {
        for case .run(let run) in stages { run.complete(pass) }
        for (index, layer) in layers.enumerated() {
            let values = layer.output.values
            let (height, width, _) = values.image
            let layout = values.layout
            for row in 0..<pass.rows {
                for line in 0..<height {
                    let start = values.floats + row * layout.sampleStride + line * layout.rowStride
                    if !kernels.allFinite(start, width * layout.pixelStride) { return index + 1 }
                }
            }
        }
        return nil
    }
}
