package import SweepReports

/// What is said of one sweep to all who watch it: looked at once, written once, sent to each.
///
/// Who comes while a look, the summary or the same trials' text is under way waits for that one. While anybody watches, it looks
/// once a second and, when something changed, sends one message. Looking may take a fiftieth of the time: of a sweep so large that
/// it takes longer than 20 ms, it looks less often. A watcher that does not read gets the newest messages when it does; it sees
/// from the versions that it missed some, and asks for what changed.
package actor SweepFeed {
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
    /// The version that all who watch were told of.
    private var told = ""
    /// The look, the texts and the summary that are being made.
    package nonisolated let looks = UnderWay<String, Look>()
    package nonisolated let texts = UnderWay<Asked, Text>()
    private let ranks = UnderWay<String, [UInt8]>()

    /// Looks that are closer are one: a page's first requests come together.
    private static let coalescing = Duration.milliseconds(200)

    /// What a look saw: what changed from one version to another, the same where nothing did.
    package struct Look: Sendable {
        fileprivate let changes: TrialsDocument
        fileprivate let status: StatusDocument
        fileprivate let since: String
        fileprivate let version: String
        /// Whether nothing had been looked at before.
        fileprivate let isFirst: Bool
    }

    /// What is asked of the trials, and at which version.
    package struct Asked: Hashable, Sendable {
        fileprivate let query: HTTPRoute.TrialsQuery
        fileprivate let version: String
    }

    /// A text with a tag made of its bytes.
    package struct Text: Sendable {
        package let bytes: [UInt8]
        package let tag: String
    }

    /// A feed that has looked at nothing yet.
    package init(name: String, sessions: FeedSessions, source: any SweepObservatory) {
        self.name = name
        self.sessions = sessions
        session = sessions.next()
        self.source = source
    }

    // MARK: Documents

    /// The trials, or those that changed since a version, as JSON text.
    package func trials(_ query: HTTPRoute.TrialsQuery) async throws(ControlError) -> Text {
        let look = try await lookIfStale()
        // The first look is at all of them: they are not looked at twice.
        let first = look.flatMap { $0.isFirst ? $0 : nil }
        let version = first?.version ?? word(version)
        return try await texts.value(of: Asked(query: query, version: version)) { () async throws(ControlError) in
            try await self.text(query, version: version, first: first?.changes)
        }
    }

    /// Writes the trials; `first` has all of them as they were at the version, where that was the first.
    private func text(
        _ query: HTTPRoute.TrialsQuery,
        version: String,
        first: TrialsDocument?
    ) async throws(ControlError) -> Text {
        var since = query.since.flatMap(number)
        var document: TrialsDocument
        if let first {
            document = first
            since = nil
        } else {
            var known = marks
            for index in known.indices where changed[index] > since ?? -1 { known[index] = .unknown }
            let number = sweepNumber
            var changes = try await source.trials(sweep: name, unlike: known)
            if let number, changes.number != number {
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
        return await Task.detached {
            let bytes = Array(written.text(metrics: query.metrics, version: version, since: told).utf8)
            return Text(bytes: bytes, tag: HTTPAnswer.tag(of: bytes))
        }.value
    }

    /// The ranked summary, made once for each version.
    func ranked() async throws(ControlError) -> (bytes: [UInt8], tag: String) {
        try await lookIfStale()
        let state = status?.state ?? ""
        let tag = "\"\(word(version))-\(state)\""
        if let rank, rank.tag == tag { return (rank.bytes, tag) }
        let bytes = try await ranks.value(of: tag) { [source, name] () async throws(ControlError) in
            try await source.rank(sweep: name, top: nil).json.bytes
        }
        rank = (tag, bytes)
        return (bytes, tag)
    }

    // MARK: Events

    /// Messages from now on, the first with the status; ends when the watcher goes.
    package func watch() async throws(ControlError) -> AsyncStream<[UInt8]> {
        try await lookIfStale()
        let stream = watchers.add { [weak self] id in Task { await self?.leave(id) } }
        if let status { watchers.send(message(status, nil), to: stream.id) }
        if !isWatching {
            isWatching = true
            told = word(version)
            Task { await watchOn() }
        }
        return stream.messages
    }

    private func leave(_ id: Int) { watchers.remove(id) }

    /// Looks, unless somebody watches: then each change has to be told, and is, at the next look.
    @discardableResult
    private func lookIfStale() async throws(ControlError) -> Look? {
        if let looked, isWatching || looked.duration(to: clock.now) < Self.coalescing { return nil }
        return try await look()
    }

    private func watchOn() async {
        var silent = 0
        var last = status
        while !watchers.isEmpty {
            let begun = clock.now
            // Nothing comes between a look and its message: who begins to watch is told of either the one or the other.
            guard let look = try? await lookNow() else { break }
            let isNew = look.version != told
            if isNew || !Self.isSame(last, look.status) || silent >= FeedPace.silence {
                // Of another sweep than before it continues no version that anybody has, so that all ask for the whole.
                watchers.send(message(look.status, isNew ? look : nil))
                silent = 0
            } else {
                silent += 1
                watchers.send(FeedPace.nothingNew)
            }
            (told, last) = (look.version, look.status)
            try? await clock.sleep(for: FeedPace.pause(afterLook: begun.duration(to: clock.now)))
        }
        watchers.end()
        isWatching = false
    }

    private func message(_ status: StatusDocument, _ look: Look?) -> [UInt8] {
        let trials = look.map { $0.changes.text(version: $0.version, since: $0.since) } ?? "null"
        let version = look?.version ?? word(version)
        return Array(
            ("event: sweep\nid: \(version)\ndata: {\"version\":\"\(version)\",\"status\":\(status.json.text()),"
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

    /// Looks at the sweep, or waits for the look that is under way.
    private func look() async throws(ControlError) -> Look {
        try await looks.value(of: name) { () async throws(ControlError) in try await self.lookNow() }
    }

    /// Looks at the sweep; what changed since the last look. All that is noted of it is noted in one step.
    private func lookNow() async throws(ControlError) -> Look {
        let seen = word(version)
        var changes = try await source.trials(sweep: name, unlike: marks)
        // Another sweep has the name: all of it is new.
        let isAnother = sweepNumber.map { $0 != changes.number } ?? false
        if isAnother { changes = try await source.trials(sweep: name, unlike: []) }
        let status = try await source.status(sweep: name)
        let isFirst = looked == nil
        // Another look may have come in between: what it noted stands, and the next finds what this one saw.
        guard seen == word(version) else {
            let nothing = TrialsDocument(sweep: name, metrics: changes.document.metrics, rows: [])
            return Look(changes: nothing, status: status, since: word(version), version: word(version), isFirst: false)
        }
        self.status = status
        looked = clock.now
        if isAnother {
            // No version that was given out is one of it.
            (marks, changed, rank) = ([], [], nil)
            session = sessions.next()
        }
        sweepNumber = changes.number
        let since = word(version)
        if !changes.document.rows.isEmpty {
            version += 1
            while changed.count < changes.marks.count { changed.append(version) }
            for row in changes.document.rows { changed[row.trial - 1] = version }
            marks = changes.marks
        }
        return Look(
            changes: changes.document,
            status: status,
            since: since,
            version: word(version),
            isFirst: isFirst
        )
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
