import Glibc
import KernelAPI
package import SweepCore

extension TrainingRun {
    /// Whether no epoch can follow.
    package var isOver: Bool { diverged || stoppedEarly }

    /// Trains the next epoch and measures it; nil if told to stop before it was finished, or if the run was over before.
    ///
    /// `shouldStop` is asked before every step and before measuring. A stopped epoch may be gone on with: the next
    /// call continues it, and the bits are those of an epoch that was never stopped.
    ///
    /// A step whose loss is not finite ends the epoch: its observation carries that training loss, NaN for everything
    /// else, and `diverged` is set. So is it when only a measured loss is not finite. Every NaN is the same NaN.
    package func trainEpoch(shouldStop: () -> Bool = { false }) -> Observation? {
        guard !isOver else { return nil }
        let start = threadSeconds()
        while !diverged {
            if shouldStop() {
                totals.seconds += threadSeconds() - start
                return nil
            }
            if stepOfEpoch == stepsPerEpoch { break }
            step()
        }
        var values = EpochValues(training: trainingMean)
        if !diverged {
            values.measure(self)
            if values.isBroken { diverged = true }
        }
        let result = metrics.map { metric in
            let value = values.value(of: metric)
            return value.isNaN ? .nan : value
        }
        epoch += 1
        let seconds = totals.seconds + threadSeconds() - start
        beginEpoch()
        if !diverged { react(to: values) }
        return Observation(epoch: epoch, values: result, seconds: seconds)
    }

    /// The mean training loss of the epoch's rows; of an epoch that a loss broke off, the sum that shows it.
    private var trainingMean: Double {
        diverged ? totals.loss : totals.loss / Double(order.count) * lossUnit
    }

    /// Lets the rules that watch the curve have their say after an epoch.
    private func react(to values: EpochValues) {
        trainingLosses.append(values.training)
        let reduced = schedule.epochEnded(
            spec.schedule,
            epoch: epoch,
            base: optimizer.spec.learningRate,
            value: values.value
        )
        if reduced { noteReduction(after: epoch) }
        guard let rule = spec.earlyStopping else { return }
        switch stopping.epochEnded(rule, epoch: epoch, value: values.value(of: rule.metric)) {
        case .waiting: break
        case .better: copies.keepBest(averaged: spec.averaging != nil)
        case .stop: stop(rule)
        }
    }

    private func stop(_ rule: EarlyStopping) {
        stoppedEarly = true
        let best = "\(rule.metric.rawValue) was best in epoch \(stopping.bestEpoch)"
        note("early stopping: \(best)" + (rule.restoresBest ? ", whose weights are kept" : ""), after: epoch)
        if StoppingState.wasStillLearning(trainingLosses, window: rule.patience) {
            note("the training loss was still falling when early stopping ended the run", after: epoch)
        }
        if rule.restoresBest, stopping.bestEpoch > 0 {
            copies.restoreBest()
            network.refresh()
        }
    }

    /// Processor time of this thread.
    private func threadSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}

/// What an epoch measured, by metric.
struct EpochValues {
    let training: Double
    private var probe = Evaluation()
    private var validation = Evaluation()
    private var test = Evaluation()
    private var hasValidation = false
    private var classes: [String] = []
    private var penalty = Double.nan
    private var learningRate = Double.nan
    private var gradientNorm = Double.nan
    private var weightNorm = Double.nan
    private var updateRatio = Double.nan
    private var clipShare = Double.nan

    init(training: Double) { self.training = training }

    /// Measures the weights at the end of an epoch.
    mutating func measure(_ run: TrainingRun) {
        probe = run.evaluate(.probe, isDetailed: false)
        validation = run.evaluate(.validation)
        hasValidation = run.data.schema.validationRows > 0
        test = run.evaluate(.test)
        classes = run.data.schema.classes
        penalty = run.penaltySum
        learningRate = run.totals.learningRate
        let norms = run.lastNorms
        gradientNorm = run.gradientNorm(norms)
        weightNorm = norms.reduce(0) { $0 + $1.weights }.squareRoot()
        let change = norms.reduce(0) { $0 + $1.change }.squareRoot()
        updateRatio = weightNorm > 0 ? change / weightNorm : .nan
        clipShare = Double(run.totals.clipped) / Double(run.stepsPerEpoch)
    }

    private func recall(of label: String) -> Double {
        guard let index = classes.firstIndex(of: label), index < validation.recalls.count else { return .nan }
        return validation.recalls[index]
    }

    /// Whether a measured loss is not finite. Without validation rows their loss is NaN and says nothing; test rows decide nothing.
    var isBroken: Bool { !probe.loss.isFinite || (hasValidation && !validation.loss.isFinite) }

    /// The value of a metric; NaN for what was not measured.
    func value(of metric: Metric) -> Double {
        switch metric {
        case .trainingLoss: training
        case .probeLoss: probe.loss
        case .validationLoss: validation.loss
        case .validationAccuracy: validation.accuracy
        case .validationR2: validation.r2
        case .validationBalancedAccuracy: validation.balancedAccuracy
        case .validationF1: validation.macroF1
        case .validationAUC: validation.areaUnderCurve
        case .validationTopAccuracy(let top): validation.topAccuracies[top] ?? .nan
        case .validationRecall(let label): recall(of: label)
        case .validationMAE: validation.absoluteError
        case .testLoss: test.loss
        case .testAccuracy: test.accuracy
        case .testBalancedAccuracy: test.balancedAccuracy
        case .testF1: test.macroF1
        case .testAUC: test.areaUnderCurve
        case .testR2: test.r2
        case .testMAE: test.absoluteError
        case .trainingPenalty: penalty
        case .learningRate: learningRate
        case .gradientNorm: gradientNorm
        case .weightNorm: weightNorm
        case .updateRatio: updateRatio
        case .clipShare: clipShare
        case .custom: .nan
        }
    }
}
