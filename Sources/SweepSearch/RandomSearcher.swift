package import SweepCore
import SweepNumerics

/// Independent draws from the space: configuration n is a pure function of (space, seed, n).
///
/// Each value is drawn from a stream of its own, keyed by (seed, n, parameter), so that a parameter's values do not
/// change when another one is added. A configuration that was proposed before is drawn again, and when that fails too
/// often the next unseen one in the order of the enumeration is taken: equal configurations have equal seeds, so a
/// repetition would train the same bits again. When a finite space is used up, there are no more proposals. (In a space
/// whose only continuous branches are chosen less than once in a thousand times, a repetition is possible in the end.)
///
/// What was proposed before n belongs to the answer for n; it is made again in order when it is not there. Memory:
/// 2 bytes a proposal, and 16 to 32 bytes for each that could come twice (no active real without a step).
/// Source: Bergstra & Bengio, "Random search for hyper-parameter optimization", JMLR 13, 2012.
package struct RandomSearcher: Searcher {
    /// Draws before the enumeration is walked. 64 misses in a row mean that some nine tenths of the probability is used
    /// up (0.9^64 = 0.1 %), so the walk begins only where most points are taken.
    private static let drawsBeforeWalk: UInt16 = 64
    /// Draws where nothing can be walked, because some branch has no end: a branch of 1 % is missed once in 10^17.
    private static let drawsWithoutEnd: UInt16 = 4096

    /// A parameter as it is drawn.
    private struct Axis: Sendable {
        let path: String
        let sampler: DomainSampler
        /// Of a choice of which something is believed: as if nothing were.
        let even: DomainSampler?
        /// Whether it has no end of values.
        let isContinuous: Bool
        /// The choice that must be taken for it to count, and its option.
        let parent: (axis: Int, option: Int)?
        /// Of a choice, what each option is called.
        let labels: [ParameterValue]
    }

    private let axes: [Axis]
    private let seed: UInt64
    private let enumeration: SpaceEnumeration?
    private let constraints: [Constraint]
    /// How many distinct configurations there are, at most; nil when there is no end of them.
    package let total: Int?
    /// How often a number is drawn before it is decided otherwise.
    private let draws: UInt16
    /// For each number the draw that was kept; `draws` where the enumeration was walked.
    private var kept: [UInt16] = []
    /// Where the walk ended, for the numbers that needed it.
    private var walked: [Int: Int] = [:]
    private var seen: Set<ConfigurationID> = []
    /// Whether a walk went through the whole space and found nothing new, so that no other one will.
    private var isUsedUp = false

    /// Starts over `space` with the sweep's seed; every proposal meets `constraints`.
    package init(space: SearchSpace, seed: UInt64, constraints: [Constraint] = []) {
        axes = Self.axes(of: space)
        self.seed = seed
        self.constraints = constraints
        enumeration = SpaceEnumeration(space) { $0.allValues }
        total = enumeration.flatMap { $0.count(meeting: constraints) }
        draws = enumeration == nil || !constraints.isEmpty ? Self.drawsWithoutEnd : Self.drawsBeforeWalk
    }

    package var ignoresResults: Bool { true }

    package func counts(_ configuration: Configuration) -> Bool {
        enumeration?.contains(configuration, meeting: constraints) ?? false
    }

    package mutating func propose(number: Int) -> Configuration? {
        guard number >= 0 else { return nil }
        var newest: Configuration?
        while kept.count <= number {
            newest = draw(kept.count)
            if newest == nil { return nil }
        }
        // The last that was decided is the one that is asked for.
        if let newest { return newest }
        if kept[number] < draws { return sample(number, draw: kept[number]).configuration }
        return walked[number].flatMap { enumeration?.configuration(at: $0) }
    }

    /// Decides proposal `number`, given all before it; nil when the space is used up.
    private mutating func draw(_ number: Int) -> Configuration? {
        if let total, seen.count >= total || isUsedUp { return nil }
        var repetition: (attempt: UInt16, configuration: Configuration)?
        for attempt in 0..<draws {
            let (configuration, isContinuous) = sample(number, draw: attempt)
            guard meetsConstraints(configuration) else { continue }
            // One with a real from a continuous range is not drawn again.
            if isContinuous && enumeration == nil || seen.insert(configuration.id).inserted {
                kept.append(attempt)
                return configuration
            }
            repetition = (attempt, configuration)
        }
        guard let enumeration, let total = enumeration.finiteCount else {
            // A space without end whose continuous branches are all but never taken: a repetition is the better answer.
            guard let repetition else { return nil }
            kept.append(repetition.attempt)
            return repetition.configuration
        }
        var stream = RandomStream(key: key(number, draws))
        var index = stream.below(total)
        for _ in 0..<min(total, SpaceEnumeration.greatestWalk) {
            if let configuration = enumeration.configuration(at: index), meetsConstraints(configuration),
                seen.insert(configuration.id).inserted
            {
                kept.append(draws)
                walked[number] = index
                return configuration
            }
            index = (index + 1) % total
        }
        isUsedUp = total <= SpaceEnumeration.greatestWalk
        return nil
    }

    private func meetsConstraints(_ configuration: Configuration) -> Bool {
        constraints.allSatisfy { $0.holds(configuration) }
    }

    /// The configuration of a draw, and whether it holds a real from a continuous range.
    private func sample(_ number: Int, draw: UInt16) -> (configuration: Configuration, isContinuous: Bool) {
        var keyed = StableHash()
        keyed.combine(key(number, draw))
        var isContinuous = false
        // What is believed of options may leave nothing new: the last quarter of the draws does without.
        let isEven = draw >= draws - draws / 4
        let entries = withUnsafeTemporaryAllocation(of: Int.self, capacity: max(1, axes.count)) { taken in
            var entries: [Configuration.Entry] = []
            entries.reserveCapacity(axes.count)
            for place in axes.indices {
                taken[place] = -1
                if let parent = axes[place].parent, taken[parent.axis] != parent.option { continue }
                var hash = keyed
                hash.combine(axes[place].path)
                var stream = RandomStream(key: hash.value)
                let sampler = isEven ? axes[place].even ?? axes[place].sampler : axes[place].sampler
                let value = sampler.sample(&stream)
                if axes[place].isContinuous { isContinuous = true }
                if let option = axes[place].labels.firstIndex(of: value) { taken[place] = option }
                entries.append(.init(path: axes[place].path, value: value))
            }
            return entries
        }
        return (Configuration(entries), isContinuous)
    }

    private static func axes(of space: SearchSpace) -> [Axis] {
        var places: [String: Int] = [:]
        return space.parameters.enumerated().map { place, parameter in
            let parent = parameter.condition.map { (axis: places[$0.path] ?? place, option: $0.option) }
            places[parameter.path] = place
            let labels: [ParameterValue] =
                if case .choice(let options) = parameter.domain { options.map(\.label) } else { [] }
            return Axis(
                path: parameter.path,
                sampler: DomainSampler(parameter.domain),
                even: parameter.domain.weights == nil ? nil : .values(.list(labels)),
                isContinuous: parameter.domain.allValues == nil,
                parent: parent,
                labels: labels
            )
        }
    }

    private func key(_ number: Int, _ draw: UInt16) -> UInt64 {
        var hash = StableHash()
        hash.combine(seed)
        hash.combine(UInt64(number))
        hash.combine(UInt64(draw))
        return hash.value
    }
}
