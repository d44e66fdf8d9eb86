import SweepCore
import SweepData
import SweepTraining
import SweepWorker
import Testing

@Suite struct DataShelfTests {
    @Test func `what is kept is found by its hash`() throws {
        let digits = try Digits()
        #expect(digits.shelf[digits.id.hash] === digits.entry)
        #expect(digits.entry.id == digits.id)
        #expect(DataShelf()[digits.id.hash] === nil)
    }

    @Test func `bytes that are no data set are refused and not kept`() throws {
        let digits = try Digits()
        let shelf = DataShelf()
        for end in [0, 10, digits.packed.count - 1] {
            #expect(throws: DataSetFormatError.self) { try shelf.keep(digits.id, packed: Array(digits.packed[..<end])) }
        }
        #expect(shelf[digits.id.hash] === nil)
    }

    @Test func `rows are prepared once for each list of steps, whoever asks`() async throws {
        let digits = try Digits()
        let entry = digits.entry
        let prepared = try await withThrowingTaskGroup(of: TrainingData.self) { group in
            for _ in 0..<8 { group.addTask { try entry.prepared(for: trial([.standardize])) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(prepared.count == 8 && prepared.allSatisfy { $0 === prepared[0] })
        #expect(try entry.prepared(for: trial([])) !== prepared[0])
    }

    @Test func `of the ways to prepare rows the last few that were used are kept`() throws {
        let digits = try Digits()
        func prepared(_ bound: Int) throws -> TrainingData {
            try digits.entry.prepared(for: trial([.winsorize(.deviations(Double(bound)))]))
        }
        let first = try prepared(1)
        let second = try prepared(2)
        for bound in 3...DataShelf.Entry.preparedLimit { _ = try prepared(bound) }
        #expect(try prepared(1) === first, "all have room, and now this is the one used last")
        _ = try prepared(100)
        #expect(try prepared(1) === first)
        #expect(try prepared(2) !== second, "it was used longest ago")
    }

    @Test func `what is dropped is gone for those who come, not for those who have it`() throws {
        let digits = try Digits()
        let entry = digits.entry
        digits.shelf.drop(digits.id.hash)
        #expect(digits.shelf[digits.id.hash] == nil)
        #expect(try entry.prepared(for: trial([])).rows(.training).isEmpty == false)
        try digits.shelf.keep(digits.id, packed: digits.packed)
        #expect(digits.shelf[digits.id.hash] != nil)
    }

    @Test func `the parts of the split are those of the data set`() throws {
        let digits = try Digits()
        let rows = try DataSet(packed: digits.packed)
        let data = try digits.entry.prepared(for: trial([]))
        #expect(data.schema == rows.schema)
        #expect(data.rows(.training) == rows.split.training)
        #expect(data.rows(.validation) == rows.split.validation)
        #expect(data.rows(.test) == rows.split.test)
    }
}

/// A trial that wants these steps.
private func trial(_ steps: [PreprocessStep]) -> TrialSpec {
    TrialSpec(
        preprocess: steps,
        training: TrainingSpec(
            model: ModelSpec(widths: []),
            optimizer: .sgd(learningRate: 0.1, momentum: 0),
            batchSize: 8,
            epochs: 1
        )
    )
}
