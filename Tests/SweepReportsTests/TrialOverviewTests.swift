import SweepCore
import SweepDiagnosis
import SweepReports
import SweepSearch
import Testing

@Suite struct TrialOverviewTests {
    private func document(_ record: TrialRecord) throws -> TrialOverview {
        let curves = CurvesDocument(
            sweep: "digits",
            objective: Objective(),
            trials: [CurvesDocument.Trial(record)]
        )
        let explained = Samples.explained(.finalist(place: 2, run: 3), state: record.state)
        return try #require(TrialOverview(curves: curves, explanation: explained, diagnosis: Samples.diagnosis))
    }

    @Test func `a trial is told whole: configuration, best epoch, workers, verdict, log, and why it was proposed`()
        throws
    {
        let record = TrialRecord(
            number: 4,
            configuration: Samples.adam(0.001),
            seed: 11,
            state: .failed("signal 9 in epoch 3, three times"),
            notes: [TrialNote(epoch: 2, text: "learning rate reduced to 0.0005")],
            curve: Samples.curve([0.5, 0.25, 0.5]),
            attempts: 3,
            coreSeconds: 1,
            workers: ["node-a", "node-b"],
            log: "epoch 2\nKilled"
        )
        let text = try document(record).plainText(width: 120)
        for line in [
            "trial      4 of digits, configuration \(record.configurationID)",
            "train.optimizer.adam.learning_rate: 0.001",
            "state      failed after 3 epochs: signal 9 in epoch 3, three times",
            "seed       11", "objective  validation.loss 0.2750 in epoch 2",
            "training   handed out 3 times on node-a, node-b; 0.750 core seconds",
            "note       epoch 2: learning rate reduced to 0.0005", "verdict    ", "  Killed",
            "Proposed: the search is over and its configuration was at place 2; this is run 3 of it with a new seed.",
            "Known then: 12 runs of finalists with a result, 3 without.",
        ] { #expect(text.contains(line), "\(line) in\n\(text)") }
        // Bytes for programs: the parts are those of the other documents.
        let json = try document(record).json
        #expect(json["trial"]?["attempts"] == .integer(3) && json["trial"]?["log"] == .text("epoch 2\nKilled"))
        #expect(json["report"]?["trial"] == .integer(4) && json["explanation"]?["trial"] == .integer(17))
    }

    @Test func `its classes and its gradient's noise are told where the network was read`() throws {
        func text(_ change: (inout DiagnosisDocument.Report) -> Void) throws -> String {
            var report = try #require(Samples.diagnosis.reports.first)
            change(&report)
            let record = TrialRecord(
                number: 4,
                configuration: Samples.sgd(0.1),
                seed: 1,
                state: .completed,
                curve: Samples.curve([0.5, 0.25]),
                attempts: 1
            )
            let curves = CurvesDocument(
                sweep: "digits",
                objective: Objective(),
                trials: [CurvesDocument.Trial(record)]
            )
            let overview = TrialOverview(
                curves: curves,
                explanation: Samples.explained(.finalist(place: 2, run: 3), state: .completed),
                diagnosis: DiagnosisDocument(sweep: "digits", reports: [report])
            )
            return try #require(overview).plainText(width: 120)
        }
        let plain = try text { _ in }
        #expect(!plain.contains("\nclasses") && !plain.contains("\nnoise"))
        // Also where classes fare alike.
        let told = try text {
            $0.classes = [ClassState(label: "seven", trainingRows: 40, rows: 10, loss: 0.5, recall: 0.9)]
            $0.noise = NoiseState(epoch: 4, scale: 12, rows: 64, batch: 32)
        }
        #expect(told.contains("\nclasses    class  training rows"), "\(told)")
        #expect(told.contains("\n           seven             40               10  0.500    0.90"), "\(told)")
        let noise = "\nnoise      the gradient's noise scale after epoch 4 is 12 rows (of 64 rows), a batch has 32\n"
        #expect(told.contains(noise), "\(told)")
    }

    @Test func `before its first epoch there is no report, and no verdict is made up`() throws {
        let record = TrialRecord(
            number: 5,
            configuration: Samples.sgd(0.1),
            seed: 1,
            state: .waiting,
            curve: LearningCurve(metrics: Samples.metrics),
            attempts: 0
        )
        let text = try document(record).plainText(width: 100)
        #expect(
            text.contains("state      waiting after 0 epochs") && text.contains("handed out 0 times; 0 core seconds")
        )
        #expect(!text.contains("verdict    ") && !text.contains("objective  "))
        #expect(try document(record).json["report"] == .null)
    }

    @Test func `a trial with no metric beside the objective has no line for others`() throws {
        let alone = LearningCurve(
            metrics: [.validationLoss],
            observations: [Observation(epoch: 1, values: [0.5], seconds: 1)]
        )
        let record = TrialRecord(
            number: 4,
            configuration: Samples.adam(0.001),
            seed: 11,
            state: .completed,
            curve: alone
        )
        let text = try document(record).plainText(width: 100)
        #expect(text.contains("objective  validation.loss 0.5000 in epoch 1") && !text.contains("\nthere"), "\(text)")
    }

    @Test func `workers, attempts and logs survive the way through JSON`() throws {
        let curves = CurvesDocument(
            sweep: "digits",
            objective: Objective(),
            trials: [
                CurvesDocument.Trial(
                    trial: 1,
                    configuration: Samples.sgd(0.5),
                    seed: 3,
                    state: .completed,
                    attempts: 2,
                    workers: ["a", "b"],
                    log: "out of memory",
                    curve: Samples.curve([1])
                )
            ]
        )
        #expect(try CurvesDocument(json: JSONValue(parsing: curves.json.bytes)) == curves)
        // What differs between two runs of one sweep is not in what must be the same.
        #expect(!curves.stable.text().contains("out of memory") && !curves.stable.text().contains("attempts"))
    }
}
