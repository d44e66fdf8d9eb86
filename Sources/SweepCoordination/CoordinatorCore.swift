package import SweepCore
import SweepWire

/// Decides everything a coordinator does, and does nothing: events in, effects out.
///
/// The state is a replay of facts. `handle` records facts through `record`, which applies them at once; a restart calls
/// `restore` for each committed fact and then `start`. No clock, no randomness, no socket: the simulator and the real
/// process run the same value. No event's cost grows with the number of trials; with the number of workers W only a tick's
/// does, everything else is O(log W).
package struct CoordinatorCore: Sendable {
    package let options: CoordinatorOptions
    /// A number of this process, so that workers see a restart.
    package let session: UInt64
    /// Sweeps by number.
    package internal(set) var sweeps: [SweepID: SweepProgress] = [:]
    /// Sweeps that may still go on, ascending.
    var active: [SweepID] = []
    var table = WorkerTable()
    private var clock = SteadyClock()
    var connections: [PeerID: WorkerID] = [:]
    /// The highest sequence number applied of each worker process that was ever heard.
    package internal(set) var sequences: [WorkerID: UInt64] = [:]
    /// How many trials keep each checkpoint.
    var checkpointUsers: [ContentHash: Int] = [:]
    var nextSweep: UInt32 = 1
    /// Leases that were ever given.
    var leasesGiven = 0
    /// Sweeps in the store that this version cannot read.
    var unreadable: [SweepID] = []
    /// Sweeps that were removed: their numbers are not given again.
    package internal(set) var deleted: Set<SweepID> = []
    /// Finished sweeps on which experiments may still be begun.
    var experimenting: Set<SweepID> = []
    /// Those of them whose next experiment was asked for and is not told yet, with the decisions that each had come to then.
    var sought: [SweepID: Int] = [:]
    /// Whether anything happened since they were last looked at by which another may be due.
    var mayBeDue = false
    /// When the times of sweeps that end after one were last counted, and what of each no fact tells yet.
    var clocked: Instant?
    var unwritten: [SweepID: Duration] = [:]
    /// Workers of other versions of the protocol, which were not let in.
    package internal(set) var turnedAway = TurnedAwayWorkers()
    var effects: [Effect] = []

    package init(options: CoordinatorOptions = CoordinatorOptions(), session: UInt64) {
        self.options = options
        self.session = session
    }

    /// Worker processes that hold a connection or a lease.
    package var workers: [WorkerID: WorkerProgress] { table.all }

    /// The protocol version that was settled on this connection; the handshake's as long as nobody registered on it.
    package func version(on connection: PeerID) -> UInt8 {
        guard let id = connections[connection], let versions = table.versions(of: id) else { return handshakeVersion }
        return ProtocolVersions.spoken.agreement(with: versions) ?? handshakeVersion
    }

    /// Whether a worker is registered on this connection.
    package func hasWorker(on connection: PeerID) -> Bool { connections[connection] != nil }

    /// The worker that is registered on this connection; nil when there is none.
    package func worker(on connection: PeerID) -> WorkerID? { connections[connection] }

    /// Sweeps in the store that this version cannot read, and leaves out.
    package var unreadableSweeps: [SweepID] { unreadable }

    /// The moment of the newest event, by a clock that is never set back: by it `lastSeen` of a worker is told here.
    package var lastMoment: Instant { clock.newest ?? .zero }

    /// Applies a committed fact while the store is replayed.
    package mutating func restore(_ fact: Fact) {
        apply(fact, at: .zero)
        effects.removeAll()
    }

    /// Begins work after the replay: leases of before get the lapse time to come back.
    package mutating func start(at moment: Instant) -> [Effect] {
        let now = clock.read(moment)
        for id in table.all.keys { table.heard(id, at: now) }
        for id in unreadable {
            log(.error, "a sweep of the store cannot be read and is left out", ["sweep.id": String(id.rawValue)])
        }
        settle(at: now)
        effects.append(.wake(at: moment.advanced(by: options.heartbeat / 2)))
        return takeEffects()
    }

    /// Takes one event and answers with what is to be done, in order.
    package mutating func handle(_ event: Event, at now: Instant) -> [Effect] {
        take(event, at: now)
        return decide(at: now)
    }

    /// Takes one event in and decides nothing yet: to be followed by others of the same moment, and by `decide`.
    ///
    /// Decisions in virtual time are the same whether they are taken after each event or after some; what is decided on arrival is
    /// decided of what has arrived. It saves looking for work after each of many messages, and sends many leases in one.
    package mutating func take(_ event: Event, at moment: Instant) {
        let now = clock.read(moment)
        switch event {
        case .message(let message, let connection): receive(message, from: connection, at: now)
        case .unreachable(let connection): forget(connection)
        case .submit(let draft, let token): submit(draft, token, at: now)
        case .steer(let name, let steering, let token): steer(name, steering, token, at: now)
        case .adjust(let name, let adjustment, let token): adjust(name, adjustment, token, at: now)
        case .enqueue(let name, let request, let token): enqueue(name, request, token, at: now)
        case .ask(let name, let asker, let token): ask(name, asker: asker, token, at: now)
        case .told(let name, let tell, let token): told(name, tell, token, at: now)
        case .experimentFound(let id, let step): found(step, of: id, at: now)
        case .objectLost(let hash): lost(hash, at: now)
        case .tick:
            lapse(at: now)
            moveStuck(at: now)
            countTimes(at: now)
            // By the shell's clock, which is the one that wakes.
            effects.append(.wake(at: moment.advanced(by: options.heartbeat / 2)))
        }
    }

    /// Decides what can be decided, and answers with what is to be done since the last answer, in order.
    package mutating func decide(at moment: Instant) -> [Effect] {
        settle(at: clock.read(moment))
        return takeEffects()
    }

    /// The sweep of this name; nil when there is none.
    package func sweep(named name: String) -> SweepProgress? { sweeps.values.first { $0.sweep.name == name } }
    /// The sentence that no sweep is called so, with the names there are.
    package func unknown(sweep name: String) -> String {
        let names = sweeps.keys.sorted().compactMap { sweeps[$0]?.sweep.name }
        return "no sweep is called \(name); "
            + (names.isEmpty ? "there are none" : "there are: " + names.joined(separator: ", "))
    }

    /// Every object that a trial or sweep still needs: what a restart keeps.
    package var neededObjects: Set<ContentHash> {
        Set(checkpointUsers.keys).union(sweeps.values.flatMap { $0.submission.dataSets.map(\.hash) })
    }

    /// Whether a trial or sweep needs this object now.
    ///
    /// To be asked when a `drop` is carried out: while its turn was committed, a later one may have named the same bytes.
    package func needs(_ hash: ContentHash) -> Bool {
        checkpointUsers[hash] != nil || sweeps.values.contains { $0.submission.needs(hash) }
    }

    private mutating func takeEffects() -> [Effect] {
        var taken: [Effect] = []
        swap(&taken, &effects)
        return taken
    }

    /// Looks at a sweep where it stands, and may change it; nil when there is none.
    ///
    /// To read it from the table would copy the value, with a count for each of its many parts, at every look.
    mutating func at<Value>(_ id: SweepID, _ look: (inout SweepProgress) -> Value) -> Value? {
        guard let index = sweeps.index(forKey: id) else { return nil }
        return look(&sweeps.values[index])
    }

    mutating func record(_ fact: Fact, at now: Instant) {
        effects.append(.record(fact))
        apply(fact, at: now)
    }

    mutating func log(_ level: LogLine.Level, _ message: String, _ metadata: [String: String] = [:]) {
        effects.append(.log(LogLine(level, message, metadata)))
    }

    /// A line about a trial, with its sweep's name.
    mutating func log(_ level: LogLine.Level, _ message: String, of trial: TrialID, _ metadata: [String: String] = [:])
    {
        var about = metadata
        about["trial.id"] = trial.description
        about["sweep.name"] = sweeps[trial.sweep]?.sweep.name
        log(level, message, about)
    }
}
