/// A value of the sweep file: what YAML can say, plus domains in place of values.
///
/// The whole file is one node. It is what is stored and sent; every typed view (`Sweep`, `TrainingSpec`) is read from it
/// by one pure reader, so a peer's bytes go through the same checks as the user's file.
package indirect enum SpecNode: Hashable, Sendable {
    case null
    case boolean(Bool)
    case integer(Int)
    case real(Double)
    case text(String)
    case list([SpecNode])
    case map([SpecEntry])
    case domain(ParameterDomain)

    /// The value under `key`, when this is a map that has it.
    package subscript(key: String) -> SpecNode? {
        guard case .map(let entries) = self else { return nil }
        return entries.first { $0.key == key }?.value
    }
}

/// One `key: value` of a map; maps keep the file's order.
package struct SpecEntry: Hashable, Sendable {
    package let key: String
    package let value: SpecNode
    package init(_ key: String, _ value: SpecNode) {
        self.key = key
        self.value = value
    }
}

/// A set of values that a parameter may take, with the scale on which it is searched.
package enum ParameterDomain: Hashable, Sendable {
    /// `{uniform: [low, high]}`: reals, even on a linear scale; with `step`, only low, low + step, …; `points` is for grids.
    case uniform(low: Double, high: Double, step: Double?, points: Int?)
    /// `{log: [low, high]}`: reals, even on a logarithmic scale.
    case logUniform(low: Double, high: Double, points: Int?)
    /// `{int: [low, high]}`: integers low, low + step, … ≤ high.
    case integer(low: Int, high: Int, step: Int)
    /// `{log_int: [low, high]}`: integers, even on a logarithmic scale; `points` is for grids.
    case logInteger(low: Int, high: Int, points: Int?)
    /// `{choice: [..]}`: one of the options, which may be whole branches.
    case choice([ChoiceOption])
    /// A numeric range with `prior: {mean: m, deviation: s}` beside it; the range is none of this case, and no choice.
    indirect case believed(ParameterDomain, RangePrior)
}

/// One option of a choice.
package struct ChoiceOption: Hashable, Sendable {
    /// What a configuration holds when this option is taken; differs from every other option's label.
    package let label: ParameterValue
    /// What stands in the place of the choice when this option is taken; may hold domains of its own.
    package let node: SpecNode
    /// How likely the option is held to be, beside those of the others; nil where nothing is believed of the choice.
    package let weight: Double?
    package init(label: ParameterValue, node: SpecNode, weight: Double? = nil) {
        self.label = label
        self.node = node
        self.weight = weight
    }

    /// The option of `node`: a scalar is its own label, a map of one key is called by that key, the rest by its text.
    package init(_ node: SpecNode, weight: Double? = nil) {
        self.node = node
        self.weight = weight
        switch node {
        case .null: label = .none
        case .boolean(let value): label = .flag(value)
        case .integer(let value): label = .integer(value)
        case .real(let value): label = .real(value)
        case .text(let value): label = .text(value)
        case .map(let entries) where entries.count == 1: label = .text(entries[0].key)
        default: label = .text(node.text)
        }
    }
}

extension SpecNode {
    /// The node on one line, close to YAML's flow style: for messages and labels, not for reading back.
    package var text: String {
        switch self {
        case .null: "null"
        case .boolean(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .real(let value): ParameterValue.real(value).description
        case .text(let value): value
        case .list(let items): "[" + items.map(\.text).joined(separator: ", ") + "]"
        case .map(let entries):
            "{" + entries.map { "\($0.key): \($0.value.text)" }.joined(separator: ", ") + "}"
        case .domain(let domain): domain.text
        }
    }

    /// The text cut to what a message can hold; in quotes where it could be taken for another kind of value.
    package var excerpt: String {
        let text = text
        if case .text = self, Double(text) != nil || ["", "~", "null", "true", "false"].contains(text) {
            return "\"\(text)\""
        }
        return text.count > 80 ? text.prefix(79) + "…" : text
    }
}

extension ParameterDomain {
    /// The range of ours that a map in another tool's words means (`{min: 1, max: 9}`, `{values: [1, 2]}`); nil when it is none.
    static func meant(by map: SpecNode) -> String? {
        if let values = map["values"], case .list = values { return "{choice: \(values.excerpt)}" }
        if case .map(let entries) = map, entries.count == 1, let word = otherWords[entries[0].key],
            case .list(let items) = entries[0].value
        {
            if word == "choice" { return "{choice: \(entries[0].value.excerpt)}" }
            // What follows the bounds is a step.
            if items.count > 1 { return "{\(word): [\(items[0].excerpt), \(items[1].excerpt)]}" }
        }
        if case .list(let bounds)? = map["range"], bounds.count == 2 {
            return range(bounds[0], bounds[1], map["distribution"])
        }
        func first(_ keys: [String]) -> SpecNode? { keys.lazy.compactMap { map[$0] }.first }
        guard let low = first(["min", "low", "minimum"]), let high = first(["max", "high", "maximum"]) else {
            return nil
        }
        return range(low, high, first(["distribution", "log", "scale"]))
    }

    /// Our word for what Ray Tune, W&B and hyperopt call a kind of range. (`loguniform` is spelled much like our `uniform`.)
    private static let otherWords = [
        "loguniform": "log", "log_uniform": "log", "log_uniform_values": "log", "qloguniform": "log",
        "quniform": "uniform", "randint": "int", "qrandint": "int", "lograndint": "log_int", "grid_search": "choice",
        "categorical": "choice",
    ]

    private static func range(_ low: SpecNode, _ high: SpecNode, _ kind: SpecNode?) -> String {
        let bounds = "[\(low.excerpt), \(high.excerpt)]"
        let isLog = kind == .boolean(true) || kind?.text.contains("log") == true
        if case .integer = low, case .integer = high { return "{\(isLog ? "log_int" : "int"): \(bounds)}" }
        return isLog ? "{log: \(bounds)}" : "{uniform: \(bounds)} or {log: \(bounds)}"
    }

    /// The keys that make a map of the sweep file a domain.
    package static let keywords = ["uniform", "log", "int", "log_int", "choice"]

    /// The key under which the sweep file writes this domain.
    package var keyword: String {
        switch self {
        case .uniform: "uniform"
        case .logUniform: "log"
        case .integer: "int"
        case .logInteger: "log_int"
        case .choice: "choice"
        case .believed(let range, _): range.keyword
        }
    }

    /// The domain as the sweep file writes it.
    package var text: String {
        func real(_ value: Double) -> String { ParameterValue.real(value).description }
        func extra(_ name: String, _ value: String?) -> String { value.map { ", \(name): \($0)" } ?? "" }
        switch self {
        case .uniform(let low, let high, let step, let points):
            return "{uniform: [\(real(low)), \(real(high))]\(extra("step", step.map(real)))"
                + extra("points", points.map { String($0) }) + "}"
        case .logUniform(let low, let high, let points):
            return "{log: [\(real(low)), \(real(high))]\(extra("points", points.map { String($0) }))}"
        case .integer(let low, let high, let step):
            return "{int: [\(low), \(high)]\(extra("step", step == 1 ? nil : String(step)))}"
        case .logInteger(let low, let high, let points):
            return "{log_int: [\(low), \(high)]\(extra("points", points.map { String($0) }))}"
        case .choice(let options):
            let list = options.map(\.node.text).joined(separator: ", ")
            return "{choice: [\(list)]\(extra("prior", weights.map(Self.text(ofWeights:))))}"
        case .believed(let range, let prior): return "\(range.text.dropLast()), prior: \(prior.text)}"
        }
    }
}

extension SpecNode {
    /// The key of a map of one entry, or the word that stands for such a map; nil for anything else.
    package var onlyKey: String? {
        switch self {
        case .map(let entries) where entries.count == 1: entries[0].key
        case .text(let word): word
        default: nil
        }
    }
}
