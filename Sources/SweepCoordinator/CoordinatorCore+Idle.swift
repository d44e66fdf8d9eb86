package import SweepCoordination
import SweepCore
import SweepWire

extension CoordinatorCore {
    /// Slots of a worker that have work: by its last heartbeat, or before the first by what it was given.
    package func busySlots(of worker: WorkerProgress) -> Int {
        let taken = worker.running.isEmpty ? worker.load : worker.running.keys.reduce(0) { $0 + slots(of: $1) }
        return min(worker.introduction?.slots ?? 0, taken)
    }

    /// Why a worker without work has none of this sweep's: for the person who asks what the machine is for.
    ///
    /// The first reason that holds, from the worker's own state to the sweep's.
    func idleReason(_ worker: WorkerProgress, _ sweep: SweepProgress) -> String {
        guard let introduction = worker.introduction else {
            return "it has not come back since the coordinator's restart"
        }
        if worker.connection == nil { return "its connection is lost" }
        if worker.draining { return "it drains" }
        if worker.occupied >= introduction.slots { return "trainers that do not stop hold its slots; start it again" }
        if sweep.state != .running { return "the sweep is \(sweep.state.name)" }
        if let lack = misfit(introduction, sweep) { return lack }
        let hasMore = sweep.plannedTrials.map { sweep.trials.count < $0 } ?? true
        let waits = !(sweep.ready.isEmpty && sweep.retries.isEmpty && sweep.lastAttempts.isEmpty)
        if let limit = sweep.placement.maxParallel, sweep.leasesLeft == 0, waits || (hasMore && !sweep.inVirtualTime) {
            return "the sweep is at its limit of \(limit) trial\(limit == 1 ? "" : "s") at once"
        }
        guard sweep.ready.isEmpty else {
            guard introduction.slots - worker.occupied >= sweep.placement.slots else {
                return "trainers that do not stop hold slots that a trial of the sweep needs; start it again"
            }
            return "it will get work at its next beat"
        }
        guard sweep.lastAttempts.isEmpty else {
            return "a trial's last attempt waits for a worker of its own"
        }
        guard sweep.retries.isEmpty else { return "trials that failed here wait for another worker" }
        let training = workers.values.reduce(0) { $0 + $1.held.count { $0.sweep == sweep.id } }
        if let planned = sweep.plannedTrials, sweep.trials.count >= planned {
            let waiting = sweep.open.count - training
            guard waiting > 0 else { return "no trials are left to begin; the last \(training) train elsewhere" }
            return "no trials are left to begin; \(waiting) wait for the results of \(training) to be promoted or end"
        }
        return "all that is decided is handed out; the results of \(training) trials decide what comes next"
    }
}
