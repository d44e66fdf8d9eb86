package import SweepCoordination
package import SweepCore
package import SweepWire

/// Watches who is given what, with rules of its own, apart from the core's: limits, what sweeps require of workers, priorities,
/// and that the next lease goes to whoever holds least.
package struct PlacementAudit: Sendable {
    private struct Standing {
        var placement: Placement
        var held: [TrialID: WorkerID] = [:]
        /// Slots that it would hold with one trial more.
        var next: Int { (held.count + 1) * placement.slots }
        var isAtLimit: Bool { held.count >= placement.maxParallel ?? .max }
    }

    private var sweeps: [SweepID: Standing] = [:]
    private var workers: [WorkerID: Register] = [:]
    /// What is wrong, in sentences.
    package private(set) var problems: [String] = []
    /// Leases that were given while another sweep too had something for the same worker.
    package private(set) var choices = 0

    package init() {}

    /// A worker introduced itself.
    package mutating func registered(_ register: Register) { workers[register.worker] = register }

    /// Reads what a journal holds, without an opinion.
    package mutating func replay(_ facts: [Fact]) { for fact in facts { note(fact) } }

    /// Takes a turn's facts; `core` is the state after them.
    package mutating func add(_ facts: [Fact], _ core: CoordinatorCore, at now: Instant) {
        for fact in facts {
            if case .leased(let lease, let worker, _, _, _) = fact { judge(lease, worker, core) }
            note(fact)
        }
        if !facts.isEmpty { lookForIdle(core, at: now) }
    }

    private mutating func note(_ fact: Fact) {
        switch fact {
        case .sweepSubmitted(let submission):
            guard let sweep = Sweep.read(submission.source, problems: SpecProblems()) else { return }
            sweeps[submission.id] = Standing(placement: sweep.placement)
        case .sweepChanged(let id, .adjusted(let adjustment)):
            if let priority = adjustment.priority { sweeps[id]?.placement.priority = priority }
            if let limit = adjustment.maxParallel { sweeps[id]?.placement.maxParallel = limit.number }
        case .leased(let lease, let worker, _, _, _): sweeps[lease.trial.sweep]?.held[lease.trial] = worker
        case .leaseEnded(let lease, _): sweeps[lease.trial.sweep]?.held[lease.trial] = nil
        case .trialEnded(let trial, _): sweeps[trial.sweep]?.held[trial] = nil
        default: break
        }
    }

    private mutating func judge(_ lease: LeaseID, _ worker: WorkerID, _ core: CoordinatorCore) {
        let id = lease.trial.sweep
        guard let own = sweeps[id] else { return }
        if own.isAtLimit { problems.append("\(lease) is given though its sweep holds \(own.held.count) trials") }
        guard let register = workers[worker] else {
            return problems.append("\(lease) is given to \(worker), which never registered")
        }
        if let lack = lack(of: register, own.placement) { problems.append("\(lease) is given to \(worker): \(lack)") }
        let load = load(of: worker)
        if load + own.placement.slots > register.slots + register.prefetch {
            problems.append("\(lease) is given to \(worker), which holds \(load) slots of leases")
        }
        let free = register.slots - (core.workers[worker]?.occupied ?? 0) - load
        for (other, rival) in sweeps where other != id && !rival.isAtLimit && lack(of: register, rival.placement) == nil
        {
            // What is still ready after the turn was so when this lease was given.
            guard let progress = core.sweeps[other], progress.state == .running, !progress.ready.isEmpty,
                rival.placement.slots <= min(free, own.placement.slots)
            else { continue }
            choices += 1
            if rival.placement.priority > own.placement.priority {
                problems.append("\(lease) is given before a trial of sweep \(other.rawValue), whose priority is higher")
            }
            // The least served may have one wide lease before its turn.
            let isWideAndLeast =
                own.placement.slots > 1
                && core.sweeps.values.allSatisfy { progress in
                    progress.state != .running || sweeps[progress.id]?.placement.priority != own.placement.priority
                        || progress.ready.isEmpty || sweeps[progress.id]?.isAtLimit == true
                        || (core.sweeps[id]?.service ?? 0) <= progress.service
                }
            if rival.placement.priority == own.placement.priority, rival.next < own.next, !isWideAndLeast {
                problems.append(
                    "\(lease) is given, and sweep \(other.rawValue) would hold \(rival.next) slots, not \(own.next)"
                )
            }
        }
    }

    /// A heard worker with slots free, and a trial that it could train: nobody may leave both as they are.
    private mutating func lookForIdle(_ core: CoordinatorCore, at now: Instant) {
        let running = core.sweeps.values.filter { $0.state == .running }
        // A last attempt and a wide trial may keep a worker free.
        guard running.allSatisfy({ $0.lastAttempts.isEmpty && $0.placement.slots == 1 }) else { return }
        for sweep in running where !sweep.ready.isEmpty && sweeps[sweep.id]?.isAtLimit == false {
            for worker in core.workers.values {
                guard let register = worker.introduction, worker.connection != nil, !worker.draining,
                    worker.alone == nil,
                    worker.lastSeen.duration(to: now) <= core.options.heartbeat, register.coreVersion == "core-1",
                    lack(of: register, sweep.placement) == nil, load(of: worker.id) + worker.occupied < register.slots
                else { continue }
                problems.append("\(worker.id) has a slot free, and sweep \(sweep.id.rawValue) trials that nobody holds")
            }
        }
    }

    private func load(of worker: WorkerID) -> Int {
        sweeps.values.reduce(0) { $0 + $1.held.values.count { $0 == worker } * $1.placement.slots }
    }

    private func lack(of register: Register, _ placement: Placement) -> String? {
        if register.coreVersion != "core-1" { return "its training core is \(register.coreVersion)" }
        if register.slots < placement.slots { return "it has \(register.slots) slots" }
        for requirement in placement.requires
        where !register.labels.contains(where: { $0.key == requirement.key && $0.value == requirement.value }) {
            return "it lacks \(requirement)"
        }
        return nil
    }
}
