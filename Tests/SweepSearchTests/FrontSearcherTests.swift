import SweepCore
import SweepNumerics
import SweepSearch
import Testing

/// Searchers of several objectives: what they find of fronts that are known.
@Suite struct FrontSearcherTests {
    /// A problem whose front is known.
    struct Problem: Sendable, CustomTestStringConvertible {
        let name: String
        let space: SearchSpace
        let reference: [Double]
        let costs: @Sendable (Configuration) -> [Double]
        var testDescription: String { name }

        /// Zitzler, Deb and Thiele's first and second.
        static func zdt(_ name: String, _ shape: @escaping @Sendable (Double) -> Double) -> Problem {
            Problem(name: name, space: Problems.box(6), reference: [1.1, 6]) { configuration in
                let x = (0..<6).map { Problems.real(configuration, "x\($0)") }
                let g = 1 + 9 * x[1...].reduce(0, +) / 5
                return [x[0], g * (1 - shape(x[0] / g))]
            }
        }

        private static let ways: SearchSpace = {
            let unit = SpecNode.domain(.uniform(low: 0, high: 1, step: nil, points: nil))
            let options = ["first", "second"].map { name in
                ChoiceOption(.map([SpecEntry(name, .map((0..<3).map { SpecEntry("y\($0)", unit) }))]))
            }
            return SearchSpace(template: .map([SpecEntry("x", unit), SpecEntry("way", .domain(.choice(options)))]))
        }()

        static let all = [
            zdt("zdt1") { $0.squareRoot() }, zdt("zdt2") { $0 * $0 },
            // Deb, Thiele, Laumanns and Zitzler's second without its angles: three costs.
            Problem(name: "sphere", space: Problems.box(5), reference: [2, 2, 2]) { configuration in
                let x = (0..<5).map { Problems.real(configuration, "x\($0)") }
                let g = 1 + x[3...].reduce(0) { $0 + ($1 - 0.5) * ($1 - 0.5) * 4 }
                let length = (x[0] * x[0] + x[1] * x[1] + x[2] * x[2]).squareRoot() + 1e-9
                return x[..<3].map { g * $0 / length }
            },
            // Layers cost, and a choice too.
            Problem(name: "mixed", space: Problems.mixed, reference: [3, 12]) { configuration in
                let kind: Double = configuration["kind"] == .text("q") ? 2 : 0
                return [Problems.mixedCost(configuration), Problems.real(configuration, "layers") + kind]
            },
            // Each branch has a part of the front, and in each its own parameters must be found.
            Problem(name: "ways", space: ways, reference: [2, 2]) { configuration in
                let x = Problems.real(configuration, "x")
                let isFirst = configuration["way"] == .text("first")
                var apart = 0.0
                for axis in 0..<3 {
                    let path = isFirst ? "way.first.y\(axis)" : "way.second.y\(axis)"
                    let distance = Problems.real(configuration, path) - (isFirst ? 0.75 : 0.25)
                    apart += 2 * distance * distance
                }
                return [x + apart + (isFirst ? 0 : 0.2), (1 - x) * (1 - x) + apart + (isFirst ? 0.2 : 0)]
            },
        ]
    }

    /// The volume that `trials` trials dominate, of which `parallelism` are always pending.
    private func volume(
        _ method: SearchSpec.Method,
        _ problem: Problem,
        seed: Int,
        trials: Int,
        parallelism: Int
    ) -> Double {
        var spec = SearchSpec(method: method, trials: trials, seed: UInt64(seed))
        spec.objectives = problem.reference.count
        var searcher = SearcherFactory.make(spec: spec, space: problem.space)
        var pending: [Int] = []
        var costs: [[Double]] = []
        while costs.count < trials, let configuration = searcher.propose(number: costs.count) {
            searcher.proposed(number: costs.count, configuration: configuration)
            pending.append(costs.count)
            costs.append(problem.costs(configuration))
            if pending.count >= parallelism {
                let number = pending.removeFirst()
                searcher.observe(number: number, costs: costs[number], epoch: 1)
            }
        }
        return ParetoFronts.hypervolume(costs, reference: problem.reference)
    }

    /// The lower end of the 95 % interval of the mean difference to random search with the same seeds.
    private func gain(_ method: SearchSpec.Method, _ problem: Problem, trials: Int, seeds: Int, parallelism: Int)
        -> Double
    {
        var differences = Moments()
        for seed in 0..<seeds {
            differences.add(
                volume(method, problem, seed: seed, trials: trials, parallelism: parallelism)
                    - volume(.random, problem, seed: seed, trials: trials, parallelism: parallelism)
            )
        }
        let error = (differences.sampleDeviation ?? 0) / Double(seeds).squareRoot()
        return differences.mean - StudentT.twoSidedQuantile(confidence: 0.95, degrees: seeds - 1) * error
    }

    @Test(arguments: Problem.all, [1, 8]) func `NSGA-II dominates more than random search`(
        _ problem: Problem,
        _ parallelism: Int
    ) {
        #expect(gain(.nsga2, problem, trials: 200, seeds: 10, parallelism: parallelism) > 0)
    }

    @Test(arguments: Problem.all, [1, 8]) func `the Parzen estimator of several objectives does too`(
        _ problem: Problem,
        _ parallelism: Int
    ) {
        #expect(gain(.tpe, problem, trials: 150, seeds: 10, parallelism: parallelism) > 0)
    }

    @Test(arguments: Problem.all.prefix(3)) func `a Gaussian process of weighed objectives does too`(_ problem: Problem)
    {
        #expect(gain(.gp, problem, trials: 60, seeds: 4, parallelism: 2) > 0)
    }

    @Test func `one objective alone is not what is searched for`() {
        // By the first cost of ZDT1 alone the best is x0 = 0, whatever the others; the front needs those.
        let problem = Problem.all[0]
        var spec = SearchSpec(method: .tpe, trials: 150, seed: 1)
        var single = SearcherFactory.make(spec: spec, space: problem.space)
        spec.objectives = 2
        var several = SearcherFactory.make(spec: spec, space: problem.space)
        func run(_ searcher: inout any Searcher, _ told: ([Double]) -> [Double]) -> Double {
            var costs: [[Double]] = []
            while costs.count < 150, let configuration = searcher.propose(number: costs.count) {
                searcher.proposed(number: costs.count, configuration: configuration)
                costs.append(problem.costs(configuration))
                searcher.observe(number: costs.count - 1, costs: told(costs[costs.count - 1]), epoch: 1)
            }
            return ParetoFronts.hypervolume(costs, reference: problem.reference)
        }
        #expect(run(&several) { $0 } > run(&single) { [$0[0]] })
    }

    @Test func `children say who their parents are`() throws {
        let problem = Problem.all[3]
        var spec = SearchSpec(method: .nsga2, trials: 100, seed: 3)
        spec.objectives = 2
        var searcher = SearcherFactory.make(spec: spec, space: problem.space)
        var reasons: [ProposalReason] = []
        for number in 0..<80 {
            let proposed = searcher.propose(number: number)
            let configuration = try #require(proposed)
            reasons.append(searcher.reason(number: number))
            searcher.proposed(number: number, configuration: configuration)
            searcher.observe(number: number, costs: problem.costs(configuration), epoch: 1)
        }
        for reason in reasons[..<50] {
            if case .startup(_, 50) = reason { continue }
            Issue.record("\(reason)")
        }
        for (number, reason) in reasons.enumerated().dropFirst(50) {
            guard case .crossover(let parents, 50, _) = reason else {
                Issue.record("\(reason)")
                continue
            }
            #expect(parents.allSatisfy { $0 < number })
            #expect((1...2).contains(parents.count))
        }
        #expect(reasons.contains { if case .crossover(let parents, _, _) = $0 { parents.count == 2 } else { false } })
    }

    @Test func `a result at a later rung stands before fronts of an earlier one`() throws {
        // Configurations with x0 > 0.5 come to the second rung: the population is of these.
        let space = Problems.box(2)
        var spec = SearchSpec(method: .nsga2, trials: 300, seed: 5)
        spec.objectives = 2
        var searcher = SearcherFactory.make(spec: spec, space: space)
        var upper = 0
        for number in 0..<260 {
            let proposed = searcher.propose(number: number)
            let configuration = try #require(proposed)
            searcher.proposed(number: number, configuration: configuration)
            let x = Problems.real(configuration, "x0")
            let costs = [x, 1 - x]
            searcher.observe(number: number, costs: costs, epoch: 1)
            if x > 0.5 { searcher.observe(number: number, costs: costs, epoch: 3) }
            if number >= 200, x > 0.5 { upper += 1 }
        }
        // Of even draws thirty would be above.
        #expect(upper > 45)
    }

    @Test func `the lattice of weights is whole, and each weight finds its end of a front`() {
        let two = Scalarisation.lattice(2)
        #expect(two.count == 11)
        #expect(Scalarisation.lattice(3).count == 15)
        #expect((two + Scalarisation.lattice(3)).allSatisfy { abs($0.reduce(0, +) - 1) < 1e-12 })
        let points: [[Double]] = [[0, 100], [5, 40], [10, 0], [10, 100], [.infinity, .infinity]]
        func best(_ weights: [Double]) -> Int? {
            let costs = Scalarisation.costs(points, weights)
            return costs.indices.min { costs[$0] < costs[$1] }
        }
        #expect(best([1, 0]) == 0)
        #expect(best([0, 1]) == 2)
        #expect(best([0.5, 0.5]) == 1)
        #expect(Scalarisation.costs(points, [0.5, 0.5])[4] == .infinity)
    }

    @Test func `auto picks for several objectives and says so`() {
        var spec = SearchSpec(method: .auto, trials: 100)
        spec.objectives = 2
        let few = SearchChoice(spec: spec, space: Problems.box(4))
        #expect(few.method == .gp)
        #expect(few.reason?.contains("objectives") == true)
        spec.trials = 5000
        #expect(SearchChoice(spec: spec, space: Problems.box(4)).method == .tpe)
        spec.trials = 100
        #expect(SearchChoice(spec: spec, space: Problems.branches).method == .tpe)
    }
}
