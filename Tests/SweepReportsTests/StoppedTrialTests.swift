import SweepCore
import SweepReports
import SweepSearch
import Testing

/// What documents say of a trial that its own rule stopped, and of what happened in its training.
@Suite struct StoppedTrialTests {
    static let notes = [
        TrialNote(epoch: 1, text: "learning rate 0.1 → 0.01"), TrialNote(epoch: 2, text: "no gain for 1 epoch"),
    ]

    static let records = [
        TrialRecord(
            number: 1,
            configuration: Samples.adam(0.001),
            seed: 1,
            state: .completed,
            stoppedEarly: true,
            notes: notes,
            curve: Samples.curve([0.5, 0.3])
        ),
        TrialRecord(
            number: 2,
            configuration: Samples.adam(0.001),
            seed: 2,
            repetition: 1,
            state: .completed,
            curve: Samples.curve([0.5, 0.4, 0.35])
        ),
        TrialRecord(
            number: 3,
            configuration: Samples.sgd(0.01),
            seed: 3,
            state: .completed,
            curve: Samples.curve([0.5, 0.4, 0.34])
        ),
    ]

    static let rank = RankDocument(
        sweep: "digits",
        objective: Objective(),
        rows: Ranking.rows(records, objective: Objective(), levels: [1, 3])
    )

    @Test func `a stopped run counts among the completed ones of its configuration`() {
        let row = Self.rank.rows[0]
        #expect(row.runs.map(\.trial) == [1, 2])
        #expect(row.rung == 3)
        #expect(row.objective == (0.3 * 1.1 + 0.35 * 1.1) / 2)
        #expect(row.interval != nil)
        #expect(row.stoppedEarly && !Self.rank.rows[1].stoppedEarly)
    }

    @Test func `rank says which runs stopped early, and is read back`() throws {
        let json = try JSONValue(parsing: Self.rank.json.bytes)
        guard case .array(let rows)? = json["rows"], case .array(let runs)? = rows[0]["runs"] else {
            Issue.record("no rows")
            return
        }
        #expect(rows.map { $0["stopped"] } == [.text("early"), nil])
        #expect(runs.map { $0["stopped"] } == [.text("early"), nil])
        #expect(rows[0]["state"] == .text("completed"))
        #expect(try RankDocument(json: json) == Self.rank)
        let lines = Self.rank.table.plainText().split(separator: "\n")
        #expect(lines[2].contains("completed early") && !lines[3].contains("early"))
        let exact = Self.rank.exactTable.csv.split(separator: "\n")
        #expect(exact[0].contains(",state,reason,stopped,attempts,"))
        #expect(exact[1].contains(",completed,,early,") && exact[2].contains(",completed,,,"))
    }

    @Test func `curves tell how a trial ended and what happened in it, and are read back`() throws {
        let document = CurvesDocument(sweep: "x", objective: Objective(), trials: [.init(Self.records[0])])
        let json = try JSONValue(parsing: document.json.bytes)
        guard case .array(let trials)? = json["trials"] else {
            Issue.record("no trials")
            return
        }
        #expect(trials[0]["stopped"] == .text("early"))
        #expect(
            trials[0]["notes"]?.text()
                == #"[{"epoch":1, "text":"learning rate 0.1 → 0.01"}, {"epoch":2, "text":"no gain for 1 epoch"}]"#
        )
        #expect(try CurvesDocument(json: json) == document)
        #expect(
            document.noteLines == [
                "epoch 1: learning rate 0.1 → 0.01", "epoch 2: no gain for 1 epoch", "epoch 2: stopped early",
            ]
        )
        #expect(document.chart.title.contains("trial 1, completed early"))
        let whole = CurvesDocument(sweep: "x", objective: Objective(), trials: Self.records.map { .init($0) })
        #expect(whole.noteLines == [])
        let plain = CurvesDocument(sweep: "x", objective: Objective(), trials: [.init(Self.records[2])])
        let text = plain.json.text()
        #expect(!text.contains("notes") && !text.contains("stopped") && plain.noteLines == [])
    }

    @Test func `every metric goes through curves and comes back, recalls by their label`() throws {
        let schema = DataSchema(
            features: ["a"],
            task: .classification(
                classes: ["no", "ja, \"doch\"", "0", "1", "2", "3"],
                trainingCounts: [1, 1, 1, 1, 1, 1]
            ),
            trainingRows: 6,
            validationRows: 6,
            testRows: 0
        )
        let metrics = Metric.reported(for: schema)
        let values = metrics.indices.map { $0 == 5 ? Double.nan : Double($0) + 0.5 }
        let curve = LearningCurve(metrics: metrics, observations: [.init(epoch: 1, values: values, seconds: 1)])
        let document = CurvesDocument(
            sweep: "x",
            objective: Objective(metric: .validationRecall("ja, \"doch\""), direction: .maximize),
            trials: [.init(trial: 1, configuration: Configuration([]), seed: 1, state: .completed, curve: curve)]
        )
        let back = try CurvesDocument(json: JSONValue(parsing: document.json.bytes))
        #expect(back.objective == document.objective)
        #expect(back.metrics == metrics)
        #expect(back.trials[0].curve.observations[0].matches(curve.observations[0]))
        #expect(document.csv.split(separator: "\n")[0].contains(",\"validation.recall.ja, \"\"doch\"\"\","))
    }
}
