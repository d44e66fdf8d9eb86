import SweepCore
import SweepReports
import SweepSearch
import Testing

/// What a report draws beside curves: fronts of several objectives, and the objective over each parameter.
@Suite struct ReportPicturesTests {
    private static func report(_ rank: RankDocument, space: SearchSpace? = nil) -> SweepReport {
        SweepReport(
            status: Samples.status,
            rank: rank,
            curves: Samples.curves,
            diagnosis: Samples.diagnosis,
            submission: Submission(
                text: "",
                fileName: "digits.yaml",
                tree: [],
                dataSet: DataSetID(hash: ContentHash(hex: String(repeating: "07", count: 32))!, size: 1),
                schema: nil
            ),
            space: space,
            version: "1.2.3"
        )
    }

    /// What stands below a heading of the HTML.
    private static func section(_ title: String, of report: SweepReport) throws -> String {
        let html = report.html
        let start = try #require(html.ranges(of: "<h2>\(title)</h2>").first?.upperBound)
        let rest = html[start...]
        return String(rest[..<(try #require(rest.ranges(of: "</section>").first?.lowerBound))])
    }

    private static func count(_ part: String, _ text: String) -> Int { text.ranges(of: part).count }

    // MARK: Fronts

    private static let objectives = [
        Objective(), Objective(metric: .validationAccuracy, direction: .maximize),
    ]

    /// Trials 1 and 3 are the front; 2 and 4 are behind it, 5 was pruned, 6 lost its accuracy.
    private static func two(withHistory: Bool = false) -> RankDocument {
        let measured: [(loss: Double, accuracy: Double, TrialState)] = [
            (0.5, 0.8, .completed), (0.6, 0.7, .completed), (0.9, 0.95, .completed), (1, 0.6, .completed),
            (0.1, 0.99, .pruned(.scheduler)), (0.01, .nan, .completed),
        ]
        let records = measured.enumerated().map { index, values in
            TrialRecord(
                number: index + 1,
                configuration: Configuration([.init(path: "train.x", value: .integer(index))]),
                seed: UInt64(index),
                state: values.2,
                curve: LearningCurve(
                    metrics: [.validationLoss, .validationAccuracy],
                    observations: [Observation(epoch: 1, values: [values.loss, values.accuracy], seconds: 1)]
                )
            )
        }
        let (rows, all, front) = Ranking.summary(
            records,
            objective: objectives[0],
            further: Array(objectives.dropFirst()),
            levels: [1],
            top: nil,
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

    @Test func `two objectives have a picture of the front, and a table of who is on it`() throws {
        let html = try Self.section("Front", of: Self.report(Self.two()))
        #expect(Self.count("<svg", html) == 1)
        #expect(html.contains(">validation.loss over validation.accuracy</text>"))
        #expect(html.contains(">validation.accuracy (maximize)</text>"))
        // The members larger, the others smaller; what has no value of each has no dot.
        #expect(Self.count("r=\"4\"", html) == 2 && Self.count("r=\"3\"", html) == 3)
        #expect(Self.count("<td class=\"n\">", html) == 2 * 4)
        let markdown = Self.report(Self.two()).markdown
        #expect(markdown.contains("\n## Front\n"))
        #expect(
            markdown.contains("| # | trial | validation.loss (min) | validation.accuracy (max) | configuration |")
        )
        for (place, trial, loss, accuracy) in [(1, 1, 0.5, 0.8), (2, 3, 0.9, 0.95)] {
            let cells = [NumberText.significant(loss), NumberText.significant(accuracy)].joined(separator: " | ")
            #expect(markdown.contains("| \(place) | \(trial) | \(cells) | "), "\(markdown)")
        }
        #expect(!markdown.contains("<svg"))
    }

    @Test func `how the hypervolume came about is drawn where it is known`() throws {
        let document = Self.two(withHistory: true)
        let steps = try #require(document.front?.history)
        #expect(!steps.isEmpty)
        let html = try Self.section("Front", of: Self.report(document))
        #expect(Self.count("<svg", html) == 2 && html.contains(">hypervolume up to each trial</text>"))
        // From nothing two corners a step, and on to the newest trial: the last of the lines.
        let path = try #require(html.ranges(of: "<path d=\"").last?.upperBound)
        let data = html[path...].prefix { $0 != "\"" }
        #expect(data.count { $0 == "L" } == 2 * steps.count + 1)
    }

    @Test func `one objective has no front`() {
        #expect(!Self.report(Samples.rank).html.contains("<h2>Front</h2>"))
        #expect(!Self.report(Samples.rank).markdown.contains("## Front"))
    }

    @Test func `what lies between two members is as bad as the worse of both`() {
        func points(_ pairs: [(Double, Double)]) -> [Chart.Point] { pairs.map { Chart.Point(x: $0.0, y: $0.1) } }
        let (loss, accuracy) = (Self.objectives[0], Self.objectives[1])
        #expect(
            SweepReport.stairs(points([(0.8, 0.5), (0.95, 0.9)]), loss, accuracy)
                == points([(0.8, 0.5), (0.8, 0.9), (0.95, 0.9)])
        )
        let cost = Objective(metric: .trainingLoss, direction: .minimize)
        #expect(
            SweepReport.stairs(points([(1, 3), (2, 2), (4, 1)]), loss, cost)
                == points([(1, 3), (2, 3), (2, 2), (4, 2), (4, 1)])
        )
        #expect(SweepReport.stairs([], loss, cost).isEmpty)
    }

    // MARK: Slices

    /// Three configurations: a rate over three decades, an optimizer, and a batch that never changes.
    private static let searched: RankDocument = {
        let runs: [(rate: Double, optimizer: String, loss: Double, TrialState)] = [
            (0.001, "sgd", 10, .completed), (0.01, "adam", 20, .completed), (1, "adam", 30, .pruned(.scheduler)),
        ]
        let records = runs.enumerated().map { index, run in
            TrialRecord(
                number: index + 1,
                configuration: Configuration([
                    .init(path: "train.rate", value: .real(run.rate)),
                    .init(path: "train.optimizer", value: .text(run.optimizer)),
                    .init(path: "train.batch_size", value: .integer(32)),
                ]),
                seed: UInt64(index),
                state: run.3,
                curve: LearningCurve(
                    metrics: [.validationLoss],
                    observations: [Observation(epoch: 1, values: [run.loss], seconds: 1)]
                )
            )
        }
        return RankDocument(
            sweep: "digits",
            objective: Objective(),
            rows: Ranking.rows(records, objective: Objective(), levels: [1])
        )
    }()

    @Test func `each parameter that changes has a picture, with a dot for each configuration`() throws {
        let html = try Self.section("Parameters", of: Self.report(Self.searched))
        #expect(Self.count("<svg", html) == 2)
        #expect(html.contains(">rate</text>") && html.contains(">optimizer</text>"))
        #expect(!html.contains(">batch_size</text>"))
        // Two completed and the legend's, and one that was stopped; in each picture.
        #expect(Self.count("r=\"4\"", html) == 2 * 3 && Self.count("r=\"3\"", html) == 2)
        // Beyond a decade x is logarithmic; options stand by name.
        #expect(html.contains(">0.01</text>") && html.contains(">0.1</text>") && !html.contains(">0.5</text>"))
        #expect(html.contains(">sgd</text>") && html.contains(">adam</text>"))
        // Markdown has the table alone.
        let markdown = Self.report(Self.searched).markdown
        #expect(markdown.contains("looks worse than it is.\n\n| parameter |"))
    }

    @Test func `where the range is known, x is as it was searched`() throws {
        let uniform = SpecNode.domain(.uniform(low: 0, high: 1, step: nil, points: nil))
        let space = SearchSpace(
            template: .map([SpecEntry("train", .map([SpecEntry("rate", uniform)]))])
        )
        #expect(space.parameters.map(\.path) == ["train.rate"])
        let html = try Self.section("Parameters", of: Self.report(Self.searched, space: space))
        #expect(html.contains(">0.5</text>") && !html.contains(">0.01</text>"))
    }

    @Test func `values that diverged stand at the edge, and press no other together`() {
        let ones = Array(repeating: 1.0, count: 99)
        #expect(SweepReport.edge(ones + [1e30], .minimize) == 1.5)
        #expect(SweepReport.edge(ones.map { -$0 } + [1e30], .minimize) == -1)
        #expect(SweepReport.edge((1...100).map(Double.init), .minimize) == 100)
        #expect(SweepReport.edge(ones + [-1e30], .maximize) == 1)
        #expect(SweepReport.edge([], .minimize) == 0)
    }

    @Test func `of very many configurations every so many is drawn`() throws {
        let row = try #require(Self.searched.rows.first)
        #expect(SweepReport.thinned(Array(repeating: row, count: 1_000)).count == 1_000)
        // Every third.
        #expect(SweepReport.thinned(Array(repeating: row, count: 2_500)).count == 834)
        #expect(SweepReport.thinned([]).isEmpty)
    }

    // MARK: Dots

    @Test func `dots are circles on paper and marks on a terminal, and are joined by nothing`() {
        let dots = [Chart.Point(x: 0, y: 0), Chart.Point(x: 1, y: 1), Chart.Point(x: 2, y: .nan)]
        var chart = Chart(title: "t", xLabel: "x", yLabel: "y", lines: [Chart.Line(name: "a", dots: dots)])
        chart.xAxis = .numbers(logarithmic: false)
        let svg = chart.svg()
        // Two and the legend's: one that is not a number has no place.
        #expect(Self.count("<circle", svg) == 3 && !svg.contains("<path"))
        #expect(svg.count { $0 == "<" } == svg.count { $0 == ">" })
        let plot = chart.terminalText().split(separator: "\n").filter { $0.contains("│") || $0.contains("┤") }
        #expect(plot.reduce(0) { $0 + $1.count { $0 == "o" } } == 2)
        #expect(!plot.contains { $0.contains("·") })
    }
}
