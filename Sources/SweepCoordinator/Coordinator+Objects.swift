import Logging
import SweepCoordination
import SweepCore
import SweepMessaging
import SweepStore
import SweepWire

/// What the coordinator knows of objects beside the core.
struct ObjectUpkeep {
    /// Objects that came and that nothing named yet.
    var unclaimed = UnclaimedObjects()
    /// Objects to delete as soon as no backup needs the directory as it is.
    var postponed: Set<ContentHash> = []
    /// Whether the last bytes that were to be written were not, and that was told.
    var isRefusing = false
    /// When it may be told next that none are written, and that none are read.
    var nextTelling = (written: Instant.zero, read: Instant.zero)
    /// When `unclaimed` is looked through again.
    var nextLook = Instant.zero
    /// When room is sought again among them for what does not fit.
    var nextSearch = Instant.zero

    /// Between two looks: a look costs as much as there are unclaimed objects.
    static let pause = Duration.seconds(60)
    /// Between two searches for room: whoever sends without end is not to have all of them looked through for each message.
    static let searchPause = Duration.seconds(1)
}

extension Coordinator {
    /// Answers messages that carry objects, one connection's in order.
    func transfer(_ message: Message, with connection: ConnectionID, of peer: Peer) {
        let cost = TransfersUnderWay.cost(of: message)
        let key = peer.key
        if let limit = limitOfUnclaimed(beyond: message, of: key) {
            if limit == .ofKey { reached(.unclaimed, by: peer) }
            let problem = Problem(kind: message.kind.rawValue, code: .unspecified, sentence: limit.sentence)
            return send(.problem(problem), to: connection)
        }
        guard transfers.begin(cost, of: connection, key: key) else {
            metrics.passedOver()
            if transfers.isBeyondShare(cost, of: key) { reached(.transfers, by: peer) }
            return logger.debug(
                "more waits for the disk than may; what is passed over is sent again",
                metadata: ["peer.connection": "\(connection)", "port.waiting_bytes": "\(transfers.bytes)"]
            )
        }
        Task {
            let (answers, service) = await objects.take(message)
            transfers.end(cost, of: connection, key: key)
            note(service)
            for answer in answers {
                switch answer {
                case .objectStored(let stored):
                    arrived(stored.hash, size: message.sentObject?.size ?? 0, of: key)
                case .objectMissing(let missing) where core.needs(missing.hash): lost(missing.hash)
                default: break
                }
                send(answer, to: connection)
            }
            // What the sender said of its size is not proved by its hash.
            for case .objectStored(let stored) in answers where !core.needs(stored.hash) {
                if let size = await objects.size(of: stored.hash) { upkeep.unclaimed.weigh(stored.hash, size: size) }
            }
        }
    }

    /// Tells the first time that the disk takes no bytes, or gives none, and at most once a minute: workers hear it each time and go on
    /// offering theirs, so that nothing fails, and trials stand still until somebody sees to it here.
    private func note(_ service: ObjectThread.Service) {
        let now = now
        func level(_ isFirst: Bool) -> Logger.Level { isFirst ? .warning : .debug }
        switch service {
        case .none: break
        case .wrote:
            guard upkeep.isRefusing else { return }
            upkeep.isRefusing = false
            logger.notice("data sets and checkpoints are kept again")
        case .refusedToWrite(let reason):
            let isFirst = !upkeep.isRefusing && now >= upkeep.nextTelling.written
            logger.log(
                level: level(isFirst),
                "data sets and checkpoints cannot be kept; trials wait until they can be",
                metadata: ["store.error": "\(reason)"]
            )
            guard isFirst else { return }
            upkeep.isRefusing = true
            upkeep.nextTelling.written = now.advanced(by: ObjectUpkeep.pause)
        case .refusedToRead(let reason):
            let isFirst = now >= upkeep.nextTelling.read
            logger.log(
                level: level(isFirst),
                "a data set or checkpoint cannot be read; trials that need it wait until it can be",
                metadata: ["store.error": "\(reason)"]
            )
            if isFirst { upkeep.nextTelling.read = now.advanced(by: ObjectUpkeep.pause) }
        }
    }

    /// What the bytes of an object that is offered or sent would be beyond, when older ones have given way; nil for one that is kept
    /// already, or needed.
    private func limitOfUnclaimed(beyond message: Message, of key: CurvePublicKey?) -> UnclaimedObjects.Limit? {
        guard let (hash, size) = message.sentObject,
            let limit = upkeep.unclaimed.limit(beyond: size, of: key),
            !kept.contains(hash), !core.needs(hash)
        else { return nil }
        guard now >= upkeep.nextSearch else { return limit }
        upkeep.nextSearch = now.advanced(by: ObjectUpkeep.searchPause)
        upkeep.unclaimed.removeClaimed(core.needs)
        for old in upkeep.unclaimed.givingWay(to: size, of: key, at: now) { drop(old) }
        return upkeep.unclaimed.limit(beyond: size, of: key)
    }

    /// Notes an object that is kept now, with its size where that is known, and the key that its sender proved to hold.
    func arrived(_ hash: ContentHash, size: Int = 0, of key: CurvePublicKey? = nil) {
        kept.insert(hash)
        if !core.needs(hash) { upkeep.unclaimed.note(hash, size: size, of: key, at: now) }
    }

    /// Lets the core go on without an object that it needs.
    func lost(_ hash: ContentHash) {
        kept.remove(hash)
        handle(.objectLost(hash))
    }

    /// Deletes an object unless somebody needs it, later if a backup is being made.
    func drop(_ hash: ContentHash) {
        // A later turn may have named the same bytes while the commit of this one was under way.
        guard !core.needs(hash) else { return }
        guard !ObjectHold.isHeld(directory: options.directory) else {
            upkeep.postponed.insert(hash)
            return
        }
        kept.remove(hash)
        upkeep.unclaimed.remove(hash)
        Task {
            await objects.delete([hash])
            // The same bytes may have been offered, and found there, just before they were deleted: who named them since goes on
            // without.
            if core.needs(hash) { lost(hash) } else { kept.remove(hash) }
        }
    }

    /// Deletes what was postponed, and what was sent an hour ago and never named.
    func lookAfterObjects() {
        if !upkeep.postponed.isEmpty, !ObjectHold.isHeld(directory: options.directory) {
            let postponed = upkeep.postponed
            upkeep.postponed = []
            for hash in postponed { drop(hash) }
        }
        guard now >= upkeep.nextLook else { return }
        upkeep.nextLook = now.advanced(by: ObjectUpkeep.pause)
        Task { await objects.boundUploads() }
        upkeep.unclaimed.removeClaimed(core.needs)
        for hash in upkeep.unclaimed.expired(at: now) { drop(hash) }
    }
}

extension Message {
    /// The object that an offer or a piece is of, with its size as the sender says; nil of all others.
    fileprivate var sentObject: (hash: ContentHash, size: Int)? {
        switch self {
        case .objectOffer(let offer): (offer.hash, offer.size)
        case .objectChunk(let chunk): (chunk.hash, chunk.total)
        default: nil
        }
    }
}
