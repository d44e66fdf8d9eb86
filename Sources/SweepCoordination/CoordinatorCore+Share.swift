package import SweepCore
package import SweepWire

/// A sweep that has something to hand out, and its claim on the next free slot.
///
/// The order: the higher priority; then who would hold the fewest slots with one trial more, so that running slots are shared
/// evenly at any moment; of equals the one that has had fewest core seconds, so that shares even out over time where there are
/// fewer slots than sweeps; then who has waited longest since its last lease. All of it is state that facts give, so a
/// restart goes on with the same order. Source of the idea: max-min fairness by progressive filling (Bertsekas & Gallager,
/// Data Networks, 1992, section 6.5.2), with start-time fair queuing's rule for those who come late (Goyal, Vin & Cheng,
/// SIGCOMM 1996).
struct Contender: Sendable {
    let id: SweepID
    let pool: Int
    /// Slots that a trial of it takes.
    let slots: Int
    let hasShortEpochs: Bool
    let priority: Int
    let service: Double
    /// Slots it holds, leases its limit leaves, and the place of its newest lease: these change as it is given some.
    var held: Int
    var left: Int
    var newestLease: Int
    /// Whether last attempts and retries of it may still find a worker in this turn.
    var triesLastAttempts: Bool
    var triesRetries: Bool

    func precedes(_ other: Contender) -> Bool {
        if priority != other.priority { return priority > other.priority }
        if held + slots != other.held + other.slots { return held + slots < other.held + other.slots }
        if service != other.service { return service < other.service }
        return (newestLease, id) < (other.newestLease, other.id)
    }
}

extension CoordinatorCore {
    /// Workers that are kept free for one sweep's wide trials at a time: more would be looked for in each turn.
    private static let reservations = 64

    /// The claim of a sweep; nil when it has nothing to hand out or may not.
    mutating func contender(_ id: SweepID) -> Contender? {
        guard let sweep = sweeps[id], sweep.state == .running, sweep.hasReady, sweep.leasesLeft > 0,
            sweep.sweep.ask == nil
        else { return nil }
        return Contender(
            id: id,
            pool: sweep.pool,
            slots: sweep.placement.slots,
            hasShortEpochs: hasShortEpochs(id),
            priority: sweep.placement.priority,
            service: sweep.service,
            held: sweep.heldSlots,
            left: sweep.leasesLeft,
            newestLease: sweep.share.newestLease,
            triesLastAttempts: !sweep.lastAttempts.isEmpty,
            triesRetries: !sweep.retries.isEmpty
        )
    }

    /// Hands out what is ready, lease by lease, each to the sweep whose turn it is: O(contenders) a lease.
    mutating func handOut(_ contenders: [Contender], at now: Instant) {
        var contenders = contenders
        // Workers that get nothing this time.
        var passed: Set<WorkerID> = []
        var batches: [WorkerID: [Assignment]] = [:]
        var level: Int?
        while let index = contenders.indices.min(by: { contenders[$0].precedes(contenders[$1]) }) {
            if contenders.count > 1, level != contenders[index].priority {
                level = contenders[index].priority
                if let wide = Self.leastServedWide(contenders, of: contenders[index].priority) {
                    if !place(&contenders[wide], &passed, &batches, at: now) {
                        passed.formUnion(keptFree(contenders[wide], 1, except: passed))
                    }
                    if contenders[wide].left == 0 { contenders.remove(at: wide) }
                    continue
                }
            }
            if place(&contenders[index], &passed, &batches, at: now) {
                if contenders[index].left > 0 { continue }
            } else if contenders.count > 1, contenders[index].slots > 1 {
                // From its equals it may keep one worker at a time, from those below as many as it can use.
                let hasEquals = contenders.count { $0.priority == level } > 1
                passed.formUnion(keptFree(contenders[index], hasEquals ? 1 : Self.reservations, except: passed))
            }
            contenders.remove(at: index)
        }
        for (worker, leases) in batches.sorted(by: { $0.key < $1.key }) {
            if let connection = table[worker]?.connection { send(leases, to: connection) }
        }
    }

    /// The contender whose trials take several slots at once and that no other one of its priority has had less than.
    ///
    /// It gets one lease before the others have their turn, or has a worker kept free. Sweeps of narrow trials take every slot
    /// as it becomes free, and hold fewer each time: without this, one that needs four at once would wait for ever beside
    /// one that never lets a worker become empty.
    private static func leastServedWide(_ contenders: [Contender], of priority: Int) -> Int? {
        let equals = contenders.indices.filter { contenders[$0].priority == priority }
        guard equals.count > 1, let least = equals.map({ contenders[$0].service }).min() else { return nil }
        return equals.filter { contenders[$0].slots > 1 && contenders[$0].service <= least }
            .min { contenders[$0].precedes(contenders[$1]) }
    }

    /// The workers that become free soonest for trials of this sweep, one a trial.
    private func keptFree(_ wide: Contender, _ limit: Int, except passed: Set<WorkerID>) -> Set<WorkerID> {
        guard let sweep = sweeps[wide.id] else { return [] }
        let trials = sweep.ready.count + sweep.retries.count + sweep.lastAttempts.count
        let waiting = min(trials, wide.left, limit)
        guard waiting > 0 else { return [] }
        // A worker that only such trials wait for as may not go there would be kept free for nobody.
        var avoided: [WorkerID] = []
        if sweep.ready.isEmpty, let first = sweep.lastAttempts.first ?? sweep.retries.first {
            avoided = sweep[first.trial]?.avoided ?? []
            if !table.serves(pool: wide.pool, besides: avoided) { avoided = [] }
        }
        return table.crowded(pool: wide.pool, waiting, except: passed.union(avoided))
    }

    /// Gives a worker the next lease of a sweep; false when there is none to give, or nobody to take it.
    private mutating func place(
        _ contender: inout Contender,
        _ passed: inout Set<WorkerID>,
        _ batches: inout [WorkerID: [Assignment]],
        at now: Instant
    ) -> Bool {
        guard placeNext(&contender, &passed, &batches, at: now) else { return false }
        contender.held += contender.slots
        contender.left -= 1
        contender.newestLease = leasesGiven
        return true
    }

    private mutating func placeNext(
        _ contender: inout Contender,
        _ passed: inout Set<WorkerID>,
        _ batches: inout [WorkerID: [Assignment]],
        at now: Instant
    ) -> Bool {
        let id = contender.id
        if contender.triesLastAttempts, let item = sweeps[id]?.lastAttempts.first {
            let avoided = sweeps[id]?[item.trial]?.avoided ?? []
            if let worker = heardWorker(contender, except: passed, avoiding: avoided, at: now) {
                if table[worker]?.held.isEmpty == true {
                    return lease(item.trial, of: id, to: worker, &batches, at: now)
                }
                // The emptiest worker gets nothing more, of other sweeps neither, so that it becomes empty in the end.
                passed.insert(worker)
            }
            contender.triesLastAttempts = false
        }
        if contender.triesRetries, let item = sweeps[id]?.retries.first {
            let avoided = sweeps[id]?[item.trial]?.avoided ?? []
            if let worker = heardWorker(contender, except: passed, avoiding: avoided, at: now) {
                return lease(item.trial, of: id, to: worker, &batches, at: now)
            }
            contender.triesRetries = false
        }
        guard sweeps[id]?.ready.isEmpty == false, let worker = heardWorker(contender, except: passed, at: now),
            case let preference = table.preference(of: worker, pool: contender.pool),
            let item = sweeps[id]?.ready.next(for: preference)
        else { return false }
        return lease(item.trial, of: id, to: worker, &batches, at: now)
    }

    /// The worker that takes the next lease; one that missed a beat is passed over until it is heard, it may be dead.
    ///
    /// While others serve the sweep, with room or without, those of `avoided` are not taken.
    private mutating func heardWorker(
        _ contender: Contender,
        except passed: Set<WorkerID>,
        avoiding avoided: [WorkerID] = [],
        at now: Instant
    ) -> WorkerID? {
        let pool = contender.pool
        let shunned = Set(!avoided.isEmpty && table.serves(pool: pool, besides: avoided) ? avoided : [])
        while let worker = table.next(
            pool: pool,
            shortEpochs: contender.hasShortEpochs,
            except: shunned.isEmpty ? passed : passed.union(shunned)
        ) {
            // Half a beat beyond the beat, for its way.
            if let seen = table.lastSeen(worker), seen.duration(to: now) * 2 <= options.heartbeat * 3 { return worker }
            table.update(worker) { $0.isQuiet = true }
        }
        return nil
    }

    /// What the workers that serve each running sweep can do; none of sweeps that workers do not train: O(workers) for each kind
    /// of needs.
    package var capacities: [SweepID: WorkerCapacity] {
        var ofPools: [Int: WorkerCapacity] = [:]
        var capacities: [SweepID: WorkerCapacity] = [:]
        for id in active {
            guard let pool = servedPool(of: id) else { continue }
            let capacity = ofPools[pool] ?? table.capacity(pool: pool)
            ofPools[pool] = capacity
            capacities[id] = capacity
        }
        return capacities
    }

    /// The same of one sweep.
    package func capacity(of id: SweepID) -> WorkerCapacity {
        servedPool(of: id).map { table.capacity(pool: $0) } ?? WorkerCapacity()
    }

    private func servedPool(of id: SweepID) -> Int? {
        guard let sweep = sweeps[id], sweep.state == .running, sweep.sweep.ask == nil else { return nil }
        return sweep.pool
    }

    /// Slots that a trial takes of the worker that trains it.
    package func slots(of trial: TrialID) -> Int { sweeps[trial.sweep]?.placement.slots ?? 1 }

    /// How many of a worker's leases, in the order they were given, its slots are enough for: those that it has begun.
    package func begunLeases(of worker: WorkerProgress) -> Int {
        var left = worker.slots
        return worker.held.prefix { trial in
            left -= slots(of: trial)
            return left >= 0
        }.count
    }

    /// What the worker that introduces itself so lacks to train a sweep's trials, in words; nil when nothing.
    package func misfit(_ worker: Register, _ sweep: SweepProgress) -> String? {
        if sweep.sweep.ask != nil { return "the sweep's trials are asked for by programs, over HTTP" }
        let needs = sweep.needs
        if let version = needs.coreVersion, worker.coreVersion != version {
            return
                "its training core is version \(worker.coreVersion), the sweep's is \(version): it would train other bits"
        }
        let unmet = needs.unmet(by: worker)
        if !unmet.isEmpty { return "the sweep requires " + unmet.map(\.description).joined(separator: ", ") }
        guard worker.slots < needs.slots else { return nil }
        return "a trial of the sweep takes \(needs.slots) slots, one for each of its threads"
    }

    /// Lets a sweep compete: level with the least served of those of its priority that are there, whether it had more or less.
    ///
    /// One that was paused while it had had much would otherwise wait until each newcomer has had as much.
    mutating func enterCompetition(_ id: SweepID) {
        guard let sweep = sweeps[id] else { return }
        let peers = active.filter { $0 != id }.compactMap { sweeps[$0] }.filter {
            $0.state == .running && $0.placement.priority == sweep.placement.priority
        }
        guard let least = peers.map(\.service).min() else { return }
        sweeps[id]?.share.head += least - sweep.service
    }
}
