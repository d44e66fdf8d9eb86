import Logging
import SweepCoordination
import SweepCore
package import SweepReports
import SweepStore

/// Sweeps that are removed and that the store is not cleared of yet.
struct ClearingUpkeep {
    /// Those whose removal is committed.
    var sweeps: Set<SweepID> = []
    /// Whether the store is being cleared.
    var isUnderWay = false
}

extension Coordinator {
    /// Removes a sweep that is over; its line of the list as it was.
    package func delete(sweep name: String) async throws(ControlError) -> ListDocument.Entry {
        let (core, sweep) = try reading(name)
        let entry = await Self.aside { core.entry(sweep) }
        let outcome = await steer { .steer(name, .delete, $0) }
        guard case .done = outcome else { throw Self.refusal(outcome) }
        return entry
    }

    /// Takes notice that a sweep's removal is committed.
    func deleted(_ sweep: SweepID) {
        spans.forget(sweep)
        forgetPace(of: sweep)
        clearing.sweeps.insert(sweep)
        clearStore()
    }

    /// Clears the store of what it holds of removed sweeps, unless it is being done.
    ///
    /// First the snapshot goes, which has them yet, then their facts, some MiB of the journal in each transaction, and at last it is
    /// noted. No order of these and of a kill between them leaves a store that tells of another state.
    func clearStore() {
        guard !clearing.isUnderWay, !clearing.sweeps.isEmpty else { return }
        clearing.isUnderWay = true
        Task {
            while !clearing.sweeps.isEmpty, server != nil {
                let sweeps = clearing.sweeps
                do {
                    guard try await clear(of: sweeps) else { break }
                } catch {
                    logger.warning(
                        "the store cannot be cleared of deleted sweeps; the next start tries it again",
                        metadata: ["store.error": "\(error)"]
                    )
                    break
                }
                clearing.sweeps.subtract(sweeps)
                logger.info(
                    "the store is cleared of deleted sweeps",
                    metadata: ["sweep.ids": "\(sweeps.sorted().map { String($0.rawValue) }.joined(separator: ", "))"]
                )
            }
            clearing.isUnderWay = false
        }
    }

    /// Whether it came to the end.
    private func clear(of sweeps: Set<SweepID>) async throws -> Bool {
        // One under way was begun before the removal.
        while snapshotUpkeep.isWriting {
            guard server != nil else { return false }
            try await Task.sleep(for: .milliseconds(10))
        }
        try await snapshots?.forget(sweeps)
        snapshotUpkeep.forgotten()
        guard let newest = try await journal.newest() else { return true }
        var place = 0
        while let last = try await journal.clear(of: sweeps, after: place, through: newest.sequence) {
            place = last
            guard server != nil else { return false }
        }
        // The newest entry may have become another: what is bound to it must be bound to what it is now.
        if snapshotUpkeep.last?.sequence == newest.sequence, let entry = try await journal.newest(),
            entry.sequence == newest.sequence
        {
            snapshotUpkeep.rewritten(entry)
        }
        try await journal.note(cleared: sweeps)
        return true
    }
}
