package import SweepCoordination
package import SweepStore

extension CoordinatorCore {
    /// The core as the store's journal tells it, read from its beginning.
    ///
    /// Throws a `StoreError`, or a `JournalError` naming the entry that cannot be read.
    package static func restored(
        from store: Store,
        options: CoordinatorOptions = CoordinatorOptions(),
        session: UInt64
    ) throws -> CoordinatorCore {
        try RestoredCore(from: store, snapshots: nil, options: options, session: session).core
    }
}

/// A core that a restart has made: of a snapshot, if there is one that fits, and of the journal after it.
package struct RestoredCore: Sendable {
    package private(set) var core: CoordinatorCore
    /// The snapshot that it began at; nil when the whole journal was read.
    package private(set) var head: SnapshotStore.Head?
    /// Why a snapshot that is there was not used.
    package private(set) var passedOver: String?
    /// The newest entry of the journal that is in it; nil for an empty journal.
    package private(set) var last: JournalPlace?
    /// Whether a sweep was removed after the snapshot, which tells of it yet.
    package private(set) var snapshotIsOutdated = false
    /// Bytes of the entries that were read one by one.
    package private(set) var bytesReplayed = 0

    /// Without options a snapshot's are taken: for those who only read. Throws a `StoreError`, or a `JournalError` naming the entry
    /// that cannot be read; never for what is wrong with a snapshot.
    package init(
        from store: Store,
        snapshots: SnapshotStore?,
        options: CoordinatorOptions? = nil,
        session: UInt64
    ) throws {
        core = CoordinatorCore(options: options ?? CoordinatorOptions(), session: session)
        if let snapshots {
            do {
                var restoration = SnapshotRestoration(options: options, session: session)
                head = try snapshots.readParts { head in
                    guard let entry = try store.entry(head.sequence), Checksum.of(entry.body) == head.entry else {
                        throw SnapshotError(reason: "it is not of this journal")
                    }
                    return true
                } _: { part in
                    try restoration.add(part)
                }
                if let head {
                    core = try restoration.finish()
                    last = JournalPlace(sequence: head.sequence, checksum: head.entry)
                }
            } catch {
                passedOver = "\(error)"
                head = nil
            }
        }
        let deleted = core.deleted
        (last, bytesReplayed) = try JournalReplay.run(store, after: last, into: &core)
        snapshotIsOutdated = head != nil && core.deleted != deleted
    }
}

/// An entry of the journal, and what tells it from others of the same number.
package struct JournalPlace: Hashable, Sendable {
    package let sequence: Int
    package let checksum: UInt64
}

/// A journal entry that cannot be read: the store is of another version, or damaged.
package struct JournalError: Error, CustomStringConvertible {
    package let sequence: Int
    package let reason: String
    package var description: String { "entry \(sequence) of the journal cannot be read: \(reason)" }
}
