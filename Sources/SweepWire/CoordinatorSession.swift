package import SweepCore

/// What a coordinator does with a message, besides what its core decides.
package enum SessionAction: Hashable, Sendable {
    /// Hand it to the core: it is allowed, and numbered messages are in order and seen once.
    case apply(Message)
    /// Send it back on the same connection.
    case answer(Message)
    /// An object that was offered is whole: check its hash, store it, then answer `objectStored`.
    case arrived(ContentHash, [UInt8])
    /// The peer said goodbye; the session is over.
    case left(reason: String)
}

/// One connection at the coordinator: who is there, what was heard, what may come next.
package struct CoordinatorSession: Sendable {
    /// Who is at the other end.
    package enum Peer: Hashable, Sendable {
        /// Nobody has registered here: a client, or a worker that must register (again).
        case client
        case worker(WorkerID)
    }

    /// How long a client may be silent before it is forgotten; each call of a command is a connection of its own.
    package static let clientLimit: Duration = .seconds(60)
    /// Objects that one peer may be sending at once.
    package static let downloadLimit = 64
    /// Bytes of unfinished objects that are held for one peer beside the largest one.
    package static let downloadBytes = 512 * 1024 * 1024

    package private(set) var peer: Peer = .client
    package private(set) var liveness: Liveness
    package private(set) var receiver = ReliableReceiver(committed: 0)
    private var downloads: [ContentHash: ObjectDownload] = [:]

    /// A connection that is heard for the first time.
    package init(at now: Instant) {
        liveness = Liveness(interval: Self.clientLimit, limit: Self.clientLimit, at: now)
    }

    /// Binds the connection to a worker whose registration the core accepted; its welcome is sent next.
    ///
    /// `committed` is the highest number of that process that is in the store.
    package mutating func bind(
        _ register: Register,
        committed: UInt64,
        interval: Duration,
        lapse: Duration,
        at now: Instant
    ) {
        peer = .worker(register.worker)
        receiver = ReliableReceiver(committed: committed, oldest: register.oldestSequence)
        liveness = Liveness(interval: interval, limit: lapse, at: now)
    }

    /// Takes in one message that was decoded.
    package mutating func receive(_ message: Message, at now: Instant) -> [SessionAction] {
        liveness.heard(at: now)
        switch (message, peer) {
        case (.problem, _), (.register, _), (.objectRequest, _), (.objectStored, _), (.objectMissing, _):
            if case .objectMissing(let missing) = message { downloads[missing.hash] = nil }
            return [.apply(message)]
        case (.goodbye(let goodbye), _):
            return [.left(reason: goodbye.reason)]
        case (.objectOffer, _):
            return [.apply(message)]
        case (.objectChunk(let chunk), _):
            return receive(chunk, at: now)
        case (.heartbeat, .worker):
            return [.answer(.heartbeatAnswer), .apply(message)]
        case (.reports(let reports), .worker):
            return receive(message, sequence: reports.sequence)
        case (.segmentEnded(let ended), .worker):
            return receive(message, sequence: ended.sequence)
        case (.draining, .worker):
            return [.apply(message)]
        case (.heartbeat, .client), (.reports, .client), (.segmentEnded, .client), (.draining, .client):
            return [.answer(.unknownSession)]
        case (.request, .client):
            return [.apply(message)]
        case (.request, .worker):
            return refuse(message, "a worker's connection carries no requests")
        case (.welcome, _), (.heartbeatAnswer, _), (.assignments, _), (.acknowledged, _), (.verdicts, _), (.drain, _),
            (.unknownSession, _), (.response, _):
            return refuse(message, "only a coordinator sends this")
        }
    }

    /// Notes a commit; the acknowledgement to send, or nil if nothing new is committed.
    package mutating func commit(through sequence: UInt64) -> Message? {
        receiver.commit(through: sequence).map { .acknowledged($0) }
    }

    /// Takes an offer whose object is not in the store: asks for the rest, or hands on what is whole already.
    package mutating func accept(_ offer: ObjectOffer, at now: Instant) -> [SessionAction] {
        var download =
            downloads[offer.hash] ?? ObjectDownload(hash: offer.hash, size: offer.size, head: offer.head, at: now)
        guard download.size == offer.size else {
            return refuse(.objectOffer(offer), "the object was offered before with \(download.size) bytes")
        }
        if download.isWhole {
            downloads[offer.hash] = nil
            return [.arrived(offer.hash, download.bytes)]
        }
        let held = downloads.values.reduce(0) { $0 + $1.bytes.count }
        guard downloads[offer.hash] != nil || (downloads.count < Self.downloadLimit && held < Self.downloadBytes)
        else {
            return refuse(.objectOffer(offer), "too many unfinished objects; offer it again later")
        }
        let request = download.ask(at: now)
        downloads[offer.hash] = download
        return [.answer(.objectRequest(request))]
    }

    /// Requests for objects whose chunks stay away.
    package mutating func tick(at now: Instant) -> [SessionAction] {
        var actions: [SessionAction] = []
        for hash in downloads.keys.sorted(by: { $0.hex < $1.hex }) {
            if let request = downloads[hash]?.tick(at: now) { actions.append(.answer(.objectRequest(request))) }
        }
        return actions
    }

    private mutating func receive(_ message: Message, sequence: UInt64) -> [SessionAction] {
        switch receiver.arrived(sequence) {
        case .next: [.apply(message)]
        case .duplicate, .gap: [.answer(.acknowledged(Acknowledged(sequence: receiver.committed)))]
        }
    }

    private mutating func receive(_ chunk: ObjectChunk, at now: Instant) -> [SessionAction] {
        // A chunk of an object that was not asked for is late, not wrong: the request was repeated.
        guard downloads[chunk.hash]?.add(chunk, at: now) == true else { return [] }
        if let download = downloads[chunk.hash], download.isWhole {
            downloads[chunk.hash] = nil
            return [.arrived(chunk.hash, download.bytes)]
        }
        guard let request = downloads[chunk.hash]?.request(at: now) else { return [] }
        return [.answer(.objectRequest(request))]
    }

    private func refuse(_ message: Message, _ sentence: String) -> [SessionAction] {
        message.notAllowed(sentence).map { [.answer($0)] } ?? []
    }
}
