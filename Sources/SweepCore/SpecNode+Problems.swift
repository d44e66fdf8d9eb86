extension SpecNode {
    /// Reports what no place of a sweep file may hold: broken domains, keys twice in a map, numbers that are not finite.
    ///
    /// The places found broken are muted in `problems`, so that the readers that follow add nothing about them. It is
    /// checked here and not only where YAML is read, because a sweep may also come from a peer.
    package func reportFaults(at path: SpecPath = SpecPath(), into problems: SpecProblems) {
        switch self {
        case .null, .boolean, .integer, .text: break
        case .real(let value):
            guard !value.isFinite else { return }
            problems.add(SpecProblem(path: path, message: "not a finite number", found: text, allowed: "a number"))
            problems.mute(path)
        case .list(let items):
            for (index, item) in items.enumerated() {
                item.reportFaults(at: path.appending(.index(index)), into: problems)
            }
        case .map(let entries):
            var seen: Set<String> = []
            for entry in entries {
                let place = path.appending(.key(entry.key))
                guard seen.insert(entry.key).inserted else {
                    problems.add(SpecProblem(path: place, message: "the same key twice", found: entry.key, side: .key))
                    continue
                }
                entry.value.reportFaults(at: place, into: problems)
            }
        case .domain(let domain):
            let found = domain.faults(at: path)
            for problem in found { problems.add(problem) }
            if case .choice(let options) = domain {
                for (index, option) in options.enumerated() {
                    let place = path.appending(.option(index))
                    option.node.reportFaults(at: place, into: problems)
                    if case .domain = option.node { problems.mute(place) }
                }
            } else if !found.isEmpty {
                problems.mute(path)
            }
        }
    }
}

extension ParameterDomain {
    /// The greatest integer bound: beyond 2^53 a double no longer holds every integer.
    static let greatestInteger = 9_007_199_254_740_992
    /// The most options of a choice: an option is found by going through them, so all of them cost the square.
    static let greatestOptions = 10_000
    /// The greatest `points`: more values of one parameter than any grid can use.
    static let greatestPoints = 1_000_000

    /// What is wrong with this domain, which stands at `path`.
    package func faults(at path: SpecPath) -> [SpecProblem] {
        let place = path.appending(.key(keyword))
        switch self {
        case .uniform(let low, let high, let step, let points):
            var faults = Self.faults(ofReals: low, high, at: place)
            if let step, faults.isEmpty, !(step > 0 && step <= high - low) {
                faults.append(
                    SpecProblem(
                        path: path.appending(.key("step")),
                        message: "the step does not fit the range",
                        found: ParameterValue.real(step).description,
                        allowed: "above 0, at most \(ParameterValue.real(high - low))"
                    )
                )
            }
            if step != nil, points != nil {
                faults.append(
                    SpecProblem(
                        path: path.appending(.key("points")),
                        message: "step already says which values there are",
                        found: "both step and points",
                        allowed: "one of them"
                    )
                )
            }
            return faults + Self.faults(ofPoints: points, at: path)
        case .logUniform(let low, let high, let points):
            var faults = Self.faults(ofReals: low, high, at: place)
            if faults.isEmpty, low <= 0 {
                faults.append(
                    SpecProblem(
                        path: place,
                        message: "a logarithmic range needs bounds above 0",
                        found: "[\(ParameterValue.real(low)), \(ParameterValue.real(high))]",
                        allowed: "two numbers above 0 (or uniform)"
                    )
                )
            }
            return faults + Self.faults(ofPoints: points, at: path)
        case .integer(let low, let high, let step):
            var faults = Self.faults(ofIntegers: low, high, at: place)
            if faults.isEmpty, !(1...(high - low)).contains(step) {
                faults.append(
                    SpecProblem(
                        path: path.appending(.key("step")),
                        message: "the step does not fit the range",
                        found: String(step),
                        allowed: "an integer from 1 to \(high - low)"
                    )
                )
            }
            return faults
        case .logInteger(let low, let high, let points):
            var faults = Self.faults(ofIntegers: low, high, at: place)
            if faults.isEmpty, low < 1 {
                faults.append(
                    SpecProblem(
                        path: place,
                        message: "a logarithmic range needs bounds above 0",
                        found: "[\(low), \(high)]",
                        allowed: "two integers from 1 (or int)"
                    )
                )
            }
            return faults + Self.faults(ofPoints: points, at: path)
        case .choice(let options): return Self.faults(ofOptions: options, at: path)
        case .believed(let range, let prior):
            let faults = range.faults(at: path)
            return faults.isEmpty ? prior.faults(of: range, at: path.appending(.key("prior"))) : faults
        }
    }

    private static func faults(ofReals low: Double, _ high: Double, at place: SpecPath) -> [SpecProblem] {
        let found = "[\(ParameterValue.real(low)), \(ParameterValue.real(high))]"
        guard low.isFinite, high.isFinite, (high - low).isFinite else {
            return [SpecProblem(path: place, message: "not a finite range", found: found, allowed: "two numbers")]
        }
        return low < high ? [] : [notAscending(place, found)]
    }

    private static func faults(ofIntegers low: Int, _ high: Int, at place: SpecPath) -> [SpecProblem] {
        let found = "[\(low), \(high)]"
        let range = -greatestInteger...greatestInteger
        guard range.contains(low), range.contains(high) else {
            return [
                SpecProblem(
                    path: place,
                    message: "the range leaves what is allowed",
                    found: found,
                    allowed: "integers from \(range.lowerBound) to \(range.upperBound)"
                )
            ]
        }
        return low < high ? [] : [notAscending(place, found)]
    }

    private static func notAscending(_ place: SpecPath, _ found: String) -> SpecProblem {
        SpecProblem(
            path: place,
            message: "the lower bound is not below the upper",
            found: found,
            allowed: "[low, high] with low < high"
        )
    }

    private static func faults(ofPoints points: Int?, at path: SpecPath) -> [SpecProblem] {
        guard let points, !(2...greatestPoints).contains(points) else { return [] }
        return [
            SpecProblem(
                path: path.appending(.key("points")),
                message: "not an allowed value",
                found: String(points),
                allowed: "an integer from 2 to \(greatestPoints)"
            )
        ]
    }

    /// Options are told apart by the text that tables and programs see, so that text must differ: `1` and `1.0` do not.
    private static func faults(ofOptions options: [ChoiceOption], at path: SpecPath) -> [SpecProblem] {
        guard !options.isEmpty else {
            return [
                SpecProblem(
                    path: path.appending(.key("choice")),
                    message: "a choice of nothing",
                    found: "[]",
                    allowed: "a list of at least one option"
                )
            ]
        }
        guard options.count <= greatestOptions else {
            return [
                SpecProblem(
                    path: path.appending(.key("choice")),
                    message: "too many options",
                    found: "\(options.count) options",
                    allowed: "at most \(greatestOptions), or a range of numbers"
                )
            ]
        }
        var faults: [SpecProblem] = []
        var first: [String: Int] = [:]
        for (index, option) in options.enumerated() {
            let place = path.appending(.option(index))
            if case .domain(let domain) = option.node {
                faults.append(
                    SpecProblem(
                        path: place,
                        message: "an option may not itself be a range",
                        found: domain.text,
                        allowed:
                            "a value, or a branch with a range inside, as in {adam: {learning_rate: {log: [1e-4, 0.1]}}}"
                    )
                )
            } else if option.label != ChoiceOption(option.node).label {
                faults.append(SpecProblem(path: place, message: "a label that is not the option's own"))
            } else if let other = first[option.label.description] {
                faults.append(
                    SpecProblem(
                        path: place,
                        message: "the same option as choice[\(other)]",
                        found: option.label.description,
                        allowed: option.nameAdvice
                    )
                )
            } else {
                first[option.label.description] = index
            }
        }
        return faults + Self.faults(ofWeights: options, at: path)
    }
}

extension ChoiceOption {
    /// How this option and another of the same name could differ.
    fileprivate var nameAdvice: String {
        guard case .map(let entries) = node, entries.count == 1 else { return "each option once" }
        return "options with different keys, or {\(entries[0].key): {choice: […]}}"
    }
}

extension SpecNode {
    /// Reports ranges that share a name with an earlier one: two branches with a range under the same keys.
    ///
    /// A configuration could not tell them apart.
    func reportRepeatedParameters(into problems: SpecProblems) {
        var seen: Set<String> = []
        visitDomains(at: SpecPath()) { path, domain in
            guard !seen.insert(path.parameterName).inserted else { return }
            problems.add(
                SpecProblem(
                    path: path,
                    message: "a second range of the same name (\(path.parameterName))",
                    found: domain.text,
                    allowed: "branches whose ranges have different names, as in {sgd: …} and {adam: …}"
                )
            )
        }
    }

    /// Calls `visit` with every domain at or below this node, parents first.
    package func visitDomains(at path: SpecPath, _ visit: (SpecPath, ParameterDomain) -> Void) {
        switch self {
        case .null, .boolean, .integer, .real, .text: break
        case .list(let items):
            for (index, item) in items.enumerated() { item.visitDomains(at: path.appending(.index(index)), visit) }
        case .map(let entries):
            for entry in entries { entry.value.visitDomains(at: path.appending(.key(entry.key)), visit) }
        case .domain(let domain):
            visit(path, domain)
            guard case .choice(let options) = domain else { return }
            for (index, option) in options.enumerated() {
                option.node.visitDomains(at: path.appending(.option(index)), visit)
            }
        }
    }
}

extension SpecPath {
    /// The name of the parameter whose range stands here: the steps joined by dots, without those of choices.
    package var parameterName: String {
        steps.compactMap { step in
            switch step {
            case .key(let key): key
            case .index(let index): String(index)
            case .option: nil
            }
        }.joined(separator: ".")
    }
}
