import ArgumentParser
import SweepCore
import SweepDiagnosis
import SweepNodeCommands
import SweepReports
import SweepWire

/// `sweepd compare SWEEP`.
struct CompareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "What each arm of a comparison did, over runs that share their seeds."
    )

    enum Format: String, ExpressibleByArgument, CaseIterable { case table, json, csv, markdown }

    @Argument(help: "The sweep's name; its file has arms.") var sweep: String
    @OptionGroup var location: CoordinatorLocation
    @Option(help: "table, json, csv or markdown.") var format: Format = .table

    func run() async throws {
        let (submission, rank) = try await location.ask(about: sweep) { control in
            (try await control.source(sweep: sweep), try await control.rank(sweep: sweep, top: nil))
        }
        guard let source = try? SpecNode(wireBytes: submission.tree),
            let read = Sweep.read(source, problems: SpecProblems())
        else { throw CommandFailure(.failed, "\(sweep): its sweep file cannot be read") }
        guard
            let document = ComparisonDocument(
                sweep: read,
                rank: rank,
                chance: submission.schema?.chanceLoss ?? .infinity
            )
        else {
            throw CommandFailure(
                .badInput,
                "\(sweep) has no arms; `sweepd rank` compares configurations, a sweep file with `arms` compares changes of one run"
            )
        }
        let waiting = document.comparisons.count { $0.pairs == 0 }
        if waiting > 0 {
            Terminal.error("\(waiting) of \(document.comparisons.count) arms have no pair of runs that ended yet")
        }
        switch format {
        case .table:
            Terminal.output(document.table.plainText(width: Terminal.width))
            for comparison in document.comparisons where comparison.verdict != .undecided {
                Terminal.output(document.sentence(comparison))
            }
        case .json: Terminal.output(document.json.text(pretty: true))
        case .csv: Terminal.output(document.table.csv)
        case .markdown: Terminal.output(document.table.markdown)
        }
    }
}
