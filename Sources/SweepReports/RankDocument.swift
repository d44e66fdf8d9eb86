package import SweepCore
package import SweepSearch

/// The ranked summary of a sweep: what `rank` answers.
///
/// JSON: `{"sweep", "objective": {"metric", "direction", "epoch"}, "configurations", "rows": […]}`. `configurations`
/// counts all rows, also those beyond `--top`. A row: `place`, `configuration_id`, `trial` (the best run), `runs`
/// (`trial`, `seed`, `fold` (of a sweep with `folds`), `objective`, `epochs`, `state`), `state`, `reason` (pruned and failed only), `stopped` (`early`, only
/// of a trial that its own rule completed before the last epoch; of a run too), `configuration`,
/// `objective`, `interval` (`[lo, hi]` or null), `tied_with`, `metrics`, `epoch`, `epochs`, `rung`, `attempts`,
/// `core_seconds`, `workers`, `log` (the last lines of a process that the trial took down), `finding` (words or null), `symptom` (`id`, `since_epoch`, `evidence`, or null).
/// A finalist has `final` (`runs`, `search_objective`, `chance_of_best` or null): its objective and interval are those of its runs
/// with new seeds.
///
/// A sweep of several objectives has `objectives` beside `objective`, its first, and `front` (null while nothing is complete, or
/// `members`, `of`, `reference`, `hypervolume`); its rows are in the order of fronts and have `front` (null of what is not complete) and
/// `values` by metric. `interval` and `tied_with` are of the first objective.
package struct RankDocument: Hashable, Sendable {
    package let sweep: String
    /// What it is ranked by; of several objectives the first.
    package let objective: Objective
    /// The objectives after the first.
    package let further: [Objective]
    /// Of several objectives what the completed configurations come to.
    package let front: FirstFront?
    /// How many configurations there are, shown or not.
    package let configurations: Int
    /// Best first.
    package let rows: [RankRow]

    /// The document of `rows`, cut to the first `top`.
    package init(sweep: String, objective: Objective, rows: [RankRow], top: Int? = nil) {
        self.init(
            sweep: sweep,
            objective: objective,
            configurations: rows.count,
            rows: top.map { Array(rows.prefix(max(0, $0))) } ?? rows
        )
    }

    /// The document of `rows`, the first of so many `configurations`.
    package init(
        sweep: String,
        objective: Objective,
        further: [Objective] = [],
        front: FirstFront? = nil,
        configurations: Int,
        rows: [RankRow]
    ) {
        self.sweep = sweep
        self.objective = objective
        self.further = further
        self.front = front
        self.configurations = configurations
        self.rows = rows
    }

    /// The document cut to its first `count` rows.
    package func first(_ count: Int) -> RankDocument {
        RankDocument(
            sweep: sweep,
            objective: objective,
            further: further,
            front: front,
            configurations: configurations,
            rows: Array(rows.prefix(max(0, count)))
        )
    }

    /// All that it is ranked by.
    package var objectives: [Objective] { [objective] + further }

    /// The document as JSON.
    package var json: JSONValue { json(stable: false) }

    /// The document without what differs between two runs of one sweep: times, workers and attempts.
    ///
    /// Equal for equal sweeps, whatever the number of workers and whichever of them died on the way.
    package var stable: JSONValue { json(stable: true) }

    private func json(stable: Bool) -> JSONValue {
        var object = JSONObjectBuilder()
        object.add("sweep", sweep)
        object.add("objective", objective.json)
        if let several = objectives.jsonOfSeveral {
            object.add("objectives", several)
            object.add("front", front?.json ?? .null)
        }
        object.add("configurations", configurations)
        object.add("rows", .array(rows.map { $0.json(stable: stable, weighed: further.isEmpty ? nil : objectives) }))
        return object.object
    }

    /// Reads the document from JSON.
    package init(json: JSONValue) throws(DocumentError) {
        let reader = DocumentReader(json)
        let objective = try Objective(reader.field("objective"))
        let further = try [Objective].further(reader)
        let weighed = further.isEmpty ? [] : [objective] + further
        let rows = try reader.field("rows").items().each { reader throws(DocumentError) in
            try RankRow(reader, weighed: weighed)
        }
        self.init(
            sweep: try reader.field("sweep").text(),
            objective: objective,
            further: further,
            front: try reader.optional("front").map { reader throws(DocumentError) in try FirstFront(reader) },
            configurations: try reader.optional("configurations")?.integer() ?? rows.count,
            rows: rows
        )
    }
}

extension RankRow {
    fileprivate func json(stable: Bool, weighed objectives: [Objective]?) -> JSONValue {
        var object = JSONObjectBuilder()
        object.add("place", place)
        object.add("configuration_id", configuration.id.description)
        object.add("trial", trial)
        object.add("runs", .array(runs.map(\.json)))
        // A failed trial's reason tells of a worker and its last words, which differ from run to run.
        if stable, case .failed = state { object.add("state", state.name) } else { state.add(to: &object) }
        Stopped.add(stoppedEarly, to: &object)
        object.add("configuration", configuration.json)
        object.add("objective", objective)
        object.add("interval", interval.map { .array([.number($0.lowerBound), .number($0.upperBound)]) } ?? .null)
        object.add("tied_with", .array(tiedWith.map { .integer($0) }))
        if let objectives {
            object.add("front", front)
            var weighed = JSONObjectBuilder()
            for (objective, value) in zip(objectives, values) { weighed.add(objective.metric.rawValue, value) }
            object.add("values", weighed.object)
        }
        var measured = JSONObjectBuilder()
        for entry in metrics { measured.add(entry.metric.rawValue, entry.value) }
        object.add("metrics", measured.object)
        object.add("epoch", epoch)
        object.add("epochs", epochs)
        object.add("rung", rung)
        if !stable {
            object.add("attempts", attempts)
            object.add("core_seconds", coreSeconds)
            object.add("workers", .array(workers.map { .text($0) }))
            if let log { object.add("log", log) }
        }
        object.add("finding", finding?.symptom.words)
        object.add("symptom", finding?.json ?? .null)
        if let final {
            var told = JSONObjectBuilder()
            told.add("runs", final.runs)
            told.add("search_objective", final.searchObjective)
            told.add("chance_of_best", final.chance)
            object.add("final", told.object)
        }
        return object.object
    }

    fileprivate init(_ reader: DocumentReader, weighed objectives: [Objective]) throws(DocumentError) {
        var values: [Double] = []
        if let weighed = reader.optional("values") {
            for objective in objectives {
                if let value = try weighed.measured(objective.metric.rawValue) { values.append(value) }
            }
        }
        var interval: ClosedRange<Double>?
        if let pair = try reader.optional("interval")?.items() {
            guard pair.count == 2, let low = try pair.first?.number(), let high = try pair.last?.number(), low <= high
            else { throw reader.wrong("an interval of two numbers in order") }
            interval = low...high
        }
        let measured = try reader.field("metrics")
        var metrics: [MetricValue] = []
        for (key, _) in try measured.members() {
            if let metric = Metric(rawValue: key), let value = try measured.measured(key) {
                metrics.append(MetricValue(metric: metric, value: value))
            }
        }
        self.init(
            place: try reader.field("place").integer(),
            configuration: try Configuration(reader.field("configuration")),
            runs: try reader.field("runs").items().each { reader throws(DocumentError) in try Run(reader) },
            state: try TrialState(of: reader),
            objective: try reader.measured("objective"),
            interval: interval,
            tiedWith: try reader.field("tied_with").items().each { reader throws(DocumentError) in
                try reader.integer()
            },
            metrics: metrics,
            epoch: try reader.optional("epoch")?.integer(),
            epochs: try reader.field("epochs").integer(),
            attempts: try reader.optional("attempts")?.integer() ?? 0,
            coreSeconds: try reader.optional("core_seconds")?.number() ?? 0,
            workers: try reader.optional("workers")?.items().each { reader throws(DocumentError) in
                try reader.text()
            } ?? [],
            finding: try reader.optional("symptom").map { reader throws(DocumentError) in try Finding(reader) },
            rung: try reader.optional("rung")?.integer() ?? 0,
            log: try reader.optional("log")?.text(),
            final: try reader.optional("final").map { reader throws(DocumentError) in
                Final(
                    runs: try reader.field("runs").integer(),
                    searchObjective: try reader.measured("search_objective"),
                    chance: try reader.optional("chance_of_best")?.number()
                )
            },
            front: try reader.optional("front")?.integer(),
            values: values
        )
    }
}

extension RankRow.Run {
    fileprivate var json: JSONValue {
        var object = JSONObjectBuilder()
        object.add("trial", trial)
        object.add("seed", JSONValue.whole(seed))
        if let fold { object.add("fold", fold) }
        object.add("objective", objective)
        object.add("epochs", epochs)
        state.add(to: &object)
        Stopped.add(stoppedEarly, to: &object)
        return object.object
    }

    fileprivate init(_ reader: DocumentReader) throws(DocumentError) {
        self.init(
            trial: try reader.field("trial").integer(),
            seed: try reader.field("seed").unsigned(),
            fold: try reader.optional("fold")?.integer(),
            objective: try reader.measured("objective"),
            epochs: try reader.field("epochs").integer(),
            state: try TrialState(of: reader),
            stoppedEarly: try Stopped.early(of: reader)
        )
    }
}
