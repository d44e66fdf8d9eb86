import SweepCore
import SweepSearch
import Testing

/// Searchers that know results of an earlier sweep.
@Suite struct WarmStartTests {
    private let template = SpecNode.map([
        SpecEntry("x", .domain(.uniform(low: 0, high: 1, step: nil, points: nil))),
        SpecEntry("y", .domain(.uniform(low: 0, high: 1, step: nil, points: nil))),
    ])

    private var space: SearchSpace { SearchSpace(template: template) }

    private func configuration(_ x: Double, _ y: Double) -> Configuration {
        Configuration([.init(path: "x", value: .real(x)), .init(path: "y", value: .real(y))])
    }

    /// 64 results of a bowl around (0.8, 0.2), one of which lost its numbers.
    private var earlier: [EarlierResult] {
        (0..<64).map { index in
            let (x, y) = (Double(index % 8) / 7, Double(index / 8) / 7)
            let cost = (x - 0.8) * (x - 0.8) + (y - 0.2) * (y - 0.2)
            return EarlierResult(configuration: configuration(x, y), cost: index == 0 ? .infinity : cost, epoch: 9)
        }
    }

    @Test(arguments: [SearchSpec.Method.tpe, .gp, .bohb, .auto]) func `a model begins with them and draws nothing`(
        _ method: SearchSpec.Method
    ) throws {
        let cold = SearchSpec(method: method, trials: 20, seed: 3)
        var warm = cold
        warm.warmStart = .results(earlier)
        func distance(_ spec: SearchSpec) throws -> Double {
            var searcher = SearcherFactory.make(spec: spec, space: space)
            var distances: [Double] = []
            for number in 0..<10 {
                let next = searcher.propose(number: number)
                let proposal = try #require(next)
                #expect(!earlier.map(\.configuration).contains(proposal))
                searcher.proposed(number: number, configuration: proposal)
                guard case .real(let x)? = proposal["x"], case .real(let y)? = proposal["y"] else { continue }
                distances.append(((x - 0.8) * (x - 0.8) + (y - 0.2) * (y - 0.2)).squareRoot())
            }
            // A third of bohb's proposals are drawn: the median is not one of them.
            return distances.sorted()[distances.count / 2]
        }
        let (drawn, modelled) = (try distance(cold), try distance(warm))
        #expect(modelled < 0.25 && modelled < drawn / 1.5, "\(method): \(drawn) and \(modelled)")
        var first = SearcherFactory.make(spec: warm, space: space)
        if case .startup = first.reason(number: 0) { Issue.record("\(method) waits for results") }
    }

    @Test(arguments: [SearchSpec.Method.tpe, .gp, .bohb]) func `the sweep's own results count as much as earlier ones`(
        _ method: SearchSpec.Method
    ) throws {
        var spec = SearchSpec(method: method, trials: 60, seed: 3)
        spec.warmStart = .results(earlier)
        var searcher = SearcherFactory.make(spec: spec, space: space)
        // A better valley than the earlier sweep knew of.
        for number in 0..<20 {
            let (x, y) = (0.15 + 0.02 * Double(number % 5), 0.75 + 0.03 * Double(number / 5))
            searcher.proposed(number: number, configuration: configuration(x, y))
            searcher.observe(number: number, objective: -1 - 0.001 * Double(number), epoch: 9)
        }
        var near = 0
        for number in 20..<32 {
            let next = searcher.propose(number: number)
            let proposal = try #require(next)
            searcher.proposed(number: number, configuration: proposal)
            guard case .real(let x)? = proposal["x"], case .real(let y)? = proposal["y"] else { continue }
            if abs(x - 0.2) < 0.25, abs(y - 0.8) < 0.25 { near += 1 }
        }
        #expect(near >= 6, "\(method): \(near) of 12")
    }

    @Test func `of a finite space only what the earlier sweep has not tried is left`() {
        let options = (0..<8).map { ChoiceOption(.integer($0)) }
        let space = SearchSpace(template: .map([SpecEntry("x", .domain(.choice(options)))]))
        func searcher(_ known: Int) -> any Searcher {
            var spec = SearchSpec(method: .tpe, trials: 20, seed: 3)
            spec.warmStart = .results(
                (0..<known).map { x in
                    let configuration = Configuration([.init(path: "x", value: .integer(x))])
                    return EarlierResult(configuration: configuration, cost: Double(x), epoch: 1)
                }
            )
            return SearcherFactory.make(spec: spec, space: space)
        }
        var some = searcher(5)
        #expect(some.total == 3)
        var proposed: Set<Configuration> = []
        for number in 0..<4 {
            guard let next = some.propose(number: number) else { continue }
            some.proposed(number: number, configuration: next)
            proposed.insert(next)
        }
        #expect(proposed.compactMap { $0["x"] }.count == 3 && !proposed.contains { $0["x"] == .integer(4) })
        var none = searcher(8)
        let next = none.propose(number: 0)
        #expect(none.total == 0 && next == nil)
    }

    @Test func `it is a function of the file and the seed`() {
        var spec = SearchSpec(method: .tpe, trials: 20, seed: 3)
        spec.warmStart = .results(earlier)
        var (one, other) = (
            SearcherFactory.make(spec: spec, space: space), SearcherFactory.make(spec: spec, space: space)
        )
        for number in [4, 0, 2] {
            let (a, b) = (one.propose(number: number), other.propose(number: number))
            #expect(a != nil && a == b)
        }
        // A file that was not read yet says nothing.
        spec.warmStart = .file("a")
        var (unread, cold) = (
            SearcherFactory.make(spec: spec, space: space), SearcherFactory.make(spec: spec, space: space)
        )
        let (first, same) = (unread.propose(number: 0), cold.propose(number: 0))
        #expect(first == same)
    }

    @Test func `results are read with the sweep, each whole and within the ranges`() throws {
        func read(_ results: [SpecNode], method: String = "tpe", _ objective: Objective = Objective())
            -> (warm: WarmStart?, problems: [String])
        {
            let problems = SpecProblems()
            let node = SpecNode.map([
                SpecEntry("method", .text(method)), SpecEntry("trials", .integer(3)),
                SpecEntry("warm_start", .list(results)),
            ])
            let spec = SearchSpec.read(SpecReader(node, problems: problems), space: space, objective: objective)
            return (spec?.warmStart, problems.all.map(\.message))
        }
        let good = EarlierResult.node(configuration(0.5, 1), objective: 0.25, epoch: 3)
        let lost = EarlierResult.node(configuration(0.25, 1), objective: .nan, epoch: 1)
        #expect(
            read([good, lost]).warm
                == .results([
                    EarlierResult(configuration: configuration(0.5, 1), cost: 0.25, epoch: 3),
                    EarlierResult(configuration: configuration(0.25, 1), cost: .infinity, epoch: 1),
                ])
        )
        let maximised = read([good], Objective(metric: .validationAccuracy, direction: .maximize)).warm
        #expect(maximised == .results([EarlierResult(configuration: configuration(0.5, 1), cost: -0.25, epoch: 3)]))
        let outside = EarlierResult.node(configuration(0.5, 2), objective: 1, epoch: 3)
        #expect(read([good, outside]).problems == ["not an allowed value"])
        let partial = EarlierResult.node(
            Configuration([.init(path: "x", value: .real(0.5))]),
            objective: 1,
            epoch: 3
        )
        #expect(read([partial]).problems == ["not a whole configuration of this sweep"])
        #expect(read([good], method: "random").problems == ["random has no model that could learn from it"])
        #expect(read([good], method: "cmaes").problems.count == 1 && read([good], method: "auto").problems.isEmpty)
    }
}
