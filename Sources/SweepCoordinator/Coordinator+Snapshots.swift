import Logging
import SweepCoordination
import SweepCore
import SweepStore

/// When the next snapshot is written.
package struct SnapshotUpkeep: Sendable {
    /// Whether one is being written.
    package var isWriting = false
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
    /// Whether there is no file that one could be written to: nothing is tried then, the journal suffices.
    var isImpossible = false
    /// Whether the file holds one that is of no use, and could not be cleared of it: that comes before another is written.
    package private(set) var isToBeCleared = false
    /// Where the journal stood when one could not be written last; nil since one was.
    private var bytesWhenFailed: Int?

    /// Begins where a restart left the journal and the snapshot; `least` bytes of the journal are worth one.
    package init(_ restored: RestoredCore, least: Int) {
        self.least = least
        bytesAfter = restored.bytesReplayed
        bytes = restored.head?.bytes ?? 0
        last = restored.last
        beganAtSnapshot = restored.head != nil
    }

    /// Bytes of the journal that one at least is worth; at the end of a process, when nothing waits for it, an eighth.
    private let least: Int

    /// Whether the journal has grown by so much that a snapshot is worth its writing: by half the snapshot's size, so that no more than
    /// three bytes are written for each of the journal's, and a restart reads no more one by one than half of what it loads. By as much
    /// again after one that could not be written: what was in the way may be gone, and is in nobody's way until then.
    package var isDue: Bool { isDue(after: max(least, bytes / 2)) }

    /// The same at the end of a process.
    var isDueAtEnd: Bool { isDue(after: max(1, least / 8)) }

    private func isDue(after growth: Int) -> Bool {
        !isWriting && !isImpossible && bytesAfter - (bytesWhenFailed ?? 0) >= growth
    }

    /// Takes notice of an entry.
    package mutating func committed(_ entry: (place: JournalPlace, bytes: Int)?) {
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
    package mutating func taken() {
        isWriting = true
        bytesWhenTaken = bytesAfter
    }

    /// It is written, and has so many bytes.
    package mutating func written(bytes: Int) {
        isWriting = false
        self.bytes = bytes
        bytesAfter -= bytesWhenTaken
        bytesWhenFailed = nil
    }

    /// It could not be written; whether that is the first since one was.
    package mutating func failed() -> Bool {
        isWriting = false
        defer { bytesWhenFailed = bytesAfter }
        return bytesWhenFailed == nil
    }

    /// What the file holds is of no use, and stays for now; whether that is the first failure since one was written.
    package mutating func notCleared() -> Bool {
        isToBeCleared = true
        return failed()
    }

    /// The file holds nothing of no use any more.
    package mutating func cleared() { isToBeCleared = false }

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
            do { try await snapshots.clear() } catch {
                // What is of no use stays until there is another try, and nothing is to be written beside it.
                return snapshotFailed(error, first: snapshotUpkeep.notCleared())
            }
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
                try await clearIfNeeded(snapshots)
                let (head, trials) = try await snapshots.keep(snapshot, at: place)
                snapshotUpkeep.written(bytes: head.bytes)
                logger.debug(
                    "a snapshot is written",
                    metadata: [
                        "store.sequence": "\(head.sequence)", "store.bytes": "\(head.bytes)",
                        "store.curves": "\(trials.count)", "store.seconds": "\(began.duration(to: .now) / .seconds(1))",
                    ]
                )
                await thin(trials)
            } catch { snapshotFailed(error, first: snapshotUpkeep.failed()) }
        }
    }

    /// Clears the file of what is of no use, where that failed before.
    private func clearIfNeeded(_ snapshots: SnapshotThread) async throws {
        guard snapshotUpkeep.isToBeCleared else { return }
        try await snapshots.clear()
        snapshotUpkeep.cleared()
    }

    /// Writes a last snapshot, so that the next start is quick.
    func keepLastSnapshot() async {
        // While a snapshot is awaited, what a client asked for may still be decided and committed.
        while snapshotUpkeep.isWriting || isCommitting || clearing.isUnderWay { await Task.yield() }
        guard clearing.sweeps.isEmpty, snapshotUpkeep.isDueAtEnd, let snapshots, let place = snapshotUpkeep.last else {
            return
        }
        do {
            try await clearIfNeeded(snapshots)
            _ = try await snapshots.keep(core.snapshot, at: place)
        } catch { snapshotFailed(error, first: snapshotUpkeep.failed()) }
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

    private func snapshotFailed(_ error: any Error, first isFirst: Bool) {
        logger.log(
            level: isFirst ? .warning : .debug,
            "a snapshot cannot be written; until one can be a restart reads more of the journal",
            metadata: ["store.path": "\(SnapshotStore.path(options.directory))", "store.error": "\(error)"]
        )
    }
}
