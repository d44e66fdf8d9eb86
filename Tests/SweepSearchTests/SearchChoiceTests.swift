import SweepCore
import SweepSearch
import Testing

/// What `auto` picks, configurations to begin with, and conditions, for every method.
@Suite struct SearchChoiceTests {
    @Test func `auto picks by space and budget and says why`() throws {
        func choice(_ space: SearchSpace, _ trials: Int?) -> SearchChoice {
            SearchChoice(spec: SearchSpec(method: .auto, trials: trials), space: space)
        }
        #expect(choice(Problems.box(4), 100).method == .gp)
        #expect(choice(Problems.box(4), 5000).method == .tpe)
        #expect(choice(Problems.box(30), 100).method == .tpe)
        #expect(choice(Problems.branches, 100).method == .tpe)
        #expect(choice(Spaces.space(("x", Spaces.choice(.integer(1), .integer(2)))), 10).method == .random)
        #expect(choice(Spaces.space(("l2", .real(0))), nil).method == .random)
        let reason = try #require(choice(Problems.branches, 100).reason)
        #expect(reason.contains("choices"))
        #expect(SearchChoice(spec: SearchSpec(method: .cmaes), space: Problems.box(2)).reason == nil)
    }

    private static let conditions = [
        try? Constraint("layers * 2 <= 9 and kind != 's'").resolved(in: Problems.mixed),
        try? Constraint("a < 0.5 or rate < 0.001").resolved(in: Problems.mixed),
    ].compactMap { $0 }

    @Test(arguments: SearchSpec.Method.allCases.filter { $0 != .grid })
    func `every proposal meets the conditions`(_ method: SearchSpec.Method) {
        #expect(Self.conditions.count == 2)
        let spec = SearchSpec(method: method, trials: 60, seed: 4, constraints: Self.conditions)
        var search = SequentialSearch(SearcherFactory.make(spec: spec, space: Problems.mixed), parallelism: 3)
        _ = search.best(60, Problems.mixedCost)
        #expect(search.tried.count == 60)
        for (configuration, _) in search.tried {
            #expect(Self.conditions.allSatisfy { $0.holds(configuration) }, "\(configuration.entries)")
        }
    }

    @Test func `a grid and a finite space leave out what does not meet them`() throws {
        let condition = try Constraint("layers + batch_size / 16 <= 3").resolved(in: Spaces.nested)
        for method in SearchSpec.Method.allCases {
            let spec = SearchSpec(method: method, trials: 100, constraints: [condition])
            var search = SequentialSearch(SearcherFactory.make(spec: spec, space: Spaces.nested))
            _ = search.best(100) { _ in 1 }
            // Of 48 without conditions: of 3 · 2 pairs of layers and batch sizes (1, 16), (2, 16) and (1, 32) are left. The rate
            // of adam is a real, of which a grid takes three values.
            if method == .grid {
                #expect(search.tried.count == 24)
                #expect(search.searcher.total == 24)
            }
            #expect(search.tried.allSatisfy { condition.holds($0.configuration) })
        }
    }

    @Test func `conditions that nothing meets end a search at once`() throws {
        let condition = try Constraint("a > 2").resolved(in: Problems.mixed)
        for method in SearchSpec.Method.allCases where method != .grid {
            var searcher = SearcherFactory.make(
                spec: SearchSpec(method: method, trials: 60, constraints: [condition]),
                space: Problems.mixed
            )
            #expect(searcher.propose(number: 0) == nil, "\(method)")
        }
    }

    @Test(arguments: SearchSpec.Method.allCases) func `given configurations come first and once`(
        _ method: SearchSpec.Method
    ) {
        let whole = Configuration([
            .init(path: "train.layers", value: .integer(2)), .init(path: "train.optimizer", value: .text("none")),
            .init(path: "train.batch_size", value: .integer(32)),
        ])
        let part = Configuration([
            .init(path: "train.optimizer", value: .text("sgd")),
            .init(path: "train.optimizer.sgd.learning_rate", value: .real(1)),
        ])
        let spec = SearchSpec(method: method, trials: 48, seed: 2, tryFirst: [whole, part, whole])
        var search = SequentialSearch(SearcherFactory.make(spec: spec, space: Spaces.nested), parallelism: 2)
        _ = search.best(48) { Double($0.entries.count) }
        #expect(search.tried[0].configuration == whole)
        #expect(search.tried[1].configuration["train.optimizer.sgd.learning_rate"] == .real(1))
        #expect(search.tried[1].configuration.entries.count == 5)
        #expect(Set(search.tried.map(\.configuration.id)).count == search.tried.count)
        #expect(search.tried.count == 48)
        #expect(TryFirstSearcher.impossible(spec.tryFirst, space: Spaces.nested, spec: spec) == [2])
        for number in search.tried.indices.reversed() {
            #expect(search.searcher.propose(number: number) == search.tried[number].configuration)
        }
    }
}
