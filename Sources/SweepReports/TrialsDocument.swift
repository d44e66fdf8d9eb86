package import SweepCore

/// Many trials with their curves in a compact form: what `/api/v1/sweeps/NAME/trials` answers, and what events carry.
///
/// JSON: `{"sweep", "version", "since", "metrics", "trials": [{"trial", "configuration_id", "configuration", "seed", "run",
/// "fold" (of a sweep with `folds`), "copied_from": {"trial", "epoch"} (of a copy in a population), "state", "reason", "stopped", "attempts", "workers", "worker", "rung", "goal", "epochs", "objective", "best_epoch",
/// "core_seconds", "finding", "first_epoch", "values": [[…], …]}], "next"}`. `values` has a list a metric, in the order of
/// `metrics`, from `first_epoch` on; numbers are rounded to single precision (`curves` has the exact ones), and one that is
/// not finite is null. `since` is the version that the trials are the changes since, null when they are all.
package struct TrialsDocument: Sendable {
    package let sweep: String
    package let metrics: [Metric]
    package var rows: [Row]
    /// The number after which the next page begins; nil when there is none.
    package var next: Int?

    /// One trial.
    package struct Row: Sendable {
        package let trial: Int
        package let configuration: Configuration
        package let configurationID: ConfigurationID
        package let seed: UInt64
        /// Which run of the configuration it is, from 0.
        package let run: Int
        /// The fold of its validation rows, from 1; nil where all trials have one split.
        package let fold: Int?
        /// Whose state it went on from; nil of all but copies in a population.
        package let parent: Parent?
        package let state: TrialState
        package let stoppedEarly: Bool
        package let attempts: Int
        /// Every worker that held it.
        package let workers: [String]
        /// Who trains it now.
        package let worker: String?
        /// The highest level it reached; 0 before the first.
        package let rung: Int
        /// The epoch to which its training is decided; nil when nothing is.
        package let goal: Int?
        package let best: (epoch: Int, value: Double)?
        package let finding: Finding?
        package let curve: LearningCurve
        /// Epochs that the reader has.
        package let known: Int

        package init(
            trial: Int,
            configuration: Configuration,
            configurationID: ConfigurationID,
            seed: UInt64,
            run: Int,
            fold: Int? = nil,
            parent: Parent? = nil,
            state: TrialState,
            stoppedEarly: Bool,
            attempts: Int,
            workers: [String],
            worker: String?,
            rung: Int,
            goal: Int?,
            best: (epoch: Int, value: Double)?,
            finding: Finding?,
            curve: LearningCurve,
            known: Int
        ) {
            self.trial = trial
            self.configuration = configuration
            self.configurationID = configurationID
            self.seed = seed
            self.run = run
            self.fold = fold
            self.parent = parent
            self.state = state
            self.stoppedEarly = stoppedEarly
            self.attempts = attempts
            self.workers = workers
            self.worker = worker
            self.rung = rung
            self.goal = goal
            self.best = best
            self.finding = finding
            self.curve = curve
            self.known = known
        }
    }

    package init(sweep: String, metrics: [Metric], rows: [Row], next: Int? = nil) {
        self.sweep = sweep
        self.metrics = metrics
        self.rows = rows
        self.next = next
    }

    /// The document's UTF-8 text, with these metrics alone; written straight, as a large sweep has millions of numbers.
    package func text(metrics chosen: [Metric]? = nil, version: String, since: String?) -> String {
        let columns = chosen ?? metrics
        let places = columns.map { metric in metrics.firstIndex(of: metric) }
        var head = JSONObjectBuilder()
        head.add("sweep", sweep)
        head.add("version", version)
        head.add("since", since)
        head.add("metrics", .array(columns.map { .text($0.rawValue) }))
        head.add("next", next)
        var output = head.object.text()
        output.removeLast()
        output += ",\"trials\":["
        for (index, row) in rows.enumerated() {
            if index > 0 { output += "," }
            row.write(places, to: &output)
        }
        output += "]}"
        return output
    }
}

extension TrialsDocument.Row {
    fileprivate func write(_ places: [Int?], to output: inout String) {
        output += object.text()
        output.removeLast()
        output += ",\"values\":["
        for (index, place) in places.enumerated() {
            output += index > 0 ? ",[" : "["
            if let place, known < curve.epochs {
                for epoch in known + 1...curve.epochs {
                    if epoch > known + 1 { output += "," }
                    let value = Float(curve.value(at: epoch, column: place))
                    output += value.isFinite ? value.description : "null"
                }
            }
            output += "]"
        }
        output += "]}"
    }

    /// All but the values.
    var object: JSONValue {
        var object = JSONObjectBuilder()
        object.add("trial", trial)
        object.add("configuration_id", configurationID.description)
        object.add("configuration", configuration.json)
        // As text: a seed has 64 bits, and many readers of JSON keep 53.
        object.add("seed", String(seed))
        object.add("run", run)
        if let fold { object.add("fold", fold) }
        if let parent { object.add("copied_from", parent.json) }
        state.add(to: &object)
        Stopped.add(stoppedEarly, to: &object)
        object.add("attempts", attempts)
        object.add("workers", .array(workers.map { .text($0) }))
        object.add("worker", worker)
        object.add("rung", rung)
        object.add("goal", goal)
        object.add("epochs", curve.epochs)
        object.add("objective", best?.value)
        object.add("best_epoch", best?.epoch)
        object.add("core_seconds", curve.seconds)
        object.add("finding", finding?.json ?? .null)
        object.add("first_epoch", known + 1)
        return object.object
    }
}

/// One trial with all that is known of it: what `/api/v1/sweeps/NAME/trials/N` answers.
///
/// JSON: as a row of `TrialsDocument`, and `"sweep"`, `"objective_of"` (the sweep's objective), `"metrics"`, `"curve"` (a
/// list of exact numbers for each metric by name), `"seconds"` (core seconds of each epoch), `"notes"`, `"log"`,
/// `"checkpoint_epoch"`, `"death"` (how its last lost attempt ended), `"readings"` (see `Instruments.Reading.json`; empty of a
/// program).
package struct TrialDocument: Sendable {
    package let sweep: String
    package let objective: Objective
    package let row: TrialsDocument.Row
    package let notes: [TrialNote]
    /// The last lines of the process that its last lost attempt took down.
    package let log: String?
    /// How that attempt ended.
    package let death: String?
    package let checkpointEpoch: Int?
    /// What its network looked like after some epochs.
    package let readings: [Instruments.Reading]
    /// The labels of the data's classes, which readings tell by their place.
    package let classes: [String]

    package init(
        sweep: String,
        objective: Objective,
        row: TrialsDocument.Row,
        notes: [TrialNote],
        log: String?,
        death: String?,
        checkpointEpoch: Int?,
        readings: [Instruments.Reading] = [],
        classes: [String] = []
    ) {
        self.sweep = sweep
        self.objective = objective
        self.row = row
        self.notes = notes
        self.log = log
        self.death = death
        self.checkpointEpoch = checkpointEpoch
        self.readings = readings
        self.classes = classes
    }

    /// The document as JSON.
    package var json: JSONValue {
        guard case .object(let members) = row.object else { return .null }
        let metrics = row.curve.metrics
        var rest = JSONObjectBuilder()
        rest.add("sweep", sweep)
        rest.add("objective_of", objective.json)
        rest.add("metrics", .array(metrics.map { .text($0.rawValue) }))
        rest.add(
            "curve",
            .object(
                metrics.map { metric in
                    let values = row.curve.series(metric).map { $0.isFinite ? JSONValue.number($0) : .null }
                    return JSONMember(metric.rawValue, .array(values))
                }
            )
        )
        rest.add("seconds", .array((1..<row.curve.epochs + 1).map { .number(row.curve.seconds(at: $0)) }))
        rest.add("notes", .array(notes.map(\.json)))
        rest.add("log", log)
        rest.add("death", death)
        rest.add("checkpoint_epoch", checkpointEpoch)
        rest.add("readings", .array(readings.map { $0.json(labels: classes) }))
        guard case .object(let more) = rest.object else { return .null }
        return .object(members.filter { $0.key != "first_epoch" } + more)
    }
}
