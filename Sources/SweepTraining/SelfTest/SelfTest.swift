package import KernelAPI
package import SweepCore
import SweepNumerics

/// Checks that find a bug in the code, not in the configuration: gradients, learning at all, use of the inputs, leaks.
///
/// Each check trains copies of a run for a moment on this machine; the same specification, data and seed give the same
/// answers. Sources: Karpathy, "A Recipe for Training Neural Networks", 2019 (overfit one batch, zero inputs, initial
/// loss); Zhang et al., ICLR 2017 (shuffled labels).
package enum SelfTest {
    /// A check with its answer.
    package struct Result: Hashable, Sendable {
        package let check: Check
        package let outcome: Outcome
        /// What was measured, in a sentence.
        package let evidence: String
    }

    /// What is checked.
    package enum Check: String, CaseIterable, Sendable {
        /// The gradient agrees with differences of the loss.
        case gradients
        /// The loss at the start is about that of a guess.
        case initialLoss = "initial loss"
        /// A single batch can be learned by heart.
        case oneBatch = "one batch"
        /// The inputs are used, and nothing else is: without them the loss stays where a guess has it.
        case zeroInputs = "zero inputs"
        /// Shuffled labels teach nothing about other rows.
        case shuffledLabels = "shuffled labels"
    }

    /// How a check ended.
    package enum Outcome: String, Sendable {
        case passed, warning, failed, skipped
    }

    /// Runs all checks of a specification on data.
    package static func run(
        _ spec: TrainingSpec,
        on data: TrainingData,
        seed: UInt64,
        kernels: KernelTable
    ) throws -> [Result] {
        [
            try gradients(spec, on: data, seed: seed, kernels: kernels),
            try initialLoss(spec, on: data, seed: seed, kernels: kernels),
            try oneBatch(spec, on: data, seed: seed, kernels: kernels),
            try zeroInputs(spec, on: data, seed: seed, kernels: kernels),
            try shuffledLabels(spec, on: data, seed: seed, kernels: kernels),
        ]
    }
}

extension SelfTest {
    /// Compares the loss before training with that of a guess by the class shares or the mean.
    package static func initialLoss(
        _ spec: TrainingSpec,
        on data: TrainingData,
        seed: UInt64,
        kernels: KernelTable
    ) throws -> Result {
        let run = try TrainingRun(spec: spec, data: data, seed: seed, kernels: kernels)
        let loss = run.evaluate(.probe, isDetailed: false).loss
        let kind = spec.loss(on: data.schema).kind
        guard kind == .softmaxCrossEntropy || (kind == .meanSquaredError && data.schema.task.kind == .regression) else {
            return Result(check: .initialLoss, outcome: .skipped, evidence: "a guess's \(kind.rawValue) is not known")
        }
        let chance = data.schema.chanceLoss
        let share = abs(loss - chance) / chance
        // Half as much again is common with He's weights on a wide last layer; the double is not.
        let outcome: Outcome = share <= 0.5 ? .passed : share <= 1 ? .warning : .failed
        let advice =
            outcome == .passed
            ? "" : kind == .meanSquaredError ? "; scale the target" : "; the initial weights are too large"
        return Result(
            check: .initialLoss,
            // A target that is far from 0 makes it large without a bug.
            outcome: outcome == .failed && kind == .meanSquaredError ? .warning : outcome,
            evidence: "\(short(loss)) at the start, a guess has \(short(chance))\(advice)"
        )
    }

    /// Trains on one batch alone, without anything that keeps a model from learning it by heart.
    package static func oneBatch(
        _ spec: TrainingSpec,
        on data: TrainingData,
        seed: UInt64,
        kernels: KernelTable
    ) throws -> Result {
        let batch = try data.batch(of: min(spec.batchSize, 32))
        var bare = spec.withoutRegularisation
        bare.batchSize = batch.schema.trainingRows
        let own = try fit(bare, on: batch, seed: seed, kernels: kernels)
        let goal = "\(percent(oneBatchGoal)) of a guess's loss"
        let found =
            "\(batch.schema.trainingRows) rows reach \(percent(own)) of a guess's loss in \(oneBatchSteps) steps"
        if own <= oneBatchGoal { return Result(check: .oneBatch, outcome: .passed, evidence: found) }
        bare.optimizer = .adam(learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8)
        let adam = try fit(bare, on: batch, seed: seed, kernels: kernels)
        return Result(
            check: .oneBatch,
            outcome: adam <= oneBatchGoal ? .warning : .failed,
            evidence: adam <= oneBatchGoal
                ? "\(found); with Adam at 0.001 \(percent(adam)): the optimizer or its rate is at fault, not the code"
                : "\(found), and with Adam at 0.001 \(percent(adam)), where \(goal) was expected: too small a model for "
                    + "\(batch.schema.trainingRows) rows, equal rows with different targets, or a bug"
        )
    }

    static let oneBatchSteps = 600
    /// A model that learns a batch by heart is far below; one that does not use its inputs stays near 1.
    static let oneBatchGoal = 0.1

    /// The loss on the batch after some steps as a share of a guess's.
    private static func fit(
        _ spec: TrainingSpec,
        on batch: TrainingData,
        seed: UInt64,
        kernels: KernelTable
    ) throws -> Double {
        let run = try TrainingRun(spec: spec, data: batch, seed: seed, kernels: kernels)
        for _ in 0..<oneBatchSteps where !run.diverged { run.step() }
        if run.diverged { return .infinity }
        return run.evaluate(.training, isDetailed: false).loss / batch.guessLoss(spec)
    }

    /// Trains with all features zero: the loss must not fall below the best guess, and the real data must do better.
    ///
    /// Rows that are equal get one answer, so a loss below that of the best answer for all is a bug: targets that reach the
    /// model beside the features, or a loss that is not the one meant.
    package static func zeroInputs(
        _ spec: TrainingSpec,
        on data: TrainingData,
        seed: UInt64,
        kernels: KernelTable
    ) throws -> Result {
        let zero = try train(spec, on: try data.withZeroFeatures(), seed: seed, kernels: kernels)
        let real = try train(spec, on: data, seed: seed, kernels: kernels)
        let text = "after \(shortEpochs(spec)) epochs \(short(real)) on the data, \(short(zero)) on zeros"
        guard real.isFinite, zero.isFinite else {
            return Result(check: .zeroInputs, outcome: .skipped, evidence: "\(text): a run diverged")
        }
        let least = data.constantLoss(spec, on: .probe)
        // Losses of rows are rounded to float32: far below 1 %.
        guard !(zero < 0.99 * least) else {
            return Result(
                check: .zeroInputs,
                outcome: .failed,
                evidence: "\(text), where no guess is below \(short(least)): targets reach the model without the "
                    + "features, or the loss is wrong"
            )
        }
        return Result(
            check: .zeroInputs,
            outcome: real < 0.98 * zero ? .passed : .warning,
            evidence: real < 0.98 * zero
                ? text : "\(text): the inputs help nothing; no signal, too low a rate, or a bug"
        )
    }

    /// Trains with the training rows' targets shuffled: other rows must not be predicted better than by a guess.
    ///
    /// A single shuffle may help by chance: of two clusters far apart each gets one answer, and both are right for every second
    /// shuffle. What validation rows leak is learned from each, so a shuffle that is no better than a guess ends the check, and
    /// only ten that all are better fail.
    package static func shuffledLabels(
        _ spec: TrainingSpec,
        on data: TrainingData,
        seed: UInt64,
        kernels: KernelTable
    ) throws -> Result {
        guard data.schema.validationRows >= 20 else {
            return Result(check: .shuffledLabels, outcome: .skipped, evidence: "fewer than 20 validation rows")
        }
        var short = spec
        short.earlyStopping = nil
        var evidence = ""
        for shuffle in 0..<shuffles {
            // Initial weights may be right by chance, too: others for each shuffle.
            let own = seed &+ UInt64(shuffle) << 32
            let shuffled = try data.withShuffledTargets(seed: own)
            let run = try TrainingRun(spec: short, data: shuffled, seed: own, kernels: kernels)
            for _ in 0..<shortEpochs(spec) where !run.diverged { _ = run.trainEpoch() }
            guard !run.diverged else {
                return Result(check: .shuffledLabels, outcome: .skipped, evidence: "the run diverged")
            }
            let judgement = judged(run.evaluate(.validation), data)
            evidence = judgement.evidence
            if judgement.isGuess { return Result(check: .shuffledLabels, outcome: .passed, evidence: evidence) }
        }
        return Result(
            check: .shuffledLabels,
            outcome: .failed,
            evidence: "\(evidence), and better than a guess in each of \(shuffles) shuffles: validation rows are known "
                + "to the training, so look for a leak"
        )
    }

    /// Two clusters are right by chance in all of ten once in a thousand tests.
    private static let shuffles = 10

    /// Whether validation rows were predicted as by a guess, and what was measured.
    private static func judged(_ found: Evaluation, _ data: TrainingData) -> (isGuess: Bool, evidence: String) {
        let rows = Double(data.schema.validationRows)
        if data.schema.task.kind == .classification {
            let share = data.largestShare(.validation)
            let error = (share * (1 - share) / rows).squareRoot()
            return (
                found.accuracy <= share + 4 * error,
                "validation accuracy \(percent(found.accuracy)), the largest class has \(percent(share))"
            )
        }
        return (found.r2 <= 4 / rows.squareRoot(), "validation R² \(short(found.r2))")
    }

    /// Epochs of a short training.
    private static func shortEpochs(_ spec: TrainingSpec) -> Int { min(spec.epochs, 5) }

    private static func train(
        _ spec: TrainingSpec,
        on data: TrainingData,
        seed: UInt64,
        kernels: KernelTable
    ) throws -> Double {
        var short = spec
        short.earlyStopping = nil
        let run = try TrainingRun(spec: short, data: data, seed: seed, kernels: kernels)
        for _ in 0..<shortEpochs(spec) where !run.diverged { _ = run.trainEpoch() }
        return run.diverged ? .nan : run.evaluate(.probe, isDetailed: false).loss
    }

    /// Four significant digits.
    private static func short(_ value: Double) -> String {
        guard value.isFinite, value != 0 else { return "\(value)" }
        var scale = 1.0
        while abs(value) * scale < 1000 && scale < 1e12 { scale *= 10 }
        return "\((value * scale).rounded() / scale)"
    }

    static func percent(_ share: Double) -> String {
        share.isFinite ? "\((share * 1000).rounded() / 10) %" : "\(share)"
    }
}

extension TrainingSpec {
    /// The same model and optimizer without dropout, penalties, decay, smoothing and bounds.
    fileprivate var withoutRegularisation: TrainingSpec {
        var spec = self
        spec.model.layers = Self.withoutDropout(model.layers)
        spec.l1 = 0
        spec.l2 = 0
        spec.maxNorm = nil
        spec.optimizer.decay = 0
        spec.loss?.labelSmoothing = 0
        spec.schedule = .constant
        spec.averaging = nil
        spec.accumulation = 1
        spec.restarts = []
        spec.earlyStopping = nil
        return spec
    }

    private static func withoutDropout(_ layers: [LayerSpec]) -> [LayerSpec] {
        layers.compactMap { layer in
            switch layer {
            case .dropout: nil
            case .dense(var dense):
                {
                    dense.l1 = nil
                    dense.l2 = nil
                    return .dense(dense)
                }()
            case .convolution(var convolution):
                {
                    convolution.l1 = nil
                    convolution.l2 = nil
                    return .convolution(convolution)
                }()
            case .residual(let inner): .residual(withoutDropout(inner))
            default: layer
            }
        }
    }
}
