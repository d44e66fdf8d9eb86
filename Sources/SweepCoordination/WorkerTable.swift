import SweepCore
import SweepWire

/// The workers, and those with room in the order in which they are given work: the least loaded for its size first.
///
/// Every change goes through `update`, which keeps the order: O(log n) comparisons a change. Workers that missed a beat are
/// taken out of the order until they are heard, so that looking for one with room never walks past the silent ones.
struct WorkerTable: Sendable {
    private(set) var all: [WorkerID: WorkerProgress] = [:]
    private var pools: [String: Pool] = [:]
    /// How many workers train trials of each core version, with room or without.
    private var serving: [String: Int] = [:]

    /// The connected workers of one core version that may take more.
    private struct Pool: Sendable {
        var free = SortedChunks<Standing>()
        /// Leases that could be added, by whether epochs are short.
        var room = 0
        var roomShort = 0
    }

    /// What places a worker among the others.
    private struct Standing: Comparable, Sendable {
        let coreVersion: String
        let worker: WorkerID
        let held: Int
        let slots: Int
        let room: Int
        let roomShort: Int

        init?(_ worker: WorkerProgress) {
            guard let introduction = worker.introduction else { return nil }
            coreVersion = introduction.coreVersion
            self.worker = worker.id
            held = worker.held.count
            slots = worker.slots
            room = max(0, worker.capacity(shortEpochs: false) - held)
            roomShort = max(0, worker.capacity(shortEpochs: true) - held)
            if roomShort == 0 { return nil }
        }

        static func < (one: Standing, other: Standing) -> Bool {
            let own = one.held * other.slots
            let theirs = other.held * one.slots
            return own == theirs ? one.worker < other.worker : own < theirs
        }
    }

    /// The worker of this name; nil when it is not known.
    subscript(id: WorkerID) -> WorkerProgress? { all[id] }

    /// Changes a worker, if it is known.
    mutating func update(_ id: WorkerID, _ change: (inout WorkerProgress) -> Void) {
        guard let index = all.index(forKey: id) else { return }
        let (before, served, after, serves) = Self.changed(&all.values[index], change)
        if served != serves {
            if let served { count(served, -1) }
            if let serves { count(serves, 1) }
        }
        guard before != after else { return }
        if let before { withdraw(before) }
        if let after { offer(after) }
    }

    private static func changed(
        _ worker: inout WorkerProgress,
        _ change: (inout WorkerProgress) -> Void
    ) -> (before: Standing?, served: String?, after: Standing?, serves: String?) {
        let (before, served) = (Standing(worker), worker.servedVersion)
        change(&worker)
        return (before, served, Standing(worker), worker.servedVersion)
    }

    /// Looks at a worker where it stands; nil when it is not known. To read it would copy it, with all its lists.
    private mutating func at<Value>(_ id: WorkerID, _ look: (inout WorkerProgress) -> Value) -> Value? {
        guard let index = all.index(forKey: id) else { return nil }
        return look(&all.values[index])
    }

    /// Whether the worker is known.
    func contains(_ id: WorkerID) -> Bool { all.index(forKey: id) != nil }

    /// The oldest number that it introduced itself with; 1 when nothing is known.
    mutating func oldestSequence(_ id: WorkerID) -> UInt64 { at(id) { $0.introduction?.oldestSequence ?? 1 } ?? 1 }

    /// When it was last heard.
    mutating func lastSeen(_ id: WorkerID) -> Instant? { at(id) { $0.lastSeen } }

    /// Whether it has no lease and never introduced itself to this process.
    mutating func isSpent(_ id: WorkerID) -> Bool { at(id) { $0.held.isEmpty && $0.introduction == nil } ?? false }

    /// Notes a sign of life.
    mutating func heard(_ id: WorkerID, at now: Instant) {
        let wasQuiet = at(id) { worker in
            worker.lastSeen = now
            return worker.isQuiet
        }
        if wasQuiet == true { update(id) { $0.isQuiet = false } }
    }

    /// Adds a worker that nothing is known of, unless it is there.
    mutating func add(_ id: WorkerID, at now: Instant) {
        if all[id] == nil { all[id] = WorkerProgress(id: id, lastSeen: now) }
    }

    /// Forgets a worker.
    mutating func remove(_ id: WorkerID) {
        guard let worker = all.removeValue(forKey: id) else { return }
        if let standing = Standing(worker) { withdraw(standing) }
        if let served = worker.servedVersion { count(served, -1) }
        if let version = worker.introduction?.coreVersion, pools[version]?.free.isEmpty == true { pools[version] = nil }
    }

    /// How many more leases workers of this version could hold.
    func room(coreVersion: String, shortEpochs: Bool) -> Int {
        guard let pool = pools[coreVersion] else { return 0 }
        return shortEpochs ? pool.roomShort : pool.room
    }

    /// The worker that takes the next lease; nil when none has room.
    func next(coreVersion: String, shortEpochs: Bool, except reserved: Set<WorkerID> = []) -> WorkerID? {
        guard let pool = pools[coreVersion], shortEpochs || pool.room > 0 else { return nil }
        // Without prefetching a worker has room while its load is below 1, so all of those stand at the front.
        return pool.free.first {
            shortEpochs || $0.held < $0.slots
        } where: {
            !reserved.contains($0.worker) && (shortEpochs || $0.room > 0)
        }?.worker
    }

    /// Whether trials of this version can be trained by any worker but these, now or when it has room.
    func serves(coreVersion: String, besides avoided: [WorkerID]) -> Bool {
        (serving[coreVersion] ?? 0) > avoided.count { all[$0]?.servedVersion == coreVersion }
    }

    private mutating func count(_ coreVersion: String, _ change: Int) {
        let workers = (serving[coreVersion] ?? 0) + change
        serving[coreVersion] = workers > 0 ? workers : nil
    }

    private mutating func offer(_ standing: Standing) {
        pools[standing.coreVersion, default: Pool()].room += standing.room
        pools[standing.coreVersion, default: Pool()].roomShort += standing.roomShort
        pools[standing.coreVersion, default: Pool()].free.insert(standing)
    }

    private mutating func withdraw(_ standing: Standing) {
        guard pools[standing.coreVersion]?.free.remove(standing) == true else { return }
        pools[standing.coreVersion]?.room -= standing.room
        pools[standing.coreVersion]?.roomShort -= standing.roomShort
    }
}
