import Logging
import SweepCoordination
import SweepCore
import SweepStore

/// When the next snapshot is written.
struct SnapshotUpkeep {
    /// Whether one is being written.
    var isWriting = false
    /// Bytes of the journal that a restart would read one by one.
    private(set) var bytesAfter: Int
    /// Bytes of the newest snapshot.
    private var bytes: Int
    /// The newest entry of the journal.
    private(set) var last: JournalPlace?
    /// Where the journal stood when the snapshot under way was taken.
    private var bytesWhenTaken = 0
    /// Whether this process began at a snapshot.
    let beganAtSnapshot: Bool
    /// Whether a snapshot could not be written: then nothing is tried again, the journal suffices.
    var hasFailed = false

    init(_ restored: RestoredCore, least: Int) {
        self.least = least
        bytesAfter = restored.bytesReplayed
        bytes = restored.head?.bytes ?? 0
        last = restored.last
        beganAtSnapshot = restored.head != nil
    }

    /// Bytes of the journal that one at least is worth; at the end of a process, when nothing waits for it, an eighth.
    private let least: Int

    /// Whether the journal has grown by so much that a snapshot is worth its writing: by half the snapshot's size, so that no more than
    /// three bytes are written for each of the journal's, and a restart reads no more one by one than half of what it loads.
    var isDue: Bool { !isWriting && !hasFailed && bytesAfter >= max(least, bytes / 2) }

    /// The same at the end of a process.
    var isDueAtEnd: Bool { !isWriting && !hasFailed && bytesAfter >= max(1, least / 8) }

    /// Takes notice of an entry.
    mutating func committed(_ entry: (place: JournalPlace, bytes: Int)?) {
        guard let entry else { return }
        last = entry.place
        bytesAfter += entry.bytes
    }

    /// The newest entry has other bytes, and leads to the same state.
    mutating func rewritten(_ entry: JournalPlace) {
        if last?.sequence == entry.sequence { last = entry }
    }

    /// The snapshot is gone: another is due, if there was one.
    mutating func forgotten() {
        guard bytes > 0 else { return }
        bytesAfter = max(bytesAfter, least)
        bytes = 0
    }

    /// A snapshot of the newest entry is taken.
    mutating func taken() {
        isWriting = true
        bytesWhenTaken = bytesAfter
    }

    /// It is written.
    mutating func written(_ head: SnapshotStore.Head) {
        isWriting = false
        bytes = head.bytes
        bytesAfter -= bytesWhenTaken
    }

    /// The directory's snapshots; nil where they cannot be written, which is no reason not to serve.
    static func open(_ directory: String, _ logger: Logger) -> SnapshotStore? {
        func tell(_ message: Logger.Message, _ error: StoreError) {
            logger.warning(
                message,
                metadata: ["store.path": "\(SnapshotStore.path(directory))", "store.error": "\(error)"]
            )
        }
        do throws(StoreError) {
            return try SnapshotStore.open(writing: directory) { tell("the snapshot is damaged and begun anew", $0) }
        } catch {
            tell("snapshots cannot be written; restarts read the whole journal", error)
            return nil
        }
    }
}

extension Coordinator {
    /// Forgets a snapshot that was of no use, and begins one if the restart would have been quicker with it.
    func prepareSnapshots() async {
        guard let snapshots else { return }
        if !snapshotUpkeep.beganAtSnapshot {
            do { try await snapshots.clear() } catch { return snapshotFailed(error) }
        }
        // The newest entry may be one that is about to be cleared.
        if snapshotUpkeep.isDue, clearing.sweeps.isEmpty { keep(core.snapshot) }
    }

    /// Writes the state as of the newest entry, and lets go of the curves that are kept with it.
    func keep(_ snapshot: CoreSnapshot) {
        guard let snapshots, let place = snapshotUpkeep.last else { return }
        snapshotUpkeep.taken()
        Task {
            let began = ContinuousClock.now
            do {
                let (head, trials) = try await snapshots.keep(snapshot, at: place)
                snapshotUpkeep.written(head)
                logger.debug(
                    "a snapshot is written",
                    metadata: [
                        "store.sequence": "\(head.sequence)", "store.bytes": "\(head.bytes)",
                        "store.curves": "\(trials.count)", "store.seconds": "\(began.duration(to: .now) / .seconds(1))",
                    ]
                )
                await thin(trials)
            } catch { snapshotFailed(error) }
        }
    }

    /// Writes a last snapshot, so that the next start is quick.
    func keepLastSnapshot() async {
        // While a snapshot is awaited, what a client asked for may still be decided and committed.
        while snapshotUpkeep.isWriting || isCommitting || clearing.isUnderWay { await Task.yield() }
        guard clearing.sweeps.isEmpty, snapshotUpkeep.isDueAtEnd, let snapshots, let place = snapshotUpkeep.last else {
            return
        }
        do { _ = try await snapshots.keep(core.snapshot, at: place) } catch { snapshotFailed(error) }
    }

    /// Trials whose curves are let go in one go: some tenths of a millisecond.
    private static let thinnedAtOnce = 256

    private func thin(_ trials: [TrialID]) async {
        for start in stride(from: 0, to: trials.count, by: Self.thinnedAtOnce) {
            core.thin(trials[start..<min(start + Self.thinnedAtOnce, trials.count)])
            // The port comes first.
            await Task.yield()
        }
    }

    private func snapshotFailed(_ error: any Error) {
        snapshotUpkeep.isWriting = false
        snapshotUpkeep.hasFailed = true
        logger.warning(
            "a snapshot cannot be written; the next restart reads the whole journal",
            metadata: ["store.path": "\(SnapshotStore.path(options.directory))", "store.error": "\(error)"]
        )
    }
}
