import SweepCore
import SweepReports
import SweepSearch
import Testing

/// Fronts and hypervolumes against numbers made by hand.
@Suite struct ParetoTests {
    @Test func `fronts are peeled one after another, equal points together`() {
        // (1, 4), (2, 2) and (4, 1) are not dominated; (2, 2) twice; (3, 3) only by (2, 2); (4, 4) by (3, 3) too.
        let points: [[Double]] = [[4, 4], [1, 4], [2, 2], [3, 3], [4, 1], [2, 2], [2, 4]]
        #expect(ParetoFronts.fronts(points) == [3, 1, 1, 2, 1, 1, 2])
        #expect(ParetoFronts.fronts([]) == [])
        #expect(ParetoFronts.dominates([1, 2], [1, 3]) && !ParetoFronts.dominates([1, 2], [1, 2]))
        #expect(!ParetoFronts.dominates([1, 3], [2, 2]))
    }

    @Test func `sorting agrees with the definition on many points`() {
        var state: UInt64 = 1
        let points = (0..<200).map { _ in
            (0..<3).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return Double(state >> 60)
            }
        }
        let fronts = ParetoFronts.fronts(points)
        for index in points.indices {
            let above = points.indices.filter { ParetoFronts.dominates(points[$0], points[index]) }.map { fronts[$0] }
            #expect(fronts[index] == (above.max() ?? 0) + 1)
        }
    }

    @Test func `hypervolumes are those of boxes drawn by hand`() {
        // Before (5, 5): 4·1 + 3·2 + 1·1 in slices; what is dominated or outside adds nothing.
        let plane: [[Double]] = [[1, 4], [2, 2], [4, 1], [3, 3], [6, 0], [5, 1]]
        #expect(ParetoFronts.hypervolume(plane, reference: [5, 5]) == 11)
        #expect(ParetoFronts.hypervolume([[1, 1], [1, 1]], reference: [2, 3]) == 2)
        // Two boxes of 2·2·1 and 1·1·3 before (3, 3, 3) that share 1·1·1.
        #expect(ParetoFronts.hypervolume([[1, 1, 2], [2, 2, 0]], reference: [3, 3, 3]) == 6)
        #expect(ParetoFronts.hypervolume([], reference: [1, 1]) == 0)
        #expect(ParetoFronts.hypervolume([[2, 0]], reference: [1, 1]) == 0)
    }

    private func row(_ place: Int, _ loss: Double, _ accuracy: Double?, epochs: Int) -> RankRow {
        var metrics = [RankRow.MetricValue(metric: .validationLoss, value: loss)]
        if let accuracy { metrics.append(.init(metric: .validationAccuracy, value: accuracy)) }
        return RankRow(
            place: place,
            configuration: Configuration([.init(path: "train.a", value: .integer(place))]),
            runs: [
                .init(
                    trial: 10 + place,
                    seed: 1,
                    objective: loss,
                    epochs: epochs,
                    state: .completed,
                    stoppedEarly: false
                )
            ],
            state: .completed,
            objective: loss,
            interval: nil,
            tiedWith: [],
            metrics: metrics,
            epoch: epochs,
            epochs: epochs,
            attempts: 1,
            coreSeconds: 1,
            workers: [],
            finding: nil,
            rung: 0,
            log: nil,
            final: nil
        )
    }

    private var ranked: RankDocument {
        RankDocument(
            sweep: "a",
            objective: Objective(),
            rows: [
                row(1, 0.25, 0.5, epochs: 8), row(2, 0.5, 0.75, epochs: 2), row(3, 0.75, 0.5, epochs: 4),
                row(4, 1, nil, epochs: 1),
            ]
        )
    }

    @Test func `each metric counts in its own direction, and what lacks one has no row`() throws {
        let found = try #require(
            ParetoDocument(ranked, objectives: [.metric(.validationLoss), .metric(.validationAccuracy)])
        )
        #expect(found.directions == [.minimize, .maximize] && found.unmeasured == 1)
        #expect(found.rows.map(\.row.place) == [1, 2, 3] && found.rows.map(\.front) == [1, 1, 2])
        // The worst of each: a loss of 0.75, an accuracy of 0.5; only place 2 is better in both, by 0.25 each.
        #expect(found.reference == [0.75, 0.5] && found.hypervolume == 0.0625)
        #expect(
            found.summary
                == "front 1: 2 of 3 configurations; 1 without a value of each; hypervolume 0.06250 before validation.loss 0.7500, validation.accuracy 0.5000 (the worst of each)"
        )
        let none = ParetoDocument(ranked, objectives: [.metric(.validationLoss), .metric(.validationF1)])
        #expect(none == nil)
    }

    /// The row of `place` with other runs, each of so many epochs and a state, and what follows from them.
    private func row(
        _ place: Int,
        _ objective: Double?,
        _ metrics: [RankRow.MetricValue],
        runs: [(epochs: Int, state: TrialState)],
        rung: Int = 0,
        final: RankRow.Final? = nil
    ) -> RankRow {
        RankRow(
            place: place,
            configuration: Configuration([.init(path: "train.a", value: .integer(place))]),
            runs: runs.enumerated().map { number, run in
                .init(trial: number, seed: 1, objective: objective, epochs: run.epochs, state: run.state)
            },
            state: runs.first?.state ?? .waiting,
            objective: objective,
            interval: nil,
            tiedWith: [],
            metrics: metrics,
            epoch: 1,
            epochs: runs.reduce(0) { $0 + $1.epochs },
            attempts: runs.count,
            coreSeconds: Double(2 * runs.count),
            workers: [],
            finding: nil,
            rung: rung,
            final: final
        )
    }

    private func document(_ rows: [RankRow]) -> RankDocument {
        RankDocument(sweep: "a", objective: Objective(), rows: rows)
    }

    @Test func `what lost its numbers or failed is on no front, however good it was before`() throws {
        let good = [RankRow.MetricValue(metric: .validationLoss, value: 0.2)]
        let broken: [RankRow] = [
            row(2, .nan, good, runs: [(3, .completed)]),
            row(3, .infinity, good, runs: [(3, .pruned(.cannotRecover))]),
            row(4, 0.2, good, runs: [(3, .failed("it crashed"))]),
        ]
        let objectives: [ParetoObjective] = [.metric(.validationLoss), .epochs]
        let found = try #require(
            ParetoDocument(document([row(1, 0.25, 0.5, epochs: 8)] + broken), objectives: objectives)
        )
        #expect(found.rows.map(\.row.place) == [1] && found.unmeasured == 3)
        let none = ParetoDocument(document(broken), objectives: objectives)
        #expect(none == nil)
        // One that was pruned for its place, and one that waits, count with what they measured.
        let sound: [RankRow] = [
            row(1, 0.3, good, runs: [(3, .pruned(.scheduler))], rung: 3),
            row(2, 0.2, good, runs: [(3, .paused)], rung: 3),
        ]
        #expect(ParetoDocument(document(sound), objectives: objectives)?.unmeasured == 0)
    }

    @Test func `costs are those of a run, and the objective is the one that is ranked by`() throws {
        let luckiest = [
            RankRow.MetricValue(metric: .validationLoss, value: 0.1),
            RankRow.MetricValue(metric: .validationAccuracy, value: 0.9),
        ]
        let done = (epochs: 9, state: TrialState.completed)
        let rows: [RankRow] = [
            // A finalist: two new seeds before the run that it was chosen by, which stopped early.
            row(
                1,
                0.5,
                luckiest,
                runs: [done, (7, .completed), (1, .completed)],
                final: RankRow.Final(runs: 2, searchObjective: 0.1, chance: nil)
            ),
            // Three seeds; two of them, one of which crashed.
            row(2, 0.3, luckiest, runs: [done, done, done]),
            row(3, 0.4, luckiest, runs: [done, (2, .failed("it crashed"))]),
            // None is complete, and one has not come to the best one's rung.
            row(4, 0.6, luckiest, runs: [(4, .paused), (3, .running), (2, .paused)], rung: 3),
        ]
        func values(_ objective: ParetoObjective) -> [Double?] {
            rows.map { objective.value(of: $0, in: [Objective()]) }
        }
        #expect(values(.metric(.validationLoss)) == [0.5, 0.3, 0.4, 0.6])
        #expect(values(.metric(.validationAccuracy)) == [0.9, 0.9, 0.9, 0.9])
        #expect(values(.epochs) == [8, 9, 9, 3.5])
        #expect(values(.coreSeconds) == [2, 2, 2, 2])
        let objective = Objective(metric: .validationAccuracy, direction: .maximize, epoch: .best)
        #expect(ParetoObjective.metric(.validationAccuracy).value(of: rows[0], in: [objective]) == 0.5)
    }

    @Test func `the direction can be given, and is shown`() throws {
        let words = ["speed", "maximize:speed", "minimize:my.score", "my.score", "minimize:validation.accuracy"]
        let objectives = words.compactMap { ParetoObjective($0) }
        #expect(objectives.map(\.name) == ["speed", "speed", "my.score", "my.score", "validation.accuracy"])
        let directions = objectives.map { $0.direction(in: [Objective()]) }
        #expect(directions == [.minimize, .maximize, .minimize, .maximize, .minimize])
        let refused = ["", "maximize:", "maximize:epochs", "minimize:core_seconds", "most:a", "maximize:maximize:a"]
        for text in refused { #expect(ParetoObjective(text) == nil, "\(text)") }
        let asked: [ParetoObjective] = [
            .metric(.validationLoss, towards: .maximize), .metric(.validationAccuracy, towards: .minimize),
        ]
        let found = try #require(ParetoDocument(ranked, objectives: asked))
        #expect(found.rows.map(\.front) == [1, 2, 2] && found.rows.map(\.row.place) == [3, 2, 1])
        let shown = found.table().columns.map(\.name)
        #expect(shown.contains("validation.loss (max)") && shown.contains("validation.accuracy (min)"))
        let exact = found.table(exact: true).columns.map(\.name)
        #expect(exact.contains("validation.loss") && exact.contains("validation.accuracy"))
    }

    @Test func `epochs are a cost, and a reference may be given`() throws {
        let objectives = [try #require(ParetoObjective("validation.loss")), try #require(ParetoObjective("epochs"))]
        let found = try #require(ParetoDocument(ranked, objectives: objectives, reference: [1, 10]))
        #expect(found.rows.map(\.row.place) == [1, 2, 4, 3] && found.rows.map(\.front) == [1, 1, 1, 2])
        // 0.5·8 of place 2 and 0.25·2 of place 1 below it; place 4 lies on the reference.
        #expect(found.hypervolume == 4.5)
        let json = found.json(top: 1)
        #expect(json["hypervolume"] == .number(4.5))
        guard case .array(let rows)? = json["rows"] else { throw DocumentReader(json).wrong("rows") }
        #expect(rows.count == 1 && rows[0]["front"] == .integer(1) && rows[0]["place"] == .integer(1))
        #expect(found.table(top: 2).rows.count == 2)
    }
}
