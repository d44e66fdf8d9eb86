import SweepCore
import SweepReports
import Testing

@Suite struct ChartTests {
    @Test func `one trial shows training and validation`() {
        let document = CurvesDocument(
            sweep: "digits",
            objective: Objective(),
            trials: [CurvesDocument.Trial(Samples.records[0])]
        )
        let chart = document.chart
        #expect(chart.lines.compactMap(\.name) == ["training", "training, evaluated", "validation"])
        #expect(chart.title.contains("trial 1, completed: width 128, optimizer adam, learning_rate 0.001"))
        let svg = chart.svg()
        #expect(svg.hasPrefix("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"720\""))
        #expect(svg.hasSuffix("</svg>\n"))
        #expect(svg.count { $0 == "<" } == svg.count { $0 == ">" })
        #expect(svg.contains(">validation</text>"))
    }

    @Test func `all trials show a band and the best`() {
        let chart = Samples.curves.chart
        #expect(chart.lines.compactMap(\.name) == ["best: trial 1", "median"])
        #expect(chart.band?.upper.count == 3)
        let svg = chart.svg()
        #expect(svg.contains("<polygon"))
        // The trial that lost its numbers is marked.
        #expect(svg.contains("stroke=\"red\""))
    }

    @Test func `the best is drawn over the median, and keeps its mark`() throws {
        // The median of one trial is its own curve: every mark of it is covered.
        let document = CurvesDocument(
            sweep: "digits",
            objective: Objective(),
            trials: [CurvesDocument.Trial(Samples.records[0])]
        )
        let chart = document.chart(of: .validationLoss)
        func marks(_ text: String) -> (best: Int, median: Int) {
            let plot = text.split(separator: "\n").filter { $0.contains("│") || $0.contains("┤") }
                .joined(separator: "")
            return (plot.count { $0 == "o" }, plot.count { $0 == "x" })
        }
        #expect(marks(chart.terminalText()).best >= 3 && marks(chart.terminalText()).median == 0)
        #expect(chart.terminalText().contains("o best: trial 1   x median"))
        var below = chart
        for index in below.lines.indices { below.lines[index].isOnTop = false }
        #expect(marks(below.terminalText()).median >= 3)
        let svg = chart.svg()
        let best = try #require(svg.ranges(of: "stroke=\"#0072B2\"").first?.lowerBound)
        let median = try #require(svg.ranges(of: "stroke=\"#D55E00\"").first?.lowerBound)
        #expect(median < best, "the best's line comes after the median's")
    }

    @Test func `the y axis is logarithmic beyond one decade of positive values`() {
        func chart(_ values: [Double]) -> String {
            Chart(title: "t", yLabel: "loss", lines: [.init(name: "a", values: values)]).svg()
        }
        #expect(chart([1, 0.001]).contains("loss (log)"))
        #expect(!chart([1, 0.5]).contains("(log)"))
        #expect(!chart([1, -0.5, 100]).contains("(log)"))
        #expect(!chart([1, 0, 100]).contains("(log)"))
    }

    @Test func `ticks are exact decimals`() {
        let svg = Chart(title: "t", yLabel: "y", lines: [.init(name: "a", values: [0, 0.1, 0.25, 0.3])]).svg()
        for label in ["0", "0.1", "0.2", "0.3"] { #expect(svg.contains(">\(label)</text>")) }
        let log = Chart(title: "t", yLabel: "y", lines: [.init(name: "a", values: [1e-3, 1, 2])]).svg()
        for label in ["0.01", "0.1", "1"] { #expect(log.contains(">\(label)</text>")) }
    }

    @Test func `labels of close ticks are told apart, on paper and on a terminal`() {
        let close = Chart(title: "t", yLabel: "y", lines: [.init(name: "a", values: [1000.0001, 1000.0009])])
        let svg = close.svg()
        for label in ["1000.0002", "1000.0004", "1000.0006", "1000.0008"] {
            #expect(svg.contains(">\(label)</text>"), "\(svg)")
            #expect(close.terminalText().contains("\(label) ┤"), "\(close.terminalText())")
        }
        // Nine digits have their room on the left.
        #expect(svg.contains("x=\"72.0\"") && !svg.contains("x=\"58.0\""))
        // What four digits told is as it was.
        let usual = Chart(title: "t", yLabel: "y", lines: [.init(name: "a", values: [0.25, 0.75])]).svg()
        #expect(usual.contains(">0.4</text>") && usual.contains("x=\"58.0\""))
    }

    @Test func `texts in a drawing are escaped`() {
        let svg = Chart(title: "a<b & \"c\"", yLabel: "y", lines: [.init(name: "<script>", values: [1])]).svg()
        #expect(svg.contains("a&lt;b &amp; &quot;c&quot;") && svg.contains("&lt;script&gt;"))
        #expect(!svg.contains("<script>"))
    }

    @Test(
        arguments: [
            [], [1.0], [1, 1, 1], [.nan], [.infinity, .nan], [0, 0], [1e-300, 1e300], [-1e308, 1e308],
            [.leastNonzeroMagnitude, 2 * .leastNonzeroMagnitude],
        ] as [[Double]]
    ) func `odd series are drawn without a trap`(_ values: [Double]) {
        let chart = Chart(title: "t", yLabel: "y", lines: [.init(name: "a", values: values)])
        for logarithmic in [nil, true, false] {
            let svg = chart.svg(logarithmic: logarithmic)
            #expect(svg.hasSuffix("</svg>\n"))
            #expect(!svg.contains("nan") && !svg.contains("inf"))
            let text = chart.terminalText(width: 40, height: 8, logarithmic: logarithmic)
            #expect(text.split(separator: "\n").allSatisfy { $0.count <= 40 })
        }
    }

    @Test func `the terminal plot falls from the left to the right`() {
        let chart = Chart(title: "t", yLabel: "loss", lines: [.init(name: "train", values: [4, 3, 2, 1])])
        let text = chart.terminalText(width: 30, height: 7)
        let rows = text.split(separator: "\n").map(Array.init)
        let marks = rows.indices.compactMap { row in rows[row].firstIndex(of: "o").map { (row, $0) } }
        #expect(marks.count >= 4)
        #expect(text.contains("o train"))
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 30 })
        let plot = marks.prefix(4)
        #expect(zip(plot, plot.dropFirst()).allSatisfy { $0.0 < $1.0 && $0.1 < $1.1 })
    }
}
