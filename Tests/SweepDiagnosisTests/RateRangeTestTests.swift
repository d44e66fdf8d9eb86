import SweepCore
import SweepDiagnosis
import SweepNumerics
import Testing

@Suite struct RateRangeTestTests {
    /// A test of Adam over six decades about 1e-3, 20 steps an epoch.
    private let test = RateRangeTest.Plan(of: TrialSpec.sound().training, stepsPerEpoch: 20)!

    /// Losses of 200 steps that fall to `floor` between the rates 1e-4 and `least`, and then leave for good.
    private func losses(least: Double, floor: Double = 1, noise: Double = 0) -> [Double] {
        var stream = RandomStream(key: 3)
        return (0..<200).map { (step: Int) -> Double in
            let rate: Double = 1e-6 * Elementary.exp(Double(step) / 200 * Elementary.log(1e6))
            let place = Elementary.log(rate / 1e-4) / Elementary.log(least / 1e-4)
            let fallen = 2.3 - (2.3 - floor) * min(1, max(0, place))
            let risen = rate > least ? 3 * Elementary.log(rate / least) : 0
            return (fallen + risen) * (1 + noise * stream.normal())
        }
    }

    private func rate(_ losses: [Double]) -> Double? {
        RateRangeTest(stepLosses: losses, of: test).rate
    }

    @Test func `it trains shortly over six decades, and nothing else moves the rate or ends it`() throws {
        let spec = TrialSpec.sound {
            $0.optimizer.learningRate = 7
            $0.epochs = 500
            $0.schedule = LearningRateSchedule(.constant, warmup: .init(epochs: 3))
            $0.earlyStopping = EarlyStopping(patience: 3)
        }.training
        let plan = try #require(RateRangeTest.Plan(of: spec, stepsPerEpoch: 30))
        let short = plan.training
        #expect(plan.steps == 200 && short.epochs == 7)
        #expect(abs(short.optimizer.learningRate / 1e-6 - 1) < 1e-9, "whatever the run's own rate")
        guard case .rangeTest(let last) = short.schedule.rule else {
            Issue.record("\(short.schedule)")
            return
        }
        // 200 of 210 steps go over six decades, so that all of them would go over 6.3.
        #expect(abs(last / 1.995_262_315 - 1) < 1e-6 && short.schedule.warmup == nil && short.earlyStopping == nil)
        #expect(RateRangeTest.Plan(of: spec, stepsPerEpoch: 0) == nil)
        // Never more steps than the run has, unless those are too few to show anything.
        let few = TrialSpec.sound { $0.epochs = 5 }.training
        #expect(RateRangeTest.Plan(of: few, stepsPerEpoch: 20)?.steps == 100)
        #expect(RateRangeTest.Plan(of: few, stepsPerEpoch: 1)?.steps == 60)
    }

    @Test func `of a long epoch it trains a small part, over the same rates`() throws {
        for (stepsPerEpoch, steps) in [(5_000, 200), (10_000, 200), (200_000, 4_000)] {
            let plan = try #require(RateRangeTest.Plan(of: TrialSpec.sound().training, stepsPerEpoch: stepsPerEpoch))
            #expect(plan.steps == steps && plan.training.epochs == 1)
            guard case .rangeTest(let last) = plan.training.schedule.rule else {
                Issue.record("\(plan.training.schedule)")
                return
            }
            let first = plan.training.optimizer.learningRate
            let share = Double(steps) / Double(stepsPerEpoch)
            #expect(abs(first * Elementary.exp(share * Elementary.log(last / first)) - 1) < 1e-6, "\(stepsPerEpoch)")
        }
    }

    @Test func `the rate is a tenth of that of the least loss`() throws {
        for least in [3e-3, 0.03, 0.3] {
            let found = try #require(rate(losses(least: least, noise: 0.02)))
            #expect((0.05...0.2).contains(found / least), "\(found) for \(least)")
        }
    }

    @Test func `a loss that falls at no rate tells none, nor do too few steps`() {
        #expect(rate(losses(least: 0.03, floor: 2.25, noise: 0.001)) == nil)
        #expect(rate((0..<200).map { 2.3 + 0.01 * Double($0) }) == nil)
        #expect(rate(Array(losses(least: 0.03).prefix(20))) == nil)
        #expect(rate([]) == nil)
        #expect(rate(Array(repeating: .nan, count: 200)) == nil)
    }

    @Test func `what comes after it has left for good, or is not finite, is not looked at`() {
        var broken = losses(least: 0.03)
        for step in 180..<200 { broken[step] = step == 180 ? .infinity : 0 }
        #expect(rate(broken) == rate(losses(least: 0.03)))
        var returned = losses(least: 0.03)
        for step in 156..<170 { returned[step] = 40 }
        for step in 170..<200 { returned[step] = 0 }
        #expect(rate(returned) == rate(losses(least: 0.03)))
    }

    // covers: C1 C2 R1
    @Test func `a suspected rate is replaced by the one that was tested, where that lies the right way`() throws {
        var high = MadeUpRun([2.2, 3, 6, 9, 14, 30, 50, 70, 90, 120])
        high.trial = .sound { $0.optimizer.learningRate = 0.3 }
        high.schema = .table()
        high.columns[.updateRatio] = (1...10).map { _ in 0.05 }
        var evidence = high.evidence
        #expect(Diagnosis(evidence).wantsRangeTest)
        evidence.rangeTest = RateRangeTest(stepLosses: losses(least: 0.1), of: test)
        let tested = Diagnosis(evidence).causes.first
        #expect(tested?.cause == .rateTooHigh)
        let change = try #require(tested?.remedy.change.first)
        #expect(change.hasPrefix("train.optimizer.adam.learning_rate=0.0"))
        let rate = try #require(change.split(separator: "=").last.flatMap { Double($0) })
        #expect((0.005...0.015).contains(rate), "a tenth of 0.1: \(rate)")
        #expect(tested?.remedy.text.contains("range test") ?? false)
        // One that is hardly below the suspected rate is no answer to a rate that is too high.
        high.trial = .sound { $0.optimizer.learningRate = 0.01 }
        evidence = high.evidence
        evidence.rangeTest = RateRangeTest(stepLosses: losses(least: 0.1), of: test)
        let other = Diagnosis(evidence).causes.first { $0.cause == .rateTooHigh }
        #expect(other?.remedy.change == ["train.optimizer.adam.learning_rate=0.001"])
    }

    // covers: C1 C2
    @Test func `a rate that is suspected after other causes is tested too`() throws {
        // A rate far too high kills the units, and then nothing moves: its effects may be suspected before it.
        var run = MadeUpRun((1...10).map { _ in 2.31 }, validation: (1...10).map { _ in 2.31 })
        run.trial = .sound { $0.optimizer.learningRate = 0.005 }
        run.schema = .table()
        run.columns[.updateRatio] = (1...10).map { _ in 0.02 }
        run.instruments = .of(start: [.hidden(), .head()], end: [.hidden(dead: 1), .head()])
        let diagnosis = run.diagnosis
        let rate = try #require(diagnosis.causes.first { $0.cause == .rateTooHigh })
        #expect(rate.probability >= 0.3 && diagnosis.causes.first?.cause != .rateTooHigh)
        #expect(diagnosis.wantsRangeTest)
    }

    // covers: R1
    @Test func `the rate that was tested is an arm of the experiment, the first`() throws {
        func arms(least: Double, own: Double) throws -> [Intervention] {
            let template = SpecNode.map([
                SpecEntry(
                    "train",
                    .map([
                        SpecEntry(
                            "model",
                            .map([
                                SpecEntry(
                                    "mlp",
                                    .map([SpecEntry("layers", .integer(2)), SpecEntry("width", .integer(64))])
                                )
                            ])
                        ),
                        SpecEntry(
                            "optimizer",
                            .map([SpecEntry("adam", .map([SpecEntry("learning_rate", .real(own))]))])
                        ),
                        SpecEntry("batch_size", .integer(8)), SpecEntry("epochs", .integer(20)),
                    ])
                )
            ])
            let found = RateRangeTest(stepLosses: losses(least: least), of: test)
            let experiment = try #require(Experiment(template: template, schema: .table(), rangeTest: found))
            return experiment.firstRound(suspects: [.deadUnits], count: 4)
        }
        let lower = try arms(least: 0.03, own: 0.8)
        #expect(lower.count == 4 && lower[0].name == "learning rate 0.002 (range test)")
        #expect(lower[0].causes == [.rateTooHigh] && lower[0].changes.map(\.value) == [.real(0.002)])
        let higher = try arms(least: 0.3, own: 1e-6)
        #expect(higher[0].name == "learning rate 0.02 (range test)" && higher[0].causes == [.rateTooLow])
        // One of the doses that are tried anyway, or the run's own rate, tells as much.
        for own in [0.002, 0.02, 0.006, 0.0002] {
            #expect(try !arms(least: 0.03, own: own).contains { $0.name.contains("range test") }, "\(own)")
        }
    }

    @Test func `a sound run wants no test`() {
        var run = MadeUpRun(fall(20, rate: 0.6), best: 0.05)
        run.trial = .sound()
        run.schema = .table()
        run.columns[.updateRatio] = (1...20).map { _ in 1e-3 }
        #expect(!run.diagnosis.wantsRangeTest)
    }
}
