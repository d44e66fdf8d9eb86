package import SweepCore
import SweepNumerics

/// The rows that runs train on, read in place: features, targets and the three parts, checked once.
///
/// Any number of runs on any threads share one. `@unchecked Sendable` because of the pointers: nothing writes through
/// them, and the owner that keeps the memory alive is kept alive here.
package final class TrainingData: @unchecked Sendable {
    /// What is predicted, one value a row.
    package enum Targets {
        /// Class indices.
        case classes(UnsafePointer<Int32>)
        /// Numbers.
        case numbers(UnsafePointer<Float>)
    }

    /// A set of rows.
    package enum Part: CaseIterable, Sendable {
        case training, validation, test
        /// Fixed training rows on which `probe.loss` is measured: the same for every trial on this data.
        case probe
    }

    /// Rows of the probe of so many training rows: a tenth, between 64 and 512; all training rows where there are fewer.
    ///
    /// A row that is measured costs a little more than a third of one that is trained on (0.36 to 0.45 of it in four networks,
    /// `Benchmarks/bench-core --only costs`): a tenth of the rows after each epoch is 4 to 5 % of training, within the 8 % that the
    /// default instruments may cost, where 512 of 1,437 took 13 %. Below 640 rows it is more, of epochs that take a millisecond. The standard
    /// error of the loss is 4 % of its spread over rows at 512, 12.5 % at 64. Loss changes of the same rows vary less, and the limits of
    /// S-OSC were measured on a probe of 64.
    package static func probeRows(of trainingRows: Int) -> Int { min(512, max(64, trainingRows / 10)) }

    /// How many rows of the probe a worker reads the layers on, of so many training rows: a twentieth, between 64 and 128.
    ///
    /// A reading forwards its rows and looks at each unit of each, and eight of the first 27 epochs are read: 128 rows of 1,437 took
    /// 4 % of the training of a small network (`Benchmarks/bench-core --only costs`). A twentieth keeps that share from growing
    /// below 2,560 rows, down to 1,280. From 64 rows on nothing is lost that is judged: a unit that is above zero on 2 % of all rows
    /// is called dead (above it on less than 1 % of those read) in 27 of 100 draws of 64 rows, where it may act on none, and in as
    /// many of 128, where it may act on one.
    package static func readRows(of trainingRows: Int) -> Int { min(128, max(64, trainingRows / 20)) }

    package let schema: DataSchema
    /// Row r begins at `features[r · rowStride]`.
    let features: UnsafePointer<Float>
    let rowStride: Int
    let targets: Targets
    /// What a target was divided by (after a shift), so that losses and errors can be told in the target's own unit.
    let targetUnit: Double
    /// Weights that runs may begin with, by the file that the specification names.
    let startingWeights: [String: [ParameterValues]]
    /// Names the content, for checkpoints: features, targets and parts.
    let digest: UInt64
    /// Mean square distance of the part's targets from their mean; NaN for classes and for an empty part.
    private let variances: [Part: Double]
    private let parts: [Part: [Int32]]
    /// Rows of the probe on which a worker reads the layers, in proportion to the classes.
    package let readRows: [Int32]
    private let owner: AnyObject?

    /// Wraps rows without copying them.
    ///
    /// - Parameters:
    ///   - features: `rowCount · rowStride` elements; past the features a row holds zeros.
    ///   - rowStride: A multiple of 16, at least the number of features.
    ///   - targetUnit: What the numbers to be predicted were divided by, above 0; 1 for classes.
    ///   - owner: What frees the memory when it is released; nil if the memory outlives every run.
    package init(
        schema: DataSchema,
        features: UnsafePointer<Float>,
        rowCount: Int,
        rowStride: Int,
        targets: Targets,
        targetUnit: Double = 1,
        trainingRows: some Collection<some BinaryInteger>,
        validationRows: some Collection<some BinaryInteger>,
        testRows: some Collection<some BinaryInteger>,
        startingWeights: [String: [ParameterValues]] = [:],
        owner: AnyObject?
    ) throws(TrainingDataError) {
        guard rowStride >= schema.features.count, rowStride % 16 == 0 else {
            throw .rowStride(found: rowStride, features: schema.features.count)
        }
        let training = try Self.checked(trainingRows, rowCount)
        let validation = try Self.checked(validationRows, rowCount)
        let test = try Self.checked(testRows, rowCount)
        guard
            training.count == schema.trainingRows, validation.count == schema.validationRows,
            test.count == schema.testRows
        else { throw .rowCounts }
        try Self.checkTargets(targets, schema: schema, rows: training + validation + test)
        let probe = Self.sample(
            Self.probeRows(of: training.count),
            of: training,
            targets: targets,
            classes: schema.outputs
        )
        // Not the first rows of the probe: in a file that is sorted by class those are of one class.
        readRows = Self.sample(
            Self.readRows(of: training.count),
            of: probe,
            targets: targets,
            classes: schema.outputs
        )
        self.schema = schema
        self.features = features
        self.rowStride = rowStride
        self.targets = targets
        self.targetUnit = targetUnit
        self.startingWeights = startingWeights
        self.owner = owner
        parts = [.training: training, .validation: validation, .test: test, .probe: probe]
        variances = parts.mapValues { Self.variance(of: $0, targets: targets) }
        digest = Self.digest(
            features: features,
            columns: schema.features.count,
            rowStride: rowStride,
            targets: targets,
            outputs: schema.outputs,
            unit: targetUnit,
            parts: [training, validation, test]
        )
    }

    /// The row numbers of a part, in the order in which they are measured.
    package func rows(_ part: Part) -> [Int32] { parts[part] ?? [] }

    /// The order of the training rows under a sampling; its owner deallocates it.
    func epochOrder(_ sampling: Sampling) -> EpochOrder {
        let training = rows(.training)
        guard sampling != .none, case .classes(let classes) = targets else { return EpochOrder(rows: training) }
        return EpochOrder(
            rows: training,
            sampling: EpochSampling(
                sampling,
                rows: training,
                labels: training.map { classes[Int($0)] },
                classCount: schema.outputs
            )
        )
    }

    /// Mean square distance of a part's targets from their mean; NaN for classes and for an empty part.
    package func variance(_ part: Part) -> Double { variances[part] ?? .nan }
}

extension TrainingData {
    private static func checked(
        _ rows: some Collection<some BinaryInteger>,
        _ rowCount: Int
    ) throws(TrainingDataError) -> [Int32] {
        var result: [Int32] = []
        result.reserveCapacity(rows.count)
        for row in rows {
            guard let row = Int32(exactly: row), row >= 0, Int(row) < rowCount else {
                throw .rowOutOfRange(row: Int(clamping: row), rows: rowCount)
            }
            result.append(row)
        }
        return result
    }

    private static func checkTargets(
        _ targets: Targets,
        schema: DataSchema,
        rows: [Int32]
    ) throws(TrainingDataError) {
        switch (targets, schema.task) {
        case (.numbers, .regression): return
        case (.classes(let classes), .classification):
            let count = schema.outputs
            for row in rows {
                let label = classes[Int(row)]
                guard label >= 0, Int(label) < count else {
                    throw .classOutOfRange(row: Int(row), found: label, classes: count)
                }
            }
        default: throw .targetKind
        }
    }

    /// A sample of rows in proportion to the classes, a function of the data alone, in row order; all where there are not more.
    ///
    /// The rows are shuffled; the j-th of a class with n rows gets the place (j + ½) / n, and the first places win.
    private static func sample(_ count: Int, of rows: [Int32], targets: Targets, classes: Int) -> [Int32] {
        guard rows.count > count else { return rows.sorted() }
        var shuffled = rows.sorted()
        var stream = RandomStream(key: StreamPurpose.probe.key(seed: 0, index: 0))
        stream.shuffle(&shuffled)
        func stratum(_ row: Int32) -> Int {
            if case .classes(let labels) = targets { Int(labels[Int(row)]) } else { 0 }
        }
        var sizes = [Int](repeating: 0, count: max(classes, 1))
        for row in shuffled { sizes[stratum(row)] += 1 }
        var seen = [Int](repeating: 0, count: sizes.count)
        let placed = shuffled.enumerated().map { position, row in
            let stratum = stratum(row)
            seen[stratum] += 1
            return (place: (Double(seen[stratum]) - 0.5) / Double(sizes[stratum]), position: position, row: row)
        }
        return placed.sorted { ($0.place, $0.position) < ($1.place, $1.position) }.prefix(count).map(\.row).sorted()
    }

    private static func variance(of rows: [Int32], targets: Targets) -> Double {
        guard case .numbers(let numbers) = targets, !rows.isEmpty else { return .nan }
        return Moments(of: rows.lazy.map { Double(numbers[Int($0)]) }).populationVariance
    }

    private static func digest(
        features: UnsafePointer<Float>,
        columns: Int,
        rowStride: Int,
        targets: Targets,
        outputs: Int,
        unit: Double,
        parts: [[Int32]]
    ) -> UInt64 {
        var hash = WordHash()
        if unit != 1 { hash.combine(unit.bitPattern) }
        hash.combine(UInt64(columns))
        hash.combine(UInt64(outputs))
        for part in parts {
            part.withUnsafeBytes { hash.combine(bytes: $0) }
            for row in part {
                let row = Int(row)
                hash.combine(bytes: UnsafeRawBufferPointer(start: features + row * rowStride, count: columns * 4))
                switch targets {
                case .classes(let classes): hash.combine(UInt64(truncatingIfNeeded: classes[row]))
                case .numbers(let numbers): hash.combine(UInt64(numbers[row].bitPattern) | 1 &<< 32)
                }
            }
        }
        return hash.value
    }
}
