import KernelAPI
import SweepCore
import SweepData
import SweepExport
import SweepKernels
import SweepReports
import SweepTraining
import Testing

@Suite struct ModelFileTests {
    @Test(arguments: Sample.all)
    func `a model is read back as it was and answers with the same bits`(sample: Sample) throws {
        let (model, rows) = try sample.trained()
        let back = try TrainedModel(safetensors: model.safetensors.bytes)
        #expect(back == model)
        let kernels = try KernelTable.selected(override: nil)
        let expected = try model.predict(rows, rows: Sample.rowCount, kernels: kernels)
        #expect(try back.predict(rows, rows: Sample.rowCount, kernels: kernels) == expected)
        // Names lead to one tensor each: other programs know tensors by nothing else.
        #expect(Set(model.parameters.map(\.name)).count == model.parameters.count)
    }

    @Test(arguments: Sample.all)
    func `a run can begin with the weights of a file`(sample: Sample) throws {
        let model = try sample.trained().model
        let file = try SafetensorsFile(bytes: model.safetensors.bytes)
        let predictor = try Predictor(
            spec: model.trial.training,
            schema: model.schema,
            parameters: file.tensors,
            kernels: try KernelTable.selected(override: nil)
        )
        #expect(predictor.outputs == model.outputs)
        #expect(throws: TrainingError.otherParameters) {
            try Predictor(
                spec: model.trial.training,
                schema: model.schema,
                parameters: Array(file.tensors.dropLast()),
                kernels: try KernelTable.selected(override: nil)
            )
        }
    }

    @Test func `a file that another program wrote in another order is the same model`() throws {
        let model = try #require(Sample.all.first { $0.name == "residual with projection" }).trained().model
        var file = model.safetensors
        file.tensors.sort { $0.name > $1.name }
        #expect(file.tensors != model.parameters)
        #expect(try TrainedModel(safetensors: file.bytes) == model)
    }

    private static func error(_ file: SafetensorsFile) -> ModelError? {
        do throws(ModelError) {
            _ = try TrainedModel(safetensors: file.bytes)
            return nil
        } catch { return error }
    }

    @Test func `files that hold no model of ours are refused`() throws {
        let model = try #require(Sample.all.first { $0.name == "filled, standardised rows" }).trained().model
        let good = model.safetensors
        let text = try #require(good.metadata["sweepd.model"])
        func changed(_ from: String, _ to: String) throws -> ModelError? {
            var file = good
            try #require(text.contains(from), "\(text.prefix(2000))")
            file.metadata["sweepd.model"] = text.replacing(from, with: to)
            return Self.error(file)
        }
        #expect(Self.error(good) == nil)
        var file = good
        file.metadata = [:]
        #expect(Self.error(file) == .noModel)
        file = good
        file.tensors.removeLast()
        #expect(Self.error(file) == .parameters("2.bias"))
        #expect(try changed(#""format":1"#, #""format":2"#) == .version(2))
        for (from, to) in [(#""seed":1"#, #""seed":-1"#), (#""fill""#, #""full""#), (#""core":"#, #""cord":"#)] {
            guard case .damaged = try changed(from, to) else {
                Issue.record("\(from) → \(to): \(String(describing: try changed(from, to)))")
                continue
            }
        }
        guard case .specification = try changed(#""dense":8"#, #""dense":-8"#) else {
            Issue.record("\(String(describing: try changed(#""dense":8"#, #""dense":-8"#)))")
            return
        }
        #expect(try changed(#""name":"x3""#, #""name":"x4""#) == .columns)
        #expect(try changed(#""indicators":[]"#, #""indicators":[2]"#) == .columns)
        guard case .damaged = try changed(#""indicators":[]"#, #""indicators":[10]"#) else {
            Issue.record("an indicator of no column")
            return
        }
        // A step for other columns would read beyond its numbers.
        #expect(try changed(#""shift":[3.0, "#, #""shift":["#) == .step(2))
    }

    @Test func `missing values are refused by row and feature unless a step fills them in`() throws {
        let kernels = try KernelTable.selected(override: nil)
        var row = [Float](repeating: 1, count: 20)
        row[13] = .nan
        let strict = try #require(Sample.all.first { $0.name == "linear" }).trained().model
        #expect(throws: PredictionError.missing(row: 2, feature: "x3")) {
            try strict.predict(row, rows: 2, kernels: kernels)
        }
        let filling = try #require(Sample.all.first { $0.name == "filled, standardised rows" }).trained().model
        #expect(try filling.predict(row, rows: 2, kernels: kernels).rowCount == 2)
    }

    @Test func `probabilities of classes sum to one and lead to the class`() throws {
        let kernels = try KernelTable.selected(override: nil)
        for name in ["linear", "cross-entropy of one logit", "two classes by softmax"] {
            let sample = try #require(Sample.all.first { $0.name == name })
            let (model, rows) = try sample.trained()
            let answers = try model.predict(rows, rows: Sample.rowCount, kernels: kernels)
            let width = sample.classes
            #expect(answers.values.isEmpty && answers.probabilities.count == Sample.rowCount * width)
            for row in 0..<Sample.rowCount {
                let shares = answers.probabilities[(row * width)..<((row + 1) * width)]
                // Each of a few shares is rounded once or twice.
                #expect(abs(shares.reduce(0, +) - 1) < 1e-6)
                #expect(shares.max() == answers.probabilities[row * width + answers.classes[row]])
            }
        }
    }

    @Test func `numbers are told in the target's own unit`() throws {
        let kernels = try KernelTable.selected(override: nil)
        let sample = try #require(Sample.all.first { $0.name == "a number with a scale" })
        let (model, rows) = try sample.trained()
        let plain = try TrainedModel(
            origin: model.origin,
            specification: model.specification,
            schema: model.schema,
            layout: model.layout,
            targetName: model.targetName,
            targetScale: TargetUnit(),
            steps: model.steps,
            parameters: model.parameters
        )
        let scaled = try model.predict(rows, rows: Sample.rowCount, kernels: kernels).values
        let raw = try plain.predict(rows, rows: Sample.rowCount, kernels: kernels).values
        #expect(scaled == raw.map { Float(Double($0) * 3.25 - 12.5) })
        #expect(scaled != raw)
    }
}
