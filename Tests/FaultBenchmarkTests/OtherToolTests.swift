import FaultBenchmark
import SweepCore
import SweepDiagnosis
import Testing

/// The rules of other tools that the benchmark compares with: each where it fires, and where it must not.
@Suite struct OtherToolTests {
    /// A run by its curves; losses of the probe are those of training, and validation's too, unless told.
    private func run(
        training: [Double],
        validation: [Double]? = nil,
        probe: [Double]? = nil,
        accuracy: [Double]? = nil,
        counts: [Int]? = nil,
        rate: Double? = nil,
        _ instruments: Instruments? = nil
    ) -> RunEvidence {
        var columns: [(Metric, [Double])] = [
            (.trainingLoss, training), (.probeLoss, probe ?? training), (.validationLoss, validation ?? training),
        ]
        if let accuracy { columns.append((.validationAccuracy, accuracy)) }
        let observations = training.indices.map { epoch in
            Observation(epoch: epoch + 1, values: columns.map { $0.1[epoch] }, seconds: 0)
        }
        return RunEvidence(
            curve: LearningCurve(metrics: columns.map(\.0), observations: observations),
            budget: training.count,
            instruments: instruments,
            trial: rate.map { rate in
                TrialSpec(
                    preprocess: [],
                    training: TrainingSpec(
                        model: ModelSpec(widths: [8]),
                        optimizer: .sgd(learningRate: rate, momentum: 0),
                        batchSize: 16,
                        epochs: training.count
                    )
                )
            },
            schema: counts.map { counts in
                DataSchema(
                    features: ["x"],
                    task: .classification(classes: counts.indices.map { "\($0)" }, trainingCounts: counts),
                    trainingRows: counts.reduce(0, +),
                    validationRows: 10,
                    testRows: 0
                )
            }
        )
    }

    private func layer(
        _ name: String = "1",
        gradient: Double = 0.01,
        change: Double = 1e-3,
        deviation: Double = 1,
        dead: Double? = nil,
        saturated: Double? = nil
    ) -> Instruments.Layer {
        Instruments.Layer(
            name: name,
            gradient: gradient,
            weights: 1,
            change: change,
            deviation: deviation,
            units: 10,
            dead: dead,
            saturated: saturated
        )
    }

    /// A falling run of ten epochs whose layers are these after the first one.
    private func run(_ layers: Instruments.Layer..., start: [Double] = [1, 1]) -> RunEvidence {
        var instruments = Instruments()
        instruments.readings = [
            Instruments.Reading(epoch: 0, layers: start.map { layer(deviation: $0) }),
            Instruments.Reading(epoch: 1, layers: layers),
        ]
        return run(training: falling, accuracy: Array(repeating: 0.3, count: 10), instruments)
    }

    private let falling = (1...10).map { 1 / Double($0) }

    @Test func `a smooth run raises nothing in any of them`() {
        let accuracy = (1...20).map { 0.3 + 0.03 * Double($0) }
        let training = (1...20).map { 1 / Double($0) }
        let sound = run(training: training, validation: training.map { 1.05 * $0 }, accuracy: accuracy, rate: 0.001)
        for tool in OtherTool.allCases { #expect(tool.alarms(sound) == [], "\(tool)") }
    }

    @Test func `a lost number is told by all`() {
        let lost = run(training: [1, .nan], accuracy: [0.3, 0.3])
        for (tool, rule) in [
            (OtherTool.sageMaker, "ExplodingTensor"), (.autoTrainer, "explode"), (.umlaut, "NaNInLoss"),
            (.theDeepChecker, "nan_loss"),
        ] {
            #expect(tool.alarms(lost).contains(rule), "\(tool)")
        }
    }

    @Test func `SageMaker's rules fire at their limits`() {
        func alarms(_ run: RunEvidence) -> [String] { OtherTool.sageMaker.alarms(run) }
        func stepped(_ factor: Double) -> RunEvidence {
            var instruments = Instruments()
            var loss = 1.0
            for _ in 0..<21 {
                instruments.stepLosses.append(loss)
                loss *= factor
            }
            return run(training: falling, instruments)
        }
        #expect(alarms(stepped(1)) == ["LossNotDecreasing"] && alarms(stepped(0.99)) == [])
        #expect(alarms(run(training: [1, 0.9, 0.8], validation: [1, 1, 0.9])) == ["Overfit"])
        #expect(alarms(run(training: [1, 0.9, 0.8], validation: [1, 1, 0.85])) == [])
        #expect(alarms(run(layer(gradient: 1e-8))) == ["VanishingGradient"] && alarms(run(layer())) == [])
        #expect(alarms(run(layer(dead: 0.6))) == ["DeadRelu"] && alarms(run(layer(dead: 0.5))) == [])
        #expect(alarms(run(layer(), start: [1, 0.3])) == ["PoorWeightInitialization"])
        #expect(alarms(run(layer(), start: [1, 0.35])) == [])
        #expect(alarms(run(layer(change: 11))) == ["WeightUpdateRatio"])
        #expect(alarms(run(training: falling, counts: [110, 10])) == ["ClassImbalance"])
        #expect(alarms(run(training: falling, counts: [100, 10])) == [])
    }

    @Test func `AutoTrainer says one thing, and of gradients only where accuracy is low or stands still`() {
        func alarms(_ accuracy: [Double], _ layers: [Instruments.Layer] = []) -> [String] {
            var instruments = Instruments()
            instruments.readings = [Instruments.Reading(epoch: 1, layers: layers)]
            return OtherTool.autoTrainer.alarms(run(training: falling, accuracy: accuracy, instruments))
        }
        let flat = Array(repeating: 0.3, count: 10)
        let good = (1...10).map { 0.5 + 0.04 * Double($0) }
        #expect(alarms(flat) == ["not_converge"] && alarms(good) == [])
        let dead = [layer(dead: 0.7)]
        #expect(alarms(flat, dead) == ["relu"] && alarms(good, dead) == [])
        #expect(alarms(flat, [layer(gradient: 1e-8), layer("2")]) == ["vanish"])
        #expect(alarms(flat, [layer(gradient: 1), layer("2")]) == ["explode"])
        #expect(alarms((0..<10).map { $0 % 2 == 0 ? 0.7 : 0.8 }) == ["unstable"])
        #expect(alarms((0..<10).map { $0 % 2 == 0 ? 0.7 : 0.72 }) == [])
    }

    @Test func `UMLAUT takes one epoch for overfitting`() {
        func alarms(_ run: RunEvidence) -> [String] { OtherTool.umlaut.alarms(run) }
        #expect(alarms(run(training: [1, 0.9, 0.8], validation: [1, 0.95, 0.96])) == ["Overfitting"])
        #expect(alarms(run(training: [1, 0.9, 0.8], validation: [1, 0.95, 0.94])) == [])
        #expect(
            alarms(run(training: falling, accuracy: Array(repeating: 0.96, count: 10))) == ["OverconfidentValAccuracy"]
        )
        #expect(alarms(run(training: falling, rate: 0.05)) == ["LearningRate"])
    }

    @Test func `TheDeepChecker's rules fire at their limits`() {
        func alarms(_ run: RunEvidence) -> [String] { OtherTool.theDeepChecker.alarms(run) }
        func begun(_ loss: Double) -> RunEvidence {
            var instruments = Instruments()
            instruments.initialLoss = loss
            return run(training: falling, counts: [10, 10], instruments)
        }
        // ln 2 is 0.693.
        #expect(alarms(begun(1.4)) == ["poor_init_loss"] && alarms(begun(1.3)) == [])
        #expect(alarms(run(training: (0..<10).map { $0 % 2 == 0 ? 1 : 0.5 })) == ["fluctuated_loss"])
        #expect(alarms(run(training: falling, probe: falling.map { 0.4 * $0 })) == ["switch_mode_loss_consistency"])
        for (one, rule) in [
            (layer(gradient: 1e-7), "gradient_vanishes"), (layer(gradient: 1e7), "gradient_explodes"),
            (layer(change: 0.2), "w_fast"), (layer(change: 5e-5), "w_slow"), (layer(dead: 0.6), "act_dead"),
            (layer(saturated: 0.6), "act_sat"), (layer(deviation: 3), "act_unstable"),
        ] {
            #expect(alarms(run(one)) == [rule])
        }
        #expect(alarms(run(layer(dead: 0.5, saturated: 0.5))) == [])
    }
}
