import SweepCore
import SweepData
import SweepMessaging
import SweepTraining

/// The data sets that a worker holds, as they came and as trials want them prepared; shared by all slots.
///
/// A data set is prepared once for each list of preprocessing steps, by the first slot that needs it; the others wait.
final class DataShelf: Sendable {
    /// One data set.
    final class Entry: Sendable {
        let id: DataSetID
        private let data: DataSet
        private let prepared = Locked<[[PreprocessStep]: TrainingData]>([:])

        init(id: DataSetID, data: DataSet) {
            self.id = id
            self.data = data
        }

        /// The rows after `steps`; throws when the steps cannot be fitted to them.
        func prepared(by steps: [PreprocessStep]) throws -> TrainingData {
            try prepared.withLock { prepared in
                if let ready = prepared[steps] { return ready }
                let rows = try PreparedData(data, steps: steps)
                let targets: TrainingData.Targets =
                    switch rows.targets {
                    case .classes(let classes): .classes(PinnedTargets.pin(classes, to: rows))
                    case .values(let values): .numbers(PinnedTargets.pin(values, to: rows))
                    }
                let ready = try TrainingData(
                    schema: rows.schema,
                    features: rows.features,
                    rowCount: rows.rowCount,
                    rowStride: rows.rowStride,
                    targets: targets,
                    trainingRows: rows.split.training,
                    validationRows: rows.split.validation,
                    testRows: rows.split.test,
                    owner: rows
                )
                prepared[steps] = ready
                return ready
            }
        }
    }

    private let entries = Locked<[ContentHash: Entry]>([:])

    subscript(hash: ContentHash) -> Entry? { entries.withLock { $0[hash] } }

    /// Unpacks and keeps a data set; throws a `DataSetFormatError`.
    func keep(_ id: DataSetID, packed: [UInt8]) throws {
        let entry = Entry(id: id, data: try DataSet(packed: packed))
        entries.withLock { $0[id.hash] = entry }
    }

    /// What is held, for the registration.
    var ids: [DataSetID] { entries.withLock { $0.values.map(\.id).sorted { $0.hash.hex < $1.hash.hex } } }
}
