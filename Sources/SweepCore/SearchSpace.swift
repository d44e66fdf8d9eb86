/// One dimension of a search: where it stands, what it may be, and when it counts.
package struct Parameter: Hashable, Sendable {
    /// The parameter's name: its path in the sweep file, without the words of choices.
    package let path: String
    /// The values it may take.
    package let domain: ParameterDomain
    /// The choice that must be taken for this parameter to be active; nil when it always is.
    package let condition: Condition?

    /// "The choice at `path` took option `option`"; that choice may itself be conditional.
    package struct Condition: Hashable, Sendable {
        package let path: String
        package let option: Int
        package init(path: String, option: Int) {
            self.path = path
            self.option = option
        }
    }

    package init(path: String, domain: ParameterDomain, condition: Condition?) {
        self.path = path
        self.domain = domain
        self.condition = condition
    }
}

/// Every domain of a sweep file, in the file's order, and the template they stand in.
///
/// A parent choice comes before its conditional parameters.
package struct SearchSpace: Hashable, Sendable {
    /// What the domains stand in: a map with `train` and, where it holds domains, `data`.
    package let template: SpecNode
    /// The parameters, parents first.
    package let parameters: [Parameter]

    /// Collects the domains of `template`.
    package init(template: SpecNode) {
        self.template = template
        var found: [Parameter] = []
        Self.collect(template, path: Self.rootName(template), condition: nil, into: &found)
        parameters = found
    }

    /// The parameters that are active once `value` says what each earlier one took, in order; `value` is asked once each.
    ///
    /// Every searcher builds its configurations through this, so that none can give a value to an inactive parameter.
    package func configuration(_ value: (Parameter) -> ParameterValue) -> Configuration {
        var entries: [Configuration.Entry] = []
        var taken: [String: Int] = [:]
        for parameter in parameters where isActive(parameter, taken) {
            let chosen = value(parameter)
            if case .choice(let options) = parameter.domain,
                let option = options.firstIndex(where: { $0.label == chosen })
            {
                taken[parameter.path] = option
            }
            entries.append(.init(path: parameter.path, value: chosen))
        }
        return Configuration(entries)
    }

    /// The template with every domain replaced by the configuration's value; nil if the configuration is not of this space.
    package func resolve(_ configuration: Configuration) -> SpecNode? {
        var used = 0
        let node = Self.substitute(template, path: Self.rootName(template), configuration, &used)
        return used == configuration.entries.count ? node : nil
    }

    /// The name of a choice that is the whole template: that of arms.
    private static func rootName(_ template: SpecNode) -> String {
        if case .domain = template { Arm.parameter } else { "" }
    }

    private func isActive(_ parameter: Parameter, _ taken: [String: Int]) -> Bool {
        guard let condition = parameter.condition else { return true }
        return taken[condition.path] == condition.option
    }

    private static func join(_ path: String, _ key: String) -> String { path.isEmpty ? key : path + "." + key }

    private static func collect(
        _ node: SpecNode,
        path: String,
        condition: Parameter.Condition?,
        into found: inout [Parameter]
    ) {
        switch node {
        case .map(let entries):
            for entry in entries {
                collect(entry.value, path: join(path, entry.key), condition: condition, into: &found)
            }
        case .list(let items):
            for (index, item) in items.enumerated() {
                collect(item, path: join(path, String(index)), condition: condition, into: &found)
            }
        case .domain(let domain):
            found.append(Parameter(path: path, domain: domain, condition: condition))
            if case .choice(let options) = domain {
                for (index, option) in options.enumerated() {
                    collect(option.node, path: path, condition: .init(path: path, option: index), into: &found)
                }
            }
        case .null, .boolean, .integer, .real, .text: break
        }
    }

    private static func substitute(
        _ node: SpecNode,
        path: String,
        _ configuration: Configuration,
        _ used: inout Int
    ) -> SpecNode? {
        switch node {
        case .map(let entries):
            var resolved: [SpecEntry] = []
            for entry in entries {
                guard let value = substitute(entry.value, path: join(path, entry.key), configuration, &used) else {
                    return nil
                }
                resolved.append(SpecEntry(entry.key, value))
            }
            return .map(resolved)
        case .list(let items):
            var resolved: [SpecNode] = []
            for (index, item) in items.enumerated() {
                guard let value = substitute(item, path: join(path, String(index)), configuration, &used) else {
                    return nil
                }
                resolved.append(value)
            }
            return .list(resolved)
        case .domain(let domain):
            guard let value = configuration[path] else { return nil }
            used += 1
            guard case .choice(let options) = domain else {
                guard domain.contains(value) else { return nil }
                switch value {
                case .integer(let number): return .integer(number)
                case .real(let number): return .real(number)
                case .none, .flag, .text: return nil
                }
            }
            guard let option = options.first(where: { $0.label == value }) else { return nil }
            return substitute(option.node, path: path, configuration, &used)
        case .null, .boolean, .integer, .real, .text: return node
        }
    }
}

extension ParameterDomain {
    /// Whether `value` is one that this domain allows (steps aside: any real within the bounds counts).
    package func contains(_ value: ParameterValue) -> Bool {
        switch (range, value) {
        case (.uniform(let low, let high, _, _), .real(let number)),
            (.logUniform(let low, let high, _), .real(let number)):
            low <= number && number <= high
        case (.integer(let low, let high, let step), .integer(let number)):
            low <= number && number <= high && (number - low).isMultiple(of: step)
        case (.logInteger(let low, let high, _), .integer(let number)): low <= number && number <= high
        case (.choice(let options), _): options.contains { $0.label == value }
        default: false
        }
    }
}
