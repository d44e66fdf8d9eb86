package import SweepCore
package import SweepMessaging
package import SweepStore
package import SweepWire

/// Receives and hands out objects (data sets and checkpoints) on a thread of its own.
///
/// Requests of one connection are answered in the order in which they came, but for what ends a large upload: that is answered when its
/// bytes are compared and on the disk, which may take seconds, and nothing else waits for it.
package actor ObjectThread {
    /// The thread that all file work of this actor is done on.
    package nonisolated let loop = MessagingLoop(name: "objects")
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    let objects: ObjectStore
    private let uploadLimits: ObjectStore.UploadLimits
    private nonisolated let uploads: UploadThread
    /// Large uploads whose bytes are all there and are being compared: nothing is added to them.
    private var ending: Set<ContentHash> = []
    /// Bytes received of uploads since they were last counted.
    private var receivedSinceLook = 0
    /// Objects whose bytes were compared with their names in this process; each is, before it is handed out.
    private var verified: Set<ContentHash> = []
    /// What is on the disk, as it was last counted.
    private var counted: (usage: ObjectStore.Usage, at: ContinuousClock.Instant)?

    /// Serves the objects of a coordinator's directory. `end` ends a large upload.
    package init(
        _ objects: ObjectStore,
        uploadLimits: ObjectStore.UploadLimits = ObjectStore.UploadLimits(),
        end: @escaping @Sendable (ObjectStore, ContentHash) throws -> Void = { try $0.finish($1) }
    ) {
        self.objects = objects
        self.uploadLimits = uploadLimits
        uploads = UploadThread(objects, end)
    }

    /// Ends the threads.
    package nonisolated func stop() {
        loop.stop()
        uploads.loop.stop()
    }

    /// Gives up uploads that rest for too long, and the oldest when all together are too large.
    package func boundUploads() {
        receivedSinceLook = 0
        _ = try? objects.evictUploads(uploadLimits, sparing: ending)
    }

    /// What the disk did for a message.
    package enum Service: Hashable, Sendable {
        /// It took bytes.
        case wrote
        /// It was not asked, or had nothing to take.
        case none
        /// It took none, or gave none; why.
        case refusedToWrite(String)
        case refusedToRead(String)
    }

    /// Takes a transfer message and answers with what is to be sent back, in order.
    package func answer(_ message: Message) async -> [Message] { await take(message).answers }

    /// The same, with what the disk did for it.
    package func take(_ message: Message) async -> (answers: [Message], service: Service) {
        func problem(_ code: ProblemCode, _ sentence: String) -> [Message] {
            [.problem(Problem(kind: message.kind.rawValue, code: code, sentence: sentence))]
        }
        do {
            switch message {
            case .objectOffer(let offer): return try receive(offer)
            case .objectChunk(let chunk): return try await receive(chunk)
            case .objectRequest(let request): return (try send(request), .none)
            default: return ([], .none)
            }
        } catch StoreError.objectCorrupt(let hash) {
            // Thrown away and not asked for anew: a sender whose bytes never match their name would be asked for ever.
            return (problem(.undecodable, "the bytes offered as \(hash.hex) have another hash"), .none)
        } catch {
            // Not a refusal: a disk that is full now may have room when the sender offers again.
            let answers = problem(.unspecified, "\(error)")
            switch error as? StoreError {
            case .full, .inputOutput, .notPermitted:
                if case .objectRequest = message { return (answers, .refusedToRead("\(error)")) }
                return (answers, .refusedToWrite("\(error)"))
            default: return (answers, .none)
            }
        }
    }

    /// Makes sure that what `put` puts into the store is kept: a data set of this machine, which may be large, so that nothing else waits
    /// for it.
    package nonisolated func put(_ put: @Sendable (ObjectStore) throws -> ContentHash) async throws -> ContentHash {
        try await uploads.put(put)
    }

    func contains(_ hash: ContentHash) -> Bool { (try? objects.contains(hash)) ?? false }

    /// Bytes of an object; nil when it is not there.
    func size(of hash: ContentHash) -> Int? { (try? objects.size(of: hash)) ?? nil }

    func delete(_ hashes: [ContentHash]) {
        for hash in hashes {
            _ = try? objects.delete(hash)
            verified.remove(hash)
        }
    }

    /// Deletes every object that is not needed, those of trials that ended just before a crash, and uploads that nobody goes on
    /// with; answers with what is needed and not there.
    ///
    /// What a backup under way spares is answered too: to be deleted when it is over.
    package func keepOnly(_ needed: Set<ContentHash>) throws -> (missing: [ContentHash], spared: [ContentHash]) {
        try objects.removeLeftovers()
        try objects.evictUploads(uploadLimits, sparing: ending)
        let kept = try objects.all()
        // A backup of this directory was begun before this coordinator; what it copies may be what is not needed any more.
        var spared: [ContentHash] = []
        let isHeld = ObjectHold.isHeld(directory: objects.directory)
        for hash in kept where !needed.contains(hash) {
            if isHeld { spared.append(hash) } else { _ = try objects.delete(hash) }
        }
        return (needed.subtracting(kept).sorted { $0.hex < $1.hex }, spared)
    }

    /// What the objects take of the disk, as of at most five seconds ago: counting is a system call an object.
    func usage() throws -> ObjectStore.Usage {
        if let counted, counted.at.duration(to: .now) < .seconds(5) { return counted.usage }
        let usage = try objects.usage()
        counted = (usage, .now)
        return usage
    }

    /// Whether the object is there and its bytes have its hash; a damaged one is removed, so that it can be sent again.
    ///
    /// Looked at once a process, and only up to the size of a checkpoint: a larger data set would hold up all others for long,
    /// and is compared by whoever receives it.
    private func isSound(_ hash: ContentHash, size: Int) throws -> Bool {
        guard size <= WireLimits.checkpoint, !verified.contains(hash) else { return true }
        do { try objects.verify(hash) } catch StoreError.objectCorrupt {
            try objects.delete(hash)
            return false
        }
        verified.insert(hash)
        return true
    }

    private func receive(_ offer: ObjectOffer) throws -> (answers: [Message], service: Service) {
        // Nothing is missing: whoever is asked for nothing knows that somebody is there, and offers it again.
        guard !ending.contains(offer.hash) else {
            return ([request(offer.hash, from: offer.size, size: offer.size)], .none)
        }
        if try objects.contains(offer.hash) { return ([.objectStored(ObjectStored(hash: offer.hash))], .none) }
        if offer.head.count == offer.size {
            try objects.put(offer.head, as: offer.hash)
            return ([.objectStored(ObjectStored(hash: offer.hash))], .wrote)
        }
        let received = try objects.received(offer.hash)
        let isWritten = received == 0 && !offer.head.isEmpty
        if received == 0 {
            boundUploads()
            try objects.receive(offer.hash, offset: 0, offer.head)
            receivedSinceLook += offer.head.count
        }
        let rest = request(offer.hash, from: try objects.received(offer.hash), size: offer.size)
        return ([rest], isWritten ? .wrote : .none)
    }

    private func receive(_ chunk: ObjectChunk) async throws -> (answers: [Message], service: Service) {
        // Whoever sends the same bytes beside another offers them again, and is told then.
        guard !ending.contains(chunk.hash) else { return ([], .none) }
        if try objects.contains(chunk.hash) { return ([.objectStored(ObjectStored(hash: chunk.hash))], .none) }
        let received = try objects.received(chunk.hash)
        // A chunk that was sent twice is passed over; after a gap the sender is asked for what is missing.
        guard chunk.offset == received else {
            let missing = request(chunk.hash, from: received, size: chunk.total)
            return (chunk.offset < received ? [] : [missing], .none)
        }
        // After the last bytes it ends an upload whose end failed; where none came there is none.
        guard received > 0 || !chunk.bytes.isEmpty else {
            let sentence = "a part of \(chunk.hash.hex) without bytes, of which none came"
            let kind = MessageKind.objectChunk.rawValue
            return ([.problem(Problem(kind: kind, code: .undecodable, sentence: sentence))], .none)
        }
        try objects.receive(chunk.hash, offset: chunk.offset, chunk.bytes)
        let now = received + chunk.bytes.count
        receivedSinceLook += chunk.bytes.count
        // Many that were begun small may grow together: looked at again whenever a sixteenth of what is allowed has come.
        if now < chunk.total, receivedSinceLook >= uploadLimits.bytes / 16 { boundUploads() }
        if now >= chunk.total {
            try await end(chunk.hash, size: now)
            return ([.objectStored(ObjectStored(hash: chunk.hash))], .wrote)
        }
        // The sender counts the same windows: each request is answered up to its end.
        let next = request(chunk.hash, from: now, size: chunk.total)
        return (now.isMultiple(of: WireLimits.window) ? [next] : [], .wrote)
    }

    /// Ends an upload whose bytes are all there: at once a small one, else beside all others.
    private func end(_ hash: ContentHash, size: Int) async throws {
        guard size > WireLimits.window else { return try objects.finish(hash) }
        ending.insert(hash)
        defer { ending.remove(hash) }
        try await uploads.end(hash)
    }

    private func request(_ hash: ContentHash, from offset: Int, size: Int) -> Message {
        // Up to the next multiple of the window, so that a resumed upload falls into step.
        let end = min(size, (offset / WireLimits.window + 1) * WireLimits.window)
        return .objectRequest(ObjectRequest(hash: hash, offset: offset, length: max(1, end - offset)))
    }

    private func send(_ request: ObjectRequest) throws -> [Message] {
        guard let size = try objects.size(of: request.hash), try isSound(request.hash, size: size) else {
            return [.objectMissing(ObjectMissing(hash: request.hash))]
        }
        var chunks: [Message] = []
        var offset = request.offset
        let end = min(size, request.offset + min(request.length, WireLimits.window))
        while offset < end {
            let bytes = try objects.read(request.hash, offset: offset, count: min(WireLimits.chunk, end - offset))
            guard !bytes.isEmpty else { break }
            chunks.append(
                .objectChunk(ObjectChunk(hash: request.hash, offset: offset, total: size, bytes: bytes))
            )
            offset += bytes.count
        }
        return chunks
    }
}

/// Reads large uploads through and brings them and data sets of this machine to the disk, one after the other.
private actor UploadThread {
    nonisolated let loop = MessagingLoop(name: "uploads")
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    private let objects: ObjectStore
    private let finish: @Sendable (ObjectStore, ContentHash) throws -> Void

    init(_ objects: ObjectStore, _ finish: @escaping @Sendable (ObjectStore, ContentHash) throws -> Void) {
        self.objects = objects
        self.finish = finish
    }

    func end(_ hash: ContentHash) throws { try finish(objects, hash) }

    func put(_ put: @Sendable (ObjectStore) throws -> ContentHash) throws -> ContentHash { try put(objects) }
}
