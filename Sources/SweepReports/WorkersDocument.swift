/// The workers of a coordinator, over all sweeps: what `/api/v1/workers` answers.
///
/// JSON: `{"workers": [{"id", "host", "pid", "slots", "busy", "kernels", "core_version", "software_version", "labels":
/// {key: value}, "state": "connected" | "draining" | "lost", "last_seen_s", "idle_because", "stuck", "pace" (once it is known), "trials": [{"sweep",
/// "trial", "epoch", "step", "from", "to", "begun"}]}], "turned_away" (only when there are some: those of `TurnedAwayWorker`)}`.
package struct WorkersDocument: Hashable, Sendable {
    package var workers: [Worker]
    /// Workers that were not let in of late.
    package var turnedAway: [TurnedAwayWorker]

    /// One worker process.
    package struct Worker: Hashable, Sendable {
        package var status: StatusDocument.Worker
        package var pid: Int?
        package var coreVersion: String
        package var softwareVersion: String
        package var labels: [Label]
        package var state: State
        package var trials: [Trial]

        /// Whether it can be given work.
        package enum State: String, Sendable {
            case connected, draining, lost
        }

        /// `--label key=value`.
        package struct Label: Hashable, Sendable {
            package let key: String
            package let value: String
            package init(key: String, value: String) {
                self.key = key
                self.value = value
            }
        }

        package init(
            status: StatusDocument.Worker,
            pid: Int?,
            coreVersion: String,
            softwareVersion: String,
            labels: [Label],
            state: State,
            trials: [Trial]
        ) {
            self.status = status
            self.pid = pid
            self.coreVersion = coreVersion
            self.softwareVersion = softwareVersion
            self.labels = labels
            self.state = state
            self.trials = trials
        }
    }

    /// A trial that a worker holds.
    package struct Trial: Hashable, Sendable {
        package let sweep: String
        package let trial: Int
        /// Epochs of its curve.
        package let epoch: Int
        /// Steps done in the epoch under way, as its last beat said; nil when none did.
        package let step: Int?
        /// The lease trains the epochs after `from` up to and with `to`.
        package let from: Int
        package let to: Int
        /// Whether it is trained now, and does not wait for a slot.
        package let begun: Bool
        package init(sweep: String, trial: Int, epoch: Int, step: Int?, from: Int, to: Int, begun: Bool) {
            self.sweep = sweep
            self.trial = trial
            self.epoch = epoch
            self.step = step
            self.from = from
            self.to = to
            self.begun = begun
        }
    }

    package init(workers: [Worker], turnedAway: [TurnedAwayWorker] = []) {
        self.workers = workers
        self.turnedAway = turnedAway
    }

    /// The document as JSON.
    package var json: JSONValue {
        var object = JSONObjectBuilder()
        object.add("workers", .array(workers.map(\.json)))
        if !turnedAway.isEmpty { object.add("turned_away", .array(turnedAway.map(\.json))) }
        return object.object
    }

    /// The same with all times 0: two are equal when nothing but the time differs.
    package var timeless: WorkersDocument {
        var copy = self
        for index in copy.workers.indices { copy.workers[index].status.lastSeen = 0 }
        for index in copy.turnedAway.indices { copy.turnedAway[index].lastSeen = 0 }
        return copy
    }
}

extension WorkersDocument.Worker {
    fileprivate var json: JSONValue {
        var object = JSONObjectBuilder()
        object.add("id", status.id)
        object.add("host", status.host)
        object.add("pid", pid)
        object.add("slots", status.slots)
        object.add("busy", status.busy)
        object.add("kernels", status.kernels)
        object.add("core_version", coreVersion)
        object.add("software_version", softwareVersion)
        object.add("labels", .object(labels.map { JSONMember($0.key, .text($0.value)) }))
        object.add("state", state.rawValue)
        object.add("last_seen_s", status.lastSeen)
        object.add("idle_because", status.idleBecause)
        object.add("stuck", status.stuck)
        if let pace = status.pace { object.add("pace", pace) }
        object.add(
            "trials",
            .array(
                trials.map { trial in
                    var object = JSONObjectBuilder()
                    object.add("sweep", trial.sweep)
                    object.add("trial", trial.trial)
                    object.add("epoch", trial.epoch)
                    object.add("step", trial.step)
                    object.add("from", trial.from)
                    object.add("to", trial.to)
                    object.add("begun", .boolean(trial.begun))
                    return object.object
                }
            )
        )
        return object.object
    }
}
