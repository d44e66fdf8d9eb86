import SweepCore
import SweepNumerics
import SweepSearch
import Testing

@Suite struct ImportanceTests {
    private static func real(_ low: Double, _ high: Double) -> SpecNode {
        .domain(.uniform(low: low, high: high, step: nil, points: nil))
    }

    /// Three reals in [0, 1].
    private static let cube = Spaces.space(("a", real(0, 1)), ("b", real(0, 1)), ("c", real(0, 1)))

    private static func number(_ configuration: Configuration, _ name: String) -> Double {
        configuration["train." + name]?.number ?? .nan
    }

    /// Results of a function at random points.
    private static func results(
        _ space: SearchSpace,
        _ count: Int,
        seed: UInt64 = 1,
        _ cost: (Configuration) -> Double
    ) -> [(configuration: Configuration, cost: Double)] {
        var searcher = RandomSearcher(space: space, seed: seed)
        return (0..<count).compactMap { searcher.propose(number: $0) }.map { ($0, cost($0)) }
    }

    private static func analysis(
        _ space: SearchSpace,
        _ count: Int,
        seed: UInt64 = 1,
        _ cost: (Configuration) -> Double
    ) throws -> Importance {
        try #require(
            Importance.analysis(space: space, results: results(space, count, seed: seed, cost), seed: seed)
        )
    }

    private func share(_ importance: Importance, _ name: String) -> Double {
        importance.parameters.first { $0.path == "train." + name }?.variance ?? .nan
    }

    private func amongBest(_ importance: Importance, _ name: String) -> Double {
        importance.parameters.first { $0.path == "train." + name }?.amongBest ?? .nan
    }

    private func pair(_ importance: Importance, _ first: String, _ second: String) -> Double {
        importance.pairs.first { $0.first == "train." + first && $0.second == "train." + second }?.variance ?? 0
    }

    @Test func `an additive function has the shares of its terms and no pairs`() throws {
        let importance = try Self.analysis(Self.cube, 800) {
            4 * Self.number($0, "a") - 2 * Self.number($0, "b") + Self.number($0, "c")
        }
        // Variances 16, 4 and 1 twelfths.
        #expect(abs(share(importance, "a") - 16.0 / 21) < 0.04)
        #expect(abs(share(importance, "b") - 4.0 / 21) < 0.04)
        #expect(abs(share(importance, "c") - 1.0 / 21) < 0.03)
        #expect(importance.parameters.map(\.path) == ["train.a", "train.b", "train.c"])
        #expect(importance.pairs.allSatisfy { $0.variance < 0.02 })
        #expect(try #require(importance.explained) > 0.95)
        #expect(importance.bounded == 0)
    }

    @Test func `Ishigami's function has the shares that are known, the pair among them`() throws {
        // Ishigami & Homma 1990 with a = 7, b = 0.1: S1 = 0.3139, S2 = 0.4424, S3 = 0, S13 = 0.2437.
        let pi = Double.pi
        let space = Spaces.space(
            ("a", Self.real(-pi, pi)),
            ("b", Self.real(-pi, pi)),
            ("c", Self.real(-pi, pi))
        )
        let importance = try Self.analysis(space, 1_000) { Self.ishigami($0) }
        #expect(abs(share(importance, "a") - 0.3139) < 0.05)
        // A thousand points show a forest less of the two waves along b than there is.
        #expect(abs(share(importance, "b") - 0.4424) < 0.12)
        #expect(share(importance, "c") < 0.03)
        #expect(abs(pair(importance, "a", "c") - 0.2437) < 0.06)
        #expect(importance.pairs.first.map { [$0.first, $0.second] } == ["train.a", "train.c"])
    }

    private static func ishigami(_ configuration: Configuration) -> Double {
        func sine(_ x: Double) -> Double { Elementary.sine(turns: x / (2 * Double.pi)) }
        let a = sine(number(configuration, "a"))
        let b = sine(number(configuration, "b"))
        let c = number(configuration, "c")
        return a + 7 * b * b + 0.1 * c * c * c * c * a
    }

    @Test func `a marginal curve follows the function, at each value of a counted range and each option`() throws {
        let space = Spaces.space(
            ("layers", .domain(.integer(low: 1, high: 4, step: 1))),
            ("kind", Spaces.choice(.text("x"), .text("y"), .text("z"))),
            ("rate", .domain(.logUniform(low: 1e-4, high: 1, points: nil)))
        )
        let importance = try Self.analysis(space, 600) { configuration in
            let kind = configuration["train.kind"] == .text("y") ? 3.0 : 0
            let rate = Elementary.log(Self.number(configuration, "rate")) / Elementary.log(10)
            return Self.number(configuration, "layers") + kind + abs(rate + 2)
        }
        let layers = try #require(importance.parameters.first { $0.path == "train.layers" }).marginal
        #expect(layers.map(\.value) == (1...4).map { .integer($0) })
        for (place, point) in layers.enumerated() {
            #expect(abs(point.objective - layers[0].objective - Double(place)) < 0.2)
        }
        let kinds = try #require(importance.parameters.first { $0.path == "train.kind" }).marginal
        #expect(kinds.map(\.value) == [.text("x"), .text("y"), .text("z")])
        #expect(abs(kinds[1].objective - kinds[0].objective - 3) < 0.2)
        #expect(abs(kinds[2].objective - kinds[0].objective) < 0.2)
        let rates = try #require(importance.parameters.first { $0.path == "train.rate" }).marginal
        #expect(rates.first?.value == .real(1e-4) && rates.last?.value == .real(1))
        let least = try #require(rates.min { $0.objective < $1.objective })
        guard case .real(let best) = least.value else { return }
        #expect((0.004...0.025).contains(best))
        // Six variances: 15/12 of layers, 2 of kind, 1/3 of the rate.
        let whole = 1.25 + 2 + 1.0 / 3
        #expect(abs(share(importance, "kind") - 2 / whole) < 0.05)
        #expect(abs(share(importance, "layers") - 1.25 / whole) < 0.05)
    }

    /// Two branches, each with a real of its own, of which the first counts.
    private static let branches = Spaces.space(
        (
            "optimizer",
            Spaces.choice(
                Spaces.map(("sgd", Spaces.map(("rate", real(0, 1))))),
                Spaces.map(("adam", Spaces.map(("beta", real(0, 1)))))
            )
        )
    )

    private static func branchCost(_ configuration: Configuration) -> Double {
        switch configuration["train.optimizer.sgd.rate"] {
        case .real(let rate): rate
        default: 0.5
        }
    }

    @Test func `a parameter that counts in one branch alone shares its effect with the choice`() throws {
        let importance = try Self.analysis(Self.branches, 800, Self.branchCost)
        // c x + (1 - c)/2: the rate alone has 1/48 of 1/24, the rest is the pair's, the choice alone has nothing.
        #expect(abs(share(importance, "optimizer.sgd.rate") - 0.5) < 0.06)
        #expect(share(importance, "optimizer") < 0.04)
        #expect(share(importance, "optimizer.adam.beta") < 0.02)
        #expect(abs(pair(importance, "optimizer", "optimizer.sgd.rate") - 0.5) < 0.07)
    }

    /// In half of the results each real is inactive, and is drawn.
    @Test func `what is believed of a range changes nothing of what the same results say`() throws {
        let results = Self.results(Self.branches, 200, Self.branchCost)
        let plain = try #require(Importance.analysis(space: Self.branches, results: results, seed: 1))
        let believed = try #require(
            Importance.analysis(space: Spaces.believed(Self.branches), results: results, seed: 1)
        )
        #expect(believed.parameters == plain.parameters)
        #expect(believed.pairs == plain.pairs)
        #expect(believed.explained == plain.explained)
    }

    @Test func `what diverged does not hide the rest, and shares depend on nothing but their arguments`() throws {
        func cost(_ configuration: Configuration) -> Double {
            let (a, b) = (Self.number(configuration, "a"), Self.number(configuration, "b"))
            if b > 0.97 { return .infinity }
            if b > 0.94 { return 1e12 }
            return 4 * a + 2 * b
        }
        let results = Self.results(Self.cube, 400, cost)
        let importance = try #require(Importance.analysis(space: Self.cube, results: results, seed: 1))
        #expect(importance.bounded > 5)
        #expect(share(importance, "a") > 0.25)
        #expect(Importance.analysis(space: Self.cube, results: results, seed: 1) == importance)
        let other = try #require(Importance.analysis(space: Self.cube, results: results, seed: 2))
        #expect(other != importance)
        for name in ["a", "b", "c"] { #expect(abs(share(other, name) - share(importance, name)) < 0.03) }
    }

    @Test func `repeats are one result, and a maximised objective keeps its sign in the curves`() throws {
        let results = Self.results(Self.cube, 60) { Self.number($0, "a") }
        let twice = results.flatMap { [($0.configuration, $0.cost - 0.1), ($0.configuration, $0.cost + 0.1)] }
        let importance = try #require(Importance.analysis(space: Self.cube, results: twice, seed: 1))
        #expect(importance.configurations == 60)
        let negated = results.map { ($0.configuration, -$0.cost) }
        let maximized = try #require(
            Importance.analysis(space: Self.cube, results: negated, isMaximized: true, seed: 1)
        )
        let curve = try #require(maximized.parameters.first { $0.path == "train.a" }).marginal
        #expect(try #require(curve.first).objective < 0.2 && #require(curve.last).objective > 0.8)
    }

    @Test func `too few results, equal ones, and nothing to choose give no answer`() {
        let few = Self.results(Self.cube, 9) { Self.number($0, "a") }
        #expect(Importance.analysis(space: Self.cube, results: few, seed: 1) == nil)
        let equal = Self.results(Self.cube, 30) { _ in 1 }
        #expect(Importance.analysis(space: Self.cube, results: equal, seed: 1) == nil)
        let lost = Self.results(Self.cube, 30) { _ in .infinity }
        #expect(Importance.analysis(space: Self.cube, results: lost, seed: 1) == nil)
        let fixed = Spaces.space(("a", Self.real(1, 1)))
        #expect(Importance.analysis(space: fixed, results: [], seed: 1) == nil)
    }

    @Test func `what matters among the best is told apart from what makes bad results worse`() throws {
        // b makes large differences among the bad half, a small ones among the good half.
        let importance = try Self.analysis(Self.cube, 600) { configuration in
            let (a, b) = (Self.number(configuration, "a"), Self.number(configuration, "b"))
            return b > 0.5 ? 10 + 20 * b : a
        }
        #expect(share(importance, "b") > 0.9)
        #expect(amongBest(importance, "a") > amongBest(importance, "c") * 20)
        #expect(amongBest(importance, "a") > amongBest(importance, "b"))
        let sum = importance.parameters.compactMap(\.amongBest).reduce(0, +)
        #expect(abs(sum - 1) < 1e-12)
    }

    // MARK: Agreement with a peer

    /// Figures of `Benchmarks/peers/importance.py` with Optuna 5: the same points (random streams of their index), the same
    /// function.
    @Test(arguments: PeerImportance.cases)
    func `both evaluators agree with a peer's`(_ peer: PeerImportance) throws {
        let importance = try #require(
            Importance.analysis(space: peer.space, results: peer.results, seed: 1)
        )
        let whole = importance.parameters.map(\.variance).reduce(0, +)
        for (name, expected) in peer.fanova {
            // Forests differ in their draws; Optuna's shares of single parameters are made to sum to 1.
            #expect(
                abs(share(importance, name) / whole - expected) < (peer.hasOptions ? 0.05 : 0.03),
                "fANOVA of \(name)"
            )
        }
        for (name, expected) in peer.pedAnova {
            // Optuna's kernels over options are wider, which makes their share less and the others' more.
            #expect(
                abs(amongBest(importance, name) - expected) < (peer.hasOptions ? 0.1 : 0.02),
                "PED-ANOVA of \(name)"
            )
        }
        let order = peer.pedAnova.sorted { $0.1 > $1.1 }.map(\.0)
        #expect(order.map { amongBest(importance, $0) } == order.map { amongBest(importance, $0) }.sorted(by: >))
    }

    // MARK: Advice on ranges

    private static let rates = Spaces.space(
        ("rate", .domain(.logUniform(low: 1e-4, high: 1e-2, points: nil))),
        ("width", .domain(.integer(low: 10, high: 50, step: 10))),
        ("kind", Spaces.choice(.text("x"), .text("y"), .text("z")))
    )

    @Test func `best values at an end ask for a wider range, by half of it on its own scale`() throws {
        let importance = try Self.analysis(Self.rates, 120) { Self.number($0, "rate") }
        let advice = try #require(importance.advice.first { $0.path == "train.rate" })
        #expect(advice.change == .widen(low: .real(1e-5), high: nil))
        #expect(advice.agreeing * 2 >= advice.best && advice.chance <= 0.005)
        let upper = try Self.analysis(Self.rates, 120) { -Self.number($0, "width") }
        #expect(upper.advice.map(\.change) == [.widen(low: nil, high: .integer(70))])
    }

    @Test func `best values in a small part ask for a narrower range, and useless options are told`() throws {
        let importance = try Self.analysis(Self.rates, 200) { configuration in
            let rate = Elementary.log(Self.number(configuration, "rate") / 1e-3)
            return rate * rate + (configuration["train.kind"] == .text("y") ? 100 : 0)
        }
        #expect(importance.advice.map(\.path) == ["train.rate", "train.kind"])
        guard case .narrow(.real(let low), .real(let high)) = importance.advice[0].change else {
            Issue.record("\(importance.advice[0])")
            return
        }
        #expect(low > 1e-4 && low < 8e-4 && high > 1.2e-3 && high < 1e-2)
        #expect(importance.advice[1].change == .drop([.text("y")]))
    }

    @Test func `a range never goes through zero, and a parameter without effect gets no advice`() throws {
        let space = Spaces.space(("dropout", Self.real(0.1, 0.5)), ("momentum", Self.real(0, 0.9)))
        let low = try Self.analysis(space, 120) { Self.number($0, "dropout") }
        #expect(low.advice.map(\.change) == [.widen(low: .real(0), high: nil)])
        // The end at zero is as far as it goes.
        let zero = try Self.analysis(space, 120) { Self.number($0, "momentum") }
        #expect(!zero.advice.contains { if case .widen = $0.change { true } else { false } })
        var advised = 0
        for seed in UInt64(1)...100 {
            var stream = RandomStream(key: seed)
            let noise = try Self.analysis(Self.rates, 60, seed: seed) { _ in stream.uniform() }
            advised += noise.advice.count
        }
        // Three parameters, up to four looks each, one in two hundred.
        #expect(advised <= 10, "\(advised) of 300")
    }

    @Test func `no advice leads to what a trial may not have`() throws {
        let space = Spaces.space(
            ("model", .text("linear")),
            (
                "optimizer",
                Spaces.map(("sgd", Spaces.map(("learning_rate", .real(0.1)), ("momentum", Self.real(0.8, 0.99)))))
            ),
            ("l2", Self.real(0, 0.5)),
            ("epochs", .integer(9))
        )
        // 0.99 and half of 0.19 would be 1.085; it is below 1. A penalty may be as large as one likes.
        let momentum = try Self.analysis(space, 120) { -Self.number($0, "optimizer.sgd.momentum") }
        #expect(!momentum.advice.contains { if case .widen = $0.change { true } else { false } })
        let penalty = try Self.analysis(space, 120) { -Self.number($0, "l2") }
        #expect(penalty.advice.first { $0.path == "train.l2" }?.change == .widen(low: nil, high: .real(0.75)))
        // Of parameters that nothing here reads, nobody knows what they may be.
        let unread = try Self.analysis(Spaces.space(("momentum", Self.real(0.8, 0.99))), 120) {
            -Self.number($0, "momentum")
        }
        #expect(unread.advice.map(\.change) == [.widen(low: nil, high: .real(1.1))])
    }

    // MARK: Which results are compared

    private func trial(_ number: Int, _ losses: [Double], _ state: TrialState) -> TrialRecord {
        TrialRecord(
            number: number,
            configuration: Configuration([.init(path: "train.x", value: .integer(number))]),
            seed: 1,
            state: state,
            curve: LearningCurve(
                metrics: [.validationLoss],
                observations: losses.enumerated().map {
                    Observation(epoch: $0.offset + 1, values: [$0.element], seconds: 1)
                }
            )
        )
    }

    @Test func `results are compared at the last level that half of the trials reached`() {
        func compared(_ trials: [TrialRecord]) -> ComparedResults {
            ComparedResults(trials, objective: Objective(), judged: Objective(), levels: [1, 3]) { wanted in
                // One without numbers is not asked for, nor one that trained nothing.
                #expect(wanted.allSatisfy { $0.trial.curve.firstNonFiniteEpoch == nil && $0.epoch > 0 })
                return Dictionary(
                    uniqueKeysWithValues: wanted.compactMap { trial, epoch in
                        trial.curve.value(.validationLoss, at: epoch).map { (trial.number, $0) }
                    }
                )
            }
        }
        let pruned = [
            trial(1, [5], .pruned(.scheduler)), trial(2, [4], .pruned(.scheduler)), trial(3, [3, 1, 2], .completed),
            trial(4, [.nan], .pruned(.cannotRecover)), trial(5, [], .waiting),
        ]
        // Four are too few to leave any out.
        #expect(compared(pruned).epoch == 1)
        #expect(compared(pruned).results.map(\.cost) == [5, 4, 3, .infinity])
        // Of fourteen twelve came to the end of what they can: those that completed, and the one without numbers.
        let completed = pruned + (7...16).map { trial($0, [3, 1, 2], .completed) }
        #expect(compared(completed).epoch == nil)
        #expect(compared(completed).results.map(\.cost) == [1, .infinity] + Array(repeating: 1, count: 10))
        let half = completed + (17...26).map { trial($0, [7], .pruned(.scheduler)) }
        #expect(compared(half).epoch == nil)
        #expect(compared(half + [trial(27, [7], .paused)]).epoch == 1)
    }
}
