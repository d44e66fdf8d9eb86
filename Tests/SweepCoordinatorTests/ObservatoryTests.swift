import SweepCoordination
import SweepCoordinator
import SweepCore
import SweepReports
import SweepTestKit
import SweepWire
import Testing

/// What the page is told of a core's state.
@Suite struct ObservatoryTests {
    /// A worker that trained the first of two trials for two of three epochs, the second better than the first.
    private func begun() throws -> (CoreHarness, CoreHarness.Worker, Assignment) {
        var harness = CoreHarness()
        var worker = harness.join("a", slots: 2)
        var sample = SampleSweep()
        (sample.trials, sample.epochs, sample.prune) = (2, 3, "none")
        _ = harness.submit(sample)
        let assignment = try #require(harness.assigned(to: worker).first)
        harness.report(assignment, 1...1, loss: 0.5, by: &worker)
        harness.report(assignment, 2...2, loss: 0.25, by: &worker)
        return (harness, worker, assignment)
    }

    @Test(arguments: [Int.min, .min + 1, -1, 0, 1_000, .max])
    func `a trial of a number that none has is no trial, and no end of the process`(number: Int) throws {
        let (harness, _, _) = try begun()
        let sweep = try #require(harness.sweep)
        #expect(sweep[number] == nil)
        #expect(harness.core.curvesDocument(sweep, trial: number) == nil)
        #expect(harness.core.diagnosisDocument(sweep, trial: number) == nil)
        #expect(harness.core.explanationDocument(sweep, trial: number) == nil)
        #expect(sweep[1]?.number == 1)
        #expect(harness.core.curvesDocument(sweep, trial: 1)?.trials.count == 1)
    }

    @Test func `an estimate is at most where a good result ends a sweep, and no longer than its time`() throws {
        func status(_ stop: StopSpec?) throws -> StatusDocument {
            var harness = CoreHarness()
            var worker = harness.join("a", slots: 1)
            var sample = SampleSweep()
            (sample.trials, sample.epochs, sample.prune, sample.stop) = (100, 10, "none", stop)
            _ = harness.submit(sample)
            let assignment = try #require(harness.assigned(to: worker).first)
            harness.report(assignment, 1...5, by: &worker)
            return harness.core.statusDocument(
                try #require(harness.sweep),
                pace: Pace(epochsPerSecond: 1),
                at: harness.now
            )
        }
        let plain = try status(nil)
        #expect(plain.secondsLeft ?? 0 > 500 && !plain.mayEndSooner && plain.plainText().contains("about"))
        let below = try status(StopSpec(cost: -1))
        #expect(below.secondsLeft == plain.secondsLeft && below.mayEndSooner)
        #expect(below.plainText().contains("at most") && !below.plainText().contains("about"))
        #expect(try StatusDocument(json: below.json) == below)
        let timed = try status(StopSpec(milliseconds: 60_000))
        #expect(timed.secondsLeft == 60 && !timed.mayEndSooner)
    }

    @Test func `the time left is no shorter than what the slowest node holds, and unknown without a worker`() throws {
        var harness = CoreHarness()
        var (fast, slow) = (harness.join("a"), harness.join("b"))
        var sample = SampleSweep()
        (sample.trials, sample.epochs, sample.prune) = (2, 20, "none")
        _ = harness.submit(sample)
        let first = try #require(harness.assigned(to: fast).first)
        let second = try #require(harness.assigned(to: slow).first)
        func left(_ pace: Pace) throws -> Double? {
            harness.core.statusDocument(try #require(harness.sweep), pace: pace, at: harness.now).secondsLeft
        }
        harness.report(first, 1...1, seconds: 0.125, by: &fast)
        // Nothing is known of the other yet: 20 epochs, as long as the first.
        #expect(try left(Pace(epochsPerSecond: 1_000)) == 2.5)
        harness.report(second, 1...1, seconds: 4, by: &slow)
        #expect(try left(Pace(epochsPerSecond: 1_000)) == 76)
        // What all can do together counts where it is longer: 38 epochs.
        #expect(try left(Pace(epochsPerSecond: 1_000, ahead: 0.25)) == 152)
        #expect(try left(Pace(epochsPerSecond: 1_000, ahead: 0)) == nil)
    }

    @Test func `a status and an explanation tell what was picked, and why where it is known`() throws {
        func told(_ prune: String?) throws -> (StatusDocument.Choice?, ExplanationDocument) {
            var sample = SampleSweep()
            (sample.trials, sample.epochs) = (2, 9)
            let entries: [SpecEntry] = if case .map(let all) = sample.source { all } else { [] }
            let rest = entries.filter { $0.key != "prune" }
            var harness = CoreHarness()
            let draft = SweepDraft(
                source: .map(rest + (prune.map { [SpecEntry("prune", .text($0))] } ?? [])),
                text: "",
                fileName: "sample.yaml",
                dataSet: SampleSweep.dataSet,
                schema: SampleSweep.schema,
                coreVersion: "core-1",
                milliseconds: 0
            )
            var worker = harness.join("a")
            _ = harness.submit(draft)
            harness.trainAll(&worker, harness.assigned(to: worker))
            let sweep = try #require(harness.sweep)
            let status = harness.core.statusDocument(sweep, pace: Pace(epochsPerSecond: 1), at: harness.now)
            return (status.prune, try #require(harness.core.explanationDocument(sweep, trial: 1)))
        }
        let why = "random needs no results and the number of trials is known"
        let (picked, explained) = try told(nil)
        #expect(picked == StatusDocument.Choice(method: "extrapolate", picked: why))
        #expect(explained.rulePicked == why && explained.rule.hasPrefix("extrapolate, "))
        let (named, plain) = try told("asha")
        #expect(named == StatusDocument.Choice(method: "asha", picked: nil))
        #expect(plain.rulePicked == nil && plain.rule.hasPrefix("asha, "))
    }

    @Test func `each best is remembered with what had been trained by then, and a restart tells the same`() throws {
        let (harness, _, _) = try begun()
        let sweep = try #require(harness.sweep)
        let steps = harness.core.incumbentSteps(sweep)
        #expect(steps.map(\.value) == [0.5, 0.25])
        #expect(steps.map(\.epochs) == [1, 2] && steps.map(\.epoch) == [1, 2] && steps.allSatisfy { $0.trial == 1 })
        #expect(steps[0].coreSeconds < steps[1].coreSeconds)
        var again = CoordinatorCore(options: CoordinatorOptions(), session: 1)
        for fact in try JournalCodec.decode(JournalCodec.encode(harness.facts)) { again.restore(fact) }
        let restored = try #require(again.sweeps[sweep.id])
        #expect(again.incumbentSteps(restored) == steps)
    }

    @Test func `only trials that are unlike their marks are told, from the epoch that is new`() throws {
        var (harness, worker, assignment) = try begun()
        var sweep = try #require(harness.sweep)
        let all = harness.core.trialChanges(sweep, unlike: [])
        #expect(all.document.rows.map(\.trial) == [1, 2] && all.document.rows.map(\.known) == [0, 0])
        #expect(all.document.rows[0].worker == "a" && all.document.rows[0].best?.value == 0.25)
        #expect(harness.core.trialChanges(sweep, unlike: all.marks).document.rows.isEmpty)
        harness.report(assignment, 3...3, loss: 0.75, by: &worker)
        sweep = try #require(harness.sweep)
        let some = harness.core.trialChanges(sweep, unlike: all.marks)
        #expect(some.document.rows.map(\.trial) == [1] && some.document.rows[0].known == 2)
        #expect(some.document.rows[0].curve.epochs == 3)
    }

    @Test func `a copy in a population is told with whose state it went on from, and no other trial is`() throws {
        var sample = SampleSweep()
        sample.population = PopulationSpec(members: 4, interval: 3)
        (sample.epochs, sample.parallelism) = (9, 4)
        var harness = CoreHarness()
        var worker = harness.join("a", slots: 4, labels: ["trial_copies": "any"])
        _ = harness.submit(sample)
        harness.trainAll(&worker, harness.assigned(to: worker))
        let sweep = try #require(harness.sweep)
        let rows = harness.core.trialChanges(sweep, unlike: []).document.rows
        // Of four members one is replaced after epochs 3 and 6.
        #expect(rows.map { $0.parent?.epoch } == [nil, nil, nil, nil, 3, 6])
        let parent = try #require(sweep[5]?.parent)
        let copy = try #require(harness.core.trialDocument(sweep, number: 5)).json
        #expect(copy["copied_from"]?["trial"] == .integer(parent.trial) && copy["copied_from"]?["epoch"] == .integer(3))
        #expect(try #require(harness.core.trialDocument(sweep, number: 1)).json["copied_from"] == nil)
    }

    @Test func `one trial and one worker are told with what they hold`() throws {
        let (harness, _, _) = try begun()
        let sweep = try #require(harness.sweep)
        let trial = try #require(harness.core.trialDocument(sweep, number: 1)).json
        guard case .array(let losses)? = trial["curve"]?["validation.loss"] else {
            Issue.record("no curve")
            return
        }
        #expect(losses == [.number(0.5), .number(0.25)])
        #expect(trial["objective_of"]?["metric"] == .text("validation.loss") && trial["state"] != nil)
        #expect(harness.core.trialDocument(sweep, number: 9) == nil)
        let workers = harness.core.workersDocument(at: harness.now)
        #expect(workers.workers.map(\.status.id) == ["a"] && workers.workers[0].state == .connected)
        #expect(workers.workers[0].trials.map(\.trial) == [1, 2])
        #expect(workers.workers[0].trials[0].epoch == 2 && workers.workers[0].trials[0].to == 3)
    }

    @Test func `a trial's readings are in its document, and its report says what was not looked at`() throws {
        var harness = CoreHarness()
        var worker = harness.join("a")
        var sample = SampleSweep()
        sample.prune = "none"
        sample.trials = 1
        sample.epochs = 3
        _ = harness.submit(sample)
        let assignment = try #require(harness.assigned(to: worker).first)
        func unknown() throws -> [String] {
            let sweep = try #require(harness.sweep)
            return harness.core.diagnosisDocument(sweep, trial: 1)?.reports.first?.unknown ?? []
        }
        harness.report(assignment, 1...1, by: &worker)
        #expect(
            try unknown() == [
                "layers, steps and data were not looked at: `sweepd why` trains a sweep file without ranges and does"
            ]
        )
        let layer = Instruments.Layer(
            name: "1",
            activation: .relu,
            gradient: 0.1,
            weights: 0.5,
            change: 0.25,
            weightCount: 32,
            deviation: 1,
            units: 8,
            dead: 0.75
        )
        let reading = PackedReading(Instruments.Reading(epoch: 2, layers: [layer]))
        harness.report(assignment, 2...2, readings: [reading], by: &worker)
        #expect(
            try unknown() == [
                "layers were looked at after epoch 2 alone, single steps and data not at all: `sweepd why` trains a sweep file "
                    + "without ranges and does"
            ]
        )
        let sweep = try #require(harness.sweep)
        let report = try #require(harness.core.diagnosisDocument(sweep, trial: 1)?.reports.first)
        #expect(report.symptoms.contains { $0.symptom == .dead && $0.sinceEpoch == 2 })
        // The table is of curves alone: a worker of before, which reads nothing, gives the same.
        var plain = CoreHarness()
        var former = plain.join("a")
        _ = plain.submit(sample)
        let same = try #require(plain.assigned(to: former).first)
        for epoch in 1...2 { plain.report(same, epoch...epoch, by: &former) }
        #expect(
            harness.core.rankDocument(sweep, top: nil).stable
                == plain.core.rankDocument(try #require(plain.sweep), top: nil).stable
        )
        guard case .array(let readings)? = try #require(harness.core.trialDocument(sweep, number: 1)).json["readings"],
            case .array(let layers)? = readings.first?["layers"], let told = layers.first
        else {
            Issue.record("no readings")
            return
        }
        #expect(readings.count == 1 && readings[0]["epoch"] == .integer(2) && readings[0]["layer_count"] == .integer(1))
        #expect(readings[0]["noise"] == .null && readings[0]["step_losses"] == .array([]))
        #expect(readings[0]["classes"] == .array([]))
        // Of single precision: 0.1 is told as that, not as its double.
        #expect(told["gradient"] == .number(0.1) && told["dead"] == .number(0.75) && told["saturated"] == .null)
        #expect(told["activation"] == .text("relu") && told["units"] == .integer(8) && told["head"] == .boolean(false))
    }

    @Test func `classes that a reading tells are in the trial's documents by their labels`() throws {
        var harness = CoreHarness()
        var worker = harness.join("a")
        var sample = SampleSweep()
        sample.prune = "none"
        sample.trials = 2
        sample.epochs = 3
        _ = harness.submit(sample)
        let assignment = try #require(harness.assigned(to: worker).first)
        // The third is none of the data's: whatever a worker says, nothing breaks.
        let reading = Instruments.Reading(
            epoch: 1,
            layers: [],
            noise: Instruments.GradientNoise(variance: 8, squaredMean: 0.5, rows: 64),
            classes: [
                Instruments.ClassReading(index: 0, rows: 12, loss: 0.5, recall: 0.75, probeLoss: 0.1),
                Instruments.ClassReading(index: 1, rows: 0), Instruments.ClassReading(index: 7, rows: 1, loss: 1),
            ]
        )
        harness.report(assignment, 1...1, readings: [PackedReading(reading)], by: &worker)
        let sweep = try #require(harness.sweep)
        let trial = assignment.lease.trial.number
        guard
            case .array(let readings)? = try #require(harness.core.trialDocument(sweep, number: trial)).json["readings"],
            case .array(let classes)? = readings.first?["classes"]
        else {
            Issue.record("no classes")
            return
        }
        #expect(classes.compactMap { $0["class"] } == [.text("x"), .text("y"), .text("7")])
        #expect(classes[0]["rows"] == .integer(12) && classes[0]["loss"] == .number(0.5))
        #expect(classes[0]["recall"] == .number(0.75) && classes[0]["probe_loss"] == .number(0.1))
        #expect(classes[1]["loss"] == .null && classes[1]["recall"] == .null)
        #expect(readings[0]["noise"]?["scale"] == .number(16) && readings[0]["noise"]?["rows"] == .integer(64))
        // A report on one trial has them, those on all do not: they would be the greater part.
        let alone = try #require(harness.core.diagnosisDocument(sweep, trial: trial)?.reports.first).json
        guard case .array(let states)? = alone["classes"] else {
            Issue.record("no classes in the report")
            return
        }
        #expect(states.compactMap { $0["class"] } == [.text("x"), .text("y")])
        #expect(states[0]["training_rows"] == .integer(40) && states[0]["rows"] == .integer(12))
        #expect(alone["classes_epoch"] == .integer(1))
        #expect(alone["gradient_noise"]?["scale"] == .number(16) && alone["gradient_noise"]?["epoch"] == .integer(1))
        let among = try #require(harness.core.diagnosisDocument(sweep, trial: nil)?.reports.first { $0.trial == trial })
        #expect(among.json["classes"] == nil && among.json["gradient_noise"]?["scale"] == .number(16))
    }

    @Test func `a sweep's document has its parameters on their scales`() throws {
        let (harness, _, _) = try begun()
        let sweep = try #require(harness.sweep)
        let json = harness.core.sweepDocument(sweep).json
        #expect(json["objective"]?["metric"] == .text("validation.loss") && json["epochs"] == .integer(3))
        guard case .array(let parameters)? = json["parameters"], let first = parameters.first else {
            Issue.record("no parameters")
            return
        }
        #expect(first["path"] != nil && first["name"] != nil)
        if first["kind"] == .text("choice") { #expect(first["options"] != nil) } else { #expect(first["scale"] != nil) }
    }
}
