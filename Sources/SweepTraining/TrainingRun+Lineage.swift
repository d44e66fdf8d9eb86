package import KernelAPI
package import SweepCore

/// The run whose state another one goes on from.
struct RunOrigin: Hashable {
    /// Its digest.
    let digest: UInt64
    /// The epoch of that state, from 1.
    let epoch: Int
}

/// Runs that go on from the state of another run: weights, the optimizer's memory, averages, the place in schedules and the epoch
/// are that one's; the specification, and the seed with the order of rows and the masks of later epochs, are their own.
///
/// So the curve of such a run is a function of (specification, data, seed) and of those of all its ancestors, and so is the digest in
/// its checkpoints.
extension TrainingRun {
    /// The run that `trial` has at the end of its lineage, ready for its first own epoch or where `checkpoint` left off; nil if told to
    /// stop while an ancestor was trained.
    ///
    /// Throws what `data` throws, a `TrainingError` as `init(spec:…)` and `init(restoring:…)` do, and `lineage` where an ancestor's run
    /// ends before the epoch of its copy.
    ///
    /// - Parameters:
    ///   - checkpoint: The state to go on from, of the trial itself or of any of its ancestors, with its epoch; nil: all is trained
    ///     from the first ancestor's weights on.
    ///   - metrics: As `alsoReported`, of its own run and those of its ancestors.
    ///   - data: The rows as a trial's preprocessing makes them.
    ///   - shouldStop: Asked before every step of an ancestor.
    ///   - trained: Told of each epoch of an ancestor that is trained again.
    package static func descendant(
        _ trial: TrialSpec,
        seed: UInt64,
        checkpoint: (bytes: [UInt8], epoch: Int)? = nil,
        kernels: KernelTable,
        alsoReported metrics: [Metric] = [],
        data: (TrialSpec) throws -> TrainingData,
        shouldStop: () -> Bool = { false },
        trained: (TrainingRun, Observation) throws -> Void = { _, _ in }
    ) throws -> TrainingRun? {
        let epoch = checkpoint?.epoch ?? 0
        var origin: RunOrigin?
        var state: [UInt8]?
        for ancestor in trial.ancestors {
            let rows = try data(ancestor.trial)
            let spec = ancestor.trial.training
            if epoch == ancestor.to {
                state = checkpoint?.bytes
            } else if epoch < ancestor.to {
                let run = try TrainingRun(
                    blank: spec,
                    data: rows,
                    seed: ancestor.seed,
                    kernels: kernels,
                    memoryLimit: defaultMemoryLimit
                )
                run.alsoReported = metrics
                try run.begin(after: origin, state, checkpoint)
                while run.epoch < ancestor.to {
                    guard let observation = run.trainEpoch(shouldStop: shouldStop) else {
                        guard run.isOver else { return nil }
                        throw TrainingError.lineage(epoch: run.epoch, wanted: ancestor.to)
                    }
                    try trained(run, observation)
                }
                guard let end = run.checkpoint() else {
                    throw TrainingError.lineage(epoch: run.epoch, wanted: ancestor.to)
                }
                state = end
            }
            origin = RunOrigin(
                digest: digest(of: spec, on: rows, seed: ancestor.seed, origin),
                epoch: ancestor.to
            )
        }
        let run = try TrainingRun(
            blank: trial.training,
            data: data(trial),
            seed: seed,
            kernels: kernels,
            memoryLimit: defaultMemoryLimit
        )
        run.alsoReported = metrics
        try run.begin(after: origin, state, checkpoint)
        return run
    }

    /// Puts a blank run into its first state: that of `checkpoint` if that is its own, the one it goes on from, or weights of its own.
    private func begin(
        after origin: RunOrigin?,
        _ state: [UInt8]?,
        _ checkpoint: (bytes: [UInt8], epoch: Int)?
    ) throws(TrainingError) {
        self.origin = origin
        do throws(CheckpointError) {
            if let checkpoint, checkpoint.epoch > origin?.epoch ?? 0 {
                return try restore(checkpoint.bytes, of: digest)
            }
            if let origin, let state { return try restore(state, of: origin.digest) }
        } catch { throw .checkpoint(error) }
        try drawStart()
    }

    /// Draws the weights that the run begins with, or takes those that its specification names.
    func drawStart() throws(TrainingError) {
        network.drawWeights(seed: seed)
        try takeStartingWeights()
        copies.begin()
    }
}
