import KernelAPI
import SweepCore
import SweepKernels
import SweepTraining
import Testing

@Suite struct InstrumentTests {
    private func spec(
        _ model: ModelSpec,
        initializer: Initializer = .he,
        optimizer: OptimizerSpec = .sgd(learningRate: 0.05, momentum: 0.9),
        epochs: Int = 6
    ) -> TrainingSpec {
        TrainingSpec(model: model, initializer: initializer, optimizer: optimizer, batchSize: 16, epochs: epochs)
    }

    private func run(_ spec: TrainingSpec, _ data: TrainingData) throws -> TrainingRun {
        try TrainingRun(spec: spec, data: data, seed: 3, kernels: try KernelTable.selected())
    }

    @Test func `a run that is read has the bits of one that is not`() throws {
        let data = try SyntheticTask(rows: 160).make().data
        for model in [
            ModelSpec(widths: [32, 16], dropout: 0.2),
            ModelSpec(widths: [32], norm: .batchNorm(momentum: 0.1, epsilon: 1e-5)),
        ] {
            let plain = try run(spec(model), data)
            let read = try run(spec(model), data)
            let observed = read.trainObserved()
            for epoch in 1...6 {
                let expected = try #require(plain.trainEpoch())
                #expect(expected.matches(observed.curve.observations[epoch - 1]))
            }
            #expect(plain.parameters() == read.parameters())
            #expect(observed.instruments.readings.map(\.epoch) == [0, 1, 2, 3, 4, 6])
            #expect(observed.instruments.stepLosses.count == 6 * 10 && observed.instruments.stepsPerEpoch == 10)
        }
    }

    @Test func `the error of the probe is told where it is a sample of the training rows`() throws {
        func error(_ rows: Int) throws -> Double? {
            try run(spec(ModelSpec(widths: [8]), epochs: 1), try SyntheticTask(rows: rows).make().data).trainObserved()
                .instruments.probeError
        }
        #expect(try error(64) == nil)
        #expect(try #require(try error(160)) > 0)
    }

    @Test func `layers are told with their units, and only those before the head`() throws {
        let data = try SyntheticTask(rows: 160).make().data
        let instruments = try run(spec(ModelSpec(widths: [32, 16], activation: .tanh)), data).trainObserved()
            .instruments
        let start = try #require(instruments.atStart)
        #expect(start.layers.map(\.units) == [32, 16, 3] && start.layers.map(\.isHead) == [false, false, true])
        #expect(start.layers.allSatisfy { $0.gradient == nil && $0.weights > 0 && $0.equalUnits == 0 })
        #expect(start.layers[0].activation == .tanh && start.layers[0].saturated != nil && start.layers[0].dead == nil)
        let end = try #require(instruments.readings.last)
        #expect(end.layers.allSatisfy { ($0.gradient ?? 0) > 0 && ($0.change ?? 0) > 0 })
        #expect(end.noise != nil && (end.sharpness ?? 0) > 0)
        #expect((instruments.initialLoss ?? 0) > 0.5 && (instruments.validationError ?? 0) > 0)
    }

    @Test func `units behind a norm are dead where its ReLU never lets them through`() throws {
        let data = try SyntheticTask(rows: 160).make().data
        let run = try run(spec(ModelSpec(widths: [8], norm: .batchNorm(momentum: 0.1, epsilon: 1e-5))), data)
        #expect(run.reading().layers[0].activation == .relu && run.reading().layers[0].dead == 0)
        // The activation keeps its place in the count of layers.
        let names = [
            "1.weights", "1.bias", "2.gain", "2.shift", "2.running_mean", "2.running_variance", "4.weights", "4.bias",
        ]
        #expect(run.parameters().map(\.name) == names)
        let values = run.parameters().map { part in
            part.name == "2.shift"
                ? ParameterValues(name: part.name, shape: part.shape, values: (0..<8).map { $0 < 6 ? -1000 : 0 }) : part
        }
        #expect(run.setParameters(values))
        #expect(run.reading().layers[0].dead == 0.75)
    }

    /// What a block lets through is judged, and the layer behind its ReLU has the number that it has in the file.
    @Test func `a block's ReLU is its own`() throws {
        let data = try SyntheticTask(rows: 160).make().data
        let layers: [LayerSpec] = [
            .dense(DenseSpec(units: 8)), .residual([.dense(DenseSpec(units: 8))]), .activation(.relu),
        ]
        let run = try run(spec(ModelSpec(layers: layers)), data)
        #expect(
            run.parameters().map(\.name) == ["1.weights", "1.bias", "2.1.weights", "2.1.bias", "4.weights", "4.bias"]
        )
        let values = run.parameters().map { part in
            part.name == "2.1.bias"
                ? ParameterValues(name: part.name, shape: part.shape, values: (0..<8).map { $0 < 2 ? -1000 : 1000 })
                : part
        }
        #expect(run.setParameters(values))
        let block = try #require(run.reading().layers.first { $0.name == "2" })
        #expect(block.activation == .relu && block.dead == 0.25)
    }

    @Test func `units that never act are dead, and equal columns are counted`() throws {
        let data = try SyntheticTask(rows: 160).make().data
        let run = try run(spec(ModelSpec(widths: [8])), data)
        #expect(run.reading().layers[0].dead == 0)
        let values = run.parameters().map { part in
            part.name == "1.bias"
                ? ParameterValues(name: part.name, shape: part.shape, values: (0..<8).map { $0 < 6 ? -1000 : 0 }) : part
        }
        #expect(run.setParameters(values))
        #expect(run.reading().layers[0].dead == 0.75)
        let constant = try self.run(spec(ModelSpec(widths: [8]), initializer: Initializer(.constant, scale: 0.1)), data)
        #expect(constant.reading().layers[0].equalUnits == 8)
    }

    @Test func `the sharpness of a linear model is the largest eigenvalue of its squares`() throws {
        // One feature that is ±2, no other: H of mean (y − wx − b)² is 2 · diag(4, 1).
        let storage = SyntheticRows(count: 64, columns: 1)
        for row in 0..<64 {
            storage.features[row * storage.rowStride] = row % 2 == 0 ? 2 : -2
            storage.numbers[row] = Float(row % 5)
        }
        let data = try SyntheticTask(rows: 64, validationRows: 0, columns: 1, classes: 0).wrap(storage).data
        let run = try run(spec(ModelSpec(layers: [])), data)
        let found = try #require(run.sharpness())
        #expect(abs(found - 8) < 0.05, "\(found)")
    }

    @Test func `gradient noise agrees with that of single rows`() throws {
        let data = try SyntheticTask(rows: 256, classes: 0).make().data
        let run = try run(spec(ModelSpec(widths: [16])), data)
        let noise = try #require(run.reading(measuresNoise: true).noise)
        let rows = (0..<256).map { run.gradient(rows: [Int32($0)]).flatMap(\.values).map(Double.init) }
        let count = Double(rows.count)
        var (variance, squared) = (0.0, 0.0)
        for column in rows[0].indices {
            let mean = rows.reduce(0) { $0 + $1[column] } / count
            variance += rows.reduce(0) { $0 + ($1[column] - mean) * ($1[column] - mean) } / (count - 1)
            squared += mean * mean
        }
        // Eight batches: the variance is known to about 1/√8, more where few rows carry it.
        #expect((0.4...2.5).contains(noise.variance / variance), "\(noise.variance) of \(variance)")
        #expect(
            abs(noise.squaredMean - squared) < 0.5 * squared + 4 * variance / 128,
            "\(noise.squaredMean) of \(squared)"
        )
    }

    /// Every row's gradient by itself is the oracle: in float64, of the same rows.
    @Test func `noise by single rows' lengths is that of their whole gradients`() throws {
        let layers: [LayerSpec] = [
            .dense(DenseSpec(units: 8)), .residual([.dense(DenseSpec(units: 8))]),
            .residual([.dense(DenseSpec(units: 6, bias: false))]), .activation(.tanh),
        ]
        let weighted = LossSpec(.softmaxCrossEntropy, labelSmoothing: 0.1, classWeights: .balanced)
        let cases: [(classes: Int, model: ModelSpec, loss: LossSpec?)] = [
            (3, ModelSpec(widths: [16, 20]), nil), (3, ModelSpec(widths: [16], activation: .tanh), weighted),
            (0, ModelSpec(widths: [24, 8], activation: .sigmoid), nil), (0, ModelSpec(layers: []), nil),
            (3, ModelSpec(layers: layers), nil),
        ]
        for (classes, model, loss) in cases {
            let data = try SyntheticTask(rows: 160, classes: classes).make().data
            var setting = spec(model)
            setting.loss = loss
            let run = try run(setting, data)
            _ = run.trainEpoch()
            // 40 are one batch of the network's room, 150 are three.
            for count in [40, 150] {
                let rows = (0..<count).map { Int32($0) }
                let single = rows.map { run.gradient(rows: [$0]).flatMap(\.flat) }
                let (variance, squared) = Self.noise(of: single)
                let found = try #require(run.rowNoise(of: rows))
                #expect(found.rows == count)
                #expect(abs(found.variance - variance) < 1e-4 * variance, "\(found.variance) of \(variance)")
                #expect(
                    abs(found.squaredMean - squared) < 1e-4 * (abs(squared) + variance / Double(count)),
                    "\(found.squaredMean) of \(squared)"
                )
            }
        }
    }

    /// The trace of the sample covariance, and the squared length of the mean less what that has of it.
    private static func noise(of gradients: [[Double]]) -> (variance: Double, squaredMean: Double) {
        let count = Double(gradients.count)
        var (variance, squared) = (0.0, 0.0)
        for column in gradients[0].indices {
            let mean = gradients.reduce(0) { $0 + $1[column] } / count
            variance += gradients.reduce(0) { $0 + ($1[column] - mean) * ($1[column] - mean) } / (count - 1)
            squared += mean * mean
        }
        return (variance, squared - variance / count)
    }

    @Test func `where a layer's gradient is no product, batches tell the noise, and a default reading none`() throws {
        let data = try SyntheticTask(rows: 160).make().data
        let normed = try run(spec(ModelSpec(widths: [8], norm: .layerNorm(epsilon: 1e-5))), data)
        normed.beginReadings(of: .full)
        _ = normed.trainEpoch()
        #expect(normed.rowNoise(of: [0, 1, 2]) == nil)
        #expect(normed.reading(of: .layers, segmentEnd: 6)?.noise == nil)
        #expect(normed.reading(of: .full, segmentEnd: 6)?.noise?.rows == 128)
        let dense = try run(spec(ModelSpec(widths: [8])), data)
        #expect(dense.rowNoise(of: [0]) == nil && dense.rowNoise(of: [0, 1]) != nil)
    }

    @Test func `classes are told with the means of their rows' losses, of validation and of the probe`() throws {
        // Test rows are measured last, and are none of theirs.
        let task = SyntheticTask(rows: 200, validationRows: 90, testRows: 40, classes: 4)
        let made = try task.make()
        let run = try run(spec(ModelSpec(widths: [16])), made.data)
        for _ in 1...2 { _ = run.trainEpoch() }
        let reading = try #require(run.reading(of: .layers, segmentEnd: 2))
        func means(_ part: TrainingData.Part) -> [Int: (rows: Int, loss: Double)] {
            var sums: [Int: (rows: Int, loss: Double)] = [:]
            for (row, loss) in zip(made.data.rows(part), run.rowLosses(part)) {
                let label = Int(made.storage.classes[Int(row)])
                let sum = sums[label] ?? (0, 0)
                sums[label] = (sum.rows + 1, sum.loss + Double(loss))
            }
            return sums.mapValues { ($0.rows, $0.loss / Double($0.rows)) }
        }
        let (validation, probe) = (means(.validation), means(.probe))
        let recalls = run.evaluate(.validation).recalls
        #expect(reading.classes.map(\.index) == Set(validation.keys).union(probe.keys).sorted())
        #expect(reading.classes.reduce(0) { $0 + $1.rows } == 90)
        for state in reading.classes {
            #expect(state.rows == validation[state.index]?.rows ?? 0)
            #expect(state.loss == validation[state.index]?.loss && state.probeLoss == probe[state.index]?.loss)
            #expect(state.recall == (state.rows > 0 ? recalls[state.index] : nil))
        }
    }

    @Test func `there are no classes of numbers, before the first epoch, and of weights that are not the epoch's`()
        throws
    {
        let numbers = try run(spec(ModelSpec(widths: [8])), try SyntheticTask(rows: 160, classes: 0).make().data)
        _ = numbers.trainEpoch()
        #expect(try #require(numbers.reading(of: .layers, segmentEnd: 1)).classes.isEmpty)
        var setting = makeSpec(
            [64],
            .adam(learningRate: 2e-2, beta1: 0.9, beta2: 0.999, epsilon: 1e-8),
            batchSize: 8,
            epochs: 60
        )
        setting.earlyStopping = EarlyStopping(patience: 3, restoresBest: true)
        let stopping = try run(setting, try SyntheticTask(rows: 32, validationRows: 64).make().data)
        let readings = stopping.trainObserved().instruments.readings
        #expect(stopping.stoppedEarly && readings.first?.classes.isEmpty == true)
        #expect(readings.last?.classes.isEmpty == true && readings[1].classes.count == 3)
    }

    @Test func `a run that diverges is read as far as it has numbers`() throws {
        let data = try SyntheticTask(rows: 160, classes: 0).make().data
        let run = try run(
            spec(ModelSpec(widths: [32]), optimizer: .sgd(learningRate: 100, momentum: 0.9), epochs: 20),
            data
        )
        let observed = run.trainObserved()
        #expect(run.diverged && observed.curve.firstNonFiniteEpoch == observed.curve.epochs)
        #expect(observed.instruments.readings.first?.epoch == 0)
        #expect(observed.instruments.readings.allSatisfy { $0.epoch < observed.curve.epochs })
    }

    @Test func `a worker's readings follow their schedule, and change no bit`() throws {
        let data = try SyntheticTask(rows: 160).make().data
        for (tier, epochs) in [
            (InstrumentTier.curve, []), (.layers, [1, 2, 4, 5]), (.full, [1, 2, 4, 5]),
        ] {
            let plain = try run(spec(ModelSpec(widths: [8], dropout: 0.2)), data)
            let read = try run(spec(ModelSpec(widths: [8], dropout: 0.2)), data)
            read.beginReadings(of: tier)
            var readings: [Instruments.Reading] = []
            for _ in 1...6 {
                let expected = try #require(plain.trainEpoch())
                let observed = try #require(read.trainEpoch())
                #expect(expected.matches(observed))
                if let reading = read.reading(of: tier, segmentEnd: 5) { readings.append(reading) }
            }
            #expect(plain.parameters() == read.parameters())
            #expect(readings.map(\.epoch) == epochs)
            // By default on the 64 rows on which layers are read, in full on eight batches.
            #expect(
                readings.allSatisfy {
                    $0.noise?.rows == ([1, 4].contains($0.epoch) ? (tier == .full ? 128 : 64) : nil)
                        && $0.sharpness == nil
                }
            )
            #expect(readings.allSatisfy { $0.layers.count == 2 && $0.layers[0].gradient != nil })
            // Ten steps an epoch, of the first epoch alone.
            #expect(readings.map(\.stepLosses.count) == epochs.map { tier == .full && $0 == 1 ? 10 : 0 })
        }
    }

    @Test func `of rows that stand by class a worker reads some of each`() throws {
        let storage = SyntheticRows(count: 608, columns: 2)
        for row in 0..<608 {
            storage.classes[row] = row < 300 ? 0 : 1
            storage.features[row * storage.rowStride] = row < 300 ? -2 : 2
        }
        let task = SyntheticTask(rows: 600, validationRows: 8, columns: 2, classes: 2)
        let run = try run(spec(ModelSpec(widths: [8])), try task.wrap(storage).data)
        for _ in 1...2 { _ = run.trainEpoch() }
        #expect(run.evaluate(.training).accuracy == 1)
        #expect(try #require(run.reading(of: .layers, segmentEnd: 2)).commonestPrediction == 0.5)
    }

    @Test func `a run that goes on from a checkpoint is read the same`() throws {
        let data = try SyntheticTask(rows: 160).make().data
        let setting = spec(ModelSpec(widths: [8], dropout: 0.2))
        let whole = try run(setting, data)
        let first = try run(setting, data)
        for _ in 1...3 { _ = first.trainEpoch() }
        let checkpoint = try #require(first.checkpoint())
        let second = try TrainingRun(
            restoring: checkpoint,
            spec: setting,
            data: data,
            seed: 3,
            kernels: try KernelTable.selected()
        )
        second.beginReadings(of: .full)
        for _ in 1...4 { _ = whole.trainEpoch() }
        _ = second.trainEpoch()
        let expected = try #require(whole.reading(of: .full, segmentEnd: 6))
        #expect(second.reading(of: .full, segmentEnd: 6) == expected && expected.epoch == 4)
    }

    @Test func `weights of an earlier epoch that were put back are not read, and a broken network is not`() throws {
        func stopped(restoring: Bool) throws -> TrainingRun {
            var setting = makeSpec(
                [64],
                .adam(learningRate: 2e-2, beta1: 0.9, beta2: 0.999, epsilon: 1e-8),
                batchSize: 8,
                epochs: 60
            )
            setting.earlyStopping = EarlyStopping(patience: 3, restoresBest: restoring)
            let data = try SyntheticTask(rows: 32, validationRows: 64).make().data
            let run = try run(setting, data)
            while !run.isOver, run.epoch < 60 { _ = run.trainEpoch() }
            return run
        }
        let (restored, left) = (try stopped(restoring: true), try stopped(restoring: false))
        #expect(restored.stoppedEarly && left.stoppedEarly && restored.epoch == left.epoch)
        #expect(restored.reading(of: .layers, segmentEnd: restored.epoch) == nil)
        #expect(left.reading(of: .layers, segmentEnd: left.epoch)?.epoch == left.epoch)
        let broken = try run(
            spec(ModelSpec(widths: [32]), optimizer: .sgd(learningRate: 100, momentum: 0.9), epochs: 20),
            try SyntheticTask(rows: 160, classes: 0).make().data
        )
        while !broken.isOver, broken.epoch < 20 { _ = broken.trainEpoch() }
        #expect(broken.diverged && broken.reading(of: .layers, segmentEnd: broken.epoch) == nil)
    }
}
