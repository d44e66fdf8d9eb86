import Glibc
import KernelAPI
package import Logging
import ServiceLifecycle
package import SweepCore
import SweepData
import SweepKernels
import SweepMessaging
import SweepProgram
import SweepTraining
import SweepWire

/// A worker process: the protocol's session on the thread of its socket, and its training slots.
///
/// `WorkerSession` decides; this carries out: it opens the socket, sends, keeps objects, feeds the slots and tells the session
/// what they did.
package actor Worker: Service {
    nonisolated let loop = MessagingLoop(name: "worker")
    /// The socket's thread.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private let options: WorkerOptions
    private let logger: Logger
    private let kernels: KernelTable
    private let shelf = DataShelf()
    /// The files of programs, by their hash.
    private var files: [ContentHash: FileBundle] = [:]
    private let objectLoop = MessagingLoop(name: "objects")
    private var session: WorkerSession
    private var client: ClientSocket?
    private var slots: TrainingSlots?
    private var checkpoints: [ContentHash: [UInt8]] = [:]
    private let large = LargeObjects()
    /// Which objects are data sets, as assignments name them.
    private var dataSets: [ContentHash: DataSetID] = [:]
    private var timer: TimerID?
    private var ending: WorkerSession.Exit?
    private var endWaiter: CheckedContinuation<WorkerSession.Exit, Never>?
    private let started = ContinuousClock.now
    /// Whether a trial went on although it was stopped, so that its thread is still there; known once the worker has ended.
    ///
    /// The process must then be ended without what `exit` does: the thread still uses what that would take apart.
    package private(set) var hasStuckThreads = false
    /// How long a trial may take to see that it was stopped: it looks before each step, and a step of seconds is rare.
    private static let stopPatience: Duration = .seconds(3)

    /// Prepares a worker; throws a `KernelSelectionError` when the processor lacks the kernels asked for.
    package init(_ options: WorkerOptions, logger: Logger) throws {
        self.options = options
        self.logger = logger
        kernels = try KernelTable.selected(override: options.kernels)
        let register = Register(
            worker: WorkerID(
                name: options.name,
                incarnation: options.board?.incarnation ?? UInt64.random(in: 1...UInt64.max)
            ),
            host: Self.hostName,
            pid: getpid(),
            slots: options.slots,
            prefetch: WorkerSession.prefetch(options.prefetch, besides: options.slots),
            kernels: kernels.name,
            coreVersion: options.isNull ? WorkerOptions.nullCoreVersion : String(TrainingCore.version),
            softwareVersion: options.softwareVersion,
            labels: options.announcedLabels,
            samplesPerSecond: options.samplesPerSecond
        )
        session = WorkerSession(
            WorkerSession.Options(
                register: register,
                patience: options.patience,
                inherited: options.inherited,
                heldObject: min(WireLimits.checkpoint, ResidentLimit.bytes),
                cachedData: options.cachedData
            )
        )
    }

    /// This machine's name.
    package static var hostName: String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "unknown" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Works until the session ends; a graceful shutdown drains first.
    package func run() async throws {
        let exit = try await work()
        switch exit {
        case .drained: break
        case .left where session.isDraining: logger.warning("the time to drain was over; what was not told is lost")
        case .left(let reason): throw WorkerError.refused(reason)
        case .refused(let sentence): throw WorkerError.refused(sentence)
        case .turnedAway(let sentence): throw WorkerError.turnedAway(sentence)
        case .lost: throw WorkerError.coordinatorLost(options.endpoint)
        }
    }

    /// Control groups for programs, where they may be made; else the log says why not, and what holds programs to their limits.
    private func controlGroups() -> ControlGroups? {
        do {
            let groups = try ControlGroups()
            logger.info("programs get control groups", metadata: ["groups.place": "\(groups.description)"])
            for reason in groups.leftOut {
                logger.info("control groups lack a controller", metadata: ["groups.reason": "\(reason)"])
            }
            return groups
        } catch {
            logger.info(
                "programs get no control groups: \(ControlGroups.otherwise)",
                metadata: ["groups.reason": "\(error)"]
            )
            return nil
        }
    }

    private func work() async throws -> WorkerSession.Exit {
        let signal = LoopSignal(on: loop) { [weak self] in self?.assumeIsolated { $0.emptyMailbox() } }
        let trainer = options.isNull ? Trainer.null : .core(kernels)
        let programs = try options.runsPrograms ? ProgramFolders(below: ProgramFolders.usualParent) : nil
        slots = try TrainingSlots(
            count: options.slots,
            trainer: trainer,
            board: options.board,
            programs: programs,
            groups: options.runsPrograms ? controlGroups() : nil
        ) { signal.raise() }
        // The first socket is made here, so that an endpoint that cannot be is an error and not a retry.
        client = try makeClient()
        logger.notice(
            "looks for the coordinator",
            metadata: [
                "coordinator.endpoint": "\(options.endpoint)", "worker.id": "\(options.name)",
                "worker.slots": "\(options.slots)", "worker.kernels": "\(kernels.name)",
            ]
        )
        handle(.tick)
        let exit = await withGracefulShutdownHandler {
            await withCheckedContinuation { continuation in
                if let ending { continuation.resume(returning: ending) } else { endWaiter = continuation }
            }
        } onGracefulShutdown: {
            self.loop.perform { self.assumeIsolated { $0.handle(.drain) } }
        }
        close()
        return exit
    }

    private func close() {
        if let timer { _ = loop.cancel(timer) }
        client?.close(linger: .milliseconds(500))
        client = nil
        if slots?.close(patience: Self.stopPatience) == false {
            hasStuckThreads = true
            logger.warning("a trial does not stop; it ends with the process")
        }
        objectLoop.stop()
        loop.stop()
    }

    private var now: Instant { Instant.zero.advanced(by: started.duration(to: .now)) }

    private func makeClient() throws -> ClientSocket {
        let client = try ClientSocket(connectingTo: options.endpoint, security: options.security)
        client.attach(
            to: loop,
            onEvent: { [unowned self] event in report(event) },
            onReadable: { [unowned self] _ in receive() }
        )
        return client
    }

    private func report(_ event: ClientEvent) {
        switch event {
        case .handshakeFailed(let failure):
            logger.error("handshake failed", metadata: ["coordinator.reason": "\(failure)"])
            if failure == .notAllowed { handle(.leave(reason: "its list of keys does not have this one")) }
        case .rejected(let violation):
            logger.warning("message dropped", metadata: ["coordinator.reason": "\(violation)"])
        case .connected:
            if let hello, client?.send(hello) == .sent { self.hello = nil }
        case .disconnected, .unanswered: break
        }
    }

    private func receive() {
        for frames in client?.receiveBatch() ?? [] {
            do {
                let message = try Message.decode(frames)
                if case .assignments(let assignments) = message {
                    for assignment in assignments.leases { dataSets[assignment.dataSet.hash] = assignment.dataSet }
                }
                logger.note(received: message)
                handle(.received(message))
            } catch { handle(.unreadable(error)) }
        }
    }

    /// Tells the session what the slots did: all epochs in one batch, then the ends, each of which comes after its epochs.
    private func emptyMailbox() {
        guard let events = slots?.takeEvents() else { return }
        var items: [Reports.Item] = []
        var ends: [WorkerSession.Event] = []
        for event in events {
            switch event {
            case .observed(let item):
                if items.last?.lease == item.lease { items[items.count - 1].append(item) } else { items.append(item) }
            case .ended(let lease, let epoch, let outcome, let checkpoint):
                ends.append(.ended(lease, epoch: epoch, outcome, checkpoint: checkpoint))
            case .noted(let lease, let sentence):
                logger.warning(
                    "a program is run again",
                    metadata: ["lease.id": "\(lease)", "program.reason": "\(sentence)"]
                )
            }
        }
        if !items.isEmpty { apply(.observed(items)) }
        for end in ends { apply(end) }
        scheduleTick()
    }

    private func handle(_ event: WorkerSession.Event) {
        apply(event)
        scheduleTick()
    }

    private func apply(_ event: WorkerSession.Event) {
        for action in session.handle(event, at: now, random: UInt64.random(in: .min ... .max)) { carryOut(action) }
        slots?.setRoom(!session.isFull)
        if let board = options.board, !board.isDelivered, !session.owesInheritance { board.isDelivered = true }
        if session.isDraining, !drains { beginDraining() }
    }

    private var drains = false

    /// Lets the trials end at their next epoch, stops those that have none in time, and leaves when the time is over.
    private func beginDraining() {
        drains = true
        slots?.drain()
        // The last fifth, a second at most, is for telling the coordinator.
        let rest = min(options.drainTime / 5, .seconds(1))
        _ = loop.schedule(after: options.drainTime - rest) { [unowned self] in
            assumeIsolated { $0.slots?.stopAll() }
        }
        _ = loop.schedule(after: options.drainTime) { [unowned self] in
            assumeIsolated { $0.handle(.leave(reason: "the time to drain is over")) }
        }
    }

    private func scheduleTick() {
        if let timer { _ = loop.cancel(timer) }
        timer = nil
        guard ending == nil, let deadline = session.deadline else { return }
        timer = loop.schedule(after: max(.zero, now.duration(to: deadline))) { [unowned self] in
            assumeIsolated { worker in
                worker.timer = nil
                worker.apply(.progress(worker.slots?.progress ?? []))
                worker.handle(.tick)
            }
        }
    }

    private func carryOut(_ action: WorkerSession.Action) {
        switch action {
        case .open: open()
        case .send(let message): send(message)
        case .begin(let assignment): begin(assignment)
        case .stop(let lease, _): slots?.stop(lease)
        case .keep(let hash, let bytes): keep(hash) { Blob(bytes) }
        case .add(let hash, let offset, let bytes): add(hash, offset, bytes)
        case .keepAdded(let hash): keep(hash) { [large] in try large.take(hash) }
        case .forgetAdded(let hash): objectLoop.perform { [large] in large.forget(hash) }
        case .discard(let hash): discard(hash)
        case .note(let problem):
            logger.warning("the coordinator complains", metadata: ["coordinator.sentence": "\(problem.sentence)"])
        case .exit(let exit):
            ending = exit
            endWaiter?.resume(returning: exit)
            endWaiter = nil
        }
    }

    private var hasOpened = false
    /// The registration that waits for a connection.
    private var hello: [[UInt8]]?

    private func open() {
        // The first socket is open already.
        guard hasOpened else {
            hasOpened = true
            return
        }
        logger.info("looks for the coordinator again", metadata: ["coordinator.endpoint": "\(options.endpoint)"])
        do { try client?.reconnect() } catch {
            logger.error("cannot open a socket", metadata: ["socket.error": "\(error)"])
        }
    }

    private func send(_ message: Message) {
        do {
            let frames = try message.encode(in: session.version)
            let outcome = client?.send(frames)
            // A registration goes out as soon as the connection stands; all else is numbered and will be sent again.
            if case .register = message { hello = outcome == .sent ? nil : frames }
            logger.note(sent: message)
        } catch {
            logger.error("a message cannot be sent", metadata: ["message.reason": "\(error)"])
        }
    }

    private func begin(_ assignment: Assignment) {
        logger.debug("lease begins", metadata: ["lease.id": "\(assignment.lease)", "lease.from": "\(assignment.from)"])
        let rows = shelf[assignment.dataSet.hash].map { TrainingJob.Material.rows($0) }
        guard let material = rows ?? files[assignment.dataSet.hash].map({ .files($0) }) else {
            apply(.ended(assignment.lease, epoch: assignment.from, Self.lacks("data set"), checkpoint: nil))
            return
        }
        let checkpoint = assignment.checkpoint.flatMap { checkpoints[$0.hash] }
        guard assignment.checkpoint == nil || checkpoint != nil else {
            apply(.ended(assignment.lease, epoch: assignment.from, Self.lacks("checkpoint"), checkpoint: nil))
            return
        }
        slots?.begin(TrainingJob(assignment: assignment, material: material, checkpoint: checkpoint))
    }

    private static func lacks(_ what: String) -> SegmentOutcome {
        .died(reason: "the worker lost the \(what)", log: "")
    }

    /// Writes a piece of an object that is too large for memory; a slow disk does not hold up the heartbeats.
    private func add(_ hash: ContentHash, _ offset: Int, _ bytes: [UInt8]) {
        objectLoop.perform { [self, large, loop] in
            large.add(hash, offset, bytes)
            let end = offset + bytes.count
            loop.perform { self.assumeIsolated { $0.handle(.added(hash, upTo: end)) } }
        }
    }

    private func discard(_ hash: ContentHash) {
        checkpoints[hash] = nil
        files[hash] = nil
        shelf.drop(hash)
        if dataSets.removeValue(forKey: hash) != nil {
            logger.debug("a data set is dropped; others need its room", metadata: ["data.hash": "\(hash)"])
        }
    }

    /// Checks and keeps an object; putting its bytes together, hashing and unpacking do not hold up the heartbeats.
    private func keep(_ hash: ContentHash, _ whole: @escaping @Sendable () throws -> Blob) {
        let dataSet = dataSets[hash]
        objectLoop.perform { [self, shelf, loop] in
            let event: WorkerSession.Event
            var bundle: FileBundle?
            var checkpoint: [UInt8]?
            do {
                let bytes = try whole()
                guard ContentHash(bytes: SHA256.digest(bytes)) == hash else { throw WorkerError.damaged(hash) }
                if let dataSet {
                    if FileBundle.isBundle(bytes) {
                        bundle = try FileBundle(packed: bytes.array)
                    } else {
                        try shelf.keep(dataSet, packed: bytes)
                    }
                } else {
                    checkpoint = bytes.array
                }
                event = .objectKept(hash)
            } catch {
                event = .objectLost(hash, reason: "\(error)")
            }
            loop.perform { [bundle, checkpoint] in
                self.assumeIsolated { worker in
                    if let bundle { worker.files[hash] = bundle }
                    if let checkpoint { worker.checkpoints[hash] = checkpoint }
                    worker.handle(event)
                }
            }
        }
    }
}

/// Why a worker ended without being asked to.
package enum WorkerError: Error, Equatable, CustomStringConvertible {
    /// The coordinator will not have it; the sentence is the coordinator's.
    case refused(String)
    /// The coordinator and this worker speak no protocol version in common; the sentence says which side to upgrade.
    case turnedAway(String)
    /// Nobody answers at the endpoint for as long as the worker was told to wait.
    case coordinatorLost(String)
    /// An object's bytes have another hash.
    case damaged(ContentHash)
    /// The system gives it fewer threads than it has slots; `number` is the error's.
    case noThreads(started: Int, slots: Int, number: Int32)

    package var description: String {
        switch self {
        case .refused(let sentence): "the coordinator refuses this worker: \(sentence)"
        case .turnedAway(let sentence): "turned away: \(sentence)"
        case .coordinatorLost(let endpoint): "no coordinator answers at \(endpoint)"
        case .damaged(let hash): "object \(hash) arrived damaged"
        case .noThreads(let started, let slots, let number):
            "--slots: only \(started) of \(slots) training threads can be started (\(String(cString: strerror(number)))): "
                + "allow fewer slots, or this user and its control group more threads (ulimit -u, pids.max, TasksMax= of systemd)"
        }
    }
}
