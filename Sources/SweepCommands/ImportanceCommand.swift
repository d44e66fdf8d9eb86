import ArgumentParser
import SweepCore
import SweepNodeCommands
import SweepReports

/// `sweepd importance SWEEP`.
struct ImportanceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "importance",
        abstract: "Which parameters matter, which pairs act together, and which ranges to widen or narrow."
    )

    enum Format: String, ExpressibleByArgument, CaseIterable { case table, json, csv, markdown }

    @Argument(help: "The sweep's name.") var sweep: String
    @OptionGroup var location: CoordinatorLocation
    @Option(help: "What results are judged by; otherwise the sweep's objective.") var metric: String?
    @Option(help: "table, json, csv or markdown.") var format: Format = .table

    func run() async throws {
        let judged = try metric.map(Metric.named)
        let document = try await location.ask(about: sweep) { try await $0.importance(sweep: sweep, metric: judged) }
        switch format {
        case .table: Terminal.tell(document.plainText(width: Terminal.width))
        case .json: Terminal.output(document.json.text(pretty: true))
        case .csv: Terminal.output(document.table.csv)
        case .markdown: Terminal.output(document.table.markdown)
        }
    }
}

extension Metric {
    /// The metric that `--metric` names.
    static func named(_ text: String) throws -> Metric {
        guard let metric = Metric(rawValue: text) else {
            throw CommandFailure(.badInput, "--metric: found \(text), allowed \(words.joined(separator: ", "))")
        }
        return metric
    }
}
