package import SweepCore
package import SweepSearch

/// The learning curves of a sweep: what `curves` answers.
///
/// JSON: `{"sweep", "objective", "trials": [{"trial", "configuration_id", "configuration", "seed", "fold" (of a sweep
/// with `folds`), "state", "reason", "stopped", "final", "notes": [{"epoch", "text"}], "copied_from": {"trial", "epoch"} (of a copy of
/// another trial's state, whose points up to that epoch are that trial's), "attempts", "workers", "kernels", "log" (of a process that it took down), "points": [{"epoch", "seconds", "training.loss", …}]}], "bands": {metric: [{"epoch", "count", "not_finite", "minimum",
/// "lower_quartile", "median", "upper_quartile", "maximum"}]}, "means": [{"configuration_id", "trials", "metrics":
/// {metric: [{"epoch", "count", "mean"}]}}]}`. `bands` (over all trials shown) needs two trials, `means` (over the seeds
/// of one configuration) has the configurations with two; a part (`TrialPage`) has `"next"` instead of both. Points are exact: reading them gives the same bits back.
package struct CurvesDocument: Hashable, Sendable {
    package let sweep: String
    package let objective: Objective
    /// In the order of their numbers.
    package let trials: [Trial]
    /// Whether it is a part, which has no bands and means.
    package let isPart: Bool
    /// After which trial's number the next part begins; nil of the last one, and of a whole.
    package let next: Int?

    /// One trial's curve.
    package struct Trial: Hashable, Sendable {
        package let trial: Int
        package let configuration: Configuration
        package let seed: UInt64
        /// The fold of its validation rows, from 1; nil where all trials have one split.
        package let fold: Int?
        package let state: TrialState
        /// Whether its own rule completed it before the last epoch of its sweep.
        package let stoppedEarly: Bool
        /// Whether it is a run of a finalist with a new seed, which the search has not seen.
        package let isFinal: Bool
        /// What happened in its training.
        package let notes: [TrialNote]
        /// How often it was handed out, and to whom, in order of first use; nil and none where that is not known.
        package let attempts: Int?
        package let workers: [String]
        /// The kernels that it was trained with, in order of first use.
        package let kernels: [String]
        /// The last lines of the process that its last lost attempt took down.
        package let log: String?
        /// Whose state it went on from; nil: it began with weights of its own.
        package let parent: Parent?
        package let curve: LearningCurve

        package init(
            trial: Int,
            configuration: Configuration,
            seed: UInt64,
            fold: Int? = nil,
            state: TrialState,
            stoppedEarly: Bool = false,
            isFinal: Bool = false,
            notes: [TrialNote] = [],
            attempts: Int? = nil,
            workers: [String] = [],
            kernels: [String] = [],
            log: String? = nil,
            parent: Parent? = nil,
            curve: LearningCurve
        ) {
            self.parent = parent
            self.trial = trial
            self.configuration = configuration
            self.seed = seed
            self.fold = fold
            self.state = state
            self.stoppedEarly = stoppedEarly
            self.isFinal = isFinal
            self.notes = notes
            self.attempts = attempts
            self.workers = workers
            self.kernels = kernels
            self.log = log
            self.curve = curve
        }

        /// The part of `record` that is shown; runs of a configuration after its first `repeats` are those of a finalist.
        package init(_ record: TrialRecord, repeats: Int? = nil) {
            self.init(
                trial: record.number,
                configuration: record.configuration,
                seed: record.seed,
                fold: record.fold,
                state: record.state,
                stoppedEarly: record.stoppedEarly,
                isFinal: repeats.map { record.repetition >= $0 } ?? false,
                notes: record.notes,
                attempts: record.attempts,
                workers: record.workers,
                kernels: record.kernels,
                log: record.log,
                parent: record.parent,
                curve: record.curve
            )
        }
    }

    package init(sweep: String, objective: Objective, trials: [Trial], isPart: Bool = false, next: Int? = nil) {
        self.sweep = sweep
        self.objective = objective
        self.trials = trials
        self.isPart = isPart
        self.next = next
    }

    /// The metrics that the curves have, in the order of the first curve.
    package var metrics: [Metric] {
        var metrics: [Metric] = []
        for trial in trials {
            for metric in trial.curve.metrics where !metrics.contains(metric) { metrics.append(metric) }
        }
        return metrics
    }

    /// The runs of each configuration that has at least two; those of a finalist with new seeds apart from those of the search, which
    /// it was chosen by.
    package var repeated: [(configuration: Configuration, trials: [Trial])] {
        struct Group: Hashable {
            let configuration: Configuration
            let isFinal: Bool
            /// Of a copy, which repeats nothing.
            let copy: Int?
        }
        var order: [Group] = []
        var runs: [Group: [Trial]] = [:]
        for trial in trials {
            let group = Group(
                configuration: trial.configuration,
                isFinal: trial.isFinal,
                copy: trial.parent == nil ? nil : trial.trial
            )
            if runs[group] == nil { order.append(group) }
            runs[group, default: []].append(trial)
        }
        return order.compactMap { group in
            guard let trials = runs[group], trials.count > 1 else { return nil }
            return (group.configuration, trials)
        }
    }
}

extension CurvesDocument {
    /// The document as JSON.
    package var json: JSONValue { json(stable: false) }

    /// The document without times.
    package var stable: JSONValue { json(stable: true) }

    private func json(stable: Bool) -> JSONValue {
        var object = JSONObjectBuilder()
        object.add("sweep", sweep)
        object.add("objective", objective.json)
        object.add("trials", .array(trials.map { $0.json(stable: stable) }))
        if isPart {
            object.add("next", next)
            return object.object
        }
        // Finalists' runs would draw the bands of the search to the best.
        let curves = trials.filter { !$0.isFinal }.map(\.curve)
        if curves.count > 1 {
            object.add(
                "bands",
                .object(
                    metrics.map { metric in
                        JSONMember(
                            metric.rawValue,
                            .array(CurveBands.bands(curves, metric: metric).map(\.json))
                        )
                    }
                )
            )
        }
        let repeated = repeated
        if !repeated.isEmpty {
            object.add("means", .array(repeated.map { Self.means($0.configuration, $0.trials) }))
        }
        return object.object
    }

    private static func means(_ configuration: Configuration, _ trials: [Trial]) -> JSONValue {
        let curves = trials.map(\.curve)
        let metrics = curves[0].metrics.map { metric in
            JSONMember(metric.rawValue, .array(CurveBands.means(curves, metric: metric).map(\.json)))
        }
        let final = trials[0].isFinal ? [JSONMember("final", .boolean(true))] : []
        return .object(
            [JSONMember("configuration_id", .text(configuration.id.description))] + final + [
                JSONMember("trials", .array(trials.map { .integer($0.trial) })),
                JSONMember("metrics", .object(metrics)),
            ]
        )
    }

    /// Reads the document from JSON.
    package init(json: JSONValue) throws(DocumentError) {
        let reader = DocumentReader(json)
        self.init(
            sweep: try reader.field("sweep").text(),
            objective: try Objective(reader.field("objective")),
            trials: try reader.field("trials").items().each { reader throws(DocumentError) in try Trial(reader) },
            isPart: json["next"] != nil,
            next: try reader.optional("next")?.integer()
        )
    }

    /// What happened in the training of the one trial that is shown, a line each, for people; empty for several.
    package var noteLines: [String] {
        guard trials.count == 1, let trial = trials.first else { return [] }
        let end = trial.stoppedEarly ? ["epoch \(trial.curve.epochs): stopped early"] : []
        return trial.notes.map { "epoch \($0.epoch): \($0.text)" } + end
    }

    /// One line an epoch and trial, exact numbers.
    package var csv: String {
        let metrics = metrics
        var table = Table(
            columns: (["trial", "configuration_id", "epoch"] + metrics.map(\.rawValue)).map { Table.Column($0) }
        )
        for trial in trials {
            let id = trial.configuration.id.description
            let columns = metrics.map { trial.curve.series($0) }
            for index in 0..<trial.curve.epochs {
                table.add(
                    [String(trial.trial), id, String(index + 1)]
                        + columns.map { $0.indices.contains(index) ? "\($0[index])" : "" }
                )
            }
        }
        return table.csv
    }
}

extension CurvesDocument.Trial {
    func json(stable: Bool) -> JSONValue {
        var object = JSONObjectBuilder()
        object.add("trial", trial)
        object.add("configuration_id", configuration.id.description)
        object.add("configuration", configuration.json)
        object.add("seed", JSONValue.whole(seed))
        if let fold { object.add("fold", fold) }
        state.add(to: &object)
        Stopped.add(stoppedEarly, to: &object)
        if isFinal { object.add("final", .boolean(true)) }
        if !notes.isEmpty { object.add("notes", .array(notes.map(\.json))) }
        if let parent { object.add("copied_from", parent.json) }
        if !stable {
            if let attempts { object.add("attempts", attempts) }
            if !workers.isEmpty { object.add("workers", .array(workers.map { .text($0) })) }
            if !kernels.isEmpty { object.add("kernels", .array(kernels.map { .text($0) })) }
            if let log { object.add("log", log) }
        }
        object.add(
            "points",
            .array(
                curve.observations.map { observation in
                    var point = JSONObjectBuilder()
                    point.add("epoch", observation.epoch)
                    if !stable { point.add("seconds", observation.seconds) }
                    for (metric, value) in zip(curve.metrics, observation.values) { point.add(metric.rawValue, value) }
                    return point.object
                }
            )
        )
        return object.object
    }

    /// Reads a trial from its JSON.
    package init(_ reader: DocumentReader) throws(DocumentError) {
        let points = try reader.field("points").items()
        var metrics: [Metric] = []
        if let first = points.first {
            for (key, _) in try first.members() { if let metric = Metric(rawValue: key) { metrics.append(metric) } }
        }
        var curve = LearningCurve(metrics: metrics)
        for point in points {
            var values: [Double] = []
            for metric in metrics {
                guard let value = try point.measured(metric.rawValue) else { throw point.wrong("\(metric.rawValue)") }
                values.append(value)
            }
            let observation = Observation(
                epoch: try point.field("epoch").integer(),
                values: values,
                seconds: try point.measured("seconds") ?? 0
            )
            guard curve.append(observation) else { throw point.wrong("epochs without a gap") }
        }
        let epochs = curve.epochs
        let parent: Parent? = try reader.optional("copied_from").map { reader throws(DocumentError) in
            let parent = try Parent(reader)
            guard parent.trial >= 1, (1...max(1, epochs)).contains(parent.epoch) else {
                throw reader.wrong("a trial, and an epoch of the points")
            }
            return parent
        }
        self.init(
            trial: try reader.field("trial").integer(),
            configuration: try Configuration(reader.field("configuration")),
            seed: try reader.field("seed").unsigned(),
            fold: try reader.optional("fold")?.integer(),
            state: try TrialState(of: reader),
            stoppedEarly: try Stopped.early(of: reader),
            isFinal: try reader.optional("final")?.boolean() ?? false,
            notes: try reader.optional("notes")?.items().each { reader throws(DocumentError) in try TrialNote(reader) }
                ?? [],
            attempts: try reader.optional("attempts")?.integer(),
            workers: try reader.optional("workers")?.items().each { reader throws(DocumentError) in
                try reader.text()
            } ?? [],
            kernels: try reader.optional("kernels")?.items().each { reader throws(DocumentError) in
                try reader.text()
            } ?? [],
            log: try reader.optional("log")?.text(),
            parent: parent,
            curve: curve.inheriting(parent?.epoch ?? 0)
        )
    }
}

extension Parent {
    /// `{"trial", "epoch"}`.
    var json: JSONValue {
        .object([JSONMember("trial", .integer(trial)), JSONMember("epoch", .integer(epoch))])
    }

    fileprivate init(_ reader: DocumentReader) throws(DocumentError) {
        self.init(trial: try reader.field("trial").integer(), epoch: try reader.field("epoch").integer())
    }
}

extension CurveBands.Band {
    fileprivate var json: JSONValue {
        .object([
            JSONMember("epoch", .integer(epoch)), JSONMember("count", .integer(count)),
            JSONMember("not_finite", .integer(notFinite)), JSONMember("minimum", .number(minimum)),
            JSONMember("lower_quartile", .number(lowerQuartile)), JSONMember("median", .number(median)),
            JSONMember("upper_quartile", .number(upperQuartile)), JSONMember("maximum", .number(maximum)),
        ])
    }
}

extension CurveBands.Mean {
    fileprivate var json: JSONValue {
        .object([
            JSONMember("epoch", .integer(epoch)), JSONMember("count", .integer(count)),
            JSONMember("mean", .number(mean)),
        ])
    }
}
