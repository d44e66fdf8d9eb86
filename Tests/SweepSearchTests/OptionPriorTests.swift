import SweepCore
import SweepNumerics
import SweepSearch
import Testing

/// What each method makes of a belief in the options of a choice.
@Suite struct OptionPriorTests {
    private static let unit = ParameterDomain.uniform(low: 0, high: 1, step: nil, points: nil)
    private static let names = ["a", "b", "c", "d"]

    /// A choice of as many words as there are weights.
    private static func choice(_ weights: [Double?]) -> SpecNode {
        .domain(.choice(zip(names, weights).map { ChoiceOption(.text($0), weight: $1) }))
    }

    /// The choice alone, or beside a real, without which there are no more configurations than options.
    private static func space(_ weights: [Double?], beside: Bool = true) -> SearchSpace {
        beside ? Spaces.space(("x", choice(weights)), ("y", .domain(unit))) : Spaces.space(("x", choice(weights)))
    }

    private static func make(_ method: SearchSpec.Method, _ space: SearchSpace) -> any Searcher {
        SearcherFactory.make(spec: SearchSpec(method: method, trials: 90, seed: 7), space: space)
    }

    private static func option(_ configuration: Configuration?) -> String {
        if case .text(let word) = configuration?["train.x"] { word } else { "?" }
    }

    private static func options(_ method: SearchSpec.Method, _ weights: [Double?], count: Int) -> [String] {
        var searcher = make(method, space(weights))
        return (0..<count).map { option(searcher.propose(number: $0)) }
    }

    private static let methods = SearchSpec.Method.allCases.filter { $0 != .grid }

    @Test(arguments: methods) func `every method begins with the option that alone is believed in`(
        _ method: SearchSpec.Method
    ) {
        #expect(Self.options(method, [0, 0, 1, 0], count: 6) == Array(repeating: "c", count: 6))
        #expect(Set(Self.options(method, [nil, nil, nil, nil], count: 40)).count > 1)
    }

    /// Three of four are a's: 3,000 of 4,000 draws, of a deviation of 27.
    @Test func `draws have the shares of the weights, whatever their unit`() {
        for scale in [1.0, 1e-300, 1e307] {
            let drawn = Self.options(.random, [3 * scale, scale, 0], count: 4000)
            #expect(abs(drawn.count { $0 == "a" } - 3000) < 140, "\(scale)")
            #expect(drawn.allSatisfy { ["a", "b"].contains($0) })
        }
    }

    @Test(arguments: [SearchSpec.Method.sobol, .halton])
    func `quasi-random points fill the weights evenly`(_ method: SearchSpec.Method) {
        let drawn = Self.options(method, [3, 0, 1], count: 256)
        #expect(abs(drawn.count { $0 == "a" } - 192) <= 5)
        #expect(!drawn.contains("b"))
    }

    /// The first generation stays as it is while nothing is known: 300 of 400, of a deviation of 9.
    @Test func `a first generation has the probabilities of the weights`() {
        let drawn = Self.options(.cmaes, [3, 1], count: 400)
        #expect(abs(drawn.count { $0 == "a" } - 300) < 46)
    }

    private static func mixture(_ weights: [Double?], taken: [Double]) -> [Double] {
        let space = Self.space(weights, beside: false)
        let box = SearchBox(space)
        var history = SearchHistory(box: box)
        for (number, option) in taken.enumerated() {
            _ = history.add(number: number, configuration: box.configuration(at: [option]))
        }
        var widths = KernelWidths()
        let mixture = ParzenMixture(
            history: history,
            rows: Array(taken.indices),
            members: taken.map { _ in true },
            order: [[]],
            widths: &widths
        )
        return mixture.logDensities(at: weights.indices.map { [Double($0)] }).map(Elementary.exp)
    }

    private static func isNear(_ a: [Double], _ b: [Double]) -> Bool {
        a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) < 1e-12 }
    }

    /// An option of weight 0 counts as a hundredth of an even share.
    @Test func `without results the mixture is the belief`() {
        let found = Self.mixture([3, 1, 0], taken: [])
        #expect(Self.isNear(found, [0.75, 0.25, 0.01 / 3]), "\(found)")
    }

    /// One result of a. Half an observation is shared out over the three options, 1.5 in units of an even share: the result's own kernel gives
    /// a (1 + 1.5 · ¾) / 2.5 = 0.85 and b 1.5 · ¼ / 2.5 = 0.15; half of that and half of the prior are 0.8 and 0.2.
    @Test func `what a kernel leaves to other options it leaves by their weights`() {
        let found = Self.mixture([3, 1, 0], taken: [0])
        #expect(Self.isNear(Array(found.prefix(2)), [0.8, 0.2]), "\(found)")
    }

    @Test func `equal weights are none`() {
        for taken in [[], [0], [0, 2, 2, 1]] as [[Double]] {
            #expect(Self.isNear(Self.mixture([2, 2, 2], taken: taken), Self.mixture([nil, nil, nil], taken: taken)))
        }
    }

    /// 90 proposals, of which twenty and more are children of both methods of evolution, with results of every kind.
    @Test(arguments: methods) func `an option of weight 0 is left out whatever the results are`(
        _ method: SearchSpec.Method
    ) {
        let space = Spaces.space(
            (
                "x",
                .domain(
                    .choice([
                        ChoiceOption(.text("a"), weight: 1),
                        ChoiceOption(Spaces.map(("b", Spaces.map(("z", .domain(Self.unit))))), weight: 2),
                        ChoiceOption(Spaces.map(("c", Spaces.map(("z", .domain(Self.unit))))), weight: 0),
                    ])
                )
            ),
            ("y", .domain(Self.unit))
        )
        var searcher = Self.make(method, space)
        let trials = method == .gp || method == .auto ? 40 : 90
        let facts = SearcherConformanceTests.sweep(&searcher, seed: 5, trials: trials, parallelism: 4)
        let taken = facts.compactMap { fact -> String? in
            if case .proposed(_, let configuration) = fact { Self.option(configuration) } else { nil }
        }
        #expect(taken.count == trials)
        #expect(Set(taken) == ["a", "b"])
    }

    /// The best results by far are of an option of weight 0, brought by hand.
    @Test(arguments: methods) func `an option of weight 0 is not proposed where results of it were brought`(
        _ method: SearchSpec.Method
    ) {
        let space = Self.space([1, 0, 2])
        var searcher = Self.make(method, space)
        for number in 0..<(method == .gp || method == .auto ? 40 : 120) {
            let proposed = searcher.propose(number: number)
            #expect(["a", "c"].contains(Self.option(proposed)), "\(number)")
            let isBrought = number % 4 == 3
            let brought = Configuration([
                .init(path: "train.x", value: .text("b")),
                .init(path: "train.y", value: .real(Double(number) / 128)),
            ])
            guard let configuration = isBrought ? brought : proposed else { return }
            searcher.proposed(number: number, configuration: configuration)
            searcher.observe(number: number, objective: isBrought ? -9 : Double(number % 5), epoch: 1)
        }
    }

    /// Forty-one of the others: the last of them has a part of 1/160 in a draw, while a thousand of weight 0 stand beside it.
    @Test(arguments: methods) func `all that is possible comes before an option of weight 0`(
        _ method: SearchSpec.Method
    ) {
        func steps(_ high: Int) -> SpecNode {
            Spaces.map(("z", .domain(.integer(low: 1, high: high, step: 1))))
        }
        let uneven = Spaces.space(
            (
                "x",
                .domain(
                    .choice([
                        ChoiceOption(.text("a"), weight: 3),
                        ChoiceOption(Spaces.map(("b", steps(40))), weight: 1),
                        ChoiceOption(Spaces.map(("c", steps(1000))), weight: 0),
                    ])
                )
            )
        )
        for (space, impossible, count) in [
            (uneven, "c", 41), (Self.space([0.99, 0.01, 0], beside: false), "c", 2),
        ] {
            var searcher = Self.make(method, space)
            var taken: [String] = []
            for number in 0...count {
                guard let configuration = searcher.propose(number: number) else { break }
                searcher.proposed(number: number, configuration: configuration)
                taken.append(Self.option(configuration))
            }
            #expect(taken.count == count + 1)
            #expect(taken.firstIndex(of: impossible) == count, "\(taken)")
        }
    }

    /// One that was decided before is made again, also where it was walked to.
    @Test func `a number is answered the same again`() {
        let space = Self.space([0.99, 0.01, 0], beside: false)
        var searcher = Self.make(.random, space)
        let first = (0..<3).map { searcher.propose(number: $0) }
        #expect((0..<3).map { searcher.propose(number: $0) } == first)
        #expect(searcher.propose(number: 3) == nil)
    }

    @Test func `a kernel of an option of weight 0 does not draw it`() {
        let space = Self.space([3, 1, 0], beside: false)
        let box = SearchBox(space)
        var history = SearchHistory(box: box)
        for number in 0..<3 { _ = history.add(number: number, configuration: box.configuration(at: [2])) }
        var widths = KernelWidths()
        let mixture = ParzenMixture(
            history: history,
            rows: [0, 1, 2],
            members: [true, true, true],
            order: [[]],
            widths: &widths
        )
        var stream = RandomStream(key: 5)
        let drawn = Set((0..<200).map { _ in mixture.draw(&stream) })
        #expect(drawn == [[0], [1]])
    }

    @Test(arguments: methods) func `an option of weight 0 comes when nothing else is new`(
        _ method: SearchSpec.Method
    ) {
        let endless = Spaces.space(
            (
                "x",
                .domain(
                    .choice([
                        ChoiceOption(.text("a"), weight: 1),
                        ChoiceOption(Spaces.map(("b", Spaces.map(("z", .domain(Self.unit))))), weight: 0),
                    ])
                )
            )
        )
        for (space, expected) in [
            (Self.space([1, 0, 1], beside: false), ["a", "c", "b"]), (endless, ["a", "b", "b"]),
        ] {
            var searcher = Self.make(method, space)
            var taken: [String] = []
            for number in 0..<3 {
                guard let configuration = searcher.propose(number: number) else { break }
                searcher.proposed(number: number, configuration: configuration)
                taken.append(Self.option(configuration))
            }
            #expect(taken.count == 3)
            #expect(taken.last == expected.last)
            #expect(taken.sorted() == expected.sorted())
        }
    }

    @Test func `a Gaussian process multiplies by the shares of the weights, and reckons without infinities`() throws {
        let space = Self.space([1, 0])
        var searcher = Self.make(.gp, space)
        // Tried by hand, and the best by far.
        let impossible = Configuration([
            .init(path: "train.x", value: .text("b")), .init(path: "train.y", value: .real(0.5)),
        ])
        for number in 0..<14 {
            let proposed = searcher.propose(number: number)
            let configuration = number == 3 ? impossible : try #require(proposed)
            searcher.proposed(number: number, configuration: configuration)
            searcher.observe(number: number, objective: number == 3 ? -9 : Double(number % 5), epoch: 1)
            #expect(number == 3 || Self.option(configuration) == "a")
        }
        let reason = searcher.reason(number: 14)
        guard case .improvement(_, _, let mean, let deviation, _, let logImprovement, let power) = reason else {
            Issue.record("\(reason)")
            return
        }
        #expect(mean.isFinite && deviation.isFinite && logImprovement.isFinite)
        #expect(power == 10.0 / 14)
    }

    @Test func `a grid refuses weights and goes through all options`() {
        let weighed = Self.space([3, 1], beside: false)
        let problems = GridSearcher.problems(weighed)
        #expect(problems.map(\.path.description) == ["train.x.prior"])
        #expect(problems.first?.found == "{weights: [3, 1]}")
        #expect(GridSearcher.problems(Self.space([nil, nil], beside: false)).isEmpty)
        var grid = Self.make(.grid, weighed)
        #expect((0..<2).map { Self.option(grid.propose(number: $0)) } == ["a", "b"])
    }

    /// log (¾ · 2) = 0.405465.
    @Test func `what is believed of an option is told`() {
        func beliefs(_ option: String, _ weights: [Double?]) -> [TrialExplanation.Belief] {
            let configuration = Configuration([.init(path: "train.x", value: .text(option))])
            return TrialExplanation.Belief.all(of: configuration, in: Self.space(weights, beside: false))
        }
        let one = beliefs("a", [3, 1])
        #expect(one.map(\.path) == ["train.x"])
        #expect(one.allSatisfy { abs($0.logDensity - 0.405465) < 1e-6 })
        #expect(beliefs("b", [1, 0]).map(\.logDensity) == [-.infinity])
        #expect(beliefs("a", [nil, nil]).isEmpty)
    }

    @Test func `a perturbed option passes over those of weight 0`() {
        let options = zip([16, 32, 64], [1.0, 0, 1]).map { ChoiceOption(.integer($0), weight: $1) }
        let domain = ParameterDomain.choice(options)
        #expect(domain.perturbed(.integer(16), by: 1.2) == .integer(64))
        #expect(domain.perturbed(.integer(64), by: 0.8) == .integer(16))
        #expect(domain.perturbed(.integer(32), by: 1.2) == .integer(64))
        let plain = ParameterDomain.choice([16, 32, 64].map { ChoiceOption(.integer($0)) })
        #expect(plain.perturbed(.integer(16), by: 1.2) == .integer(32))
    }
}
