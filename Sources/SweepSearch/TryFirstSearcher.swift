package import SweepCore
import SweepNumerics

/// Begins with given configurations, takes those that are handed in between, and goes on with another searcher.
///
/// The first numbers are the given configurations in their order; values that one leaves open are drawn. The other searcher
/// is told of them, and of those handed in, as of its own proposals. One that asks for no results is asked from its own number 0 on,
/// and what was tried already is passed over: so what is handed in moves the others by one place and takes none from them.
package struct TryFirstSearcher: Searcher {
    /// Those to begin with that nobody handed in.
    private var first: [Configuration]
    /// The numbers of those that were handed in, ascending, and what they are.
    private var places: [Int] = []
    private var configurations: [Configuration] = []
    /// All of both.
    private var tried: Set<ConfigurationID>
    private var base: any Searcher
    /// The base's numbers that are among the tried, ascending, of those looked at.
    private var passed: [Int] = []
    private var looked = 0

    /// Draws of what a configuration leaves open.
    private static let draws: UInt64 = 4096

    /// Begins with `given` (each some values of `space`), with the sweep's seed, and goes on with `base`.
    ///
    /// One that cannot be completed so that it meets `constraints` and differs from those before it is left out.
    package init(
        _ given: [Configuration],
        space: SearchSpace,
        seed: UInt64,
        constraints: [Constraint],
        base: any Searcher
    ) {
        let completions = given.isEmpty ? [] : Self.completed(given, space: space, seed: seed, constraints: constraints)
        first = completions.filter(\.isNew).map(\.configuration)
        tried = Set(first.map(\.id))
        self.base = base
    }

    package var ignoresResults: Bool { base.ignoresResults }

    package var total: Int? { total(with: []) }

    /// Those of the base, and of the given, the handed in and `others` each that is none of them.
    package func total(with others: [Configuration]) -> Int? {
        guard let count = base.total, base.ignoresResults else { return base.total }
        let beside = Set((first + configurations + others).filter { !base.counts($0) }.map(\.id))
        return Saturating.sum(count, beside.count)
    }

    package func counts(_ configuration: Configuration) -> Bool {
        tried.contains(configuration.id) || base.counts(configuration)
    }

    package mutating func propose(number: Int) -> Configuration? {
        guard !tried.isEmpty else { return base.propose(number: number) }
        guard number >= 0 else { return nil }
        let before = handedInBefore(number)
        if before < places.count, places[before] == number { return configurations[before] }
        let index = number - before
        if index < first.count { return first[index] }
        guard base.ignoresResults else { return base.propose(number: number) }
        return base.propose(number: baseNumber(index - first.count))
    }

    /// How many were handed in with a lower number.
    private func handedInBefore(_ number: Int) -> Int {
        var (low, high) = (0, places.count)
        while low < high {
            let middle = (low + high) / 2
            if places[middle] < number { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The base's number of the proposal at `place` among those of the base that were not tried otherwise.
    private mutating func baseNumber(_ place: Int) -> Int {
        var index = place
        // As far as the number can be moved by what is passed over, which is at most each of the tried once.
        while looked <= index + passed.count, passed.count < tried.count {
            guard let configuration = base.propose(number: looked) else { break }
            if tried.contains(configuration.id) { passed.append(looked) }
            looked += 1
        }
        for place in passed where place <= index { index += 1 }
        return index
    }

    package mutating func reason(number: Int) -> ProposalReason {
        let before = handedInBefore(number)
        if before < places.count, places[before] == number { return .enqueued }
        if first.indices.contains(number - before) { return .triedFirst }
        return base.ignoresResults ? .regardless : base.reason(number: number)
    }

    package mutating func proposed(number: Int, configuration: Configuration) {
        base.proposed(number: number, configuration: configuration)
    }

    package mutating func handedIn(number: Int, configuration: Configuration) {
        let before = handedInBefore(number)
        guard number >= 0, before == places.count || places[before] != number else { return }
        if base.ignoresResults, looked > 0 {
            // What the base was to give next, and what follows, may be this one: it is looked at again.
            let next = number - before >= first.count ? baseNumber(number - before - first.count) : 0
            passed.removeAll { $0 >= next }
            looked = min(looked, next)
        }
        let id = configuration.id
        first.removeAll { $0.id == id }
        tried.insert(id)
        places.insert(number, at: before)
        configurations.insert(configuration, at: before)
        base.proposed(number: number, configuration: configuration)
    }

    package mutating func observe(number: Int, objective cost: Double, epoch: Int) {
        base.observe(number: number, objective: cost, epoch: epoch)
    }

    package mutating func observe(number: Int, costs: [Double], epoch: Int) {
        base.observe(number: number, costs: costs, epoch: epoch)
    }

    /// The places of those of `given` that would be left out.
    package static func impossible(_ given: [Configuration], space: SearchSpace, spec: SearchSpec) -> [Int] {
        guard !given.isEmpty else { return [] }
        return completed(given, space: space, seed: spec.seed, constraints: spec.constraints).enumerated()
            .filter { !$0.element.isNew }.map(\.offset)
    }

    /// What became of a configuration that may leave values open.
    package struct Completion: Hashable, Sendable {
        /// With a value for every parameter that is active in it: where it is not new, the last that was looked at.
        package let configuration: Configuration
        /// Whether it meets the conditions and differs from all before it.
        package let isNew: Bool
        /// Whether every value was given, so that there was nothing to draw.
        package let isWhole: Bool
    }

    /// Draws what each of `given` leaves open, so that it meets `constraints` and differs from `tried` and from those before it.
    ///
    /// Draws are a function of the seed and the place: `place` is that of the first. What was given stays as it was written. After
    /// `failures` that are not new nothing more is looked at: where one is refused all are, and each may take thousands of draws.
    package static func completed(
        _ given: [Configuration],
        space: SearchSpace,
        seed: UInt64,
        constraints: [Constraint],
        from place: Int = 0,
        tried: Set<ConfigurationID> = [],
        failures: Int = .max
    ) -> [Completion] {
        let box = SearchBox(space)
        var novelty = Novelty(space: space, box: box, constraints: constraints)
        novelty.add(tried)
        var completions: [Completion] = []
        var failed = 0
        for (offset, partial) in given.enumerated() where failed < failures {
            let completion = complete(partial, place + offset, box, seed, novelty)
            if completion.isNew { novelty.add(completion.configuration) } else { failed += 1 }
            completions.append(completion)
        }
        return completions
    }

    private static func complete(
        _ partial: Configuration,
        _ place: Int,
        _ box: SearchBox,
        _ seed: UInt64,
        _ novelty: Novelty
    ) -> Completion {
        var hash = StableHash()
        hash.combine(seed)
        hash.combine("try_first")
        hash.combine(UInt64(place))
        var stream = RandomStream(key: hash.value)
        let given = Dictionary(uniqueKeysWithValues: partial.entries.map { ($0.path, $0.value) })
        let fixed = box.axes.map { axis in given[axis.path].map(axis.coordinate(of:)) ?? .nan }
        var last = partial
        for _ in 0..<draws {
            let point = box.completed(fixed) { box.axes[$0].draw(&stream) }
            // Given values stay as they were written: a coordinate may round.
            let drawn = box.configuration(at: point)
            last = Configuration(
                drawn.entries.map { .init(path: $0.path, value: given[$0.path] ?? $0.value) }
            )
            let isWhole = drawn.entries.allSatisfy { given[$0.path] != nil }
            let isNew = novelty.admits(last)
            if isNew || isWhole { return Completion(configuration: last, isNew: isNew, isWhole: isWhole) }
        }
        return Completion(configuration: last, isNew: false, isWhole: false)
    }
}
