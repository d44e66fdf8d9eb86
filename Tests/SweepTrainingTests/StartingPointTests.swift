import SweepCore
import SweepKernels
import SweepTraining
import Testing

/// Runs that begin with the weights of another.
@Suite struct StartingPointTests {
    private func data(_ weights: [ParameterValues]?, classes: Int = 3) throws -> TrainingData {
        let plain = try SyntheticTask(classes: classes).make()
        guard let weights else { return plain.data }
        return try TrainingData(
            schema: plain.data.schema,
            features: plain.storage.features,
            rowCount: plain.storage.count,
            rowStride: plain.storage.rowStride,
            targets: .classes(plain.storage.classes),
            trainingRows: plain.data.rows(.training),
            validationRows: plain.data.rows(.validation),
            testRows: [Int](),
            startingWeights: ["w": weights],
            owner: plain.storage
        )
    }

    private func run(
        _ start: StartingPoint?,
        _ weights: [ParameterValues]?,
        seed: UInt64 = 7,
        classes: Int = 3,
        widths: [Int] = [16, 8]
    ) throws -> TrainingRun {
        try TrainingRun(
            spec: makeSpec(widths).with { $0.startingPoint = start },
            data: data(weights, classes: classes),
            seed: seed,
            kernels: .selected()
        )
    }

    private func trained() throws -> TrainingRun {
        let run = try run(nil, nil, seed: 1)
        for _ in 0..<5 { _ = run.trainEpoch() }
        return run
    }

    // covers: R17
    @Test func `it begins where the other ended, with an optimizer that remembers nothing`() throws {
        let other = try trained()
        let weights = other.parameters()
        let run = try run(StartingPoint(file: "w"), weights)
        #expect(run.parameters() == weights)
        #expect(run.evaluate(.validation).loss == other.evaluate(.validation).loss)
        // Adam's first step with empty memory changes each weight by the rate at most: none does so with memory.
        run.step()
        let changes = zip(run.parameters().flatMap(\.flat), weights.flatMap(\.flat)).map { abs($0 - $1) }
        #expect(changes.allSatisfy { $0 <= 1.001e-2 } && changes.contains { $0 > 0.99e-2 })
        // Whoever draws, the seed of the new run decides nothing but the order of rows.
        #expect(try self.run(StartingPoint(file: "w"), weights, seed: 8).parameters() == weights)
    }

    @Test func `a new head is drawn, the other layers are taken`() throws {
        let weights = try trained().parameters()
        let run = try run(StartingPoint(file: "w", drawsHead: true), weights, classes: 5)
        let drawn = try self.run(nil, nil, classes: 5).parameters()
        for (own, (taken, fresh)) in zip(run.parameters(), zip(weights, drawn)) {
            let isHead =
                own.name == fresh.name && own.shape != taken.shape || own.name.hasPrefix("\(headLayer(drawn)).")
            #expect(own.values == (isHead ? fresh.values : taken.values), "\(own.name)")
        }
        #expect(throws: TrainingError.self) { try self.run(StartingPoint(file: "w"), weights, classes: 5) }
    }

    private func headLayer(_ parameters: [ParameterValues]) -> Substring {
        parameters.last?.name.prefix { $0 != "." } ?? ""
    }

    @Test func `weights of another model, or none at all, are refused by name and shape`() throws {
        let weights = try trained().parameters()
        func refusal(_ given: [ParameterValues]?, widths: [Int] = [16, 8]) -> String {
            do {
                _ = try run(StartingPoint(file: "w"), given, widths: widths)
                return ""
            } catch { return "\(error)" }
        }
        #expect(refusal(nil) == "the weights to begin with, w, did not come with the data")
        let wider = refusal(weights, widths: [16, 9])
        #expect(wider.contains("has 16 × 8 numbers in the file and 16 × 9 in the model"), "\(wider)")
        #expect(refusal(Array(weights.dropLast())).contains("the file has no \(weights.last?.name ?? "")"))
        let more = refusal(weights + [ParameterValues(name: "9.weights", shape: [1], values: [1])])
        #expect(more.hasSuffix("the file has 9.weights, which the model has not"))
        #expect(refusal(weights) == "")
    }

    @Test func `a checkpoint of it goes on with the same bits, and is not one of other weights`() throws {
        let weights = try trained().parameters()
        let run = try run(StartingPoint(file: "w"), weights)
        _ = run.trainEpoch()
        let bytes = try #require(run.checkpoint())
        func restored(_ weights: [ParameterValues]) throws -> TrainingRun {
            let spec = run.spec
            return try TrainingRun(
                restoring: bytes,
                spec: spec,
                data: data(weights),
                seed: 7,
                kernels: .selected()
            )
        }
        let second = try restored(weights)
        let (again, whole) = (try #require(second.trainEpoch()), try #require(run.trainEpoch()))
        #expect(again.matches(whole))
        var others = weights
        others[0] = ParameterValues(
            name: weights[0].name,
            shape: weights[0].shape,
            values: weights[0].values.map { $0 + 1 }
        )
        #expect(throws: TrainingError.self) { try restored(others) }
        #expect(try self.run(nil, nil).digest != run.digest)
    }
}
