import SweepCore
import SweepNumerics
import SweepSearch
import Testing

/// What every searcher owes, whatever its method.
@Suite struct SearcherConformanceTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let method: SearchSpec.Method
        let seed: UInt64
        let discrete: Bool
        var objectives = 1
        var believed = false
        var testDescription: String {
            "\(method) seed \(seed) \(discrete ? "finite" : "continuous") \(objectives) objectives"
                + (believed ? " with priors" : "")
        }
        /// Results that come before a population has children.
        var ahead: Int { method == .nsga2 ? 50 : 0 }

        func space() -> SearchSpace {
            var stream = RandomStream(key: seed)
            let space = Spaces.random(&stream, discrete: discrete)
            return believed ? Spaces.believed(space) : space
        }

        func make(_ space: SearchSpace) -> any Searcher {
            var spec = SearchSpec(method: method, trials: 60, seed: seed)
            spec.objectives = objectives
            return SearcherFactory.make(spec: spec, space: space)
        }
    }

    static let cases: [Case] = {
        // A Gaussian process takes a hundred times the others' time.
        let single: [Case] = SearchSpec.Method.allCases.flatMap { method in
            (0..<(method == .gp ? 16 : 40)).flatMap { seed in
                [true, false].map { discrete in Case(method: method, seed: UInt64(seed), discrete: discrete) }
            }
        }
        let several: [Case] = SearchSpec.Method.allCases.filter(\.weighsObjectives).flatMap { method in
            (0..<(method == .gp || method == .auto ? 4 : 12)).flatMap { seed in
                [true, false].map { discrete in
                    Case(method: method, seed: UInt64(seed), discrete: discrete, objectives: 2 + seed % 2)
                }
            }
        }
        let believed: [Case] = SearchSpec.Method.allCases.flatMap { method in
            (0..<(method == .gp || method == .auto ? 4 : 12)).flatMap { seed in
                [true, false].map { discrete in
                    Case(method: method, seed: UInt64(seed), discrete: discrete, believed: true)
                }
            }
        }
        return single + several + believed
    }()

    /// What a searcher is told in a sweep.
    enum Fact {
        case proposed(Int, Configuration)
        case observed(Int, costs: [Double], epoch: Int)
    }

    /// A sweep of `trials` proposals with `parallelism` of them pending, whose results at rungs 1 and 3 come in a drawn order
    /// and are now and then not finite.
    static func sweep(
        _ searcher: inout any Searcher,
        seed: UInt64,
        trials: Int,
        parallelism: Int,
        objectives: Int = 1,
        objective: (Configuration, Int, inout RandomStream) -> Double = noise
    ) -> [Fact] {
        var stream = RandomStream(key: seed &+ 77)
        var facts: [Fact] = []
        var pending: [(number: Int, epoch: Int)] = []
        var configurations: [Configuration] = []
        while true {
            if pending.count < parallelism, configurations.count < trials,
                let configuration = searcher.propose(number: configurations.count)
            {
                facts.append(.proposed(configurations.count, configuration))
                searcher.proposed(number: configurations.count, configuration: configuration)
                pending.append((configurations.count, 1))
                configurations.append(configuration)
                continue
            }
            guard !pending.isEmpty else { return facts }
            let (number, epoch) = pending.remove(at: stream.below(pending.count))
            let costs = (0..<objectives).map { _ in objective(configurations[number], epoch, &stream) }
            let fact = Fact.observed(number, costs: costs, epoch: epoch)
            facts.append(fact)
            tell(fact, to: &searcher)
            if epoch == 1, costs.allSatisfy(\.isFinite), stream.below(3) == 0 { pending.append((number, 3)) }
        }
    }

    static func noise(_ configuration: Configuration, _ epoch: Int, _ stream: inout RandomStream) -> Double {
        switch stream.below(12) {
        case 0: .infinity
        case 1: .nan
        // Large, but within what a sum of squares can hold.
        case 2: 1e100
        default: stream.normal()
        }
    }

    @Test(arguments: cases) func `proposals fill the space and nothing outside it`(_ example: Case) throws {
        let space = example.space()
        var searcher = example.make(space)
        let facts = Self.sweep(
            &searcher,
            seed: example.seed,
            trials: 50 + example.ahead,
            parallelism: 3,
            objectives: example.objectives
        )
        for case .proposed(let number, let configuration) in facts {
            #expect(space.resolve(configuration) != nil, "proposal \(number): \(configuration.entries)")
        }
        let proposals = facts.count { if case .proposed = $0 { true } else { false } }
        #expect(proposals == min(50 + example.ahead, searcher.total ?? .max))
    }

    @Test(arguments: cases) func `no configuration comes twice, and a used-up space gives nil`(_ example: Case) {
        let space = example.space()
        var searcher = example.make(space)
        let limit = searcher.ignoresResults ? 300 : 80 + example.ahead
        var seen: Set<ConfigurationID> = []
        for case .proposed(let number, let configuration)
            in Self.sweep(
                &searcher,
                seed: example.seed,
                trials: limit,
                parallelism: 8,
                objectives: example.objectives
            )
        {
            #expect(seen.insert(configuration.id).inserted, "proposal \(number) came before")
        }
        #expect(seen.count == min(limit, searcher.total ?? limit))
        if let total = searcher.total, total <= limit { #expect(searcher.propose(number: total) == nil) }
        #expect(searcher.propose(number: -1) == nil)
    }

    @Test(arguments: cases) func `a searcher made anew after any fact proposes the same`(_ example: Case) {
        let space = example.space()
        var original = example.make(space)
        let facts = Self.sweep(
            &original,
            seed: example.seed,
            trials: 40 + example.ahead,
            parallelism: 4,
            objectives: example.objectives
        )
        var rebuilt = example.make(space)
        var next = 0
        for (place, fact) in facts.enumerated() {
            switch fact {
            case .proposed(let number, let configuration):
                // Asked again, ahead, and for what is known: a question changes nothing.
                if place.isMultiple(of: 5) {
                    rebuilt = example.make(space)
                    for earlier in facts.prefix(place) { Self.tell(earlier, to: &rebuilt) }
                    _ = rebuilt.propose(number: number + 1)
                    if number > 0 { _ = rebuilt.propose(number: 0) }
                }
                #expect(rebuilt.propose(number: number) == configuration, "number \(number)")
                next = number + 1
            case .observed: break
            }
            Self.tell(fact, to: &rebuilt)
        }
        for case .proposed(let number, let configuration) in facts {
            #expect(rebuilt.propose(number: number) == configuration)
        }
        #expect(rebuilt.propose(number: next) == original.propose(number: next))
    }

    private static func tell(_ fact: Fact, to searcher: inout any Searcher) {
        switch fact {
        case .proposed(let number, let configuration): searcher.proposed(number: number, configuration: configuration)
        case .observed(let number, let costs, let epoch) where costs.count == 1:
            searcher.observe(number: number, objective: costs[0], epoch: epoch)
        case .observed(let number, let costs, let epoch): searcher.observe(number: number, costs: costs, epoch: epoch)
        }
    }

    @Test(arguments: cases) func `facts told twice and of unknown numbers change nothing`(_ example: Case) {
        guard example.seed < 10 else { return }
        let space = example.space()
        var plain = example.make(space)
        let trials = 20 + example.ahead
        let facts = Self.sweep(
            &plain,
            seed: example.seed,
            trials: trials,
            parallelism: 4,
            objectives: example.objectives
        )
        var other = example.make(space)
        for fact in facts {
            Self.tell(fact, to: &other)
            if case .proposed = fact { Self.tell(fact, to: &other) }
            other.observe(number: 1_000_000, costs: Array(repeating: 0, count: example.objectives), epoch: 1)
        }
        #expect(other.propose(number: trials) == plain.propose(number: trials))
    }

    @Test(arguments: SearchSpec.Method.allCases) func `another seed gives other configurations`(
        _ method: SearchSpec.Method
    ) {
        guard method != .grid else { return }
        let space = Spaces.space(("x", .domain(.uniform(low: 0, high: 1, step: nil, points: nil))))
        var proposals: Set<Configuration?> = []
        for seed in 0..<5 {
            var searcher = SearcherFactory.make(
                spec: SearchSpec(method: method, trials: 60, seed: UInt64(seed)),
                space: space
            )
            _ = Self.sweep(&searcher, seed: 1, trials: 25, parallelism: 2)
            proposals.insert(searcher.propose(number: 25))
        }
        #expect(proposals.count == 5)
    }

    @Test(arguments: SearchSpec.Method.allCases) func `only results that are not finite are no obstacle`(
        _ method: SearchSpec.Method
    ) {
        var stream = RandomStream(key: 5)
        let space = Spaces.random(&stream, discrete: false)
        for worst in [Double.infinity, .nan, 1e308] {
            var searcher = SearcherFactory.make(spec: SearchSpec(method: method, trials: 60), space: space)
            let facts = Self.sweep(&searcher, seed: 3, trials: 40, parallelism: 3) { _, _, _ in worst }
            for case .proposed(_, let configuration) in facts { #expect(space.resolve(configuration) != nil) }
            #expect(facts.count >= min(40, searcher.total ?? 40))
            guard method.weighsObjectives else { continue }
            var spec = SearchSpec(method: method, trials: 60)
            spec.objectives = 2
            var several = SearcherFactory.make(spec: spec, space: space)
            let weighed = Self.sweep(&several, seed: 3, trials: 90, parallelism: 3, objectives: 2) { _, _, _ in worst }
            for case .proposed(_, let configuration) in weighed { #expect(space.resolve(configuration) != nil) }
            #expect(weighed.count >= min(90, several.total ?? 90))
        }
    }

    @Test func `a space without parameters has one configuration`() {
        for method in SearchSpec.Method.allCases {
            var searcher = SearcherFactory.make(spec: SearchSpec(method: method), space: Spaces.space(("l2", .real(0))))
            #expect(searcher.total == 1)
            #expect(searcher.propose(number: 0) == Configuration([]))
            searcher.proposed(number: 0, configuration: Configuration([]))
            #expect(searcher.propose(number: 1) == nil)
        }
    }
}
