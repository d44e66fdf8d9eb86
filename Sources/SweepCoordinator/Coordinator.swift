import Glibc
package import Logging
import ServiceLifecycle
import SweepCoordination
import SweepCore
import SweepMessaging
import SweepNodes
import SweepStore
import SweepWire

/// The coordinator of a directory: the core on the thread of its port, its journal, its objects.
///
/// A turn takes a batch of messages, asks the core, commits every fact of the batch in one transaction, and only then sends
/// what the batch decided. A commit that fails ends the process; it comes back from the store.
package actor Coordinator: Service {
    nonisolated let loop = MessagingLoop(name: "coordinator")
    /// The port's thread.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    let options: CoordinatorServiceOptions
    let logger: Logger
    let metrics: CoordinatorMetrics
    /// Who sends what cannot be acted upon.
    var badPeers = BadPeers()
    let store: Store
    let journal: JournalThread
    package nonisolated let objects: ObjectThread
    let snapshots: SnapshotThread?
    var snapshotUpkeep: SnapshotUpkeep
    /// Where the curves are that the core has thinned.
    let curves: WholeCurves
    /// Where what takes long is made for readers.
    package nonisolated let readings = ReadingThreads()
    /// Where the next experiments are looked for, one after the other: no reader waits behind them.
    private let seeking = ReadingThreads(count: 1, name: "seeking")
    var core: CoordinatorCore
    var server: ServerSocket?
    /// Objects that are known to be kept.
    var kept: Set<ContentHash>
    var upkeep = ObjectUpkeep()
    var transfers = TransfersUnderWay()
    var requests = RequestsUnderWay()
    /// What it tells any key of its workers and sweeps: it is made on the port's thread, and asked for as often as anyone likes.
    var expectations = KeptAnswer<NodeExpectations>(for: .seconds(1))
    /// What the store is to be cleared of.
    var clearing = ClearingUpkeep()
    /// The key that each worker process proved at its first registration.
    var workersOfKeys = WorkersOfKeys()
    /// Limits of keys that were told of.
    var limitsTold: Set<KeyLimit.Telling> = []
    /// When each sweep's first epoch of this process came, how many it had before, and its rate of late.
    private var paces: [SweepID: (since: Instant, epochs: Int, rate: SweepRate)] = [:]
    /// Effects that wait for the commit that is under way, and then for their own.
    private var queue = CommitQueue()
    /// Whether a turn is under way: events are taken in, and decided upon at its end.
    private var isInTurn = false
    /// Whether anything was taken in.
    private var hasTaken = false
    /// Whether effects are being carried out.
    private var isPerforming = false
    /// Connections that could not be sent to, until the core is told.
    private var cutOff: [PeerID] = []
    /// When the first of them came.
    private var queuedSince: Instant?
    private var wake: TimerID?
    private var nextToken: UInt64 = 0
    private var repliers: [ReplyToken: (SteeringOutcome) -> Void] = [:]
    private let started = ContinuousClock.now
    /// The same moment on the wall's clock, for display.
    let startedMilliseconds = wallClockMilliseconds()
    /// Who trained what, when, in this process.
    var spans = TrainingSpans()

    /// Opens the directory and replays its journal; throws a `StoreError` or a `JournalError`.
    package init(
        _ options: CoordinatorServiceOptions,
        metrics: CoordinatorMetrics = CoordinatorMetrics(),
        logger: Logger
    ) throws {
        self.options = options
        self.metrics = metrics
        self.logger = logger
        store = try Store.open(directory: options.directory, mode: .readWrite)
        if let shared = SharedFileSystem(holding: options.directory) {
            logger.warning(
                "the directory is on a file system that machines share: a coordinator of another one may not see its lock",
                metadata: ["store.path": "\(options.directory)", "store.file_system": "\(shared.name)"]
            )
        }
        let snapshotStore = SnapshotUpkeep.open(options.directory, logger)
        var coreOptions = options.core
        coreOptions.softwareVersion = options.softwareVersion
        let restored = try RestoredCore(
            from: store,
            snapshots: snapshotStore,
            options: coreOptions,
            session: UInt64.random(in: 1...UInt64.max)
        )
        if let reason = restored.passedOver {
            logger.warning(
                "the snapshot is not used, the whole journal was read",
                metadata: ["store.path": "\(SnapshotStore.path(options.directory))", "store.error": "\(reason)"]
            )
        }
        core = restored.core
        snapshots = snapshotStore.map(SnapshotThread.init)
        snapshotUpkeep = SnapshotUpkeep(restored, least: options.snapshotBytes)
        snapshotUpkeep.isImpossible = snapshotStore == nil
        curves = WholeCurves(snapshots: snapshotStore, store: store)
        kept = core.neededObjects
        upkeep.unclaimed = UnclaimedObjects(options.unclaimed)
        clearing.sweeps = core.deleted.subtracting(try DeletedSweeps.cleared(in: store))
        journal = JournalThread(store)
        objects = ObjectThread(ObjectStore(directory: options.directory))
    }

    /// Binds the port, writes `endpoint.json` and begins work; the endpoint that workers connect to.
    ///
    /// Throws `EndpointError`, `UnprotectedEndpointError`, `KeyError`, `ZMQError` or `StoreError`.
    package func open() async throws -> String {
        let (missing, spared) = try await objects.keepOnly(core.neededObjects)
        kept.subtract(missing)
        upkeep.postponed.formUnion(spared)
        // Before the port is served: a snapshot holds what its journal entry holds, and nothing of a message after it.
        await prepareSnapshots()
        let server = try bind()
        self.server = server
        try store.setValue(server.endpoint, for: Self.endpointKey)
        if !options.servesHTTP { try announce(http: nil) }
        carryOut(core.start(at: now))
        for hash in missing { lost(hash) }
        clearStore()
        logger.info("coordinator listens", metadata: ["port.endpoint": "\(server.endpoint)"])
        return server.endpoint
    }

    /// Serves until the process is asked to stop, then commits what is under way and closes.
    package func run() async throws {
        try await gracefulShutdown()
        await close()
    }

    /// Ends all connections and waits for the last commit.
    package func close() async {
        server?.close()
        server = nil
        if let wake { _ = loop.cancel(wake) }
        while isCommitting { await Task.yield() }
        try? SweepStore.Endpoint.remove(directory: options.directory)
        await keepLastSnapshot()
        journal.loop.stop()
        snapshots?.loop.stop()
        objects.stop()
        readings.stop()
        seeking.stop()
        loop.stop()
    }

    /// Writes `endpoint.json`, with the HTTP address if there is one.
    package func announce(http: String?) throws {
        guard let server else { return }
        try SweepStore.Endpoint(
            worker: server.endpoint,
            http: http,
            pid: Int(getpid()),
            protocolVersion: Int(SweepWire.protocolVersion)
        ).write(directory: options.directory)
    }

    /// Whether facts are on their way into the journal: the core is ahead of its newest entry then.
    var isCommitting: Bool { queue.isCommitting }

    static let endpointKey = "endpoint"

    /// Time since the start, on a clock that does not jump.
    var now: Instant { Instant.zero.advanced(by: started.duration(to: .now)) }

    private func bind() throws -> ServerSocket {
        var tries: [String] = []
        tries.append(options.listen)
        if options.movesWhenBusy, let port = Self.port(of: options.listen) {
            let last = min(port + CoordinatorServiceOptions.portsTried, 65_535)
            tries += (port..<last).map { "\(Self.host(of: options.listen)):\($0 + 1)" }
        }
        // Its workers look for it where it was: at a port of the system's choice, or where a busy one moved it.
        if let old = try store.value(for: Self.endpointKey), Self.host(of: old) == Self.host(of: options.listen),
            options.listen.hasSuffix(":*") || tries.contains(old)
        {
            tries.removeAll { $0 == old }
            tries.insert(old, at: 0)
        }
        for (index, endpoint) in tries.enumerated() {
            do {
                return try ServerSocket(
                    listeningOn: endpoint,
                    security: options.security,
                    on: loop,
                    onEvent: { [unowned self] event in report(event) },
                    onReadable: { [unowned self] _ in turn() }
                )
            } catch let error as ZMQError where error.isAddressInUse && index + 1 < tries.count {
                logger.notice("port is taken, trying the next", metadata: ["port.endpoint": "\(endpoint)"])
            }
        }
        throw ZMQError(code: EADDRINUSE, operation: "listen on \(options.listen)")
    }

    private static func host(of endpoint: String) -> String {
        endpoint.lastIndex(of: ":").map { String(endpoint[..<$0]) } ?? endpoint
    }

    private static func port(of endpoint: String) -> Int? {
        endpoint.lastIndex(of: ":").flatMap { Int(endpoint[endpoint.index(after: $0)...]) }
    }
}

// MARK: - Effects

extension Coordinator {
    /// Gives the core an event and carries out what it decides, in a turn at the end of it.
    func handle(_ event: Event) {
        guard isInTurn else { return carryOut(core.handle(event, at: now)) }
        core.take(event, at: now)
        hasTaken = true
    }

    /// Gives the core a steering event; its outcome comes when it is committed.
    func steer(_ event: (ReplyToken) -> Event) async -> SteeringOutcome {
        nextToken += 1
        let token = ReplyToken(rawValue: nextToken)
        let event = event(token)
        return await withCheckedContinuation { continuation in
            repliers[token] = { continuation.resume(returning: $0) }
            handle(event)
        }
    }

    /// How fast the sweep goes; nil before its first second.
    func pace(of sweep: SweepProgress) -> Pace? {
        notePaces()
        guard let (since, epochs, rate) = paces[sweep.id] else { return nil }
        let seconds = Double(since.duration(to: now).wholeNanoseconds) / 1e9
        guard seconds > 0.2, sweep.epochsTrained > epochs else { return nil }
        let measured = Double(sweep.epochsTrained - epochs) / seconds
        return Pace(epochsPerSecond: measured, ahead: rate.epochsPerSecond ?? measured)
    }

    /// Sets what was trained of each sweep against what its workers could do; a sweep that rests needs none.
    private func notePaces() {
        let capacities = core.capacities
        for id in Array(paces.keys) {
            guard let sweep = core.sweeps[id], !sweep.state.isOver else { continue }
            paces[id]?.rate.note(epochs: sweep.epochsTrained, capacity: capacities[id] ?? WorkerCapacity(), at: now)
        }
    }

    func forgetPace(of sweep: SweepID) { paces[sweep] = nil }

    /// Queues effects behind the commit that is under way, if any.
    func carryOut(_ effects: [Effect]) {
        guard !effects.isEmpty else { return }
        if queuedSince == nil { queuedSince = now }
        queue.add(effects)
        commitNext()
    }

    /// Takes in the events that `body` gives, and then decides once.
    ///
    /// Facts reach the journal in the order in which the core took them, and a commit holds all that it has taken so far.
    func inTurn(_ body: () -> Void) {
        guard !isInTurn else { return body() }
        isInTurn = true
        body()
        isInTurn = false
        if hasTaken {
            hasTaken = false
            carryOut(core.decide(at: now))
        }
        tellCutOff()
    }

    /// Tells the core of connections that could not be sent to, unless something is under way that must come first.
    private func tellCutOff() {
        guard !isInTurn, !isPerforming, !cutOff.isEmpty else { return }
        let peers = cutOff
        cutOff = []
        inTurn { for peer in peers { handle(.unreachable(peer)) } }
    }

    private func commitNext() {
        while let step = queue.next() {
            let since = queuedSince ?? now
            queuedSince = nil
            switch step {
            case .perform(let effects): perform(effects)
            case .commit(let facts): commit(facts, queuedSince: since)
            }
        }
    }

    private func commit(_ facts: [Fact], queuedSince since: Instant) {
        // Nothing but these facts is decided and not committed, so that the state now is the journal's after them.
        // One of an entry that is about to be cleared would be bound to bytes that are gone.
        let deletes = facts.contains { if case .sweepChanged(_, .deleted) = $0 { true } else { false } }
        let snapshot = snapshotUpkeep.isDue && !deletes ? core.snapshot : nil
        if snapshot != nil { snapshotUpkeep.isWriting = true }
        Task {
            let asked = now
            do {
                let entry = try await journal.commit(facts)
                snapshotUpkeep.committed(entry)
            } catch {
                // What was decided is not kept, so nothing of it may be said: the next start takes up the store as it is.
                logger.critical("the store cannot be written", metadata: ["store.error": "\(error)"])
                exit(1)
            }
            let effects = queue.committed()
            metrics.committed(facts.count, in: asked.duration(to: now))
            if let snapshot { keep(snapshot) }
            perform(effects)
            metrics.acknowledged(in: effects, after: since.duration(to: now))
            commitNext()
        }
    }

    /// Decisions that wait for the commit under way.
    var pendingEffects: Int { queue.count }

    private func perform(_ effects: [Effect]) {
        isPerforming = true
        for effect in effects { perform(effect) }
        isPerforming = false
        tellCutOff()
    }

    private func perform(_ effect: Effect) {
        switch effect {
        case .record(let fact): note(fact)
        case .send(let message, let peer): send(message, to: ConnectionID(number: peer.number))
        case .reply(let token, let outcome): repliers.removeValue(forKey: token)?(outcome)
        case .drop(let hash): drop(hash)
        case .seekExperiment(let sweep): seekExperiment(on: sweep)
        // What waited for it in the queue is not said; else there is nothing to do.
        case .replaced: break
        case .log(let line): log(line)
        case .wake(let moment):
            // A coordinator that closes looks at nobody's silence any more: it does not hear them.
            guard server != nil else { return }
            if let wake { _ = loop.cancel(wake) }
            wake = loop.schedule(after: max(.zero, now.duration(to: moment))) { [unowned self] in
                assumeIsolated { coordinator in
                    // What came while this thread was held up counts as a sign of life before anyone is called silent.
                    // A turn takes 256 messages; each worker may have sent some.
                    for _ in 0...coordinator.core.workers.count / 128 { coordinator.turn() }
                    coordinator.forgetKeys()
                    coordinator.handle(.tick)
                    coordinator.notePaces()
                    coordinator.lookAfterObjects()
                }
            }
        }
    }

    /// Looks for the next experiment on a finished sweep where no reader waits: all its trials are looked at.
    private func seekExperiment(on sweep: SweepID) {
        let core = core.reading
        let (version, moment) = (options.coreVersion, wallClockMilliseconds())
        Task {
            let step = await seeking.run { [curves] in
                core.experimentStep(of: sweep, coreVersion: version, milliseconds: moment, curves: curves)
            }
            // One that has closed asks again when it is started.
            guard server != nil else { return }
            handle(.experimentFound(sweep, step))
        }
    }

    func send(_ message: Message, to connection: ConnectionID) {
        let frames: [[UInt8]]
        let version = core.version(on: PeerID(number: connection.number))
        do { frames = try message.encode(in: version) } catch {
            logger.error("a message cannot be sent", metadata: ["message.reason": "\(error)"])
            return
        }
        switch server?.send(frames, to: connection) {
        case .sent: metrics.sent(frames)
        case nil: break
        case .wouldBlock:
            // Its queue is full: it will miss an acknowledgement or an assignment and ask again when it registers.
            logger.warning("peer does not read", metadata: ["peer.connection": "\(connection)"])
            cutOff.append(PeerID(number: connection.number))
            tellCutOff()
        case .unreachable:
            cutOff.append(PeerID(number: connection.number))
            tellCutOff()
        }
    }

    private func log(_ line: LogLine) {
        let metadata = Logger.Metadata(uniqueKeysWithValues: line.metadata.map { ($0.key, .string($0.value)) })
        let level: Logger.Level =
            switch line.level {
            case .debug: .debug
            case .info: .info
            case .warning: .warning
            case .error: .error
            }
        logger.log(level: level, "\(line.message)", metadata: metadata)
    }

    /// Counts and logs what was committed; begins to measure a sweep's pace at its first lease.
    private func note(_ fact: Fact) {
        metrics.count(fact)
        spans.note(fact, at: now)
        if logger.logLevel <= .debug { log(LogLine(committed: fact)) }
        if case .sweepChanged(let sweep, .deleted) = fact { return deleted(sweep) }
        guard case .leased(let lease, _, _, _, _) = fact, paces[lease.trial.sweep] == nil else { return }
        let trained = core.sweeps[lease.trial.sweep]?.epochsTrained ?? 0
        let capacity = core.capacity(of: lease.trial.sweep)
        paces[lease.trial.sweep] = (now, trained, SweepRate(epochs: trained, capacity: capacity, at: now))
    }
}
