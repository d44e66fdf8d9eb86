package import SweepCoordination
package import SweepStore

extension CoordinatorCore {
    /// The core as the store's journal tells it.
    ///
    /// Throws a `StoreError`, or a `JournalError` naming the entry that cannot be read.
    package static func restored(
        from store: Store,
        options: CoordinatorOptions = CoordinatorOptions(),
        session: UInt64
    ) throws -> CoordinatorCore {
        var core = CoordinatorCore(options: options, session: session)
        try JournalReplay.run(store, into: &core)
        return core
    }
}

/// A journal entry that cannot be read: the store is of another version, or damaged.
package struct JournalError: Error, CustomStringConvertible {
    package let sequence: Int
    package let reason: String
    package var description: String { "entry \(sequence) of the journal cannot be read: \(reason)" }
}
