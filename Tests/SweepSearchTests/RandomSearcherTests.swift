import SweepCore
import SweepNumerics
import SweepSearch
import Testing

@Suite struct RandomSearcherTests {
    private func draws(_ domain: ParameterDomain, count: Int, seed: UInt64 = 7) -> [ParameterValue] {
        // A second parameter keeps finite domains from being used up.
        let space = Spaces.space(
            ("x", .domain(domain)),
            ("free", .domain(.uniform(low: 0, high: 1, step: nil, points: nil)))
        )
        var searcher = RandomSearcher(space: space, seed: seed)
        return (0..<count).compactMap { searcher.propose(number: $0)?["train.x"] }
    }

    private func reals(_ values: [ParameterValue]) -> [Double] { values.compactMap(\.number) }

    /// Pearson's statistic of counts against equal expectation.
    private func chiSquare(_ counts: [Int]) -> Double {
        let expected = Double(counts.reduce(0, +)) / Double(counts.count)
        return counts.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
    }

    @Test(arguments: 0..<20) func `values stay within their bounds`(_ seed: UInt64) {
        var stream = RandomStream(key: seed)
        let low = stream.normal() * 100
        let high = low + stream.uniform() * 1e-12
        for value in reals(draws(.uniform(low: low, high: high, step: nil, points: nil), count: 200, seed: seed)) {
            #expect((low...high).contains(value), "seed \(seed)")
        }
        for value in reals(draws(.logUniform(low: 1e-300, high: 1e300, points: nil), count: 200, seed: seed)) {
            #expect((1e-300...1e300).contains(value), "seed \(seed)")
        }
        for value in reals(draws(.logInteger(low: 1, high: .max, points: nil), count: 200, seed: seed)) {
            #expect(value >= 1, "seed \(seed)")
        }
        let stepped = draws(.uniform(low: 0.1, high: 0.75, step: 0.1, points: nil), count: 200, seed: seed)
        let allowed: Set<Double> = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]
        #expect(Set(reals(stepped)) == allowed, "seed \(seed)")
        let whole = draws(.integer(low: -7, high: 6, step: 4), count: 200, seed: seed)
        #expect(Set(whole) == Set([-7, -3, 1, 5].map { ParameterValue.integer($0) }), "seed \(seed)")
    }

    @Test func `log ranges are even on the logarithmic scale`() {
        let exponents = reals(draws(.logUniform(low: 1e-5, high: 1e-1, points: nil), count: 8000)).map {
            Elementary.log10($0)
        }
        var counts = Array(repeating: 0, count: 16)
        for exponent in exponents { counts[min(15, max(0, Int((exponent + 5) * 4)))] += 1 }
        // The 99.9 % quantile of chi-square with 15 degrees of freedom.
        #expect(chiSquare(counts) < 37.7)
    }

    @Test func `linear ranges and choices are even`() {
        var counts = Array(repeating: 0, count: 16)
        for value in reals(draws(.uniform(low: -2, high: 6, step: nil, points: nil), count: 8000)) {
            counts[min(15, Int((value + 2) * 2))] += 1
        }
        #expect(chiSquare(counts) < 37.7)
        let options = ["a", "b", "c", "d"].map { ChoiceOption(.text($0)) }
        var taken = [0, 0, 0, 0]
        for value in draws(.choice(options), count: 4000) {
            if let index = options.firstIndex(where: { $0.label == value }) { taken[index] += 1 }
        }
        // The 99.9 % quantile of chi-square with 3 degrees of freedom.
        #expect(chiSquare(taken) < 16.3)
    }

    @Test func `log integers have the probability of their share of the scale`() {
        let values = reals(draws(.logInteger(low: 1, high: 8, points: nil), count: 20_000))
        let width = Elementary.log(8.5) - Elementary.log(0.5)
        var statistic = 0.0
        for value in 1...8 {
            let share = (Elementary.log(Double(value) + 0.5) - Elementary.log(Double(value) - 0.5)) / width
            let expected = share * 20_000
            let found = Double(values.count { $0 == Double(value) })
            statistic += (found - expected) * (found - expected) / expected
        }
        // The 99.9 % quantile of chi-square with 7 degrees of freedom.
        #expect(statistic < 24.4)
    }

    @Test func `other seeds and other numbers give other configurations`() {
        let space = Spaces.space(("x", .domain(.uniform(low: 0, high: 1, step: nil, points: nil))))
        var seen: Set<ConfigurationID> = []
        for seed in 0..<20 as Range<UInt64> {
            var searcher = RandomSearcher(space: space, seed: seed)
            for number in 0..<20 { if let found = searcher.propose(number: number) { seen.insert(found.id) } }
        }
        #expect(seen.count == 400)
    }

    @Test func `a new parameter leaves the values of the others as they were`() {
        let x = SpecNode.domain(.uniform(low: 0, high: 1, step: nil, points: nil))
        var small = RandomSearcher(space: Spaces.space(("x", x)), seed: 3)
        var large = RandomSearcher(space: Spaces.space(("before", x), ("x", x), ("after", x)), seed: 3)
        for number in 0..<10 {
            #expect(small.propose(number: number)?["train.x"] == large.propose(number: number)?["train.x"])
        }
    }

    @Test func `a skewed finite space is used up to its last point`() {
        let space = Spaces.space(
            ("x", .domain(.logInteger(low: 1, high: 500, points: nil))),
            ("y", Spaces.choice(.text("a")))
        )
        var searcher = RandomSearcher(space: space, seed: 1)
        #expect(searcher.total == 500)
        let all = (0..<500).compactMap { searcher.propose(number: $0)?.id }
        #expect(Set(all).count == 500)
        #expect(searcher.propose(number: 500) == nil)
        var rebuilt = RandomSearcher(space: space, seed: 1)
        #expect(rebuilt.propose(number: 499)?.id == all.last)
    }

    @Test func `the finite branches of an endless space come once each`() {
        let space = Spaces.space(
            (
                "kind",
                Spaces.choice(
                    .text("a"),
                    .text("b"),
                    .text("c"),
                    Spaces.map(("d", .domain(.uniform(low: 0, high: 1, step: nil, points: nil))))
                )
            )
        )
        var searcher = RandomSearcher(space: space, seed: 5)
        #expect(searcher.total == nil)
        let kinds = (0..<100).compactMap { searcher.propose(number: $0)?["train.kind"] }
        #expect(kinds.count { $0 != .text("d") } == 3)
    }

    /// Worked out from the definition: FNV-1a and SplitMix64 of (seed, number, draw) and of that with the parameter's path.
    @Test func `the values of a seed are the same in every version`() {
        let space = Spaces.space(
            ("x", .domain(.uniform(low: 0, high: 1, step: nil, points: nil))),
            ("n", .domain(.integer(low: 1, high: 10, step: 1))),
            (
                "kind",
                Spaces.choice(
                    .text("a"),
                    Spaces.map(
                        ("b", Spaces.map(("y", .domain(.uniform(low: 2, high: 4, step: nil, points: nil)))))
                    )
                )
            ),
            ("s", .domain(.uniform(low: 0, high: 1, step: 0.25, points: nil)))
        )
        let expected: [[(String, ParameterValue)]] = [
            [("x", .real(0.58601067602725)), ("n", .integer(6)), ("kind", .text("a")), ("s", .real(0.25))],
            [
                ("x", .real(0.7597179447413992)), ("n", .integer(10)), ("kind", .text("b")),
                ("kind.b.y", .real(3.89806441040893)), ("s", .real(0.5)),
            ],
            [("x", .real(0.4101074383648984)), ("n", .integer(10)), ("kind", .text("a")), ("s", .real(1))],
            [("x", .real(0.5220971023983813)), ("n", .integer(4)), ("kind", .text("a")), ("s", .real(0.5))],
            [
                ("x", .real(0.5689301352508753)), ("n", .integer(1)), ("kind", .text("b")),
                ("kind.b.y", .real(2.8208632122985513)), ("s", .real(0)),
            ],
        ]
        let configurations = expected.map { entries in
            Configuration(entries.map { .init(path: "train." + $0.0, value: $0.1) })
        }
        var searcher = RandomSearcher(space: space, seed: 11)
        // Decided one after another, asked again, and asked for the last alone.
        for _ in 0..<2 { #expect(configurations.indices.map { searcher.propose(number: $0) } == configurations) }
        var last = RandomSearcher(space: space, seed: 11)
        #expect(last.propose(number: 4) == configurations[4] && last.propose(number: 0) == configurations[0])
    }

    /// Worked out from the definition as above, with the logarithm and the exponential of `Elementary` term by term.
    @Test func `the values of logarithmic ranges are the same in every version`() {
        let space = Spaces.space(
            ("rate", .domain(.logUniform(low: 1e-5, high: 1e-1, points: nil))),
            ("wide", .domain(.logUniform(low: 1e-300, high: 1e300, points: nil))),
            ("width", .domain(.logInteger(low: 4, high: 1024, points: nil))),
            ("any", .domain(.logInteger(low: 1, high: .max, points: nil)))
        )
        let expected: [(rate: Double, wide: Double, width: Int, any: Int)] = [
            (1.064375820966178e-05, 9.766796824646196e+296, 166, 2_251_076),
            (0.021043458257023778, 3.7544046039744916e+27, 185, 1),
            (6.289534768398357e-05, 2.0224181710000476e-133, 746, 82),
            (0.06340984852231211, 5.320720005276368e-50, 22, 7318),
            (0.00015879168596757276, 1.9429931917990166e-271, 401, 457_374_985),
            (0.01174980723877303, 0.0018968659598671406, 128, 2_379_647_515_787),
        ]
        let configurations = expected.map { values in
            Configuration([
                .init(path: "train.rate", value: .real(values.rate)),
                .init(path: "train.wide", value: .real(values.wide)),
                .init(path: "train.width", value: .integer(values.width)),
                .init(path: "train.any", value: .integer(values.any)),
            ])
        }
        var searcher = RandomSearcher(space: space, seed: 11)
        for (number, configuration) in configurations.enumerated() {
            #expect(searcher.propose(number: number) == configuration, "number \(number)")
        }
    }

    @Test func `what came before is drawn again, the same in every version`() {
        let space = Spaces.space(
            ("n", .domain(.integer(low: 1, high: 2, step: 1))),
            ("kind", Spaces.choice(.text("p"), .text("q"), .text("r")))
        )
        var searcher = RandomSearcher(space: space, seed: 3)
        let found = (0..<7).map { number in
            searcher.propose(number: number).map { $0.entries.map(\.value.description).joined() }
        }
        #expect(found == ["2p", "2r", "1r", "2q", "1q", "1p", nil])
    }

    /// Of 125,000 configurations one meets the condition, which nobody has counted: that no other does is found out by going through
    /// all of them, once. 5,000 times would take minutes.
    @Test(.timeLimit(.minutes(1)), arguments: [SearchSpec.Method.random, .sobol, .evolution])
    func `a space of which nothing is left is gone through once`(_ method: SearchSpec.Method) throws {
        let size = SpecNode.domain(.integer(low: 1, high: 50, step: 1))
        let space = Spaces.space(("a", size), ("b", size), ("c", size))
        var spec = SearchSpec(method: method, trials: 60, seed: 7)
        spec.constraints = [try Constraint("a + b + c <= 3").resolved(in: space)]
        var searcher = SearcherFactory.make(spec: spec, space: space)
        let only = searcher.propose(number: 0)
        #expect(only?.entries.map(\.value) == [.integer(1), .integer(1), .integer(1)])
        if let only { searcher.proposed(number: 0, configuration: only) }
        #expect((0..<5000).allSatisfy { _ in searcher.propose(number: 1) == nil })
    }
}
