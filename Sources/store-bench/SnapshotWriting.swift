import SweepCoordination
import SweepCoordinator
import SweepReports
import SweepStore

/// What the writing of a snapshot takes.
struct SnapshotWriting {
    let directory: String

    func measured() async throws -> JSONValue {
        let clock = ContinuousClock()
        let store = try Store.open(directory: directory, mode: .readWrite)
        var restored: RestoredCore?
        let replay = try clock.measure { restored = try RestoredCore(from: store, snapshots: nil, session: 1) }
        guard var core = restored?.core, let place = restored?.last else { return .object([]) }
        let thread = SnapshotThread(try SnapshotStore.open(writing: directory))
        // What the port's thread does for it, before and after.
        var snapshot = core.snapshot
        let taken = clock.measure { snapshot = core.snapshot }
        let begun = clock.now
        let (head, trials) = try await thread.keep(snapshot, at: place)
        let written = begun.duration(to: clock.now)
        let thinned = clock.measure { core.thin(trials) }
        let again = clock.now
        _ = try await thread.keep(core.snapshot, at: place)
        let rewritten = again.duration(to: clock.now)
        await thread.stop()
        return .object([
            JSONMember("replay_s", .number(replay / .seconds(1))),
            JSONMember("take_s", .number(taken / .seconds(1))),
            JSONMember("write_s", .number(written / .seconds(1))),
            JSONMember("thin_s", .number(thinned / .seconds(1))),
            JSONMember("write_again_s", .number(rewritten / .seconds(1))),
            JSONMember("snapshot_bytes", .integer(head.bytes)),
            JSONMember("curves", .integer(trials.count)),
        ])
    }
}
