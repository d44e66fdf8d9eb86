import SweepCore
import SweepWire

extension CoordinatorCore {
    /// Goes on without bytes that are gone: trials begin anew, to the same bits, and sweeps wait for their data set.
    ///
    /// Only the newest checkpoint of a trial is kept, so there is no earlier one to go back to. O(open trials), and rare.
    mutating func lost(_ hash: ContentHash, at now: Instant) {
        for id in active {
            if sweeps[id]?.submission.needs(hash) == true { lostData(hash, of: id, at: now) }
            for number in (sweeps[id]?.open ?? []).sorted() {
                guard let checkpoint = sweeps[id]?[number]?.checkpoint, checkpoint.id.hash == hash else { continue }
                let trial = TrialID(sweep: id, number: number)
                let about = ["trial.epoch": String(checkpoint.epoch), "object.id": hash.hex]
                log(.error, "a checkpoint is damaged or gone; its trial begins anew", of: trial, about)
                record(.checkpointKept(trial, epoch: 0, checkpoint.id), at: now)
                takeBack(trial, at: now)
            }
        }
    }

    private mutating func lostData(_ hash: ContentHash, of id: SweepID, at now: Instant) {
        guard let sweep = sweeps[id], sweep.state == .running else { return }
        log(
            .error,
            "the data set of a sweep is damaged or gone; it is paused: submit its file again, then resume it",
            ["sweep.name": sweep.sweep.name, "object.id": hash.hex]
        )
        record(.sweepChanged(id, .paused), at: now)
        for number in sweep.open.sorted() { takeBack(TrialID(sweep: id, number: number), at: now) }
    }

    /// Takes a lease back from a worker that has not begun it: it waits for bytes that will not come. Whoever trains has them.
    private mutating func takeBack(_ trial: TrialID, at now: Instant) {
        guard let lease = currentLease(of: trial), let worker = sweeps[trial.sweep]?[trial.number]?.lease?.worker,
            table[worker]?.running[trial] == nil
        else { return }
        record(.leaseEnded(lease, .handedBack), at: now)
        guard let connection = table[worker]?.connection else { return }
        effects.append(.send(.verdicts(Verdicts(items: [.init(lease: lease, stop: .superseded)])), to: connection))
    }
}
