import SweepReports
import SweepStore

extension StatusDocument.Storage {
    /// What the store of `directory` takes, with its objects as they were counted.
    init(directory: String, _ usage: ObjectStore.Usage) throws {
        self.init(
            journalBytes: try Store.bytesOnDisk(directory: directory),
            objects: usage.objects,
            objectBytes: usage.bytes,
            uploadBytes: usage.uploadBytes
        )
    }
}
