import Glibc
import Synchronization

/// What all members of a team do at the same time, each its part.
package protocol SharedWork {
    /// The part of a member, whose number is from 0.
    func perform(_ member: Int)
}

extension SharedWork {
    fileprivate static func perform(at place: UnsafeRawPointer, _ member: Int) {
        place.assumingMemoryBound(to: Self.self).pointee.perform(member)
    }
}

/// Threads that work on one thing together and then wait for the next: a step's products are too short to start any.
///
/// The caller is one of them. While work comes at short intervals nobody sleeps; after a pause the others do.
package final class ThreadTeam: Sendable {
    /// Members, the caller among them.
    package let count: Int
    private let state: TeamState
    private let threads: [pthread_t]

    /// Starts `count` − 1 threads.
    package init(count: Int) {
        precondition(count >= 1, "a team has a member")
        self.count = count
        let state = TeamState(others: count - 1)
        self.state = state
        threads = (1..<count).map { member in
            let argument = Unmanaged.passRetained(TeamMember(state: state, number: member)).toOpaque()
            var thread = pthread_t()
            let status = pthread_create(
                &thread,
                nil,
                { argument in
                    guard let argument else { return nil }
                    Unmanaged<TeamMember>.fromOpaque(argument).takeRetainedValue().serve()
                    return nil
                },
                argument
            )
            precondition(status == 0, "pthread_create failed: \(status)")
            return thread
        }
    }

    deinit {
        state.publish(nil)
        for thread in threads { pthread_join(thread, nil) }
    }

    /// Has each member do its part, at the same time, and returns when all are done.
    ///
    /// Not for two callers at once, and not from within the work. Allocates nothing.
    package func run<Work: SharedWork>(_ work: Work) {
        guard count > 1 else { return work.perform(0) }
        withUnsafePointer(to: work) { place in
            state.publish(TeamWork(kind: Work.self, place: place))
            work.perform(0)
            state.waitForOthers()
        }
    }
}

/// Work and what it is; it lies in the caller's frame, who does not return before all are done.
private struct TeamWork {
    let kind: any SharedWork.Type
    let place: UnsafeRawPointer
}

/// What the members of a team share.
///
/// `@unchecked Sendable`: `work` is written by the caller alone, before it raises `generation` with release order, and
/// read by the others after they saw that with acquire order; it is written again only when `remaining` says that all
/// have returned. The mutex and the condition are pthread's, made for it.
private final class TeamState: @unchecked Sendable {
    private let others: Int
    private let generation = Atomic(0)
    private let remaining = Atomic(0)
    private let sleepers = Atomic(0)
    private var work: TeamWork?
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    /// Looks at the generation before a member goes to sleep: some tens of microseconds, longer than between two
    /// products of a step and much shorter than a scheduler's slice.
    private static let spins = 20_000

    init(others: Int) {
        self.others = others
        mutex.initialize(to: pthread_mutex_t())
        condition.initialize(to: pthread_cond_t())
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Hands work to the others; nil ends them.
    func publish(_ work: TeamWork?) {
        self.work = work
        remaining.store(others, ordering: .relaxed)
        generation.add(1, ordering: .sequentiallyConsistent)
        guard sleepers.load(ordering: .sequentiallyConsistent) > 0 else { return }
        pthread_mutex_lock(mutex)
        pthread_cond_broadcast(condition)
        pthread_mutex_unlock(mutex)
    }

    /// Waits until all others have done their part, then forgets it.
    func waitForOthers() {
        var looks = 0
        while remaining.load(ordering: .acquiring) > 0 {
            looks &+= 1
            // Another program may have the core that a member needs.
            if looks > Self.spins { sched_yield() }
        }
        work = nil
    }

    /// Waits for work newer than `seen` and does it as a member; answers the new generation, nil at the end.
    func serve(_ member: Int, after seen: Int) -> Int? {
        var looks = 0
        while generation.load(ordering: .acquiring) == seen {
            looks &+= 1
            if looks > Self.spins {
                sleep(while: seen)
                looks = 0
            }
        }
        guard let work else { return nil }
        Self.perform(work, member)
        remaining.subtract(1, ordering: .releasing)
        return seen + 1
    }

    /// Holds the work no longer than the call: when a member says that it is done, nothing of the caller's is in use.
    @inline(never)
    private static func perform(_ work: TeamWork, _ member: Int) { work.kind.perform(at: work.place, member) }

    private func sleep(while seen: Int) {
        pthread_mutex_lock(mutex)
        sleepers.add(1, ordering: .sequentiallyConsistent)
        while generation.load(ordering: .sequentiallyConsistent) == seen { pthread_cond_wait(condition, mutex) }
        sleepers.subtract(1, ordering: .sequentiallyConsistent)
        pthread_mutex_unlock(mutex)
    }
}

/// A thread's place in its team.
private final class TeamMember: Sendable {
    private let state: TeamState
    private let number: Int

    init(state: TeamState, number: Int) {
        self.state = state
        self.number = number
    }

    func serve() {
        var seen = 0
        while let next = state.serve(number, after: seen) { seen = next }
    }
}
