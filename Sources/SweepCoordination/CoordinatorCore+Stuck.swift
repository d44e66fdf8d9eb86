package import SweepCore
import SweepWire

extension CoordinatorCore {
    /// How long a trial of this sweep may stand at one step before it is moved.
    ///
    /// Unless told: twenty of the longest epochs that were seen, because steps stand still while a long validation runs, and
    /// at least a minute, because data is prepared before the first step.
    package func stuckTime(of sweep: SweepProgress) -> Duration {
        // A store of before times were bounded may hold any number.
        options.stuckAfter ?? .seconds(max(60, 20 * min(sweep.longestEpochSeconds, WireLimits.epochSeconds.upperBound)))
    }

    /// How long each trial on this worker has stood at its step, where that is longer than a third of what it may.
    package func standstills(of worker: WorkerProgress, at now: Instant) -> [(trial: TrialID, standing: Duration)] {
        worker.progressed.compactMap { trial, since in
            guard let sweep = sweeps[trial.sweep] else { return nil }
            let standing = since.duration(to: now)
            return standing * 3 > stuckTime(of: sweep) ? (trial, standing) : nil
        }.sorted { $0.trial < $1.trial }
    }

    /// Notes how far the trials on a worker are, and since when; `stale` are the leases it trains that are not current.
    mutating func noteProgress(
        _ running: [TrialID: Heartbeat.Progress],
        stale: Set<LeaseID>,
        of id: WorkerID,
        at now: Instant
    ) {
        let stuck = table[id].map { stale.intersection($0.stale) } ?? []
        let occupied = stuck.reduce(0) { $0 + slots(of: $1.trial) }
        table.update(id) { worker in
            let before = worker.running
            let since = worker.progressed
            worker.running = running
            worker.progressed = [:]
            for (trial, progress) in running {
                worker.progressed[trial] = before[trial] == progress ? since[trial] ?? now : now
            }
            // Named in one beat, a lease may cross with the verdict that ended it; named in two, it holds its slot.
            worker.occupied = occupied
            worker.stale = stale
        }
    }

    /// Gives the trials of trainers that beat and make no step to others.
    mutating func moveStuck(at now: Instant) {
        // Also those whose slots stuck trainers of leases hold that are gone: what they were given since never begins.
        let standing = table.all.values.filter {
            !$0.progressed.isEmpty || ($0.occupied > 0 && $0.occupied >= $0.slots && !$0.held.isEmpty)
        }.sorted { $0.id < $1.id }
        for worker in standing {
            for (trial, since) in worker.progressed.sorted(by: { $0.key < $1.key }) {
                guard let sweep = sweeps[trial.sweep], since.duration(to: now) > stuckTime(of: sweep),
                    let lease = currentLease(of: trial, ofWorker: worker.id)
                else { continue }
                let seconds = since.duration(to: now).wholeNanoseconds / 1_000_000_000
                let epoch = worker.running[trial]?.epoch ?? 0
                let reason = "no step for \(seconds) s on worker \(worker.id.name) after epoch \(epoch)"
                log(
                    .warning,
                    "trial stuck",
                    of: trial,
                    ["lease.id": lease.description, "trial.reason": reason]
                )
                take(lease, from: worker.id, as: .died(reason), at: now)
                // Its threads cannot be stopped, so that their slots are gone until the process ends.
                let slots = slots(of: trial)
                table.update(worker.id) {
                    $0.stale.insert(lease)
                    $0.occupied += slots
                }
                giveUpIfHopeless(trial, at: now)
            }
            releaseQueue(of: worker.id, at: now)
        }
    }

    /// Takes back what waits on a worker whose slots are all held by stuck trainers.
    private mutating func releaseQueue(of id: WorkerID, at now: Instant) {
        guard let worker = table[id], worker.occupied >= worker.slots else { return }
        for trial in worker.held where worker.running[trial] == nil {
            if let lease = currentLease(of: trial, ofWorker: id) { take(lease, from: id, as: .handedBack, at: now) }
        }
    }

    private mutating func take(_ lease: LeaseID, from worker: WorkerID, as end: LeaseEnd, at now: Instant) {
        record(.leaseEnded(lease, end), at: now)
        guard let connection = table[worker]?.connection else { return }
        let item = Verdicts.Item(lease: lease, stop: .superseded)
        effects.append(.send(.verdicts(Verdicts(items: [item])), to: connection))
    }
}
