import SweepCore
import SweepDiagnosis
import SweepNumerics
import Testing

@Suite struct CauseTests {
    private let diverging: [Double] = [2.2, 3, 6, 9, 14, 30, 50, 70, 90, 120]
    private let oscillating: [Double] = [1, 0.6, 1.1, 0.7, 1.2, 0.6, 1.0, 0.65, 1.1, 0.7]

    private func named(_ run: MadeUpRun) -> [Cause] {
        if case .causes(let causes) = run.diagnosis.verdict { causes } else { [] }
    }

    @Test func `a sound run has no fault`() {
        var run = MadeUpRun(fall(20, rate: 0.6), best: 0.05)
        run.trial = .sound()
        run.schema = .table()
        run.columns[.updateRatio] = (1...20).map { _ in 1e-3 }
        #expect(run.diagnosis.verdict == .noFault)
        #expect(run.diagnosis.verdict.text == "no fault found")
    }

    // covers: C1
    @Test func `a large rate with large steps is too high, and its remedy can be set`() throws {
        var run = MadeUpRun(diverging)
        run.trial = .sound { $0.optimizer.learningRate = 0.3 }
        run.schema = .table()
        run.columns[.updateRatio] = (1...10).map { _ in 0.05 }
        #expect(named(run).first == .rateTooHigh)
        let cause = try #require(run.diagnosis.causes.first)
        #expect(cause.remedy.change == ["train.optimizer.adam.learning_rate=0.003"])
        #expect(cause.evidence.contains { $0.contains("30 times above those usual for adam") })
        #expect(cause.probability > 0.9 && !cause.isConfirmed)
    }

    @Test func `dampening asks for larger rates`() {
        func evidence(_ optimizer: OptimizerSpec, _ losses: [Double]) -> [String] {
            var run = MadeUpRun(losses)
            run.trial = .sound { $0.optimizer = optimizer }
            run.schema = .table()
            run.columns[.updateRatio] = losses.map { _ in 0.05 }
            return run.diagnosis.causes.flatMap(\.evidence)
        }
        let usual = "above those usual for sgd"
        #expect(evidence(.sgd(learningRate: 1, momentum: 0.9), diverging).contains { $0.contains(usual) })
        #expect(
            !evidence(.sgd(learningRate: 1, momentum: 0.9, dampening: 0.9), diverging).contains { $0.contains(usual) }
        )
    }

    // covers: Y13 C2
    @Test func `a rate that is too low never rises`() {
        var run = MadeUpRun((1...20).map { 2.8 - 0.004 * Double($0) }, best: 0.05)
        run.trial = .sound { $0.optimizer.learningRate = 1e-6 }
        run.schema = .table()
        run.columns[.updateRatio] = (1...20).map { _ in 2e-6 }
        #expect(named(run) == [.rateTooLow])
        #expect(run.diagnosis.causes[0].remedy.change == ["train.optimizer.adam.learning_rate=0.001"])
        run.columns[.probeLoss] = oscillating + oscillating
        #expect(!run.diagnosis.causes.contains { $0.cause == .rateTooLow && $0.probability > 0.5 })
    }

    @Test func `a rate just below the usual ones is named where the rows are not learnt, a usual one is not`() {
        for (rate, isNamed) in [(5e-5, true), (2e-4, false)] {
            var run = MadeUpRun(fall(20, floor: 1.8))
            run.trial = .sound { $0.optimizer.learningRate = rate }
            run.schema = .table()
            #expect(named(run) == (isNamed ? [.rateTooLow] : []), "\(run.diagnosis.causes)")
        }
    }

    // covers: C20
    @Test func `a batch of two that oscillates with a usual rate is undecided, and the experiment is named`() {
        var run = MadeUpRun(oscillating)
        run.trial = .sound { $0.batchSize = 2 }
        run.schema = .table()
        run.columns[.updateRatio] = (1...10).map { _ in 6e-3 }
        let diagnosis = run.diagnosis
        #expect(diagnosis.causes.prefix(3).contains { $0.cause == .smallBatch })
        #expect(
            diagnosis.causes.first { $0.cause == .smallBatch }?.neighbours.contains {
                $0.cause == .rateTooHigh && $0.experiment.contains("16 times the batch")
            } ?? false
        )
    }

    // covers: C11 C13 C16 C26
    @Test func `validation that rises has four explanations that only experiments part`() {
        var run = MadeUpRun(fall(20), validation: (1...20).map { 0.6 + 0.03 * abs(Double($0) - 6) }, best: 0.05)
        run.schema = .table(features: 10, counts: [100, 100])
        run.trial = .sound { $0.model = ModelSpec(widths: [128, 128]) }
        let causes = run.diagnosis.causes.map(\.cause)
        for cause: Cause in [.overCapacity, .underRegularised, .overTraining, .smallData] {
            #expect(causes.contains(cause), "\(causes)")
        }
        guard case .undecided(_, _, let experiment) = run.diagnosis.verdict else {
            Issue.record("\(run.diagnosis.verdict)")
            return
        }
        #expect(!experiment.isEmpty)
        // Ten epochs of patience would not stop a run of twenty that is best in its eleventh.
        #expect(
            run.diagnosis.causes.first { $0.cause == .overTraining }?.remedy.change
                == ["train.early_stopping={metric: validation.loss, patience: 4}"]
        )
    }

    @Test func `the patience is one that stops this run`() {
        // Best in epoch 16 of 20, so that four epochs came after it; a fifth of the budget is four, too.
        for (best, patience) in [(16, 4), (17, 3)] {
            let course = (1...20).map { (epoch: Int) -> Double in
                epoch <= best ? 0.5 + 0.02 * Double(best - epoch) : 0.5 + 0.2 * Double(epoch - best)
            }
            var run = MadeUpRun(fall(20), validation: course, best: 0.05)
            run.schema = .table()
            run.trial = .sound()
            #expect(
                run.diagnosis.causes.first { $0.cause == .overTraining }?.remedy.change
                    == ["train.early_stopping={metric: validation.loss, patience: \(patience)}"]
            )
        }
    }

    // covers: C11
    @Test func `so few rows behind a gap are named without a complaint, more are not`() {
        for (rows, isNamed) in [(15, true), (40, false)] {
            var run = MadeUpRun(fall(20), validation: fall(20, floor: 0.6), best: 0.05)
            run.schema = .table(counts: Array(repeating: rows, count: 10))
            run.trial = .sound()
            run.columns[.updateRatio] = (1...20).map { _ in 1e-3 }
            #expect(run.symptoms.contains(.gap) && run.report.complaints.isEmpty)
            #expect(named(run) == (isNamed ? [.smallData] : []), "\(run.diagnosis.causes)")
        }
    }

    // covers: C21
    @Test
    func
        `few steps by a batch of a quarter of the rows are named without a symptom, more steps or a learnt run are not`()
    {
        func run(batch: Int, epochs: Int, floor: Double) -> [Cause] {
            var run = MadeUpRun(fall(epochs, floor: floor))
            run.schema = .table(counts: Array(repeating: 40, count: 10))
            run.trial = .sound { $0.batchSize = batch }
            run.columns[.updateRatio] = (1...epochs).map { _ in 1e-3 }
            return named(run)
        }
        // 400 rows: 4 steps of 128.
        #expect(run(batch: 128, epochs: 20, floor: 0.5) == [.bigBatch])
        #expect(run(batch: 128, epochs: 40, floor: 0.5).isEmpty, "160 steps")
        #expect(run(batch: 64, epochs: 20, floor: 0.5).isEmpty, "7 steps an epoch")
        #expect(run(batch: 128, epochs: 20, floor: 0.1).isEmpty, "a tenth of guessing is left")
    }

    private func remedy(_ cause: Cause, _ run: MadeUpRun) -> [String]? {
        run.diagnosis.causes.first { $0.cause == cause }?.remedy.change
    }

    // covers: C22 R14
    @Test func `where layers squash the remedy is relu, where they do not a norm`() {
        var run = MadeUpRun(fall(20, floor: 1.8), best: 0.05)
        run.schema = .table()
        let shrinking: [Double] = [0.5, 0.2, 0.02]
        let layers = shrinking.enumerated().map { place, deviation in
            Instruments.Layer.hidden("\(place)", activation: .sigmoid, deviation: deviation)
        }
        run.instruments = .of(start: layers + [.head()])
        run.trial = .sound { $0.model = ModelSpec(widths: [64, 64, 64], activation: .sigmoid) }
        #expect(
            remedy(.vanishing, run)
                == ["train.model={layers: [{dense: 64}, relu, {dense: 64}, relu, {dense: 64}, relu]}"]
        )
        run.trial = .sound { $0.model = ModelSpec(widths: [64, 64, 64]) }
        #expect(remedy(.vanishing, run)?.first?.contains("batch_norm") ?? false, "\(run.diagnosis.causes)")
    }

    // covers: C17 R8
    @Test func `strong dropout goes where the training rows are not learnt, and is less where they are`() {
        var run = MadeUpRun(fall(20, floor: 1.8), best: 0.05)
        run.schema = .table()
        run.trial = .sound { $0.model = ModelSpec(widths: [64], dropout: 0.9) }
        #expect(remedy(.overRegularised, run) == ["train.model={layers: [{dense: 64}, relu]}"])
        run.columns[.probeLoss] = fall(20, floor: 0.5)
        #expect(remedy(.overRegularised, run) == ["train.model={layers: [{dense: 64}, relu, {dropout: 0.2}]}"])
    }

    // covers: C8 C18 R7
    @Test func `plain descent on uneven scales gets momentum with the scaling, and adam the scaling with it`() {
        func run(_ momentum: Double, _ steps: [PreprocessStep]) -> MadeUpRun {
            var run = MadeUpRun((1...20).map { _ in 1.5 }, best: 0.05)
            run.trial = .sound(preprocess: steps) { $0.optimizer = .sgd(learningRate: 0.05, momentum: momentum) }
            run.schema = .table()
            run.columns[.updateRatio] = (1...20).map { _ in 1e-3 }
            run.data = [DataFinding(.scale, .fault, count: 3, text: "differ 30 times", remedy: "", measure: 30)]
            return run
        }
        #expect(
            remedy(.featureScale, run(0, []))
                == ["data.preprocess=[standardize]", "train.optimizer.sgd.momentum=0.9"]
        )
        #expect(remedy(.featureScale, run(0.9, [])) == ["data.preprocess=[standardize]"])
        let adam = "train.optimizer={adam: {learning_rate: 0.003}}"
        #expect(remedy(.optimizer, run(0, [])) == [adam, "data.preprocess=[standardize]"])
        #expect(remedy(.optimizer, run(0, [.standardize])) == [adam])
        #expect(remedy(.optimizer, run(0.9, [])) == nil)
        // Steps that do not scale stay: without them rows that lack values are refused.
        let steps = "data.preprocess=[{impute: {with: median, indicator: true}}, log1p, standardize]"
        let kept: [PreprocessStep] = [.imputing(Imputation(.median, hasIndicator: true)), .log1p]
        #expect(remedy(.featureScale, run(0.9, kept)) == [steps])
        #expect(remedy(.optimizer, run(0, kept)) == [adam, steps])
    }

    @Test func `bounds and scales come behind what fills gaps, and a power in the place of other scales`() {
        func run(_ steps: [PreprocessStep], _ finding: DataFinding) -> MadeUpRun {
            var run = MadeUpRun(oscillating + oscillating, best: 0.05)
            run.trial = .sound(preprocess: steps)
            run.schema = .table(features: 10)
            run.columns[.updateRatio] = (1...20).map { _ in 1e-3 }
            run.data = [finding]
            return run
        }
        let far = DataFinding(.outlier, .fault, count: 1, text: "1 far values", remedy: "", measure: 65)
        let bounds = "{winsorize: {mads: 5}}"
        #expect(remedy(.outliers, run([.standardize], far)) == ["data.preprocess=[\(bounds), standardize]"])
        #expect(remedy(.outliers, run([.impute, .minmax], far)) == ["data.preprocess=[impute, \(bounds), minmax]"])
        let constant = PreprocessStep.imputing(Imputation(.constant(-1)))
        #expect(
            remedy(.outliers, run([constant], far))
                == ["data.preprocess=[{impute: {with: constant, value: -1.0}}, \(bounds), standardize]"]
        )
        let tails = DataFinding(.skew, .note, count: 6, text: "6 columns have a long tail", remedy: "", measure: 9)
        let steps: [PreprocessStep] = [.impute, .scale(0.5), .standardize]
        #expect(remedy(.preprocessing, run(steps, tails)) == ["data.preprocess=[impute, power]"])
    }

    // covers: R20
    @Test func `two faults that do not look alike are both named`() {
        var run = MadeUpRun((1...20).map { 2.25 - 0.004 * Double($0) }, best: 0.05)
        run.schema = .table(counts: [1140, 60])
        run.chance = 2.3
        run.trial = .sound { $0.optimizer.learningRate = 1e-6 }
        run.columns[.updateRatio] = (1...20).map { _ in 2e-6 }
        run.data = [
            DataFinding(.imbalance, .warning, count: 1, text: "class c1 has 60 of 1200", remedy: "", measure: 19)
        ]
        run.columns[.validationRecall("c1")] = (1...20).map { _ in 0 }
        #expect(named(run).contains(.rateTooLow) && named(run).contains(.imbalance), "\(run.diagnosis.verdict)")
    }

    // covers: C8
    @Test func `unscaled features explain a divergence better than a usual rate`() {
        var run = MadeUpRun(diverging)
        run.trial = .sound(preprocess: []) { $0.optimizer = .sgd(learningRate: 0.05, momentum: 0.9) }
        run.schema = .table()
        run.columns[.updateRatio] = (1...10).map { _ in 3e-3 }
        run.data = [DataFinding(.scale, .fault, count: 3, text: "differ 1000 times", remedy: "", measure: 1000)]
        #expect(run.diagnosis.causes.first?.cause == .featureScale, "\(run.diagnosis.causes.map(\.cause))")
        run.trial = .sound { $0.optimizer = .sgd(learningRate: 0.05, momentum: 0.9) }
        #expect(!run.diagnosis.causes.contains { $0.cause == .featureScale })
    }

    // covers: T3
    @Test func `memory without knowledge is no signal`() {
        var run = MadeUpRun(fall(30, floor: 0.1), validation: (1...30).map { 2.32 + 0.03 * Double($0) })
        run.data = [
            DataFinding(
                .learnability,
                .fault,
                count: 100,
                text: "the inputs hardly predict the target",
                remedy: "",
                measure: -0.1
            )
        ]
        run.schema = .table()
        #expect(run.diagnosis.causes.first?.cause == .noSignal)
        run.data = [DataFinding(.learnability, .note, count: 100, text: "reaches 90 %", remedy: "", measure: 0.9)]
        #expect(run.diagnosis.causes.first?.cause != .noSignal)
    }

    // covers: T3
    @Test func `what neither simple models nor the run predict has no signal, though no curve complains`() {
        var run = MadeUpRun(fall(20, floor: 1.9), validation: fall(20, floor: 2.2))
        run.data = [
            DataFinding(.learnability, .warning, count: 100, text: "hardly predict", remedy: "", measure: 0.02)
        ]
        run.schema = .table()
        #expect(run.report.complaints.isEmpty)
        #expect(named(run) == [.noSignal], "\(run.diagnosis.causes)")
        run.columns[.validationLoss] = fall(20, floor: 1.5)
        #expect(run.diagnosis.verdict == .noFault, "the run finds what simple models do not: \(run.diagnosis.causes)")
    }

    @Test
    func `few rows in both parts are no leak, many are, and more than one in a hundred that chance does not explain`() {
        func run(_ severity: DataFinding.Severity, _ share: Double, validation: [Double]) -> MadeUpRun {
            var run = MadeUpRun(fall(20, floor: 1.9), validation: validation)
            run.data = [
                DataFinding(.learnability, .warning, count: 100, text: "hardly predict", remedy: "", measure: 0.02),
                DataFinding(.overlap, severity, count: 9, text: "stand in both", remedy: "", measure: share),
            ]
            run.schema = .table()
            return run
        }
        let (poor, learnt) = (fall(20, floor: 2.2), fall(20, floor: 1.5))
        #expect(named(run(.warning, 0.01, validation: poor)) == [.noSignal])
        #expect(run(.warning, 0.05, validation: learnt).diagnosis.verdict == .noFault)
        for (severity, share) in [(DataFinding.Severity.warning, 0.31), (DataFinding.Severity.fault, 0.02)] {
            #expect(run(severity, share, validation: learnt).diagnosis.causes.contains { $0.cause == .leak })
        }
    }

    // covers: C28
    @Test func `symptoms without a likely cause are unexplained`() {
        var run = MadeUpRun((1...20).map { $0 < 10 ? 1 : 1 + 0.03 * Double($0 - 9) }, best: 0.05)
        run.trial = .sound()
        run.schema = .table()
        run.columns[.updateRatio] = (1...20).map { _ in 1e-3 }
        #expect(run.symptoms.contains(.rising))
        #expect(run.diagnosis.verdict == .unexplained, "\(run.diagnosis.causes)")
    }

    // covers: C27 R23
    @Test func `a loss that rises in usual steps may be a bug, one that rises in large steps is the rate's`() throws {
        var run = MadeUpRun((1...20).map { $0 < 10 ? 1 : 1 + 0.03 * Double($0 - 9) }, best: 0.05)
        run.trial = .sound()
        run.schema = .table()
        run.columns[.updateRatio] = (1...20).map { _ in 1e-3 }
        let bug = try #require(run.diagnosis.causes.first { $0.cause == .bug })
        #expect(bug.remedy.text.contains("sweepd selftest") && bug.probability < 0.5)
        run.trial = .sound { $0.optimizer.learningRate = 0.3 }
        run.columns[.updateRatio] = (1...20).map { _ in 0.05 }
        #expect(!run.diagnosis.causes.contains { $0.cause == .bug })
    }

    // covers: C28
    @Test func `a run that fails where other seeds learn is an unlucky one, and not where they fail too`() {
        var run = MadeUpRun((1...20).map { _ in chanceOfTen }, best: 0.05)
        run.trial = .sound()
        run.schema = .table()
        run.columns[.updateRatio] = (1...20).map { _ in 1e-3 }
        run.otherSeeds = [0.2, 0.3, chanceOfTen, 0.25]
        #expect(named(run).first == .seed, "\(run.diagnosis.causes)")
        run.otherSeeds = [chanceOfTen, 2.2, chanceOfTen, 0.25]
        #expect(!run.diagnosis.causes.contains { $0.cause == .seed })
        run.otherSeeds = [0.2]
        #expect(!run.diagnosis.causes.contains { $0.cause == .seed })
    }

    // covers: C17
    @Test func `a penalty that nobody means is named without a symptom, a usual one is not`() {
        var run = MadeUpRun(fall(20, floor: 0.5), best: 0.05)
        run.trial = .sound { $0.l2 = 0.3 }
        run.schema = .table()
        run.columns[.updateRatio] = (1...20).map { _ in 1e-3 }
        #expect(named(run).first == .overRegularised, "\(run.diagnosis.causes)")
        run.trial = .sound { $0.l2 = 0.001 }
        #expect(!run.diagnosis.causes.contains { $0.cause == .overRegularised })
    }

    // covers: C5
    @Test func `long tails in half of the inputs are named, in a few are not`() {
        var run = MadeUpRun(fall(20), best: 0.05)
        run.trial = .sound()
        run.schema = .table(features: 10)
        run.columns[.updateRatio] = (1...20).map { _ in 1e-3 }
        run.data = [DataFinding(.skew, .note, count: 6, text: "6 columns have a long tail", remedy: "", measure: 9)]
        #expect(named(run) == [.preprocessing], "\(run.diagnosis.causes)")
        #expect(run.diagnosis.causes.first?.remedy.change == ["data.preprocess=[power]"])
        run.data = [DataFinding(.skew, .note, count: 3, text: "3 columns have a long tail", remedy: "", measure: 9)]
        #expect(run.diagnosis.verdict == .noFault, "\(run.diagnosis.causes)")
    }

    @Test func `a curve alone gives candidates by how common they are`() {
        var run = MadeUpRun(oscillating)
        run.columns[.probeLoss] = nil
        run.chance = nil
        let causes = run.diagnosis.causes
        #expect(causes.first?.cause == .rateTooHigh)
        #expect(causes.allSatisfy { $0.remedy.change.isEmpty }, "a curve has no file to change")
    }

    // covers: C1 C20
    @Test func `a curve alone that fluctuates cannot part the rate from the batch, with the batch known it can`() {
        let restless = (1...20).map { 2.1 + ($0 % 2 == 0 ? 0.2 : -0.2) }
        var run = MadeUpRun(restless)
        guard case .undecided(.rateTooHigh, .smallBatch, let experiment) = run.diagnosis.verdict else {
            Issue.record("\(run.diagnosis.verdict): \(run.diagnosis.causes.map { ($0.cause, $0.probability) })")
            return
        }
        #expect(experiment.contains("16 times the batch"))
        run.trial = .sound { $0.optimizer.learningRate = 0.3 }
        run.schema = .table()
        run.columns[.updateRatio] = restless.map { _ in 0.05 }
        #expect(named(run).first == .rateTooHigh, "\(run.diagnosis.verdict)")
    }

    @Test func `a run of single rows that is stuck is a matter of the batch, of many rows it is not`() {
        var run = MadeUpRun((1...10).map { _ in 2.3 })
        run.schema = .table()
        run.trial = .sound { $0.batchSize = 1 }
        #expect(run.diagnosis.causes.contains { $0.cause == .smallBatch }, "\(run.diagnosis.causes.map(\.cause))")
        run.trial = .sound { $0.batchSize = 32 }
        #expect(!run.diagnosis.causes.contains { $0.cause == .smallBatch })
    }

    // covers: C1 C20
    @Test func `the gradient's noise beside the batch is told for the rate or for the batch, and weighs nothing`()
        throws
    {
        let restless = (1...20).map { 2.1 + ($0 % 2 == 0 ? 0.2 : -0.2) }
        func causes(_ losses: [Double], batch: Int, noise: Double?, mean: Double = 2, rows: Int = 256) -> [CauseFinding]
        {
            var run = MadeUpRun(losses)
            run.trial = .sound {
                $0.batchSize = batch
                $0.optimizer.learningRate = 0.03
            }
            run.schema = .table()
            run.columns[.updateRatio] = losses.map { _ in 0.02 }
            run.instruments = .of(start: [.hidden(), .head()], epoch: losses.count) {
                $0.readings[1].noise = noise.map { .init(variance: 2 * $0, squaredMean: mean, rows: rows) }
            }
            return run.diagnosis.causes
        }
        func told(_ cause: Cause, _ found: [CauseFinding]) throws -> String {
            try #require(found.first { $0.cause == cause }).evidence.joined(separator: "; ")
        }
        let signal = "the gradient's noise scale is 5 rows, a batch has 32: more signal than noise"
        #expect(try told(.rateTooHigh, causes(restless, batch: 32, noise: 5)).contains(signal))
        #expect(try !told(.rateTooHigh, causes(restless, batch: 32, noise: 300)).contains("noise scale"))
        let noise = "the gradient's noise scale is 30 rows, a batch has 2: more noise than signal"
        #expect(try told(.smallBatch, causes(restless, batch: 2, noise: 30)).contains(noise))
        #expect(try !told(.smallBatch, causes(restless, batch: 2, noise: 1)).contains("noise scale"))
        // Of a symptom nobody tells twice.
        #expect(try !told(.smallBatch, causes(restless, batch: 2, noise: 300)).contains(": more noise than signal"))
        // Eight batches are 16 rows: of fewer a scale beyond the batch is a guess, and one below it is not.
        #expect(try told(.smallBatch, causes(restless, batch: 2, noise: 30, rows: 16)).contains(noise))
        #expect(try !told(.smallBatch, causes(restless, batch: 2, noise: 30, rows: 15)).contains("noise scale"))
        #expect(
            try !told(.smallBatch, causes(restless, batch: 2, noise: 30, mean: -1, rows: 15)).contains(
                "told from noise"
            )
        )
        #expect(try told(.rateTooHigh, causes(restless, batch: 32, noise: 5, rows: 64)).contains(signal))
        // Near the floor the mean gradient goes to zero in any run.
        let low = restless.map { $0 / 4 }
        #expect(try !told(.smallBatch, causes(low, batch: 2, noise: 30)).contains("noise scale"))
        for (batch, scale) in [(32, 5.0), (2, 30.0)] {
            let with = causes(restless, batch: batch, noise: scale)
            let without = causes(restless, batch: batch, noise: nil)
            #expect(with.map(\.cause) == without.map(\.cause))
            #expect(with.map(\.probability) == without.map(\.probability))
        }
    }

    // covers: C4 C5
    @Test func `losses of classes that are far apart are told for imbalance and for wrong labels`() throws {
        func evidence(_ cause: Cause, _ check: DataCheck, loss: Double, probe: Double) throws -> [String] {
            var run = MadeUpRun(fall(20), validation: fall(20, floor: 0.5), best: 0.05)
            run.schema = .table(counts: [1140, 60])
            run.trial = .sound()
            run.data = [DataFinding(check, .warning, count: 60, text: "found", remedy: "", measure: 19)]
            run.instruments = .of(start: [.hidden(), .head()], epoch: 20) {
                $0.readings[1].classes = [
                    Instruments.ClassReading(index: 0, rows: 380, loss: 0.25, recall: 1, probeLoss: 0.125),
                    Instruments.ClassReading(index: 1, rows: 20, loss: loss, recall: 1, probeLoss: probe),
                ]
            }
            return try #require(run.diagnosis.causes.first { $0.cause == cause }).evidence
        }
        let validation = "on validation rows the loss of class c1 is 2.5, that of class c0 0.25"
        #expect(try evidence(.imbalance, .imbalance, loss: 2.5, probe: 0.125).contains(validation))
        #expect(
            try !evidence(.imbalance, .imbalance, loss: 0.25, probe: 0.125).contains {
                $0.contains("the loss of class")
            }
        )
        let training = "on training rows the loss of class c1 is 1.5, that of class c0 0.125"
        #expect(try evidence(.labelNoise, .labelNoise, loss: 0.25, probe: 1.5).contains(training))
        #expect(
            try !evidence(.labelNoise, .labelNoise, loss: 2.5, probe: 0.125).contains {
                $0.contains("the loss of class")
            }
        )
    }

    @Test func `classes differ by losses or recalls that are far apart, not by next to nothing`() {
        func state(_ label: String, _ loss: Double?, recall: Double? = 1) -> ClassState {
            ClassState(label: label, rows: 10, loss: loss, recall: recall)
        }
        #expect(ClassState.differ([state("a", 0.5), state("b", 1)], chance: 2))
        #expect(!ClassState.differ([state("a", 0.6), state("b", 1)], chance: 2))
        #expect(!ClassState.differ([state("a", 0.01), state("b", 0.3)], chance: 2))
        #expect(!ClassState.differ([state("a", 1), state("b", nil, recall: nil)], chance: 2))
        #expect(ClassState.differ([state("a", 0.1), state("b", 0.1, recall: 0.5)], chance: 2))
        #expect(!ClassState.differ([state("a", 0.1), state("b", 0.1, recall: 0.6)], chance: 2))
        #expect(!ClassState.differ([], chance: nil))
    }

    @Test func `causes stand in the same order every time`() {
        var run = MadeUpRun(fall(20), validation: (1...20).map { 0.6 + 0.03 * abs(Double($0) - 6) })
        run.schema = .table(features: 10, counts: [100, 100])
        run.trial = .sound()
        let first = run.diagnosis.causes
        for _ in 0..<20 { #expect(run.diagnosis.causes == first) }
    }
}
