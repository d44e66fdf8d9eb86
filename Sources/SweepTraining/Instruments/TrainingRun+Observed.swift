package import SweepCore

/// A run trained to its end with every instrument on.
package struct ObservedRun: Sendable {
    package var curve: LearningCurve
    package var instruments: Instruments
    package var notes: [TrialNote]
}

extension TrainingRun {
    /// Step losses that are kept: the first 2^16.
    private static let keptSteps = 1 << 16

    /// Trains to the last epoch of the specification, or to the epoch that ends the run, and reads instruments on the way:
    /// before the first step, after the first epochs, then ever more rarely, and at the end.
    ///
    /// `after` is told of each finished epoch and answers whether to go on. The curve has the bits of a run without instruments.
    package func trainObserved(after: (Observation) -> Bool = { _ in true }) -> ObservedRun {
        var instruments = Instruments()
        instruments.stepsPerEpoch = stepsPerEpoch
        instruments.initialLoss = evaluate(.probe, isDetailed: false).loss
        instruments.readings.append(reading())
        recordSteps(min(Self.keptSteps, stepsPerEpoch * spec.epochs))
        var curve = LearningCurve(metrics: metrics)
        var notes: [TrialNote] = []
        var next = 1
        while epoch < spec.epochs, !isOver {
            guard let observation = trainEpoch() else { break }
            curve.append(observation)
            notes += takeNotes()
            // A broken network has nothing to read: its outputs are not finite.
            if !diverged, epoch == next || epoch == spec.epochs || isOver {
                var reading = reading(measuresNoise: true)
                if epoch == spec.epochs || isOver, case .sgd = spec.optimizer.rule { reading.sharpness = sharpness() }
                instruments.readings.append(reading)
                next = max(next + 1, next * 3 / 2)
            }
            guard after(observation) else { break }
        }
        instruments.stepLosses = stepLosses
        if !diverged { instruments.validationError = lossError(.validation) }
        return ObservedRun(curve: curve, instruments: instruments, notes: notes)
    }
}
