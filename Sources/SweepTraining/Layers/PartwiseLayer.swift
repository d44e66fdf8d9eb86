/// A layer whose samples know nothing of each other: it can compute a part of the batch at a time.
///
/// Layers that follow each other so (`LayerRun`) find what the one before has written in the processor's second cache.
protocol PartwiseLayer: Layer {
    /// Does what needs the whole batch of the layers before the run, before the first part goes forward.
    func prepare(_ pass: Pass)

    /// Computes the output's values of some samples from the input's.
    func forward(_ pass: Pass, samples: Range<Int>)

    /// Computes the gradients by the input, where it has one, and by the parameters from the output's of some samples.
    ///
    /// The parts of a batch come in order. That from sample 0 begins the gradients by the parameters, the others go on
    /// with their sums, so that the last leaves the bits of the whole batch.
    func backward(_ pass: Pass, samples: Range<Int>)
}

extension PartwiseLayer {
    func prepare(_ pass: Pass) {}

    func forward(_ pass: Pass) {
        prepare(pass)
        forward(pass, samples: 0..<pass.rows)
    }

    func backward(_ pass: Pass, use: (Parameter) -> Void) {
        backward(pass, samples: 0..<pass.rows)
        for parameter in parameters { use(parameter) }
    }
}
