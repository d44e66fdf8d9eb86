package import SweepCore
package import SweepData
import SweepMessaging
package import SweepTraining

/// The data sets that a worker holds, as they came and as trials want them prepared; shared by all slots.
///
/// A data set is prepared once for each list of preprocessing steps, by the first slot that needs it; the others wait.
package final class DataShelf: Sendable {
    /// One data set.
    package final class Entry: Sendable {
        package let id: DataSetID
        private let data: DataSet
        /// The one that was used last stands last.
        private let prepared = Locked<[(wanted: Preparation, ready: TrainingData)]>([])
        /// So many are kept ready: each is a copy of the rows, and a search over a step's setting makes a new one with each trial.
        package static let preparedLimit = 8

        /// What a trial wants done to the rows.
        private struct Preparation: Hashable {
            let steps: [PreprocessStep]
            let targetScale: TargetScale
        }

        init(id: DataSetID, data: DataSet) {
            self.id = id
            self.data = data
        }

        /// The rows as a trial wants them; throws when its steps cannot be fitted to them.
        package func prepared(for trial: TrialSpec) throws -> TrainingData {
            let wanted = Preparation(steps: trial.preprocess, targetScale: trial.targetScale)
            return try prepared.withLock { prepared in
                if let place = prepared.firstIndex(where: { $0.wanted == wanted }) {
                    let used = prepared.remove(at: place)
                    prepared.append(used)
                    return used.ready
                }
                let rows = PinnedRows(
                    try PreparedData(data, steps: trial.preprocess, targetScale: trial.targetScale)
                )
                let ready = try TrainingData(
                    schema: rows.data.schema,
                    features: rows.data.features,
                    rowCount: rows.data.rowCount,
                    rowStride: rows.data.rowStride,
                    targets: rows.targets,
                    targetUnit: rows.data.targetScale.factor,
                    trainingRows: rows.data.split.training,
                    validationRows: rows.data.split.validation,
                    testRows: rows.data.split.test,
                    startingWeights: data.parametersToBeginWith,
                    owner: rows
                )
                // Runs that train on one that goes keep it as long as they need it.
                if prepared.count >= Self.preparedLimit { prepared.removeFirst() }
                prepared.append((wanted, ready))
                return ready
            }
        }
    }

    private let entries = Locked<[ContentHash: Entry]>([:])

    /// An empty shelf.
    package init() {}

    /// The data set of this hash; nil when it is not held.
    package subscript(hash: ContentHash) -> Entry? { entries.withLock { $0[hash] } }

    /// Lets go of a data set; trials that train on it keep it until they end.
    package func drop(_ hash: ContentHash) { _ = entries.withLock { $0.removeValue(forKey: hash) } }

    /// Unpacks and keeps a data set; throws a `DataSetFormatError`.
    package func keep(_ id: DataSetID, packed: [UInt8]) throws { try keep(id, packed: Blob(packed)) }

    /// Unpacks and keeps a data set; throws a `DataSetFormatError`.
    package func keep(_ id: DataSetID, packed: Blob) throws {
        let entry = Entry(id: id, data: try DataSet(packed: packed))
        entries.withLock { $0[id.hash] = entry }
    }
}

/// Prepared rows with their targets at an address that does not change.
///
/// Sendable because nothing changes after the initialiser, and the memory is freed only with the object.
private final class PinnedRows: @unchecked Sendable {
    let data: PreparedData
    let targets: TrainingData.Targets
    private let memory: UnsafeMutableRawPointer

    init(_ data: PreparedData) {
        self.data = data
        switch data.targets {
        case .classes(let classes):
            let copy = UnsafeMutablePointer<Int32>.allocate(capacity: max(1, classes.count))
            for (index, value) in classes.enumerated() { (copy + index).initialize(to: value) }
            memory = UnsafeMutableRawPointer(copy)
            targets = .classes(UnsafePointer(copy))
        case .values(let values):
            let copy = UnsafeMutablePointer<Float>.allocate(capacity: max(1, values.count))
            for (index, value) in values.enumerated() { (copy + index).initialize(to: value) }
            memory = UnsafeMutableRawPointer(copy)
            targets = .numbers(UnsafePointer(copy))
        }
    }

    deinit { memory.deallocate() }
}

extension DataSet {
    /// The weights that came with it, as runs take them.
    fileprivate var parametersToBeginWith: [String: [ParameterValues]] {
        Dictionary(
            startingWeights.map { weights in
                (
                    weights.file,
                    weights.tensors.map { ParameterValues(name: $0.name, shape: $0.shape, values: $0.values) }
                )
            },
            uniquingKeysWith: { first, _ in first }
        )
    }
}
