import Glibc
import SweepCoordination
import SweepCoordinator
import SweepCore
import SweepReports
import SweepStore

/// What a restart and the questions after it take.
struct Opening {
    let directory: String

    func measured() throws -> JSONValue {
        var members: [JSONMember] = []
        let clock = ContinuousClock()
        func seconds(_ name: String, _ body: () throws -> Void) rethrows {
            let time = try clock.measure(body) / .seconds(1)
            members.append(JSONMember(name, .number((time * 10_000).rounded() / 10_000)))
        }
        members.append(JSONMember("journal_bytes", .integer(try Store.bytesOnDisk(directory: directory))))
        let store = try Store.open(directory: directory, mode: .readWrite)
        var core = CoordinatorCore(session: 1)
        try seconds("restart_s") {
            core = try CoordinatorCore.restored(from: store, session: 1)
            _ = core.start(at: .zero)
        }
        members.append(JSONMember("restart_peak_mib", .integer(Self.peakMiB)))
        guard let sweep = core.sweep(named: "large") else { return .object(members) }
        members.append(JSONMember("trials", .integer(sweep.trials.count)))
        members.append(JSONMember("epochs", .integer(sweep.epochsTrained)))
        var document: RankDocument?
        seconds("rank_top20_s") { document = core.rankDocument(sweep, top: 20) }
        seconds("rank_all_s") { document = core.rankDocument(sweep, top: nil) }
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

    /// The greatest resident set of this process so far, in MiB.
    private static var peakMiB: Int {
        var usage = rusage()
        getrusage(RUSAGE_SELF.rawValue, &usage)
        return usage.ru_maxrss / 1024
    }
}
