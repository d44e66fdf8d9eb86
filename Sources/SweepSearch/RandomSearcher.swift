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
        /// Of a choice of which something is believed: as if nothing were, without options of weight 0 and with them.
        let even: (possible: DomainSampler, all: DomainSampler)?
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
    /// Whether a choice has an option of weight 0.
    private let hasRuledOut: Bool
    /// The configurations without such an option, where there are some and an end of the others.
    private let possible: SpaceEnumeration?
    private let constraints: [Constraint]
    /// How many distinct configurations there are, at most; nil when there is no end of them.
    package let total: Int?
    /// How often a number is drawn before it is decided otherwise.
    private let draws: UInt16
    /// For each number the draw that was kept, where no enumeration was walked.
    private var kept: [UInt16] = []
    /// Where the walk ended, for the numbers that needed it, and whether it was through `possible`.
    private var walked: [Int: (index: Int, isPossible: Bool)] = [:]
    private var seen: Set<ConfigurationID> = []
    /// Whether a walk went through the whole space and found nothing new, so that no other one will.
    private var isUsedUp = false
    /// Whether one went through all of `possible`.
    private var isPossibleUsedUp = false

    /// Starts over `space` with the sweep's seed; every proposal meets `constraints`.
    package init(space: SearchSpace, seed: UInt64, constraints: [Constraint] = []) {
        axes = Self.axes(of: space)
        self.seed = seed
        self.constraints = constraints
        enumeration = SpaceEnumeration(space) { $0.allValues }
        hasRuledOut = space.parameters.contains { $0.domain.hasRuledOut }
        possible = hasRuledOut ? SpaceEnumeration(space, withoutRuledOut: true) { $0.allValues } : nil
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
        guard let walk = walked[number] else { return sample(number, draw: kept[number]).configuration }
        return (walk.isPossible ? possible : enumeration)?.configuration(at: walk.index)
    }

    /// Decides proposal `number`, given all before it; nil when the space is used up.
    private mutating func draw(_ number: Int) -> Configuration? {
        if let total, seen.count >= total || isUsedUp { return nil }
        var repetition: Draw?
        if let new = firstNew(number, draws: 0..<draws, &repetition) { return keep(new) }
        if !isPossibleUsedUp, let possible, let count = possible.finiteCount {
            if let (index, configuration) = walk(possible, of: count, number) {
                walked[number] = (index, true)
                return keep((draws, configuration, false))
            }
            isPossibleUsedUp = count <= SpaceEnumeration.greatestWalk
        }
        guard let enumeration, let total = enumeration.finiteCount else {
            if hasRuledOut {
                var other: Draw?
                if let new = firstNew(number, draws: draws..<draws + draws / 4, &other) { return keep(new) }
            }
            // A space without end whose continuous branches are all but never taken: a repetition is the better answer.
            return repetition.map { keep($0) }
        }
        if let (index, configuration) = walk(enumeration, of: total, number) {
            walked[number] = (index, false)
            return keep((draws, configuration, false))
        }
        isUsedUp = total <= SpaceEnumeration.greatestWalk
        return nil
    }

    /// A configuration, which draw it is, and whether it cannot be drawn again.
    private typealias Draw = (attempt: UInt16, configuration: Configuration, isSingle: Bool)

    /// The first of `draws` that is new; what meets the constraints and is not new goes to `repetition`.
    private func firstNew(_ number: Int, draws: Range<UInt16>, _ repetition: inout Draw?) -> Draw? {
        for attempt in draws {
            let (configuration, isContinuous) = sample(number, draw: attempt)
            guard meetsConstraints(configuration) else { continue }
            // One with a real from a continuous range is not drawn again.
            let isSingle = isContinuous && enumeration == nil
            if isSingle || !seen.contains(configuration.id) { return (attempt, configuration, isSingle) }
            repetition = (attempt, configuration, false)
        }
        return nil
    }

    /// The first new configuration from a drawn place on, and where it stands; nil when none is found.
    private func walk(
        _ enumeration: SpaceEnumeration,
        of total: Int,
        _ number: Int
    ) -> (index: Int, configuration: Configuration)? {
        var stream = RandomStream(key: key(number, draws))
        var index = stream.below(total)
        for _ in 0..<min(total, SpaceEnumeration.greatestWalk) {
            if let configuration = enumeration.configuration(at: index), meetsConstraints(configuration),
                !seen.contains(configuration.id)
            {
                return (index, configuration)
            }
            index = (index + 1) % total
        }
        return nil
    }

    private mutating func keep(_ draw: Draw) -> Configuration {
        kept.append(draw.attempt)
        if !draw.isSingle { seen.insert(draw.configuration.id) }
        return draw.configuration
    }

    private func meetsConstraints(_ configuration: Configuration) -> Bool {
        constraints.allSatisfy { $0.holds(configuration) }
    }

    /// The configuration of a draw, and whether it holds a real from a continuous range.
    private func sample(_ number: Int, draw: UInt16) -> (configuration: Configuration, isContinuous: Bool) {
        var keyed = StableHash()
        keyed.combine(key(number, draw))
        var isContinuous = false
        // What is believed of options may leave nothing new: the last quarter of the draws does without, but for the weight 0.
        let isEven = draw >= draws - draws / 4
        let isOpen = draw >= draws
        let entries = withUnsafeTemporaryAllocation(of: Int.self, capacity: max(1, axes.count)) { taken in
            var entries: [Configuration.Entry] = []
            entries.reserveCapacity(axes.count)
            for place in axes.indices {
                taken[place] = -1
                if let parent = axes[place].parent, taken[parent.axis] != parent.option { continue }
                var hash = keyed
                hash.combine(axes[place].path)
                var stream = RandomStream(key: hash.value)
                let even = isEven ? axes[place].even.map { isOpen ? $0.all : $0.possible } : nil
                let sampler = even ?? axes[place].sampler
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
            let believed = parameter.domain.weights.map { weights in
                zip(labels, weights).filter { $0.1 > 0 }.map(\.0)
            }
            return Axis(
                path: parameter.path,
                sampler: DomainSampler(parameter.domain),
                even: believed.map { (.values(.list($0)), .values(.list(labels))) },
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
