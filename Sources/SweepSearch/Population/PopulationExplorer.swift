package import SweepCore
import SweepNumerics

/// What a copy of a member is trained with: the settings of the member that was copied, some of them changed.
///
/// Each setting that may change while a network is trained is drawn anew from its range with the probability `resample`, else perturbed by
/// one of the factors; the others are inherited with the state. A copy is a function of (spec, space, seed, number, what is copied).
/// Source: Jaderberg et al. 2017, §4.1.1, "explore": perturb and resample.
package struct PopulationExplorer: Sendable {
    /// A setting of a copy that may be another one than that of the member that was copied.
    package struct Change: Hashable, Sendable {
        package let path: String
        package let from: ParameterValue
        package let to: ParameterValue
        /// Nil where it was drawn anew.
        package let factor: Double?

        package init(path: String, from: ParameterValue, to: ParameterValue, factor: Double?) {
            self.path = path
            self.from = from
            self.to = to
            self.factor = factor
        }
    }

    /// Draws of one that meets the conditions and differs from what is copied.
    private static let draws: UInt64 = 64

    private let population: PopulationSpec
    private let space: SearchSpace
    private let seed: UInt64
    private let constraints: [Constraint]
    private let changeable: Set<Parameter>

    /// Explores `space` with the sweep's seed; every copy meets `constraints`.
    package init(_ population: PopulationSpec, space: SearchSpace, seed: UInt64, constraints: [Constraint] = []) {
        self.population = population
        self.space = space
        self.seed = seed
        self.constraints = constraints
        changeable = Set(zip(space.parameters, space.changeable).filter { $0.1 }.map { $0.0 })
    }

    /// The settings of copy `number` of a member with the settings `parent`, and what was changed, in the space's order.
    ///
    /// Where nothing else is found that meets the conditions the copy has the settings of its parent.
    package func copy(of parent: Configuration, number: Int) -> (configuration: Configuration, changes: [Change]) {
        let own = specification(of: parent)
        for draw in 0..<Self.draws {
            var hash = StableHash()
            hash.combine("pbt explore")
            hash.combine(seed)
            hash.combine(UInt64(number))
            hash.combine(draw)
            var stream = RandomStream(key: hash.value)
            var changes: [Change] = []
            let configuration = space.configuration { parameter in
                let known = parent[parameter.path].flatMap { parameter.domain.contains($0) ? $0 : nil }
                // A branch that its parent was not in.
                guard let known else { return parameter.domain.sample(&stream) }
                guard changeable.contains(parameter) else { return known }
                var factor: Double?
                let value: ParameterValue
                if stream.uniform() < population.resample {
                    value = parameter.domain.sample(&stream)
                } else {
                    let chosen = population.factors[stream.below(population.factors.count)]
                    value = parameter.domain.perturbed(known, by: chosen)
                    factor = chosen
                }
                changes.append(Change(path: parameter.path, from: known, to: value, factor: factor))
                return value
            }
            if configuration != parent, constraints.allSatisfy({ $0.holds(configuration) }),
                fits(own, specification(of: configuration))
            {
                return (configuration, changes)
            }
        }
        return (parent, [])
    }

    private func specification(of configuration: Configuration) -> TrialSpec? {
        space.resolve(configuration).flatMap { TrialSpec.read($0, problems: SpecProblems()) }
    }

    /// Whether a run of the one goes on as the other: that each parameter may change by itself does not say so of a branch with
    /// parameters of its own.
    private func fits(_ own: TrialSpec?, _ other: TrialSpec?) -> Bool {
        guard let own, let other else { return own == nil }
        return own.canGoOn(as: other)
    }
}
