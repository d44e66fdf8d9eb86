package import SweepCore

/// Features ready for training: preprocessed, finite, aligned, and read by many threads at once.
///
/// Layout: rows × `rowStride` floats, `rowStride` being the number of features rounded up to 16 (a logical vector), the
/// rest of each row zero; the first row starts at a multiple of 64 bytes (a cache line), hence every row does.
///
/// Sendable because nothing changes after the initialiser: all stored properties are constants, and the memory behind
/// `features` is written by the initialiser alone, before anyone else has the object, and freed by `deinit`.
package final class PreparedData: @unchecked Sendable {
    /// The data set's schema.
    package let schema: DataSchema
    /// Rows of all parts.
    package let rowCount: Int
    /// Features of a row, without the padding.
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
    /// The steps in order, as fitted on the training rows: what new rows must go through before the model. `power` gives
    /// two, the power and the scale.
    package let steps: [FittedStep]

    private let memory: UnsafeMutablePointer<Float>

    /// Floats of a logical vector: rows are padded to a multiple of it.
    package static let rowAlignment = 16

    /// Applies `steps` to all rows of `data`, each fitted on the training rows as the steps before it left them, and
    /// `targetScale` to the targets.
    ///
    /// Throws when a missing value would reach training, or a step leaves the range of floats.
    package init(
        _ data: DataSet,
        steps: [PreprocessStep],
        targetScale: TargetScale = .none
    ) throws(PreprocessingError) {
        let alignment = Self.rowAlignment
        let stride = (data.featureCount + alignment - 1) / alignment * alignment
        let count = data.rowCount * stride
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: count * MemoryLayout<Float>.stride,
            alignment: 64
        ).bindMemory(to: Float.self, capacity: count)
        memory.initialize(repeating: 0, count: count)
        schema = data.schema
        rowCount = data.rowCount
        featureCount = data.featureCount
        rowStride = stride
        features = UnsafePointer(memory)
        let scaling = TargetScaling(targetScale, data)
        self.targetScale = (scaling.shift, scaling.factor)
        targets = scaling.apply(data.targets)
        split = data.split
        self.memory = memory
        do throws(PreprocessingError) {
            self.steps = try Self.fill(memory, stride, data, steps)
        } catch {
            memory.deallocate()
            throw error
        }
    }

    deinit { memory.deallocate() }

    /// The features of `row`, without the padding; valid while this object lives.
    package func row(_ row: Int) -> UnsafeBufferPointer<Float> {
        precondition(row >= 0 && row < rowCount, "no such row")
        return UnsafeBufferPointer(start: features + row * rowStride, count: featureCount)
    }

    private static func fill(
        _ memory: UnsafeMutablePointer<Float>,
        _ stride: Int,
        _ data: DataSet,
        _ steps: [PreprocessStep]
    ) throws(PreprocessingError) -> [FittedStep] {
        let columns = data.featureCount
        data.features.withUnsafeBufferPointer { source in
            for row in 0..<data.rowCount {
                for column in 0..<columns { memory[row * stride + column] = source[row * columns + column] }
            }
        }
        let fitter = StepFitter(
            names: data.schema.features,
            channels: data.schema.image?.channels,
            training: data.split.training,
            stride: stride
        )
        var fitted: [FittedStep] = []
        for step in steps {
            for part in step.parts {
                let step = try fitter.fit(part, memory)
                apply(step, memory, rows: data.rowCount, columns: columns, stride: stride)
                fitted.append(step)
            }
        }
        try checkFinite(memory, stride, data)
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
        _ data: DataSet
    ) throws(PreprocessingError) {
        var missing = [Int](repeating: 0, count: data.featureCount)
        var infinite: Int?
        for row in 0..<data.rowCount {
            for column in 0..<data.featureCount {
                let value = memory[row * stride + column]
                if value.isNaN {
                    missing[column] += 1
                } else if value.isInfinite, infinite == nil {
                    infinite = column
                }
            }
        }
        if let infinite { throw .notFinite(feature: data.schema.features[infinite]) }
        if let column = missing.firstIndex(where: { $0 > 0 }) {
            throw .missing(feature: data.schema.features[column], count: missing[column], before: "training")
        }
    }
}
