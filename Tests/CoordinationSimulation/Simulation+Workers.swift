import SweepCoordination
import SweepCore
import SweepNumerics
import SweepTestKit
import SweepWire

extension Simulation {
    func startWorker(_ index: Int) {
        guard workers[index] == nil else { return }
        incarnations += 1
        workers[index] = SimulatedWorker(scenario.workers[index], incarnation: incarnations, origin: now)
        tell(index, .tick)
    }

    func crashWorker(_ index: Int, _ incarnation: UInt64?, down: Double) {
        guard let worker = workers[index], incarnation ?? worker.incarnation == worker.incarnation else { return }
        trace?(now, "\(worker.plan.name): killed")
        workers[index] = nil
        tally.workerCrashes += 1
        queue.add(.startWorker(index), after: duration(down))
    }

    /// Gives a worker's session an event and carries out what it wants.
    func tell(_ index: Int, _ event: WorkerSession.Event) {
        guard let worker = workers[index] else { return }
        var random = RandomStream(key: key ^ worker.incarnation, counter: UInt64(bitPattern: now.nanoseconds))
        let actions = workers[index]?.session.handle(event, at: worker.local(now), random: random.next()) ?? []
        for action in actions { carryOut(action, of: index) }
        guard let worker = workers[index] else { return }
        if !worker.heldUp.isEmpty, !worker.session.isFull {
            workers[index]?.heldUp = []
            for lease in worker.heldUp { queue.add(.trained(index, worker.incarnation, lease), at: now) }
        }
        check(worker)
        guard let deadline = worker.session.deadline.map(worker.global),
            worker.nextTick.map({ deadline < $0 }) ?? true
        else { return }
        workers[index]?.nextTick = max(deadline, now)
        queue.add(.workerTick(index, worker.incarnation), at: deadline)
    }

    /// What a worker may hold is bounded.
    private func check(_ worker: SimulatedWorker) {
        let backlog = worker.session.backlog
        if backlog.unacknowledged > ReliableSender.countLimit {
            violations.append("\(worker.plan.name) keeps \(backlog.unacknowledged) unacknowledged messages")
        }
        // Trainers wait when it is full; what each of them says once more comes on top.
        if backlog.waitingBytes > WorkerSession.Backlog.byteLimit + worker.plan.slots * 64 * 1024 {
            violations.append("\(worker.plan.name) keeps \(backlog.waitingBytes) bytes that are not sent")
        }
    }

    private func carryOut(_ action: WorkerSession.Action, of index: Int) {
        guard let worker = workers[index] else { return }
        let incarnation = worker.incarnation
        switch action {
        case .open: workers[index]?.socket += 1
        case .send(let message): send(message, from: index)
        case .begin(let assignment): begin(assignment, on: index)
        case .stop(let lease, _):
            // The trainer stops at its next step.
            if worker.training[lease] != nil { queue.add(.ended(index, incarnation, lease, .cancelled), at: now) }
        case .keep(let hash, let bytes):
            if SyntheticTraining.hash(of: bytes) != hash, scenario.hostile == nil {
                violations.append("an object has other bytes than its name")
            }
            workers[index]?.cache[hash] = bytes
            queue.add(.kept(index, incarnation, hash), at: now)
        case .add, .keepAdded, .forgetAdded: violations.append("a small object is taken for a large one")
        case .discard(let hash): workers[index]?.cache[hash] = nil
        case .note(let problem): trace?(now, "\(worker.plan.name): told \(problem.code): \(problem.sentence)")
        case .exit(let reason):
            trace?(now, "\(worker.plan.name): ends, \(reason)")
            if reason == .drained { tally.drained += 1 }
            switch reason {
            case .refused, .turnedAway: tally.refusedWorkers += 1
            case .drained, .left, .lost: break
            }
            workers[index] = nil
            // Whoever starts a worker that is of no use is in no hurry to do it again.
            queue.add(.startWorker(index), after: worker.plan.isUseful ? .seconds(1) : .seconds(15))
        }
    }

    private func send(_ message: Message, from index: Int) {
        guard let worker = workers[index], var frames = encoded(message, in: worker.session.version) else { return }
        remember(message, frames, of: worker)
        // Builds of before there was a handshake's version wrote the one that they had.
        if message.kind != .problem, worker.plan.versions.newest < handshakeVersion {
            frames[0][4] = worker.plan.versions.newest
        }
        guard isUp, !faults.isCut(index, .up, at: seconds(now)) else { return }
        overhear(frames)
        let socket = Socket(worker: index, incarnation: worker.incarnation, number: worker.socket)
        if peers[socket] == nil {
            let peer = PeerID(number: nextPeer)
            nextPeer += 1
            peers[socket] = peer
            sockets[peer] = socket
        }
        var link = links[socket] ?? newLinks(socket)
        for arrival in link.up.arrivals(frames, at: now, faults.noise(at: seconds(now))) {
            queue.add(.toCoordinator(arrival, from: socket, life: life), at: arrival.moment)
        }
        links[socket] = link
    }

    /// Keeps what a number stands for; it must stand for the same whenever it is sent again.
    private func remember(_ message: Message, _ frames: [[UInt8]], of worker: SimulatedWorker) {
        let sequence: UInt64
        switch message {
        case .reports(let reports): sequence = reports.sequence
        case .segmentEnded(let end): sequence = end.sequence
        default: return
        }
        if let before = said[worker.id]?[sequence], before.frames != frames {
            violations.append("\(worker.plan.name) sends something else as its number \(sequence)")
        }
        said[worker.id, default: [:]][sequence] = (message, frames)
    }

    func arrived(_ arrival: SimulatedLink.Arrival, on socket: Socket) {
        guard let worker = workers[socket.worker], worker.incarnation == socket.incarnation,
            worker.socket == socket.number
        else { return }
        for frame in arrival.frames { for byte in frame { digest.combine(byte: byte) } }
        checkVersion(arrival, of: worker)
        do {
            let message = try Message.decode(arrival.frames)
            if arrival.isDamaged {
                tally.forgedFrames += 1
                return
            }
            checkAcknowledged(message, by: worker)
            tell(socket.worker, .received(message))
        } catch {
            if arrival.isDamaged {
                tally.damagedFrames += 1
            } else {
                violations.append("a message cannot be read: \(error)")
            }
            tell(socket.worker, .unreadable(error))
        }
    }

    /// What a worker is sent must be in a version that it speaks: a problem or a handshake, or what was settled.
    private func checkVersion(_ arrival: SimulatedLink.Arrival, of worker: SimulatedWorker) {
        guard !arrival.isDamaged, let header = arrival.frames.first, header.count == WireLimits.header else { return }
        let versions = worker.plan.versions
        let isRead =
            header[5] == MessageKind.problem.rawValue || versions.contains(header[4])
            || (header[4] == handshakeVersion && versions.newest >= handshakeVersion)
        if !isRead { violations.append("\(worker.plan.name) of \(versions) is sent a header of version \(header[4])") }
    }

    /// What a worker is told is kept must be in the journal: it forgets it now.
    private func checkAcknowledged(_ message: Message, by worker: SimulatedWorker) {
        let sequence: UInt64
        switch message {
        case .acknowledged(let acknowledged): sequence = acknowledged.sequence
        case .welcome(let welcome): sequence = welcome.lastSequence
        default: return
        }
        // Another directory's coordinator begins where the worker does: what it forgot was acknowledged before.
        let kept = coordinator.audit.sequence(of: worker.id)
        if sequence > kept, said[worker.id]?[sequence] != nil, !wasAcknowledged(sequence, by: worker) {
            violations.append("\(worker.plan.name) sees \(sequence) acknowledged, the journal has \(kept)")
        }
    }

    private func wasAcknowledged(_ sequence: UInt64, by worker: SimulatedWorker) -> Bool {
        sequence < worker.session.backlog.oldestSequence
    }

    // MARK: Trainers

    private func begin(_ assignment: Assignment, on index: Int) {
        guard let worker = workers[index] else { return }
        let lease = assignment.lease
        let trusts = scenario.hostile == nil
        if worker.cache[assignment.dataSet.hash] == nil { violations.append("a lease begins without its data set") }
        if !worker.plan.isUseful { violations.append("\(worker.plan.name) was given \(lease)") }
        let state = assignment.checkpoint.map { worker.cache[$0.hash] }
        // A state up to the epoch of a copy is that of the trial that was copied.
        let owner = Self.ancestors(assignment).first { assignment.from <= $0.to }?.seed ?? assignment.seed
        if assignment.from > 0, trusts, state != SyntheticTraining.checkpoint(seed: owner, epoch: assignment.from) {
            violations.append("lease \(lease) begins at \(assignment.from) from another state")
        }
        if assignment.from == 0, state != nil { violations.append("a lease from the start has a checkpoint") }
        if worker.training.count >= worker.plan.slots { violations.append("\(worker.plan.name) has no slot left") }
        guard case .integer(let epochs)? = assignment.spec["train"]?["epochs"] else {
            violations.append("an assignment does not say how many epochs")
            return
        }
        workers[index]?.training[lease] = .init(assignment: assignment, epochs: epochs, epoch: assignment.from)
        let fate = scenario.training.fate(seed: assignment.seed, epochs: epochs)
        let soon = Duration.milliseconds(10)
        switch fate {
        case .killsWorker:
            let down = 0.5 + 8 * chance(5, worker.incarnation)
            queue.add(.crashWorker(index, worker.incarnation, down: down), after: soon)
        case .dies: queue.add(.ended(index, worker.incarnation, lease, .died(reason: "signal 9", log: "")), after: soon)
        case .fails:
            queue.add(.ended(index, worker.incarnation, lease, .failed(reason: "too large", log: "")), after: soon)
        case .stopsEarly(let epoch) where assignment.from >= epoch && trusts:
            violations.append("a trial that stopped early at \(epoch) is trained on from \(assignment.from)")
        case .sound, .losesNumbers, .stopsEarly:
            queue.add(.trained(index, worker.incarnation, lease), after: epochTime(index, lease, assignment.from + 1))
        }
    }

    /// The epochs of its copies, and the seeds of those that were copied, of a trial that goes on from another's state.
    private static func ancestors(_ assignment: Assignment) -> [(to: Int, seed: UInt64)] {
        guard case .list(let items)? = assignment.spec[Ancestor.key] else { return [] }
        return items.compactMap { item in
            guard case .integer(let to)? = item["to"], case .integer(let seed)? = item["seed"] else { return nil }
            return (to, UInt64(UInt(bitPattern: seed)))
        }
    }

    private func epochTime(_ index: Int, _ lease: LeaseID, _ epoch: Int) -> Duration {
        // Real epochs vary; half to one and a half times the plan's.
        let draw = chance(6, UInt64(lease.trial.number), UInt64(lease.attempt.rawValue), UInt64(epoch))
        let slowness = faults.slowness(of: index, at: seconds(now))
        return duration(scenario.workers[index].epochMilliseconds / 1000 * (0.5 + draw) * slowness)
    }

    func trained(_ index: Int, _ incarnation: UInt64, _ lease: LeaseID) {
        guard let worker = workers[index], worker.incarnation == incarnation, let training = worker.training[lease]
        else { return }
        if let until = faults.stuck(index, at: seconds(now)) {
            return queue.add(.trained(index, incarnation, lease), at: later(until))
        }
        if worker.session.isFull {
            tally.heldUp += 1
            workers[index]?.heldUp.append(lease)
            return
        }
        let epoch = training.epoch + 1
        workers[index]?.training[lease]?.epoch = epoch
        if let copied = Self.ancestors(training.assignment).last?.to, epoch <= copied {
            // An ancestor's epoch, trained again, is known and not reported.
            tally.ancestorEpochs += 1
            tell(index, .progress([Heartbeat.Progress(lease: lease, epoch: epoch, step: 0)]))
            return queue.add(.trained(index, incarnation, lease), after: epochTime(index, lease, epoch + 1))
        }
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
            notes: scenario.training.notes(seed: seed, epoch: epoch),
            // Neither a broken network is read nor one that has earlier weights back.
            readings: lost || stops
                ? [] : scenario.training.readings(seed: seed, epoch: epoch, segmentEnd: training.assignment.to)
        )
        tell(index, .observed([item]))
        tell(index, .progress([Heartbeat.Progress(lease: lease, epoch: epoch, step: 0)]))
        guard lost || stops || epoch >= training.assignment.to else {
            queue.add(.trained(index, incarnation, lease), after: epochTime(index, lease, epoch + 1))
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
