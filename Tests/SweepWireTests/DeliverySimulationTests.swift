import SweepCore
import SweepNumerics
import SweepWire
import Testing

/// A worker and a coordinator over a network that loses whatever is on its way when it is cut, and a coordinator that forgets
/// whatever it had not committed when it crashes. Everything runs on a virtual clock from one seed.
private struct DeliverySimulation {
    static let trials = 30
    static let epochs = 6
    static let slots = 2

    /// One side's frames on their way, each with its time of arrival; a cut empties it.
    struct Link {
        var frames: [(arrives: Instant, connection: Int, frames: [[UInt8]])] = []
    }

    /// What the coordinator's store holds: it survives a crash.
    struct Store {
        var curves: [LeaseID: [Observation]] = [:]
        var ends: [LeaseID: SegmentEnded] = [:]
        var objects: [ContentHash: [UInt8]] = [:]
        var sequence: UInt64 = 0
        var assigned: Set<LeaseID> = []
    }

    var stream: RandomStream
    var now = Instant.zero
    var worker: WorkerSession
    var connection = 0
    var toCoordinator = Link()
    var toWorker = Link()

    /// The coordinator, as docs/protocol.md has it: the connection on which the worker registered, and what is on its way in.
    var registered: Int?
    var lastHeard = Instant.zero
    var downloads: [ContentHash: ObjectDownload] = [:]
    var durable = Store()
    var volatile = Store()

    /// Trials in training: the epoch each has done and when the next is done.
    var training: [LeaseID: (assignment: Assignment, epoch: Int, next: Instant)] = [:]
    var exit: WorkerSession.Exit?
    var faults = 0
    var silentUntil = Instant.zero

    static let data: [UInt8] = (0..<600_000).map { UInt8(truncatingIfNeeded: $0 &* 17) }
    static let dataSet = DataSetID(hash: GoldenSamples.hash(1), size: data.count)

    init(seed: UInt64) {
        stream = RandomStream(key: seed)
        worker = WorkerSession(
            WorkerSession.Options(
                register: Register(
                    worker: WorkerID(name: "a", incarnation: 1),
                    host: "h",
                    pid: 1,
                    slots: Self.slots,
                    prefetch: 2,
                    kernels: "v3",
                    coreVersion: "1",
                    softwareVersion: "1"
                )
            )
        )
    }

    /// Runs until the worker has drained, or virtual time is up; faults stop after the first twenty virtual seconds.
    mutating func run() throws {
        let end = Instant.zero.advanced(by: .seconds(600))
        while exit == nil, now < end {
            now = now.advanced(by: .milliseconds(1 + stream.below(20)))
            if now < Instant.zero.advanced(by: .seconds(20)) { injectFault() }
            try deliver()
            train()
            act(worker.handle(.tick, at: now, random: stream.next()))
            if stream.below(3) == 0 { commit() }
            if lastHeard.duration(to: now) > .seconds(3) { registered = nil }
            if durable.ends.count == Self.trials, !worker.isDraining, let registered { send(.drain, to: registered) }
        }
    }

    private mutating func injectFault() {
        guard stream.below(40) == 0 else { return }
        faults += 1
        switch stream.below(5) {
        case 0, 1:
            // The network: what is on its way is gone. The worker's socket connects again by itself, which neither side is
            // told; to the coordinator it is another connection.
            connection += 1
            toCoordinator = Link()
            toWorker = Link()
        case 2, 3:
            // The coordinator: what was not committed is gone, and so are its connections.
            registered = nil
            downloads = [:]
            volatile = durable
            toWorker = Link()
        default:
            // The network again, for long enough to be noticed.
            silentUntil = now.advanced(by: .seconds(1 + stream.below(6)))
        }
    }

    private mutating func act(_ actions: [WorkerSession.Action]) {
        for action in actions {
            switch action {
            case .open:
                connection += 1
                toCoordinator.frames.removeAll { $0.connection != connection }
            case .send(let message):
                guard let frames = try? message.encode() else {
                    Issue.record("\(message.kind) cannot be encoded")
                    continue
                }
                toCoordinator.frames.append((arrival(toCoordinator), connection, frames))
            case .begin(let assignment):
                #expect(training.count < Self.slots)
                let next = now.advanced(by: .milliseconds(stream.below(100)))
                training[assignment.lease] = (assignment, assignment.from, next)
            case .stop(let lease, _):
                training[lease] = nil
                act(worker.handle(.ended(lease, epoch: 0, .cancelled, checkpoint: nil), at: now, random: 0))
            case .keep(let hash, let bytes):
                #expect(bytes == Self.data)
                act(worker.handle(.objectKept(hash), at: now, random: 0))
            case .add, .keepAdded, .forgetAdded: Issue.record("the object is small")
            case .discard, .note: break
            case .exit(let reason): exit = reason
            }
        }
    }

    /// Frames of one direction arrive in the order in which they were sent.
    private mutating func arrival(_ link: Link) -> Instant {
        max(link.frames.last?.arrives ?? now, now.advanced(by: .milliseconds(stream.below(40))))
    }

    private mutating func train() {
        for (lease, run) in training.sorted(by: { $0.key < $1.key }) where now >= run.next {
            let epoch = run.epoch + 1
            let observation = Self.observation(lease, epoch)
            act(
                worker.handle(
                    .observed([Reports.Item(lease: lease, observations: [observation])]),
                    at: now,
                    random: 0
                )
            )
            guard epoch == run.assignment.to else {
                training[lease] = (run.assignment, epoch, now.advanced(by: .milliseconds(stream.below(300))))
                continue
            }
            training[lease] = nil
            let checkpoint = Self.checkpoint(lease)
            act(
                worker.handle(
                    .ended(lease, epoch: epoch, .reached, checkpoint: checkpoint),
                    at: now,
                    random: 0
                )
            )
        }
    }

    static func observation(_ lease: LeaseID, _ epoch: Int) -> Observation {
        Observation(epoch: epoch, values: [Double(lease.trial.number), Double(epoch)], seconds: 0)
    }

    /// Odd trials leave a checkpoint, of more than one chunk.
    static func checkpoint(_ lease: LeaseID) -> WorkerCheckpoint? {
        guard !lease.trial.number.isMultiple(of: 2) else { return nil }
        let bytes = [UInt8](repeating: UInt8(lease.trial.number), count: 300_000)
        return WorkerCheckpoint(
            id: CheckpointID(hash: GoldenSamples.hash(UInt8(100 + lease.trial.number)), size: bytes.count),
            bytes: bytes
        )
    }

    private mutating func deliver() throws {
        if now < silentUntil {
            toCoordinator = Link()
            toWorker = Link()
        }
        while let first = toCoordinator.frames.first, first.arrives <= now {
            toCoordinator.frames.removeFirst()
            receive(try Message.decode(first.frames), from: first.connection)
        }
        while let first = toWorker.frames.first, first.arrives <= now {
            toWorker.frames.removeFirst()
            guard first.connection == connection else { continue }
            act(worker.handle(.received(try Message.decode(first.frames)), at: now, random: stream.next()))
        }
    }

    private mutating func send(_ message: Message, to connection: Int) {
        guard let frames = try? message.encode() else {
            Issue.record("\(message.kind) cannot be encoded")
            return
        }
        toWorker.frames.append((arrival(toWorker), connection, frames))
    }

    private mutating func receive(_ message: Message, from connection: Int) {
        if case .register(let register) = message { return accept(register, on: connection) }
        guard connection == registered else {
            if case .problem = message { return }
            return send(.unknownSession, to: connection)
        }
        lastHeard = now
        switch message {
        case .reports(let reports):
            guard isNext(reports.sequence, from: connection) else { return }
            for item in reports.items { volatile.curves[item.lease, default: []] += item.observations }
        case .segmentEnded(let ended):
            guard isNext(ended.sequence, from: connection) else { return }
            #expect(volatile.ends[ended.lease] == nil, "a lease ends once")
            volatile.ends[ended.lease] = ended
            assign(to: connection)
        case .objectOffer(let offer):
            let known = downloads[offer.hash]
            receive(
                known ?? ObjectDownload(hash: offer.hash, size: offer.size, head: offer.head, at: now),
                again: true,
                from: connection
            )
        case .objectChunk(let chunk):
            guard var download = downloads[chunk.hash], download.add(chunk, at: now) else { return }
            receive(download, again: false, from: connection)
        case .objectRequest(let request):
            for chunk in request.chunks(of: Self.data) { send(.objectChunk(chunk), to: connection) }
        case .heartbeat: send(.heartbeatAnswer, to: connection)
        case .goodbye: registered = nil
        case .draining: break
        default: Issue.record("the coordinator got \(message.kind)")
        }
    }

    /// Numbered messages are applied in order; a repeated one, or one after a gap, is answered with what is committed.
    private mutating func isNext(_ sequence: UInt64, from connection: Int) -> Bool {
        guard sequence == volatile.sequence + 1 else {
            send(.acknowledged(Acknowledged(sequence: durable.sequence)), to: connection)
            return false
        }
        volatile.sequence = sequence
        return true
    }

    /// Objects are durable as soon as they are answered for.
    private mutating func receive(_ download: ObjectDownload, again: Bool, from connection: Int) {
        var download = download
        if durable.objects[download.hash] != nil || download.isWhole {
            let bytes = durable.objects[download.hash] ?? download.bytes
            volatile.objects[download.hash] = bytes
            durable.objects[download.hash] = bytes
            downloads[download.hash] = nil
            return send(.objectStored(ObjectStored(hash: download.hash)), to: connection)
        }
        if let request = again ? download.ask(at: now) : download.request(at: now) {
            send(.objectRequest(request), to: connection)
        }
        downloads[download.hash] = download
    }

    private mutating func accept(_ register: Register, on connection: Int) {
        registered = connection
        lastHeard = now
        send(
            .welcome(
                Welcome(
                    session: UInt64(connection),
                    heartbeatMilliseconds: 1000,
                    lapseMilliseconds: 3000,
                    coordinator: "c",
                    lastSequence: durable.sequence
                )
            ),
            to: connection
        )
        // What the worker does not list and has not ended, it never got.
        volatile.assigned = Set(register.leases.map(\.lease)).union(volatile.ends.keys)
        assign(to: connection)
    }

    private mutating func assign(to connection: Int) {
        var held = volatile.assigned.subtracting(volatile.ends.keys).count
        var leases: [Assignment] = []
        for number in 1...Self.trials where held < 4 {
            let lease = WorkerBench.lease(number)
            guard volatile.assigned.insert(lease).inserted else { continue }
            held += 1
            leases.append(
                Assignment(
                    lease: lease,
                    sweepName: "s",
                    spec: .map([]),
                    seed: 1,
                    from: 0,
                    to: Self.epochs,
                    checkpoint: nil,
                    dataSet: Self.dataSet,
                    keepsCheckpoint: true,
                    metrics: [.trainingLoss, .validationLoss]
                )
            )
        }
        if !leases.isEmpty { send(.assignments(Assignments(leases: leases)), to: connection) }
    }

    private mutating func commit() {
        guard durable.sequence < volatile.sequence else {
            durable = volatile
            return
        }
        durable = volatile
        if let registered { send(.acknowledged(Acknowledged(sequence: durable.sequence)), to: registered) }
    }
}

@Suite struct DeliverySimulationTests {
    @Test(arguments: UInt64(1)...40)
    func `whatever is cut or crashes, each epoch and each end is committed once and in order`(seed: UInt64) throws {
        var simulation = DeliverySimulation(seed: seed)
        try simulation.run()
        #expect(simulation.exit == .drained, "seed \(seed), \(simulation.faults) faults, at \(simulation.now)")
        for number in 1...DeliverySimulation.trials {
            let lease = WorkerBench.lease(number)
            let expected = (1...DeliverySimulation.epochs).map { DeliverySimulation.observation(lease, $0) }
            #expect(simulation.durable.curves[lease] == expected, "seed \(seed), trial \(number)")
            let end = simulation.durable.ends[lease]
            #expect(
                end?.outcome == .reached && end?.epoch == DeliverySimulation.epochs,
                "seed \(seed), trial \(number)"
            )
            let checkpoint = DeliverySimulation.checkpoint(lease)
            #expect(end?.checkpoint == checkpoint?.id)
            if let checkpoint { #expect(simulation.durable.objects[checkpoint.id.hash] == checkpoint.bytes) }
        }
    }

    @Test func `the faults really happen`() throws {
        var simulation = DeliverySimulation(seed: 1)
        try simulation.run()
        #expect(simulation.faults > 5)
        #expect(simulation.connection > 1, "at least one reconnection")
    }
}
