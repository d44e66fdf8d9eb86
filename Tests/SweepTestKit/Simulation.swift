package import SweepCoordination
package import SweepCore
import SweepNumerics
import SweepWire

/// A coordinator, its workers and the network between them on a virtual clock; a seed decides everything that varies.
///
/// The core and the sessions are the real ones. Messages and journal go through their bytes. After every step of the
/// coordinator its invariants are checked; what was found wrong stands in `violations`.
package final class Simulation {
    /// What is simulated.
    package struct Scenario: Hashable, Sendable {
        package var seed: UInt64
        package var sweeps: [SampleSweep]
        package var workers: [SimulatedWorker.Plan]
        package var training = SyntheticTraining()
        package var options = CoordinatorOptions()
        package var faults = LinkFaults()
        /// Mean virtual seconds between two crashes of a worker, of the coordinator, and between two cuts of a worker's
        /// connection; nil: never.
        package var workerCrashes: Double?
        package var coordinatorCrashes: Double?
        package var cuts: Double?
        /// Nothing goes wrong any more after so many virtual seconds.
        package var faultsUntil = 120.0
        /// What the user does, and when (virtual seconds).
        package var steering: [Step] = []
        /// The run is given up after so many virtual seconds.
        package var limit = 36_000.0
        /// Whether messages and journal go through their bytes.
        package var usesCodec = true
        /// Whether the invariants are checked after every step; their cost grows with the number of trials.
        package var checksInvariants = true

        /// One act of the user.
        package struct Step: Hashable, Sendable {
            package var seconds: Double
            package var sweep: String
            package var steering: Steering
            package init(seconds: Double, sweep: String, steering: Steering) {
                self.seconds = seconds
                self.sweep = sweep
                self.steering = steering
            }
        }

        package init(seed: UInt64, sweeps: [SampleSweep], workers: [SimulatedWorker.Plan]) {
            self.seed = seed
            self.sweeps = sweeps
            self.workers = workers
        }
    }

    /// One worker's socket, by the life of the process and the count of its sockets.
    private struct Socket: Hashable {
        let worker: Int
        let incarnation: UInt64
        let number: Int
    }

    private enum Event {
        case toCoordinator([[UInt8]], Message?, from: Socket, life: Int)
        case toWorker([[UInt8]], Message?, Socket)
        case workerTick(Int, UInt64)
        case trained(Int, UInt64, LeaseID)
        case ended(Int, UInt64, LeaseID, SegmentOutcome)
        case kept(Int, UInt64, ContentHash)
        case startWorker(Int)
        case crashWorker(Int, UInt64?)
        case committed(life: Int)
        case wake(life: Int)
        case unreachable(PeerID, life: Int)
        case crashCoordinator
        case startCoordinator
        case cut
        case mend(Int)
        case steer(String, Steering)
    }

    package let scenario: Scenario
    package private(set) var coordinator: SimulatedCoordinator
    package private(set) var violations: [String] = []
    /// How many events were simulated.
    package private(set) var steps = 0
    /// How often workers and the coordinator crashed.
    package private(set) var workerCrashes = 0
    package private(set) var coordinatorCrashes = 0
    package private(set) var logged: [LogLine] = []
    /// Called after every event that the core took, with its effects.
    package var afterEffects: ((CoordinatorCore, [Effect], Instant) -> Void)?

    private var queue = EventQueue<Event>()
    private var random: RandomStream
    private var workers: [SimulatedWorker?]
    private var incarnations: UInt64 = 0
    /// Counts the coordinator's lives; what belongs to an earlier one is lost.
    private var life = 0
    private var isUp = true
    private var peers: [Socket: PeerID] = [:]
    private var sockets: [PeerID: Socket] = [:]
    private var nextPeer: UInt32 = 1
    private var links: [Socket: (up: SimulatedLink, down: SimulatedLink)] = [:]
    private var isCut: Set<Int> = []
    private var token: UInt64 = 0
    /// What the user wants, in order; the first is asked for and not answered yet.
    private var wishes: [(sweep: String, steering: Steering)] = []
    private var asked: ReplyToken?

    /// A simulation whose coordinator goes on from `journal`, a part of another simulation's.
    package init(_ scenario: Scenario, journal: [[Fact]] = []) {
        self.scenario = scenario
        random = RandomStream(key: RandomStream.mix(scenario.seed))
        coordinator = SimulatedCoordinator(
            options: scenario.options,
            journal: journal,
            objects: [SampleSweep.dataSet.hash: SampleSweep.dataBytes],
            usesCodec: scenario.usesCodec,
            checksInvariants: scenario.checksInvariants
        )
        workers = Array(repeating: nil, count: scenario.workers.count)
        // Its workers are other processes than those that the journal names.
        incarnations = journal.isEmpty ? 0 : 1_000_000
    }

    /// The virtual time.
    package var now: Instant { queue.now }

    /// Whether every sweep is over.
    package var isOver: Bool {
        coordinator.core.sweeps.count == scenario.sweeps.count
            && coordinator.core.sweeps.values.allSatisfy(\.state.isOver)
    }

    /// Runs until every sweep is over or the limit is reached (which is a violation).
    package func run() {
        step(coordinator.start(at: now))
        for sweep in scenario.sweeps {
            token += 1
            step(coordinator.handle(.submit(sweep.draft, ReplyToken(rawValue: token)), at: now))
        }
        for index in scenario.workers.indices { queue.add(.startWorker(index), after: .milliseconds(10 * index)) }
        for step in scenario.steering { queue.add(.steer(step.sweep, step.steering), after: seconds(step.seconds)) }
        scheduleFault(scenario.workerCrashes) { .crashWorker(random.below(workers.count), nil) }
        scheduleFault(scenario.coordinatorCrashes) { .crashCoordinator }
        scheduleFault(scenario.cuts) { .cut }
        while !isOver, let event = queue.next() {
            if now > Instant.zero.advanced(by: seconds(scenario.limit)) {
                violations.append("not over after \(scenario.limit) virtual seconds")
                break
            }
            steps += 1
            take(event)
            if !coordinator.violations.isEmpty || !violations.isEmpty { break }
        }
        violations += coordinator.violations
        coordinator.flush()
    }

    private func take(_ event: Event) {
        switch event {
        case .toCoordinator(let frames, let message, let socket, let sentIn):
            guard sentIn == life, isUp, let peer = peers[socket] else { return }
            guard let message = decoded(frames, message) else { return }
            step(coordinator.receive(message, from: peer, at: now))
        case .toWorker(let frames, let message, let socket):
            guard workers[socket.worker]?.incarnation == socket.incarnation,
                workers[socket.worker]?.socket == socket.number, let message = decoded(frames, message)
            else { return }
            tell(socket.worker, .received(message))
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
        case .startWorker(let index):
            guard workers[index] == nil else { return }
            incarnations += 1
            workers[index] = SimulatedWorker(scenario.workers[index], incarnation: incarnations)
            tell(index, .tick)
        case .crashWorker(let index, let incarnation):
            if incarnation == nil {
                scheduleFault(scenario.workerCrashes) { .crashWorker(random.below(workers.count), nil) }
            }
            guard let worker = workers[index], incarnation ?? worker.incarnation == worker.incarnation else { return }
            workers[index] = nil
            workerCrashes += 1
            queue.add(.startWorker(index), after: seconds(0.5 + 8 * random.uniform()))
        case .committed(let of):
            if of == life, isUp { carryOut(coordinator.committed()) }
        case .wake(let of):
            if of == life, isUp { step(coordinator.handle(.tick, at: now)) }
        case .unreachable(let peer, let of):
            if of == life, isUp { step(coordinator.handle(.unreachable(peer), at: now)) }
        case .crashCoordinator:
            scheduleFault(scenario.coordinatorCrashes) { .crashCoordinator }
            guard isUp else { return }
            isUp = false
            life += 1
            coordinatorCrashes += 1
            peers = [:]
            sockets = [:]
            coordinator.crashAndRestore(commitSurvives: random.uniform() < 0.5)
            queue.add(.startCoordinator, after: seconds(0.1 + 10 * random.uniform()))
        case .startCoordinator:
            isUp = true
            step(coordinator.start(at: now))
            // A user who was not answered asks again.
            for sweep in scenario.sweeps {
                token += 1
                step(coordinator.handle(.submit(sweep.draft, ReplyToken(rawValue: token)), at: now))
            }
            ask()
        case .cut:
            scheduleFault(scenario.cuts) { .cut }
            let index = random.below(workers.count)
            isCut.insert(index)
            queue.add(.mend(index), after: seconds(0.5 + 15 * random.uniform()))
        case .mend(let index): isCut.remove(index)
        case .steer(let name, let steering):
            wishes.append((name, steering))
            if wishes.count == 1 { ask() }
        }
    }

    /// Asks for the user's first wish; the next follows when it is answered, after a crash it is asked for again.
    private func ask() {
        guard isUp, let wish = wishes.first else { return }
        token += 1
        asked = ReplyToken(rawValue: token)
        step(coordinator.handle(.steer(wish.sweep, wish.steering, ReplyToken(rawValue: token)), at: now))
    }

    private func answered(_ token: ReplyToken) {
        guard token == asked else { return }
        asked = nil
        wishes.removeFirst()
        ask()
    }

    private func step(_ actions: [SimulatedCoordinator.Action]) {
        report()
        carryOut(actions)
    }

    private func report() {
        let effects = coordinator.takeUnreported()
        if !effects.isEmpty { afterEffects?(coordinator.core, effects, now) }
    }

    private func seconds(_ value: Double) -> Duration { .nanoseconds(Int64(value * 1e9)) }

    private func scheduleFault(_ mean: Double?, _ fault: () -> Event) {
        guard let mean else { return }
        let next = now.advanced(by: seconds(-mean * Elementary.log(1 - random.uniform())))
        if next < Instant.zero.advanced(by: seconds(scenario.faultsUntil)) { queue.add(fault(), at: next) }
    }

    private var faults: LinkFaults {
        now < Instant.zero.advanced(by: seconds(scenario.faultsUntil)) ? scenario.faults : LinkFaults()
    }

    private func decoded(_ frames: [[UInt8]], _ message: Message?) -> Message? {
        if let message { return message }
        do { return try Message.decode(frames) } catch {
            violations.append("a message cannot be read: \(error)")
            return nil
        }
    }

    private func encoded(_ message: Message) -> ([[UInt8]], Message?) {
        guard scenario.usesCodec else { return ([], message) }
        do { return (try message.encode(), nil) } catch {
            violations.append("a message cannot be written: \(error)")
            return ([], message)
        }
    }
}

// MARK: - The coordinator's side

extension Simulation {
    private func carryOut(_ actions: [SimulatedCoordinator.Action]) {
        for action in actions {
            switch action {
            case .send(let message, let peer): sendDown(message, to: peer)
            case .commit: queue.add(.committed(life: life), after: seconds(0.001 + 0.004 * random.uniform()))
            case .wake(let moment): queue.add(.wake(life: life), at: moment)
            case .reply(let token, _): answered(token)
            case .log(let line): logged.append(line)
            }
        }
    }

    private func sendDown(_ message: Message, to peer: PeerID) {
        guard let socket = sockets[peer] else { return }
        guard workers[socket.worker]?.incarnation == socket.incarnation,
            workers[socket.worker]?.socket == socket.number
        else {
            // Nobody is there any more; the port may or may not have seen it.
            if random.uniform() < 0.5 { queue.add(.unreachable(peer, life: life), at: now) }
            return
        }
        guard !isCut.contains(socket.worker) else { return }
        let (frames, value) = encoded(message)
        var link = links[socket] ?? (SimulatedLink(), SimulatedLink())
        for arrival in link.down.arrivals(at: now, faults, &random) {
            queue.add(.toWorker(frames, value, socket), at: arrival)
        }
        links[socket] = link
    }
}

// MARK: - The workers' side

extension Simulation {
    private func tell(_ index: Int, _ event: WorkerSession.Event) {
        guard workers[index] != nil else { return }
        let actions = workers[index]?.session.handle(event, at: now, random: random.next()) ?? []
        for action in actions { carryOut(action, of: index) }
        guard let worker = workers[index], let deadline = worker.session.deadline,
            worker.nextTick.map({ deadline < $0 }) ?? true
        else { return }
        workers[index]?.nextTick = max(deadline, now)
        queue.add(.workerTick(index, worker.incarnation), at: deadline)
    }

    private func carryOut(_ action: WorkerSession.Action, of index: Int) {
        guard let worker = workers[index] else { return }
        let incarnation = worker.incarnation
        switch action {
        case .open: workers[index]?.socket += 1
        case .send(let message): sendUp(message, from: index)
        case .begin(let assignment): begin(assignment, on: index)
        case .stop(let lease, _):
            // The trainer stops at its next step.
            if worker.training[lease] != nil { queue.add(.ended(index, incarnation, lease, .cancelled), at: now) }
        case .keep(let hash, let bytes):
            if SyntheticTraining.hash(of: bytes) != hash {
                violations.append("an object has other bytes than its name")
            }
            workers[index]?.cache[hash] = bytes
            queue.add(.kept(index, incarnation, hash), at: now)
        case .discard(let hash): workers[index]?.cache[hash] = nil
        case .note(let problem):
            if problem.code == .undecodable { violations.append("the coordinator complains: \(problem.sentence)") }
        case .exit:
            workers[index] = nil
            queue.add(.startWorker(index), after: .seconds(1))
        }
    }

    private func sendUp(_ message: Message, from index: Int) {
        guard let worker = workers[index], isUp, !isCut.contains(index) else { return }
        let socket = Socket(worker: index, incarnation: worker.incarnation, number: worker.socket)
        if peers[socket] == nil {
            let peer = PeerID(number: nextPeer)
            nextPeer += 1
            peers[socket] = peer
            sockets[peer] = socket
        }
        let (frames, value) = encoded(message)
        var link = links[socket] ?? (SimulatedLink(), SimulatedLink())
        for arrival in link.up.arrivals(at: now, faults, &random) {
            queue.add(.toCoordinator(frames, value, from: socket, life: life), at: arrival)
        }
        links[socket] = link
    }

    private func begin(_ assignment: Assignment, on index: Int) {
        guard let worker = workers[index] else { return }
        if worker.cache[assignment.dataSet.hash] == nil { violations.append("a lease begins without its data set") }
        let state = assignment.checkpoint.map { worker.cache[$0.hash] }
        if assignment.from > 0,
            state != SyntheticTraining.checkpoint(seed: assignment.seed, epoch: assignment.from)
        {
            violations.append("lease \(assignment.lease) begins at \(assignment.from) from another state")
        }
        if assignment.from == 0, state != nil { violations.append("a lease from the start has a checkpoint") }
        if worker.training.count >= worker.plan.slots { violations.append("\(worker.plan.name) has no slot left") }
        guard case .integer(let epochs)? = assignment.spec["train"]?["epochs"] else {
            violations.append("an assignment does not say how many epochs")
            return
        }
        let lease = assignment.lease
        workers[index]?.training[lease] = .init(assignment: assignment, epochs: epochs, epoch: assignment.from)
        let fate = scenario.training.fate(seed: assignment.seed, epochs: epochs)
        let soon = Duration.milliseconds(10)
        switch fate {
        case .killsWorker: queue.add(.crashWorker(index, worker.incarnation), after: soon)
        case .dies: queue.add(.ended(index, worker.incarnation, lease, .died(reason: "signal 9", log: "")), after: soon)
        case .fails:
            queue.add(.ended(index, worker.incarnation, lease, .failed(reason: "too large", log: "")), after: soon)
        case .stopsEarly(let epoch) where assignment.from >= epoch:
            violations.append("a trial that stopped early at \(epoch) is trained on from \(assignment.from)")
        case .sound, .losesNumbers, .stopsEarly:
            queue.add(.trained(index, worker.incarnation, lease), after: epochTime(index))
        }
    }

    private func epochTime(_ index: Int) -> Duration {
        // Real epochs vary; half to one and a half times the plan's.
        seconds(scenario.workers[index].epochMilliseconds / 1000 * (0.5 + random.uniform()))
    }

    private func trained(_ index: Int, _ incarnation: UInt64, _ lease: LeaseID) {
        guard workers[index]?.incarnation == incarnation, let training = workers[index]?.training[lease] else { return }
        let epoch = training.epoch + 1
        workers[index]?.training[lease]?.epoch = epoch
        let observation = scenario.training.observation(
            spec: training.assignment.spec,
            seed: training.assignment.seed,
            epoch: epoch,
            epochs: training.epochs,
            metrics: training.assignment.metrics
        )
        let seed = training.assignment.seed
        let fate = scenario.training.fate(seed: seed, epochs: training.epochs)
        let lost = fate == .losesNumbers(epoch: epoch)
        let stops = fate == .stopsEarly(epoch: epoch)
        let item = Reports.Item(
            lease: lease,
            observations: [observation],
            stoppedEarly: stops,
            notes: scenario.training.notes(seed: seed, epoch: epoch)
        )
        tell(index, .observed([item]))
        tell(index, .progress([Heartbeat.Progress(lease: lease, epoch: epoch, step: 0)]))
        guard lost || stops || epoch == training.assignment.to else {
            queue.add(.trained(index, incarnation, lease), after: epochTime(index))
            return
        }
        workers[index]?.training[lease] = nil
        var checkpoint: WorkerCheckpoint?
        if !lost, !stops, training.assignment.keepsCheckpoint {
            let bytes = SyntheticTraining.checkpoint(seed: seed, epoch: epoch)
            let id = CheckpointID(hash: SyntheticTraining.hash(of: bytes), size: bytes.count)
            checkpoint = WorkerCheckpoint(id: id, bytes: bytes)
        }
        let outcome: SegmentOutcome = lost ? .notFinite : stops ? .stoppedEarly : .reached
        tell(index, .ended(lease, epoch: epoch, outcome, checkpoint: checkpoint))
    }
}
