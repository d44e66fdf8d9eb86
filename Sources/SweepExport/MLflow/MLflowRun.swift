import SweepCore
import SweepReports

/// A run of MLflow: what is set of it and logged to it.
struct MLflowRun: Sendable {
    let name: String
    let tags: [(key: String, value: String)]
    let parameters: [(key: String, value: String)]
    let points: [Point]
    /// FINISHED, FAILED, KILLED or RUNNING.
    let status: String
    /// Milliseconds since 1970.
    let began: Int64
    let ended: Int64

    /// One value of a metric.
    struct Point: Sendable {
        let key: String
        let value: Double
        /// Milliseconds since 1970.
        let time: Int64
        let step: Int

        var json: JSONValue {
            // The server reads numbers that are not finite from these words.
            let number: JSONValue =
                value.isFinite ? .number(value) : .text(value.isNaN ? "NaN" : value > 0 ? "Infinity" : "-Infinity")
            return .object([
                JSONMember("key", .text(key)), JSONMember("value", number),
                JSONMember("timestamp", .integer(Int(time))),
                JSONMember("step", .integer(step)),
            ])
        }
    }

    /// Limits of one `log-batch`. Source: MLflow's REST API, "Log Batch": 1000 items in all, 100 parameters, 100 tags.
    private static let items = 1000
    private static let parametersInBatch = 100

    /// The bodies of the `log-batch` requests that bring all of it, without `run_id`.
    var batches: [[JSONMember]] {
        var batches: [[JSONMember]] = []
        for start in stride(from: 0, to: parameters.count, by: Self.parametersInBatch) {
            let part = parameters[start..<min(start + Self.parametersInBatch, parameters.count)]
            let params = part.map {
                JSONValue.object([JSONMember("key", .text($0.key)), JSONMember("value", .text($0.value))])
            }
            batches.append([JSONMember("params", .array(params))])
        }
        for start in stride(from: 0, to: points.count, by: Self.items) {
            let part = points[start..<min(start + Self.items, points.count)]
            batches.append([JSONMember("metrics", .array(part.map(\.json)))])
        }
        return batches
    }

    /// A key as MLflow takes it: letters, digits, `_`, `-`, `.`, space and `/`; everything else becomes `_`.
    static func key(_ text: String) -> String {
        String(
            text.map { character in
                character.isASCII && (character.isLetter || character.isNumber || "_-. /".contains(character))
                    ? character : "_"
            }
        )
    }
}

extension SweepHistory {
    /// The run that the trials' runs are nested in.
    func mlflowParent(state: String) -> MLflowRun {
        let last = curves.trials.compactMap { times(of: $0).last }.max() ?? began
        return MLflowRun(
            name: sweep,
            tags: [
                (key: "sweepd.sweep", value: sweep), (key: "sweepd.role", value: "sweep"),
                (key: "sweepd.state", value: state),
                (key: "sweepd.objective", value: objectives.words),
            ],
            parameters: [],
            points: [],
            status: state == "running" || state == "paused" ? "RUNNING" : "FINISHED",
            began: Self.milliseconds(began),
            ended: Self.milliseconds(last)
        )
    }

    /// The run of a trial, without the tag that names its parent.
    func mlflowRun(of trial: CurvesDocument.Trial, names: [String: String]) -> MLflowRun {
        let times = times(of: trial)
        var points: [MLflowRun.Point] = []
        for (observation, time) in zip(trial.curve.observations, times) {
            for (metric, value) in zip(trial.curve.metrics, observation.values) {
                points.append(
                    MLflowRun.Point(
                        key: MLflowRun.key(metric.rawValue),
                        value: value,
                        time: Self.milliseconds(time),
                        step: observation.epoch
                    )
                )
            }
        }
        if let best = trial.curve.best(for: objective) {
            points.append(
                MLflowRun.Point(
                    key: "objective",
                    value: best.value,
                    time: Self.milliseconds(times.indices.contains(best.epoch - 1) ? times[best.epoch - 1] : began),
                    step: best.epoch
                )
            )
        }
        return MLflowRun(
            name: "\(sweep) \(trial.trial)",
            tags: attributes(of: trial) + [(key: "sweepd.role", value: "trial")],
            parameters: trial.configuration.entries.map {
                (key: MLflowRun.key(names[$0.path] ?? $0.path), value: $0.value.description)
            },
            points: points,
            status: Self.status(of: trial.state),
            began: Self.milliseconds(began),
            ended: Self.milliseconds(times.last ?? began)
        )
    }

    private static func status(of state: TrialState) -> String {
        switch state {
        case .completed: "FINISHED"
        case .pruned: "KILLED"
        case .failed: "FAILED"
        case .waiting, .running, .paused: "RUNNING"
        }
    }

    private static func milliseconds(_ seconds: Double) -> Int64 { Int64((seconds * 1000).rounded()) }
}
