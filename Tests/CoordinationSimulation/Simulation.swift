package import SweepCoordination
package import SweepCore
package import SweepNumerics
import SweepTestKit
import SweepWire

/// A coordinator, its workers and the network between them on a virtual clock; a seed and a list of faults decide everything.
///
/// The core, the commit queue and the sessions are the real ones; messages and journal go through their bytes. After every
/// step of the coordinator its invariants are checked; what was found wrong stands in `violations`.
package final class Simulation {
    /// One worker's socket, by the life of the process and the count of its sockets.
    struct Socket: Hashable {
        let worker: Int
        let incarnation: UInt64
        let number: Int
    }

    enum Event {
        case toCoordinator(SimulatedLink.Arrival, from: Socket, life: Int)
        case toWorker(SimulatedLink.Arrival, Socket)
        case workerTick(Int, UInt64)
        case trained(Int, UInt64, LeaseID)
        case ended(Int, UInt64, LeaseID, SegmentOutcome)
        case kept(Int, UInt64, ContentHash)
        case drain(Int)
        case startWorker(Int)
        case crashWorker(Int, UInt64?, down: Double)
        case committed(life: Int)
        case wake(life: Int)
        case unreachable(PeerID, life: Int)
        case crashCoordinator(down: Double, commitSurvives: Bool)
        case startCoordinator
        case jump(SimulatedProcess, Double)
        case steer(String, Scenario.Act)
        case found(SweepID, ExperimentStep, life: Int)
        case lie
    }

    package let scenario: Scenario
    package internal(set) var coordinator: SimulatedCoordinator
    package internal(set) var violations: [String] = []
    /// How many events were simulated.
    package private(set) var steps = 0
    /// What happened how often.
    package internal(set) var tally = Tally()
    package internal(set) var logged: [LogLine] = []
    /// Two runs with the same one took the same steps and sent the same bytes.
    package internal(set) var digest = StableHash()
    /// Called with what happens, in words, for whoever looks into a run.
    package var trace: ((Instant, String) -> Void)?

    /// What happened how often in a run.
    package struct Tally: Hashable, Sendable {
        package init() {}

        package var workerCrashes = 0
        package var coordinatorCrashes = 0
        package var fullDisks = 0
        package var refusedWorkers = 0
        package var damagedFrames = 0
        /// Damaged frames that are a message all the same; behind CURVE nobody ever sees them.
        package var forgedFrames = 0
        package var lies = 0
        /// Lies that were a worker's registration, which behind CURVE nobody can have overheard.
        package var claims = 0
        package var drained = 0
        package var heldUp = 0
        /// Epochs of a trial's ancestors that were trained again, because the state to copy was lost with a worker.
        package var ancestorEpochs = 0
    }

    var queue = EventQueue<Event>()
    let key: UInt64
    var faults: FaultIndex
    var workers: [SimulatedWorker?]
    var incarnations: UInt64 = 0
    /// Counts the coordinator's lives; what belongs to an earlier one is lost.
    var life = 0
    var isUp = true
    /// Where the coordinator's own clock has its origin.
    var origin = Instant.zero
    var commits = 0
    var peers: [Socket: PeerID] = [:]
    var sockets: [PeerID: Socket] = [:]
    var nextPeer: UInt32 = 1
    var links: [Socket: (up: SimulatedLink, down: SimulatedLink)] = [:]
    /// What each worker process said under each number, and its bytes.
    var said: [WorkerID: [UInt64: (message: Message, frames: [[UInt8]])]] = [:]
    private var token: UInt64 = 0
    /// What the user wants, in order; the first is asked for and not answered yet.
    private var wishes: [(sweep: String, act: Scenario.Act)] = []
    private var asked: ReplyToken?
    /// What the user enqueued and was told that it is taken, by the names of the requests.
    private(set) var acknowledged: [(sweep: SweepID, key: String)] = []
    /// Removals that the user wants and that are not answered yet.
    private var deletesLeft: Int
    /// What the lying peer overheard last.
    var overheard: [[[UInt8]]] = []
    var liar: RandomStream
    /// Whose key bound each worker process's name: the worker's place, or nil for the liar.
    var keys: [WorkerID: Int?] = [:]

    /// A simulation whose coordinator goes on from `journal`, a part of another simulation's.
    package init(_ scenario: Scenario, journal: [[UInt8]] = []) {
        self.scenario = scenario
        key = RandomStream.mix(scenario.seed)
        liar = RandomStream(key: RandomStream.mix(scenario.seed ^ 0x11A2))
        faults = FaultIndex(scenario.faults)
        deletesLeft = scenario.steering.count { $0.act == .steer(.delete) }
        coordinator = SimulatedCoordinator(
            options: scenario.options,
            journal: journal,
            objects: Dictionary(SampleSweep.dataSets.map { ($0.id.hash, $0.bytes) }) { first, _ in first },
            checksInvariants: scenario.checksInvariants,
            mistrusts: scenario.hostile != nil
        )
        workers = Array(repeating: nil, count: scenario.workers.count)
        // Its workers are other processes than those that the journal names.
        incarnations = journal.isEmpty ? 0 : 1_000_000
    }

    /// The virtual time.
    package var now: Instant { queue.now }

    /// Whether every sweep is over, and the experiments on it.
    package var isOver: Bool {
        deletesLeft == 0 && coordinator.core.sweeps.count + (scenario.isCleared ? 1 : 0) >= scenario.sweeps.count
            && coordinator.core.sweeps.values.allSatisfy(isOver)
    }

    private func isOver(_ sweep: SweepProgress) -> Bool {
        sweep.state.isOver && (coordinator.core.experimentsState(of: sweep) ?? .over) == .over
    }

    /// Runs until every sweep is over or the scenario's limit is reached (which is a violation).
    package func run() {
        start()
        for (index, plan) in scenario.workers.enumerated() { queue.add(.startWorker(index), at: moment(plan.joins)) }
        for step in scenario.steering { queue.add(.steer(step.sweep, step.act), at: moment(step.seconds)) }
        for (moment, event) in faults.timed { queue.add(event, at: moment) }
        if let hostile = scenario.hostile { queue.add(.lie, at: moment(hostile.from)) }
        let limit = moment(scenario.limit)
        let calm = moment(scenario.calm)
        let patience = duration(scenario.patience)
        var progress = (entries: 0, at: calm)
        while !isOver, let event = queue.next() {
            if now > limit {
                violations.append("not over after \(scenario.limit) virtual seconds")
                break
            }
            if coordinator.journal.count > progress.entries || now <= calm {
                progress = (coordinator.journal.count, now)
            } else if progress.at.duration(to: now) > patience {
                violations.append("nothing was decided for \(scenario.patience) virtual seconds, and it is not over")
                break
            }
            steps += 1
            take(event)
            if !coordinator.violations.isEmpty || !violations.isEmpty { break }
        }
        violations += coordinator.violations
        coordinator.flush(message)
    }

    private func take(_ event: Event) {
        if let process = process(of: event), let until = faults.pause(of: process, at: seconds(now)) {
            return queue.add(event, at: later(until))
        }
        digest.combine(UInt64(bitPattern: now.nanoseconds))
        switch event {
        case .toCoordinator(let arrival, let socket, let sentIn):
            guard sentIn == life, isUp, let peer = peers[socket] else { return }
            arrived(arrival, from: peer, key: socket.worker)
        case .toWorker(let arrival, let socket): arrived(arrival, on: socket)
        case .workerTick(let index, let incarnation):
            guard workers[index]?.incarnation == incarnation else { return }
            workers[index]?.nextTick = nil
            tell(index, .tick)
        case .trained(let index, let incarnation, let lease): trained(index, incarnation, lease)
        case .ended(let index, let incarnation, let lease, let outcome):
            guard workers[index]?.incarnation == incarnation else { return }
            let epoch = workers[index]?.training.removeValue(forKey: lease)?.epoch ?? 0
            tell(index, .ended(lease, epoch: epoch, outcome, checkpoint: nil))
        case .kept(let index, let incarnation, let hash):
            guard workers[index]?.incarnation == incarnation else { return }
            tell(index, .objectKept(hash))
        case .drain(let index): tell(index, .drain)
        case .startWorker(let index): startWorker(index)
        case .crashWorker(let index, let incarnation, let down): crashWorker(index, incarnation, down: down)
        case .committed(let of):
            if of == life, isUp { committed() }
        case .wake(let of):
            if of == life, isUp { carryOut(coordinator.handle(.tick, at: coordinatorNow)) }
        case .unreachable(let peer, let of):
            if of == life, isUp { carryOut(coordinator.handle(.unreachable(peer), at: coordinatorNow)) }
        case .crashCoordinator(let down, let survives): crash(down: down, commitSurvives: survives)
        case .startCoordinator:
            isUp = true
            origin = now
            start()
            ask()
        case .jump(let process, let seconds): jump(process, seconds)
        case .steer(let name, let act):
            wishes.append((name, act))
            if wishes.count == 1 { ask() }
        case .found(let sweep, let step, let of):
            if of == life, isUp { carryOut(coordinator.handle(.experimentFound(sweep, step), at: coordinatorNow)) }
        case .lie: lie()
        }
    }

    /// The process in which an event happens; nil for what happens to processes.
    private func process(of event: Event) -> SimulatedProcess? {
        switch event {
        case .toCoordinator, .committed, .wake, .unreachable, .steer, .found: .coordinator
        case .toWorker(_, let socket): .worker(socket.worker)
        case .workerTick(let index, _), .trained(let index, _, _), .ended(let index, _, _, _), .kept(let index, _, _),
            .drain(let index):
            .worker(index)
        case .startWorker, .crashWorker, .crashCoordinator, .startCoordinator, .jump, .lie: nil
        }
    }

    /// Begins the coordinator's work; a user who was not answered asks again.
    private func start() {
        carryOut(coordinator.start(at: coordinatorNow))
        for sweep in scenario.sweeps {
            token += 1
            for set in SampleSweep.dataSets { coordinator.keep(dataSet: set.bytes) }
            carryOut(coordinator.handle(.submit(sweep.draft, ReplyToken(rawValue: token)), at: coordinatorNow))
        }
    }

    /// Asks for the user's first wish; the next follows when it is answered, after a crash it is asked for again.
    private func ask() {
        guard isUp, let wish = wishes.first else { return }
        token += 1
        asked = ReplyToken(rawValue: token)
        let reply = ReplyToken(rawValue: token)
        let event: SweepCoordination.Event =
            switch wish.act {
            case .steer(let steering): .steer(wish.sweep, steering, reply)
            case .adjust(let adjustment): .adjust(wish.sweep, adjustment, reply)
            case .enqueue(let rate, let width, let adds, let key):
                .enqueue(wish.sweep, Self.request(rate, width, adds: adds, key: key), reply)
            }
        carryOut(coordinator.handle(event, at: coordinatorNow))
    }

    private static func request(_ rate: Double, _ width: Int?, adds: Bool, key: String) -> EnqueueRequest {
        let values =
            [SpecEntry("learning_rate", .real(rate))] + (width.map { [SpecEntry("widths.0", .integer($0))] } ?? [])
        return EnqueueRequest(configurations: .list([.map(values)]), addsTrials: adds, key: key)
    }

    func answered(_ token: ReplyToken, _ outcome: SteeringOutcome) {
        guard token == asked else { return }
        asked = nil
        if case .enqueue(_, _, _, let key)? = wishes.first?.act, case .done(let sweep) = outcome {
            acknowledged.append((sweep, key))
        }
        if wishes.removeFirst().act == .steer(.delete) { deletesLeft -= 1 }
        ask()
    }

    /// What a worker process said under a number.
    func message(_ worker: WorkerID, _ sequence: UInt64) -> Message? { said[worker]?[sequence]?.message }

    func seconds(_ moment: Instant) -> Double { Double(moment.nanoseconds) / 1e9 }
    func moment(_ seconds: Double) -> Instant { Instant.zero.advanced(by: duration(seconds)) }
    func duration(_ seconds: Double) -> Duration { .nanoseconds(Int64(seconds * 1e9)) }
    /// The first moment that lies after both now and so many seconds: rounding must not bring an event back to where it was.
    func later(_ seconds: Double) -> Instant { max(moment(seconds), now.advanced(by: .nanoseconds(1))) }

    /// A number in [0, 1) that depends on nothing but the seed and these words.
    func chance(_ words: UInt64...) -> Double {
        var stream = RandomStream(key: words.reduce(key) { RandomStream.mix($0 ^ $1) })
        return stream.uniform()
    }
}
