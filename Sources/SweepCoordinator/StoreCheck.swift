import SweepCoordination
import SweepCore
package import SweepStore
import SweepWire

/// What a look through a whole store found.
package struct StoreCheck: Sendable {
    /// One thing that is wrong, in a sentence.
    package private(set) var problems: [String] = []
    /// Rows of the journal that were read.
    package private(set) var entries = 0
    package private(set) var facts = 0
    package private(set) var sweeps = 0
    package private(set) var trials = 0
    /// Objects and uploads on the disk.
    package private(set) var usage = ObjectStore.Usage()
    /// Objects that nothing names: what a coordinator deletes when it starts.
    package private(set) var unneeded = 0
    /// Bytes of the journal.
    package private(set) var journalBytes = 0
    /// The entry that the snapshot stands at; nil when there is none that could be read.
    package private(set) var snapshotSequence: Int?
    package private(set) var snapshotBytes = 0
    /// Curves beside it.
    package private(set) var snapshotCurves = 0

    /// Whether nothing is wrong.
    package var isSound: Bool { problems.isEmpty }

    /// Sentences that are kept of one kind; the rest are counted.
    private static let problemsPerKind = 20

    /// Looks through the store of `directory`, also while a coordinator serves it.
    ///
    /// SQLite's own check; every row decoded and replayed, none missing; the state that comes of it keeps the core's
    /// invariants; the snapshot is what the replay gives at its entry, byte for byte, and so are the curves beside it; every object's
    /// bytes have the hash of its name; what a sweep or trial needs is there. Everything is read once: as long as the disk takes,
    /// memory as for a restart without a snapshot. Throws a `StoreError` when the store cannot be opened.
    package init(directory: String) throws {
        let store = try Store.open(directory: directory, mode: .readOnly)
        let objects = ObjectStore(directory: directory)
        // Without it a trial that ends meanwhile would take a checkpoint away that the journal, as it was read, still names.
        let hold = try ObjectHold.unlessIdle(directory: directory)
        defer { withExtendedLifetime(hold) {} }
        journalBytes = try Store.bytesOnDisk(directory: directory)
        add(try store.integrityProblems().map { "the database: \($0)" })
        let snapshot = CheckedSnapshot(directory)
        let core = replay(store, snapshot)
        add(snapshot.problems(after: core).map { "the snapshot: \($0)" })
        (snapshotSequence, snapshotBytes) = (snapshot.head?.sequence, snapshot.head?.bytes ?? 0)
        snapshotCurves = snapshot.curves
        sweeps = core.sweeps.count
        trials = core.sweeps.values.reduce(0) { $0 + $1.trials.count }
        add(core.unreadableSweeps.map { "sweep \($0.rawValue): its file cannot be read by this version" })
        add(core.brokenInvariants())
        usage = try objects.usage()
        try check(objects, needed: core.neededObjects)
    }

    private mutating func replay(_ store: Store, _ snapshot: CheckedSnapshot) -> CoordinatorCore {
        var core = CoordinatorCore(options: snapshot.options, session: 0)
        var next = 1
        var gaps: [String] = []
        var unreadable: [String] = []
        do {
            // Asked first: a coordinator that runs adds entries meanwhile.
            let last = try store.lastSequence
            try store.forEachEntry { sequence, entry in
                if sequence != next {
                    gaps.append(
                        sequence == next + 1
                            ? "entry \(next) of the journal is missing"
                            : "entries \(next) to \(sequence - 1) of the journal are missing"
                    )
                }
                next = sequence + 1
                entries += 1
                do {
                    let facts = try JournalCodec.decode(entry.body)
                    self.facts += facts.count
                    for fact in facts { core.restore(fact) }
                    snapshot.compare(core, sequence, entry)
                } catch { unreadable.append(JournalError(sequence: sequence, reason: "\(error)").description) }
            }
            if next <= last { gaps.append("the journal ends at entry \(next - 1), its newest was \(last)") }
        } catch { problems.append("the journal: \(error)") }
        add(gaps)
        add(unreadable)
        return core
    }

    private mutating func check(_ objects: ObjectStore, needed: Set<ContentHash>) throws {
        let kept = try objects.all()
        var damaged: [String] = []
        for hash in kept {
            do throws(StoreError) { try objects.verify(hash) } catch .objectMissing {
                // Deleted since it was listed; one that is needed is told of below.
            } catch { damaged.append(error.description) }
        }
        add(damaged)
        let missing = needed.subtracting(kept).sorted { $0.hex < $1.hex }
        add(missing.map { "object \($0.hex) is needed and not kept" })
        unneeded = Set(kept).subtracting(needed).count
    }

    private mutating func add(_ sentences: [String]) {
        problems += sentences.prefix(Self.problemsPerKind)
        let rest = sentences.count - Self.problemsPerKind
        if rest > 0 { problems.append("and \(rest) more of this kind") }
    }
}
