import Glibc
import SweepCore
import SweepKernels
import SweepNumerics
import SweepTraining
import Testing

@Suite struct ScheduleTests {
    /// The rates of steps of a run of 10 epochs with 4 steps each, from a base of 0.5.
    private func rates(_ schedule: LearningRateSchedule, _ steps: [Int], base: Double = 0.5, epochs: Int = 10)
        -> [Double]
    {
        steps.map { ScheduleState().rate(schedule, base: base, step: $0, stepsPerEpoch: 4, epochs: epochs) }
    }

    private func expect(
        _ rule: LearningRateSchedule.Rule,
        _ steps: [Int],
        _ expected: [Double],
        warmup: LearningRateSchedule.Warmup? = nil,
        _ location: SourceLocation = #_sourceLocation
    ) {
        let found = rates(LearningRateSchedule(rule, warmup: warmup), steps)
        for (a, b) in zip(found, expected) {
            #expect(abs(a - b) <= 1e-14 * max(abs(b), 1e-3), "\(rule): \(found)", sourceLocation: location)
        }
        #expect(found.count == expected.count, sourceLocation: location)
    }

    @Test func `rules by whole epochs change with an epoch's first step`() {
        expect(.constant, [0, 3, 39], [0.5, 0.5, 0.5])
        expect(.step(every: 3, factor: 0.1), [0, 11, 12, 23, 24, 39], [0.5, 0.5, 0.05, 0.05, 0.005, 0.0005])
        expect(.milestones([2, 5], factor: 0.2), [0, 7, 8, 19, 20, 39], [0.5, 0.5, 0.1, 0.1, 0.02, 0.02])
        expect(.exponential(factor: 0.5), [0, 3, 4, 11, 12, 39], [0.5, 0.5, 0.25, 0.125, 0.0625, 0.5 / 512])
        for rule in [
            LearningRateSchedule.Rule.plateau(PlateauRule()), .rise(RiseRule()), .rise(RiseRule(onBatches: true)),
        ] { expect(rule, [0, 20, 39], [0.5, 0.5, 0.5]) }
    }

    @Test func `polynomial and cosine fall at every step`() {
        expect(.polynomial(power: 1, final: 0), [0, 1, 20, 39], [0.5, 0.5 * 39 / 40, 0.25, 0.5 / 40])
        expect(
            .polynomial(power: 2, final: 0.1),
            [0, 10, 20, 39],
            [0.5, 0.5 * (0.1 + 0.9 * 0.5625), 0.5 * (0.1 + 0.9 * 0.25), 0.5 * (0.1 + 0.9 / 1600)]
        )
        func cosine(_ share: Double, _ final: Double) -> Double {
            0.5 * (final + (1 - final) * (1 + cos(Double.pi * share)) / 2)
        }
        expect(
            .cosine(final: 0.2, period: nil, growth: 1),
            [0, 10, 20, 30, 39],
            [0.5, cosine(0.25, 0.2), cosine(0.5, 0.2), cosine(0.75, 0.2), cosine(39.0 / 40, 0.2)]
        )
    }

    // covers: R4
    @Test func `cosine restarts after each period, each longer than the one before`() {
        func cosine(_ place: Double) -> Double { 0.5 * (1 + cos(Double.pi * place)) / 2 }
        // Epochs 0–1, 2–5 and 6–13.
        expect(
            .cosine(final: 0, period: 2, growth: 2),
            [0, 4, 7, 8, 16, 23, 24, 39],
            [0.5, 0.25, cosine(7.0 / 8), 0.5, 0.25, cosine(15.0 / 16), 0.5, cosine(15.0 / 32)]
        )
        expect(
            .cosine(final: 0, period: 3, growth: 1),
            [0, 11, 12, 18, 24, 36],
            [0.5, cosine(11.0 / 12), 0.5, 0.25, 0.5, 0.5]
        )
    }

    @Test func `one cycle rises from its start to the rate and falls to its end`() {
        let rule = LearningRateSchedule.Rule.oneCycle(rise: 0.25, start: 25, end: 1000)
        func between(_ from: Double, _ to: Double, _ place: Double) -> Double {
            to + (from - to) * (1 + cos(Double.pi * place)) / 2
        }
        expect(
            rule,
            [0, 5, 10, 25, 40, 400],
            [0.02, between(0.02, 0.5, 0.5), 0.5, between(0.5, 0.0005, 0.5), 0.0005, 0.0005]
        )
        #expect(rates(LearningRateSchedule(rule), Array(0..<40)).max() == 0.5)
    }

    @Test func `the range test is geometric from the rate to its end`() {
        let found = rates(LearningRateSchedule(.rangeTest(to: 50)), [0, 20, 40])
        for (a, b) in zip(found, [0.5, 5, 50]) { #expect(abs(a - b) < 1e-12 * b) }
        let ratios = rates(LearningRateSchedule(.rangeTest(to: 50)), Array(0..<40))
        for (a, b) in zip(ratios, ratios.dropFirst()) { #expect(abs(b / a - pow(100, 1.0 / 40)) < 1e-12) }
    }

    // covers: R4
    @Test func `a warm-up rises linearly at every step and multiplies the rule`() {
        expect(.constant, [0, 1, 4, 7, 8, 9], [0.0625, 0.125, 0.3125, 0.5, 0.5, 0.5], warmup: .init(epochs: 2))
        expect(.constant, [0, 1, 2, 3], [0.5 / 3, 1 / 3.0, 0.5, 0.5], warmup: .init(steps: 3))
        expect(.constant, [0, 3, 4], [0.5 * (0.2 + 0.8 / 4), 0.5, 0.5], warmup: .init(steps: 4, from: 0.2))
        expect(.constant, [0, 1], [0.5, 0.5], warmup: .init(epochs: 0))
        expect(
            .exponential(factor: 0.5),
            [0, 4, 8, 12],
            [0.5 / 12, 0.25 * 5 / 12, 0.125 * 9 / 12, 0.0625],
            warmup: .init(epochs: 3)
        )
    }

    @Test func `a reduction multiplies whatever the rule says`() {
        var state = ScheduleState()
        let schedule = LearningRateSchedule(.rise(RiseRule(factor: 0.5, afterEpoch: 0)), warmup: .init(steps: 2))
        for (epoch, loss) in [1.0, 2.0].enumerated() {
            _ = state.epochEnded(schedule, epoch: epoch + 1, base: 0.8) { _ in loss }
        }
        #expect(state.rate(schedule, base: 0.8, step: 0, stepsPerEpoch: 4, epochs: 10) == 0.2)
        #expect(state.rate(schedule, base: 0.8, step: 9, stepsPerEpoch: 4, epochs: 10) == 0.4)
    }
}

@Suite struct PlateauTests {
    /// ReduceLROnPlateau as PyTorch documents and implements it (`torch/optim/lr_scheduler.py`).
    private struct Documented {
        let rule: PlateauRule
        var rate: Double
        var best: Double
        var badEpochs = 0
        var cooldown = 0

        init(_ rule: PlateauRule, rate: Double) {
            self.rule = rule
            self.rate = rate
            best = rule.metric.direction == .maximize ? -.infinity : .infinity
        }

        private func isBetter(_ value: Double) -> Bool {
            switch (rule.metric.direction == .maximize, rule.isRelative) {
            case (false, true): value < best * (1 - rule.threshold)
            case (false, false): value < best - rule.threshold
            case (true, true): value > best * (1 + rule.threshold)
            case (true, false): value > best + rule.threshold
            }
        }

        mutating func step(_ value: Double) {
            if isBetter(value) {
                best = value
                badEpochs = 0
            } else {
                badEpochs += 1
            }
            if cooldown > 0 {
                cooldown -= 1
                badEpochs = 0
            }
            if badEpochs > rule.patience {
                let reduced = max(rate * rule.factor, rule.minimum)
                if rate - reduced > rule.epsilon { rate = reduced }
                cooldown = rule.cooldown
                badEpochs = 0
            }
        }
    }

    private func rates(_ rule: PlateauRule, _ values: [Double], base: Double = 1) -> [Double] {
        var state = ScheduleState()
        let schedule = LearningRateSchedule(.plateau(rule))
        return values.enumerated().map { epoch, value in
            _ = state.epochEnded(schedule, epoch: epoch + 1, base: base) { $0 == rule.metric ? value : .nan }
            return base * state.factor
        }
    }

    @Test func `a sequence worked out by hand`() {
        let rule = PlateauRule(
            factor: 0.5,
            patience: 2,
            threshold: 0.1,
            isRelative: false,
            cooldown: 1,
            minimum: 0.2
        )
        // The first value is the best; 0.95 is not better by 0.1. The third bad epoch reduces, the next is not counted.
        let values = [1] + [Double](repeating: 0.95, count: 7) + [Double](repeating: 0.85, count: 8)
        let expected: [Double] = [1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.2, 0.2, 0.2, 0.2, 0.2]
        #expect(rates(rule, values) == expected)
    }

    // covers: R2
    @Test func `every field as PyTorch has it, on random curves`() {
        let seed: UInt64 = 12
        var stream = RandomStream(key: seed)
        var reductions = 0
        for round in 0..<400 {
            let rule = PlateauRule(
                metric: round % 2 == 0 ? .validationLoss : .validationAccuracy,
                factor: [0.1, 0.5, 0.9][stream.below(3)],
                patience: stream.below(4),
                threshold: [0, 1e-4, 0.1][stream.below(3)],
                isRelative: stream.below(2) == 0,
                cooldown: stream.below(3),
                minimum: [0, 0.01][stream.below(2)],
                epsilon: [1e-8, 0.05][stream.below(2)]
            )
            var documented = Documented(rule, rate: 0.3)
            let values = (0..<40).map { _ in stream.below(15) == 0 ? Double.nan : stream.uniform() }
            let expected = values.map { value in
                documented.step(value)
                return documented.rate
            }
            for (a, b) in zip(rates(rule, values, base: 0.3), expected) {
                #expect(abs(a - b) <= 1e-12 * b, "seed \(seed), round \(round): \(rule)")
            }
            if documented.rate < 0.3 { reductions += 1 }
        }
        #expect(reductions > 200)
    }
}

@Suite struct RiseTests {
    // covers: R3
    @Test func `the rate falls when an epoch's loss is above the one before, after the first epochs`() {
        var state = ScheduleState()
        let schedule = LearningRateSchedule(.rise(RiseRule()))
        let losses = [1.0, 2, 1, 2, 1, 0.9, 0.8, 0.9, 0.9, 1, 0.5]
        let reduced = losses.enumerated().map { epoch, loss in
            state.epochEnded(schedule, epoch: epoch + 1, base: 1) { $0 == .trainingLoss ? loss : .nan }
        }
        #expect(reduced == [false, false, false, false, false, false, false, true, false, true, false])
        #expect(state.reductions == 2 && abs(state.factor - 0.01) < 1e-15)
        // Batches say nothing to a rule on epochs.
        let before = state
        let reacts = state.batchEnded(schedule, loss: 9, epoch: 20)
        #expect(!reacts && state.factor == before.factor && state.lastLoss == before.lastLoss)
    }

    @Test func `epochs say nothing to a rule on batches, and the first that counts is the one after those left out`() {
        var state = ScheduleState()
        let schedule = LearningRateSchedule(.rise(RiseRule(afterEpoch: 2, onBatches: true)))
        let reduced = [(1.0, 2), (2, 2), (3, 3), (3, 3), (2, 3)].map { state.batchEnded(schedule, loss: $0, epoch: $1) }
        #expect(reduced == [false, false, true, false, false])
        let reacts = state.epochEnded(schedule, epoch: 9, base: 1) { _ in 9 }
        #expect(!reacts && state.reductions == 1)
    }

    // covers: C3 R3 T1
    /// A loss that falls by 1 % a batch under 10 % of noise: a batch is above the one before almost every other time.
    @Test(arguments: [UInt64(1), 2, 3, 4, 5])
    func `on batches with ten percent of noise the rate collapses, on their means it does not`(_ seed: UInt64) throws {
        var stream = RandomStream(key: seed)
        var (byBatch, byEpoch) = (ScheduleState(), ScheduleState())
        let batches = LearningRateSchedule(.rise(RiseRule(afterEpoch: 0, onBatches: true)))
        let epochs = LearningRateSchedule(.rise(RiseRule(afterEpoch: 0)))
        var collapse: Int?
        for epoch in 0..<5 {
            var sum = 0.0
            for batch in 0..<100 {
                let loss = Elementary.exp(-0.01 * Double(epoch * 100 + batch)) * (1 + 0.1 * stream.normal())
                sum += loss
                _ = byBatch.batchEnded(batches, loss: loss, epoch: epoch + 1)
                if 1e-3 * byBatch.factor < 1e-9, collapse == nil { collapse = epoch * 100 + batch + 1 }
            }
            _ = byEpoch.epochEnded(epochs, epoch: epoch + 1, base: 1e-3) { _ in sum / 100 }
        }
        #expect(try #require(collapse) <= 35, "seed \(seed)")
        #expect(byEpoch.factor == 1, "seed \(seed)")
    }

    @Test func `a run on that rule stops learning, and says that its rate was reduced`() throws {
        func run(_ rule: RiseRule?) throws -> (TrainingRun, LearningCurve, [TrialNote]) {
            var setting = makeSpec([16], .sgd(learningRate: 0.05, momentum: 0), batchSize: 2)
            if let rule { setting.schedule = LearningRateSchedule(.rise(rule)) }
            let run = try TrainingRun(
                spec: setting,
                data: try SyntheticTask(rows: 200, validationRows: 20).make().data,
                seed: 1,
                kernels: .selected()
            )
            var curve = LearningCurve(metrics: run.metrics)
            for _ in 0..<4 { curve.append(try #require(run.trainEpoch())) }
            return (run, curve, run.takeNotes())
        }
        let (trapped, curve, notes) = try run(RiseRule(afterEpoch: 1, onBatches: true))
        let (free, other, none) = try run(RiseRule(afterEpoch: 1))
        let (constant, _, _) = try run(nil)
        let rates = curve.series(.learningRate)
        #expect(rates[0] == 0.05 && rates[1] < 1e-9 && other.series(.learningRate) == [0.05, 0.05, 0.05, 0.05])
        // From then on loss and weights stand still, while without the trap they move on.
        let losses = curve.series(.probeLoss)
        #expect(abs(losses[3] - losses[1]) < 1e-6)
        #expect(curve.series(.updateRatio)[3] < 1e-7 && other.series(.updateRatio)[3] > 1e-4)
        #expect(free.parameters() == constant.parameters() && none.isEmpty)
        #expect(
            notes.count == 20 && notes.allSatisfy { $0.text.hasPrefix("learning rate reduced to ") && $0.epoch == 2 }
        )
        #expect(notes[0].text == "learning rate reduced to 0.005")
        #expect(trapped.takeNotes().isEmpty)
    }
}

@Suite struct ScheduleRunTests {
    private func rates(_ schedule: LearningRateSchedule, epochs: Int = 6) throws -> [Double] {
        let run = try TrainingRun(
            spec: makeSpec([8], .sgd(learningRate: 0.1, momentum: 0), batchSize: 16, epochs: epochs).with {
                $0.schedule = schedule
            },
            data: try SyntheticTask(rows: 64, validationRows: 8).make().data,
            seed: 1,
            kernels: .selected()
        )
        var curve = LearningCurve(metrics: run.metrics)
        for _ in 0..<epochs { curve.append(try #require(run.trainEpoch())) }
        return curve.series(.learningRate)
    }

    @Test func `a run reports the rate of an epoch's last step`() throws {
        let found = try rates(LearningRateSchedule(.polynomial(power: 1, final: 0), warmup: .init(epochs: 2)))
        let expected = (1...6).map { epoch in
            let step = Double(4 * epoch - 1)
            return 0.1 * (1 - step / 24) * min(1, (step + 1) / 8)
        }
        for (a, b) in zip(found, expected) { #expect(abs(a - b) < 1e-15) }
    }

    @Test func `a rate that Adagrad lets fall is the one reported, and begins anew with the optimizer`() throws {
        let falling = OptimizerSpec(.adagrad(epsilon: 1e-8, learningRateDecay: 0.5), learningRate: 0.1)
        let run = try TrainingRun(
            spec: makeSpec([8], falling, batchSize: 16, epochs: 4).with {
                $0.schedule = LearningRateSchedule(.step(every: 1, factor: 0.5))
                $0.restarts = [OptimizerRestart(epoch: 2, optimizer: falling)]
            },
            data: try SyntheticTask(rows: 64, validationRows: 8).make().data,
            seed: 1,
            kernels: .selected()
        )
        var curve = LearningCurve(metrics: run.metrics)
        for _ in 0..<4 { curve.append(try #require(run.trainEpoch())) }
        // The last of an epoch's four steps, the fourth or eighth since the optimizer began.
        let expected = [0.1 / 2.5, 0.05 / 4.5, 0.025 / 2.5, 0.0125 / 4.5]
        for (found, expected) in zip(curve.series(.learningRate), expected) {
            #expect(abs(found - expected) < 1e-15, "\(found), not \(expected)")
        }
    }

    @Test func `weights move by the scheduled rate`() throws {
        // A factor of 1/2 from the second epoch on, and plain descent: the same steps as with half the rate from there.
        let task = try SyntheticTask(rows: 32, validationRows: 8).make()
        func run(_ rate: Double, _ schedule: LearningRateSchedule) throws -> TrainingRun {
            try TrainingRun(
                spec: makeSpec([8], .sgd(learningRate: rate, momentum: 0)).with { $0.schedule = schedule },
                data: task.data,
                seed: 1,
                kernels: .selected()
            )
        }
        let scheduled = try run(0.1, LearningRateSchedule(.step(every: 1, factor: 0.5)))
        let (first, second) = (try run(0.1, .constant), try run(0.05, .constant))
        for _ in 0..<2 {
            scheduled.step()
            first.step()
            second.step()
        }
        #expect(scheduled.parameters() == first.parameters())
        #expect(second.setParameters(first.parameters()))
        for _ in 0..<2 {
            scheduled.step()
            second.step()
        }
        #expect(scheduled.parameters() == second.parameters())
    }

    // covers: R2 P8 T8
    @Test func `a plateau of a run reduces the rate and notes it once`() throws {
        let run = try TrainingRun(
            spec: makeSpec([8], .sgd(learningRate: 1e-9, momentum: 0)).with {
                // Nothing gets better by half at this rate.
                $0.schedule = LearningRateSchedule(
                    .plateau(PlateauRule(metric: .trainingLoss, factor: 0.5, patience: 1, threshold: 0.5, epsilon: 0))
                )
            },
            data: try SyntheticTask(rows: 32, validationRows: 8).make().data,
            seed: 1,
            kernels: .selected()
        )
        var curve = LearningCurve(metrics: run.metrics)
        for _ in 0..<6 { curve.append(try #require(run.trainEpoch())) }
        #expect(curve.series(.learningRate) == [1e-9, 1e-9, 1e-9, 5e-10, 5e-10, 2.5e-10])
        #expect(run.takeNotes().map(\.epoch) == [3, 5])
    }
}
