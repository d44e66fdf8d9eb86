import SweepCore
import SweepWire

/// The workers, and for each kind of needs those with room, in the order in which they are given work.
///
/// Every change goes through `update`, which keeps the order: O(log n) comparisons a change and pool. Workers that missed a
/// beat are taken out of the order until they are heard, so that looking for one with room never walks past the silent ones.
struct WorkerTable: Sendable {
    private(set) var all: [WorkerID: WorkerProgress] = [:]
    /// Pools by number; nil where nobody draws from one any more.
    private var pools: [WorkerPool?] = []

    /// The worker of this name; nil when it is not known.
    subscript(id: WorkerID) -> WorkerProgress? { all[id] }

    /// The number of the pool for these needs, for one more sweep; made where there is none.
    mutating func draw(on needs: WorkerNeeds) -> Int {
        if let index = pools.firstIndex(where: { $0?.needs == needs }) {
            pools[index]?.users += 1
            return index
        }
        var pool = WorkerPool(needs)
        let index = pools.firstIndex { $0 == nil } ?? pools.count
        for id in all.keys {
            guard let introduction = all[id]?.introduction, needs.fit(introduction) else { continue }
            all[id]?.pools.append(index)
            if let worker = all[id] { pool.offer(WorkerStanding(worker)) }
        }
        if index < pools.count { pools[index] = pool } else { pools.append(pool) }
        return index
    }

    /// One sweep less draws from the pool.
    mutating func leave(pool index: Int) {
        pools[index]?.users -= 1
        guard pools[index]?.users == 0 else { return }
        pools[index] = nil
        for id in all.keys { all[id]?.pools.removeAll { $0 == index } }
    }

    /// Changes a worker, if it is known.
    mutating func update(_ id: WorkerID, _ change: (inout WorkerProgress) -> Void) {
        guard let index = all.index(forKey: id) else { return }
        let (before, after) = Self.changed(&all.values[index], change)
        guard before != after else { return }
        for pool in all.values[index].pools {
            pools[pool]?.withdraw(before)
            pools[pool]?.offer(after)
        }
    }

    /// Lets a worker that is known say what it is, again or for the first time.
    mutating func introduce(_ id: WorkerID, _ introduction: Register) {
        guard let index = all.index(forKey: id) else { return }
        for pool in all.values[index].pools { pools[pool]?.withdraw(WorkerStanding(all.values[index])) }
        all.values[index].introduction = introduction
        all.values[index].pools = pools.indices.filter { pools[$0]?.needs.fit(introduction) == true }
        for pool in all.values[index].pools { pools[pool]?.offer(WorkerStanding(all.values[index])) }
    }

    private static func changed(
        _ worker: inout WorkerProgress,
        _ change: (inout WorkerProgress) -> Void
    ) -> (before: WorkerStanding, after: WorkerStanding) {
        let before = WorkerStanding(worker)
        change(&worker)
        return (before, WorkerStanding(worker))
    }

    /// Looks at a worker where it stands; nil when it is not known. To read it would copy it, with all its lists.
    private mutating func at<Value>(_ id: WorkerID, _ look: (inout WorkerProgress) -> Value) -> Value? {
        guard let index = all.index(forKey: id) else { return nil }
        return look(&all.values[index])
    }

    /// Whether the worker is known.
    func contains(_ id: WorkerID) -> Bool { all.index(forKey: id) != nil }

    /// The versions of the protocol that it speaks; nil when nothing is known.
    func versions(of id: WorkerID) -> ProtocolVersions? {
        guard let index = all.index(forKey: id) else { return nil }
        return all.values[index].introduction?.versions
    }

    /// The oldest number that it introduced itself with; 1 when nothing is known.
    mutating func oldestSequence(_ id: WorkerID) -> UInt64 { at(id) { $0.introduction?.oldestSequence ?? 1 } ?? 1 }

    /// Notes how long an epoch took that it reports; its place changes only where it turns out to be of another pace.
    mutating func note(_ id: WorkerID, seconds: Double, mean: Double) {
        let paces = at(id) { worker in
            var pace = worker.pace
            pace.note(seconds: seconds, mean: mean)
            let isSame = pace.octave == worker.pace.octave
            if isSame { worker.pace = pace }
            return (isSame, pace)
        }
        if case (false, let pace)? = paces { update(id) { $0.pace = pace } }
    }

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
        for pool in worker.pools { pools[pool]?.withdraw(WorkerStanding(worker)) }
    }

    /// How many more leases workers of this pool could hold.
    func room(pool: Int, shortEpochs: Bool) -> Int {
        (shortEpochs ? pools[pool]?.roomShort : pools[pool]?.room) ?? 0
    }

    /// The worker of this pool that takes the next lease; nil when none has room.
    func next(pool: Int, shortEpochs: Bool, except reserved: Set<WorkerID> = []) -> WorkerID? {
        pools[pool]?.next(shortEpochs: shortEpochs, except: reserved)
    }

    /// Which segments of a sweep that draws from this pool suit the worker.
    mutating func preference(of id: WorkerID, pool: Int) -> ReadySegments.Preference {
        guard let pace = at(id, { $0.pace.octave }) else { return .inOrder }
        return pools[pool]?.preference(ofPace: pace) ?? .inOrder
    }

    /// What the workers that serve this pool can do: O(workers).
    func capacity(pool index: Int) -> WorkerCapacity {
        var capacity = WorkerCapacity()
        guard let needs = pools[index]?.needs else { return capacity }
        for worker in all.values where worker.pools.contains(index) {
            let standing = WorkerStanding(worker)
            guard standing.serves(needs) else { continue }
            // Slots that are too few for one more trial do nothing for it.
            let idle = standing.usable % max(1, needs.slots)
            capacity.add(worker.id, slots: standing.usable - idle, slowness: worker.pace.slowness)
        }
        return capacity
    }

    /// The `count` least loaded of this pool's workers that have no slots free for a trial of several.
    func crowded(pool: Int, _ count: Int, except reserved: Set<WorkerID>) -> Set<WorkerID> {
        pools[pool]?.crowded(count, except: reserved) ?? []
    }

    /// Whether trials of this pool can be trained by any worker but these, now or when it has room.
    func serves(pool index: Int, besides avoided: [WorkerID]) -> Bool {
        guard let pool = pools[index] else { return false }
        return pool.serving
            > avoided.count {
                all[$0].map { $0.pools.contains(index) && WorkerStanding($0).serves(pool.needs) } ?? false
            }
    }

    /// Whether each pool holds what a count from scratch gives: for the invariants.
    var brokenPool: String? {
        for index in pools.indices {
            guard let pool = pools[index] else { continue }
            let members = all.values.filter { worker in worker.introduction.map { pool.needs.fit($0) } ?? false }
            guard members.allSatisfy({ $0.pools.contains(index) }),
                all.values.count(where: { $0.pools.contains(index) }) == members.count
            else { return "pool \(index) has other workers than fit" }
            var fresh = WorkerPool(pool.needs)
            for worker in members { fresh.offer(WorkerStanding(worker)) }
            guard fresh.room == pool.room, fresh.roomShort == pool.roomShort, fresh.serving == pool.serving,
                fresh.paces == pool.paces
            else { return "pool \(index) is miscounted" }
        }
        return nil
    }
}
