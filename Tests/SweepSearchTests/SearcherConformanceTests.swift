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
        var testDescription: String { "\(method) seed \(seed) \(discrete ? "finite" : "continuous")" }

        func space() -> SearchSpace {
            var stream = RandomStream(key: seed)
            return Spaces.random(&stream, discrete: discrete)
        }

        func make(_ space: SearchSpace) -> any Searcher {
            SearcherFactory.make(spec: SearchSpec(method: method, seed: seed), space: space)
        }
    }

    static let cases = SearchSpec.Method.allCases.flatMap { method in
        (0..<40).flatMap { seed in
            [true, false].map { Case(method: method, seed: UInt64(seed), discrete: $0) }
        }
    }

    @Test(arguments: cases) func `proposals fill the space and nothing outside it`(_ example: Case) throws {
        let space = example.space()
        var searcher = example.make(space)
        for number in 0..<min(50, searcher.total ?? 50) {
            let proposal = searcher.propose(number: number)
            let configuration = try #require(proposal)
            #expect(space.resolve(configuration) != nil, "proposal \(number): \(configuration.entries)")
        }
    }

    @Test(arguments: cases) func `no configuration comes twice, and a used-up space gives nil`(_ example: Case) {
        let space = example.space()
        var searcher = example.make(space)
        let limit = 300
        var seen: Set<ConfigurationID> = []
        var proposed = 0
        while proposed < limit, let configuration = searcher.propose(number: proposed) {
            #expect(seen.insert(configuration.id).inserted, "proposal \(proposed) came before")
            proposed += 1
        }
        #expect(proposed == min(limit, searcher.total ?? limit))
        #expect(searcher.propose(number: -1) == nil)
    }

    @Test(arguments: cases) func `a searcher made anew after any event proposes the same`(_ example: Case) {
        let space = example.space()
        var original = example.make(space)
        let all = (0..<12).map { original.propose(number: $0) }
        #expect((0..<12).reversed().map { original.propose(number: $0) } == all.reversed())
        for number in 0..<12 {
            var rebuilt = example.make(space)
            for (earlier, configuration) in all.prefix(number).enumerated() {
                guard let configuration else { break }
                rebuilt.observe(configuration: configuration, objective: Double(earlier), epoch: 1)
            }
            #expect(rebuilt.propose(number: number) == all[number])
        }
    }

    @Test func `a space without parameters has one configuration`() {
        for method in SearchSpec.Method.allCases {
            var searcher = SearcherFactory.make(spec: SearchSpec(method: method), space: Spaces.space(("l2", .real(0))))
            #expect(searcher.total == 1)
            #expect(searcher.propose(number: 0) == Configuration([]))
            #expect(searcher.propose(number: 1) == nil)
        }
    }
}
