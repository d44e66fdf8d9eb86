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

    private let space: SearchSpace
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

    /// Starts over `space` with the sweep's seed; every proposal meets `constraints`.
    package init(space: SearchSpace, seed: UInt64, constraints: [Constraint] = []) {
        self.space = space
        self.seed = seed
        self.constraints = constraints
        enumeration = SpaceEnumeration(space) { $0.allValues }
        total = enumeration.flatMap { $0.count(meeting: constraints) }
        draws = enumeration == nil || !constraints.isEmpty ? Self.drawsWithoutEnd : Self.drawsBeforeWalk
    }

    package var ignoresResults: Bool { true }

    package mutating func propose(number: Int) -> Configuration? {
        guard number >= 0 else { return nil }
        while kept.count <= number {
            guard draw(kept.count) else { return nil }
        }
        if kept[number] < draws { return sample(number, draw: kept[number]) }
        return walked[number].flatMap { enumeration?.configuration(at: $0) }
    }

    /// Decides proposal `number`, given all before it; false when the space is used up.
    private mutating func draw(_ number: Int) -> Bool {
        if let total, seen.count >= total { return false }
        var repetition: UInt16?
        for attempt in 0..<draws {
            let configuration = sample(number, draw: attempt)
            guard meetsConstraints(configuration) else { continue }
            repetition = attempt
            guard canRepeat(configuration) else {
                kept.append(attempt)
                return true
            }
            if seen.insert(configuration.id).inserted {
                kept.append(attempt)
                return true
            }
        }
        guard let enumeration, let total = enumeration.finiteCount else {
            // A space without end whose continuous branches are all but never taken: a repetition is the better answer.
            guard let repetition else { return false }
            kept.append(repetition)
            return true
        }
        var stream = RandomStream(key: key(number, draws))
        var index = stream.below(total)
        for _ in 0..<min(total, SpaceEnumeration.greatestWalk) {
            if let configuration = enumeration.configuration(at: index), meetsConstraints(configuration),
                seen.insert(configuration.id).inserted
            {
                kept.append(draws)
                walked[number] = index
                return true
            }
            index = (index + 1) % total
        }
        return false
    }

    private func meetsConstraints(_ configuration: Configuration) -> Bool {
        constraints.allSatisfy { $0.holds(configuration) }
    }

    /// Whether the configuration could be drawn again: it holds no real from a continuous range.
    private func canRepeat(_ configuration: Configuration) -> Bool {
        if enumeration != nil { return true }
        var values = configuration.entries.makeIterator()
        var continuous = false
        _ = space.configuration { parameter in
            if parameter.domain.allValues == nil { continuous = true }
            return values.next()?.value ?? .none
        }
        return !continuous
    }

    private func sample(_ number: Int, draw: UInt16) -> Configuration {
        let key = key(number, draw)
        return space.configuration { parameter in
            var hash = StableHash()
            hash.combine(key)
            hash.combine(parameter.path)
            var stream = RandomStream(key: hash.value)
            return parameter.domain.sample(&stream)
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

extension ParameterDomain {
    /// One value, within the bounds, even on the domain's scale.
    ///
    /// `logInteger` k has the probability of [k - ½, k + ½) on the logarithmic scale between low - ½ and high + ½.
    func sample(_ stream: inout RandomStream) -> ParameterValue {
        switch self {
        case .uniform(let low, let high, nil, _):
            let share = stream.uniform()
            return .real(min(max(low * (1 - share) + high * share, low), high))
        case .logUniform(let low, let high, _):
            let share = stream.uniform()
            let exponent = Elementary.log(low) * (1 - share) + Elementary.log(high) * share
            return .real(min(max(Elementary.exp(exponent), low), high))
        case .logInteger(let low, let high, _) where low >= 1:
            let share = stream.uniform()
            let exponent =
                Elementary.log(Double(low) - 0.5) * (1 - share) + Elementary.log(Double(high) + 0.5) * share
            // Clamped as a real first: the conversion must not meet a number beyond Int's.
            let real = min(max(Elementary.exp(exponent).rounded(), Double(low)), 0x1p62)
            return .integer(min(max(Int(real), low), high))
        case .uniform, .integer, .logInteger, .choice:
            guard let values = allValues, values.count > 0 else { return .none }
            return values[stream.below(values.count)]
        }
    }
}
