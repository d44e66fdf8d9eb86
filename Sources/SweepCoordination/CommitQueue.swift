package import SweepCore

/// The order of a coordinator's work: what is decided is committed, and only then carried out.
///
/// Effects gather here while a commit is under way, and the facts of all that gathered go into the next one. The process
/// and the simulator take their turns from the same value, so that neither can send what is not kept. A commit that
/// fails ends the process: the queue dies with it, and what waited in it was never said.
package struct CommitQueue: Sendable {
    /// What is to be done next.
    package enum Step: Hashable, Sendable {
        /// Write these facts in one transaction, then call `committed`.
        case commit([Fact])
        /// Carry these out, in order: none of them is a fact, and every fact before them is written.
        case perform([Effect])
    }

    /// Effects that may gather before those are dropped that later ones include: a fleet's of some seconds.
    package static let many = 65_536

    private var pending: [Effect] = []
    private var committing: [Effect]?
    /// The weight of what is pending.
    private var load = 0
    /// What weight is to gather before it is looked through.
    private var lookedThroughAt = many

    package init() {}

    /// Whether a commit was asked for and is not through.
    package var isCommitting: Bool { committing != nil }

    /// Whether everything that was decided is committed.
    package var isEmpty: Bool { committing == nil && pending.isEmpty }

    /// Effects that wait for their commit.
    package var count: Int { pending.count }

    /// Adds what the core decided; O(1) an effect in the long run, of messages also by the leases that they name.
    ///
    /// However long a commit takes, the messages and lines of the log that gather for workers are bounded by what they may send
    /// unacknowledged and by the workers that are there: they beat, repeat themselves and come back by new connections meanwhile. Two
    /// things grow with each return: the facts of leases that the worker never heard of, which are handed back and given anew (two a
    /// lease), and the answer to a connection that never registers.
    package mutating func add(_ effects: [Effect]) {
        if pending.isEmpty { pending = effects } else { pending += effects }
        load += effects.reduce(0) { $0 + $1.weight }
        guard load >= lookedThroughAt else { return }
        var gathered: [Effect] = []
        swap(&gathered, &pending)
        pending = Effect.withoutRepetitions(gathered, orBeats: true)
        load = pending.reduce(0) { $0 + $1.weight }
        lookedThroughAt = max(Self.many, 2 * load)
    }

    /// The next step; nil while a commit is under way and when nothing waits.
    package mutating func next() -> Step? {
        guard committing == nil, !pending.isEmpty else { return nil }
        var waiting: [Effect] = []
        swap(&waiting, &pending)
        lookedThroughAt = Self.many
        load = 0
        let effects = Effect.withoutRepetitions(waiting)
        let facts = effects.compactMap { effect -> Fact? in
            guard case .record(let fact) = effect else { return nil }
            return fact
        }
        guard !facts.isEmpty else { return .perform(effects) }
        committing = effects
        return .commit(facts)
    }

    /// The commit is through: what it held, to be carried out in order.
    package mutating func committed() -> [Effect] {
        defer { committing = nil }
        return committing ?? []
    }
}
