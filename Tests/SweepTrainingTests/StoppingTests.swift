import SweepCore
import SweepKernels
import SweepTraining
import Testing

@Suite struct StoppingTests {
    private func verdicts(_ rule: EarlyStopping, _ values: [Double]) -> (
        verdicts: [StoppingState.Verdict], state: StoppingState
    ) {
        var state = StoppingState()
        let verdicts = values.enumerated().map { state.epochEnded(rule, epoch: $0 + 1, value: $1) }
        return (verdicts, state)
    }

    @Test func `patience counts the epochs since the best`() {
        let (found, state) = verdicts(EarlyStopping(patience: 2), [3, 2, 2, 1, 1, 2])
        #expect(found == [.better, .better, .waiting, .better, .waiting, .stop])
        #expect(state.best == 1 && state.bestEpoch == 4)
        #expect(verdicts(EarlyStopping(patience: 1), [1, 0.5, 0.5]).verdicts == [.better, .better, .stop])
    }

    @Test func `a better value is better by more than the least difference`() {
        let rule = EarlyStopping(patience: 2, minimalDelta: 0.5)
        #expect(verdicts(rule, [3, 2.5, 2.4, 2, 1.9]).verdicts == [.better, .waiting, .better, .waiting, .stop])
    }

    @Test func `a metric that is to be large gets better upwards`() {
        let rule = EarlyStopping(metric: .validationAccuracy, patience: 2)
        #expect(verdicts(rule, [0.5, 0.6, 0.6, 0.5]).verdicts == [.better, .better, .waiting, .stop])
        #expect(verdicts(rule, [0.5, 0.6, 0.5, 0.7]).verdicts == [.better, .better, .waiting, .better])
    }

    @Test func `the first epochs neither count nor are the best`() {
        let rule = EarlyStopping(patience: 1, startEpoch: 3)
        let (found, state) = verdicts(rule, [1, 2, 3, 4, 4])
        #expect(found == [.waiting, .waiting, .waiting, .better, .stop] && state.bestEpoch == 4)
    }

    @Test func `what is no number is never better`() {
        #expect(verdicts(EarlyStopping(patience: 2), [.nan, .nan]).verdicts == [.waiting, .stop])
        #expect(
            verdicts(EarlyStopping(patience: 2), [.nan, 1, .infinity, 0.5]).verdicts
                == [.waiting, .better, .waiting, .better]
        )
    }

    @Test func `the audit tells a curve that still falls from one that is level`() {
        let falling = (0..<12).map { 1 - 0.05 * Double($0) }
        #expect(StoppingState.wasStillLearning(falling, window: 10))
        #expect(StoppingState.wasStillLearning([9, 1, 9, 1] + falling, window: 10))
        #expect(!StoppingState.wasStillLearning(falling.reversed(), window: 10))
        #expect(!StoppingState.wasStillLearning([Double](repeating: 1, count: 12), window: 10))
        #expect(!StoppingState.wasStillLearning((0..<12).map { $0 % 2 == 0 ? 1 : 2 }, window: 10))
        #expect(!StoppingState.wasStillLearning([3, 2, 1], window: 3))
    }
}

@Suite struct StoppedRunTests {
    /// Few rows and many weights: the validation loss rises again.
    private func run(_ rule: EarlyStopping?, averaging: Double? = nil, batchNorm: Bool = false) throws -> TrainingRun {
        var setting = makeSpec(
            [64],
            .adam(learningRate: 2e-2, beta1: 0.9, beta2: 0.999, epsilon: 1e-8),
            batchSize: 8,
            epochs: 60
        )
        if batchNorm { setting.model = ModelSpec(widths: [64], norm: .batchNorm(momentum: 0.1, epsilon: 1e-5)) }
        setting.earlyStopping = rule
        setting.averaging = averaging
        let data = try SyntheticTask(rows: 32, validationRows: 64).make().data
        return try TrainingRun(spec: setting, data: data, seed: 3, kernels: .selected())
    }

    static let rules: [(EarlyStopping, Double?, Bool)] = [
        (EarlyStopping(patience: 3), nil, false), (EarlyStopping(patience: 3, minimalDelta: 0.05), nil, false),
        (EarlyStopping(patience: 5, startEpoch: 4), 0.9, false), (EarlyStopping(patience: 3), nil, true),
        (EarlyStopping(metric: .validationAccuracy, patience: 4), nil, false),
        (EarlyStopping(metric: .validationF1, patience: 4), nil, false),
        (EarlyStopping(metric: .validationRecall("1"), patience: 4), nil, false),
        (EarlyStopping(metric: .validationAUC, patience: 4, restoresBest: false), nil, false),
        (EarlyStopping(patience: 3, restoresBest: false), 0.8, false),
    ]

    // covers: C26 R10
    @Test(arguments: rules)
    func `a run ends where its curve says so, with the weights the rule names`(
        _ rule: EarlyStopping,
        _ averaging: Double?,
        _ batchNorm: Bool
    ) throws {
        let (free, stopped) = (
            try run(nil, averaging: averaging, batchNorm: batchNorm),
            try run(rule, averaging: averaging, batchNorm: batchNorm)
        )
        var best: (value: Double, epoch: Int, weights: [ParameterValues])?
        let sign = rule.metric.direction == .maximize ? -1.0 : 1
        var end: Int?
        while end == nil, free.epoch < 60 {
            var curve = LearningCurve(metrics: free.metrics)
            let observation = try #require(free.trainEpoch())
            let value = try #require(zip(free.metrics, observation.values).first { $0.0 == rule.metric }?.1)
            curve.append(observation)
            #expect(try #require(stopped.trainEpoch()).matches(observation))
            guard free.epoch > rule.startEpoch else { continue }
            if best == nil || sign * value < sign * (best?.value ?? 0) - rule.minimalDelta {
                best = (value, free.epoch, free.measuredParameters())
            } else if free.epoch - (best?.epoch ?? 0) >= rule.patience {
                end = free.epoch
            }
            #expect(stopped.stoppedEarly == (end != nil))
        }
        let (kept, last) = (try #require(best), try #require(end))
        #expect(stopped.epoch == last && stopped.isOver && !stopped.diverged && stopped.trainEpoch() == nil)
        #expect(stopped.measuredParameters() == (rule.restoresBest ? kept.weights : free.measuredParameters()))
        let notes = stopped.takeNotes()
        let text = "early stopping: \(rule.metric.rawValue) was best in epoch \(kept.epoch)"
        #expect(notes.first?.text == text + (rule.restoresBest ? ", whose weights are kept" : ""))
        #expect(notes.first?.epoch == last && stopped.takeNotes().isEmpty)
        if rule.restoresBest, rule.metric == .validationLoss {
            #expect(stopped.evaluate(.validation).loss == kept.value)
        }
    }

    // covers: Y12
    @Test func `a run whose training loss still fell says so, and one whose curve was level does not`() throws {
        let learning = try run(EarlyStopping(patience: 8))
        while learning.trainEpoch() != nil {}
        let audit = "the training loss was still falling when early stopping ended the run"
        #expect(learning.stoppedEarly && learning.takeNotes().map(\.text).last == audit)
        var level = makeSpec([8], .sgd(learningRate: 1e-12, momentum: 0), batchSize: 32)
        level.earlyStopping = EarlyStopping(patience: 8, minimalDelta: 0.1)
        let still = try TrainingRun(
            spec: level,
            data: try SyntheticTask(rows: 32, validationRows: 64).make().data,
            seed: 3,
            kernels: .selected()
        )
        while still.trainEpoch() != nil {}
        #expect(still.stoppedEarly && still.epoch == 9 && !still.takeNotes().contains { $0.text == audit })
    }

    @Test func `notes name a restart and the layer whose output is not finite`() throws {
        let data = try SyntheticTask(rows: 32, validationRows: 8).make().data
        let restarted = try TrainingRun(
            spec: makeSpec([8]).with {
                $0.restarts = [
                    OptimizerRestart(epoch: 2, optimizer: OptimizerSpec(.adagrad(epsilon: 1e-8), learningRate: 0.1))
                ]
            },
            data: data,
            seed: 1,
            kernels: .selected()
        )
        for _ in 0..<2 { _ = restarted.trainEpoch() }
        #expect(restarted.takeNotes().isEmpty)
        _ = restarted.trainEpoch()
        #expect(restarted.takeNotes() == [TrialNote(epoch: 3, text: "the optimizer begins anew: adagrad")])
        let broken = try TrainingRun(spec: makeSpec([8, 8]), data: data, seed: 1, kernels: .selected())
        var weights = broken.parameters()
        var values = weights[2].values
        values[5] = .infinity
        weights[2] = ParameterValues(name: weights[2].name, shape: weights[2].shape, values: values)
        #expect(broken.setParameters(weights))
        _ = broken.trainEpoch()
        #expect(broken.diverged)
        #expect(
            broken.takeNotes() == [
                TrialNote(epoch: 1, text: "step 1 of the epoch: the output of layer 2 is not finite")
            ]
        )
    }
}
