package import SweepCore
package import SweepWire

/// Workers that were not let in, as they speak no version of the protocol that this build speaks: for people to see.
///
/// Bounded: whoever comes under ever new names takes the place of others here, and no more room.
package struct TurnedAwayWorkers: Sendable {
    /// One of them, as it introduced itself last.
    package struct Worker: Hashable, Sendable {
        package let name: String
        package let host: String
        /// Its build; empty when it did not say.
        package let softwareVersion: String
        package let versions: ProtocolVersions
        /// What it was told.
        package let sentence: String
        package let lastSeen: Instant
    }

    /// Workers that are remembered.
    package static let limit = 64
    /// How long one is shown: whoever starts it again and again is seen, whoever gave up is forgotten.
    package static let shown: Duration = .seconds(3600)
    /// Lines of the log about them, in a process.
    private static let toldAtMost = 1024

    /// Oldest first.
    private var workers: [Worker] = []
    private var told = 0

    /// Those that came in the last hour, by name.
    package func recent(at now: Instant) -> [Worker] {
        workers.filter { $0.lastSeen.duration(to: now) <= Self.shown }.sorted { $0.name < $1.name }
    }

    /// Notes a worker that is told `sentence`; whether the log should say so: the first time it comes.
    mutating func note(_ introduction: Register, _ sentence: String, at now: Instant) -> Bool {
        let isKnown = forget(introduction.worker.name)
        workers.append(
            Worker(
                name: introduction.worker.name,
                host: introduction.host,
                softwareVersion: introduction.softwareVersion,
                versions: introduction.versions,
                sentence: sentence,
                lastSeen: now
            )
        )
        if workers.count > Self.limit { workers.removeFirst() }
        guard !isKnown, told < Self.toldAtMost else { return false }
        told += 1
        return true
    }

    /// Forgets a worker of this name, which may have been let in by now; whether there was one.
    @discardableResult
    mutating func forget(_ name: String) -> Bool {
        guard let index = workers.firstIndex(where: { $0.name == name }) else { return false }
        workers.remove(at: index)
        return true
    }
}
