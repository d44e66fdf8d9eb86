import SweepReports

/// What is said of one sweep to all who watch it: looked at once, written once, sent to each.
///
/// While anybody watches, it looks once a second and, when something changed, sends one message. Looking may take a fiftieth of
/// the time: of a sweep so large that it takes longer than 20 ms, it looks less often. A watcher that does not read gets the
/// newest messages when it does; it sees from the versions that it missed some, and asks for what changed.
actor SweepFeed {
    private let name: String
    private let source: any SweepObservatory
    private let clock = ContinuousClock()
    private let sessions: FeedSessions
    /// Tells the versions of this sweep from those of another of its name, and of another process.
    private var session: String
    private var version = 0
    private var marks: [TrialMark] = []
    /// The number of the sweep that they are of.
    private var sweepNumber: Int?
    /// The version at which each trial changed last.
    private var changed: [Int] = []
    private var looked: ContinuousClock.Instant?
    /// The ranked summary at a version and in a state, which its tag names.
    private var rank: (tag: String, bytes: [UInt8])?
    private var status: StatusDocument?
    private var watchers = Watchers()
    private var isWatching = false

    /// Looks that are closer are one: a page's first requests come together.
    private static let coalescing = Duration.milliseconds(200)

    init(name: String, sessions: FeedSessions, source: any SweepObservatory) {
        self.name = name
        self.sessions = sessions
        session = sessions.next()
        self.source = source
    }

    // MARK: Documents

    /// The trials, or those that changed since a version, as JSON text.
    func trials(_ query: HTTPRoute.TrialsQuery) async throws(ControlError) -> String {
        let isFirst = looked == nil
        let first = try await lookIfStale()
        var since = query.since.flatMap(number)
        var known = marks
        for index in known.indices where changed[index] > since ?? -1 { known[index] = .unknown }
        let version = word(version)
        // The first look is at all of them: they are not looked at twice.
        var document: TrialsDocument
        if isFirst, let first {
            document = first
        } else {
            var changes = try await source.trials(sweep: name, unlike: known)
            if let sweepNumber, changes.number != sweepNumber {
                // Another sweep has the name since the last look: what is known is not of it.
                since = nil
                changes = try await source.trials(sweep: name, unlike: [])
            }
            document = changes.document
        }
        if let after = query.after { document.rows.removeAll { $0.trial <= after } }
        if let limit = query.limit, document.rows.count > limit {
            document.rows.removeLast(document.rows.count - limit)
            document.next = document.rows.last?.trial
        }
        let (written, told) = (document, since == nil ? nil : query.since)
        return await Task.detached { written.text(metrics: query.metrics, version: version, since: told) }.value
    }

    /// The ranked summary, made once for each version.
    func ranked() async throws(ControlError) -> (bytes: [UInt8], tag: String) {
        try await lookIfStale()
        let state = status?.state ?? ""
        let tag = "\"\(word(version))-\(state)\""
        if let rank, rank.tag == tag { return (rank.bytes, tag) }
        let document = try await source.rank(sweep: name, top: nil)
        let bytes = await Task.detached { document.json.bytes }.value
        rank = (tag, bytes)
        return (bytes, tag)
    }

    // MARK: Events

    /// Messages from now on, the first with the status; ends when the watcher goes.
    func watch() async throws(ControlError) -> AsyncStream<[UInt8]> {
        try await lookIfStale()
        let stream = watchers.add { [weak self] id in Task { await self?.leave(id) } }
        if let status { watchers.send(message(status, nil, since: version), to: stream.id) }
        if !isWatching {
            isWatching = true
            Task { await watchOn() }
        }
        return stream.messages
    }

    private func leave(_ id: Int) { watchers.remove(id) }

    /// Looks, unless somebody watches: then each change has to be told, and is, at the next look.
    @discardableResult
    private func lookIfStale() async throws(ControlError) -> TrialsDocument? {
        if let looked, isWatching || looked.duration(to: clock.now) < Self.coalescing { return nil }
        return try await look()
    }

    private func watchOn() async {
        var silent = 0
        while !watchers.isEmpty {
            let begun = clock.now
            let before = (session, version)
            let old = status
            guard let changes = try? await look() else { break }
            let isNew = before != (session, version)
            if let status, isNew || !Self.isSame(old, status) || silent >= FeedPace.silence {
                // Of another sweep than before it continues no version that anybody has, so that all ask for the whole.
                watchers.send(message(status, isNew ? changes : nil, since: before.1))
                silent = 0
            } else {
                silent += 1
                watchers.send(FeedPace.nothingNew)
            }
            try? await clock.sleep(for: FeedPace.pause(afterLook: begun.duration(to: clock.now)))
        }
        watchers.end()
        isWatching = false
    }

    private func message(_ status: StatusDocument, _ changes: TrialsDocument?, since: Int) -> [UInt8] {
        let trials = changes.map { $0.text(version: word(version), since: word(since)) } ?? "null"
        return Array(
            ("event: sweep\nid: \(word(version))\ndata: {\"version\":\"\(word(version))\",\"status\":\(status.json.text()),"
                + "\"trials\":\(trials)}\n\n").utf8
        )
    }

    /// Whether nothing differs but times.
    private static func isSame(_ one: StatusDocument?, _ other: StatusDocument) -> Bool {
        guard var one else { return false }
        var other = other
        for index in one.workers.indices { one.workers[index].lastSeen = 0 }
        for index in other.workers.indices { other.workers[index].lastSeen = 0 }
        (one.secondsLeft, one.epochsPerSecond, one.storage) = (nil, nil, nil)
        (other.secondsLeft, other.epochsPerSecond, other.storage) = (nil, nil, nil)
        return one == other
    }

    // MARK: Versions

    /// Looks at the sweep; what changed since the last look.
    @discardableResult
    private func look() async throws(ControlError) -> TrialsDocument {
        let seen = marks
        var changes = try await source.trials(sweep: name, unlike: seen)
        if let sweepNumber, sweepNumber != changes.number, seen == marks {
            // Another sweep has the name: all of it is new, and no version that was given out is one of it.
            (marks, changed, rank) = ([], [], nil)
            session = sessions.next()
            self.sweepNumber = changes.number
            changes = try await source.trials(sweep: name, unlike: [])
            guard marks.isEmpty else { return changes.document }
            return try await noted(changes, since: [])
        }
        return try await noted(changes, since: seen)
    }

    /// Takes notice of what changed since `seen`.
    private func noted(_ changes: TrialChanges, since seen: [TrialMark]) async throws(ControlError) -> TrialsDocument {
        let status = try await source.status(sweep: name)
        self.status = status
        looked = clock.now
        // Another look may have come in between: its marks stand, and this one's changes are found by the next.
        guard seen == marks else { return changes.document }
        sweepNumber = changes.number
        guard !changes.document.rows.isEmpty else { return changes.document }
        version += 1
        while changed.count < changes.marks.count { changed.append(version) }
        for row in changes.document.rows { changed[row.trial - 1] = version }
        marks = changes.marks
        return changes.document
    }

    private func word(_ version: Int) -> String { "\(session)-\(version)" }

    /// The number of a version of this sweep that this feed gave out; nil for any other text.
    private func number(_ word: String) -> Int? {
        let parts = word.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == session, let number = Int(parts[1]), (0...version).contains(number) else {
            return nil
        }
        return number
    }
}

/// Who listens to one kind of messages.
struct Watchers {
    /// Messages that wait for a slow reader; of more, the oldest is dropped, which the versions tell it.
    private static let waiting = 4

    private var next = 0
    private var all: [Int: AsyncStream<[UInt8]>.Continuation] = [:]

    var isEmpty: Bool { all.isEmpty }

    mutating func add(_ onEnd: @escaping @Sendable (Int) -> Void) -> (id: Int, messages: AsyncStream<[UInt8]>) {
        let (stream, continuation) = AsyncStream.makeStream(
            of: [UInt8].self,
            bufferingPolicy: .bufferingNewest(Self.waiting)
        )
        let id = next
        next += 1
        all[id] = continuation
        continuation.onTermination = { _ in onEnd(id) }
        return (id, stream)
    }

    mutating func remove(_ id: Int) { all[id] = nil }

    func send(_ message: [UInt8], to id: Int) { all[id]?.yield(message) }

    func send(_ message: [UInt8]) { for continuation in all.values { continuation.yield(message) } }

    mutating func end() {
        for continuation in all.values { continuation.finish() }
        all = [:]
    }
}
