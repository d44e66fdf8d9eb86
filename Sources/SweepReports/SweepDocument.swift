package import SweepCore

/// What a sweep is, which never changes: what `/api/v1/sweeps/NAME` answers.
///
/// JSON: `{"sweep", "number", "file_name", "text", "submitted_ms", "objective", "objectives" (of several, all), "epochs", "levels", "metrics",
/// "trials_planned", "seed", "parameters": [{"path", "name", "kind": "real" | "integer" | "choice", "scale": "linear" |
/// "log", "low", "high", "options", "prior": {"mean", "deviation"} or {"weights"}, "condition": {"path", "option"}}]}`. `low`, `high` and `scale` are absent of
/// a choice, `options` of the rest, `prior` where nothing is believed, `condition` of parameters that always count; `name` is short and
/// unique in the sweep.
package struct SweepDocument: Hashable, Sendable {
    package let sweep: Sweep
    /// The number the coordinator gave it.
    package let number: Int
    package let submission: SweepSubmission
    /// The epochs at which trials are compared, ascending.
    package let levels: [Int]
    package let trialsPlanned: Int?

    package init(sweep: Sweep, number: Int, submission: SweepSubmission, levels: [Int], trialsPlanned: Int?) {
        self.sweep = sweep
        self.number = number
        self.submission = submission
        self.levels = levels
        self.trialsPlanned = trialsPlanned
    }

    /// The document as JSON.
    package var json: JSONValue {
        var object = JSONObjectBuilder()
        object.add("sweep", sweep.name)
        object.add("number", number)
        object.add("file_name", submission.fileName)
        object.add("text", submission.text)
        object.add("submitted_ms", Int(submission.milliseconds))
        object.add("objective", sweep.objective.json)
        if let several = sweep.objectives.jsonOfSeveral { object.add("objectives", several) }
        object.add("epochs", sweep.epochs)
        object.add("levels", .array(levels.map { .integer($0) }))
        object.add("metrics", .array(submission.metrics.map { .text($0.rawValue) }))
        object.add("trials_planned", trialsPlanned)
        object.add("seed", JSONValue.whole(sweep.search.seed))
        let names = ParameterNames.short(sweep.space.parameters.map(\.path))
        object.add("parameters", .array(zip(sweep.space.parameters, names).map { $0.json(name: $1, in: sweep.space) }))
        return object.object
    }
}

extension Parameter {
    fileprivate func json(name: String, in space: SearchSpace) -> JSONValue {
        var object = JSONObjectBuilder()
        object.add("path", path)
        object.add("name", name)
        object.add("kind", domain.kind)
        switch domain.range {
        case .uniform(let low, let high, _, _): object.addRange("linear", .number(low), .number(high))
        case .logUniform(let low, let high, _): object.addRange("log", .number(low), .number(high))
        case .integer(let low, let high, _): object.addRange("linear", .integer(low), .integer(high))
        case .logInteger(let low, let high, _): object.addRange("log", .integer(low), .integer(high))
        case .choice(let options): object.add("options", .array(options.map(\.label.json)))
        case .believed: break
        }
        if let prior = domain.prior {
            object.add(
                "prior",
                .object([JSONMember("mean", .number(prior.mean)), JSONMember("deviation", .number(prior.deviation))])
            )
        }
        if let weights = domain.weights {
            object.add("prior", .object([JSONMember("weights", .array(weights.map { .number($0) }))]))
        }
        let parent = condition.flatMap { condition in space.parameters.first { $0.path == condition.path } }
        if let condition, case .choice(let options)? = parent?.domain, options.indices.contains(condition.option) {
            object.add(
                "condition",
                .object([
                    JSONMember("path", .text(condition.path)),
                    JSONMember("option", options[condition.option].label.json),
                ])
            )
        }
        return object.object
    }
}

extension ParameterDomain {
    fileprivate var kind: String {
        switch range {
        case .uniform, .logUniform: "real"
        case .integer, .logInteger: "integer"
        case .choice, .believed: "choice"
        }
    }
}

extension JSONObjectBuilder {
    fileprivate mutating func addRange(_ scale: String, _ low: JSONValue, _ high: JSONValue) {
        add("scale", scale)
        add("low", low)
        add("high", high)
    }
}
