/// Layers one after another that take a batch through all of them a part at a time, forward and backward.
struct LayerRun {
    let layers: [any PartwiseLayer]
    /// Samples of a part; the last may have fewer.
    let rows: Int

    func forward(_ pass: Pass) {
        var samples = part(0, pass)
        repeat {
            for layer in layers { layer.forward(pass, samples: samples) }
            samples = part(samples.upperBound, pass)
        } while !samples.isEmpty
    }

    /// See `Layer.backward`: parameters are used when all parts are done.
    func backward(_ pass: Pass, use: (Parameter) -> Void) {
        var samples = part(0, pass)
        repeat {
            for index in layers.indices.reversed() { layers[index].backward(pass, samples: samples) }
            samples = part(samples.upperBound, pass)
        } while !samples.isEmpty
        for index in layers.indices.reversed() {
            for parameter in layers[index].parameters { use(parameter) }
        }
    }

    private func part(_ first: Int, _ pass: Pass) -> Range<Int> {
        first..<min(first + rows, pass.rows)
    }
}

/// What a network computes at a time: a layer with the whole batch, or several by parts.
enum Stage {
    case layer(any Layer)
    case run(LayerRun)

    /// The stages of layers: those with a slot for one part between them are a run.
    static func stages(of layers: [any Layer]) -> [Stage] {
        var stages: [Stage] = []
        var run: [any PartwiseLayer] = []
        for (index, layer) in layers.enumerated() {
            let before = index > 0 ? layers[index - 1].output.partRows : nil
            guard let rows = layer.output.partRows ?? before, let partwise = layer as? any PartwiseLayer else {
                stages.append(.layer(layer))
                continue
            }
            run.append(partwise)
            if layer.output.partRows == nil {
                stages.append(.run(LayerRun(layers: run, rows: rows)))
                run = []
            }
        }
        return stages
    }

    func forward(_ pass: Pass) {
        switch self {
        case .layer(let layer): layer.forward(pass)
        case .run(let run): run.forward(pass)
        }
    }

    func backward(_ pass: Pass, use: (Parameter) -> Void) {
        switch self {
        case .layer(let layer): layer.backward(pass, use: use)
        case .run(let run): run.backward(pass, use: use)
        }
    }
}
