extension Sweep {
    /// What cannot work on data of this schema, in any configuration, with the paths of the sweep file.
    ///
    /// Each option of a choice and both bounds of a range are tried once, the rest as the representative has it; so a
    /// batch size that is too large is reported where that option stands.
    package func problems(on schema: DataSchema) -> [SpecProblem] {
        let problems = SpecProblems()
        for (index, objective) in objectives.enumerated() {
            guard let (message, allowed) = objective.metric.absence(from: schema) else { continue }
            let place: [SpecPath.Step] = further.isEmpty ? [] : [.key("pareto"), .index(index)]
            problems.add(
                SpecProblem(
                    path: SpecPath([.key("objective")] + place + [.key(objective.direction.rawValue)]),
                    message: message,
                    found: objective.metric.rawValue,
                    allowed: allowed
                )
            )
        }
        for configuration in space.cover {
            guard let resolved = space.resolve(configuration),
                let trial = TrialSpec.read(resolved, problems: SpecProblems())
            else { continue }
            let arm = arm(of: configuration)
            for problem in trial.problems(on: schema) {
                problems.add(
                    SpecProblem(
                        path: arm?.place(of: problem.path) ?? space.place(of: problem.path, in: configuration),
                        message: problem.message,
                        found: problem.found,
                        allowed: problem.allowed,
                        side: problem.side
                    )
                )
            }
        }
        return problems.all
    }
}

extension Metric {
    /// Why trials on data of this schema do not report the metric, and which may stand in its place; nil when they do.
    func absence(from schema: DataSchema) -> (message: String, allowed: String)? {
        let reported = Self.reported(for: schema, also: [self])
        guard !reported.contains(self) else { return nil }
        let (recalls, others) = reported.reduce(into: ([String](), [String]())) { parts, metric in
            if case .validationRecall = metric {
                parts.0.append(metric.rawValue)
            } else {
                parts.1.append(metric.rawValue)
            }
        }
        let any = SpecReader.oneOf(others + (recalls.isEmpty ? [] : ["validation.recall.LABEL"]))
        switch (self, schema.task) {
        case (.validationTopAccuracy(let top), .classification(let classes, _)):
            return ("needs more than \(top) classes, the target has \(classes.count)", any)
        case (.validationRecall, .classification(let classes, _)) where classes.count > Self.recallClasses:
            return ("measured for at most \(Self.recallClasses) classes, the target has \(classes.count)", any)
        case (.validationRecall, .classification):
            return ("no class has this label", recalls.isEmpty ? any : SpecReader.oneOf(recalls, for: rawValue))
        default: return ("not measured for \(schema.task.kind.rawValue)", any)
        }
    }
}

extension SearchSpace {
    /// Configurations in which every option of every choice and both bounds of every range occur at least once.
    package var cover: [Configuration] {
        var found: [Configuration] = []
        var seen: Set<Configuration> = []
        func add(_ fixed: [String: ParameterValue]) {
            let configuration = configuration { fixed[$0.path] ?? $0.domain.extremes[0] }
            if seen.insert(configuration).inserted { found.append(configuration) }
        }
        add([:])
        var branch: [Parameter.Condition: [String: ParameterValue]] = [:]
        for parameter in parameters {
            let parents = parameter.condition.flatMap { branch[$0] } ?? [:]
            for (index, value) in parameter.domain.extremes.enumerated() {
                var fixed = parents
                fixed[parameter.path] = value
                add(fixed)
                if case .choice = parameter.domain { branch[.init(path: parameter.path, option: index)] = fixed }
            }
        }
        return found
    }

    /// Where the value at `path` of the resolved template stands in the sweep file: the same steps, and those of choices.
    ///
    /// What lies within a range's value is at the range.
    package func place(of path: SpecPath, in configuration: Configuration) -> SpecPath {
        var place = SpecPath()
        var node = template
        /// Goes into the options that the configuration takes; false at any other range.
        func enter() -> Bool {
            while case .domain(let domain) = node {
                guard case .choice(let options) = domain, let label = configuration[place.parameterName],
                    let index = options.firstIndex(where: { $0.label == label })
                else { return false }
                place = place.appending(.option(index))
                node = options[index].node
            }
            return true
        }
        for step in path.steps {
            guard enter() else { return place }
            place = place.appending(step)
            switch (step, node) {
            case (.key(let key), _): node = node[key] ?? .null
            case (.index(let index), .list(let items)) where items.indices.contains(index): node = items[index]
            default: node = .null
            }
        }
        _ = enter()
        return place
    }
}

extension ParameterDomain {
    /// The options of a choice, or the two bounds of a range; at least one value in a valid domain.
    package var extremes: [ParameterValue] {
        switch self {
        case .uniform(let low, let high, _, _), .logUniform(let low, let high, _): [.real(low), .real(high)]
        case .integer(let low, let high, let step): [.integer(low), .integer(high - (high - low) % step)]
        case .logInteger(let low, let high, _): [.integer(low), .integer(high)]
        case .choice(let options): options.map(\.label)
        case .believed(let range, _): range.extremes
        }
    }
}
