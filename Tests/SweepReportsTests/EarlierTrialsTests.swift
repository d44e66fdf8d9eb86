import SweepCore
import SweepReports
import Testing

/// What the trials of an earlier sweep tell the searcher of another.
@Suite struct EarlierTrialsTests {
    /// A sweep over a rate up to 1 with levels 3 and 9 that minimises the validation loss.
    private func sweep(where condition: String? = nil) throws -> Sweep {
        let rate = SpecNode.domain(.uniform(low: 0.0001, high: 1, step: nil, points: nil))
        var search = [
            SpecEntry("method", .text("tpe")), SpecEntry("trials", .integer(20)),
        ]
        if let condition { search.append(SpecEntry("where", .text(condition))) }
        let problems = SpecProblems()
        let sweep = Sweep.read(
            .map([
                SpecEntry("name", .text("next")),
                SpecEntry("data", .map([SpecEntry("source", .text("a.csv"))])),
                SpecEntry(
                    "train",
                    .map([
                        SpecEntry("model", .text("linear")), SpecEntry("epochs", .integer(9)),
                        SpecEntry("optimizer", .map([SpecEntry("sgd", .map([SpecEntry("learning_rate", rate)]))])),
                    ])
                ), SpecEntry("search", .map(search)),
                SpecEntry(
                    "prune",
                    .map([SpecEntry("method", .text("asha")), SpecEntry("first_rung", .integer(3))])
                ),
            ]),
            problems: problems
        )
        return try #require(sweep, "\(problems.all)")
    }

    private let path = "train.optimizer.sgd.learning_rate"

    private func trial(_ x: Double, _ losses: [Double], early: Bool = false, other: String? = nil)
        -> CurvesDocument.Trial
    {
        CurvesDocument.Trial(
            trial: 1,
            configuration: Configuration([.init(path: other ?? path, value: .real(x))]),
            seed: 1,
            state: .completed,
            stoppedEarly: early,
            curve: LearningCurve(
                metrics: [.validationLoss],
                observations: losses.enumerated().map { Observation(epoch: $0 + 1, values: [$1], seconds: 0) }
            )
        )
    }

    private func results(_ trials: [CurvesDocument.Trial], where condition: String? = nil) throws -> EarlierTrials {
        EarlierTrials(trials, for: try sweep(where: condition))
    }

    private func node(_ x: Double, _ loss: Double, _ level: Int) -> SpecNode {
        EarlierResult.node(
            Configuration([.init(path: path, value: .real(x))]),
            objective: loss,
            epoch: level
        )
    }

    @Test func `each is told at the highest level of this sweep that it came to, with its loss there`() throws {
        let long = (1...81).map { 1 / Double($0) }
        let found = try results([
            // Longer than this sweep trains, best in epoch 4, between the levels, and before the first.
            trial(0.1, long), trial(0.2, [9, 9, 9, 1, 9, 9, 9, 9, 5]), trial(0.3, [3, 3, 2, 0.5]), trial(0.4, [0, 0]),
        ])
        #expect(found.results == [node(0.1, 1.0 / 9, 9), node(0.3, 2, 3), node(0.2, 5, 9)])
        #expect(found.found == 3 && found.outside == 0)
    }

    @Test func `its own rule completes it at the last level, lost numbers lose the level on the way`() throws {
        let found = try results([
            trial(0.1, [3, 2, 1, 1.5], early: true), trial(0.2, [3, .nan]), trial(0.3, [3, 2, 1, .infinity]),
        ])
        #expect(found.results == [node(0.1, 1.5, 9), node(0.2, .nan, 3), node(0.3, .nan, 9)])
    }

    @Test func `runs of a configuration count with the mean of those that came furthest`() throws {
        let nine = [Double](repeating: 2, count: 9)
        let found = try results([trial(0.1, [1, 1, 1]), trial(0.1, nine), trial(0.1, nine.map { $0 + 1 })])
        #expect(found.results == [node(0.1, 2.5, 9)])
    }

    @Test func `what is outside the space or breaks a condition is counted and left out`() throws {
        let three = [1.0, 1, 1]
        let trials = [trial(0.1, three), trial(2, three), trial(0.5, three, other: "train.l2"), trial(0.75, three)]
        let ranges = try results(trials)
        #expect(ranges.results == [node(0.1, 1, 3), node(0.75, 1, 3)] && ranges.outside == 2 && ranges.found == 4)
        let condition = try results(trials, where: "learning_rate < 0.5")
        #expect(condition.results == [node(0.1, 1, 3)] && condition.outside == 3)
    }

    @Test func `how far trials were trained, and why the first is left out, are told`() throws {
        let short = try results([trial(0.1, [1, 1]), trial(0.2, [1]), trial(0.3, [])])
        #expect(short.found == 0 && short.lastEpoch == 2 && short.firstLevel == 3 && short.mistake == nil)
        #expect(try results([]).lastEpoch == nil)
        let three = [1.0, 1, 1]
        let other = try results([trial(0.1, three), trial(0.2, three, other: "train.l2"), trial(2, three)])
        #expect(other.mistake?.hasPrefix("train.l2: no parameter of this name") == true, "\(other.mistake ?? "none")")
        let condition = try results([trial(0.75, three)], where: "learning_rate < 0.5")
        #expect(condition.mistake == "it breaks a condition of search.where")
    }

    @Test func `of more than a tree can hold evenly many are kept, the best among them`() throws {
        let found = try results((0..<2500).map { trial(Double($0 + 1) / 2501, [1, 1, Double($0)]) })
        #expect(found.results.count == 1000 && found.found == 2500 && found.outside == 0)
        #expect(found.results.first == node(1.0 / 2501, 0, 3))
        #expect(Set(found.results).count == 1000)
    }
}
