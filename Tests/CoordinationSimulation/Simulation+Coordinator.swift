import SweepCoordination
import SweepCore
import SweepNumerics
import SweepWire

extension Simulation {
    var coordinatorNow: Instant { Instant.zero.advanced(by: origin.duration(to: now)) }

    func carryOut(_ actions: [SimulatedCoordinator.Action]) {
        for action in actions {
            switch action {
            case .send(let message, let peer): send(message, to: peer)
            case .commit:
                commits += 1
                let time = 0.001 + 0.004 * chance(2, UInt64(commits))
                let more = faults.diskDelay(at: seconds(now)) * chance(3, UInt64(commits))
                queue.add(.committed(life: life), after: duration(time + more))
            case .wake(let moment):
                queue.add(.wake(life: life), at: origin.advanced(by: Instant.zero.duration(to: moment)))
            case .reply(let token, let outcome): answered(token, outcome)
            case .seek(let sweep):
                let step = StandInExperiment.step(of: sweep, in: coordinator.core)
                queue.add(.found(sweep, step, life: life), after: duration(0.01 + 3 * chance(5, UInt64(commits))))
            case .log(let line):
                logged.append(line)
                trace?(now, "coordinator: \(line.message) \(line.metadata.sorted { $0.key < $1.key })")
            }
        }
    }

    /// The commit under way is through, unless the disk or the process fails.
    func committed() {
        if faults.diskIsFull(at: seconds(now)) {
            tally.fullDisks += 1
            return crash(down: 0.5, commitSurvives: false)
        }
        guard let (moment, down) = faults.crash(atCommit: commits) else {
            return carryOut(coordinator.committed(message))
        }
        switch moment {
        case .before: crash(down: down, commitSurvives: false)
        case .after: crash(down: down, commitSurvives: true)
        case .sending(let count):
            let actions = coordinator.committed(message)
            carryOut(Array(actions.filter { if case .send = $0 { true } else { false } }.prefix(count)))
            crash(down: down, commitSurvives: false)
        }
    }

    func crash(down: Double, commitSurvives: Bool) {
        guard isUp else { return }
        trace?(now, "coordinator: killed\(coordinator.isCommitting ? ", commit survives: \(commitSurvives)" : "")")
        isUp = false
        life += 1
        tally.coordinatorCrashes += 1
        peers = [:]
        sockets = [:]
        keys = [:]
        coordinator.crashAndRestore(commitSurvives: commitSurvives, said: message)
        queue.add(.startCoordinator, after: duration(down))
    }

    /// Frames came over a connection whose key is that of the worker at `key`, or the liar's when nil.
    func arrived(_ arrival: SimulatedLink.Arrival, from peer: PeerID, key: Int?) {
        for frame in arrival.frames { for byte in frame { digest.combine(byte: byte) } }
        let message: Message
        do { message = try Message.decode(arrival.frames) } catch {
            if arrival.isDamaged { tally.damagedFrames += 1 }
            // Of an honest peer nothing else is ever unreadable but what another version wrote.
            if !arrival.isDamaged, key != nil, error.code != .badVersion {
                violations.append("a message cannot be read: \(error)")
            }
            if let answer = error.answer { send(answer, to: peer) }
            return
        }
        if arrival.isDamaged, key != nil {
            tally.forgedFrames += 1
            return
        }
        if case .register(let register) = message {
            // Only the worker and the coordinator know its incarnation, 64 random bits that went over an encrypted line. So nobody
            // else can name it, also just after a restart, which has forgotten whose key it is bound to (docs/threat-model.md).
            if key == nil, scenario.workers.contains(where: { $0.name == register.worker.name }),
                (1...max(1, incarnations)).contains(register.worker.incarnation)
            {
                tally.claims += 1
                return
            }
            guard keys[register.worker, default: key] == key else {
                let kind = message.kind.rawValue
                return send(.problem(Problem(kind: kind, code: .refused, sentence: "another key's name")), to: peer)
            }
            keys[register.worker] = key
        }
        let isFull = faults.diskIsFull(at: seconds(now))
        carryOut(coordinator.receive(message, from: peer, at: coordinatorNow, diskIsFull: isFull))
    }

    private func send(_ message: Message, to peer: PeerID) {
        guard let socket = sockets[peer] else { return }
        guard workers[socket.worker]?.incarnation == socket.incarnation,
            workers[socket.worker]?.socket == socket.number
        else {
            // Nobody is there any more; the port may or may not have seen it.
            if chance(4, UInt64(peer.number), UInt64(bitPattern: now.nanoseconds)) < 0.5 {
                queue.add(.unreachable(peer, life: life), at: now)
            }
            return
        }
        guard let frames = encoded(message, in: coordinator.core.version(on: peer)) else { return }
        overhear(frames)
        guard !faults.isCut(socket.worker, .down, at: seconds(now)) else { return }
        var link = links[socket] ?? newLinks(socket)
        for arrival in link.down.arrivals(frames, at: now, faults.noise(at: seconds(now))) {
            queue.add(.toWorker(arrival, socket), at: arrival.moment)
        }
        links[socket] = link
    }

    func encoded(_ message: Message, in version: UInt8) -> [[UInt8]]? {
        do { return try message.encode(in: version) } catch {
            violations.append("a message cannot be written: \(error)")
            return nil
        }
    }

    func newLinks(_ socket: Socket) -> (up: SimulatedLink, down: SimulatedLink) {
        let words = [UInt64(socket.worker), socket.incarnation, UInt64(socket.number)]
        let own = words.reduce(key) { RandomStream.mix($0 ^ ($1 &+ 0x5EED)) }
        return (SimulatedLink(key: own ^ 1), SimulatedLink(key: RandomStream.mix(own) ^ 2))
    }

    /// A process's clock jumps; it notices at its next look.
    func jump(_ process: SimulatedProcess, _ by: Double) {
        trace?(now, "\(process): clock jumps by \(by) s")
        let back = duration(-by)
        switch process {
        case .coordinator:
            origin = origin.advanced(by: back)
            queue.add(.wake(life: life), at: now)
        case .worker(let index):
            guard let worker = workers[index] else { return }
            workers[index]?.origin = worker.origin.advanced(by: back)
            workers[index]?.nextTick = now
            queue.add(.workerTick(index, worker.incarnation), at: now)
        }
    }

    // MARK: The peer that lies

    func overhear(_ frames: [[UInt8]]) {
        guard scenario.hostile != nil else { return }
        overheard.append(frames)
        // What went by lately: enough to hold one of each kind.
        if overheard.count > 128 { overheard.removeFirst(64) }
    }

    /// Sends a damaged copy of something overheard, over one of a few connections.
    func lie() {
        guard let hostile = scenario.hostile, hostile.contains(seconds(now)) else { return }
        queue.add(.lie, after: duration(0.002 + 0.1 * liar.uniform()))
        guard isUp, !overheard.isEmpty else { return }
        tally.lies += 1
        var frames = overheard[liar.below(overheard.count)]
        for _ in 0..<liar.below(3) {
            if liar.below(4) == 0 { FrameDamage.truncate(&frames, &liar) }
            FrameDamage.corrupt(&frames, &liar)
        }
        let arrival = SimulatedLink.Arrival(moment: now, frames: frames, isDamaged: true)
        arrived(arrival, from: PeerID(number: 4_000_000_000 + UInt32(liar.below(3))), key: nil)
    }
}
