import SweepCore
import SweepSearch
import Testing

/// Configurations that a searcher is handed between its own proposals.
@Suite struct HandedInTests {
    /// A configuration that no other draw gives.
    private static func adam(_ rate: Double, layers: Int = 2) -> Configuration {
        Configuration([
            .init(path: "train.layers", value: .integer(layers)),
            .init(path: "train.optimizer", value: .text("adam")),
            .init(path: "train.optimizer.adam.learning_rate", value: .real(rate)),
            .init(path: "train.batch_size", value: .integer(32)),
        ])
    }

    private static func searcher(_ method: SearchSpec.Method, tryFirst: [Configuration] = []) -> any Searcher {
        SearcherFactory.make(
            spec: SearchSpec(method: method, trials: 48, seed: 2, tryFirst: tryFirst),
            space: Spaces.nested
        )
    }

    @Test(arguments: [SearchSpec.Method.random, .grid, .sobol, .halton, .pbt])
    func `one that asks for no results goes on without a gap and passes over what it was handed`(
        method: SearchSpec.Method
    ) throws {
        var plain = Self.searcher(method)
        #expect(plain.ignoresResults)
        let own = (0..<14).compactMap { plain.propose(number: $0) }
        try #require(own.count == 14)
        let foreign = Self.adam(0.00345)
        // Of its own numbers 9 and 11 come at other places, and one that it would not propose.
        let order = [0, 1, 2, 3, 9, 4, 5, 11, 6, -1, 7, 8, 10, 12, 13]
        let handed: Set<Int> = [4, 7, 9]
        let expected = order.map { $0 < 0 ? foreign : own[$0] }
        var searcher = Self.searcher(method)
        for (number, configuration) in expected.enumerated() {
            if handed.contains(number) {
                // It was asked, as when nothing came of it.
                _ = searcher.propose(number: number)
                searcher.handedIn(number: number, configuration: configuration)
                #expect(searcher.reason(number: number) == .enqueued)
            } else {
                #expect(searcher.propose(number: number) == configuration, "number \(number)")
                #expect(searcher.reason(number: number) == .regardless)
                searcher.proposed(number: number, configuration: configuration)
            }
        }
        for number in expected.indices.reversed() {
            #expect(searcher.propose(number: number) == expected[number], "number \(number)")
        }
        // A replay is told and not asked.
        var replayed = Self.searcher(method)
        for number in 0..<10 {
            if handed.contains(number) {
                replayed.handedIn(number: number, configuration: expected[number])
            } else {
                replayed.proposed(number: number, configuration: expected[number])
            }
        }
        for number in 10..<expected.count {
            #expect(replayed.propose(number: number) == expected[number], "number \(number)")
        }
    }

    @Test func `a grid has one more for what it would not propose, and none for what it would`() {
        var grid = Self.searcher(.grid)
        #expect(grid.total == 48)
        let own = grid.propose(number: 20)
        #expect(grid.total(with: [own, own].compactMap { $0 }) == 48)
        #expect(grid.total(with: [Self.adam(0.00345), Self.adam(0.00456)]) == 50)
        if let own { grid.handedIn(number: 0, configuration: own) }
        grid.handedIn(number: 1, configuration: Self.adam(0.00345))
        #expect(grid.total == 49)
        let all = (0..<49).compactMap { grid.propose(number: $0) }
        #expect(all.count == 49 && Set(all).count == 49 && grid.propose(number: 49) == nil)
    }

    /// The total was that of the grid alone where the grid has more than 65,536 points.
    @Test func `a large grid has one more for what it would not propose too`() {
        let axis = SpecNode.domain(.integer(low: 0, high: 98, step: 2))
        let space = Spaces.space(("x", axis), ("y", axis), ("z", axis))
        func point(_ x: Int, _ z: Int) -> Configuration {
            Configuration([
                .init(path: "train.x", value: .integer(x)), .init(path: "train.y", value: .integer(0)),
                .init(path: "train.z", value: .integer(z)),
            ])
        }
        var grid = SearcherFactory.make(spec: SearchSpec(method: .grid, trials: 9, seed: 1), space: space)
        #expect(grid.total == 125_000)
        #expect(grid.total(with: [point(98, 98), point(1, 0), point(100, 0), point(1, 0)]) == 125_002)
        #expect(grid.counts(point(4, 6)) && !grid.counts(point(4, 7)))
        grid.handedIn(number: 0, configuration: point(3, 0))
        grid.handedIn(number: 1, configuration: point(98, 98))
        #expect(grid.total == 125_001)
        #expect(grid.total(with: [point(3, 0), point(5, 0)]) == 125_002)
        #expect(grid.counts(point(3, 0)) && !grid.counts(point(5, 0)))
    }

    /// What is counted and what is proposed are two ways through a space that must agree.
    @Test(arguments: [SearchSpec.Method.random, .grid, .sobol])
    func `one that asks for no results counts what it proposes, and nothing beside`(method: SearchSpec.Method) throws {
        let space = Spaces.space(
            ("rate", .domain(.uniform(low: 0.1, high: 0.7, step: 0.1, points: nil))),
            ("size", .domain(.logInteger(low: 1, high: 4, points: 4))),
            (
                "kind",
                Spaces.choice(
                    .text("a"),
                    Spaces.map(("b", Spaces.map(("n", .domain(.integer(low: 2, high: 6, step: 2))))))
                )
            )
        )
        let spec = SearchSpec(
            method: method,
            seed: 4,
            constraints: [try Constraint("size != 3").resolved(in: space)]
        )
        var searcher = SearcherFactory.make(spec: spec, space: space)
        // Seven rates, three sizes, and `a` or three of `b`.
        #expect(searcher.total == 84)
        let all = (0..<84).compactMap { searcher.propose(number: $0) }
        #expect(Set(all).count == 84 && all.allSatisfy { searcher.counts($0) })
        #expect(searcher.total(with: all) == 84)
        func changed(_ path: String, _ value: ParameterValue) -> [Configuration] {
            all.map { one in
                Configuration(one.entries.map { .init(path: $0.path, value: $0.path == path ? value : $0.value) })
            }
        }
        for (path, value) in [
            ("train.rate", ParameterValue.real(0.15)), ("train.rate", .real(0.8)), ("train.rate", .real(0)),
            ("train.size", .integer(3)), ("train.size", .integer(5)), ("train.size", .real(2)),
            ("train.kind", .text("c")),
        ] {
            #expect(changed(path, value).allSatisfy { !searcher.counts($0) }, "\(path) \(value)")
        }
        // Parameters of a branch that is not taken, and a branch without its own.
        let (swapped, kind) = (changed("train.kind", .text("a")), "train.kind")
        for (own, other) in zip(all, swapped) {
            #expect(searcher.counts(other) == (own[kind] == .text("a")))
        }
        #expect(changed("train.kind", .text("b")).count { searcher.counts($0) } == 63)
    }

    @Test(arguments: [SearchSpec.Method.tpe, .gp, .bohb, .cmaes, .evolution, .nsga2])
    func `one that learns is told of it as of its own, and proposes it never`(method: SearchSpec.Method) {
        var searcher = Self.searcher(method)
        #expect(!searcher.ignoresResults)
        var tried: [Configuration] = []
        for number in 0..<36 {
            if number == 5 || number == 20 {
                tried.append(Self.adam(number == 5 ? 0.00345 : 0.00456))
                searcher.handedIn(number: number, configuration: tried[number])
            } else {
                guard let configuration = searcher.propose(number: number) else { break }
                tried.append(configuration)
                searcher.proposed(number: number, configuration: configuration)
            }
            searcher.observe(number: number, objective: Double(tried[number].entries.count), epoch: 1)
        }
        #expect(tried.count == 36 && Set(tried).count == 36)
        #expect(searcher.reason(number: 5) == .enqueued && searcher.reason(number: 20) == .enqueued)
        for number in tried.indices { #expect(searcher.propose(number: number) == tried[number]) }
    }

    @Test(arguments: [SearchSpec.Method.random, .tpe])
    func `what the file asks for first still comes, and what of it is handed in comes once`(
        method: SearchSpec.Method
    ) {
        let first = [Self.adam(0.001), Self.adam(0.002), Self.adam(0.003)]
        var searcher = Self.searcher(method, tryFirst: first)
        #expect(searcher.propose(number: 0) == first[0])
        searcher.proposed(number: 0, configuration: first[0])
        searcher.handedIn(number: 1, configuration: Self.adam(0.004))
        searcher.handedIn(number: 2, configuration: first[2])
        #expect(searcher.propose(number: 3) == first[1] && searcher.reason(number: 3) == .triedFirst)
        searcher.proposed(number: 3, configuration: first[1])
        let next = searcher.propose(number: 4)
        #expect(next != nil && !first.contains { $0 == next } && searcher.reason(number: 4) != .triedFirst)
        if method == .random {
            var plain = Self.searcher(.random)
            #expect(next == plain.propose(number: 0))
            #expect(searcher.propose(number: 5) == plain.propose(number: 1))
        }
    }

    @Test func `what is completed is new, or says whether there was anything to choose`() {
        let space = Spaces.nested
        let whole = Self.adam(0.001)
        let none = Configuration([
            .init(path: "train.optimizer", value: .text("none")), .init(path: "train.batch_size", value: .integer(16)),
        ])
        func completed(_ given: [Configuration], tried: Set<ConfigurationID> = []) -> [TryFirstSearcher.Completion] {
            TryFirstSearcher.completed(given, space: space, seed: 2, constraints: [], from: 7, tried: tried)
        }
        // There are three numbers of layers.
        let four = completed([none, none, none, none])
        #expect(four.map(\.isNew) == [true, true, true, false] && four.allSatisfy { !$0.isWhole })
        #expect(Set(four.prefix(3).map(\.configuration)).count == 3)
        let again = completed([whole, none, whole], tried: [whole.id])
        #expect(again.map(\.isNew) == [false, true, false] && again.map(\.isWhole) == [true, false, true])
        #expect(again[0].configuration == whole)
        #expect(completed([none]) == completed([none]), "a function of seed and place")
    }
}
