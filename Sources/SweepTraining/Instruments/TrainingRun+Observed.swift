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
        if !diverged {
            instruments.validationError = lossError(.validation)
            let isSample = data.rows(.probe).count < data.rows(.training).count
            instruments.probeError = isSample ? lossError(.probe) : nil
        }
        return ObservedRun(curve: curve, instruments: instruments, notes: notes)
    }
}

extension TrainingRun {
    /// Trained numbers up to which a worker measures the gradient's noise on eight batches: their sum is held beside the gradient.
    private static let noiseNumbers = 1 << 18

    /// Prepares what `reading(of:segmentEnd:)` needs from before the first step; before a later one there is nothing to prepare.
    package func beginReadings(of tier: InstrumentTier) {
        guard tier == .full, epoch == 0, stepOfEpoch == 0 else { return }
        recordSteps(min(Instruments.Reading.toldSteps, stepsPerEpoch))
    }

    /// What is told of the network after the epoch that was just trained; nil where the schedule asks for nothing.
    ///
    /// Nor is anything told of a network whose numbers are not finite, or of one that has the weights of an earlier epoch back: a
    /// reading is of the epoch that it names. A function of the run, however often it was interrupted and resumed before.
    package func reading(of tier: InstrumentTier, segmentEnd: Int) -> Instruments.Reading? {
        guard tier.reads(after: epoch, segmentEnd: segmentEnd), !diverged, !hasRestored else { return nil }
        let count = network.trained.reduce(0) { $0 + $1.layout.count }
        // Gradients take longer than all else of a reading: after epochs 1, 4, 16, … they are a small part of a trial.
        let isRare = epoch & (epoch - 1) == 0 && epoch.trailingZeroBitCount.isMultiple(of: 2)
        let isThorough = tier == .full && count <= Self.noiseNumbers
        var reading = reading(measuresNoise: isRare && isThorough, rows: data.readRows)
        if isRare, !isThorough { reading.noise = quickGradientNoise() }
        if epoch == 1 { reading.stepLosses = stepLosses.map { Float($0) } }
        return reading
    }

    /// Whether an early stop has put the weights of its best epoch back.
    var hasRestored: Bool {
        stoppedEarly && spec.earlyStopping?.restoresBest == true && stopping.bestEpoch > 0
    }
}
