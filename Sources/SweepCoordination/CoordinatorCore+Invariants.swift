import SweepCore

extension CoordinatorCore {
    /// What is wrong with the state, in sentences; empty for every state that events and facts can lead to.
    package func brokenInvariants() -> [String] {
        var broken: [String] = []
        func require(_ holds: Bool, _ sentence: @autoclosure () -> String) {
            if !holds { broken.append(sentence()) }
        }
        for (id, sweep) in sweeps {
            let ready = [sweep.ready, sweep.retries, sweep.lastAttempts].flatMap { $0.all.map(\.trial) }
            require(Set(ready).count == ready.count, "sweep \(id.rawValue): a segment is offered twice")
            require(
                (sweep.ready.all + sweep.retries.all).allSatisfy { !sweep.isLastAttempt($0.trial) }
                    && sweep.lastAttempts.all.allSatisfy { sweep.isLastAttempt($0.trial) },
                "sweep \(id.rawValue): a last attempt is offered like others, or the reverse"
            )
            require(active.contains(id) != sweep.state.isOver, "sweep \(id.rawValue) is over and active")
            require(sweep.tally == SweepTally(sweep.trials), "sweep \(id.rawValue): its trials are miscounted")
            require(
                sweep.share.leases == sweep.trials.count { $0.lease != nil },
                "sweep \(id.rawValue): its leases are miscounted"
            )
            require(
                sweep.incumbent == sweep.searchedIncumbent(),
                "sweep \(id.rawValue): another trial than the incumbent is the best"
            )
            let waiting = sweep.enqueued.waiting
            require(
                waiting.count <= EnqueueRequest.greatestWaiting && Set(waiting.map(\.id)).count == waiting.count,
                "sweep \(id.rawValue): too many enqueued configurations wait, or one twice"
            )
            require(
                sweep.enqueued.trials.allSatisfy { sweep[$0]?.runOfConfiguration == 0 },
                "sweep \(id.rawValue): an enqueued configuration became no trial of its own"
            )
            require(
                waiting.isEmpty || sweep.state != .finished || sweep.isStopped,
                "sweep \(id.rawValue) finished while enqueued configurations wait"
            )
            for trial in sweep.trials {
                let name = "trial \(id.rawValue)/\(trial.number)"
                require(trial.curve.epochs <= sweep.sweep.epochs, "\(name) has more epochs than the sweep allows")
                require(sweep.open.contains(trial.number) == (trial.ended == nil), "\(name) is open and ended")
                if let ended = trial.ended {
                    require(ended.isTerminal, "\(name) ended in \(ended.name)")
                    require(trial.lease == nil && trial.goal == nil, "\(name) ended and is still worked on")
                    require(
                        ended != .completed || trial.curve.epochs == sweep.sweep.epochs
                            || (trial.stoppedEarly && trial.curve.epochs > 0),
                        "\(name) completed with \(trial.curve.epochs) epochs"
                    )
                }
                require(!trial.stoppedEarly || trial.ended == .completed, "\(name) stopped early and did not complete")
                require(trial.notes.count <= TrialNote.perTrial, "\(name) has \(trial.notes.count) notes")
                if let lease = trial.lease {
                    require(lease.attempt == trial.attempt, "\(name) is leased under an old attempt")
                    let holds = workers[lease.worker]?.held.filter { $0 == TrialID(sweep: id, number: trial.number) }
                    require(holds?.count == 1, "\(name): its worker does not know of the lease")
                    require(!ready.contains(trial.number), "\(name) is leased and offered")
                } else if trial.goal != nil {
                    require(ready.contains(trial.number), "\(name) has work that is not offered")
                }
            }
            if sweep.state == .finished || sweep.state == .cancelled {
                require(sweep.open.isEmpty, "sweep \(id.rawValue) is over with open trials")
            }
        }
        var users: [ContentHash: Int] = [:]
        for checkpoint in sweeps.values.lazy.flatMap(\.trials).compactMap(\.checkpoint) {
            users[checkpoint.id.hash, default: 0] += 1
        }
        require(users == checkpointUsers, "checkpoints are counted wrongly")
        for (connection, id) in connections {
            require(
                workers[id]?.connection == connection,
                "connection \(connection.number) is that of \(id), who has another one or is not known"
            )
        }
        for (id, worker) in workers {
            require(
                worker.alone.map { worker.held == [$0] } ?? true,
                "worker \(id) holds more than the last attempt it was given alone"
            )
            require(
                worker.load == worker.held.reduce(0) { $0 + slots(of: $1) },
                "worker \(id): the slots of its leases are miscounted"
            )
            for trial in worker.held {
                require(
                    sweeps[trial.sweep]?[trial.number]?.lease?.worker == id,
                    "worker \(id) holds trial \(trial), which is not leased to it"
                )
            }
        }
        require(
            mayBeDue || experimenting.allSatisfy { sought[$0] != nil || !isDue($0) },
            "the next experiment on a sweep is due, and nobody looks for it"
        )
        if let sentence = table.brokenPool { broken.append(sentence) }
        return broken
    }
}
