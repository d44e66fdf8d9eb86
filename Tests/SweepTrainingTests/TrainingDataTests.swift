import SweepCore
import SweepKernels
import SweepTraining
import Testing

@Suite struct TrainingDataTests {
    @Test func `the probe is a proportional sample of the training rows that no trial chooses`() throws {
        let storage = SyntheticRows(count: 2100, columns: 2)
        // Classes in the shares 1/2, 1/4, 1/4, sorted.
        for row in 0..<2000 { storage.classes[row] = row < 1000 ? 0 : (row < 1500 ? 1 : 2) }
        let task = SyntheticTask(rows: 2000, validationRows: 100, columns: 2)
        let probe = try task.wrap(storage).data.rows(.probe)
        #expect(probe.count == 200)
        #expect([30, 640, 1_437, 5_119, 5_120, 60_000].map(TrainingData.probeRows) == [64, 64, 143, 511, 512, 512])
        #expect(Set(probe).count == probe.count && probe == probe.sorted())
        #expect(probe.allSatisfy { $0 >= 0 && $0 < 2000 })
        for (label, share) in [(0, 0.5), (1, 0.25), (2, 0.25)] {
            let count = probe.count { storage.classes[Int($0)] == Int32(label) }
            #expect(abs(Double(count) - share * Double(probe.count)) <= 1)
        }
        #expect(try task.wrap(storage).data.rows(.probe) == probe)
    }

    @Test func `layers are read on a twentieth of the rows, 64 to 128, in proportion to the classes`()
        throws
    {
        #expect([100, 1_280, 1_437, 2_559, 2_560, 60_000].map(TrainingData.readRows) == [64, 64, 71, 127, 128, 128])
        let storage = SyntheticRows(count: 2100, columns: 2)
        for row in 0..<2000 { storage.classes[row] = row < 1000 ? 0 : (row < 1500 ? 1 : 2) }
        let data = try SyntheticTask(rows: 2000, validationRows: 100, columns: 2).wrap(storage).data
        #expect(data.readRows.count == 100 && Set(data.readRows).isSubset(of: data.rows(.probe)))
        for (label, share) in [(0, 0.5), (1, 0.25), (2, 0.25)] {
            let count = data.readRows.count { storage.classes[Int($0)] == Int32(label) }
            #expect(abs(Double(count) - share * 100) <= 1)
        }
        let small = try SyntheticTask(rows: 30, validationRows: 5).make().data
        #expect(small.readRows == small.rows(.training))
    }

    @Test func `a small data set is its own probe`() throws {
        let data = try SyntheticTask(rows: 30, validationRows: 5).make().data
        #expect(data.rows(.probe) == data.rows(.training))
        #expect(data.rows(.test) == [])
    }

    @Test func `what stands past the features of a row is not read`() throws {
        let task = SyntheticTask(rows: 30, validationRows: 5)
        let storage = try task.make().storage
        for row in 0..<storage.count {
            for column in task.columns..<storage.rowStride { storage.features[row * storage.rowStride + column] = .nan }
        }
        let runs = try [task.wrap(storage).data, task.make().data].map {
            try TrainingRun(spec: makeSpec(), data: $0, seed: 1, kernels: .selected())
        }
        #expect(try #require(runs[0].trainEpoch()).matches(try #require(runs[1].trainEpoch())))
        #expect(runs[0].checkpoint() == runs[1].checkpoint())
    }

    @Test func `what cannot be read safely is refused`() throws {
        let task = SyntheticTask(rows: 4, validationRows: 2, columns: 5)
        let storage = try task.make().storage
        let schema = try task.make().data.schema
        func refusal(
            stride: Int = 16,
            training: [Int] = [0, 1, 2, 3],
            targets: TrainingData.Targets? = nil,
            rows: Int = 6
        ) -> TrainingDataError? {
            do throws(TrainingDataError) {
                _ = try TrainingData(
                    schema: schema,
                    features: storage.features,
                    rowCount: rows,
                    rowStride: stride,
                    targets: targets ?? .classes(storage.classes),
                    trainingRows: training,
                    validationRows: [4, 5],
                    testRows: [Int](),
                    owner: storage
                )
                return nil
            } catch {
                return error
            }
        }
        #expect(refusal() == nil)
        #expect(refusal(stride: 5) == .rowStride(found: 5, features: 5))
        #expect(refusal(training: [0, 1, 2, 6]) == .rowOutOfRange(row: 6, rows: 6))
        #expect(refusal(training: [0, 1, 2, -1]) == .rowOutOfRange(row: -1, rows: 6))
        #expect(refusal(training: [0, 1, 2]) == .rowCounts)
        #expect(refusal(rows: 5) == .rowOutOfRange(row: 5, rows: 5))
        #expect(refusal(targets: .numbers(storage.numbers)) == .targetKind)
        storage.classes[2] = 3
        #expect(refusal() == .classOutOfRange(row: 2, found: 3, classes: 3))
    }

    @Test func `a specification that does not fit and one that is too large are refused`() throws {
        let data = try SyntheticTask(rows: 30, validationRows: 5).make().data
        func refusal(_ spec: TrainingSpec) -> TrainingError? {
            do throws(TrainingError) {
                _ = try TrainingRun(spec: spec, data: data, seed: 1, kernels: .reference)
                return nil
            } catch {
                return error
            }
        }
        #expect(refusal(makeSpec(batchSize: 30)) == nil)
        guard case .unsuitable(let problems) = refusal(makeSpec(batchSize: 31)) else {
            Issue.record("a batch larger than the training rows was accepted")
            return
        }
        #expect(problems.count == 1)
        #expect(TrainingError.unsuitable(problems).description.hasPrefix("train.batch_size: "))
        guard case .tooLarge = refusal(makeSpec(Array(repeating: 65_536, count: 8))) else {
            Issue.record("a network of 120 GiB was accepted")
            return
        }
    }

    @Test func `without validation rows their metrics are missing and the run goes on`() throws {
        let data = try SyntheticTask(rows: 30, validationRows: 0).make().data
        let run = try TrainingRun(spec: makeSpec(), data: data, seed: 1, kernels: .selected())
        let observation = try #require(run.trainEpoch())
        #expect(!run.diverged && observation.values[2].isNaN && observation.values[1].isFinite)
    }
}
