package import SweepCore

/// Every configuration of a space once, in the file's order, the first parameter slowest.
///
/// A choice gives its options, an `int` each step; a `uniform` with `step` gives each step; `points` gives that many
/// values, even on the domain's own scale, with both ends. Parameters below a choice are multiplied only where their
/// option is taken.
package struct GridSearcher: Searcher {
    private let enumeration: SpaceEnumeration?
    private let constraints: [Constraint]
    package let total: Int?
    /// Where there are conditions: the places of those that meet them, as far as they were looked at.
    private var kept: [Int] = []
    private var looked = 0

    /// Starts over `space`, which must be without `problems(_:)`: with any, there are no configurations. Those that do not
    /// meet `constraints` are left out.
    package init(space: SearchSpace, constraints: [Constraint] = []) {
        let enumeration = SpaceEnumeration(space) { $0.gridValues }
        self.enumeration = enumeration
        self.constraints = constraints
        total = constraints.isEmpty ? enumeration?.count ?? 0 : enumeration?.count(meeting: constraints) ?? 0
    }

    package var ignoresResults: Bool { true }

    package func counts(_ configuration: Configuration) -> Bool {
        enumeration?.contains(configuration, meeting: constraints) ?? false
    }

    package mutating func propose(number: Int) -> Configuration? {
        guard !constraints.isEmpty else { return enumeration?.configuration(at: number) }
        guard number >= 0 else { return nil }
        while kept.count <= number {
            guard let configuration = enumeration?.configuration(at: looked) else { return nil }
            if constraints.allSatisfy({ $0.holds(configuration) }) { kept.append(looked) }
            looked += 1
        }
        return enumeration?.configuration(at: kept[number])
    }

    /// The ranges of `space` that do not say which of their values a grid takes, at their places in the sweep file.
    package static func problems(_ space: SearchSpace) -> [SpecProblem] {
        var problems: [SpecProblem] = []
        collect(space.template, at: SpecPath(), into: &problems)
        return problems
    }

    private static func collect(_ node: SpecNode, at path: SpecPath, into problems: inout [SpecProblem]) {
        switch node {
        case .map(let entries):
            for entry in entries { collect(entry.value, at: path.appending(.key(entry.key)), into: &problems) }
        case .list(let items):
            for (index, item) in items.enumerated() {
                collect(item, at: path.appending(.index(index)), into: &problems)
            }
        case .domain(.choice(let options)):
            for (index, option) in options.enumerated() {
                collect(option.node, at: path.appending(.option(index)), into: &problems)
            }
            if let weights = ParameterDomain.choice(options).weights {
                problems.append(prior(ParameterDomain.text(ofWeights: weights), at: path))
            }
        case .domain(.believed(let range, let believed)):
            collect(.domain(range), at: path, into: &problems)
            problems.append(prior(believed.text, at: path))
        case .domain(let domain):
            guard domain.gridValues == nil else { return }
            let allowed: String
            if case .uniform = domain {
                allowed = "step or points, or choice, or search: {method: random}"
            } else {
                allowed = "points, or choice, or search: {method: random}"
            }
            problems.append(
                SpecProblem(
                    path: path,
                    message: "a grid must know which values of this range to take",
                    found: domain.text,
                    allowed: allowed
                )
            )
        case .null, .boolean, .integer, .real, .text: break
        }
    }

    private static func prior(_ found: String, at path: SpecPath) -> SpecProblem {
        SpecProblem(
            path: path.appending(.key("prior")),
            message: "a grid takes every value, whatever is believed",
            found: found,
            allowed: "no prior, or search: {method: random}"
        )
    }
}
