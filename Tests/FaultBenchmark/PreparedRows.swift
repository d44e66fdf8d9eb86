package import SweepCore
package import SweepData
package import SweepTraining

/// Prepared rows with their targets at an address that does not change.
package final class PreparedRows {
    private let data: PreparedData
    private let targets: TrainingData.Targets
    private let memory: UnsafeMutableRawBufferPointer

    /// The rows as trials with this preprocessing want them.
    package static func training(
        _ data: DataSet,
        steps: [PreprocessStep],
        targetScale: TargetScale
    ) throws -> TrainingData {
        let rows = PreparedRows(try PreparedData(data, steps: steps, targetScale: targetScale))
        return try TrainingData(
            schema: rows.data.schema,
            features: rows.data.features,
            rowCount: rows.data.rowCount,
            rowStride: rows.data.rowStride,
            targets: rows.targets,
            targetUnit: rows.data.targetScale.factor,
            trainingRows: rows.data.split.training,
            validationRows: rows.data.split.validation,
            testRows: rows.data.split.test,
            owner: rows
        )
    }

    private init(_ data: PreparedData) {
        self.data = data
        switch data.targets {
        case .classes(let classes):
            memory = .allocate(byteCount: 4 * max(1, classes.count), alignment: 4)
            let copy = memory.bindMemory(to: Int32.self)
            _ = copy.initialize(from: classes)
            targets = .classes(UnsafePointer(copy.baseAddress.unsafelyUnwrapped))
        case .values(let values):
            memory = .allocate(byteCount: 4 * max(1, values.count), alignment: 4)
            let copy = memory.bindMemory(to: Float.self)
            _ = copy.initialize(from: values)
            targets = .numbers(UnsafePointer(copy.baseAddress.unsafelyUnwrapped))
        }
    }

    deinit { memory.deallocate() }
}
