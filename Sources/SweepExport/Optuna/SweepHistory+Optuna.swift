import Foundation
import SweepCore
import SweepReports

extension SweepHistory {
    /// A file of Optuna's journal storage with the sweep as one study.
    ///
    /// Source: optuna/storages/journal/_storage.py, operations 0 to 4 of the enumeration JournalOperation; Optuna 3 to 5 read them. Trials
    /// come in their order with distributions, values, intermediate values by epoch and attributes. A trial that has not ended is
    /// running there; one that waits for a worker is left out, as Optuna would take it for one to be tried next. A trial without a finite objective has failed
    /// there. Intermediate values that are not finite are left out: the format has no numbers for them.
    ///
    /// Of several objectives a trial has all values, those of the epoch that counts by the first; intermediate values are of the first. A
    /// trial that was pruned has failed there, as Optuna's samplers know no other end of such a study's trials without all values.
    package var optunaJournal: String {
        var lines: [JSONValue] = [
            operation(
                0,
                ("study_name", .text(sweep)),
                ("directions", .array(objectives.map { .integer($0.direction == .minimize ? 1 : 2) }))
            ),
            operation(
                3,
                ("study_id", .integer(0)),
                (
                    "system_attr",
                    .object([
                        JSONMember("study:metric_names", .array(objectives.map { .text($0.metric.rawValue) }))
                    ])
                )
            ),
        ]
        let names = names
        for trial in curves.trials where trial.state != .waiting { lines.append(create(trial, names)) }
        return lines.map { $0.text() + "\n" }.joined()
    }

    private func operation(_ code: Int, _ fields: (String, JSONValue)...) -> JSONValue {
        .object(
            [JSONMember("op_code", .integer(code)), JSONMember("worker_id", .text("sweepd"))]
                + fields.map { JSONMember($0.0, $0.1) }
        )
    }

    private func create(_ trial: CurvesDocument.Trial, _ names: [String: String]) -> JSONValue {
        var parameters: [JSONMember] = []
        var distributions: [JSONMember] = []
        for entry in trial.configuration.entries {
            guard let domain = domain(entry.path), let value = Self.inner(entry.value, domain) else { continue }
            let name = names[entry.path] ?? entry.path
            parameters.append(JSONMember(name, value))
            distributions.append(JSONMember(name, .text(Self.distribution(domain).text())))
        }
        let best = trial.curve.best(for: objective)
        let values = best.map { best in
            [best.value] + further.map { trial.curve.value($0.metric, at: best.epoch) ?? .nan }
        }
        let hasValue = values?.allSatisfy(\.isFinite) ?? false
        var state = Self.state(trial.state, hasValue: hasValue)
        if state == 2, !further.isEmpty { state = 3 }
        // Optuna refuses a failed trial that has one.
        let told = [1, 2].contains(state) && hasValue ? values ?? [] : []
        let intermediate = zip(1..., trial.curve.series(objective.metric)).filter { $0.1.isFinite }
        var fields: [(String, JSONValue)] = [
            ("study_id", .integer(0)), ("datetime_start", .text(Self.date(began))),
            ("state", .integer(state)), ("value", told.count == 1 ? .number(told[0]) : .null),
            ("values", told.count > 1 ? .array(told.map { .number($0) }) : .null),
            ("distributions", .object(distributions)), ("params", .object(parameters)),
            ("user_attrs", .object(attributes(of: trial).map { JSONMember($0.key, .text($0.value)) })),
            ("system_attrs", .object([])),
            ("intermediate_values", .object(intermediate.map { JSONMember(String($0.0), .number($0.1)) })),
        ]
        // Optuna knows a trial that has not ended by this field's absence.
        if trial.state.isTerminal {
            fields.append(("datetime_complete", .text(Self.date(times(of: trial).last ?? began))))
        }
        return .object(
            [JSONMember("op_code", .integer(4)), JSONMember("worker_id", .text("sweepd"))]
                + fields.map { JSONMember($0.0, $0.1) }
        )
    }

    /// The enumeration TrialState there: running 0, complete 1, pruned 2, fail 3.
    private static func state(_ state: TrialState, hasValue: Bool) -> Int {
        switch state {
        case .waiting, .running, .paused: 0
        case .completed: hasValue ? 1 : 3
        case .pruned: hasValue ? 2 : 3
        case .failed: 3
        }
    }

    private static func date(_ seconds: Double) -> String {
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        // Python before 3.11 does not read the Z.
        return Date(timeIntervalSince1970: seconds).formatted(style).replacing("Z", with: "000+00:00")
    }

    private static func distribution(_ domain: ParameterDomain) -> JSONValue {
        func written(_ name: String, _ attributes: JSONMember...) -> JSONValue {
            .object([JSONMember("name", .text(name)), JSONMember("attributes", .object(attributes))])
        }
        func real(_ low: Double, _ high: Double, log: Bool, step: Double?) -> JSONValue {
            written(
                "FloatDistribution",
                JSONMember("step", step.map { .number($0) } ?? .null),
                JSONMember("low", .number(low)),
                JSONMember("high", .number(high)),
                JSONMember("log", .boolean(log))
            )
        }
        func integer(_ low: Int, _ high: Int, log: Bool, step: Int) -> JSONValue {
            written(
                "IntDistribution",
                JSONMember("log", .boolean(log)),
                JSONMember("step", .integer(step)),
                JSONMember("low", .integer(low)),
                JSONMember("high", .integer(high))
            )
        }
        switch domain {
        case .uniform(let low, let high, let step?, _):
            // As of integers below; a quotient that is a whole number may come out a little smaller.
            return real(low, low + ((high - low) / step + 1e-9).rounded(.down) * step, log: false, step: step)
        case .uniform(let low, let high, nil, _): return real(low, high, log: false, step: nil)
        case .logUniform(let low, let high, _): return real(low, high, log: true, step: nil)
        case .integer(let low, let high, let step):
            // The greatest value that a step reaches: Optuna would move the bound itself, and warn.
            return integer(low, low + (high - low) / step * step, log: false, step: step)
        case .logInteger(let low, let high, _): return integer(low, high, log: true, step: 1)
        case .choice(let options):
            return written("CategoricalDistribution", JSONMember("choices", .array(options.map { $0.label.json })))
        // Optuna has no word for what is believed of a range.
        case .believed(let range, _): return distribution(range)
        }
    }

    /// A value as Optuna keeps it: a number; of a choice, the option's place.
    private static func inner(_ value: ParameterValue, _ domain: ParameterDomain) -> JSONValue? {
        if case .choice(let options) = domain {
            return options.firstIndex { $0.label == value }.map { .number(Double($0)) }
        }
        switch value {
        case .integer(let number): return .number(Double(number))
        case .real(let number): return .number(number)
        case .none, .flag, .text: return nil
        }
    }
}
