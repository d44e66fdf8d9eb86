package import SweepCore

/// A worker's side of the protocol: messages, time and what the trainers did go in, what to do comes out.
///
/// It decides everything between socket and trainers and does nothing: which lease begins when, what is sent, kept and sent
/// again, when to reconnect. The process around it owns the socket, the object cache and the trainers, carries out the
/// actions in order, and calls `handle` for whatever happens.
///
/// Every lease that it was assigned ends in exactly one way: a segment-ended message, handed back, or refused by a welcome.
package struct WorkerSession: Sendable {
    /// What happened.
    package enum Event: Sendable {
        case received(Message)
        /// Frames came that are not a message.
        case unreadable(WireError)
        /// Time passed; due at the latest at `deadline`.
        case tick
        /// Trainers finished epochs.
        case observed([Reports.Item])
        /// How far the running trials are; replaces what was said before, and goes with the next heartbeat.
        case progress([Heartbeat.Progress])
        /// A trainer is done with a lease that it was told to begin; its slot is free. Comes after its last `observed`.
        case ended(LeaseID, epoch: Int, SegmentOutcome, checkpoint: WorkerCheckpoint?)
        /// The bytes of a large object that were to be added are put away, so many of them from its start.
        case added(ContentHash, upTo: Int)
        /// An object that was to be kept has the right hash and is in the cache.
        case objectKept(ContentHash)
        /// An object that was to be kept has another hash, or could not be written.
        case objectLost(ContentHash, reason: String)
        /// The worker is to end once what it has begun is done.
        case drain
        /// The worker is to end now.
        case leave(reason: String)
    }

    /// What to do, in order.
    package enum Action: Hashable, Sendable {
        /// Close the socket if one is open, open a new one.
        case open
        case send(Message)
        /// Train this segment: data and checkpoint are in the object cache.
        case begin(Assignment)
        /// Stop training this lease; `ended` is expected all the same.
        case stop(LeaseID, StopReason)
        /// Check these bytes against the hash, keep them, then say `objectKept` or `objectLost`.
        case keep(ContentHash, [UInt8])
        /// Add these bytes of a large object to those that came before, at offset 0 to none, then say `added`.
        case add(ContentHash, offset: Int, [UInt8])
        /// As `keep`, of the bytes that were added.
        case keepAdded(ContentHash)
        /// Drop the bytes that were added: no more will come, or the object is fetched anew.
        case forgetAdded(ContentHash)
        /// This checkpoint or data set is not needed any more.
        case discard(ContentHash)
        /// The other side complains; for the log.
        case note(Problem)
        /// Close the socket and end the process.
        case exit(Exit)
    }

    /// Why the worker ends.
    package enum Exit: Hashable, Sendable {
        /// Asked to drain, and everything begun is done and committed.
        case drained
        /// Told to by `leave`.
        case left(reason: String)
        /// The coordinator refuses it, and trying again is useless.
        case refused(sentence: String)
        /// No protocol version is spoken by both sides: one of them must be upgraded first.
        case turnedAway(sentence: String)
        /// The coordinator stayed lost for as long as the worker was told to wait.
        case lost
    }

    /// What a worker is told at its start.
    package struct Options: Hashable, Sendable {
        /// The registration, without leases.
        package var register: Register
        /// How long the coordinator may stay lost.
        package var patience: Duration
        /// The ends of leases that an earlier process of the same incarnation took down with it; their numbers are ignored.
        package var inherited: [SegmentEnded]
        /// Bytes of the largest object that is held in memory while it comes.
        package var heldObject: Int
        /// Bytes of data sets, as they come, that are kept for leases to come; those that a lease needs, and the one used last, stay beyond it.
        package var cachedData: Int
        /// 4 GiB: what stays on a worker that has seen many sweeps, most of it in mapped files.
        package static let usualCachedData = 4 << 30
        package init(
            register: Register,
            patience: Duration = .seconds(600),
            inherited: [SegmentEnded] = [],
            heldObject: Int = WireLimits.checkpoint,
            cachedData: Int = usualCachedData
        ) {
            self.register = register
            self.patience = patience
            self.inherited = inherited
            self.heldObject = heldObject
            self.cachedData = cachedData
        }
    }

    /// Where the connection stands.
    enum Phase: Hashable, Sendable {
        case unopened
        case registering(since: Instant)
        case active
        case waiting(until: Instant)
        case ended
    }

    /// A lease that is not done with.
    struct Held: Sendable {
        enum State: Hashable, Sendable {
            /// Not begun: it waits for objects or a slot.
            case queued
            case running
            /// Its checkpoint is on its way to the coordinator.
            case uploading(ContentHash)
            /// Its end waits for the acknowledgement.
            case ended
        }
        let assignment: Assignment
        var state: State = .queued
        var epoch: Int
    }

    /// The first pause before a new socket; doubled each time.
    static let firstPause: Duration = .milliseconds(250)
    /// The longest pause: a coordinator that comes back is found within ten seconds, and a thousand workers that look for it
    /// are a hundred connections a second.
    static let longestPause: Duration = .seconds(10)
    /// How long a registration may go unanswered.
    static let welcomePatience: Duration = .seconds(3)

    var options: Options
    var phase: Phase = .unopened
    /// The protocol version that was settled on this connection; what the actions send is to be written in it.
    package internal(set) var version = handshakeVersion
    var pause = firstPause
    var lostSince: Instant?
    var liveness: Liveness?
    /// Whether it takes no more leases, and ends when what it has begun is done.
    package internal(set) var isDraining = false
    /// Leases that were given back while no one listened; told after the welcome.
    var handedBack: [LeaseID] = []

    var held: [LeaseID: Held] = [:]
    /// Queued leases, in the order in which to begin them.
    var queue: [LeaseID] = []
    /// What the trainers have, also leases that were refused since, with the slots that each takes.
    var busy: [LeaseID: Int] = [:]
    var progress: [LeaseID: Heartbeat.Progress] = [:]

    /// Leases of an earlier process whose ends are not yet acknowledged, with the epochs they had.
    var inherited: [LeaseID: Int] = [:]

    var outbox = WorkerOutbox()
    var sender = ReliableSender()

    var objects: Set<ContentHash> { didSet { mayFetch = true } }
    var downloads: [ContentHash: ObjectDownload] = [:] { didSet { mayFetch = true } }
    /// Objects that are whole and with the cache, until it says whether they are kept.
    var checking: Set<ContentHash> = [] { didSet { mayFetch = true } }
    /// Checkpoints among these whose leases have ended meanwhile.
    var unwanted: Set<ContentHash> = []
    /// Whether a queued lease may lack an object that nobody asked for: looking takes as long as the queue.
    var mayFetch = true
    var uploads: [ContentHash: WorkerUpload] = [:]

    package init(_ options: Options) {
        self.options = options
        objects = Set(options.register.dataSets.map(\.hash))
        for end in options.inherited where inherited[end.lease] == nil && inherited.count < Self.heldLimit {
            inherited[end.lease] = end.epoch
            outbox.append(end)
        }
    }

    /// Whether the coordinator has not yet been told of everything that was inherited.
    package var owesInheritance: Bool { !inherited.isEmpty }

    /// Whether trainers must wait: more is unacknowledged than may be held in memory.
    package var isFull: Bool {
        outbox.bytes >= WorkerOutbox.byteLimit
            || uploads.values.reduce(0) { $0 + $1.bytes.count } >= 2 * WireLimits.checkpoint
    }

    /// What it keeps until it is committed: bounded, whatever the coordinator does.
    package struct Backlog: Hashable, Sendable {
        /// Bytes of the outbox above which trainers wait.
        package static let byteLimit = WorkerOutbox.byteLimit
        /// Numbered messages that are not acknowledged.
        package let unacknowledged: Int
        /// The number of the oldest of these, or of the next message.
        package let oldestSequence: UInt64
        /// Bytes, about, of what is not numbered yet.
        package let waitingBytes: Int
    }

    /// What it keeps now.
    package var backlog: Backlog {
        Backlog(
            unacknowledged: sender.count,
            oldestSequence: sender.oldestSequence,
            waitingBytes: outbox.bytes
        )
    }

    /// Whether a coordinator has welcomed it and was heard since.
    package var isConnected: Bool { phase == .active }

    /// Leases that are not done with, in order.
    package var leases: [LeaseID] { held.keys.sorted() }

    /// Slots that the trainers have taken.
    package var busySlots: Int { busy.values.reduce(0, +) }

    /// When `tick` is due at the latest; nil once ended.
    package var deadline: Instant? {
        var times: [Instant] = []
        switch phase {
        case .ended: return nil
        case .unopened: return .zero
        case .registering(let since): times.append(since.advanced(by: Self.welcomePatience))
        case .waiting(let until): times.append(until)
        case .active:
            if let liveness { times += [liveness.lostAt, liveness.nextBeat] }
            if let resend = sender.deadline { times.append(resend) }
            times += downloads.values.map(\.deadline)
            times += uploads.values.map(\.deadline)
        }
        if let lostSince { times.append(lostSince.advanced(by: options.patience)) }
        return times.min()
    }

    /// Takes in one event at `now`; `random` is drawn anew by the caller each time and spreads out reconnections.
    package mutating func handle(_ event: Event, at now: Instant, random: UInt64) -> [Action] {
        guard phase != .ended else { return [] }
        var actions: [Action] = []
        switch event {
        case .received(let message):
            liveness?.heard(at: now)
            receive(message, at: now, random: random, &actions)
        case .unreadable(let error):
            if phase == .active, let answer = error.answer { actions.append(.send(answer)) }
        case .tick: tick(at: now, random: random, &actions)
        case .observed(let items):
            for item in items { observe(item) }
        case .progress(let running):
            progress = Dictionary(running.map { ($0.lease, $0) }) { _, last in last }
        case .ended(let lease, let epoch, let outcome, let checkpoint):
            ended(lease, epoch: epoch, outcome, checkpoint, at: now, &actions)
        case .added(let hash, let end): added(hash, upTo: end, at: now, &actions)
        case .objectKept(let hash):
            kept(hash, &actions)
        case .objectLost(let hash, let reason):
            checking.remove(hash)
            unwanted.remove(hash)
            abandon(hash, reason: reason)
        case .drain: drain(&actions)
        case .leave(let reason):
            if phase == .active { actions.append(.send(.goodbye(Goodbye(reason: reason)))) }
            exit(.left(reason: reason), &actions)
        }
        settle(at: now, &actions)
        return actions
    }

    /// Does what has become possible: begins leases, asks for objects, sends what waits, ends a drained worker.
    private mutating func settle(at now: Instant, _ actions: inout [Action]) {
        guard phase != .ended else { return }
        beginLeases(&actions)
        if phase == .active {
            fetchObjects(at: now, &actions)
            sendWaiting(at: now, &actions)
        }
        if isDraining, held.isEmpty, busy.isEmpty, outbox.isEmpty, sender.isEmpty {
            if phase == .active { actions.append(.send(.goodbye(Goodbye(reason: "drained")))) }
            exit(.drained, &actions)
        }
    }

    mutating func exit(_ reason: Exit, _ actions: inout [Action]) {
        guard phase != .ended else { return }
        phase = .ended
        for lease in busy.keys.sorted() { actions.append(.stop(lease, .cancelled)) }
        actions.append(.exit(reason))
    }
}

/// A checkpoint that a trainer made, with its name.
package struct WorkerCheckpoint: Hashable, Sendable {
    package let id: CheckpointID
    package let bytes: [UInt8]
    package init(id: CheckpointID, bytes: [UInt8]) {
        self.id = id
        self.bytes = bytes
    }
}
