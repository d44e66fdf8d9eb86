package import SweepCore

/// All connections of a coordinator, and which worker is on which.
///
/// `Connection` is whatever names a connection: the ROUTER's routing id, or a number in a simulation.
package struct CoordinatorSessions<Connection: Hashable & Sendable>: Sendable {
    /// Workers whose key is remembered after they were lost, so that no other key takes their name over.
    package static var rememberedLimit: Int { 16_384 }

    private var sessions: [Connection: CoordinatorSession] = [:]
    private var connections: [WorkerID: Connection] = [:]
    private var keys: [WorkerID: String] = [:]
    private var remembered: [WorkerID] = []

    package init() {}

    /// The connection of `worker`; nil when it is not connected.
    package func connection(of worker: WorkerID) -> Connection? { connections[worker] }

    /// The worker that registered on `connection`; nil for clients and strangers.
    package func worker(on connection: Connection) -> WorkerID? {
        guard case .worker(let worker)? = sessions[connection]?.peer else { return nil }
        return worker
    }

    /// The workers that are connected, in order.
    package var workers: [WorkerID] { connections.keys.sorted() }

    /// How many connections are known.
    package var count: Int { sessions.count }

    /// Takes in a message from `connection`; a connection that is not known yet is a new one.
    package mutating func receive(_ message: Message, from connection: Connection, at now: Instant) -> [SessionAction] {
        let actions = sessions[connection, default: CoordinatorSession(at: now)].receive(message, at: now)
        if case .left? = actions.first { forget(connection) }
        return actions
    }

    /// Whether the peer whose key is `key` (empty on a port without keys) may be this worker.
    package func mayRegister(_ worker: WorkerID, key: String) -> Bool { keys[worker].map { $0 == key } ?? true }

    /// Binds a connection to a worker; the worker's older connection, which is forgotten, is the result.
    ///
    /// If another worker was bound to this connection it is no longer connected; `CoordinatorSession.bind` has the rest.
    @discardableResult
    package mutating func bind(
        _ register: Register,
        on connection: Connection,
        key: String,
        committed: UInt64,
        interval: Duration,
        lapse: Duration,
        at now: Instant
    ) -> Connection? {
        let older = connections[register.worker].flatMap { $0 == connection ? nil : $0 }
        if let older { sessions[older] = nil }
        if let other = worker(on: connection), other != register.worker { connections[other] = nil }
        var session = sessions[connection] ?? CoordinatorSession(at: now)
        session.bind(register, committed: committed, interval: interval, lapse: lapse, at: now)
        sessions[connection] = session
        connections[register.worker] = connection
        remember(register.worker, key)
        return older
    }

    /// Notes a commit of a worker's messages; the acknowledgement and where to send it.
    package mutating func commit(_ worker: WorkerID, through sequence: UInt64) -> (Connection, Message)? {
        guard let connection = connections[worker],
            let message = sessions[connection]?.commit(through: sequence)
        else { return nil }
        return (connection, message)
    }

    /// Takes an offer whose object is not in the store.
    package mutating func accept(
        _ offer: ObjectOffer,
        from connection: Connection,
        at now: Instant
    ) -> [SessionAction] {
        sessions[connection, default: CoordinatorSession(at: now)].accept(offer, at: now)
    }

    /// Workers that were silent for too long, in order; they and idle clients are forgotten. Also what is to be sent again.
    package mutating func tick(at now: Instant) -> (lost: [WorkerID], resend: [(Connection, SessionAction)]) {
        var lost: [WorkerID] = []
        var resend: [(Connection, SessionAction)] = []
        for connection in Array(sessions.keys) {
            guard let session = sessions[connection] else { continue }
            if session.liveness.isLost(at: now) {
                if let worker = worker(on: connection) { lost.append(worker) }
                forget(connection)
            } else {
                let actions = sessions[connection]?.tick(at: now) ?? []
                resend.append(contentsOf: actions.map { (connection, $0) })
            }
        }
        return (lost.sorted(), resend)
    }

    /// When the next peer counts as lost; nil without peers.
    package var deadline: Instant? { sessions.values.map(\.liveness.lostAt).min() }

    /// Forgets a connection: the peer is gone, or what it sends must be answered with "register again".
    package mutating func forget(_ connection: Connection) {
        if let worker = worker(on: connection), connections[worker] == connection { connections[worker] = nil }
        sessions[connection] = nil
    }

    private mutating func remember(_ worker: WorkerID, _ key: String) {
        guard keys.updateValue(key, forKey: worker) == nil else { return }
        remembered.append(worker)
        guard remembered.count > Self.rememberedLimit,
            let oldest = remembered.firstIndex(where: { connections[$0] == nil })
        else { return }
        keys[remembered.remove(at: oldest)] = nil
    }
}
