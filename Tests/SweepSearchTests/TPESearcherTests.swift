import SweepCore
import SweepNumerics
import SweepSearch
import Testing

/// A search for the tests: `parallelism` pending, the oldest ends first.
struct SequentialSearch {
    var searcher: any Searcher
    let parallelism: Int
    private(set) var tried: [(configuration: Configuration, cost: Double)] = []
    private var pending: [Int] = []

    init(_ searcher: any Searcher, parallelism: Int = 1) {
        self.searcher = searcher
        self.parallelism = parallelism
    }

    /// The least cost of `trials` trials.
    mutating func best(_ trials: Int, _ cost: (Configuration) -> Double) -> Double {
        while tried.count < trials, let configuration = searcher.propose(number: tried.count) {
            searcher.proposed(number: tried.count, configuration: configuration)
            pending.append(tried.count)
            tried.append((configuration, cost(configuration)))
            if pending.count >= parallelism {
                let number = pending.removeFirst()
                searcher.observe(number: number, objective: tried[number].cost, epoch: 1)
            }
        }
        return tried.map(\.cost).min() ?? .infinity
    }
}

/// Spaces and functions with a known answer.
enum Problems {
    static func real(_ configuration: Configuration, _ path: String) -> Double {
        configuration[path]?.number ?? .nan
    }

    static func box(_ count: Int) -> SearchSpace {
        SearchSpace(
            template: .map(
                (0..<count).map { SpecEntry("x\($0)", .domain(.uniform(low: 0, high: 1, step: nil, points: nil))) }
            )
        )
    }

    /// A bowl of unequal axes with its bottom, 0, at 0.3, 0.4, 0.5, …
    static func bowl(_ count: Int) -> (Configuration) -> Double {
        { configuration in
            var sum = 0.0
            for axis in 0..<count {
                let distance = real(configuration, "x\(axis)") - 0.3 - 0.1 * Double(axis)
                sum += Double(1 + axis * axis) * distance * distance
            }
            return sum
        }
    }

    /// Reals, a rate, integers and a choice; the bottom, 0, at a 0.7, rate 0.01, layers 5, kind q.
    static let mixed = SearchSpace(
        template: .map([
            SpecEntry("a", .domain(.uniform(low: 0, high: 1, step: nil, points: nil))),
            SpecEntry("rate", .domain(.logUniform(low: 1e-5, high: 1, points: nil))),
            SpecEntry("layers", .domain(.integer(low: 1, high: 8, step: 1))),
            SpecEntry("kind", .domain(.choice(["p", "q", "r", "s"].map { ChoiceOption(.text($0)) }))),
        ])
    )

    static func mixedCost(_ configuration: Configuration) -> Double {
        let a = real(configuration, "a") - 0.7
        let rate = Elementary.log10(real(configuration, "rate")) + 2
        let layers = real(configuration, "layers") - 5
        return a * a + 0.1 * rate * rate + 0.02 * layers * layers + (configuration["kind"] == .text("q") ? 0 : 0.3)
    }

    /// Two branches; the better one is `b`, whose bottom, 0, is at y = 0.25.
    static let branches = SearchSpace(
        template: .map([
            SpecEntry("x", .domain(.uniform(low: 0, high: 1, step: nil, points: nil))),
            SpecEntry(
                "way",
                .domain(
                    .choice(
                        ["a", "b"].map { name in
                            ChoiceOption(
                                .map([
                                    SpecEntry(
                                        name,
                                        .map([
                                            SpecEntry("y", .domain(.uniform(low: 0, high: 1, step: nil, points: nil)))
                                        ])
                                    )
                                ])
                            )
                        }
                    )
                )
            ),
        ])
    )

    static func branchCost(_ configuration: Configuration) -> Double {
        let x = real(configuration, "x") - 0.5
        if configuration["way"] == .text("a") {
            let y = real(configuration, "way.a.y") - 0.75
            return x * x + y * y + 0.3
        }
        let y = real(configuration, "way.b.y") - 0.25
        return x * x + y * y
    }

    /// How often `method` ends below independent draws of the same number, of `seeds` seeds.
    static func wins(
        _ method: SearchSpec.Method,
        _ space: SearchSpace,
        trials: Int,
        seeds: Int,
        parallelism: Int = 1,
        _ cost: (Configuration) -> Double
    ) -> Int {
        (0..<seeds).count { seed in
            let spec = SearchSpec(method: method, trials: trials, seed: UInt64(seed))
            var ours = SequentialSearch(SearcherFactory.make(spec: spec, space: space), parallelism: parallelism)
            var random = SequentialSearch(RandomSearcher(space: space, seed: UInt64(seed)))
            return ours.best(trials, cost) < random.best(trials, cost)
        }
    }
}

/// The Parzen estimator: its densities are densities, and it finds what draws do not.
@Suite struct TPESearcherTests {
    /// 20 seeds are enough that 15 wins come by chance once in fifty.
    @Test(arguments: [1, 8]) func `it beats independent draws on reals, mixed spaces and branches`(_ parallelism: Int) {
        #expect(
            Problems.wins(.tpe, Problems.box(4), trials: 80, seeds: 20, parallelism: parallelism, Problems.bowl(4))
                >= 15
        )
        #expect(
            Problems.wins(.tpe, Problems.mixed, trials: 60, seeds: 20, parallelism: parallelism, Problems.mixedCost)
                >= 15
        )
        #expect(
            Problems.wins(.tpe, Problems.branches, trials: 60, seeds: 20, parallelism: parallelism, Problems.branchCost)
                >= 15
        )
    }

    @Test func `a model of one rung finds its way among rungs`() {
        #expect(Problems.wins(.bohb, Problems.box(4), trials: 100, seeds: 20, Problems.bowl(4)) >= 14)
    }

    private static func mixture(_ values: [Double], _ axis: SpecNode) -> (ParzenMixture, SearchBox) {
        let space = SearchSpace(template: .map([SpecEntry("x", axis)]))
        let box = SearchBox(space)
        var history = SearchHistory(box: box)
        for (number, value) in values.enumerated() {
            _ = history.add(number: number, configuration: box.configuration(at: [value]))
        }
        let rows = Array(values.indices)
        let order = rows.sorted { history.columns[0][$0] < history.columns[0][$1] }
        var widths = KernelWidths()
        let mixture = ParzenMixture(
            history: history,
            rows: rows,
            members: values.map { _ in true },
            order: [order],
            widths: &widths
        )
        return (mixture, box)
    }

    @Test func `a density of reals has the integral one`() {
        for values in [[], [0.5], [0, 1], [0.1, 0.11, 0.9], (0..<60).map { Double($0 * $0 % 61) / 61 }] {
            let (mixture, _) = Self.mixture(values, .domain(.uniform(low: -3, high: 5, step: nil, points: nil)))
            let steps = 20_000
            let points = (0..<steps).map { [(Double($0) + 0.5) / Double(steps)] }
            let integral = mixture.logDensities(at: points).map(Elementary.exp).reduce(0, +) / Double(steps)
            #expect(abs(integral - 1) < 1e-6, "\(values.count) rows: \(integral)")
        }
    }

    @Test(arguments: [
        SpecNode.domain(.integer(low: 1, high: 7, step: 2)), .domain(.logInteger(low: 1, high: 200, points: nil)),
        .domain(.choice(["a", "b", "c"].map { ChoiceOption(.text($0)) })),
        .domain(.uniform(low: 0, high: 1, step: 0.3, points: nil)),
    ])
    func `probabilities of counted values sum to one`(_ node: SpecNode) throws {
        let box = SearchBox(SearchSpace(template: .map([SpecEntry("x", node)])))
        let count = try #require(box.axes[0].count)
        let all = (0..<count).map { [box.axes[0].coordinate(ofValue: $0)] }
        let (mixture, _) = Self.mixture([all[0][0], all[count - 1][0], all[count / 2][0], all[0][0]], node)
        let sum = mixture.logDensities(at: all).map(Elementary.exp).reduce(0, +)
        #expect(abs(sum - 1) < 1e-9)
        // What is drawn comes as often as its probability says.
        var stream = RandomStream(key: 8)
        var counts = Array(repeating: 0, count: count)
        for _ in 0..<20_000 {
            let point = mixture.draw(&stream)
            counts[all.firstIndex(of: point) ?? 0] += 1
        }
        for (index, log) in mixture.logDensities(at: all).enumerated() {
            let expected = Elementary.exp(log)
            let deviation = (expected * (1 - expected) / 20_000).squareRoot()
            #expect(abs(Double(counts[index]) / 20_000 - expected) < 5 * deviation + 1e-4, "value \(index)")
        }
    }

    @Test func `pending trials are kept away from`() {
        let space = Problems.box(2)
        var apart = TPESearcher(space: space, seed: 1)
        for number in 0..<30 {
            guard let configuration = apart.propose(number: number) else { continue }
            apart.proposed(number: number, configuration: configuration)
            apart.observe(number: number, objective: Problems.bowl(2)(configuration), epoch: 1)
        }
        var blind = apart
        var near = 0.0
        var far = 0.0
        let next = apart.propose(number: 30)
        for number in 30..<50 {
            guard let own = apart.propose(number: number), let other = blind.propose(number: number), let next else {
                break
            }
            apart.proposed(number: number, configuration: own)
            for axis in ["x0", "x1"] {
                far += abs(Problems.real(own, axis) - Problems.real(next, axis))
                near += abs(Problems.real(other, axis) - Problems.real(next, axis))
            }
        }
        blind.observe(number: 0, objective: 0, epoch: 1)
        #expect(far > near, "\(far) and \(near)")
    }
}
