import SweepCore
import SweepStore

/// Which removed sweeps a store is cleared of: a list of numbers beside the journal.
///
/// A sweep is gone with the fact that says so; its facts before it, and its curves beside the snapshot, are cleared away after that,
/// some at a time. A coordinator that is killed meanwhile goes on with it when it starts again.
enum DeletedSweeps {
    private static let key = "cleared"

    /// Those that the store is cleared of.
    static func cleared(in store: Store) throws(StoreError) -> Set<SweepID> {
        let text = try store.value(for: key) ?? ""
        return Set(text.split(separator: ",").compactMap { UInt32($0) }.map { SweepID(rawValue: $0) })
    }

    /// Adds some to them.
    static func note(_ sweeps: Set<SweepID>, in store: Store) throws(StoreError) {
        let all = try cleared(in: store).union(sweeps)
        try store.setValue(all.sorted().map { String($0.rawValue) }.joined(separator: ","), for: key)
    }
}
