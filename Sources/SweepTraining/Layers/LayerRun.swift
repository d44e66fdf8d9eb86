/// Layers one after another that take a batch through all of them a part at a time, forward and backward.
struct LayerRun {
    let layers: [any PartwiseLayer]
    /// Samples of a part; the last may have fewer.
    let rows: Int

    func forward(_ pass: Pass) {
        for layer in layers { layer.prepare(pass) }
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

    /// The stages of layers, each with the plan of parts by which it was built, if there was one.
    ///
    /// A batch norm of images that has such a layer beside it ends the run before it and begins the one behind it.
    static func stages(of layers: [any Layer], plans: [PartPlan?], capacity: Int) -> [Stage] {
        var stages: [Stage] = []
        var run: [any PartwiseLayer] = []
        func planned(_ index: Int) -> PartPlan? { plans.indices.contains(index) ? plans[index] : nil }
        func imageNorm(_ index: Int) -> BatchNormLayer? {
            guard index < layers.count, let norm = layers[index] as? BatchNormLayer else { return nil }
            return norm.normalizesImages ? norm : nil
        }
        func end(_ rows: Int?) {
            stages.append(.run(LayerRun(layers: run, rows: rows ?? capacity)))
            run = []
        }
        for (index, layer) in layers.enumerated() {
            if let norm = imageNorm(index) {
                // Its ReLU has a place of its own, in which nothing is done.
                let (before, after) = (planned(index - 1), planned(index + (norm.rectifies ? 2 : 1)))
                guard before != nil || after != nil else {
                    stages.append(.layer(layer))
                    continue
                }
                run.append(BatchNormEntrance(norm))
                end(before?.rows)
                run.append(BatchNormExit(norm))
                if after == nil { end(nil) }
                continue
            }
            if !run.isEmpty, let passing = layer as? PassingLayer {
                run.append(passing)
                continue
            }
            guard let plan = planned(index), let partwise = layer as? any PartwiseLayer else {
                stages.append(.layer(layer))
                continue
            }
            run.append(partwise)
            if plan.next == nil, imageNorm(index + 1) == nil { end(plan.rows) }
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
