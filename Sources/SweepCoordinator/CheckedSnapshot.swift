import SweepCoordination
import SweepCore
import SweepStore

/// A directory's snapshot, compared with the replay of its journal.
final class CheckedSnapshot {
    /// Its head; nil when there is none that can be read.
    private(set) var head: SnapshotStore.Head?
    /// Curves that were compared.
    private(set) var curves = 0
    /// Those of the core that it was made of, as far as they matter for it.
    let options: CoordinatorOptions
    private let store: SnapshotStore?
    private let parts: [[UInt8]]
    /// The sweeps that were removed before it.
    private let deleted: Set<SweepID>
    private var found: [String] = []
    /// In what it differs from the journal at its entry; nil when in nothing.
    private var difference: String?
    private var wasCompared = false

    /// Reads the snapshot of `directory`; what is wrong with it is kept for `problems`.
    init(_ directory: String) {
        var (parts, options, store): ([[UInt8]], CoordinatorOptions, SnapshotStore?) = ([], CoordinatorOptions(), nil)
        var deleted: Set<SweepID> = []
        do {
            store = try SnapshotStore.open(readOnly: directory)
            head = try store?.readParts(if: { _ in true }) { parts.append($0) }
            if head != nil {
                var restoration = SnapshotRestoration(options: nil, session: 0)
                for part in parts { try restoration.add(part) }
                let restored = try restoration.finish()
                (options, deleted) = (restored.options, restored.deleted)
            }
        } catch {
            // What an earlier version left is made anew at the next start.
            if (error as? SnapshotError)?.isEarlier != true { found.append("\(error)") }
            head = nil
        }
        (self.parts, self.options, self.store) = (parts, options, store)
        self.deleted = deleted
    }

    /// Compares it with the core as it is after this entry, if it stands there.
    func compare(_ core: CoordinatorCore, _ sequence: Int, _ entry: JournalEntry) {
        guard let head, head.sequence == sequence else { return }
        wasCompared = true
        guard Checksum.of(entry.body) == head.entry else {
            difference =
                "entry \(sequence) of the journal is another than the one it was made of, so that it is passed over"
            return
        }
        if core.snapshot.parts != parts { difference = "it is not what the journal gives at entry \(sequence)" }
    }

    /// All that is wrong, when the journal has led to `core`.
    ///
    /// A journal that is cleared of a sweep gives no more what a snapshot of before the removal tells of it: a coordinator may have
    /// cleared it since the snapshot was read, and a power failure may bring back a snapshot that was removed.
    func problems(after core: CoordinatorCore) -> [String] {
        if let difference, core.deleted.isSubset(of: deleted) { found.append(difference) }
        if let head, !wasCompared {
            found.append("the journal has no entry \(head.sequence), so that it is passed over")
        }
        guard let store, head != nil else { return found }
        do {
            found += try store.problems { sweep, number, body in
                self.curves += 1
                // A trial that ended after the journal was read is left to the next look.
                guard let id = UInt32(exactly: sweep), let trial = core.sweeps[SweepID(rawValue: id)]?[number],
                    trial.ended != nil, trial.curve.bytes != body
                else { return nil }
                return "the curve of trial \(sweep)/\(number) is not that of the journal"
            }
        } catch { found.append("\(error)") }
        return found
    }
}
