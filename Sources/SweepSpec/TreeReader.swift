import SweepCore

/// Turns a `YAMLTree` into the node that a sweep is read from: recognises ranges and notes where everything stands.
struct TreeReader {
    private(set) var map = SourceMap()
    private let problems: SpecProblems
    private var broken = 0

    init(problems: SpecProblems) { self.problems = problems }

    /// The node of `tree`, which stands at `path`; `keyPlace` is where its key or list item begins.
    ///
    /// A range that cannot be understood is reported, muted in `problems` and replaced by a text.
    mutating func node(_ tree: YAMLTree, at path: SpecPath, keyPlace: SourcePlace) -> SpecNode {
        map.note(path, key: keyPlace, value: tree.place)
        switch tree.content {
        case .scalar(let node): return node
        case .list(let items):
            return .list(
                items.enumerated().map { index, item in
                    node(item, at: path.appending(.index(index)), keyPlace: item.place)
                }
            )
        case .map(let entries):
            if entries.contains(where: { ParameterDomain.keywords.contains($0.key) }), !isInitializer(entries) {
                return domain(tree, entries, at: path)
            }
            return .map(
                entries.map { entry in
                    SpecEntry(entry.key, node(entry.value, at: path.appending(.key(entry.key)), keyPlace: entry.place))
                }
            )
        }
    }

    /// Whether this is the initializer `{uniform: {bound: …}}`, whose name is also that of a range.
    private func isInitializer(_ entries: [YAMLTree.Entry]) -> Bool {
        guard entries.count == 1, entries[0].key == "uniform", case .map(let settings) = entries[0].value.content else {
            return false
        }
        return settings.contains { $0.key == "bound" }
    }

    private mutating func domain(_ tree: YAMLTree, _ entries: [YAMLTree.Entry], at path: SpecPath) -> SpecNode {
        let before = problems.all.count
        for entry in entries { noteAll(entry.value, at: path.appending(.key(entry.key)), keyPlace: entry.place) }
        let found = entries.filter { ParameterDomain.keywords.contains($0.key) }
        guard found.count == 1, let keyword = found.first?.key, let body = found.first?.value else {
            problems.add(
                SpecProblem(
                    path: path,
                    message: "several ranges in one",
                    found: found.map(\.key).joined(separator: " and "),
                    allowed: "one of " + SpecReader.oneOf(ParameterDomain.keywords)
                )
            )
            return placeholder(path)
        }
        reportOtherKeys(entries, of: keyword, at: path)
        let place = path.appending(.key(keyword))
        let domain: ParameterDomain?
        switch keyword {
        case "uniform":
            let step = number(tree.written("step"), at: path.appending(.key("step")))
            let points = integer(tree.written("points"), at: path.appending(.key("points")))
            domain = numbers(body, at: place).map { .uniform(low: $0, high: $1, step: step, points: points) }
        case "log":
            let points = integer(tree.written("points"), at: path.appending(.key("points")))
            domain = numbers(body, at: place).map { .logUniform(low: $0, high: $1, points: points) }
        case "int":
            let step = integer(tree.written("step"), at: path.appending(.key("step")))
            domain = integers(body, at: place).map { .integer(low: $0, high: $1, step: step ?? 1) }
        case "log_int":
            let points = integer(tree.written("points"), at: path.appending(.key("points")))
            domain = integers(body, at: place).map { .logInteger(low: $0, high: $1, points: points) }
        default: domain = choice(body, weights: tree.written("prior"), at: path)
        }
        let prior = keyword == "choice" ? nil : prior(tree.written("prior"), at: path.appending(.key("prior")))
        guard var domain else { return placeholder(path) }
        if let prior { domain = .believed(domain, prior) }
        if problems.all.count > before, keyword != "choice" {
            // The range's own rules are told together with what is wrong in its writing.
            for fault in domain.faults(at: path) { problems.add(fault) }
            return placeholder(path)
        }
        return .domain(domain)
    }

    /// Stands for a range that cannot be understood; different each time, so that two of them are not the same option.
    private mutating func placeholder(_ path: SpecPath) -> SpecNode {
        problems.mute(path)
        broken += 1
        return .text("?\(broken)")
    }

    /// Notes the places of what stands within a range, where nodes are not read one by one.
    private mutating func noteAll(_ tree: YAMLTree, at path: SpecPath, keyPlace: SourcePlace) {
        map.note(path, key: keyPlace, value: tree.place)
        guard case .list(let items) = tree.content else { return }
        for (index, item) in items.enumerated() {
            map.note(path.appending(.index(index)), key: item.place, value: item.place)
        }
    }

    private func reportOtherKeys(_ entries: [YAMLTree.Entry], of keyword: String, at path: SpecPath) {
        let extras: [String] =
            switch keyword {
            case "uniform": ["step", "points", "prior"]
            case "int": ["step", "prior"]
            case "log", "log_int": ["points", "prior"]
            default: ["prior"]
            }
        let allowed = SpecReader.oneOf([keyword] + extras)
        for entry in entries where entry.key != keyword && !extras.contains(entry.key) {
            let message: String
            switch entry.key {
            case "step", "points": message = "\(entry.key) has no meaning for \(keyword)"
            default: message = "unknown key beside \(keyword)"
            }
            problems.add(
                SpecProblem(
                    path: path.appending(.key(entry.key)),
                    message: message,
                    found: entry.key,
                    allowed: SpecReader.guess(extras, for: entry.key).map { "\(allowed) (did you mean \($0)?)" }
                        ?? allowed,
                    side: .key
                )
            )
        }
    }

    /// What is believed of a range; nil when nothing is, or it cannot be understood (and reported).
    private mutating func prior(_ tree: YAMLTree?, at path: SpecPath) -> RangePrior? {
        guard let tree else { return nil }
        let allowed = "{mean: NUMBER, deviation: NUMBER}"
        let keys = ["mean", "deviation"]
        guard case .map(let entries) = tree.content else {
            return report(tree, at: path, "a prior needs a mean and a deviation", allowed)
        }
        let isRight = hasOnly(keys, entries, at: path)
        let mean = number(tree.written("mean"), at: path.appending(.key("mean")))
        let deviation = number(tree.written("deviation"), at: path.appending(.key("deviation")))
        guard let mean, let deviation else {
            if isRight, keys.contains(where: { tree.written($0) == nil }) {
                return report(tree, at: path, "a prior needs a mean and a deviation", allowed)
            }
            return nil
        }
        return isRight ? RangePrior(mean: mean, deviation: deviation) : nil
    }

    /// What is believed of a choice of `count` options; nil when nothing is, or it cannot be understood (and reported).
    private mutating func weights(_ tree: YAMLTree?, count: Int, at path: SpecPath) -> [Double]? {
        guard let tree else { return nil }
        let allowed = "{weights: [NUMBER, …]}, one for each option"
        guard case .map(let entries) = tree.content else {
            return report(tree, at: path, "the prior of a choice needs weights", allowed)
        }
        guard hasOnly(["weights"], entries, at: path) else { return nil }
        guard let list = tree.written("weights") else {
            return report(tree, at: path, "the prior of a choice needs weights", allowed)
        }
        let place = path.appending(.key("weights"))
        guard case .list(let items) = list.content else {
            return report(list, at: place, "weights need a list", "[NUMBER, …], one for each option")
        }
        let found = items.enumerated().map { index, item in number(item, at: place.appending(.index(index))) }
        let weights = found.compactMap { $0 }
        guard weights.count == found.count else { return nil }
        guard weights.count == count else {
            problems.add(ParameterDomain.weightsDoNotMatch(weights.count, options: count, at: place))
            return nil
        }
        return weights
    }

    /// Whether a prior has none but `keys`; notes where its parts stand, and reports each other key.
    private mutating func hasOnly(_ keys: [String], _ entries: [YAMLTree.Entry], at path: SpecPath) -> Bool {
        var isRight = true
        for entry in entries {
            let place = path.appending(.key(entry.key))
            noteAll(entry.value, at: place, keyPlace: entry.place)
            guard !keys.contains(entry.key) else { continue }
            let others = ["sd", "std", "sigma", "scale", "stddev"]
            let meant =
                others.contains(entry.key) && keys.contains("deviation")
                ? "deviation" : SpecReader.guess(keys, for: entry.key)
            problems.add(
                SpecProblem(
                    path: place,
                    message: "unknown key",
                    found: entry.key,
                    allowed: SpecReader.oneOf(keys) + (meant.map { " (did you mean \($0)?)" } ?? ""),
                    side: .key
                )
            )
            isRight = false
        }
        return isRight
    }

    private mutating func choice(_ body: YAMLTree, weights: YAMLTree?, at path: SpecPath) -> ParameterDomain? {
        guard case .list(let items) = body.content else {
            return report(body, at: path.appending(.key("choice")), "a choice needs a list", "[option, option, …]")
        }
        let weights = self.weights(weights, count: items.count, at: path.appending(.key("prior")))
        return .choice(
            items.enumerated().map { index, item in
                ChoiceOption(
                    node(item, at: path.appending(.option(index)), keyPlace: item.place),
                    weight: weights?[index]
                )
            }
        )
    }

    private func numbers(_ body: YAMLTree, at path: SpecPath) -> (Double, Double)? {
        guard case .list(let items) = body.content, items.count == 2 else {
            return report(body, at: path, "a range needs two numbers", "[low, high]")
        }
        let low = number(items[0], at: path.appending(.index(0)))
        let high = number(items[1], at: path.appending(.index(1)))
        return low.flatMap { low in high.map { (low, $0) } }
    }

    private func integers(_ body: YAMLTree, at path: SpecPath) -> (Int, Int)? {
        guard case .list(let items) = body.content, items.count == 2 else {
            return report(body, at: path, "a range needs two integers", "[low, high]")
        }
        let low = integer(items[0], at: path.appending(.index(0)))
        let high = integer(items[1], at: path.appending(.index(1)))
        return low.flatMap { low in high.map { (low, $0) } }
    }

    /// The number `tree`; nil when there is none, or it is no finite number (and reported).
    private func number(_ tree: YAMLTree?, at path: SpecPath) -> Double? {
        guard let tree else { return nil }
        switch tree.content {
        case .scalar(.integer(let value)): return Double(value)
        case .scalar(.real(let value)) where value.isFinite: return value
        default: return report(tree, at: path, "not a number", "a number")
        }
    }

    /// The integer `tree`; nil when there is none, or it is no integer (and reported).
    private func integer(_ tree: YAMLTree?, at path: SpecPath) -> Int? {
        guard let tree else { return nil }
        switch tree.content {
        case .scalar(.integer(let value)): return value
        case .scalar(.real(let value)) where value == value.rounded() && abs(value) < 1e15: return Int(value)
        default: return report(tree, at: path, "not an integer", "an integer")
        }
    }

    private func report<Value>(_ tree: YAMLTree, at path: SpecPath, _ message: String, _ allowed: String) -> Value? {
        problems.add(SpecProblem(path: path, message: message, found: tree.plain.excerpt, allowed: allowed))
        return nil
    }
}
