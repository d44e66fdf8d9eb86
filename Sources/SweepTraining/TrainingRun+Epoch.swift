import Glibc
package import SweepCore
import SweepKernels

extension TrainingRun {
    /// Trains the next epoch and measures it; nil if told to stop before it was finished, or if the run diverged before.
    ///
    /// `shouldStop` is asked before every step and before measuring. A stopped epoch may be gone on with: the next
    /// call continues it, and the bits are those of an epoch that was never stopped.
    ///
    /// A step whose loss is not finite ends the epoch: its observation carries that training loss, NaN for everything
    /// else, and `diverged` is set. So is it when only a measured loss is not finite. Every NaN is the same NaN.
    package func trainEpoch(shouldStop: () -> Bool = { false }) -> Observation? {
        guard !diverged else { return nil }
        let start = threadSeconds()
        while !diverged {
            if shouldStop() {
                seconds += threadSeconds() - start
                return nil
            }
            if stepOfEpoch == stepsPerEpoch { break }
            step()
        }
        let values = diverged ? divergedValues() : measuredValues()
        epoch += 1
        let observation = Observation(
            epoch: epoch,
            values: values.map { $0.isNaN ? .nan : $0 },
            seconds: seconds + threadSeconds() - start
        )
        beginEpoch()
        return observation
    }

    private func divergedValues() -> [Double] {
        metrics.map { $0 == .trainingLoss ? lossSum : .nan }
    }

    private func measuredValues() -> [Double] {
        let training = lossSum / Double(data.schema.trainingRows)
        let probe = evaluate(.probe)
        let validation = evaluate(.validation)
        // Without validation rows their loss is NaN and says nothing.
        if !probe.loss.isFinite || (data.schema.validationRows > 0 && !validation.loss.isFinite) { diverged = true }
        let sums = squaredSums()
        return metrics.map { metric in
            switch metric {
            case .trainingLoss: training
            case .probeLoss: probe.loss
            case .validationLoss: validation.loss
            case .validationAccuracy: validation.accuracy
            case .validationR2: validation.r2
            case .gradientNorm: squaredGradientNorm.squareRoot()
            case .learningRate: spec.optimizer.learningRate
            case .trainingPenalty: spec.l2 / 2 * sums.weights
            case .weightNorm: (sums.weights + sums.biases).squareRoot()
            case .clipShare: 0
            case .validationBalancedAccuracy, .validationF1, .validationAUC, .validationTop5Accuracy,
                .validationRecall, .validationMAE, .updateRatio:
                .nan
            }
        }
    }

    /// The sums of the squares of all weights and of all biases, in double, layer by layer; padding is zero.
    private func squaredSums() -> (weights: Double, biases: Double) {
        var sums = (weights: 0.0, biases: 0.0)
        for layer in network.layers {
            for index in 0..<layer.layout.count {
                sums.weights += Double(layer.weights[index]) * Double(layer.weights[index])
            }
            for index in 0..<layer.outputs { sums.biases += Double(layer.bias[index]) * Double(layer.bias[index]) }
        }
        return sums
    }

    /// Processor time of this thread.
    private func threadSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
