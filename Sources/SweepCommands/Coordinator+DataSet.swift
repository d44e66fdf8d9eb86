import SweepCoordinator
import SweepData
import SweepStore

extension Coordinator {
    /// Keeps a data set that was read on this machine.
    func keep(dataSet: Blob) async throws {
        try await keepDataSet { store in try dataSet.withUnsafeBytes { try store.put(pieces: $0) } }
    }
}
