import SweepCore
import SweepReports
import SweepSearch
import Testing

@Suite struct FinalistTableTests {
    /// Two configurations: the first is a finalist with two new runs, the other was only searched.
    private func rows(repeats: Int?) -> [RankRow] {
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
        let records = [
            record(1, Samples.adam(0.001), 0, 0.25), record(2, Samples.adam(0.01), 0, 0.5),
            record(3, Samples.adam(0.001), 1, 0.25), record(4, Samples.adam(0.001), 2, 0.75),
        ]
        return Ranking.rows(records, objective: Objective(), levels: [1], repeats: repeats)
    }

    @Test func `test rows are shown of finalists, whom nothing is chosen by any more, and of no other`() throws {
        let document = RankDocument(sweep: "x", objective: Objective(), rows: rows(repeats: 1))
        let table = document.table
        let loss = try #require(table.columns.firstIndex { $0.name == "test loss" })
        let accuracy = try #require(table.columns.firstIndex { $0.name == "test accuracy" })
        // The mean of the two new runs, not the run it was chosen by.
        #expect(table.rows.map { $0[loss] } == ["0.6", ""])
        #expect(table.rows.map { $0[accuracy] } == ["0.5", ""])
        let plain = RankDocument(sweep: "x", objective: Objective(), rows: rows(repeats: nil)).table
        #expect(!plain.columns.contains { $0.name.hasPrefix("test") })
    }
}
