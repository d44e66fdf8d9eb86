import SweepCore
import SweepWire

/// What places a worker among the others.
struct WorkerStanding: Comparable, Sendable {
    let worker: WorkerID
    /// Slots that its leases take.
    let load: Int
    let slots: Int
    /// Octaves that it is slower than others.
    let pace: Int
    /// Slots that no stuck trainer holds.
    let usable: Int
    /// Slots for leases that begin at once, and with those that are held ahead.
    let free: Int
    let ahead: Int
    /// Whether it takes leases at all, and whether it would if it were heard and not kept for a last attempt.
    let takes: Bool
    let serves: Bool

    init(_ worker: WorkerProgress) {
        self.worker = worker.id
        load = worker.load
        slots = worker.slots
        pace = worker.pace.octave
        usable = max(0, worker.slots - worker.occupied)
        serves = worker.introduction != nil && worker.connection != nil && !worker.draining && usable > 0
        takes = serves && !worker.isQuiet && worker.alone == nil
        free = takes ? max(0, usable - load) : 0
        ahead = takes ? max(0, usable + (worker.introduction?.prefetch ?? 0) - load) : 0
    }

    /// Whether it will ever train a trial of these needs, as far as its slots go.
    func serves(_ needs: WorkerNeeds) -> Bool { serves && usable >= needs.slots }

    static func < (one: Self, other: Self) -> Bool {
        let own = one.load * other.slots
        let theirs = other.load * one.slots
        guard own == theirs else { return own < theirs }
        return one.pace == other.pace ? one.worker < other.worker : one.pace < other.pace
    }
}

/// The workers that fit the needs of some sweeps, the least loaded for its size first, of equals the fastest.
struct WorkerPool: Sendable {
    let needs: WorkerNeeds
    /// Sweeps that draw from it.
    var users = 1
    /// Workers of which a lease can begin at once; workers that can only hold one ahead; workers that are full.
    private var free = SortedChunks<WorkerStanding>()
    private var ahead = SortedChunks<WorkerStanding>()
    private var full = SortedChunks<WorkerStanding>()
    /// Leases that could be added, by whether epochs are short.
    private(set) var room = 0
    private(set) var roomShort = 0
    /// Workers that serve and have enough slots that are not lost, with room or without.
    private(set) var serving = 0
    /// How many of these are of each pace.
    private(set) var paces: [Int: Int] = [:]

    init(_ needs: WorkerNeeds) { self.needs = needs }

    mutating func offer(_ standing: WorkerStanding) {
        guard standing.serves(needs) else { return }
        serving += 1
        paces[standing.pace, default: 0] += 1
        place(standing) { $0.insert(standing) }
        count(standing, 1)
    }

    mutating func withdraw(_ standing: WorkerStanding) {
        guard standing.serves(needs) else { return }
        serving -= 1
        paces[standing.pace, default: 0] -= 1
        if paces[standing.pace] == 0 { paces[standing.pace] = nil }
        place(standing) { $0.remove(standing) }
        count(standing, -1)
    }

    private mutating func place(_ standing: WorkerStanding, _ change: (inout SortedChunks<WorkerStanding>) -> Void) {
        guard standing.takes else { return }
        if standing.free >= needs.slots {
            change(&free)
        } else if standing.ahead >= needs.slots {
            change(&ahead)
        } else if needs.slots > 1 {
            // Only who needs several slots at once must ever have some kept free.
            change(&full)
        }
    }

    private mutating func count(_ standing: WorkerStanding, _ sign: Int) {
        room += sign * (standing.free / needs.slots)
        roomShort += sign * (standing.ahead / needs.slots)
    }

    /// Which segments suit a worker of this pace: long ones the fastest, short ones the slowest, where these are not the same.
    func preference(ofPace pace: Int) -> ReadySegments.Preference {
        guard let fastest = paces.keys.min(), let slowest = paces.keys.max(), fastest < slowest else { return .inOrder }
        return pace == fastest ? .longest : pace == slowest ? .shortest : .inOrder
    }

    /// The worker that takes the next lease; nil when none has room.
    func next(shortEpochs: Bool, except reserved: Set<WorkerID>) -> WorkerID? {
        if let worker = Self.first(free, except: reserved) { return worker }
        return shortEpochs ? Self.first(ahead, except: reserved) : nil
    }

    /// The `count` least loaded of the workers on which no lease can begin.
    func crowded(_ count: Int, except reserved: Set<WorkerID>) -> Set<WorkerID> {
        var found: Set<WorkerID> = []
        while found.count < count,
            let worker = Self.first(ahead, except: reserved.union(found))
                ?? Self.first(full, except: reserved.union(found))
        {
            found.insert(worker)
        }
        return found
    }

    private static func first(_ workers: SortedChunks<WorkerStanding>, except reserved: Set<WorkerID>) -> WorkerID? {
        workers.first { _ in
            true
        } where: {
            !reserved.contains($0.worker)
        }?.worker
    }
}
