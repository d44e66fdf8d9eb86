package import SweepCore
import SweepNumerics

/// Begins with given configurations and goes on with another searcher.
///
/// The first numbers are the given configurations in their order; values that one leaves open are drawn. The other searcher
/// is told of them as of its own proposals. One that asks for no results is asked from its own number 0 on, and what was
/// tried already is passed over.
package struct TryFirstSearcher: Searcher {
    private let seed: UInt64
    private let box: SearchBox
    private let first: [Configuration]
    private let tried: Set<ConfigurationID>
    private var base: any Searcher
    package let total: Int?
    /// The base's numbers that are among the first, ascending, of those looked at.
    private var passed: [Int] = []
    private var looked = 0

    /// Draws of what a configuration leaves open.
    private static let draws: UInt64 = 4096
    /// The base's configurations up to which it is looked through for the exact total.
    private static let greatestCounted = 65_536

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
        self.seed = seed
        let box = SearchBox(space)
        self.box = box
        let first = Self.completed(given, space, box, seed, constraints).compactMap { $0 }
        self.first = first
        let tried = Set(first.map(\.id))
        self.tried = tried
        self.base = base
        guard let count = base.total else {
            total = nil
            return
        }
        var base = base
        if base.ignoresResults, count <= Self.greatestCounted {
            total = first.count + (0..<count).count { base.propose(number: $0).map { !tried.contains($0.id) } ?? false }
        } else {
            total = base.ignoresResults ? Saturating.sum(count, first.count) : count
        }
    }

    package var ignoresResults: Bool { base.ignoresResults }

    package mutating func propose(number: Int) -> Configuration? {
        guard number >= 0 else { return nil }
        if number < first.count { return first[number] }
        guard base.ignoresResults else { return base.propose(number: number) }
        var index = number - first.count
        // As far as the number can be moved by what is passed over, which is at most each of the first once.
        while looked <= index + passed.count, passed.count < first.count {
            guard let configuration = base.propose(number: looked) else { break }
            if tried.contains(configuration.id) { passed.append(looked) }
            looked += 1
        }
        for place in passed where place <= index { index += 1 }
        return base.propose(number: index)
    }

    package mutating func reason(number: Int) -> ProposalReason {
        if first.indices.contains(number) { return .triedFirst }
        return base.ignoresResults ? .regardless : base.reason(number: number)
    }

    package mutating func proposed(number: Int, configuration: Configuration) {
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
        return completed(given, space, SearchBox(space), spec.seed, spec.constraints).enumerated()
            .filter { $0.element == nil }.map(\.offset)
    }

    private static func completed(
        _ given: [Configuration],
        _ space: SearchSpace,
        _ box: SearchBox,
        _ seed: UInt64,
        _ constraints: [Constraint]
    ) -> [Configuration?] {
        var novelty = Novelty(space: space, box: box, constraints: constraints)
        return given.enumerated().map { place, partial in
            let whole = complete(partial, place, box, seed, novelty)
            if let whole { novelty.add(whole) }
            return whole
        }
    }

    private static func complete(
        _ partial: Configuration,
        _ place: Int,
        _ box: SearchBox,
        _ seed: UInt64,
        _ novelty: Novelty
    ) -> Configuration? {
        var hash = StableHash()
        hash.combine(seed)
        hash.combine("try_first")
        hash.combine(UInt64(place))
        var stream = RandomStream(key: hash.value)
        let given = Dictionary(uniqueKeysWithValues: partial.entries.map { ($0.path, $0.value) })
        let fixed = box.axes.map { axis in given[axis.path].map(axis.coordinate(of:)) ?? .nan }
        for _ in 0..<draws {
            let point = box.completed(fixed) { box.axes[$0].draw(&stream) }
            // Given values stay as they were written: a coordinate may round.
            let drawn = box.configuration(at: point)
            let whole = Configuration(
                drawn.entries.map { .init(path: $0.path, value: given[$0.path] ?? $0.value) }
            )
            if novelty.admits(whole) { return whole }
        }
        return nil
    }
}
