import Glibc
import SweepCoordination
import SweepCoordinator
import SweepCore
import SweepReports
import SweepStore

/// What a restart and the questions after it take.
struct Opening {
    let directory: String
    /// Whether the ranking of all is left out: it reads every curve.
    let isQuick: Bool

    func measured() throws -> JSONValue {
        var members: [JSONMember] = []
        let clock = ContinuousClock()
        // Of each the time on the wall and, behind it, the processor's: on a busy machine they differ.
        func seconds(_ name: String, _ body: () throws -> Void) rethrows {
            let before = Self.processorSeconds
            let time = try clock.measure(body) / .seconds(1)
            members.append(JSONMember(name, .number((time * 10_000).rounded() / 10_000)))
            let spent = ((Self.processorSeconds - before) * 10_000).rounded() / 10_000
            members.append(JSONMember("\(name.dropLast(2))_cpu_s", .number(spent)))
        }
        members.append(JSONMember("journal_bytes", .integer(try Store.bytesOnDisk(directory: directory))))
        members.append(JSONMember("snapshot_bytes", .integer(try SnapshotStore.bytesOnDisk(directory: directory))))
        let store = try Store.open(directory: directory, mode: .readWrite)
        let snapshots = try SnapshotStore.open(writing: directory)
        var core = CoordinatorCore(session: 1)
        try seconds("restart_s") {
            let restored = try RestoredCore(from: store, snapshots: snapshots, session: 1)
            core = restored.core
            _ = core.start(at: .zero)
            if let reason = restored.passedOver { members.append(JSONMember("passed_over", .text(reason))) }
            members.append(JSONMember("replayed_bytes", .integer(restored.bytesReplayed)))
        }
        let curves = WholeCurves(snapshots: snapshots, store: store)
        members.append(JSONMember("restart_peak_mib", .integer(Self.peakMiB)))
        guard let sweep = core.sweep(named: "large") else { return .object(members) }
        members.append(JSONMember("trials", .integer(sweep.trials.count)))
        members.append(JSONMember("epochs", .integer(sweep.epochsTrained)))
        var document: RankDocument?
        seconds("rank_top20_s") { document = core.rankDocument(sweep, top: 20, curves: curves) }
        if !isQuick { seconds("rank_all_s") { document = core.rankDocument(sweep, top: nil, curves: curves) } }
        var bytes = 0
        seconds("rank_all_json_s") { bytes = document?.json.bytes.count ?? 0 }
        members.append(JSONMember("rank_all_json_bytes", .integer(bytes)))
        seconds("status_s") { _ = core.statusDocument(sweep, pace: nil, at: .zero) }
        document = nil
        // What the port's thread does for a reader: it takes the state, and copies what it changes next.
        var reading: CoordinatorCore?
        seconds("reading_s") { reading = core.reading }
        let note = Fact.noted(TrialID(sweep: sweep.id, number: 1), [TrialNote(epoch: 1, text: "seen")])
        seconds("first_change_s") { core.restore(note) }
        members.append(JSONMember("peak_mib", .integer(Self.peakMiB)))
        withExtendedLifetime(reading) {}
        return .object(members)
    }

    /// Processor time of this process so far.
    private static var processorSeconds: Double {
        var usage = rusage()
        getrusage(RUSAGE_SELF.rawValue, &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }

    /// The greatest resident set of this process so far, in MiB.
    private static var peakMiB: Int {
        var usage = rusage()
        getrusage(RUSAGE_SELF.rawValue, &usage)
        return usage.ru_maxrss / 1024
    }
}
