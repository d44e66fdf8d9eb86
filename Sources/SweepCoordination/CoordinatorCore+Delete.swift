import SweepCore

extension CoordinatorCore {
    /// Removes a sweep that is over, and no experiment on it under way, with a fact that all that went before of it may be gone.
    mutating func delete(_ sweep: SweepProgress, _ token: ReplyToken, at now: Instant) {
        let name = sweep.sweep.name
        guard sweep.state.isOver else {
            let sentence = "\(name) is \(sweep.state.name); sweepd cancel \(name) ends it, then it can be deleted"
            effects.append(.reply(token, .conflict(sentence)))
            return
        }
        // Nobody would see what they train for.
        let experiments = sweep.experiments.flatMap(\.sweeps).compactMap { sweeps[$0] }
        if let other = experiments.first(where: { !$0.state.isOver })?.sweep.name {
            let sentence =
                "experiments on \(name) are under way; sweepd cancel \(other) ends them, then it can be deleted"
            effects.append(.reply(token, .conflict(sentence)))
            return
        }
        let standings = sweeps.keys.sorted().filter { $0 != sweep.id }.compactMap { sweeps[$0] }.map { other in
            SweepStanding(sweep: other.id, head: other.share.head, newestLease: other.share.newestLease)
        }
        record(.sweepChanged(sweep.id, .deleted(standings, leasesGiven: leasesGiven)), at: now)
        effects.append(.reply(token, .done(sweep.id)))
        log(.info, "sweep deleted", ["sweep.name": name, "sweep.id": String(sweep.id.rawValue)])
    }

    /// Takes away what there is of a sweep: of a journal that is being cleared of it, that may be any part, or nothing.
    ///
    /// The others have then what they had when it was removed, whatever of it was read before.
    mutating func remove(_ id: SweepID, leaving standings: [SweepStanding], leasesGiven given: Int) {
        nextSweep = max(nextSweep, id.rawValue &+ 1)
        deleted.insert(id)
        unreadable.removeAll { $0 == id }
        unwritten[id] = nil
        experimenting.remove(id)
        sought[id] = nil
        mayBeDue = true
        if let sweep = sweeps[id] {
            for trial in sweep.trials where trial.checkpoint != nil {
                release(checkpointOf: TrialID(sweep: id, number: trial.number))
            }
            takeLeases(of: sweep)
            if active.contains(id) {
                table.leave(pool: sweep.pool)
                active.removeAll { $0 == id }
            }
            sweeps[id] = nil
            for data in sweep.submission.dataSets where !needs(data.hash) { effects.append(.drop(data.hash)) }
        }
        leasesGiven = given
        for standing in standings {
            sweeps[standing.sweep]?.share.head = standing.head
            sweeps[standing.sweep]?.share.newestLease = standing.newestLease
        }
    }

    /// Workers hold none of its trials any more; of a sweep that is over they hold none.
    private mutating func takeLeases(of sweep: SweepProgress) {
        for worker in table.all.values where worker.held.contains(where: { $0.sweep == sweep.id }) {
            let count = worker.held.count { $0.sweep == sweep.id }
            table.update(worker.id) {
                $0.held.removeAll { $0.sweep == sweep.id }
                $0.load -= count * sweep.placement.slots
                for trial in $0.running.keys where trial.sweep == sweep.id { $0.running[trial] = nil }
                for trial in $0.progressed.keys where trial.sweep == sweep.id { $0.progressed[trial] = nil }
                if $0.alone?.sweep == sweep.id { $0.alone = nil }
            }
            if table.isSpent(worker.id) { table.remove(worker.id) }
        }
    }
}
