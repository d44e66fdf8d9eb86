import SweepCore

/// A checkpoint on its way to the coordinator, with the segment ends that wait for it.
struct WorkerUpload: Sendable {
    let bytes: [UInt8]
    var ends: [SegmentEnded]
    /// When to offer it again.
    var deadline: Instant
    /// What was offered and asked for on this connection.
    var sending = ObjectUpload()
}

extension WorkerSession {
    /// Objects that are fetched at once: one on its way while the one before is checked.
    static var fetchLimit: Int { 2 }

    /// Asks for the objects of the leases that come next.
    mutating func fetchObjects(at now: Instant, _ actions: inout [Action]) {
        guard mayFetch else { return }
        defer { mayFetch = false }
        for lease in queue {
            // Another is asked for when one of these is whole or given up.
            guard downloads.count < Self.fetchLimit else { return }
            guard let assignment = held[lease]?.assignment else { continue }
            for hash in missingObjects(assignment) where downloads[hash] == nil && !checking.contains(hash) {
                let size =
                    hash == assignment.dataSet.hash ? assignment.dataSet.size : assignment.checkpoint?.size ?? 0
                let isHeld = size <= options.heldObject
                var download = ObjectDownload(hash: hash, size: size, holdsBytes: isHeld, at: now)
                actions.append(.send(.objectRequest(download.ask(at: now))))
                downloads[hash] = download
            }
        }
    }

    mutating func receive(_ chunk: ObjectChunk, at now: Instant, _ actions: inout [Action]) {
        guard let size = downloads[chunk.hash]?.size else { return }
        guard chunk.total == size else {
            endDownload(chunk.hash, &actions)
            return abandon(chunk.hash, reason: "it has \(chunk.total) bytes, \(size) were announced")
        }
        // A chunk that is not the next one was asked for twice; an object without bytes is whole at once.
        guard downloads[chunk.hash]?.add(chunk, at: now) == true || size == 0 else { return }
        if downloads[chunk.hash]?.holdsBytes == false {
            actions.append(.add(chunk.hash, offset: chunk.offset, chunk.bytes))
        }
        if let download = downloads[chunk.hash], download.isWhole {
            downloads[chunk.hash] = nil
            checking.insert(chunk.hash)
            actions.append(download.holdsBytes ? .keep(chunk.hash, download.bytes) : .keepAdded(chunk.hash))
        } else if let request = downloads[chunk.hash]?.request(at: now) {
            actions.append(.send(.objectRequest(request)))
        }
    }

    /// The first bytes of a large object are put away, so that there is room for more.
    mutating func added(_ hash: ContentHash, upTo end: Int, at now: Instant, _ actions: inout [Action]) {
        downloads[hash]?.putAway(upTo: end, at: now)
        guard phase == .active, let request = downloads[hash]?.request(at: now) else { return }
        actions.append(.send(.objectRequest(request)))
    }

    /// Ends a download before the object is whole; what was handed on of it is of no use.
    mutating func endDownload(_ hash: ContentHash, _ actions: inout [Action]) {
        guard let download = downloads.removeValue(forKey: hash) else { return }
        if !download.holdsBytes, download.received > 0 { actions.append(.forgetAdded(hash)) }
    }

    /// An object that cannot be had: the queued leases that need it end, and may run elsewhere.
    mutating func abandon(_ hash: ContentHash, reason: String) {
        for lease in queue {
            guard let assignment = held[lease]?.assignment, missingObjects(assignment).contains(hash) else { continue }
            let what = hash == assignment.dataSet.hash ? "data set" : "checkpoint"
            end(lease, .died(reason: "\(what) \(hash): \(reason)", log: ""))
        }
    }

    /// An object is with the cache; a checkpoint whose leases ended while it was looked at is of no use there.
    mutating func kept(_ hash: ContentHash, _ actions: inout [Action]) {
        checking.remove(hash)
        objects.insert(hash)
        if unwanted.remove(hash) != nil {
            discardCheckpoint(hash, &actions)
        } else if isNeeded(hash) {
            rememberDataSet(hash)
            dropDataSets(&actions)
        } else {
            // Its leases ended while it came: what is not counted is not kept.
            objects.remove(hash)
            actions.append(.discard(hash))
        }
    }

    private func isNeeded(_ hash: ContentHash) -> Bool {
        held.values.contains { $0.assignment.dataSet.hash == hash || $0.assignment.checkpoint?.hash == hash }
    }

    /// A data set that was fetched is told with the next registration.
    private mutating func rememberDataSet(_ hash: ContentHash) {
        guard !options.register.dataSets.contains(where: { $0.hash == hash }),
            let set = held.values.first(where: { $0.assignment.dataSet.hash == hash })?.assignment.dataSet
        else { return }
        options.register.dataSets.append(set)
    }

    /// A lease needs this data set: of those that are held it is now the one that was used last.
    mutating func useDataSet(_ hash: ContentHash) {
        guard let place = options.register.dataSets.firstIndex(where: { $0.hash == hash }) else { return }
        options.register.dataSets.append(options.register.dataSets.remove(at: place))
    }

    /// Drops data sets that no lease needs, those first that were used longest ago, until the rest have room.
    ///
    /// One that is needed again is fetched again. The one that was used last stays, whatever its size: it is most often the next.
    mutating func dropDataSets(_ actions: inout [Action]) {
        var bytes = options.register.dataSets.reduce(0) { $0 + $1.size }
        guard bytes > options.cachedData else { return }
        let needed = Set(held.values.map(\.assignment.dataSet.hash))
        for set in options.register.dataSets.dropLast()
        where bytes > options.cachedData && !needed.contains(set.hash) {
            bytes -= set.size
            objects.remove(set.hash)
            options.register.dataSets.removeAll { $0.hash == set.hash }
            actions.append(.discard(set.hash))
        }
    }

    /// Drops a fetched checkpoint that no lease needs any more.
    mutating func discardCheckpoint(_ hash: ContentHash, _ actions: inout [Action]) {
        guard !held.values.contains(where: { $0.assignment.checkpoint?.hash == hash }) else { return }
        endDownload(hash, &actions)
        if checking.contains(hash) { unwanted.insert(hash) }
        if objects.remove(hash) != nil { actions.append(.discard(hash)) }
    }

    mutating func offer(_ hash: ContentHash, at now: Instant, _ actions: inout [Action]) {
        guard phase == .active, let upload = uploads[hash] else { return }
        let sending = ObjectUpload()
        uploads[hash]?.sending = sending
        uploads[hash]?.deadline = now.advanced(by: sending.pause)
        actions.append(.send(.objectOffer(ObjectOffer(hash: hash, bytes: upload.bytes))))
    }

    /// Offers on the same connection what was not answered in time.
    private mutating func offerAgain(_ hash: ContentHash, at now: Instant, _ actions: inout [Action]) {
        guard var upload = uploads[hash] else { return }
        upload.sending.offerAgain()
        upload.deadline = now.advanced(by: upload.sending.pause)
        uploads[hash] = upload
        actions.append(.send(.objectOffer(ObjectOffer(hash: hash, bytes: upload.bytes).again)))
    }

    /// An offer or a chunk could not be taken, of whichever object: as on a full disk, which may have room soon.
    mutating func uploadsRefused(at now: Instant) {
        for hash in Array(uploads.keys) {
            guard var upload = uploads[hash] else { continue }
            upload.sending.refused()
            upload.deadline = min(upload.deadline, now.advanced(by: upload.sending.pause))
            uploads[hash] = upload
        }
    }

    /// Sends what the coordinator asks for.
    mutating func answer(_ request: ObjectRequest, at now: Instant, _ actions: inout [Action]) {
        guard var upload = uploads[request.hash] else {
            actions.append(.send(.objectMissing(ObjectMissing(hash: request.hash))))
            return
        }
        let answers = upload.sending.answers(request)
        upload.deadline = now.advanced(by: upload.sending.pause)
        uploads[request.hash] = upload
        guard answers else { return }
        actions += request.chunks(of: upload.bytes).map { .send(.objectChunk($0)) }
    }

    /// A checkpoint is stored: the segment ends that waited for it may go.
    mutating func uploaded(_ hash: ContentHash) {
        guard let upload = uploads.removeValue(forKey: hash) else { return }
        for end in upload.ends {
            held[end.lease]?.state = .ended
            outbox.append(end)
        }
    }

    /// The lease's end does not wait for this checkpoint any more.
    mutating func withdraw(_ lease: LeaseID, from hash: ContentHash) {
        uploads[hash]?.ends.removeAll { $0.lease == lease }
        if uploads[hash]?.ends.isEmpty == true { uploads[hash] = nil }
    }

    /// Asks and offers again what was not answered in time.
    mutating func repeatTransfers(at now: Instant, _ actions: inout [Action]) {
        for hash in downloads.keys.sorted(by: { $0.hex < $1.hex }) {
            if let request = downloads[hash]?.tick(at: now) { actions.append(.send(.objectRequest(request))) }
        }
        for hash in uploads.keys.sorted(by: { $0.hex < $1.hex }) {
            if let upload = uploads[hash], now >= upload.deadline { offerAgain(hash, at: now, &actions) }
        }
    }

    /// Asks and offers on a new connection what was on its way.
    mutating func restartTransfers(at now: Instant, _ actions: inout [Action]) {
        for hash in downloads.keys.sorted(by: { $0.hex < $1.hex }) {
            if let request = downloads[hash]?.ask(at: now) { actions.append(.send(.objectRequest(request))) }
        }
        for hash in uploads.keys.sorted(by: { $0.hex < $1.hex }) { offer(hash, at: now, &actions) }
    }
}
