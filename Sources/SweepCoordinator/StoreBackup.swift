import SweepCoordination
import SweepCore
import SweepStore

/// A consistent copy of a coordinator's directory: its journal, and every object that the journal needs.
package struct StoreBackup: Sendable {
    /// The newest entry of the journal in the copy.
    package let lastSequence: Int
    package let objects: Int
    /// Bytes of the copy, journal and objects.
    package let bytes: Int

    /// Copies the store of `directory` to `target`, which must be missing or empty; a coordinator that runs is not held up.
    ///
    /// The journal is copied as it is at one moment, then the objects that it names; a running coordinator deletes none
    /// meanwhile. The copy appears under its name when it is whole and on the disk; until then it is `target` with
    /// `.partial` behind, which is removed if it cannot be finished. Keys and logs are not copied. Throws a `StoreError` or a `JournalError`.
    package init(of directory: String, to target: String) throws {
        var name = Substring(target)
        while name.count > 1, name.last == "/" { name.removeLast() }
        // Nothing is made for a store that cannot be opened.
        let source = try Store.open(directory: directory, mode: .readOnly)
        try Store.makeEmptyDirectory(String(name))
        let partial = "\(name).partial"
        try Store.makeEmptyDirectory(partial)
        do {
            (lastSequence, objects, bytes) = try Self.fill(partial, from: source, directory)
            try Store.moveDirectory(partial, to: String(name))
        } catch {
            // What is not whole is of no use, and would be in the way of the next backup.
            Store.removeDirectory(partial)
            throw error
        }
    }

    private static func fill(
        _ partial: String,
        from source: Store,
        _ directory: String
    ) throws -> (lastSequence: Int, objects: Int, bytes: Int) {
        let hold = try ObjectHold.unlessIdle(directory: directory)
        defer { withExtendedLifetime(hold) {} }
        // The snapshot first: the journal that is copied after it has the entry that it stands at.
        let snapshots = Self.copySnapshot(of: directory, to: partial)
        try source.copyDatabase(to: partial)
        let copy = try Store.open(directory: partial, mode: .readOnly)
        let restored = try RestoredCore(from: copy, snapshots: snapshots, session: 0)
        // The journal that was copied after it may be cleared already of what it tells.
        if restored.snapshotIsOutdated { SnapshotStore.remove(directory: partial) }
        let needed = restored.core.neededObjects
        let (from, to) = (ObjectStore(directory: directory), ObjectStore(directory: partial))
        for hash in needed.sorted(by: { $0.hex < $1.hex }) { try from.copy(hash, to: to) }
        to.tidy()
        let bytes =
            try Store.bytesOnDisk(directory: partial) + SnapshotStore.bytesOnDisk(directory: partial)
            + to.usage().bytes
        return (try copy.lastSequence, needed.count, bytes)
    }

    /// Copies the snapshot, so that the copy starts as quickly; one that cannot be copied is left out, the journal has everything.
    private static func copySnapshot(of directory: String, to target: String) -> SnapshotStore? {
        do {
            guard let snapshots = try SnapshotStore.open(readOnly: directory) else { return nil }
            try snapshots.copy(to: target)
            return try SnapshotStore.open(readOnly: target)
        } catch {
            SnapshotStore.remove(directory: target)
            return nil
        }
    }
}
