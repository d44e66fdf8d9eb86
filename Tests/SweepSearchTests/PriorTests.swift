import SweepCore
import SweepNumerics
import SweepSearch
import Testing

/// What each method makes of a belief in a range.
@Suite struct PriorTests {
    private static let unit = ParameterDomain.uniform(low: 0, high: 1, step: nil, points: nil)

    private static func space(_ range: ParameterDomain, _ mean: Double, _ deviation: Double) -> SearchSpace {
        Spaces.space(("x", .domain(.believed(range, RangePrior(mean: mean, deviation: deviation)))))
    }

    private static func number(_ configuration: Configuration?) -> Double? { configuration?["train.x"]?.number }

    private static func proposals(_ method: SearchSpec.Method, _ space: SearchSpace, count: Int) -> [Double] {
        var searcher = SearcherFactory.make(spec: SearchSpec(method: method, trials: 60, seed: 7), space: space)
        return (0..<count).compactMap { number(searcher.propose(number: $0)) }
    }

    /// Bounds are six deviations away from the mean: outside lies less than one draw in 10⁸.
    @Test(arguments: SearchSpec.Method.allCases.filter { $0 != .grid })
    func `every method begins where good values are believed to be`(_ method: SearchSpec.Method) {
        let believed = Self.proposals(method, Self.space(Self.unit, 0.8, 0.02), count: 4)
        #expect(believed.count == 4)
        for value in believed { #expect(abs(value - 0.8) < 0.12, "\(value)") }
        #expect(Set(believed).count == 4)
    }

    @Test func `a grid goes through all values whatever is believed`() {
        let range = ParameterDomain.uniform(low: 0, high: 1, step: nil, points: 3)
        #expect(Self.proposals(.grid, Self.space(range, 0.8, 0.02), count: 4) == [0, 0.5, 1])
        let problems = GridSearcher.problems(Self.space(range, 0.8, 0.02))
        #expect(problems.map(\.path.description) == ["train.x.prior"])
        #expect(problems.first?.allowed == "no prior, or search: {method: random}")
        #expect(GridSearcher.problems(Spaces.space(("x", .domain(range)))).isEmpty)
    }

    /// The ends are four and six deviations away; 0.05 is six times the error of the mean of 4,000 draws.
    @Test func `draws of a logarithmic range are normal in powers of ten`() {
        let range = ParameterDomain.logUniform(low: 1e-5, high: 1, points: nil)
        let values = Self.proposals(.random, Self.space(range, 1e-3, 0.5), count: 4000)
        let powers = values.map { Elementary.log($0) / Elementary.log(10) }
        let mean = powers.reduce(0, +) / 4000
        let squares = powers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        #expect(abs(mean + 3) < 0.05, "\(mean)")
        #expect(abs((squares / 4000).squareRoot() - 0.5) < 0.05)
        #expect(values.allSatisfy { 1e-5 <= $0 && $0 <= 1 })
    }

    /// A prior at the end of its range is cut there: half a normal distribution, its mean at √(2/π) of its deviation.
    @Test func `a prior at an end is cut there`() {
        let values = Self.proposals(.random, Self.space(Self.unit, 0, 0.1), count: 4000)
        #expect(values.allSatisfy { 0 <= $0 && $0 <= 1 })
        #expect(abs(values.reduce(0, +) / 4000 - 0.0797885) < 0.006)
    }

    /// 0 … 9 are ten cells of width 0.1: the mean stands in the middle of 3's, whose ends are half a deviation away.
    @Test func `an integer has the probability of its cell`() {
        let range = ParameterDomain.integer(low: 0, high: 9, step: 1)
        var searcher = RandomSearcher(
            space: SearchSpace(
                template: .map([
                    SpecEntry(
                        "train",
                        .map([
                            SpecEntry("x", .domain(.believed(range, RangePrior(mean: 3, deviation: 1)))),
                            // Without it ten configurations would be all there are.
                            SpecEntry("y", .domain(Self.unit)),
                        ])
                    )
                ])
            ),
            seed: 7
        )
        let values = (0..<4000).map { Self.number(searcher.propose(number: $0)) }
        #expect(abs(Double(values.count { $0 == 3 }) / 4000 - 0.383) < 0.04)
        #expect(abs(Double(values.count { $0 == 2 }) / 4000 - 0.2417) < 0.04)
        #expect(abs(Double(values.count { $0 == 4 }) / 4000 - 0.2417) < 0.04)
    }

    /// Within one deviation lie 68.27 % of a normal distribution: 174.8 of 256 points, half of them below the mean.
    @Test(arguments: [SearchSpec.Method.sobol, .halton])
    func `quasi-random points fill the belief evenly`(_ method: SearchSpec.Method) {
        let values = Self.proposals(method, Self.space(Self.unit, 0.5, 0.1), count: 256)
        #expect(abs(values.count { abs($0 - 0.5) < 0.1 } - 175) <= 5)
        #expect(abs(values.count { $0 < 0.5 } - 128) <= 3)
    }

    @Test func `without results the mixture is the belief`() throws {
        let space = Self.space(Self.unit, 0.3, 0.1)
        let box = SearchBox(space)
        var widths = KernelWidths()
        let mixture = ParzenMixture(
            history: SearchHistory(box: box),
            rows: [],
            members: [],
            order: [[]],
            widths: &widths
        )
        let within = NormalDistribution.mass(from: -3, to: 7)
        for x in [0, 0.25, 0.3, 0.55, 1] {
            let density = try #require(mixture.logDensities(at: [[x]]).first)
            let expected = Elementary.log(NormalDistribution.density((x - 0.3) / 0.1) / 0.1 / within)
            #expect(abs(density - expected) < 1e-9, "\(x)")
        }
    }

    private static func firstStep(_ space: SearchSpace) -> Double {
        var searcher = CMAESSearcher(space: space, seed: 7)
        guard case .generation(0, 0, _, let stepSize) = searcher.reason(number: 0) else {
            Issue.record("not of the first generation")
            return .nan
        }
        return stepSize
    }

    /// Where nothing is believed an axis begins with a sixth of its range.
    @Test func `a generation's step size is that of what is believed`() {
        let known = ParameterDomain.believed(Self.unit, RangePrior(mean: 0.5, deviation: 0.01))
        let plain = Spaces.space(("x", .domain(Self.unit)), ("y", .domain(Self.unit)))
        #expect(Self.firstStep(plain) == 1.0 / 6)
        #expect(abs(Self.firstStep(Spaces.space(("x", .domain(known)))) - 0.01) < 1e-12)
        let mixed = Spaces.space(("x", .domain(known)), ("y", .domain(Self.unit)))
        #expect(abs(Self.firstStep(mixed) - (0.01 + 1.0 / 6) / 2) < 1e-12)
    }

    /// Ten results of x itself, which is least where nobody believes it to be.
    private static func afterTen(_ space: SearchSpace) -> (value: Double?, reason: ProposalReason) {
        var searcher = SearcherFactory.make(spec: SearchSpec(method: .gp, trials: 60, seed: 7), space: space)
        for trial in 0..<10 {
            guard let configuration = searcher.propose(number: trial), let x = number(configuration) else { break }
            searcher.proposed(number: trial, configuration: configuration)
            searcher.observe(number: trial, objective: x, epoch: 1)
        }
        return (number(searcher.propose(number: 10)), searcher.reason(number: 10))
    }

    @Test func `a Gaussian process heeds a prior with a power of ten by the results`() throws {
        let believed = Self.afterTen(Self.space(Self.unit, 0.9, 0.05))
        let value = try #require(believed.value)
        // At 0.5 the belief is eight deviations, 32 units of its logarithm, below its top: more than any improvement tells.
        #expect(value > 0.5, "\(value)")
        guard case .improvement(let results, _, _, _, _, let logImprovement, let power) = believed.reason else {
            Issue.record("\(believed.reason)")
            return
        }
        #expect(results == 10)
        #expect(power == 1)
        #expect(logImprovement.isFinite)
        let plain = Self.afterTen(Spaces.space(("x", .domain(Self.unit))))
        #expect(try #require(plain.value) < 0.5)
        guard case .improvement(_, _, _, _, _, _, let none) = plain.reason else {
            Issue.record("\(plain.reason)")
            return
        }
        #expect(none == nil)
    }

    /// At the mean of a prior of deviation 0.1 the density is 1 / (√2π 0.1), and log 3.98942 is 1.38365; one deviation away ½ less.
    @Test func `what is believed of each value is told, and of nothing else`() {
        let prior = RangePrior(mean: 0.5, deviation: 0.1)
        let space = Spaces.space(
            ("x", .domain(.believed(Self.unit, prior))),
            ("y", .domain(Self.unit)),
            ("z", Spaces.choice(.text("a"), Spaces.map(("b", .domain(.believed(Self.unit, prior))))))
        )
        func beliefs(_ entries: [(String, ParameterValue)]) -> [TrialExplanation.Belief] {
            let configuration = Configuration(entries.map { .init(path: $0.0, value: $0.1) })
            return TrialExplanation.Belief.all(of: configuration, in: space)
        }
        let one = beliefs([("train.x", .real(0.5)), ("train.y", .real(0.1)), ("train.z", .text("a"))])
        #expect(one.map(\.path) == ["train.x"])
        #expect(one.allSatisfy { abs($0.logDensity - 1.38365) < 1e-4 })
        let two = beliefs([
            ("train.x", .real(0.6)), ("train.y", .real(0.1)), ("train.z", .text("b")), ("train.z.b", .real(0.5)),
        ])
        #expect(two.map(\.path) == ["train.x", "train.z.b"])
        #expect(two.first.map { abs($0.logDensity - 0.88365) < 1e-4 } == true)
    }

    @Test func `a range is perturbed and counted as without a prior`() {
        let range = ParameterDomain.integer(low: 1, high: 9, step: 2)
        let believed = ParameterDomain.believed(range, RangePrior(mean: 3, deviation: 1))
        for value in [1, 3, 9] {
            for factor in [0.8, 1.2] {
                #expect(
                    believed.perturbed(.integer(value), by: factor) == range.perturbed(.integer(value), by: factor)
                )
            }
        }
        #expect(believed.contains(.integer(5)))
        #expect(!believed.contains(.integer(4)))
        #expect(RandomSearcher(space: Spaces.space(("x", .domain(believed))), seed: 1).total == 5)
    }
}
