package import SweepCore
package import SweepMessaging

/// Objects that came whole and that nothing named yet, with the bytes of them that each key has sent.
///
/// Bounded: they are on the disk, and whoever may send objects could fill it with such that nobody will ever name. Who sends a
/// checkpoint or a data set names it in the next message, so that what is claimed in time has been counted for moments only;
/// what rests for a minute gives way to what comes, and what does not fit beside the rest is refused, to be offered again.
package struct UnclaimedObjects: Sendable {
    /// How much may be unclaimed, in bytes.
    package struct Limits: Hashable, Sendable {
        /// Of one key: two of the largest objects (16 GiB each), as of uploads that are not finished.
        package var ofKey: Int
        /// Of all keys together: a second key finds room beside one that takes all it may.
        package var ofAll: Int

        package init(ofKey: Int = 32 << 30, ofAll: Int = 64 << 30) {
            self.ofKey = ofKey
            self.ofAll = ofAll
        }
    }

    /// What more would be beyond.
    package enum Limit: Hashable, Sendable { case ofKey, ofAll }

    private struct Entry {
        var size: Int
        let key: CurvePublicKey?
        let since: Instant
        var cost: Int { UnclaimedObjects.cost(of: size) }
    }

    /// How long an object may wait to be named: whoever sent it names it in the next message, unless they were cut off.
    package static let patience = Duration.seconds(3600)
    /// How long it may wait where others need its room: a worker that lost its coordinator has found it again by then.
    package static let patienceInNeed = Duration.seconds(60)
    /// What an object counts beside its bytes: a file, its name and what is remembered of it.
    package static let ofObject = 64 << 10

    private let limits: Limits
    private var entries: [ContentHash: Entry] = [:]
    private var ofKeys: [CurvePublicKey: Int] = [:]
    private var total = 0

    package init(_ limits: Limits = Limits()) { self.limits = limits }

    /// How many there are.
    package var count: Int { entries.count }

    /// A size that somebody only says counts as far as a disk could be that large.
    private static func cost(of size: Int) -> Int { min(max(0, size), 1 << 50) + ofObject }

    /// Notes an object of so many bytes, sent by who proved to hold `key`; one that is noted already begins to wait anew.
    package mutating func note(_ hash: ContentHash, size: Int, of key: CurvePublicKey?, at now: Instant) {
        remove(hash)
        add(hash, Entry(size: size, key: key, since: now))
    }

    /// Says how many bytes a noted object has on the disk; a sender's word for it may be wrong.
    package mutating func weigh(_ hash: ContentHash, size: Int) {
        guard var entry = entries[hash], entry.size != size else { return }
        remove(hash)
        entry.size = size
        add(hash, entry)
    }

    /// Forgets an object: it is claimed, or gone.
    package mutating func remove(_ hash: ContentHash) {
        guard let entry = entries.removeValue(forKey: hash) else { return }
        total -= entry.cost
        guard let key = entry.key else { return }
        let rest = ofKeys[key, default: 0] - entry.cost
        ofKeys[key] = rest > 0 ? rest : nil
    }

    /// Forgets those that somebody needs.
    package mutating func removeClaimed(_ isNeeded: (ContentHash) -> Bool) {
        for hash in entries.keys.filter(isNeeded) { remove(hash) }
    }

    /// What so many bytes more would be beyond; nil where they fit. Without a key it is the limit of all alone.
    package func limit(beyond size: Int, of key: CurvePublicKey?) -> Limit? {
        let cost = Self.cost(of: size)
        if let key, ofKeys[key, default: 0] + cost > limits.ofKey { return .ofKey }
        return total + cost > limits.ofAll ? .ofAll : nil
    }

    /// Those that nobody named for an hour.
    package func expired(at now: Instant) -> [ContentHash] {
        entries.filter { $0.value.since.duration(to: now) > Self.patience }.map(\.key)
    }

    /// Which are to be deleted so that so many bytes more of the key fit: none younger than a minute, the oldest first, of the key itself
    /// where it has too much, else of whoever has most. What does not fit all the same is for the caller to refuse.
    package func givingWay(to size: Int, of key: CurvePublicKey?, at now: Instant) -> [ContentHash] {
        let rested = entries.filter { $0.value.since.duration(to: now) > Self.patienceInNeed }
        let oldestFirst = rested.sorted { ($0.value.since, $0.key.hex) < ($1.value.since, $1.key.hex) }
        var rest = self
        var given: [ContentHash] = []
        func give(_ hash: ContentHash) {
            rest.remove(hash)
            given.append(hash)
        }
        for (hash, entry) in oldestFirst where entry.key == key {
            guard rest.limit(beyond: size, of: key) == .ofKey else { break }
            give(hash)
        }
        guard rest.limit(beyond: size, of: key) == .ofAll else { return given }
        let most = rest.ofKeys.sorted { ($0.value, $0.key.z85) > ($1.value, $1.key.z85) }.map { Optional($0.key) }
        for greedy in most + [nil] {
            for (hash, entry) in oldestFirst where entry.key == greedy && rest.entries[hash] != nil {
                guard rest.limit(beyond: size, of: key) == .ofAll else { return given }
                give(hash)
            }
        }
        return given
    }

    private mutating func add(_ hash: ContentHash, _ entry: Entry) {
        entries[hash] = entry
        total += entry.cost
        if let key = entry.key { ofKeys[key, default: 0] += entry.cost }
    }
}

extension UnclaimedObjects.Limit {
    /// What who sends an object is told.
    package var sentence: String {
        let whose = self == .ofKey ? "of this key" : "in all"
        return
            "no more is taken for now: objects \(whose) that no sweep and no trial names have as many bytes as they may; "
            + "those that rest for a minute give way, offer it again then"
    }
}
