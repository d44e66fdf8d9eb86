import SweepCore
import SweepDashboard
import SweepData
import SweepMessaging
import SweepReports
import SweepStore

/// Looks through the data sets that a coordinator keeps, for its page: one at a time, on a thread of its own, each once.
actor DataOverviews {
    private nonisolated let loop = MessagingLoop(name: "data")
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    private let objects: ObjectStore
    private var remembered = Remembered<Key, DataOverview>(limit: 16)

    /// What an overview depends on: the checks know what will be done to the rows.
    private struct Key: Hashable {
        let data: DataSetID
        let steps: [PreprocessStep]
        let targetScale: TargetScale
    }

    /// Bytes of a packed set beyond which it is not looked through: pictures take four times as much unpacked, of the disk and the
    /// caches that the sweep needs.
    private static let greatest = 256 << 20

    /// - Parameter directory: the coordinator's.
    init(directory: String) { objects = ObjectStore(directory: directory) }

    deinit { loop.stop() }

    /// The JSON document on the rows of a sweep.
    func document(of document: SweepDocument) throws(ControlError) -> [UInt8] {
        let (sweep, submission) = (document.sweep, document.submission)
        guard let spec = sweep.data else { return DataDocument(ofPrograms: sweep).json.bytes }
        let id = submission.dataSet
        let key = Key(data: id, steps: spec.preprocess, targetScale: spec.targetScale)
        let overview = try remembered.value(of: key, at: .now) { () throws(ControlError) in
            DataOverview(try read(id), steps: spec.preprocess, targetScale: spec.targetScale)
        }
        let content = DataDocument.Content.overview(overview, of: id.hash, folds: 1 + submission.foldSets.count)
        return DataDocument(sweep: sweep.name, content: content).json.bytes
    }

    private func read(_ id: DataSetID) throws(ControlError) -> DataSet {
        guard id.size <= Self.greatest else {
            throw ControlError(
                .conflict,
                "the data set has \(id.size) bytes, and the page looks through at most \(Self.greatest); `sweepd data FILE` has no limit"
            )
        }
        do {
            let writer = BlobWriter(capacity: id.size)
            try objects.forEachPiece(of: id.hash) { try writer.append($0) }
            return try DataSet(packed: try writer.finish())
        } catch {
            throw ControlError(.conflict, "the data set cannot be looked through: \(error)")
        }
    }
}
