package import SweepCore

/// A study of Optuna, as far as a sweep can learn from it.
package struct OptunaStudy: Hashable, Sendable {
    /// What better is; the numbers are those of the enumeration StudyDirection there.
    package enum Direction: Int, Hashable, Sendable {
        case unset = 0
        case minimize, maximize
    }

    /// What became of a trial; the numbers are those of the enumeration TrialState there.
    package enum State: Int, Hashable, Sendable {
        case running = 0
        case complete, pruned, failed, waiting
    }

    /// A parameter's name and value; nil where a sweep file has no such value.
    package struct Parameter: Hashable, Sendable {
        package let name: String
        package let value: SpecNode?

        package init(name: String, value: SpecNode?) {
            self.name = name
            self.value = value
        }

        /// The parameter whose `inner` value the storage keeps: a number or, of a choice, the option's place.
        ///
        /// `distribution` is the JSON that Optuna writes beside it. Throws where that is of no kind that Optuna has.
        package init(name: String, inner: Double, distribution: String) throws(DocumentError) {
            func wrong(_ message: String) -> DocumentError {
                DocumentError(path: "the distribution of \(name)", message: message)
            }
            let json: JSONValue
            do { json = try JSONValue(parsing: Array(distribution.utf8), allowsNonFinite: true) } catch {
                throw wrong("one of Optuna")
            }
            let reader = DocumentReader(json)
            switch try reader.field("name").text() {
            case "FloatDistribution", "UniformDistribution", "LogUniformDistribution", "DiscreteUniformDistribution":
                self.init(name: name, value: inner.isFinite ? .real(inner) : nil)
            case "IntDistribution", "IntUniformDistribution", "IntLogUniformDistribution":
                self.init(name: name, value: Int(exactly: inner).map { .integer($0) })
            case "CategoricalDistribution":
                let choices = try reader.field("attributes").field("choices").items()
                guard let place = Int(exactly: inner), choices.indices.contains(place) else {
                    throw wrong("a choice of \(choices.count) that the value \(inner) names")
                }
                self.init(name: name, value: Self.node(choices[place].value))
            default: throw wrong("a float, an int or a categorical one")
            }
        }

        private static func node(_ value: JSONValue) -> SpecNode? {
            switch value {
            case .null: .null
            case .boolean(let flag): .boolean(flag)
            case .integer(let number): .integer(number)
            case .number(let number): number.isFinite ? .real(number) : nil
            case .text(let text): .text(text)
            case .unsigned, .array, .object: nil
            }
        }
    }

    /// One evaluation of its objective function.
    package struct Trial: Hashable, Sendable {
        package var state: State
        /// What the function returned, of its first objective.
        package var value: Double?
        /// In the order in which they were asked for.
        package var parameters: [Parameter]
        /// What it reported, by steps.
        package var reports: [Int: Double]

        package init(state: State, value: Double? = nil, parameters: [Parameter] = [], reports: [Int: Double] = [:]) {
            self.state = state
            self.value = value
            self.parameters = parameters
            self.reports = reports
        }
    }

    package let name: String
    /// One of each objective.
    package let directions: [Direction]
    /// What the objectives are called; empty where the study does not tell.
    package var metricNames: [String]
    /// In the order of their numbers.
    package var trials: [Trial]

    package init(name: String, directions: [Direction], metricNames: [String] = [], trials: [Trial] = []) {
        self.name = name
        self.directions = directions
        self.metricNames = metricNames
        self.trials = trials
    }

    /// Every parameter's name, in the order of first appearance.
    package var parameterNames: [String] {
        var known: Set<String> = []
        return trials.flatMap(\.parameters).map(\.name).filter { known.insert($0).inserted }
    }

    /// Why a sweep of `objective` cannot learn from the study, and what it could learn from; nil where it can.
    package func refusal(for objective: Objective) -> (wrong: String, allowed: String)? {
        guard directions.count == 1, let direction = directions.first else {
            return ("its study \(name) has \(directions.count) objectives", "a study with one objective")
        }
        let own: Direction = objective.direction == .minimize ? .minimize : .maximize
        guard direction == own else {
            let word =
                switch direction {
                case .unset: "has no direction"
                case .minimize: "minimizes"
                case .maximize: "maximizes"
                }
            let verb = own == .minimize ? "minimizes" : "maximizes"
            return (
                "its study \(name) \(word), this sweep \(verb) \(objective.metric.rawValue)", "a study that \(verb)"
            )
        }
        // Other names say nothing: who names the study for this objective knows what it measured.
        if let named = metricNames.first.flatMap({ Metric(measured: $0) }), named != objective.metric {
            return (
                "its study \(name) measured \(named.rawValue), not \(objective.metric.rawValue)",
                "a study of this sweep's objective"
            )
        }
        return nil
    }
}
