import SweepCore
import SweepDiagnosis
import SweepNumerics
import Testing

/// Each rule of the catalogue beyond the first six: a run that shows it, and one near it that must not.
@Suite struct CurveSymptomTests {
    // covers: Y1 Y6
    @Test func `a climb of the training loss is a rise, one that came back is not`() throws {
        let climb = fall(10, rate: 0.4, floor: 0.5) + (1...8).map { 0.55 * (1 + 0.02 * Double($0)) }
        let finding = try #require(MadeUpRun(climb).report[.rising])
        #expect(finding.sinceEpoch == 11 && finding.evidence.contains("rises from 0."), "\(finding)")
        #expect(!MadeUpRun(climb + [0.5]).symptoms.contains(.rising))
        #expect(!MadeUpRun(fall(20, noise: 0.01, seed: 1)).symptoms.contains(.rising))
        // What diverges is not told of twice.
        #expect(!MadeUpRun([1, 0.5, 0.3, 1.3, 1.5, 2, 3, 4, 5, 6]).symptoms.contains(.rising))
    }

    // covers: Y9
    @Test func `two lone peaks are spikes, one is not, and neither are those of a tiny loss`() {
        var losses = fall(20, rate: 0.3, floor: 0.3)
        losses[8] = 1.6
        #expect(!MadeUpRun(losses).symptoms.contains(.spiking))
        losses[14] = 1.2
        #expect(MadeUpRun(losses).symptoms.contains(.spiking))
        #expect(!MadeUpRun([1, 0.5, 0.2, 0.01, 0.04, 0.01, 0.03, 0.01, 0.01]).symptoms.contains(.spiking))
    }

    @Test func `spikes of step losses recover within steps and come in pairs`() {
        var run = MadeUpRun(fall(10, noise: 0.002))
        var stream = RandomStream(key: 5)
        var steps = (0..<400).map { _ in 0.5 + 0.05 * stream.normal() }
        run.instruments = .of(start: [.hidden(), .head()]) {
            $0.stepLosses = steps
            $0.stepsPerEpoch = 40
        }
        #expect(!run.symptoms.contains(.spiking))
        steps[200] = 4
        steps[210] = 5
        run.instruments?.stepLosses = steps
        #expect(run.report[.spiking]?.sinceEpoch == 6)
    }

    // covers: Y5
    @Test func `a loss at that of guessing is at chance, one that learns is not, and without chance nothing is said`() {
        #expect(MadeUpRun((1...10).map { _ in 2.3026 }).symptoms.contains(.atChance))
        #expect(!MadeUpRun(fall(10)).symptoms.contains(.atChance))
        // Memory: training rows are learnt, validation rows are not.
        #expect(MadeUpRun(fall(20), validation: (1...20).map { 2.3 + 0.02 * Double($0) }).symptoms.contains(.atChance))
        var unknown = MadeUpRun((1...10).map { _ in 2.3 })
        unknown.chance = nil
        #expect(unknown.report.notJudged.contains { $0.symptom == .atChance })
        // Unequal classes: what ln 2 would call learning is guessing the larger one.
        var unequal = MadeUpRun((1...10).map { _ in 0.1985 })
        unequal.chance = 0.1985
        #expect(unequal.symptoms.contains(.atChance))
    }

    // covers: Y3 C2
    @Test func `small steps are slow, small steps at the end of a run are not`() {
        var run = MadeUpRun((1...20).map { 2.8 - 0.004 * Double($0) })
        run.columns[.updateRatio] = (1...20).map { _ in 2e-6 }
        #expect(run.report[.slow]?.evidence.contains("changes the weights by 2e-6") ?? false)
        run.columns[.updateRatio] = (1...20).map { _ in 1e-3 }
        #expect(!run.symptoms.contains(.slow))
        var sound = MadeUpRun(fall(20))
        sound.columns[.updateRatio] = (1...20).map { $0 < 10 ? 1e-3 : 1e-6 }
        #expect(!sound.symptoms.contains(.slow))
    }

    // covers: C3
    @Test func `a rate that is gone at once has collapsed, a cosine's end has not`() {
        var run = MadeUpRun(fall(20, floor: 1))
        run.columns[.learningRate] = [0.05] + (1...19).map { _ in 1e-12 }
        #expect(run.report[.rateCollapsed]?.sinceEpoch == 2)
        run.columns[.learningRate] = (0..<20).map { 0.05 * (1 + Elementary.cosine(turns: Double($0) / 40)) / 2 }
        #expect(!run.symptoms.contains(.rateCollapsed))
        // Stairs by ten are a schedule.
        run.columns[.learningRate] = (0..<20).map { 0.05 * Elementary.pow(0.1, Double($0 / 5)) }
        #expect(!run.symptoms.contains(.rateCollapsed))
    }

    // covers: Y8 Y12
    @Test func `a run cut off while it falls still improves, one at its floor does not`() {
        let cut = MadeUpRun((1...20).map { 2.3 - 0.05 * Double($0) })
        #expect(cut.symptoms.contains(.stillImproving))
        #expect(cut.report.alarms.isEmpty, "a remark asks for no cause")
        #expect(!MadeUpRun(fall(20, rate: 0.6)).symptoms.contains(.stillImproving))
        var running = cut
        running.budget = 40
        #expect(!running.symptoms.contains(.stillImproving), "it has not ended")
    }

    // covers: Y7
    @Test func `a gap is measured in chance losses`() {
        #expect(MadeUpRun(fall(20), validation: fall(20, floor: 0.9)).symptoms.contains(.gap))
        #expect(!MadeUpRun(fall(20, floor: 0.010), validation: fall(20, floor: 0.015)).symptoms.contains(.gap))
    }

    @Test func `a gap between two samples has the errors of both`() {
        var run = MadeUpRun(fall(20), validation: fall(20, floor: 0.9))
        // 0.85 apart: more than three errors of 0.1, less than three of √(0.1² + 0.3²).
        var instruments = Instruments()
        instruments.validationError = 0.1
        run.instruments = instruments
        #expect(run.symptoms.contains(.gap))
        instruments.probeError = 0.3
        run.instruments = instruments
        #expect(!run.symptoms.contains(.gap))
    }

    @Test func `validation below training is a remark`() {
        let below = MadeUpRun(fall(20, floor: 0.6), validation: fall(20, floor: 0.3))
        #expect(below.symptoms == [.validationBelow])
        #expect(!MadeUpRun(fall(20, floor: 0.6), validation: fall(20, floor: 0.57)).symptoms.contains(.validationBelow))
    }

    // covers: C11 T6
    @Test func `few validation rows are told, and validation that jumps while training falls`() {
        var run = MadeUpRun(fall(20))
        run.schema = .table(validation: 40)
        #expect(run.symptoms == [.validationNoisy])
        run.schema = .table(validation: 400)
        #expect(run.symptoms.isEmpty)
        let jumping = (1...20).map { 1 + ($0 % 2 == 0 ? 0.15 : -0.15) }
        #expect(MadeUpRun(fall(20, floor: 0.8), validation: jumping).symptoms.contains(.validationNoisy))
    }

    /// A validation loss that falls and then rises in one sweep is overfitting, not noise, however steep it is.
    @Test func `a smooth course is no fluctuation, whichever way it bends`() {
        let course = (1...20).map { epoch -> Double in
            let time = Double(epoch)
            let rise = 0.08 * max(0, time - 6)
            return 0.6 + 1.7 * Elementary.exp(-0.6 * time) + rise
        }
        let overfit = MadeUpRun(fall(20, floor: 0.01), validation: course)
        #expect(!overfit.symptoms.contains(.validationNoisy))
        #expect(overfit.symptoms.contains(.validationRising))
        let short = MadeUpRun(
            [2.3, 2.2, 2.0, 1.8, 1.6, 1.4, 1.2, 1.0],
            validation: [2.25, 2.2, 2.2, 2.3, 2.4, 2.6, 2.9, 3.3]
        )
        #expect(short.symptoms.contains(.validationRising) && !short.symptoms.contains(.validationNoisy))
        let bowl = (-6...6).map { (x: Int) -> Double in 0.3 + 0.05 * Double(x * x) }
        #expect(!MadeUpRun(bowl).symptoms.contains(.oscillating))
    }

    /// Cross-entropy that falls to 0.5 and rises by `rise` from its sixth epoch on, smoothly.
    private func rising(by rise: Double, rows: Int) -> MadeUpRun {
        let course = (1...20).map { (epoch: Int) -> Double in
            let before: Double = 0.2 * Double(max(0, 6 - epoch))
            let after: Double = rise * min(1, Double(max(0, epoch - 6)) / 8)
            return 0.5 + before + after
        }
        var run = MadeUpRun(fall(20, floor: 0.01), validation: course)
        run.schema = .table(validation: rows)
        return run
    }

    // covers: Y7
    @Test func `a rise that so few rows make by chance is none, on more rows it is one`() {
        // Three errors of n rows are 18 / n nats: 0.18 for 100, 0.045 for 400.
        #expect(!rising(by: 0.15, rows: 100).symptoms.contains(.validationRising))
        #expect(rising(by: 0.21, rows: 100).symptoms.contains(.validationRising))
        #expect(rising(by: 0.15, rows: 400).symptoms.contains(.validationRising))
        #expect(rising(by: 0.15, rows: 100).report.complaints.isEmpty)
        var unknown = rising(by: 0.15, rows: 100)
        unknown.schema = nil
        #expect(unknown.symptoms.contains(.validationRising), "nothing is known of the rows")
    }

    @Test func `squared errors are compared by their ratio, whatever their unit`() {
        // Three errors of 200 rows are exp(36 / 200) = 1.197 times the least.
        let units: [Double] = [1e-3, 1, 1e4]
        let rises: [(share: Double, isTold: Bool)] = [(0.15, false), (0.25, true)]
        for unit in units {
            for (share, isTold) in rises {
                let course = (1...20).map { (epoch: Int) -> Double in
                    let before: Double = 0.2 * Double(max(0, 6 - epoch))
                    let after: Double = share * min(1, Double(max(0, epoch - 6)) / 8)
                    return unit * (1 + before + after)
                }
                var run = MadeUpRun(fall(20, floor: 0.01).map { unit * $0 }, validation: course)
                run.chance = 3 * unit
                run.schema = .numbers(variance: 3 * unit)
                #expect(run.symptoms.contains(.validationRising) == isTold, "\(unit) \(share)")
            }
        }
    }

    // covers: Y7
    @Test func `a network that only grows surer of its mistakes is sound until the loss doubles`() {
        func shows(_ rise: Double, accuracy then: Double, _ now: Double, rows: Int = 1000) -> Bool {
            var run = rising(by: rise, rows: rows)
            run.columns[.validationAccuracy] = (1...20).map { $0 <= 7 ? then : now }
            return run.symptoms.contains(.validationRising)
        }
        #expect(!shows(0.2, accuracy: 0.88, 0.9), "0.5 to 0.7, and fewer mistakes")
        #expect(!shows(0.2, accuracy: 0.9, 0.89), "one more in a hundred is none that matters")
        #expect(shows(0.2, accuracy: 0.9, 0.86), "more mistakes")
        #expect(shows(0.6, accuracy: 0.88, 0.9), "0.5 to 1.1")
        // One standard error of 100 rows at 0.9 is 0.03.
        #expect(!shows(0.3, accuracy: 0.9, 0.875, rows: 100))
        #expect(shows(0.3, accuracy: 0.9, 0.86, rows: 100))
    }

    @Test func `a rise matters by a tenth of the loss, or of what was gained`() {
        #expect(!rising(by: 0.04, rows: 1_000_000).symptoms.contains(.validationRising), "8 % of the loss")
        #expect(rising(by: 0.06, rows: 1_000_000).symptoms.contains(.validationRising), "12 %")
        // The same 8 % where guessing gives 0.8, so that it is more than a tenth of the 0.3 that were gained.
        var hard = rising(by: 0.04, rows: 1_000_000)
        hard.chance = 0.8
        #expect(hard.symptoms.contains(.validationRising))
        // A multiple of next to nothing is next to nothing: losses below 5 % of guessing count as 5 %.
        let tiny = (1...20).map { (epoch: Int) -> Double in
            let before: Double = 0.2 * Double(max(0, 6 - epoch))
            let after: Double = 0.0005 * Double(max(0, epoch - 6))
            return 0.001 + before + after
        }
        var easy = MadeUpRun((1...20).map { 0.1 / Double($0 * $0) }, validation: tiny)
        #expect(!easy.symptoms.contains(.validationRising))
        easy.columns[.validationLoss] = tiny.map { 4 * $0 }
        #expect(easy.symptoms.contains(.validationRising))
    }

    // covers: Y10
    @Test func `too good needs a leak that was found`() {
        var run = MadeUpRun([0.05, 0.02, 0.01, 0.005])
        #expect(run.report.notJudged.contains { $0.symptom == .tooGood })
        run.data = []
        #expect(!run.symptoms.contains(.tooGood))
        run.data = [DataFinding(.featureLeak, .fault, count: 1, text: "'y' alone", examples: ["y"], remedy: "")]
        #expect(run.symptoms.contains(.tooGood))
        #expect(run.diagnosis.causes.first?.cause == .leak)
        // Rows in both parts, few and many.
        for (share, isFound) in [(0.01, false), (0.3, true)] {
            run.data = [DataFinding(.overlap, .warning, count: 9, text: "in both", remedy: "", measure: share)]
            #expect(run.symptoms.contains(.tooGood) == isFound)
        }
    }

    // covers: Y11 C4
    @Test func `a class that is never recognised is a collapse, a rare one is not`() {
        var run = MadeUpRun(fall(10))
        run.schema = .table(counts: [950, 50])
        run.chance = 0.1985
        run.columns[.validationRecall("c0")] = (1...10).map { _ in 1 }
        run.columns[.validationRecall("c1")] = (1...10).map { _ in 0 }
        #expect(run.report[.collapsed]?.evidence.contains("recall of class c1 is 0 %") ?? false)
        run.columns[.validationRecall("c1")] = (1...10).map { $0 > 8 ? 0.4 : 0 }
        #expect(!run.symptoms.contains(.collapsed))
        run.schema = .table(counts: [9900, 100])
        run.columns[.validationRecall("c1")] = (1...10).map { _ in 0 }
        #expect(!run.symptoms.contains(.collapsed), "1 % of the rows")
    }

    @Test func `one number for every row is a collapse`() {
        var run = MadeUpRun(fall(10))
        run.schema = .numbers()
        run.instruments = .of(start: [.head()]) { $0.readings[1].predictionVariance = 0.001 }
        #expect(run.symptoms.contains(.collapsed))
        run.instruments?.readings[1].predictionVariance = 0.6
        #expect(!run.symptoms.contains(.collapsed))
    }

    @Test func `a loss that falls without the accuracy is discordant`() {
        var run = MadeUpRun(fall(20, rate: 0.2))
        run.columns[.validationAccuracy] = (1...20).map { 0.5 - 0.01 * Double($0) }
        #expect(run.symptoms.contains(.discordant))
        run.columns[.validationAccuracy] = (1...20).map { 1 - 0.9 / Double($0) }
        #expect(!run.symptoms.contains(.discordant))
    }

    @Test func `training far above the same rows in evaluation mode are modes apart`() {
        let probe = fall(20, rate: 0.5, floor: 0.3)
        #expect(MadeUpRun(probe, training: probe.map { $0 + 1.2 }).symptoms.contains(.modesApart))
        #expect(!MadeUpRun(probe, training: probe.map { $0 * 1.2 }).symptoms.contains(.modesApart))
        // Next to nothing, the double of it is little too.
        let learnt = fall(20, rate: 0.5, floor: 0.01)
        #expect(!MadeUpRun(learnt, training: learnt.map { 3 * $0 + 0.02 }).symptoms.contains(.modesApart))
        // The first epochs fall within themselves.
        #expect(!MadeUpRun(fall(4, rate: 1.5), training: [2.3] + fall(3, rate: 1.5)).symptoms.contains(.modesApart))
    }

    @Test func `what dropout takes of a network that has learnt asks for no explanation, of another it does`() {
        for (floor, isAsked) in [(0.1, false), (0.8, true)] {
            let probe = fall(20, rate: 0.5, floor: floor)
            let run = MadeUpRun(probe, training: probe.map { $0 + 1.2 })
            #expect(run.symptoms.contains(.modesApart), "floor \(floor)")
            #expect(run.report.complaints.contains { $0.symptom == .modesApart } == isAsked, "floor \(floor)")
        }
    }

    // covers: C17 T5
    @Test func `a penalty above the loss counts where the data are not learnt`() {
        var run = MadeUpRun(fall(20, floor: 1.8))
        run.columns[.trainingPenalty] = (1...20).map { _ in 2.5 }
        #expect(run.symptoms.contains(.penaltyDominant))
        var learnt = MadeUpRun(fall(20))
        learnt.columns[.trainingPenalty] = (1...20).map { _ in 0.2 }
        #expect(!learnt.symptoms.contains(.penaltyDominant))
    }
}

@Suite struct InstrumentSymptomTests {
    private func run(_ instruments: Instruments, losses: [Double] = fall(10, floor: 1.8)) -> MadeUpRun {
        var run = MadeUpRun(losses)
        run.instruments = instruments
        return run
    }

    @Test func `an initial loss is compared with guessing`() {
        var sound = Instruments.of(start: [.hidden(), .head()])
        sound.initialLoss = 2.8
        #expect(!run(sound).symptoms.contains(.initialLoss))
        sound.initialLoss = 12
        #expect(run(sound).report[.initialLoss]?.sinceEpoch == 0)
        sound.initialLoss = .infinity
        #expect(run(sound).symptoms.contains(.initialLoss))
    }

    // covers: C22 C23
    @Test func `outputs that shrink vanish, those that grow explode, equal ones do neither`() {
        func stack(_ factor: Double) -> [Instruments.Layer] {
            (0..<6).map { .hidden("\($0)", deviation: 0.5 * Elementary.pow(factor, Double($0))) } + [.head()]
        }
        #expect(run(.of(start: stack(0.3))).symptoms.contains(.vanishing))
        #expect(run(.of(start: stack(3))).symptoms.contains(.exploding))
        #expect(run(.of(start: stack(0.3))).symptoms.contains(.activationDrift))
        let sound = run(.of(start: stack(0.9))).symptoms
        #expect(!sound.contains(.vanishing) && !sound.contains(.exploding) && !sound.contains(.activationDrift))
        // Small gradients of a run that has learnt are success.
        #expect(!run(.of(start: stack(0.3)), losses: fall(10)).symptoms.contains(.vanishing))
    }

    // covers: C22
    @Test func `gradients that grow by layers vanish towards the input`() {
        let layers = (0..<6).map {
            Instruments.Layer.hidden(
                "\($0)",
                activation: .sigmoid,
                gradient: 1e-8 * Elementary.pow(10, 0.6 * Double($0)),
                dead: nil
            )
        }
        #expect(run(.of(start: layers + [.head()])).symptoms.contains(.vanishing))
        let even = (0..<6).map { Instruments.Layer.hidden("\($0)", gradient: 1e-3 * (1 + 0.1 * Double($0))) }
        #expect(!run(.of(start: even + [.head()])).symptoms.contains(.vanishing))
    }

    // covers: C23
    @Test func `clipping at every other step explodes, at one in ten it does not`() {
        var run = MadeUpRun(fall(10))
        run.trial = .sound { $0.clipNorm = 1 }
        run.columns[.clipShare] = (1...10).map { _ in 0.8 }
        #expect(run.symptoms.contains(.exploding))
        run.columns[.clipShare] = (1...10).map { _ in 0.1 }
        #expect(!run.symptoms.contains(.exploding))
    }

    @Test func `units are dead by rows, and half of a layer must be`() {
        #expect(
            run(.of(start: [.hidden(), .head()], end: [.hidden(dead: 0.6), .head()])).report[.dead]?.sinceEpoch == 10
        )
        #expect(
            run(.of(start: [.hidden(), .head()], end: [.hidden(dead: 0.3), .head()])).symptoms.contains(.dead),
            "rising"
        )
        #expect(!run(.of(start: [.hidden(dead: 0.15), .head()])).symptoms.contains(.dead))
    }

    @Test func `dead units that a network learnt without ask for no explanation, beside a high loss they do`() {
        for (floor, isAsked) in [(0.05, false), (0.8, false), (1.8, true)] {
            var run = MadeUpRun(fall(10, floor: floor))
            run.instruments = .of(start: [.hidden(), .head()], end: [.hidden(dead: 0.6), .head()])
            #expect(run.symptoms.contains(.dead))
            #expect(run.report.complaints.contains { $0.symptom == .dead } == isAsked, "floor \(floor)")
        }
    }

    @Test func `saturation is of half of the units`() {
        func layer(_ share: Double) -> Instruments.Layer { .hidden(activation: .tanh, dead: nil, saturated: share) }
        #expect(run(.of(start: [layer(0.7), .head()])).symptoms.contains(.saturated))
        #expect(!run(.of(start: [layer(0.2), .head()])).symptoms.contains(.saturated))
        #expect(!run(.of(start: [layer(0.7), .head()], end: [layer(0.1), .head()])).symptoms.contains(.saturated))
    }

    /// As workers tell of a trial: readings after epochs, none before the first step.
    @Test func `without a reading before the first step what is judged by it is not known, the rest is`() {
        func kept(_ first: [Instruments.Layer], _ last: [Instruments.Layer]) -> MadeUpRun {
            var instruments = Instruments()
            instruments.readings = [
                Instruments.Reading(epoch: 1, layers: first), Instruments.Reading(epoch: 8, layers: last),
            ]
            return run(instruments)
        }
        let shrinking = (0..<6).map {
            Instruments.Layer.hidden("\($0)", deviation: 0.5 * Elementary.pow(0.3, Double($0)))
        }
        let trained = kept(shrinking + [.head()], shrinking + [.head()])
        #expect(!trained.symptoms.contains(.vanishing), "the network has been trained by then")
        #expect(run(.of(start: shrinking + [.head()])).symptoms.contains(.vanishing))
        for symptom in [Symptom.activationDrift, .initialLoss] {
            #expect(trained.report.notJudged.contains { $0.symptom == symptom })
        }
        let dead = kept([.hidden(dead: 0.02), .head()], [.hidden(dead: 0.3), .head()]).report[.dead]
        #expect(
            dead?.sinceEpoch == 8 && dead?.evidence.contains("2 % after epoch 1") == true,
            "\(dead?.evidence ?? "")"
        )
        let early = kept([.hidden(dead: 0.6), .head()], [.hidden(dead: 0.6), .head()])
        #expect(early.report[.dead]?.sinceEpoch == 1)
        #expect(kept([.hidden(equalUnits: 64), .head()], [.hidden(), .head()]).symptoms.contains(.symmetric))
    }

    @Test func `one answer counts where the reading is of the part of the budget in which a run must have begun`() {
        func collapsed(after epoch: Int) -> Bool {
            var run = MadeUpRun(fall(10))
            run.schema = .table()
            var instruments = Instruments()
            instruments.readings = [
                Instruments.Reading(epoch: epoch, layers: [.head()], commonestPrediction: 0.99)
            ]
            run.instruments = instruments
            return run.symptoms.contains(.collapsed)
        }
        #expect(!collapsed(after: 2))
        #expect(collapsed(after: 3))
    }

    // covers: C24
    @Test func `equal units and a layer that stands still are named`() {
        let symmetric = Instruments.Layer.hidden(equalUnits: 64)
        #expect(run(.of(start: [symmetric, .head()])).symptoms.contains(.symmetric))
        #expect(!run(.of(start: [.hidden(), .head()])).symptoms.contains(.symmetric))
        #expect(run(.of(start: [.hidden(change: 0), .head()])).symptoms.contains(.unchanged))
        #expect(!run(.of(start: [.hidden(change: 1e-8), .head()])).symptoms.contains(.unchanged))
    }

    @Test func `rows in the same order repeat their losses, shuffled ones do not`() {
        var stream = RandomStream(key: 8)
        let pattern = (0..<20).map { _ in stream.normal() * 0.2 }
        let steps = (0..<8).flatMap { epoch in pattern.map { 1.5 - 0.1 * Double(epoch) + $0 + 0.02 * stream.normal() } }
        var instruments = Instruments.of(start: [.hidden(), .head()])
        instruments.stepsPerEpoch = 20
        instruments.stepLosses = steps
        #expect(run(instruments).symptoms.contains(.periodic))
        instruments.stepLosses = (0..<8).flatMap { epoch in
            (0..<20).map { _ in 1.5 - 0.1 * Double(epoch) + 0.2 * stream.normal() }
        }
        #expect(!run(instruments).symptoms.contains(.periodic))
    }

    // covers: Y2
    @Test func `noisy steps of a calm run are a remark`() {
        var stream = RandomStream(key: 9)
        var instruments = Instruments.of(start: [.hidden(), .head()])
        instruments.stepsPerEpoch = 40
        instruments.stepLosses = (0..<400).map { _ in 1 + 0.5 * stream.normal() }
        let noisy = run(instruments, losses: fall(10, rate: 0.5, floor: 0.9))
        #expect(noisy.symptoms.contains(.batchNoise) && noisy.report.alarms.isEmpty, "\(noisy.symptoms)")
        instruments.stepLosses = (0..<400).map { _ in 1 + 0.05 * stream.normal() }
        #expect(!run(instruments, losses: fall(10, rate: 0.5, floor: 0.9)).symptoms.contains(.batchNoise))
    }

    // covers: C20
    @Test func `gradient noise counts far from the floor, and beside the batch`() {
        var noisy = run(
            .of(start: [.hidden(), .head()]) { $0.readings[1].noise = .init(variance: 1000, squaredMean: 0.1) }
        )
        noisy.trial = .sound { $0.batchSize = 4 }
        #expect(noisy.symptoms.contains(.gradientNoise))
        noisy.trial = .sound { $0.batchSize = 1024 }
        #expect(!noisy.symptoms.contains(.gradientNoise))
        noisy.trial = .sound { $0.batchSize = 4 }
        noisy.columns[.probeLoss] = fall(10)
        #expect(!noisy.symptoms.contains(.gradientNoise))
    }

    @Test func `few rows do not tell how short a mean gradient is`() {
        func noisy(rows: Int?, batch: Int) -> MadeUpRun {
            var noisy = run(
                .of(start: [.hidden(), .head()]) {
                    $0.readings[1].noise = .init(variance: 1000, squaredMean: 0.1, rows: rows)
                }
            )
            noisy.trial = .sound { $0.batchSize = batch }
            noisy.schema = .table()
            return noisy
        }
        #expect(noisy(rows: 64, batch: 8).symptoms.contains(.gradientNoise))
        #expect(!noisy(rows: 64, batch: 16).symptoms.contains(.gradientNoise))
        #expect(
            noisy(rows: 64, batch: 16).report.notJudged.contains {
                $0.symptom == .gradientNoise
                    && $0.reason.contains("measured on 64 rows, too few to judge a batch of 16")
            }
        )
        #expect(noisy(rows: 128, batch: 16).symptoms.contains(.gradientNoise))
        // Workers of before do not tell how many, and took eight batches.
        #expect(noisy(rows: nil, batch: 16).symptoms.contains(.gradientNoise))
        // More rows than there are nobody can ask for.
        var small = noisy(rows: 96, batch: 32)
        small.schema = .table(counts: [50, 50])
        #expect(small.symptoms.contains(.gradientNoise))
    }

    // covers: Y11
    @Test func `a class that is never recognised is told with its losses, where they were measured`() throws {
        func evidence(_ classes: [Instruments.ClassReading]) throws -> String {
            var instruments = Instruments()
            instruments.readings = [Instruments.Reading(epoch: 10, layers: [.head()], classes: classes)]
            var blind = run(instruments)
            blind.trial = .sound()
            blind.schema = .table(counts: [1140, 60])
            blind.columns[.validationRecall("c0")] = (1...10).map { _ in 1 }
            blind.columns[.validationRecall("c1")] = (1...10).map { _ in 0 }
            return try #require(blind.report[.collapsed]).evidence
        }
        let told = try evidence([
            Instruments.ClassReading(index: 0, rows: 380, loss: 0.05, recall: 1, probeLoss: 0.05),
            Instruments.ClassReading(index: 1, rows: 20, loss: 3.25, recall: 0, probeLoss: 2.875),
        ])
        // ln 20, by hand: 2.9957.
        #expect(
            told.hasSuffix(": its loss is 3.25, on training rows 2.88, guessing by its share would have 3"),
            "\(told)"
        )
        #expect(try !evidence([]).contains("loss"))
    }

    @Test func `the edge of stability is a remark about gradient descent`() {
        var edge = run(.of(start: [.hidden(), .head()]) { $0.readings[1].sharpness = 50 }, losses: fall(10))
        edge.trial = .sound { $0.optimizer = .sgd(learningRate: 0.1, momentum: 0) }
        #expect(edge.symptoms.contains(.edgeOfStability) && edge.report.alarms.isEmpty)
        // Nine tenths of each gradient are left out, so ten times the curvature can be followed.
        edge.trial = .sound { $0.optimizer = .sgd(learningRate: 0.1, momentum: 0.5, dampening: 0.9) }
        #expect(!edge.symptoms.contains(.edgeOfStability))
        edge.trial = .sound { $0.optimizer = .sgd(learningRate: 0.1, momentum: 0.5) }
        #expect(edge.symptoms.contains(.edgeOfStability))
        edge.instruments?.readings[1].sharpness = 5
        #expect(!edge.symptoms.contains(.edgeOfStability))
    }
}
