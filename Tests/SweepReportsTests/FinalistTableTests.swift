import SweepCore
import SweepReports
import SweepSearch
import Testing

@Suite struct FinalistTableTests {
    /// Two configurations: the first is a finalist with two new runs, the other was only searched.
    private func rows(repeats: Int?) -> [RankRow] {
        Ranking.rows(records, objective: Objective(), levels: [1], repeats: repeats)
    }

    private var records: [TrialRecord] {
        func record(_ number: Int, _ configuration: Configuration, _ repetition: Int, _ loss: Double) -> TrialRecord {
            TrialRecord(
                number: number,
                configuration: configuration,
                seed: UInt64(number),
                repetition: repetition,
                state: .completed,
                curve: LearningCurve(
                    metrics: [.validationLoss, .testLoss, .testAccuracy],
                    observations: [
                        Observation(epoch: 1, values: [loss, loss + 0.1, 1 - loss], seconds: 1)
                    ]
                )
            )
        }
        return [
            record(1, Samples.adam(0.001), 0, 0.25), record(2, Samples.adam(0.01), 0, 0.5),
            record(3, Samples.adam(0.001), 1, 0.25), record(4, Samples.adam(0.001), 2, 0.75),
        ]
    }

    @Test func `test rows are shown of finalists, whom nothing is chosen by any more, and of no other`() throws {
        let document = RankDocument(sweep: "x", objective: Objective(), rows: rows(repeats: 1))
        let table = document.table
        let loss = try #require(table.columns.firstIndex { $0.name == "test loss" })
        let accuracy = try #require(table.columns.firstIndex { $0.name == "test accuracy" })
        // The mean of the two new runs, not the run it was chosen by.
        #expect(table.rows.map { $0[loss] } == ["0.6000", ""])
        #expect(table.rows.map { $0[accuracy] } == ["0.5000", ""])
        let plain = RankDocument(sweep: "x", objective: Objective(), rows: rows(repeats: nil)).table
        #expect(!plain.columns.contains { $0.name.hasPrefix("test") })
    }

    @Test func `of a sweep with folds every run tells its own, and comes back from its document`() throws {
        let folded = records.enumerated().map { index, record in
            TrialRecord(
                number: record.number,
                configuration: record.configuration,
                seed: record.seed,
                repetition: record.repetition,
                fold: index + 1,
                state: record.state,
                curve: record.curve
            )
        }
        let rows = Ranking.rows(folded, objective: Objective(), levels: [1], repeats: 1, folds: 4)
        let document = RankDocument(sweep: "x", objective: Objective(), rows: rows)
        #expect(try RankDocument(json: JSONValue(parsing: document.json.bytes)) == document)
        #expect(Set(rows.flatMap(\.runs).compactMap(\.fold)) == [1, 2, 3, 4])
        #expect(document.json.text().contains(#""fold":3"#))
        let curves = CurvesDocument(
            sweep: "x",
            objective: Objective(),
            trials: folded.map { CurvesDocument.Trial($0, repeats: 1) }
        )
        #expect(try CurvesDocument(json: JSONValue(parsing: curves.json.bytes)) == curves)
        #expect(curves.trials.map(\.fold) == [1, 2, 3, 4])
        // Of others no word of folds.
        let plain = RankDocument(sweep: "x", objective: Objective(), rows: self.rows(repeats: 1))
        #expect(!plain.json.text().contains("fold"))
    }

    @Test func `curves tell the runs of finalists from those of the search`() throws {
        let document = CurvesDocument(
            sweep: "x",
            objective: Objective(),
            trials: records.map { CurvesDocument.Trial($0, repeats: 1) }
        )
        let json = try JSONValue(parsing: document.json.bytes)
        #expect(try CurvesDocument(json: json) == document)
        guard case .array(let trials)? = json["trials"], case .array(let bands)? = json["bands"]?["validation.loss"],
            case .array(let means)? = json["means"]
        else {
            Issue.record("no trials, bands or means")
            return
        }
        #expect(trials.map { $0["final"] } == [nil, nil, .boolean(true), .boolean(true)])
        // The bands are those of the search, the means those of the new runs.
        #expect(bands[0]["count"] == .integer(2) && bands[0]["maximum"] == .number(0.5))
        #expect(means.map { $0["trials"] } == [.array([.integer(3), .integer(4)])])
        #expect(means[0]["final"] == .boolean(true))
        let plain = CurvesDocument(sweep: "x", objective: Objective(), trials: records.map { .init($0) })
        #expect(plain.repeated.map { $0.trials.map(\.trial) } == [[1, 3, 4]])
    }
}
