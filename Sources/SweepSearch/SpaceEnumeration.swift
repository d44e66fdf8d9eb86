import SweepCore

/// A finite space, counted and indexed without writing it out.
///
/// Index 0 holds every parameter's first value; the space's first parameter changes slowest. Below a choice each
/// option's own parameters are multiplied, and the options follow one another, so no configuration comes twice.
struct SpaceEnumeration: Sendable {
    private struct Node: Sendable {
        let path: String
        var values: DomainValues
        /// What hangs below each option of a choice; empty for other domains.
        var branches: [[Node]] = []
        var count = 0
    }

    private let space: SearchSpace
    private let roots: [Node]
    /// How many configurations there are; `Int.max` when there are at least that many.
    let count: Int

    /// The enumeration of `space` with the values that `values` gives each domain (choices aside: all options, or without those of
    /// weight 0).
    ///
    /// Nil when `values` answers nil for any domain, that is, when there is no end of configurations.
    init?(_ space: SearchSpace, withoutRuledOut: Bool = false, values: (ParameterDomain) -> DomainValues?) {
        guard let roots = Self.nodes(space.parameters, below: nil, withoutRuledOut, values) else { return nil }
        self.space = space
        self.roots = roots
        count = roots.reduce(1) { Saturating.product($0, $1.count) }
    }

    /// The configuration at `index`; nil outside 0 ..< count.
    func configuration(at index: Int) -> Configuration? {
        guard index >= 0, index < count else { return nil }
        var values: [ParameterValue] = []
        Self.decode(roots, index, into: &values)
        var next = 0
        // The values come parents first, which is the order in which the space asks for them.
        return space.configuration { _ in
            defer { next += 1 }
            return next < values.count ? values[next] : .none
        }
    }

    /// Whether `configuration` is one of them: a value of each parameter that is active, and none of another.
    func contains(_ configuration: Configuration) -> Bool {
        var used = 0
        return Self.holds(roots, configuration, &used) && used == configuration.entries.count
    }

    private static func holds(_ nodes: [Node], _ configuration: Configuration, _ used: inout Int) -> Bool {
        for node in nodes {
            guard let value = configuration[node.path], let place = node.values.index(of: value) else { return false }
            used += 1
            if !node.branches.isEmpty, !holds(node.branches[place], configuration, &used) { return false }
        }
        return true
    }

    private static func nodes(
        _ parameters: [Parameter],
        below condition: Parameter.Condition?,
        _ withoutRuledOut: Bool,
        _ values: (ParameterDomain) -> DomainValues?
    ) -> [Node]? {
        var nodes: [Node] = []
        for parameter in parameters where parameter.condition == condition {
            if case .choice(let options) = parameter.domain {
                let taken = options.indices.filter { !withoutRuledOut || options[$0].weight != 0 }
                var node = Node(path: parameter.path, values: .list(taken.map { options[$0].label }))
                for option in taken {
                    let branch = Parameter.Condition(path: parameter.path, option: option)
                    guard let children = Self.nodes(parameters, below: branch, withoutRuledOut, values) else {
                        return nil
                    }
                    node.branches.append(children)
                    node.count = Saturating.sum(node.count, children.reduce(1) { Saturating.product($0, $1.count) })
                }
                nodes.append(node)
            } else {
                guard let own = values(parameter.domain) else { return nil }
                nodes.append(Node(path: parameter.path, values: own, count: own.count))
            }
        }
        return nodes
    }

    /// Writes the values at `index` of the product of `nodes`: mixed radix, the last node changes fastest.
    private static func decode(_ nodes: [Node], _ index: Int, into values: inout [ParameterValue]) {
        var digits = Array(repeating: 0, count: nodes.count)
        var rest = index
        for position in nodes.indices.reversed() where nodes[position].count > 0 {
            digits[position] = rest % nodes[position].count
            rest /= nodes[position].count
        }
        for (node, digit) in zip(nodes, digits) {
            guard !node.branches.isEmpty else {
                values.append(node.values[digit])
                continue
            }
            var within = digit
            for (option, branch) in node.branches.enumerated() {
                let size = branch.reduce(1) { Saturating.product($0, $1.count) }
                if within < size {
                    values.append(node.values[option])
                    decode(branch, within, into: &values)
                    break
                }
                within -= size
            }
        }
    }
}

/// The values of one domain that an enumeration goes through, in order.
enum DomainValues: Sendable {
    case list([ParameterValue])
    /// `count` integers: first, first + step, …
    case integers(first: Int, step: Int, count: Int)
    /// `count` reals: first, first + step, … ≤ last.
    case reals(first: Double, step: Double, last: Double, count: Int)

    var count: Int {
        switch self {
        case .list(let values): values.count
        case .integers(_, _, let count), .reals(_, _, _, let count): count
        }
    }

    /// The value at `index`, which must be one of 0 ..< count.
    subscript(index: Int) -> ParameterValue {
        switch self {
        case .list(let values): values[index]
        case .integers(let first, let step, _): .integer(first &+ index &* step)
        case .reals(let first, let step, let last, _):
            .real(min(max(Decimals.snap(first + Double(index) * step), first), last))
        }
    }
}

extension DomainValues {
    /// Where `value` stands; nil for one that is not among them.
    func index(of value: ParameterValue) -> Int? {
        switch (self, value) {
        case (.list(let values), _): return values.firstIndex(of: value)
        case (.integers(let first, let step, let count), .integer(let integer)):
            let (span, overflow) = integer.subtractingReportingOverflow(first)
            guard !overflow, span >= 0, span.isMultiple(of: step), span / step < count else { return nil }
            return span / step
        case (.reals(let first, let step, _, let count), .real(let real)):
            let place = ((real - first) / step).rounded()
            // Compared as reals first: the conversion must not meet what is no number, or one beyond Int's.
            guard place >= 0, place < Double(count) else { return nil }
            return self[Int(place)] == value ? Int(place) : nil
        default: return nil
        }
    }
}

/// Sums and products that stop at `Int.max`.
enum Saturating {
    static func sum(_ a: Int, _ b: Int) -> Int {
        let (value, overflow) = a.addingReportingOverflow(b)
        return overflow ? Int.max : value
    }

    static func product(_ a: Int, _ b: Int) -> Int {
        let (value, overflow) = a.multipliedReportingOverflow(by: b)
        return overflow ? Int.max : value
    }
}
