import SweepReports
import Synchronization

/// Words that tell the versions of one run of a feed from those of every other, of this process and of others.
///
/// Those of one process share a beginning that is drawn at random; a number after it counts.
package final class FeedSessions: Sendable {
    private let process = String(UInt32.random(in: 0...UInt32.max), radix: 36)
    private let count = Atomic<Int>(0)

    package init() {}

    /// A word that was not given out before, of letters, digits and a dot.
    func next() -> String {
        "\(process).\(count.wrappingAdd(1, ordering: .relaxed).newValue)"
    }
}

/// The feeds of a site: one for each sweep that somebody asked for, and one for all sweeps and workers together.
actor Feeds {
    private let source: any SweepObservatory
    private let sessions = FeedSessions()
    private let clock = ContinuousClock()
    private var sweeps: [String: SweepFeed] = [:]
    private var watchers = Watchers()
    private var isWatching = false
    /// Feeds that are begun, and the documents for who begins to watch.
    private let beginnings = UnderWay<String, SweepFeed>()
    private let seen = UnderWay<Int, [UInt8]>()

    init(source: any SweepObservatory) { self.source = source }

    /// The feed of a sweep; throws when there is none of this name.
    func feed(_ name: String) async throws(ControlError) -> SweepFeed {
        if let feed = sweeps[name] { return feed }
        return try await beginnings.value(of: name) { () async throws(ControlError) in
            _ = try await self.source.status(sweep: name)
            return await self.begin(name)
        }
    }

    private func begin(_ name: String) -> SweepFeed {
        if let feed = sweeps[name] { return feed }
        let feed = SweepFeed(name: name, sessions: sessions, source: source)
        sweeps[name] = feed
        return feed
    }

    /// Lets go of the feed of a sweep that was removed: one of the same name is another.
    func forget(_ name: String) { sweeps[name] = nil }

    /// Sweeps and workers from now on.
    func watch() async throws(ControlError) -> AsyncStream<[UInt8]> {
        let message = try await seen.value(of: 0) { [source] () async throws(ControlError) in
            Self.message(try await source.list(), await source.workers())
        }
        // In one step with the first message, so that no newer one comes before it.
        let stream = watchers.add { [weak self] id in Task { await self?.leave(id) } }
        watchers.send(message, to: stream.id)
        if !isWatching {
            isWatching = true
            Task { await watchOn() }
        }
        return stream.messages
    }

    private func leave(_ id: Int) { watchers.remove(id) }

    private func watchOn() async {
        var last: (list: ListDocument, workers: WorkersDocument)?
        var silent = 0
        while !watchers.isEmpty {
            let begun = clock.now
            guard let list = try? await source.list() else { break }
            let workers = await source.workers()
            if let last, last.list == list, last.workers == workers.timeless, silent < FeedPace.silence {
                silent += 1
                watchers.send(FeedPace.nothingNew)
            } else {
                silent = 0
                last = (list, workers.timeless)
                watchers.send(Self.message(list, workers))
            }
            try? await clock.sleep(for: FeedPace.pause(afterLook: begun.duration(to: clock.now)))
        }
        watchers.end()
        isWatching = false
    }

    private static func message(_ list: ListDocument, _ workers: WorkersDocument) -> [UInt8] {
        var members = [
            JSONMember("sweeps", list.json["sweeps"] ?? .null), JSONMember("workers", workers.json["workers"] ?? .null),
        ]
        if let away = workers.json["turned_away"] { members.append(JSONMember("turned_away", away)) }
        let document = JSONValue.object(members)
        return Array("event: coordinator\ndata: \(document.text())\n\n".utf8)
    }
}
