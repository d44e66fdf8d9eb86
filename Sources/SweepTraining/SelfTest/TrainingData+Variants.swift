import SweepCore
import SweepNumerics

/// Memory that a variant of a data set lives in.
private final class VariantMemory {
    let features: UnsafeMutablePointer<Float>?
    let labels: UnsafeMutablePointer<Int32>?
    let numbers: UnsafeMutablePointer<Float>?
    /// Keeps alive what is shared with the original.
    private let original: TrainingData

    init(
        _ original: TrainingData,
        features: UnsafeMutablePointer<Float>? = nil,
        labels: UnsafeMutablePointer<Int32>? = nil,
        numbers: UnsafeMutablePointer<Float>? = nil
    ) {
        self.original = original
        self.features = features
        self.labels = labels
        self.numbers = numbers
    }

    deinit {
        features?.deallocate()
        labels?.deallocate()
        numbers?.deallocate()
    }
}

extension TrainingData {
    /// One more than the greatest row number of any part.
    private var rowCount: Int {
        Int(Part.allCases.compactMap { rows($0).max() }.max() ?? -1) + 1
    }

    /// The first `count` training rows as all there are.
    func batch(of count: Int) throws(TrainingDataError) -> TrainingData {
        let chosen = Array(rows(.training).prefix(count))
        return try TrainingData(
            schema: DataSchema(
                features: schema.features,
                image: schema.image,
                task: task(of: chosen),
                trainingRows: chosen.count,
                validationRows: 0,
                testRows: 0
            ),
            features: features,
            rowCount: rowCount,
            rowStride: rowStride,
            targets: targets,
            targetUnit: targetUnit,
            trainingRows: chosen,
            validationRows: [Int32](),
            testRows: [Int32](),
            startingWeights: startingWeights,
            owner: VariantMemory(self)
        )
    }

    /// The same rows with every feature zero.
    func withZeroFeatures() throws(TrainingDataError) -> TrainingData {
        let count = max(rowCount * rowStride, 1)
        let zeros = UnsafeMutablePointer<Float>.allocate(capacity: count)
        zeros.initialize(repeating: 0, count: count)
        return try variant(features: zeros, targets: targets, owner: VariantMemory(self, features: zeros))
    }

    /// The same rows with the training rows' targets in another order.
    func withShuffledTargets(seed: UInt64) throws(TrainingDataError) -> TrainingData {
        let training = rows(.training)
        var order = training
        var stream = RandomStream(key: RandomStream.mix(seed &+ 1))
        stream.shuffle(&order)
        let count = max(rowCount, 1)
        switch targets {
        case .classes(let classes):
            let copy = UnsafeMutablePointer<Int32>.allocate(capacity: count)
            copy.initialize(repeating: 0, count: count)
            for part in [Part.training, .validation, .test] {
                for row in rows(part) { copy[Int(row)] = classes[Int(row)] }
            }
            for (row, other) in zip(training, order) { copy[Int(row)] = classes[Int(other)] }
            return try variant(
                features: features,
                targets: .classes(copy),
                owner: VariantMemory(self, labels: copy)
            )
        case .numbers(let numbers):
            let copy = UnsafeMutablePointer<Float>.allocate(capacity: count)
            copy.initialize(repeating: 0, count: count)
            for part in [Part.training, .validation, .test] {
                for row in rows(part) { copy[Int(row)] = numbers[Int(row)] }
            }
            for (row, other) in zip(training, order) { copy[Int(row)] = numbers[Int(other)] }
            return try variant(
                features: features,
                targets: .numbers(copy),
                owner: VariantMemory(self, numbers: copy)
            )
        }
    }

    private func variant(
        features: UnsafePointer<Float>,
        targets: Targets,
        owner: AnyObject
    ) throws(TrainingDataError) -> TrainingData {
        try TrainingData(
            schema: schema,
            features: features,
            rowCount: rowCount,
            rowStride: rowStride,
            targets: targets,
            targetUnit: targetUnit,
            trainingRows: rows(.training),
            validationRows: rows(.validation),
            testRows: rows(.test),
            startingWeights: startingWeights,
            owner: owner
        )
    }

    private func task(of rows: [Int32]) -> DataTask {
        switch (schema.task, targets) {
        case (.classification(let classes, _), .classes(let labels)):
            var counts = [Int](repeating: 0, count: classes.count)
            for row in rows { counts[Int(labels[Int(row)])] += 1 }
            return .classification(classes: classes, trainingCounts: counts)
        case (_, .numbers(let numbers)):
            let moments = Moments(of: rows.lazy.map { Double(numbers[Int($0)]) })
            return .regression(mean: moments.mean, variance: moments.populationVariance)
        default: return schema.task
        }
    }

    /// The loss, in the measured unit, of the best guess that ignores the features.
    func guessLoss(_ spec: TrainingSpec) -> Double {
        let loss = spec.loss(on: schema)
        switch (loss.kind, targets) {
        case (.softmaxCrossEntropy, _): return schema.chanceLoss
        case (.binaryCrossEntropy, .classes):
            // One output for two classes, else the mean over the classes' own outputs.
            guard case .classification(_, let counts) = schema.task else { return .nan }
            let total = Double(counts.reduce(0, +))
            let entropies = counts.map { count -> Double in
                let share = Double(count) / total
                return [share, 1 - share].reduce(0) { $0 - ($1 > 0 ? $1 * Elementary.log($1) : 0) }
            }
            return counts.count == 2 ? entropies[1] : entropies.reduce(0, +) / Double(counts.count)
        case (_, .classes):
            guard case .classification(_, let counts) = schema.task else { return .nan }
            let total = Double(counts.reduce(0, +))
            return counts.reduce(0.0) { $0 + Double($1) / total * (1 - Double($1) / total) } / Double(counts.count)
        case (_, .numbers(let numbers)):
            let values = rows(.training).map { Double(numbers[Int($0)]) }.sorted()
            let moments = Moments(of: values)
            if loss.kind.unitPower == 2 { return moments.populationVariance * targetUnit * targetUnit }
            let median = values.isEmpty ? 0 : values[values.count / 2]
            return values.reduce(0) { $0 + abs($1 - median) } / Double(max(values.count, 1)) * targetUnit
        }
    }

    /// The share of the most frequent class of a part.
    func largestShare(_ part: Part) -> Double {
        guard case .classes(let labels) = targets, !rows(part).isEmpty else { return .nan }
        var counts: [Int32: Int] = [:]
        for row in rows(part) { counts[labels[Int(row)], default: 0] += 1 }
        return Double(counts.values.max() ?? 0) / Double(rows(part).count)
    }
}
