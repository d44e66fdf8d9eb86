package import SweepCore

/// Features ready for training: preprocessed, finite, aligned, and read by many threads at once.
///
/// Layout: rows × `rowStride` floats, `rowStride` being the number of features rounded up to 16 (a logical vector), the
/// rest of each row zero; the first row starts at a multiple of 64 bytes (a cache line), hence every row does.
///
/// Sendable because nothing changes after the initialiser: all stored properties are constants, and the memory behind
/// `features` is written by the initialiser alone, before anyone else has the object, and freed with it.
package final class PreparedData: @unchecked Sendable {
    /// The schema after preparation: its features are the inputs of a model, `layout.names`.
    package let schema: DataSchema
    /// Rows of all parts.
    package let rowCount: Int
    /// How the data set's columns became inputs.
    package let layout: FeatureLayout
    /// Inputs of a row, without the padding.
    package let featureCount: Int
    /// Floats from one row to the next.
    package let rowStride: Int
    /// The first float of the first row; valid while this object lives.
    package let features: UnsafePointer<Float>
    /// What each row is to be predicted as: numbers as `(y − shift) / factor` of `targetScale`.
    package let targets: DataTargets
    /// How the targets were scaled, fitted on the training rows: y = factor · target + shift.
    package let targetScale: (shift: Double, factor: Double)
    /// Which row is for what.
    package let split: RowSplit
    /// The steps in order, as fitted on the training rows: what the first `layout.numberCount` inputs of new rows must go
    /// through before the model. `power` gives two, the power and the scale.
    package let steps: [FittedStep]

    private let memory: FeatureMemory

    /// Floats of a logical vector: rows are padded to a multiple of it.
    package static let rowAlignment = 16

    /// The most memory that rows may take, 64 GiB: more inputs come from a column that should not be categories.
    package static let greatestSize = 64 << 30

    /// Bytes of columns that are gathered at once for steps that sort them: at least one column is.
    private static let gatheredSize = 64 << 20

    /// Whether so many inputs can be held, each with an indicator.
    static func fits(rows: Int, inputs: Int) -> Bool {
        // The products cannot overflow: rows are below 2^31.
        inputs <= FeatureLayout.greatestCount
            && (2 * inputs + rowAlignment) * rows * MemoryLayout<Float>.stride <= greatestSize
    }

    /// Applies `steps` to all rows of `data`, each fitted on the training rows as the steps before it left them, and
    /// `targetScale` to the targets.
    ///
    /// Rows of more than `mappedAbove` bytes are held in a file without a name in `TMPDIR`, or else `/var/tmp`, and paged in as
    /// they are used. Throws when a missing value would reach training, a step leaves the range of floats, the inputs are
    /// too many, or the file finds no room.
    package init(
        _ data: DataSet,
        steps: [PreprocessStep],
        targetScale: TargetScale = .none,
        mappedAbove: Int = ResidentLimit.preparedBytes
    ) throws(PreprocessingError) {
        let alignment = Self.rowAlignment
        let inputs = FeatureLayout.inputCount(data.columns)
        guard Self.fits(rows: data.rowCount, inputs: inputs) else {
            throw .tooLarge(rows: data.rowCount, inputs: inputs, limit: Self.greatestSize)
        }
        let layout = FeatureLayout(columns: data.columns, indicators: Self.indicators(data, steps))
        let width = layout.names.count
        let stride = (width + alignment - 1) / alignment * alignment
        let count = data.rowCount * stride
        let memory: FeatureMemory
        do throws(NoRoom) { memory = try FeatureMemory(count: count, mappedAbove: mappedAbove) } catch {
            throw .noSpace(bytes: error.bytes, folder: error.folder, reason: error.reason)
        }
        schema = DataSchema(
            features: layout.names,
            image: data.schema.image,
            task: data.schema.task,
            trainingRows: data.schema.trainingRows,
            validationRows: data.schema.validationRows,
            testRows: data.schema.testRows
        )
        self.layout = layout
        rowCount = data.rowCount
        featureCount = width
        rowStride = stride
        features = UnsafePointer(memory.floats)
        let scaling = TargetScaling(targetScale, data)
        self.targetScale = (scaling.shift, scaling.factor)
        targets = scaling.apply(data.targets)
        split = data.split
        self.memory = memory
        self.steps = try Self.fill(
            memory.floats,
            stride,
            data,
            layout,
            steps,
            gathered: min(mappedAbove, Self.gatheredSize)
        )
    }

    /// The features of `row`, without the padding; valid while this object lives.
    package func row(_ row: Int) -> UnsafeBufferPointer<Float> {
        precondition(row >= 0 && row < rowCount, "no such row")
        return UnsafeBufferPointer(start: features + row * rowStride, count: featureCount)
    }

    /// The columns that get an indicator: those that lack values in training rows, when the first step that imputes says
    /// so (no later one meets a missing value).
    private static func indicators(_ data: DataSet, _ steps: [PreprocessStep]) -> [Int] {
        let imputations = steps.lazy.compactMap { step -> Imputation? in
            if case .imputing(let imputation) = step { imputation } else { nil }
        }
        guard let first = imputations.first, first.hasIndicator else { return [] }
        let width = data.featureCount
        var lacks = [Bool](repeating: false, count: width)
        data.features.withUnsafeBufferPointer { cells in
            for row in data.split.training {
                for column in 0..<width where cells[Int(row) * width + column].isNaN { lacks[column] = true }
            }
        }
        // A date's time is missing where its day is.
        return data.columns.indices.filter {
            lacks[$0] && data.columns[$0].canMiss && data.columns[$0].kind != .secondOfDay
        }
    }

    private static func fill(
        _ memory: UnsafeMutablePointer<Float>,
        _ stride: Int,
        _ data: DataSet,
        _ layout: FeatureLayout,
        _ steps: [PreprocessStep],
        gathered: Int
    ) throws(PreprocessingError) -> [FittedStep] {
        let columns = data.featureCount
        let hasNumbersOnly = layout.indicators.isEmpty && data.columns.allSatisfy { $0.kind == .number }
        data.features.withUnsafeBufferPointer { source in
            guard let first = source.baseAddress else { return }
            for row in 0..<data.rowCount {
                if hasNumbersOnly {
                    (memory + row * stride).update(from: first + row * columns, count: columns)
                } else {
                    layout.expand(first + row * columns, into: memory + row * stride)
                }
            }
        }
        // Steps see the inputs that hold numbers; those of 0 and 1 behind them stay as they are.
        let names = Array(layout.names[..<layout.numberCount])
        let fitter = StepFitter(
            names: names,
            channels: data.schema.image?.channels,
            training: data.split.training,
            stride: stride,
            gathered: gathered
        )
        var fitted: [FittedStep] = []
        for step in steps {
            for part in step.parts {
                let step = try fitter.fit(part, memory)
                apply(step, memory, rows: data.rowCount, columns: names.count, stride: stride)
                fitted.append(step)
            }
        }
        try checkFinite(memory, stride, rows: data.rowCount, names)
        return fitted
    }

    private static func apply(
        _ step: FittedStep,
        _ memory: UnsafeMutablePointer<Float>,
        rows: Int,
        columns: Int,
        stride: Int
    ) {
        for row in 0..<rows {
            let values = memory + row * stride
            for column in 0..<columns { values[column] = step.apply(values[column], column: column) }
        }
    }

    private static func checkFinite(
        _ memory: UnsafeMutablePointer<Float>,
        _ stride: Int,
        rows: Int,
        _ names: [String]
    ) throws(PreprocessingError) {
        var missing = [Int](repeating: 0, count: names.count)
        var infinite: Int?
        for row in 0..<rows {
            for column in names.indices {
                let value = memory[row * stride + column]
                if value.isNaN {
                    missing[column] += 1
                } else if value.isInfinite, infinite == nil {
                    infinite = column
                }
            }
        }
        if let infinite { throw .notFinite(feature: names[infinite]) }
        if let column = missing.firstIndex(where: { $0 > 0 }) {
            throw .missing(feature: names[column], count: missing[column], before: "training")
        }
    }
}
