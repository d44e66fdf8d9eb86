import SweepCore
import SweepData
import SweepNodeCommands
import SweepTraining
import SweepWorker

extension DataShelf {
    /// The rows of one packed data set as `trial` trains on them, prepared as a worker prepares them.
    ///
    /// Throws a `CommandFailure`; `name` is what its sentence begins with.
    static func rows(_ id: DataSetID, packed: Blob, for trial: TrialSpec, name: String) throws -> TrainingData {
        let shelf = DataShelf()
        try shelf.keep(id, packed: packed)
        guard let entry = shelf[id.hash] else {
            throw CommandFailure(.failed, "\(name): the data set cannot be prepared")
        }
        do { return try entry.prepared(for: trial) } catch { throw CommandFailure(.badInput, "\(name): \(error)") }
    }
}
