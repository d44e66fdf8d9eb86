/// Layers one after another that take a batch through all of them a part at a time, forward and backward.
struct LayerRun {
    let layers: [any PartwiseLayer]
    /// Samples of a part; the last may have fewer.
    let rows: Int
    private let links: [Link]

    /// What is computed at once.
    private enum Link {
        case layer(any PartwiseLayer)
        case pooled(ConvolutionLayer, MaxPoolLayer)
    }

    init(layers: [any PartwiseLayer], rows: Int) {
        self.layers = layers
        self.rows = rows
        var links: [Link] = []
        for layer in layers {
            if let pool = layer as? MaxPoolLayer, case .layer(let before) = links.last,
                let convolution = before as? ConvolutionLayer, convolution.mayBePooled
            {
                links[links.count - 1] = .pooled(convolution, pool)
            } else {
                links.append(.layer(layer))
            }
        }
        self.links = links
    }

    func forward(_ pass: Pass) {
        for layer in layers { layer.prepare(pass) }
        var samples = part(0, pass)
        repeat {
            for link in links {
                switch link {
                case .layer(let layer): layer.forward(pass, samples: samples)
                case .pooled(let convolution, let pool):
                    if pass.isTraining {
                        convolution.forward(pass, samples: samples, with: pool)
                    } else {
                        convolution.forward(pass, samples: samples)
                        pool.forward(pass, samples: samples)
                    }
                }
            }
            samples = part(samples.upperBound, pass)
        } while !samples.isEmpty
    }

    /// Writes the outputs that a training pass has left out, the pass's inputs being still there.
    func complete(_ pass: Pass) {
        for link in links {
            if case .pooled(let convolution, _) = link { convolution.forward(pass, samples: 0..<pass.rows) }
        }
    }

    /// See `Layer.backward`: parameters are used when all parts are done.
    func backward(_ pass: Pass, use: (Parameter) -> Void) {
        var samples = part(0, pass)
        repeat {
            for index in links.indices.reversed() {
                switch links[index] {
                case .layer(let layer): layer.backward(pass, samples: samples)
                case .pooled(let convolution, let pool): convolution.backward(pass, samples: samples, with: pool)
                }
            }
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
