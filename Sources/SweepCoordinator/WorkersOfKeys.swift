package import SweepCore
package import SweepMessaging

/// Which key each worker process proved first, and how many processes each key has registered.
///
/// A process belongs to the key that registered it. Of a key no more are let in than may be: who makes up names costs memory with each, also
/// over one connection. libzmq tells of no connection when it ends, so that connections cannot be counted in their place.
package struct WorkersOfKeys: Sendable {
    /// Beyond any fleet that was tried: a key may be shared by all workers there are, and each of them takes a descriptor.
    package static let ofKey = 16_384

    /// What becomes of a registration.
    package enum Binding: Hashable, Sendable {
        case bound
        /// Name and incarnation are those of another key's process.
        case ofAnother
        /// The key has as many processes as it may have.
        case tooMany
    }

    /// Without keys all are one.
    private var keys: [WorkerID: CurvePublicKey?] = [:]
    private var counts: [CurvePublicKey?: Int] = [:]

    package init() {}

    /// Worker processes that are bound.
    package var count: Int { keys.count }

    /// Binds a worker process to the key that it proved first.
    package mutating func bind(_ worker: WorkerID, to key: CurvePublicKey?) -> Binding {
        if let bound = keys[worker] { return bound == key ? .bound : .ofAnother }
        guard counts[key, default: 0] < Self.ofKey else { return .tooMany }
        keys.updateValue(key, forKey: worker)
        counts[key, default: 0] += 1
        return .bound
    }

    /// Whether it is time to forget those that are gone: when they are many, and when a key comes near its limit. `workers` are there.
    package func holdsMany(besides workers: Int) -> Bool {
        keys.count > 2 * workers + 1024
            || keys.count > workers && counts.values.contains { $0 > Self.ofKey / 4 * 3 }
    }

    /// Forgets workers that are not there any more.
    package mutating func keepOnly(_ isThere: (WorkerID) -> Bool) {
        keys = keys.filter { isThere($0.key) }
        counts = [:]
        for key in keys.values { counts[key, default: 0] += 1 }
    }
}
