extension SpecReader {
    /// Configurations of `space` to begin with; nil when one is wrong (and reported).
    ///
    /// Each is a map from parameters to values. A parameter may be called by the end of its path, from a dot on; the option
    /// of a choice by its word. A parameter of a branch takes the option that it belongs to.
    package func configurations(of space: SearchSpace) -> [Configuration]? {
        guard let items = items(count: 1...SearchSpec.greatestTriedFirst) else { return nil }
        let found = items.map { $0.configuration(of: space) }
        let whole = found.compactMap { $0 }
        return whole.count == found.count ? whole : nil
    }

    /// Values of some parameters, as `configurations` reads them.
    package func configuration(of space: SearchSpace) -> Configuration? {
        guard case .map(let entries) = node else {
            refuse("a map from parameters to values")
            return nil
        }
        var values: [String: ParameterValue] = [:]
        for entry in entries {
            let reader = SpecReader(entry.value, path: path.appending(.key(entry.key)), problems: problems)
            let found = space.parameters.filter { $0.path == entry.key || $0.path.hasSuffix("." + entry.key) }
            let parameter = found.first { $0.path == entry.key } ?? found.first
            guard let parameter, found.count == 1 || parameter.path == entry.key else {
                let names = found.isEmpty ? space.parameters.map(\.path) : found.map(\.path)
                reader.report(
                    found.isEmpty ? "no parameter of this name" : "more than one parameter of this name",
                    allowed: names.isEmpty ? "none, as nothing in this file is a range" : SpecReader.oneOf(names)
                )
                return nil
            }
            guard let value = parameter.domain.value(of: entry.value) else {
                reader.refuse("a value of \(parameter.domain.text)")
                return nil
            }
            guard values.updateValue(value, forKey: parameter.path) == nil else {
                reader.report("a second value for \(parameter.path)")
                return nil
            }
        }
        // Options that are implied by the parameters of their branches, from the innermost outwards.
        for parameter in space.parameters.reversed() where values[parameter.path] != nil {
            guard let condition = parameter.condition,
                let choice = space.parameters.first(where: { $0.path == condition.path }),
                case .choice(let options) = choice.domain, options.indices.contains(condition.option)
            else { continue }
            let implied = options[condition.option].label
            guard values[choice.path, default: implied] == implied else {
                report(
                    "\(parameter.path) does not count where \(choice.path) is \(values[choice.path] ?? ParameterValue.none)"
                )
                return nil
            }
            values[choice.path] = implied
        }
        return Configuration(
            space.parameters.compactMap { parameter in
                values[parameter.path].map { .init(path: parameter.path, value: $0) }
            }
        )
    }

    /// Conditions on configurations of `space`, a text or a list of them; nil when one is wrong (and reported).
    func constraints(on space: SearchSpace) -> [Constraint]? {
        let readers: [SpecReader]
        if case .list = node {
            guard let items = items(count: 1...100) else { return nil }
            readers = items
        } else {
            readers = [self]
        }
        let found = readers.map { $0.constraint(on: space) }
        let whole = found.compactMap { $0 }
        return whole.count == found.count ? whole : nil
    }

    private func constraint(on space: SearchSpace) -> Constraint? {
        guard let text = text() else { return nil }
        do throws(Constraint.Fault) {
            return try Constraint(text).resolved(in: space)
        } catch {
            report(error.description, allowed: "a condition such as \"layers * width <= 512\"")
            return nil
        }
    }
}

extension ParameterDomain {
    /// The value that `node` stands for; nil when the domain does not have it.
    fileprivate func value(of node: SpecNode) -> ParameterValue? {
        let value: ParameterValue
        switch (range, node) {
        case (.choice(let options), _):
            let label = ChoiceOption(node).label
            let isOption = options.contains { $0.label == label }
            // Not every language keeps the point of `1.0`.
            let same = isOption ? nil : label.number.flatMap { number in options.first { $0.label.number == number } }
            value = same?.label ?? label
        case (.uniform, .integer(let integer)), (.logUniform, .integer(let integer)): value = .real(Double(integer))
        case (_, .integer(let integer)): value = .integer(integer)
        // As some languages write a whole number.
        case (.integer, .real(let real)), (.logInteger, .real(let real)):
            guard let whole = Int(exactly: real) else { return nil }
            value = .integer(whole)
        case (_, .real(let real)): value = .real(real)
        default: return nil
        }
        return contains(value) ? value : nil
    }
}
