import Glibc
import SweepCore
import SweepKernels
import SweepNumerics
import SweepTraining
import Testing

@Suite struct MetricTests {
    /// A linear model that passes its inputs on: the validation rows' features are its predictions.
    private func passing(
        _ logits: [[Double]],
        labels: [Int],
        classes: Int,
        loss: LossSpec? = nil
    ) throws -> TrainingRun {
        let columns = logits[0].count
        let storage = SyntheticRows(count: logits.count + classes, columns: columns)
        // One training row a class, so that every class is known.
        for label in 0..<classes { storage.classes[label] = Int32(label) }
        for (row, values) in logits.enumerated() {
            for (column, value) in values.enumerated() {
                storage.features[(classes + row) * storage.rowStride + column] = Float(value)
            }
            storage.classes[classes + row] = Int32(labels[row])
        }
        let task = SyntheticTask(rows: classes, validationRows: logits.count, columns: columns, classes: classes)
        let run = try TrainingRun(
            spec: makeSpec([], loss: loss, batchSize: 1),
            data: try task.wrap(storage).data,
            seed: 1,
            kernels: .selected()
        )
        let identity = (0..<(columns * columns)).map { Float($0 / columns == $0 % columns ? 1 : 0) }
        let start = run.parameters()
        let weights = zip(start, [identity, [Float](repeating: 0, count: columns)]).map {
            ParameterValues(name: $0.name, shape: $0.shape, values: $1)
        }
        #expect(run.setParameters(weights))
        #expect(run.predictions(.validation) == logits.flatMap { $0.map { Float($0) } })
        return run
    }

    /// The share of pairs in which the row of the class scores higher, ties counting half.
    private func area(_ scores: [Double], _ isOfClass: [Bool]) -> Double {
        var (sum, pairs) = (0.0, 0.0)
        for (a, isPositive) in zip(scores, isOfClass) where isPositive {
            for (b, isOther) in zip(scores, isOfClass) where !isOther {
                sum += a > b ? 1 : a == b ? 0.5 : 0
                pairs += 1
            }
        }
        return sum / pairs
    }

    private func same(_ a: Double, _ b: Double) -> Bool { (a.isNaN && b.isNaN) || abs(a - b) < 1e-12 }

    /// Compares all scores of classes with their definitions.
    private func check(_ logits: [[Double]], _ labels: [Int], classes: Int) throws {
        let found = try passing(logits, labels: labels, classes: classes).evaluate(.validation)
        let rows = logits.indices
        // The lowest of equal classes is predicted.
        let predicted = logits.map { row in row.indices.reduce(0) { row[$1] > row[$0] ? $1 : $0 } }
        let count = Double(logits.count)
        #expect(same(found.accuracy, Double(rows.count { predicted[$0] == labels[$0] }) / count))
        let recalls = (0..<classes).map { label -> Double in
            let own = rows.filter { labels[$0] == label }
            return own.isEmpty ? .nan : Double(own.count { predicted[$0] == label }) / Double(own.count)
        }
        #expect(found.recalls.count == classes && zip(found.recalls, recalls).allSatisfy(same))
        let known = recalls.filter { !$0.isNaN }
        #expect(same(found.balancedAccuracy, known.reduce(0, +) / Double(known.count)))
        let scores = (0..<classes).compactMap { label -> Double? in
            let hits = Double(rows.count { labels[$0] == label && predicted[$0] == label })
            let (own, said) = (
                Double(rows.count { labels[$0] == label }), Double(rows.count { predicted[$0] == label })
            )
            guard own + said > 0 else { return nil }
            let (precision, recall) = (said > 0 ? hits / said : 0, own > 0 ? hits / own : 0)
            return precision + recall == 0 ? 0 : 2 * precision * recall / (precision + recall)
        }
        #expect(same(found.macroF1, scores.reduce(0, +) / Double(scores.count)))
        let shares = logits.map { row -> [Double] in
            let sum = row.reduce(0) { $0 + exp($1) }
            return row.map { exp($0) / sum }
        }
        func areaOf(_ label: Int) -> Double { area(shares.map { $0[label] }, labels.map { $0 == label }) }
        let areas = (0..<classes).map(areaOf).filter { !$0.isNaN }
        let expected =
            classes == 2 ? areaOf(1) : areas.isEmpty ? .nan : areas.reduce(0, +) / Double(areas.count)
        #expect(same(found.areaUnderCurve, expected), "\(found.areaUnderCurve) for \(expected)")
        if classes > 5 {
            let among = rows.count { row in
                logits[row].indices.count {
                    logits[row][$0] > logits[row][labels[row]]
                        || (logits[row][$0] == logits[row][labels[row]] && $0 < labels[row])
                } < 5
            }
            let share = try #require(found.topAccuracies[5])
            #expect(same(share, Double(among) / count))
            #expect(share > found.accuracy && share < 1)
        } else {
            #expect(found.topAccuracies.isEmpty)
        }
        #expect(found.r2.isNaN && found.absoluteError.isNaN)
    }

    @Test(arguments: [2, 3, 4, 7, 12])
    func `scores of classes are those of their definitions`(_ classes: Int) throws {
        let seed: UInt64 = 4
        var stream = RandomStream(key: RandomStream.mix(seed))
        let labels = (0..<83).map { _ in stream.below(classes) }
        let logits = labels.map { label in (0..<classes).map { stream.normal() + ($0 == label ? 0.7 : 0) } }
        try check(logits, labels, classes: classes)
        // Equal rows of different classes tie in every score.
        try check(logits + logits.reversed(), labels + labels, classes: classes)
    }

    @Test func `scores with ties, an absent class and a class that is alone`() throws {
        try check([[0, 0], [0, 1], [0, 1], [0, 1], [0, 2], [0, 2]], [0, 0, 1, 1, 0, 1], classes: 2)
        // Class 2 has no rows, but is predicted once; class 3 neither.
        try check([[1, 0, 0, -1], [0, 1, 0, -1], [0, 0, 1, -1], [2, 0, 0, -1]], [0, 1, 1, 0], classes: 4)
        for label in [0, 1] { try check([[0, 1], [1, 0], [0, 3]], [label, label, label], classes: 2) }
        try check([[0, 1, 2], [1, 0, 2]], [1, 1], classes: 3)
    }

    @Test func `one output speaks for the second of two classes`() throws {
        let logits = [[-1.0], [0], [0.5], [2], [-0.5], [0.5]]
        let labels = [0, 0, 1, 1, 1, 0]
        let found = try passing(logits, labels: labels, classes: 2, loss: LossSpec(.binaryCrossEntropy))
            .evaluate(.validation)
        #expect(same(found.accuracy, 4.0 / 6) && found.recalls == [2.0 / 3, 2.0 / 3])
        #expect(same(found.areaUnderCurve, area(logits.map { $0[0] }, labels.map { $0 == 1 })))
        let losses = zip(logits, labels).map { max($0[0], 0) - $0[0] * Double($1) + log1p(exp(-abs($0[0]))) }
        #expect(abs(found.loss - losses.reduce(0, +) / 6) < 1e-6)
    }

    @Test func `errors of numbers are told in the target's own unit`() throws {
        for (kind, power) in [
            (LossKind.meanSquaredError, 2.0), (.meanAbsoluteError, 1), (.huber, 2),
        ] {
            func run(_ unit: Double) throws -> (TrainingRun, SyntheticData) {
                let task = try SyntheticTask(rows: 40, validationRows: 50, classes: 0, targetUnit: unit).make()
                let run = try TrainingRun(
                    spec: makeSpec([6], loss: LossSpec(kind, delta: 0.7)),
                    data: task.data,
                    seed: 2,
                    kernels: .selected()
                )
                return (run, task)
            }
            let ((plain, task), (scaled, _)) = (try run(1), try run(4))
            let (a, b) = (plain.evaluate(.validation), scaled.evaluate(.validation))
            #expect(b.loss == a.loss * pow(4, power) && b.absoluteError == 4 * a.absoluteError && b.r2 == a.r2)
            let predictions = plain.predictions(.validation).map(Double.init)
            let targets = task.data.rows(.validation).map { Double(task.storage.numbers[Int($0)]) }
            let errors = zip(predictions, targets).map { $0 - $1 }
            let mean = targets.reduce(0, +) / 50
            let spread = targets.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            #expect(abs(a.absoluteError - errors.reduce(0) { $0 + abs($1) } / 50) < 1e-6 * a.absoluteError)
            #expect(abs(a.r2 - (1 - errors.reduce(0) { $0 + $1 * $1 } / spread)) < 1e-6)
            #expect(a.accuracy.isNaN && a.areaUnderCurve.isNaN && a.recalls.isEmpty)
            let (first, second) = (try #require(plain.trainEpoch()), try #require(scaled.trainEpoch()))
            for (index, metric) in plain.metrics.enumerated() {
                let factor =
                    switch metric {
                    case .trainingLoss, .probeLoss, .validationLoss: pow(4, power)
                    case .validationMAE: 4.0
                    default: 1.0
                    }
                #expect(same(second.values[index], first.values[index] * factor), "\(metric.rawValue)")
            }
        }
    }

    @Test func `a run counts among as many of the largest outputs as it is asked for, or as a rule watches`() throws {
        let task = try SyntheticTask(rows: 60, validationRows: 40, classes: 7).make()
        var setting = makeSpec([8], .sgd(learningRate: 0.05, momentum: 0), batchSize: 20)
        let plain = try TrainingRun(spec: setting, data: task.data, seed: 1, kernels: .selected())
        #expect(plain.evaluate(.validation).topAccuracies.keys.sorted() == [5])
        setting.earlyStopping = EarlyStopping(metric: .validationTopAccuracy(2), patience: 3)
        let run = try TrainingRun(spec: setting, data: task.data, seed: 1, kernels: .selected())
        run.alsoReported = [.validationTopAccuracy(3), .validationTopAccuracy(6), .validationTopAccuracy(7)]
        let found = run.evaluate(.validation)
        #expect(found.topAccuracies.keys.sorted() == [2, 3, 5, 6])
        let shares = [2, 3, 5, 6].compactMap { found.topAccuracies[$0] }
        #expect(zip([found.accuracy] + shares, shares).allSatisfy { $0 <= $1 } && shares[3] < 1)
        #expect(found.accuracy < shares[1])
        let observation = try #require(run.trainEpoch())
        let values = Dictionary(uniqueKeysWithValues: zip(run.metrics, observation.values))
        #expect(values[.validationTopAccuracy(3)] == run.evaluate(.validation).topAccuracies[3])
        #expect(values[.validationTopAccuracy(2)] == nil, "watched, but not reported")
        setting.earlyStopping = EarlyStopping(metric: .validationTopAccuracy(7), patience: 3)
        #expect(throws: TrainingError.self) {
            try TrainingRun(spec: setting, data: task.data, seed: 1, kernels: .selected())
        }
    }

    // covers: Y14
    @Test func `a run reports what its schema promises, each where it belongs`() throws {
        let task = try SyntheticTask(rows: 60, validationRows: 40, classes: 7).make()
        var setting = makeSpec([8], .sgd(learningRate: 0.05, momentum: 0), l2: 0.1, batchSize: 20)
        setting.l1 = 0.01
        setting.clipNorm = 0.5
        let run = try TrainingRun(spec: setting, data: task.data, seed: 1, kernels: .selected())
        #expect(run.metrics == Metric.reported(for: task.data.schema))
        for _ in 0..<2 { run.step() }
        let before = run.parameters()
        let observation = try #require(run.trainEpoch())
        let values = Dictionary(uniqueKeysWithValues: zip(run.metrics, observation.values))
        let found = run.evaluate(.validation)
        #expect(values[.validationLoss] == found.loss && values[.validationAccuracy] == found.accuracy)
        #expect(values[.validationF1] == found.macroF1 && values[.validationAUC] == found.areaUnderCurve)
        #expect(values[.validationBalancedAccuracy] == found.balancedAccuracy)
        #expect(found.topAccuracies[5] != nil && values[.validationTopAccuracy(5)] == found.topAccuracies[5])
        for (label, recall) in found.recalls.enumerated() { #expect(values[.validationRecall("\(label)")] == recall) }
        #expect(values[.learningRate] == 0.05)
        let after = run.parameters()
        let (weights, all) = (after.filter { $0.name.hasSuffix("weights") }.flatMap(\.flat), after.flatMap(\.flat))
        let penalty = weights.reduce(0) { $0 + 0.01 * abs($1) + 0.05 * $1 * $1 }
        let norm = all.reduce(0) { $0 + $1 * $1 }.squareRoot()
        let change = zip(all, before.flatMap(\.flat)).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
        for (metric, expected) in [
            (Metric.trainingPenalty, penalty), (.weightNorm, norm), (.updateRatio, change / norm),
            (.gradientNorm, change / 0.05),
        ] {
            let value = try #require(values[metric])
            #expect(abs(value - expected) < 1e-5 * expected, "\(metric.rawValue): \(value) for \(expected)")
        }
    }

    @Test(arguments: [0, 3]) func `test rows are measured each epoch and change nothing else`(classes: Int) throws {
        func run(testRows: Int) throws -> TrainingRun {
            try TrainingRun(
                spec: makeSpec([8]),
                data: SyntheticTask(rows: 60, validationRows: 40, testRows: testRows, classes: classes).make().data,
                seed: 1,
                kernels: .selected()
            )
        }
        let (without, with) = (try run(testRows: 0), try run(testRows: 24))
        #expect(with.metrics.filter { !$0.isOfTestRows } == without.metrics)
        for _ in 0..<2 {
            let (plain, told) = (try #require(without.trainEpoch()), try #require(with.trainEpoch()))
            let values = Dictionary(uniqueKeysWithValues: zip(with.metrics, told.values))
            for (metric, value) in zip(without.metrics, plain.values) {
                #expect(values[metric]?.bitPattern == value.bitPattern, "\(metric.rawValue)")
            }
            let (test, validation) = (with.evaluate(.test), with.evaluate(.validation))
            #expect(values[.testLoss] == test.loss && test.loss != validation.loss)
            if classes == 0 {
                #expect(values[.testR2] == test.r2 && values[.testMAE] == test.absoluteError)
            } else {
                #expect(values[.testAccuracy] == test.accuracy && values[.testF1] == test.macroF1)
                #expect(values[.testAUC] == test.areaUnderCurve)
                #expect(values[.testBalancedAccuracy] == test.balancedAccuracy)
            }
        }
    }

    @Test func `a test loss that is not finite decides nothing either`() throws {
        let task = try SyntheticTask(rows: 60, validationRows: 40, testRows: 8, classes: 0).make()
        // Of the first test row alone: its square is beyond float32.
        task.storage.features[100 * task.storage.rowStride] = 1e30
        let run = try TrainingRun(
            spec: makeSpec([], .sgd(learningRate: 1e-3, momentum: 0)),
            data: task.data,
            seed: 1,
            kernels: .selected()
        )
        let observation = try #require(run.trainEpoch())
        let values = Dictionary(uniqueKeysWithValues: zip(run.metrics, observation.values))
        #expect(!run.diverged && values[.validationLoss]?.isFinite == true)
        #expect(values[.testLoss]?.isFinite == false)
    }

    // covers: R6
    @Test func `the clipped share counts the steps whose gradient was too long`() throws {
        let task = try SyntheticTask(rows: 64, validationRows: 8).make()
        for (limit, share) in [(1e-6, 1.0), (1e6, 0)] {
            let run = try TrainingRun(
                spec: makeSpec([8]).with { $0.clipNorm = limit },
                data: task.data,
                seed: 1,
                kernels: .selected()
            )
            let observation = try #require(run.trainEpoch())
            #expect(zip(run.metrics, observation.values).first { $0.0 == .clipShare }?.1 == share)
        }
        // Between the two: as many as a free run's gradients exceed the limit.
        let free = try TrainingRun(
            spec: makeSpec([8], .sgd(learningRate: 1e-9, momentum: 0)),
            data: task.data,
            seed: 1,
            kernels: .selected()
        )
        let order = free.rowOrder(epoch: 0)
        let norms = (0..<4).map { step in
            free.gradient(rows: Array(order[(16 * step)..<(16 * step + 16)])).flatMap(\.flat).reduce(0) { $0 + $1 * $1 }
                .squareRoot()
        }
        let limit = norms.sorted()[1..<3].reduce(0, +) / 2
        let run = try TrainingRun(
            spec: makeSpec([8], .sgd(learningRate: 1e-9, momentum: 0)).with { $0.clipNorm = limit },
            data: task.data,
            seed: 1,
            kernels: .selected()
        )
        let observation = try #require(run.trainEpoch())
        #expect(zip(run.metrics, observation.values).first { $0.0 == .clipShare }?.1 == 0.5)
    }
}
