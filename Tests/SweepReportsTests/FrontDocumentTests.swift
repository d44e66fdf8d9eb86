import SweepCore
import SweepReports
import SweepSearch
import Testing

/// The documents of a sweep of several objectives: the order of fronts, what the first comes to, and `objective` as it ever was.
@Suite struct FrontDocumentTests {
    private static let objectives = [
        Objective(), Objective(metric: .validationAccuracy, direction: .maximize),
    ]

    /// Trials 1 and 3 are the front; 2 is behind 1, 4 behind all; 5 was pruned, 6 lost its accuracy.
    private static var records: [TrialRecord] {
        let measured: [(loss: Double, accuracy: Double, TrialState)] = [
            (0.5, 0.8, .completed), (0.6, 0.7, .completed), (0.9, 0.95, .completed), (1, 0.6, .completed),
            (0.1, 0.99, .pruned(.scheduler)), (0.01, .nan, .completed),
        ]
        return measured.enumerated().map { index, values in
            let observation = Observation(epoch: 1, values: [values.loss, values.accuracy], seconds: 1)
            return TrialRecord(
                number: index + 1,
                configuration: Configuration([.init(path: "train.x", value: .integer(index))]),
                seed: UInt64(index),
                state: values.2,
                curve: LearningCurve(metrics: [.validationLoss, .validationAccuracy], observations: [observation])
            )
        }
    }

    private static func document(top: Int? = nil, withHistory: Bool = false) -> RankDocument {
        let (rows, all, front) = Ranking.summary(
            records,
            objective: objectives[0],
            further: Array(objectives.dropFirst()),
            levels: [1],
            top: top,
            withHistory: withHistory,
            finding: { _ in nil }
        )
        return RankDocument(
            sweep: "two",
            objective: objectives[0],
            further: Array(objectives.dropFirst()),
            front: front,
            configurations: all,
            rows: rows
        )
    }

    @Test func `rows stand by front, within one by the first objective, and what is not complete has none`() {
        let rows = Self.document().rows
        #expect(rows.map(\.trial) == [1, 3, 2, 4, 5, 6])
        #expect(rows.map(\.front) == [1, 1, 2, 3, nil, nil])
        #expect(rows[1].values == [0.9, 0.95])
        #expect(rows[5].values == [])
        #expect(rows.map(\.place) == Array(1...6))
    }

    @Test func `by one objective the same trials have no fronts`() {
        let rows = Ranking.rows(Self.records, objective: Objective(), levels: [1])
        // The accuracy that was lost is none of its business.
        #expect(rows.map(\.trial) == [6, 1, 2, 3, 4, 5])
        #expect(rows.allSatisfy { $0.front == nil && $0.values.isEmpty })
    }

    @Test func `the first front is told with its volume before the worst of each, whatever is shown`() throws {
        for top in [nil, 1, 0] {
            let front = try #require(Self.document(top: top).front)
            #expect(front.members == 2 && front.of == 4)
            #expect(front.reference == [1, 0.6])
            // 0.5 to 1 by 0.6 to 0.8, and 0.9 to 1 by 0.8 to 0.95.
            #expect(abs(front.hypervolume - (0.5 * 0.2 + 0.1 * 0.15)) < 1e-12)
        }
        let words = try #require(Self.document().frontWords)
        #expect(
            words.hasPrefix(
                "front 1 (*): 2 of 4 completed configurations; hypervolume 0.1150 before validation.loss 1.000"
            )
        )
        #expect(RankDocument(sweep: "one", objective: Objective(), rows: []).frontWords == nil)
    }

    @Test func `how its volume came about is told by trial, where it is asked for`() throws {
        let front = try #require(Self.document(withHistory: true).front)
        // Before (1, 0.6): trial 1 has 0.5 × 0.2, trial 2 is behind it, trial 3 adds 0.1 × 0.15, trial 4 is the worst itself.
        #expect(front.history.map(\.trial) == [1, 3])
        #expect(zip(front.history, [0.1, 0.115]).allSatisfy { abs($0.hypervolume - $1) < 1e-12 })
        #expect(abs((front.history.last?.hypervolume ?? 0) - front.hypervolume) < 1e-12)
        let document = Self.document(withHistory: true)
        #expect(try RankDocument(json: document.json).front == document.front)
        let plain = try #require(Self.document().front)
        #expect(plain.history.isEmpty && Self.document().json["front"]?["history"] == nil)
    }

    @Test func `runs of one configuration count by their means`() {
        let pairs = [(0.4, 0.5), (0.6, 0.7)]
        let runs = pairs.enumerated().map { index, values in
            TrialRecord(
                number: index + 1,
                configuration: Configuration([]),
                seed: UInt64(index),
                repetition: index,
                state: .completed,
                curve: LearningCurve(
                    metrics: [.validationLoss, .validationAccuracy],
                    observations: [Observation(epoch: 1, values: [values.0, values.1], seconds: 1)]
                )
            )
        }
        let rows = Ranking.rows(
            runs,
            objective: Objective(),
            further: [Objective(metric: .validationAccuracy, direction: .maximize)],
            levels: [1]
        )
        #expect(rows.count == 1)
        #expect(zip(rows[0].values, [0.5, 0.6]).allSatisfy { abs($0 - $1) < 1e-12 })
    }

    @Test func `JSON has all objectives beside the first, and is read again`() throws {
        let document = Self.document()
        let json = document.json
        #expect(json["objective"]?["metric"] == .text("validation.loss"))
        guard case .array(let objectives)? = json["objectives"] else {
            Issue.record("no objectives")
            return
        }
        #expect(objectives.count == 2)
        #expect(json["front"]?["members"] == .integer(2))
        guard case .array(let rows)? = json["rows"] else {
            Issue.record("no rows")
            return
        }
        #expect(rows[0]["front"] == .integer(1))
        #expect(rows[0]["values"]?["validation.accuracy"] == .number(0.8))
        #expect(rows[4]["front"] == .null)
        let again = try RankDocument(json: JSONValue(parsing: Array(json.text().utf8)))
        #expect(again.objectives == Self.objectives)
        #expect(again.front == document.front)
        #expect(again.rows.dropLast() == document.rows.dropLast())
        let single = RankDocument(
            sweep: "one",
            objective: Objective(),
            rows: Ranking.rows(Self.records, objective: Objective(), levels: [1])
        ).json
        #expect(single["objectives"] == nil && single["front"] == nil)
        guard case .array(let plain)? = single["rows"] else {
            Issue.record("no rows")
            return
        }
        #expect(plain[0]["front"] == nil && plain[0]["values"] == nil)
    }

    @Test func `the table marks the first front and shows each objective once`() throws {
        let text = Self.document().table.plainText(width: nil)
        let lines = text.split(separator: "\n")
        #expect(lines[0].contains("front"))
        #expect(lines[0].ranges(of: "accuracy").count == 1, "\(lines[0])")
        #expect(lines.count { $0.contains("1 *") } == 2)
        let csv = Self.document().exactTable.csv
        #expect(csv.contains("front,mean validation.loss,mean validation.accuracy"))
    }

    @Test func `--pareto takes the directions and means of the sweep's own objectives`() throws {
        let document = try #require(
            ParetoDocument(Self.document(), objectives: [.metric(.validationLoss), .metric(.validationAccuracy)])
        )
        // All measured ones, the pruned one too, which nothing dominates.
        #expect(document.directions == [.minimize, .maximize])
        #expect(document.rows.filter { $0.front == 1 }.map(\.row.trial) == [5])
        #expect(document.unmeasured == 1)
    }

    @Test func `a status says whose best it is, and how large the front is`() throws {
        var status = StatusDocument(sweep: "two", state: "running", trials: TrialCounts(), epochs: 6, workers: [])
        status.best = .init(trial: 6, configurationID: "0123456789", objective: 0.01, epoch: 1)
        #expect(status.plainText().contains("best     0.01000 in epoch 1"))
        status.objectives = Self.objectives
        status.front = Self.document().front
        let text = status.plainText()
        #expect(text.contains("best     validation.loss 0.01000 in epoch 1"))
        #expect(text.contains("front    2 of 4 completed configurations"))
        #expect(try StatusDocument(json: JSONValue(parsing: Array(status.json.text().utf8))) == status)
        let screen = SweepScreen(status: status).lines(
            ScreenStyle(width: 80, height: 24, hasColour: false, isASCII: true)
        )
        #expect(screen.contains { $0.contains("front    2 of 4") })
    }
}
