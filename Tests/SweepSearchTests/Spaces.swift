import SweepCore
import SweepNumerics

/// Search spaces for tests, written as nodes.
enum Spaces {
    static func map(_ entries: (String, SpecNode)...) -> SpecNode {
        .map(entries.map { SpecEntry($0.0, $0.1) })
    }

    static func choice(_ options: SpecNode...) -> SpecNode { .domain(.choice(options.map { ChoiceOption($0) })) }

    static func space(_ entries: (String, SpecNode)...) -> SearchSpace {
        SearchSpace(template: .map([SpecEntry("train", .map(entries.map { SpecEntry($0.0, $0.1) }))]))
    }

    /// A choice of two branches with parameters of their own, before and after plain ones; 3 · (2 · 2 + 3 + 1) · 2 = 48.
    static let nested = space(
        ("layers", .domain(.integer(low: 1, high: 3, step: 1))),
        (
            "optimizer",
            choice(
                map(
                    (
                        "sgd",
                        map(
                            ("learning_rate", choice(.real(0.1), .real(1))),
                            ("momentum", .domain(.uniform(low: 0, high: 0.9, step: 0.9, points: nil)))
                        )
                    )
                ),
                map(("adam", map(("learning_rate", .domain(.logUniform(low: 1e-4, high: 1e-2, points: 3)))))),
                .text("none")
            )
        ),
        ("batch_size", choice(.integer(16), .integer(32)))
    )

    /// The space with something believed of each of its ranges and choices; of three options the last has the weight 0.
    static func believed(_ space: SearchSpace) -> SearchSpace { SearchSpace(template: believed(space.template)) }

    private static func believed(_ node: SpecNode) -> SpecNode {
        switch node {
        case .map(let entries): .map(entries.map { SpecEntry($0.key, believed($0.value)) })
        case .list(let items): .list(items.map(believed))
        case .domain(.choice(let options)):
            .domain(
                .choice(
                    options.enumerated().map { index, option in
                        let weight = Double((index + 1) % 3)
                        return ChoiceOption(label: option.label, node: believed(option.node), weight: weight)
                    }
                )
            )
        case .domain(let domain): .domain(believed(domain))
        case .null, .boolean, .integer, .real, .text: node
        }
    }

    private static func believed(_ domain: ParameterDomain) -> ParameterDomain {
        switch domain {
        case .uniform(let low, let high, _, _):
            .believed(domain, RangePrior(mean: 0.7 * low + 0.3 * high, deviation: 0.1 * (high - low)))
        case .logUniform(let low, let high, _):
            .believed(domain, RangePrior(mean: (low * high).squareRoot(), deviation: 0.2))
        case .integer(let low, let high, _):
            .believed(domain, RangePrior(mean: Double(high), deviation: 0.5 * Double(high - low)))
        case .logInteger(let low, _, _): .believed(domain, RangePrior(mean: Double(low), deviation: 0.1))
        case .choice, .believed: domain
        }
    }

    /// A random space of at most `depth` levels of choices; finite when `discrete`.
    static func random(_ stream: inout RandomStream, depth: Int = 2, discrete: Bool) -> SearchSpace {
        SearchSpace(template: .map([SpecEntry("train", branch(&stream, depth: depth, discrete: discrete))]))
    }

    private static func branch(_ stream: inout RandomStream, depth: Int, discrete: Bool) -> SpecNode {
        let count = 1 + stream.below(3)
        return .map((0..<count).map { SpecEntry("p\($0)", value(&stream, depth: depth, discrete: discrete)) })
    }

    private static func value(_ stream: inout RandomStream, depth: Int, discrete: Bool) -> SpecNode {
        switch stream.below(discrete ? 5 : 7) {
        case 0: return .integer(stream.below(100))
        case 1: return .domain(.integer(low: -stream.below(3), high: stream.below(4), step: 1 + stream.below(2)))
        case 2:
            let low = stream.uniform() - 0.5
            let high = low + stream.uniform()
            return .domain(.uniform(low: low, high: high, step: 0.05 + stream.uniform(), points: nil))
        case 3, 4:
            if depth == 0 { return choice(.text("a"), .boolean(true), .null) }
            let options = (0..<(1 + stream.below(3))).map { index -> ChoiceOption in
                if stream.below(2) == 0 { return ChoiceOption(.text("word\(index)")) }
                return ChoiceOption(
                    .map([SpecEntry("kind\(index)", branch(&stream, depth: depth - 1, discrete: discrete))])
                )
            }
            return .domain(.choice(options))
        case 5:
            let low = stream.uniform() - 0.5
            return .domain(.uniform(low: low, high: low + stream.uniform(), step: nil, points: 1 + stream.below(4)))
        default:
            let low = 1e-6 + stream.uniform()
            return .domain(.logUniform(low: low, high: low * (1 + 100 * stream.uniform()), points: 1 + stream.below(4)))
        }
    }
}
