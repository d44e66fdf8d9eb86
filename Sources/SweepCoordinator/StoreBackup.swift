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
    /// `.partial` behind. Keys and logs are not copied. Throws a `StoreError` or a `JournalError`.
    package init(of directory: String, to target: String) throws {
        var name = Substring(target)
        while name.count > 1, name.last == "/" { name.removeLast() }
        // Nothing is made for a store that cannot be opened.
        let source = try Store.open(directory: directory, mode: .readOnly)
        try Store.makeEmptyDirectory(String(name))
        let partial = "\(name).partial"
        try Store.makeEmptyDirectory(partial)
        let hold = try ObjectHold.unlessIdle(directory: directory)
        defer { withExtendedLifetime(hold) {} }
        try source.copyDatabase(to: partial)
        let copy = try Store.open(directory: partial, mode: .readOnly)
        let needed = try CoordinatorCore.restored(from: copy, session: 0).neededObjects
        let (from, to) = (ObjectStore(directory: directory), ObjectStore(directory: partial))
        for hash in needed.sorted(by: { $0.hex < $1.hex }) { try from.copy(hash, to: to) }
        to.tidy()
        lastSequence = try copy.lastSequence
        objects = needed.count
        bytes = try Store.bytesOnDisk(directory: partial) + to.usage().bytes
        try Store.moveDirectory(partial, to: String(name))
    }
}
