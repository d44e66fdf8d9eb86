package import SweepCore
package import SweepMessaging
import SweepWire

/// Which key each worker process proved first, and how many processes and slots each key has registered.
///
/// A process belongs to the key that registered it. Of a key no more are let in than may be: who makes up names costs memory with each, also
/// over one connection. libzmq tells of no connection when it ends, so that connections cannot be counted in their place.
package struct WorkersOfKeys: Sendable {
    /// Beyond any fleet that was tried: a key may be shared by all workers there are, and each of them takes a descriptor.
    package static let ofKey = 16_384
    /// What these have with 64 slots each. A slot is a lease that may be out, and a trainer that a beat may name.
    package static let slotsOfKey = 64 * ofKey

    /// What becomes of a registration.
    package enum Binding: Hashable, Sendable {
        case bound
        /// Name and incarnation are those of another key's process.
        case ofAnother
        /// The key has as many processes as it may have.
        case tooMany
        /// The process says that it has more slots than one may have.
        case tooWide
        /// With its slots the key would have more than all its workers may have together.
        case tooManySlots
    }

    private struct Process {
        let key: CurvePublicKey?
        var slots: Int
    }

    private struct Holding {
        var processes = 0
        var slots = 0
    }

    /// Without keys all are one.
    private var processes: [WorkerID: Process] = [:]
    private var holdings: [CurvePublicKey?: Holding] = [:]

    package init() {}

    /// Worker processes that are bound.
    package var count: Int { processes.count }

    /// Binds a worker process of so many slots to the key that it proved first; who registers again may have others. Nothing is changed by a
    /// registration that is refused.
    package mutating func bind(_ worker: WorkerID, slots: Int, to key: CurvePublicKey?) -> Binding {
        guard slots <= Register.mostSlots else { return .tooWide }
        let bound = processes[worker]
        if let bound, bound.key != key { return .ofAnother }
        var holding = holdings[key] ?? Holding()
        if bound == nil { holding.processes += 1 }
        holding.slots += slots - (bound?.slots ?? 0)
        guard holding.processes <= Self.ofKey else { return .tooMany }
        // Who is known may have fewer, whatever others of its key have.
        guard holding.slots <= Self.slotsOfKey || slots <= bound?.slots ?? 0 else { return .tooManySlots }
        processes[worker] = Process(key: key, slots: slots)
        holdings.updateValue(holding, forKey: key)
        return .bound
    }

    /// Whether it is time to forget those that are gone: when they are many, and when a key comes near its limit. `workers` are there.
    package func holdsMany(besides workers: Int) -> Bool {
        processes.count > 2 * workers + 1024
            || processes.count > workers
                && holdings.values.contains {
                    $0.processes > Self.ofKey / 4 * 3 || $0.slots > Self.slotsOfKey / 4 * 3
                }
    }

    /// Forgets a worker that has left.
    package mutating func forget(_ worker: WorkerID) {
        guard let gone = processes.removeValue(forKey: worker), var holding = holdings[gone.key] else { return }
        holding.processes -= 1
        holding.slots -= gone.slots
        if holding.processes > 0 {
            holdings.updateValue(holding, forKey: gone.key)
        } else {
            holdings.removeValue(forKey: gone.key)
        }
    }

    /// Forgets workers that are not there any more.
    package mutating func keepOnly(_ isThere: (WorkerID) -> Bool) {
        processes = processes.filter { isThere($0.key) }
        holdings = [:]
        for process in processes.values {
            holdings[process.key, default: Holding()].processes += 1
            holdings[process.key, default: Holding()].slots += process.slots
        }
    }
}
